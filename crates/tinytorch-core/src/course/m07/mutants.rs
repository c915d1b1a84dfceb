//! Seeded mistakes of module 07.

use super::{
    Adam, AdamOpts, AdamSettings, Optimizer, OptimizerLesson, Param, Sgd, SgdOpts, SgdSettings,
    plain,
};
use crate::{Result, Tensor, course::lesson::mutants, nn::StateDict};

/// One step with changed settings.
fn sgd(p: &mut [f32], g: &[f32], buffer: Option<&mut [f32]>, first: bool, s: SgdSettings<f32>) {
    plain::sgd_update(p, g, buffer, first, &s);
}

/// `p - lr·f(m, v)`
fn adam(p: &mut [f32], m: &[f32], v: &[f32], s: &AdamSettings, f: impl Fn(f64, f64) -> f64) {
    for ((p, &m), &v) in p.iter_mut().zip(m).zip(v) {
        *p -= (s.lr * f(f64::from(m), f64::from(v))) as f32;
    }
}

/// 1 - β₁ᵗ and 1 - β₂ᵗ.
fn bias(s: &AdamSettings, step: u64) -> [f64; 2] {
    s.betas.map(|b| 1.0 - b.powf(step as f64))
}

/// An optimizer that does not do all that it is told.
struct Odd {
    inner: Box<dyn Optimizer>,
    deaf: bool,
    twice: bool,
}

impl Odd {
    fn deaf(inner: Box<dyn Optimizer>) -> Box<dyn Optimizer> {
        Box::new(Self { inner, deaf: true, twice: false })
    }

    fn twice(inner: Box<dyn Optimizer>) -> Box<dyn Optimizer> {
        Box::new(Self { inner, deaf: false, twice: true })
    }
}

impl Optimizer for Odd {
    fn params(&self) -> Vec<Param> {
        self.inner.params()
    }

    fn step_with(&mut self, grads: &[Option<Tensor>]) -> Result<()> {
        if self.twice {
            self.inner.step_with(grads)?;
        }
        self.inner.step_with(grads)
    }

    fn set_lr(&mut self, lr: f64) -> Result<()> {
        if self.deaf { Ok(()) } else { self.inner.set_lr(lr) }
    }

    fn state_dict(&self) -> Result<StateDict> {
        self.inner.state_dict()
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        self.inner.load_state_dict(state)
    }
}

fn boxed_sgd(params: Vec<Param>, opts: SgdOpts) -> Result<Box<dyn Optimizer>> {
    Ok(Box::new(Sgd::new(params, opts)?))
}

fn boxed_adam(params: Vec<Param>, opts: AdamOpts) -> Result<Box<dyn Optimizer>> {
    Ok(Box::new(Adam::new(params, opts)?))
}

mutants! {
    OptimizerLesson;
    fn sgd_update(p: &mut [f32], g: &[f32], buffer: Option<&mut [f32]>, first: bool, s: &SgdSettings<f32>) -> () {
        "climbs instead of descending" => sgd(p, g, buffer, first, SgdSettings { maximize: !s.maximize, ..*s }),
        "leaves out the weight decay" => sgd(p, g, buffer, first, SgdSettings { weight_decay: 0.0, ..*s }),
        "leaves out the dampening" => sgd(p, g, buffer, first, SgdSettings { dampening: 0.0, ..*s }),
        "ignores Nesterov" => sgd(p, g, buffer, first, SgdSettings { nesterov: false, ..*s }),
        "forgets the buffer" => sgd(p, g, None, first, *s),
        "adds the old buffer in the first step" => sgd(p, g, buffer, false, *s),
        "restarts the buffer in every step" => sgd(p, g, buffer, true, *s),
        "ignores the step size" => sgd(p, g, buffer, first, SgdSettings { lr: 1.0, ..*s }),
    }
    fn adam_moments(m: &mut [f32], v: &mut [f32], g: &[f32], betas: [f32; 2]) -> () {
        "exchanges the decay rates" => plain::adam_moments(m, v, g, [betas[1], betas[0]]),
        "averages the gradient instead of its square" => {
            let squares = v.to_vec();
            plain::adam_moments(m, v, g, betas);
            v.iter_mut().zip(squares).zip(g).for_each(|((v, old), g)| *v = betas[1] * old + (1.0 - betas[1]) * g);
        },
        "leaves out the factor 1 - beta" => {
            m.iter_mut().zip(g).for_each(|(m, g)| *m = betas[0] * *m + g);
            v.iter_mut().zip(g).for_each(|(v, g)| *v = betas[1] * *v + g * g);
        },
        "weights the new gradient with beta" => plain::adam_moments(m, v, g, betas.map(|b| 1.0 - b)),
        "forgets the past" => plain::adam_moments(m, v, g, [0.0, 0.0]),
        "updates the first average only" => {
            let old = v.to_vec();
            plain::adam_moments(m, v, g, betas);
            v.copy_from_slice(&old);
        },
    }
    fn adam_update(p: &mut [f32], m: &[f32], v: &[f32], step: u64, s: &AdamSettings) -> () {
        "leaves out the bias correction" => adam(p, m, v, s, |m, v| m / (v.sqrt() + s.eps)),
        "counts steps from 0" => {
            let [b, c] = bias(s, step + 1);
            adam(p, m, v, s, |m, v| m / b / ((v / c).sqrt() + s.eps));
        },
        "leaves out the root" => {
            let [b, c] = bias(s, step);
            adam(p, m, v, s, |m, v| m / b / (v / c + s.eps));
        },
        "adds epsilon inside the root" => {
            let [b, c] = bias(s, step);
            adam(p, m, v, s, |m, v| m / b / (v / c + s.eps).sqrt());
        },
        "corrects the first average only" => {
            let [b, _] = bias(s, step);
            adam(p, m, v, s, |m, v| m / b / (v.sqrt() + s.eps));
        },
        "exchanges the decay rates" => {
            let [c, b] = bias(s, step);
            adam(p, m, v, s, |m, v| m / b / ((v / c).sqrt() + s.eps));
        },
        "climbs instead of descending" => {
            let [b, c] = bias(s, step);
            adam(p, m, v, s, |m, v| -m / b / ((v / c).sqrt() + s.eps));
        },
    }
    fn adamw_decay(p: &mut [f32], lr: f64, weight_decay: f64) -> () {
        "ignores the step size" => plain::adamw_decay(p, 1.0, weight_decay),
        "subtracts the same amount everywhere" => p.iter_mut().for_each(|p| *p -= (lr * weight_decay) as f32),
        "grows instead of shrinking" => plain::adamw_decay(p, -lr, weight_decay),
    }
    fn sgd(params: Vec<Param>, opts: SgdOpts) -> Box<dyn Optimizer> {
        "climbs" => boxed_sgd(params, SgdOpts { maximize: true, ..opts })?,
        "forgets the momentum" => boxed_sgd(params, SgdOpts { momentum: 0.0, ..opts })?,
        "has a step size of its own" => boxed_sgd(params, SgdOpts { lr: 0.01, ..opts })?,
        "keeps its first step size" => Odd::deaf(boxed_sgd(params, opts)?),
        "steps twice" => Odd::twice(boxed_sgd(params, opts)?),
    }
    fn adam(params: Vec<Param>, opts: AdamOpts) -> Box<dyn Optimizer> {
        "descends without averages" => boxed_sgd(params, SgdOpts { lr: opts.lr, ..SgdOpts::default() })?,
        "exchanges the decay rates" => {
            let [a, b] = opts.betas;
            boxed_adam(params, AdamOpts { betas: [b, a], eps: 1.0, ..opts })?
        },
        "has a step size of its own" => boxed_adam(params, AdamOpts { lr: 1e-3, ..opts })?,
        "keeps its first step size" => Odd::deaf(boxed_adam(params, opts)?),
        "steps twice" => Odd::twice(boxed_adam(params, opts)?),
    }
}

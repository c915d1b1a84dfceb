//! Seeded mistakes of module 07.

use super::{AdamSettings, OptimizerLesson, SgdSettings, plain};
use crate::course::lesson::mutants;

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
}

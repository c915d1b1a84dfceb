//! Checks of module 07.

use super::{AdamOpts, AdamSettings, SgdSettings, ask};
use crate::{
    Param, Result, Tensor,
    course::{
        check::{Verdict, close, fail, value},
        lesson::checks,
    },
    optim::{Optimizer, Sgd, SgdOpts},
};

const PLAIN: SgdSettings<f32> = SgdSettings {
    lr: 0.5,
    momentum: 0.0,
    dampening: 0.0,
    nesterov: false,
    weight_decay: 0.0,
    maximize: false,
};

/// One step on `p` with gradient `g`; `buffer` before and after. All numbers are exact in binary.
fn sgd(
    s: SgdSettings<f32>,
    [p, g, out]: [f32; 3],
    buffer: Option<[f32; 2]>,
    first: bool,
) -> Verdict {
    let input = format!("p {p}, g {g}, buffer {:?}, first {first}, {s:?}", buffer.map(|b| b[0]));
    let (mut p, mut b) = ([p], buffer.map(|b| [b[0]]));
    value(&input, ask::sgd_update(&mut p, &[g], b.as_mut().map(|b| &mut b[..]), first, &s))?;
    close(&input, Ok(p.to_vec()), &[out], 0.0)?;
    close(
        format!("{input}: buffer after"),
        Ok(b.map_or(Vec::new(), |b| b.to_vec())),
        buffer.as_ref().map_or(&[], |b| &b[1..]),
        0.0,
    )
}

fn adam(step: u64, s: AdamSettings, [p, m, v, out]: [f32; 4]) -> Verdict {
    let input = format!("p {p}, m {m}, v {v}, step {step}, {s:?}");
    let mut p = [p];
    value(&input, ask::adam_update(&mut p, &[m], &[v], step, &s))?;
    close(&input, Ok(p.to_vec()), &[out], 1e-6)
}

/// The numbers of a parameter that begins at 1 and -2, after one step for each of `rates` with the gradient `[2, -4]`.
fn steps(
    make: impl FnOnce(Vec<Param>) -> Result<Box<dyn Optimizer>>,
    rates: &[Option<f64>],
) -> Result<Vec<f32>> {
    let p = Param::new(Tensor::from([1.0f32, -2.0]))?;
    let still = Param::new(Tensor::from([7.0f32]))?;
    let mut optimizer = make(vec![p.clone(), still.clone()])?;
    for rate in rates {
        if let Some(rate) = rate {
            optimizer.set_lr(*rate)?;
        }
        optimizer.zero_grad();
        p.set_grad(&Tensor::from([2.0f32, -4.0]))?;
        optimizer.step()?;
    }
    Ok([p.tensor().to_vec_as::<f32>(), still.tensor().to_vec_as::<f32>()].concat())
}

const STORY: &str = "parameters [1, -2] with gradient [2, -4], and [7] without one";

checks! {
    $ __course_m07 m07;
    sgd_update {
        by_hand Hand 2 "p - lr * (g + weight_decay * p)" => {
            sgd(PLAIN, [2.0, 1.0, 1.5], None, true)?;
            sgd(SgdSettings { weight_decay: 0.5, ..PLAIN }, [2.0, 1.0, 1.0], None, true)?;
            sgd(SgdSettings { maximize: true, ..PLAIN }, [2.0, 1.0, 2.5], None, true)
        };
        momentum Hand 3 "the first step copies the gradient, later ones keep a share of the buffer" => {
            let s = SgdSettings { momentum: 0.5, dampening: 0.5, weight_decay: 1.0, ..PLAIN };
            sgd(s, [1.5, 1.0, 0.25], Some([7.0, 2.5]), true)?;
            sgd(s, [0.25, 1.0, -0.6875], Some([2.5, 1.875]), false)
        };
        nesterov Hand 1 "look one step of momentum ahead: g + mu * b" => {
            let s = SgdSettings { momentum: 0.5, nesterov: true, ..PLAIN };
            sgd(s, [0.0, 1.0, -1.25], Some([4.0, 3.0]), false)
        };
        in_the_library Systems 1 "optim::Sgd takes its steps with the slot" => {
            let input = "Sgd with lr 0.5 on p [2] with gradient [1]";
            let p = value(input, Param::new(Tensor::from([2.0f32])))?;
            value(input, p.set_grad(&Tensor::from([1.0f32])))?;
            let opts = SgdOpts { lr: 0.5, ..SgdOpts::default() };
            let mut sgd = value(input, Sgd::new(vec![p.clone()], opts))?;
            value(input, sgd.step())?;
            close(input, Ok(p.tensor().to_vec_as::<f32>()), &[1.5], 0.0)
        };
    }
    adam_moments {
        by_hand Hand 2 "m averages g, v averages g squared" => {
            let (mut m, mut v) = ([1.0, 0.0], [2.0, 0.0]);
            let input = "m [1, 0], v [2, 0], g [3, -4], betas [0.5, 0.75]";
            value(input, ask::adam_moments(&mut m, &mut v, &[3.0, -4.0], [0.5, 0.75]))?;
            close(format!("{input}: m"), Ok(m.to_vec()), &[2.0, -2.0], 0.0)?;
            close(format!("{input}: v"), Ok(v.to_vec()), &[3.75, 4.0], 0.0)
        };
        constant Property 1 "after t steps of one gradient m is g * (1 - beta^t)" => {
            let (mut m, mut v) = ([0.0], [0.0]);
            for _ in 0..3 {
                value("g 8 three times, betas [0.5, 0.5]", ask::adam_moments(&mut m, &mut v, &[8.0], [0.5, 0.5]))?;
            }
            close("g 8 three times, betas [0.5, 0.5]: m, v", Ok(vec![m[0], v[0]]), &[7.0, 56.0], 0.0)
        };
    }
    adam_update {
        by_hand Hand 3 "divide both averages by 1 - beta^step before anything else" => {
            let s = AdamSettings { lr: 0.5, betas: [0.5, 0.75], eps: 1.0 };
            // m̂ = 1/0.5 = 2, v̂ = 4/0.25 = 16, step 0.5·2/(4 + 1).
            adam(1, s, [1.0, 1.0, 4.0, 0.8])?;
            // m̂ = 3/0.75 = 4, v̂ = 1.75/0.4375 = 4, step 0.5·4/(2 + 1).
            adam(2, s, [1.0, 3.0, 1.75, 1.0 - 2.0 / 3.0])
        };
        first_step Property 1 "the first step is the step size, whatever the gradient" => {
            let s = AdamSettings { lr: 0.25, betas: [0.9, 0.999], eps: 0.0 };
            for g in [1e-3f32, -3.0, 4e3] {
                let (m, v) = (0.1 * g, 0.001 * g * g);
                // 1 - 0.999 is rounded once in f32: 3e-5 of it.
                let (mut p, out) = ([1.0], 1.0 - 0.25 * g.signum());
                value(g, ask::adam_update(&mut p, &[m], &[v], 1, &s))?;
                if (p[0] - out).abs() > 1e-4 || p[0].is_nan() {
                    return Err(fail(format!("p 1, step 1, m and v of the gradient {g}, {s:?}"), out, p[0], Some(0)));
                }
            }
            Ok(())
        };
    }
    adamw_decay {
        by_hand Hand 1 "p * (1 - lr * weight_decay)" => {
            let mut p = [2.0, -4.0];
            value("p [2, -4], lr 0.5, decay 0.5", ask::adamw_decay(&mut p, 0.5, 0.5))?;
            close("p [2, -4], lr 0.5, decay 0.5", Ok(p.to_vec()), &[1.5, -3.0], 0.0)
        };
    }
    sgd {
        by_hand Hand 1 "p minus lr times the gradient; without a gradient p stays" => {
            let opts = SgdOpts { lr: 0.25, ..SgdOpts::default() };
            close(format!("{STORY}, lr 1/4, one step"), steps(|p| ask::sgd(p, opts), &[None]), &[0.5, -1.0, 7.0], 0.0)
        };
        momentum Hand 1 "momentum keeps a share of the direction before" => {
            // Directions 2 and 2 + ½·2 = 3, and twice that with the other sign.
            let opts = SgdOpts { lr: 0.25, momentum: 0.5, ..SgdOpts::default() };
            close(format!("{STORY}, lr 1/4, momentum 1/2, two steps"), steps(|p| ask::sgd(p, opts), &[None, None]), &[-0.25, 0.5, 7.0], 0.0)
        };
        rate Hand 1 "set_lr changes the step size" => {
            let opts = SgdOpts { lr: 0.25, ..SgdOpts::default() };
            close(format!("{STORY}, lr 1/4 and then 1/2, two steps"), steps(|p| ask::sgd(p, opts), &[None, Some(0.5)]), &[-0.5, 1.0, 7.0], 0.0)
        };
    }
    adam {
        by_hand Hand 1 "the first step is the step size against the sign of the gradient" => {
            // 1 - 0.999 in f32 is 1.3 parts in 10⁵ too small, its root half of that.
            let opts = AdamOpts { lr: 0.25, ..AdamOpts::default() };
            close(format!("{STORY}, lr 1/4, one step"), steps(|p| ask::adam(p, opts), &[None]), &[0.75, -1.75, 7.0], 1e-5)
        };
        constant Hand 1 "a constant gradient gives steps of one size" => {
            // m̂ = g and v̂ = g² after any number of steps.
            let opts = AdamOpts { lr: 0.25, ..AdamOpts::default() };
            close(format!("{STORY}, lr 1/4, three steps"), steps(|p| ask::adam(p, opts), &[None, None, None]), &[0.25, -1.25, 7.0], 1e-5)
        };
        rate Hand 1 "set_lr changes the step size" => {
            let opts = AdamOpts { lr: 0.25, ..AdamOpts::default() };
            close(format!("{STORY}, lr 1/4 and then 1/2, two steps"), steps(|p| ask::adam(p, opts), &[None, Some(0.5)]), &[0.25, -1.25, 7.0], 1e-5)
        };
    }
}

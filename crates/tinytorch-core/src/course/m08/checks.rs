//! Checks of module 08.

use core::cell::Cell;

use super::{Evaluation, Loss, Network, Result, ask};
use crate::{
    Param, Tensor,
    autograd::is_recording,
    course::{
        check::{Verdict, close, equal, value},
        lesson::checks,
    },
    nn::Visitor,
    ops::Reduction,
    optim::{self, Sgd, SgdOpts},
};

/// y = w·x, and whether any call was recorded.
struct Slope(Param, Cell<bool>);

impl Slope {
    fn new(w: f32) -> Result<Self> {
        Ok(Self(Param::new(Tensor::from([w]))?, Cell::new(false)))
    }
}

impl Network for Slope {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.1.set(self.1.get() || is_recording());
        x.mul(&self.0.tensor())
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.param("slope", &self.0);
    }

    fn name(&self) -> &'static str {
        "Slope"
    }
}

struct Squared;

impl Loss for Squared {
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        output.mse_loss(target, Reduction::Mean)
    }
}

/// The mean of the outputs.
struct Level;

impl Loss for Level {
    fn loss(&self, output: &Tensor, _: &Tensor) -> Result<Tensor> {
        output.mean(.., false)
    }
}

/// x 2 for target 1, then x 2 and 4 for targets 0.
fn batches() -> impl Iterator<Item = Result<[Tensor; 2]>> {
    [
        Ok([Tensor::from([2.0f32]), Tensor::from([1.0f32])]),
        Ok([Tensor::from([2.0f32, 4.0]), Tensor::from([0.0f32, 0.0])]),
    ]
    .into_iter()
}

const STORY: &str =
    "y = w x with w 1, lr 1/8, mean squared error, batches (2 for 1) and (2, 4 for 0, 0)";

/// Result, slope and steps of a pass.
type Pass = (Evaluation, Vec<f32>, Vec<(usize, f64)>);

/// A pass over [`batches`]: its result, the slope after it, and the reported steps.
fn pass() -> Result<Pass> {
    let model = Slope::new(1.0)?;
    let mut sgd = Sgd::new(vec![model.0.clone()], SgdOpts { lr: 0.125, ..SgdOpts::default() })?;
    let mut steps = Vec::new();
    let result = ask::train_epoch(&model, &mut batches(), &mut sgd, &Squared, &mut |n, loss| {
        steps.push((n, loss));
        Ok(())
    })?;
    Ok((result, model.0.tensor().to_vec_as::<f32>(), steps))
}

fn rate(t: usize, total: usize, out: f64) -> Verdict {
    let input = format!("step {t} of {total} from 0.1 to 0.01");
    let got = value(&input, ask::cosine_lr(t, 0.1, 0.01, total))?;
    close(input, Ok(vec![got as f32]), &[out as f32], 1e-7)
}

/// Gradients of these elements after clipping, with their norm before as the last number.
fn clipped(grads: &[&[f32]], max_norm: f64, p: f64) -> Result<Vec<f32>> {
    let of = |g: &&[f32]| Tensor::from_slice(g, [g.len()]);
    let grads = grads.iter().map(of).collect::<Result<Vec<_>>>()?;
    let (out, norm) = ask::clip_grad_norm(&grads, max_norm, p)?;
    let mut numbers: Vec<f32> = out.iter().flat_map(Tensor::to_vec_as::<f32>).collect();
    numbers.push(norm as f32);
    Ok(numbers)
}

checks! {
    $ __course_m08 m08;
    cosine_lr {
        by_hand Hand 2 "cos 0 = 1, cos(pi/3) = 1/2, cos(pi/2) = 0" => {
            rate(0, 100, 0.1)?;
            rate(50, 100, 0.055)?;
            rate(25, 100, 0.01 + 0.045 * (1.0 + 0.5f64.sqrt()))?;
            rate(1, 3, 0.01 + 0.045 * 1.5)
        };
        after_the_end Hand 1 "the step size stays at its least value" => {
            rate(100, 100, 0.01)?;
            rate(150, 100, 0.01)?;
            rate(0, 0, 0.01)
        };
    }
    clip_grad_norm {
        by_hand Hand 3 "all gradients together have one norm" => {
            // 3² + 4² = 5²; factors 1/5 and 2/5, from which 10⁻⁶ takes less than 3 parts in 10⁷.
            close("gradients [3] and [-4] to norm 1, then the norm before", clipped(&[&[3.0], &[-4.0]], 1.0, 2.0), &[0.6, -0.8, 5.0], 1e-6)?;
            close("gradients [0, 3] and [-4] to norm 2, then the norm before", clipped(&[&[0.0, 3.0], &[-4.0]], 2.0, 2.0), &[0.0, 1.2, -1.6, 5.0], 2e-6)
        };
        short Hand 1 "gradients that are short enough stay as they are" => {
            close("gradients [3] and [-4] to norm 6, then the norm before", clipped(&[&[3.0], &[-4.0]], 6.0, 2.0), &[3.0, -4.0, 5.0], 0.0)?;
            close("no gradients", clipped(&[], 1.0, 2.0), &[0.0], 0.0)
        };
        norms Hand 1 "p = 1 adds magnitudes, an infinite p takes the largest" => {
            close("gradients [3] and [-4] to norm 1 with p 1", clipped(&[&[3.0], &[-4.0]], 1.0, 1.0), &[3.0 / 7.0, -4.0 / 7.0, 7.0], 1e-6)?;
            close("gradients [3] and [-4] to norm 1 with an infinite p", clipped(&[&[3.0], &[-4.0]], 1.0, f64::INFINITY), &[0.75, -1.0, 4.0], 1e-6)
        };
        not_finite Hand 1 "a norm that is not finite changes nothing" => {
            close("gradients [3] and [NaN] to norm 1", clipped(&[&[3.0], &[f32::NAN]], 1.0, 2.0), &[3.0, f32::NAN, f32::NAN], 0.0)?;
            close("gradients [3] and [inf] to norm 1", clipped(&[&[3.0], &[f32::INFINITY]], 1.0, 2.0), &[3.0, f32::INFINITY, f32::INFINITY], 0.0)
        };
        in_the_library Systems 1 "optim::clip_grad_norm runs on the slot" => {
            let p = value("a parameter", Param::new(Tensor::from([0.0f32, 0.0])))?;
            value("its gradient", p.set_grad(&Tensor::from([6.0f32, 8.0])))?;
            let norm = optim::clip_grad_norm(core::slice::from_ref(&p), 5.0);
            let after = norm.map(|n| [p.grad().map_or_else(Vec::new, |g| g.to_vec_as::<f32>()), vec![n as f32]].concat());
            close("optim::clip_grad_norm to 5 of a parameter with gradient [6, 8], then the norm", after, &[3.0, 4.0, 10.0], 1e-6)
        };
    }
    train_epoch {
        weights Hand 3 "gradients of one batch only: clear them before backward; then step" => {
            // w = 1 - 4/8 = 1/2, then 1/2 - 10/8.
            close(format!("{STORY}: w after the pass"), pass().map(|p| p.1), &[-0.75], 0.0)
        };
        mean_loss Hand 2 "a loss counts once for each sample, and is measured before the step" => {
            // (1·1 + 2·2.5) / 3.
            let out = Evaluation { loss: 2.0, accuracy: None, samples: 3 };
            equal(STORY, pass().map(|p| p.0), out)
        };
        reports Hand 1 "report every step with its samples and its loss" => {
            equal(format!("{STORY}: reported steps"), pass().map(|p| p.2), vec![(1, 1.0), (2, 2.5)])
        };
    }
    evaluate {
        by_hand Hand 3 "losses weighted by samples; correct answers divided by all samples" => {
            let input = "outputs [[1, 3], [5, 3]] for classes 1, 1 and [[0, 8]] for class 1; the loss is the mean output";
            let mut batches = [
                Ok([Tensor::from([[1.0f32, 3.0], [5.0, 3.0]]), Tensor::from([1i64, 1])]),
                Ok([Tensor::from([[0.0f32, 8.0]]), Tensor::from([1i64])]),
            ].into_iter();
            let model = value(input, Slope::new(1.0))?;
            let out = Evaluation { loss: 10.0 / 3.0, accuracy: Some(2.0 / 3.0), samples: 3 };
            equal(input, ask::evaluate(&model, &mut batches, &Level), out)
        };
        records_nothing Systems 1 "run the model inside no_grad" => {
            let model = value("a model", Slope::new(1.0))?;
            let seen = ask::evaluate(&model, &mut batches(), &Squared).map(|e| (e.samples, model.1.get()));
            equal("samples seen, and whether the model was recorded", seen, (3, false))
        };
    }
    cosine {
        by_hand Hand 1 "cos 0 = 1, cos(pi/3) = 1/2, cos(pi/2) = 0, and then the least value" => {
            let input = "from 0.1 to 0.01 in 6 steps: step sizes 0, 2, 3, 6 and 60";
            let schedule = value(input, ask::cosine(0.1, 0.01, 6))?;
            let rates = [0, 2, 3, 6, 60].map(|t| schedule.lr(t) as f32);
            close(input, Ok(rates.to_vec()), &[0.1, 0.0775, 0.055, 0.01, 0.01], 1e-7)
        };
        pure Property 1 "the same value whatever was asked before" => {
            let input = "from 0.1 to 0.01 in 6 steps: step size 2 after 5 and 1";
            let schedule = value(input, ask::cosine(0.1, 0.01, 6))?;
            let _ = (schedule.lr(5), schedule.lr(1));
            close(input, Ok(vec![schedule.lr(2) as f32]), &[0.0775], 1e-7)
        };
    }
}

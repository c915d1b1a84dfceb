//! Seeded mistakes of module 08.

use super::{
    Evaluation, Loss, Network, Optimizer, Result, Schedule, Tensor, TrainingLesson, count_correct,
    plain, schedule,
};
use core::cell::Cell;

use crate::{course::lesson::mutants, no_grad};

/// What a pass does differently.
#[derive(Default)]
struct Odd {
    keep_gradients: bool,
    no_step: bool,
    after: bool,
    silent: bool,
    by_batch: bool,
    batches: Option<usize>,
}

fn train(
    odd: &Odd,
    model: &dyn Network,
    batches: &mut dyn Iterator<Item = Result<[Tensor; 2]>>,
    optimizer: &mut dyn Optimizer,
    loss: &dyn Loss,
    on_step: &mut dyn FnMut(usize, f64) -> Result<()>,
) -> Result<Evaluation> {
    let (mut sum, mut samples, mut weight) = (0.0, 0, 0.0);
    for batch in batches.take(odd.batches.unwrap_or(usize::MAX)) {
        let [x, target] = batch?;
        let error = loss.loss(&model.forward(&x)?, &target)?;
        if !odd.keep_gradients {
            optimizer.zero_grad();
        }
        error.backward()?;
        if !odd.no_step {
            optimizer.step()?;
        }
        let error = if odd.after { loss.loss(&model.forward(&x)?, &target)? } else { error };
        let (value, n) = (error.to_f64()?, target.dims().first().copied().unwrap_or(1));
        let share = if odd.by_batch { 1.0 } else { n as f64 };
        (sum, samples, weight) = (sum + value * share, samples + n, weight + share);
        if !odd.silent {
            on_step(n, value)?;
        }
    }
    Ok(Evaluation { loss: sum / weight, accuracy: None, samples })
}

/// Loss, correct answers and samples of each batch.
fn passes(
    model: &dyn Network,
    batches: &mut dyn Iterator<Item = Result<[Tensor; 2]>>,
    loss: &dyn Loss,
) -> Result<Vec<[f64; 3]>> {
    no_grad(|| {
        batches
            .map(|batch| {
                let [x, target] = batch?;
                let output = model.forward(&x)?;
                let correct = count_correct(&output, &target).unwrap_or(0) as f64;
                let n = target.dims().first().copied().unwrap_or(1) as f64;
                Ok([loss.loss(&output, &target)?.to_f64()?, correct, n])
            })
            .collect()
    })
}

/// Share of correct answers and sum of the losses, as `(loss, accuracy)` makes of the passes.
fn evaluation(passes: &[[f64; 3]], of: impl Fn([f64; 3]) -> (f64, f64)) -> Evaluation {
    let totals = passes.iter().fold([0.0; 3], |t, [l, c, n]| [t[0] + l * n, t[1] + c, t[2] + n]);
    let (loss, accuracy) = of(totals);
    Evaluation { loss, accuracy: Some(accuracy), samples: totals[2] as usize }
}

/// All gradients times `factor(norm)`, and the norm.
fn scaled(grads: &[Tensor], p: f64, factor: impl Fn(f64) -> f64) -> Result<(Vec<Tensor>, f64)> {
    let (_, norm) = plain::clip_grad_norm(grads, f64::INFINITY, p)?;
    let all = grads.iter().map(|g| g.mul_scalar(factor(norm))).collect::<Result<_>>()?;
    Ok((all, norm))
}

/// A schedule by any function.
struct By<F>(F);

impl<F: Fn(usize) -> f64> Schedule for By<F> {
    fn lr(&self, t: usize) -> f64 {
        (self.0)(t)
    }
}

mutants! {
    TrainingLesson;
    fn cosine_lr(t: usize, max: f64, min: f64, total: usize) -> f64 {
        "falls along a line" => max + (min - max) * (t as f64 / total.max(1) as f64).min(1.0),
        "rises from min to max" => schedule::cosine_lr(t, min, max, total),
        "rises again after the end" => {
            let share = t as f64 / total.max(1) as f64;
            min + (max - min) * (1.0 + (core::f64::consts::PI * share).cos()) / 2.0
        },
        "goes through a whole period" => {
            let share = (t as f64 / total.max(1) as f64).min(1.0);
            min + (max - min) * (1.0 + (2.0 * core::f64::consts::PI * share).cos()) / 2.0
        },
        "falls to 0 instead of min" => schedule::cosine_lr(t, max, 0.0, total),
        "leaves out the half" => min + 2.0 * (schedule::cosine_lr(t, max, min, total) - min),
    }
    fn clip_grad_norm(grads: &[Tensor], max_norm: f64, p: f64) -> (Vec<Tensor>, f64) {
        "clips each gradient by itself" => {
            let (_, norm) = plain::clip_grad_norm(grads, max_norm, p)?;
            let each = |g: &Tensor| Ok(plain::clip_grad_norm(core::slice::from_ref(g), max_norm, p)?.0.remove(0));
            (grads.iter().map(each).collect::<Result<_>>()?, norm)
        },
        "makes short gradients longer too" => scaled(grads, p, |norm| if norm.is_finite() { max_norm / (norm + 1e-6) } else { 1.0 })?,
        "returns the norm after clipping" => {
            let (clipped, norm) = plain::clip_grad_norm(grads, max_norm, p)?;
            (clipped, if norm.is_finite() { norm.min(max_norm) } else { norm })
        },
        "takes no root" => {
            let (_, norm) = plain::clip_grad_norm(grads, max_norm, p)?;
            let power = if p.is_finite() { norm.powf(p) } else { norm };
            let factor = if power.is_finite() { (max_norm / (power + 1e-6)).min(1.0) } else { 1.0 };
            (scaled(grads, p, |_| factor)?.0, power)
        },
        "limits each element" => {
            let (_, norm) = plain::clip_grad_norm(grads, max_norm, p)?;
            (grads.iter().map(|g| g.clamp(-max_norm, max_norm)).collect::<Result<_>>()?, norm)
        },
        "ignores p" => plain::clip_grad_norm(grads, max_norm, 2.0)?,
        "forgets the norm that is wanted" => scaled(grads, p, |norm| if norm > max_norm && norm.is_finite() { 1.0 / norm } else { 1.0 })?,
        "spoils all gradients if one is not finite" => scaled(grads, p, |norm| (max_norm / (norm + 1e-6)).min(1.0) + 0.0 * norm)?,
        "adds the norms of the gradients" => {
            let one = |g: &Tensor| plain::clip_grad_norm(core::slice::from_ref(g), max_norm, p).map(|(_, n)| n);
            let norm = grads.iter().map(one).sum::<Result<f64>>()?;
            let factor = if norm.is_finite() { (max_norm / (norm + 1e-6)).min(1.0) } else { 1.0 };
            (scaled(grads, p, |_| factor)?.0, norm)
        },
    }
    fn train_epoch(model: &dyn Network, batches: &mut dyn Iterator<Item = Result<[Tensor; 2]>>, optimizer: &mut dyn Optimizer, loss: &dyn Loss, on_step: &mut dyn FnMut(usize, f64) -> Result<()>) -> Evaluation {
        "never clears the gradients" =>
            train(&Odd { keep_gradients: true, ..Odd::default() }, model, batches, optimizer, loss, on_step)?,
        "never takes a step" =>
            train(&Odd { no_step: true, ..Odd::default() }, model, batches, optimizer, loss, on_step)?,
        "measures the loss after the step" =>
            train(&Odd { after: true, ..Odd::default() }, model, batches, optimizer, loss, on_step)?,
        "does not report its steps" =>
            train(&Odd { silent: true, ..Odd::default() }, model, batches, optimizer, loss, on_step)?,
        "averages over batches instead of samples" =>
            train(&Odd { by_batch: true, ..Odd::default() }, model, batches, optimizer, loss, on_step)?,
        "stops after the first batch" =>
            train(&Odd { batches: Some(1), ..Odd::default() }, model, batches, optimizer, loss, on_step)?,
    }
    fn evaluate(model: &dyn Network, batches: &mut dyn Iterator<Item = Result<[Tensor; 2]>>, loss: &dyn Loss) -> Evaluation {
        "averages over batches instead of samples" => {
            let all = passes(model, batches, loss)?;
            let sum: f64 = all.iter().map(|p| p[0]).sum();
            evaluation(&all, |[_, c, n]| (sum / all.len() as f64, c / n))
        },
        "returns the sum of the losses" => evaluation(&passes(model, batches, loss)?, |[l, c, n]| (l, c / n)),
        "returns the number of correct answers" => evaluation(&passes(model, batches, loss)?, |[l, c, n]| (l / n, c)),
        "returns the share of wrong answers" =>
            evaluation(&passes(model, batches, loss)?, |[l, c, n]| (l / n, 1.0 - c / n)),
        "records a graph" => {
            let mut totals = [0.0; 3];
            for batch in batches {
                let [x, target] = batch?;
                let output = model.forward(&x)?;
                let n = target.dims().first().copied().unwrap_or(1) as f64;
                totals[0] += loss.loss(&output, &target)?.to_f64()? * n;
                totals[1] += count_correct(&output, &target).unwrap_or(0) as f64;
                totals[2] += n;
            }
            evaluation(&[[totals[0] / totals[2], totals[1], totals[2]]], |[l, c, n]| (l / n, c / n))
        },
        "looks at the first batch only" => plain::evaluate(model, &mut batches.take(1), loss)?,
    }
    fn cosine(max: f64, min: f64, total: usize) -> Box<dyn Schedule> {
        "never falls" => { let _ = (min, total); Box::new(max) },
        "falls along a line" => Box::new(By(move |t: usize| max + (min - max) * (t as f64 / total as f64).min(1.0))),
        "rises again after the end" => Box::new(By(move |t: usize| {
            let share = t as f64 / total as f64;
            min + (max - min) * (1.0 + (core::f64::consts::PI * share).cos()) / 2.0
        })),
        "is one step late" => Box::new(By(move |t: usize| schedule::cosine_lr(t.saturating_sub(1), max, min, total))),
        "counts how often it was asked" => {
            let asked = Cell::new(0);
            Box::new(By(move |t: usize| {
                asked.set(asked.get() + 1);
                schedule::cosine_lr(t.max(asked.get()), max, min, total)
            }))
        },
    }
}

//! Seeded mistakes of module 16.

use super::{CompressLesson, Distillation, Sparsity, Tensor, View, plain, svd};
use crate::{
    Result,
    course::lesson::mutants,
    ops::{CrossEntropyOpts, Reduction},
};

/// The two parts of the loss with their right weights, for mistakes in putting them together.
fn parts(
    student: &Tensor,
    teacher: &Tensor,
    labels: &Tensor,
    how: &Distillation,
    [student_t, teacher_t, label_t]: [f64; 3],
    reduction: Reduction,
) -> Result<(Tensor, Tensor)> {
    // Refuses what has to be refused.
    plain::distill_loss(student, teacher, labels, how)?;
    let soft = student.div_scalar(student_t)?.log_softmax(-1)?;
    let target = teacher.detach().div_scalar(teacher_t)?.softmax(-1)?;
    let told = student.div_scalar(label_t)?.cross_entropy(labels, &CrossEntropyOpts::default())?;
    Ok((soft.kl_div_loss(&target, reduction)?, told))
}

fn mix((taught, told): (Tensor, Tensor), taught_by: f64, told_by: f64) -> Result<Tensor> {
    taught.mul_scalar(taught_by)?.add(&told.mul_scalar(told_by)?)
}

fn squared(how: &Distillation) -> f64 {
    if how.scale_t_squared { how.temperature * how.temperature } else { 1.0 }
}

/// The factors that begin at another place, or are more or fewer.
fn factors(
    matrix: &Tensor,
    ratio: f64,
    pick: impl Fn(f64, usize) -> (usize, usize),
) -> Result<(Tensor, Vec<f64>, Tensor)> {
    plain::low_rank(matrix, ratio)?;
    let all = svd(matrix)?;
    let k = all.s.len();
    let (from, rank) = pick(ratio, k);
    let (from, rank) = (from.min(k - 1), rank.clamp(1, k - from.min(k - 1)));
    let u = all.u.narrow(1, from, rank)?.to_dtype(matrix.dtype())?;
    let vt = all.vt.narrow(0, from, rank)?.to_dtype(matrix.dtype())?;
    Ok((u, all.s[from..from + rank].to_vec(), vt))
}

fn floor(ratio: f64, k: usize) -> usize {
    ((ratio * k as f64).floor() as usize).max(1)
}

mutants! {
    CompressLesson;
    fn sparsity(parameters: &[View<'_>]) -> Sparsity {
        "counts biases too" => {
            let mut total = plain::sparsity(parameters);
            for p in parameters.iter().filter(|p| p.rank() < 2) {
                total.weights += p.numel();
                total.zeros += p.iter().filter(|v| *v == 0.0).count();
            }
            total
        },
        "takes small weights for zeros" => {
            let mut total = plain::sparsity(parameters);
            total.zeros = parameters.iter().filter(|p| p.rank() >= 2).flat_map(|p| p.to_vec()).filter(|v| v.abs() < 1e-8).count();
            total
        },
        "counts what is not zero" => {
            let total = plain::sparsity(parameters);
            Sparsity { zeros: total.weights - total.zeros, ..total }
        },
        "reads the memory, not the view" => {
            let mut total = plain::sparsity(parameters);
            total.zeros = parameters.iter().filter(|p| p.rank() >= 2).map(|p| p.data[..p.numel().min(p.data.len())].iter().filter(|v| **v == 0.0).count()).sum();
            total
        },
        "looks at the last matrix alone" => {
            let last = parameters.iter().rposition(|p| p.rank() >= 2).unwrap_or(0);
            plain::sparsity(parameters.get(last..=last).unwrap_or(&[]))
        },
        "looks at matrices of two axes alone" => {
            let two: Vec<View<'_>> = parameters.iter().copied().filter(|p| p.rank() == 2).collect();
            plain::sparsity(&two)
        },
        "overlooks minus zero" => {
            let mut total = plain::sparsity(parameters);
            total.zeros = parameters.iter().filter(|p| p.rank() >= 2).flat_map(|p| p.to_vec()).filter(|v| v.to_bits() == 0).count();
            total
        },
    }
    fn magnitude_threshold(weights: &[f32], target: f64) -> (f32, usize) {
        "prunes all that are equal to the threshold" => {
            let (limit, ties) = plain::magnitude_threshold(weights, target)?;
            let all = weights.iter().filter(|w| w.abs() == limit).count();
            (limit, if ties == 0 { 0 } else { all })
        },
        "prunes none that are equal to the threshold" => plain::magnitude_threshold(weights, target).map(|(limit, _)| (limit, 0))?,
        "looks at values, not magnitudes" => {
            plain::magnitude_threshold(weights, target)?;
            let mut sorted = weights.to_vec();
            sorted.sort_by(f32::total_cmp);
            let n = (target * weights.len() as f64).round() as usize;
            match n.checked_sub(1) {
                None => (0.0, 0),
                Some(last) => (sorted[last], n - sorted.partition_point(|s| *s < sorted[last])),
            }
        },
        "prunes the largest" => {
            plain::magnitude_threshold(weights, target)?;
            let negative: Vec<f32> = weights.iter().map(|w| 100.0 - w.abs()).collect();
            let (limit, ties) = plain::magnitude_threshold(&negative, target)?;
            (100.0 - limit, ties)
        },
        "rounds down" => plain::magnitude_threshold(weights, target).and_then(|_| {
            let n = (target * weights.len() as f64).floor();
            plain::magnitude_threshold(weights, n / weights.len().max(1) as f64)
        })?,
        "keeps the share that should go" => plain::magnitude_threshold(weights, target).and_then(|_| plain::magnitude_threshold(weights, 1.0 - target))?,
        "prunes one at least" => plain::magnitude_threshold(weights, target).and_then(|_| plain::magnitude_threshold(weights, target.max(1.0 / weights.len().max(1) as f64)))?,
        "takes the first weight that stays for the threshold" => {
            let (limit, ties) = plain::magnitude_threshold(weights, target)?;
            let above = weights.iter().map(|w| w.abs()).filter(|s| *s > limit).fold(f32::INFINITY, f32::min);
            if above.is_finite() { (above, 0) } else { (limit, ties) }
        },
        "takes any input" => {
            let finite: Vec<f32> = weights.iter().map(|w| if w.is_finite() { *w } else { 0.0 }).collect();
            plain::magnitude_threshold(&finite, if target.is_nan() { 0.0 } else { target.clamp(0.0, 1.0) })?
        },
    }
    fn low_rank(matrix: &Tensor, ratio: f64) -> (Tensor, Vec<f64>, Tensor) {
        "keeps the smallest values" => factors(matrix, ratio, |ratio, k| (k - floor(ratio, k).min(k), floor(ratio, k)))?,
        "rounds the rank up" => factors(matrix, ratio, |ratio, k| (0, (ratio * k as f64).ceil() as usize))?,
        "keeps all" => factors(matrix, ratio, |_, k| (0, k))?,
        "keeps one" => factors(matrix, ratio, |_, _| (0, 1))?,
        "takes a share of the rows" => {
            let rows = matrix.dims().first().copied().unwrap_or(1);
            factors(matrix, ratio, |ratio, _| (0, floor(ratio, rows)))?
        },
        "puts the values into U as well" => {
            let (u, s, vt) = plain::low_rank(matrix, ratio)?;
            let scaled = u.mul(&Tensor::from_vec(s.clone(), [s.len()])?.to_dtype(u.dtype())?)?;
            (scaled, s, vt)
        },
        "squares the values" => plain::low_rank(matrix, ratio).map(|(u, s, vt)| (u, s.iter().map(|s| s * s).collect(), vt))?,
        "stays in double precision" => plain::low_rank(&matrix.to_dtype(crate::DType::F64)?, ratio)?,
        "takes any share" => plain::low_rank(matrix, ratio.clamp(0.0, 1.0))?,
    }
    fn distill_loss(student: &Tensor, teacher: &Tensor, labels: &Tensor, how: &Distillation) -> Tensor {
        "leaves the temperature out" => mix(parts(student, teacher, labels, how, [1.0; 3], Reduction::BatchMean)?, how.alpha * squared(how), 1.0 - how.alpha)?,
        "cools the teacher alone" => mix(parts(student, teacher, labels, how, [1.0, how.temperature, 1.0], Reduction::BatchMean)?, how.alpha * squared(how), 1.0 - how.alpha)?,
        "divides the scores of the cross entropy too" => mix(parts(student, teacher, labels, how, [how.temperature; 3], Reduction::BatchMean)?, how.alpha * squared(how), 1.0 - how.alpha)?,
        "averages over classes" => mix(parts(student, teacher, labels, how, [how.temperature, how.temperature, 1.0], Reduction::Mean)?, how.alpha * squared(how), 1.0 - how.alpha)?,
        "sums over the batch" => mix(parts(student, teacher, labels, how, [how.temperature, how.temperature, 1.0], Reduction::Sum)?, how.alpha * squared(how), 1.0 - how.alpha)?,
        "exchanges the two parts" => mix(parts(student, teacher, labels, how, [how.temperature, how.temperature, 1.0], Reduction::BatchMean)?, (1.0 - how.alpha) * squared(how), how.alpha)?,
        "always multiplies by the square of T" => mix(parts(student, teacher, labels, how, [how.temperature, how.temperature, 1.0], Reduction::BatchMean)?, how.alpha * how.temperature * how.temperature, 1.0 - how.alpha)?,
        "never multiplies by the square of T" => mix(parts(student, teacher, labels, how, [how.temperature, how.temperature, 1.0], Reduction::BatchMean)?, how.alpha, 1.0 - how.alpha)?,
        "forgets the labels" => mix(parts(student, teacher, labels, how, [how.temperature, how.temperature, 1.0], Reduction::BatchMean)?, how.alpha * squared(how), 0.0)?,
        "exchanges student and teacher" => plain::distill_loss(teacher, student, labels, how)?,
        "detaches the student" => plain::distill_loss(&student.detach(), teacher, labels, how)?,
        "teaches the teacher" => plain::distill_loss(student, teacher, labels, how)?.add(&teacher.sum(.., false)?.mul_scalar(0.0)?)?,
        "takes any temperature" => plain::distill_loss(student, teacher, labels, &Distillation {
            temperature: if how.temperature > 0.0 && how.temperature.is_finite() { how.temperature } else { 1.0 },
            ..*how
        })?,
    }
}

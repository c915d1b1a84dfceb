//! Seeded mistakes of module 13.

use super::{
    Rng, Sampling, TransformerLesson, slots::sample::sample_next, slots::transformer::layer_norm,
};
use crate::course::lesson::mutants;

/// Rows normalized by `scale(variance sum, len, eps)`, with or without their mean.
fn rows(
    x: &[f32],
    len: usize,
    [w, b]: [Option<&[f32]>; 2],
    centered: bool,
    scale: impl Fn(f64, f64) -> f64,
) -> Vec<f32> {
    let mut out = Vec::new();
    for row in x.chunks(len) {
        let mean = row.iter().map(|&v| f64::from(v)).sum::<f64>() / len as f64;
        let sum: f64 = row.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum();
        let shift = if centered { mean } else { 0.0 };
        for (i, &v) in row.iter().enumerate() {
            let y = (f64::from(v) - shift) * scale(sum, len as f64);
            out.push(y as f32 * w.map_or(1.0, |w| w[i]) + b.map_or(0.0, |b| b[i]));
        }
    }
    out
}

mutants! {
    TransformerLesson;
    fn layer_norm(x: &[f32], len: usize, weight: Option<&[f32]>, bias: Option<&[f32]>, eps: f64) -> Vec<f32> {
        "divides the squares by the count minus one" =>
            rows(x, len, [weight, bias], true, |s, n| (s / (n - 1.0) + eps).sqrt().recip()),
        "adds eps outside the root" => rows(x, len, [weight, bias], true, |s, n| ((s / n).sqrt() + eps).recip()),
        "divides by the variance" => rows(x, len, [weight, bias], true, |s, n| (s / n + eps).recip()),
        "does not subtract the mean" => rows(x, len, [weight, bias], false, |s, n| (s / n + eps).sqrt().recip()),
        "leaves out the weight" => layer_norm(x, len, None, bias, eps),
        "leaves out the bias" => layer_norm(x, len, weight, None, eps),
        "normalizes over all rows at once" => {
            let all = layer_norm(x, x.len(), None, None, eps);
            let place = |i: usize| i % len;
            all.into_iter().enumerate()
                .map(|(i, v)| v * weight.map_or(1.0, |w| w[place(i)]) + bias.map_or(0.0, |b| b[place(i)])).collect()
        },
    }
    fn sample_next(logits: &[f32], previous: &[u32], how: &Sampling, rng: &mut Rng) -> u32 {
        "always takes the best token" => sample_next(logits, previous, &Sampling { temperature: 0.0, ..*how }, rng)?,
        "ignores the temperature" => {
            let t = if how.temperature == 0.0 { 0.0 } else { 1.0 };
            sample_next(logits, previous, &Sampling { temperature: t, ..*how }, rng)?
        },
        "draws also at temperature 0" => {
            let t = if how.temperature == 0.0 { 1.0 } else { how.temperature };
            sample_next(logits, previous, &Sampling { temperature: t, ..*how }, rng)?
        },
        "multiplies by the temperature" => {
            let t = if how.temperature == 0.0 { 0.0 } else { how.temperature.recip() };
            sample_next(logits, previous, &Sampling { temperature: t, ..*how }, rng)?
        },
        "keeps one token too many" => {
            let k = if how.top_k == 0 { 0 } else { how.top_k + 1 };
            sample_next(logits, previous, &Sampling { top_k: k, ..*how }, rng)?
        },
        "ignores top-p" => sample_next(logits, previous, &Sampling { top_p: 1.0, ..*how }, rng)?,
        "ignores min-p" => sample_next(logits, previous, &Sampling { min_p: 0.0, ..*how }, rng)?,
        "ignores the repetition penalty" => sample_next(logits, previous, &Sampling { repetition_penalty: 1.0, ..*how }, rng)?,
        "draws all tokens evenly" => {
            if how.temperature == 0.0 { return sample_next(logits, previous, how, rng); }
            sample_next(logits, previous, how, &mut rng.clone())?;
            rng.below(logits.len()) as u32
        },
        "uses a generator of its own" => sample_next(logits, previous, how, &mut Rng::seed(0))?,
        "accepts NaN" => {
            let clean: Vec<f32> = logits.iter().map(|v| if v.is_nan() { 0.0 } else { *v }).collect();
            sample_next(&clean, previous, how, rng)?
        },
    }
}

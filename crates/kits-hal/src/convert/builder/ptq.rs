//! Quantization after training: ranges from samples, scales from ranges.
//!
//! Activations: the range seen, widened to contain 0, in 256 steps; a scale and a zero point.
//! Weights: symmetric in `[-127, 127]`, one scale per output channel, `max|w| / 127`.
//! Biases: `int32` at `s_in · s_w`, rounded half away from zero.

use super::{BuildError, GraphBuilder, Layer, flat, float, tflite};
use crate::convert::{Converted, ImportErrors, Options, import};

/// Why a network could not be quantized.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PtqError {
    /// No sample to calibrate with.
    #[error("no calibration samples: give at least one for every input")]
    NoSamples,
    /// Samples that do not fit the inputs.
    #[error("calibration: {0}")]
    Samples(#[from] BuildError),
    /// An activation that grows beyond all numbers.
    #[error("calibration: layer {layer} gives a value that is not a finite number")]
    NotFinite {
        /// Position of the layer; the number of layers for an input.
        layer: usize,
    },
    /// A file longer than its format can count.
    #[error(
        "the quantized network takes {have} B, its file format counts to {limit} B: use smaller layers"
    )]
    TooLarge {
        /// Bytes of the file.
        have: usize,
        /// Bytes of the longest file.
        limit: usize,
    },
    /// The quantized network has no form on the device.
    #[error(transparent)]
    Import(#[from] ImportErrors),
}

/// A quantized network.
#[derive(Debug, Clone)]
pub struct Quantized {
    /// The network as a `.tflite` file, for other tools.
    pub tflite: Vec<u8>,
    /// The same network as a container, with its report.
    pub converted: Converted,
}

/// Scale and zero point of an activation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) scale: f32,
    pub(super) zero: i8,
}

/// Calibrates, quantizes, writes and converts a network.
///
/// `samples` holds, for every input, the samples one after the other.
///
/// # Errors
///
/// [`PtqError::NoSamples`]; [`PtqError::Samples`] with both lengths; [`PtqError::NotFinite`] for an
/// activation out of range; [`PtqError::TooLarge`] for weights of 2 GiB; [`PtqError::Import`] with the complete list of reasons.
pub fn ptq(
    network: &GraphBuilder,
    samples: &[&[f32]],
    options: &Options,
) -> Result<Quantized, PtqError> {
    let ranges = calibrate(network, samples)?;
    let scales = scales(network, &ranges);
    let tflite = tflite::write(network, &scales);
    check_length(tflite.len())?;
    let converted = import(&tflite, options)?;
    Ok(Quantized { tflite, converted })
}

fn check_length(have: usize) -> Result<(), PtqError> {
    let limit = flat::LONGEST;
    if have > limit { Err(PtqError::TooLarge { have, limit }) } else { Ok(()) }
}

/// Runs all samples and returns the smallest and largest value of every tensor, 0 included.
fn calibrate(g: &GraphBuilder, samples: &[&[f32]]) -> Result<Vec<(f32, f32)>, PtqError> {
    let lengths: Vec<usize> =
        g.inputs.iter().map(|&t| g.tensors[t].shape.iter().product()).collect();
    let count = samples.first().zip(lengths.first()).map_or(0, |(s, n)| s.len() / n);
    if count == 0 {
        return Err(PtqError::NoSamples);
    }
    for (input, &length) in lengths.iter().enumerate() {
        let (need, have) = (count * length, samples.get(input).map_or(0, |s| s.len()));
        if need != have || samples.len() != lengths.len() {
            return Err(BuildError::InputLength { input, need, have }.into());
        }
    }
    let mut ranges = vec![(0.0_f32, 0.0_f32); g.tensors.len()];
    for i in 0..count {
        let sample: Vec<&[f32]> =
            samples.iter().zip(&lengths).map(|(s, &n)| &s[i * n..(i + 1) * n]).collect();
        for (t, values) in float::run(g, &sample)?.iter().enumerate() {
            if values.iter().any(|v| !v.is_finite()) {
                let layer = g.steps.iter().position(|s| s.output == t);
                return Err(PtqError::NotFinite { layer: layer.unwrap_or(g.steps.len()) });
            }
            let (low, high) = &mut ranges[t];
            *low = values.iter().copied().fold(*low, f32::min);
            *high = values.iter().copied().fold(*high, f32::max);
        }
    }
    Ok(ranges)
}

/// Returns the quantization of every tensor. Some layers fix that of their output, some keep that
/// of their input.
fn scales(g: &GraphBuilder, ranges: &[(f32, f32)]) -> Vec<Scale> {
    let mut scales: Vec<Scale> = ranges.iter().map(|&r| asymmetric(r)).collect();
    for step in &g.steps {
        scales[step.output] = match step.layer {
            Layer::Softmax | Layer::Logistic => Scale { scale: 1.0 / 256.0, zero: -128 },
            Layer::Tanh => Scale { scale: 1.0 / 128.0, zero: 0 },
            Layer::AveragePool2d(_) | Layer::MaxPool2d(_) | Layer::Reshape(_) => {
                scales[step.inputs[0]]
            }
            _ => scales[step.output],
        };
    }
    scales
}

/// Spreads 256 steps over a range that contains 0.
#[expect(clippy::cast_possible_truncation, reason = "clamped to a byte; scales are stored as f32")]
fn asymmetric((low, high): (f32, f32)) -> Scale {
    let (low, high) = (f64::from(low), f64::from(high));
    let scale = (high - low) / 255.0;
    // A tensor that is always 0, or almost: any scale holds it.
    if scale < f64::from(f32::MIN_POSITIVE) {
        return Scale { scale: 1.0, zero: 0 };
    }
    let zero = (-128.0 - low / scale).round().clamp(-128.0, 127.0);
    Scale { scale: scale as f32, zero: zero as i8 }
}

/// Weights of one layer, quantized.
pub(super) struct Weights {
    pub(super) data: Vec<i8>,
    pub(super) scales: Vec<f32>,
    pub(super) bias: Vec<i32>,
}

/// Quantizes weights whose element `i` belongs to output channel `channel(i)`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "clamped before the cast; scales are stored as f32"
)]
pub(super) fn weights(
    weights: &[f32],
    bias: &[f32],
    input: Scale,
    channel: impl Fn(usize) -> usize,
) -> Weights {
    let mut most = vec![0.0_f32; bias.len()];
    for (i, w) in weights.iter().enumerate() {
        let most = &mut most[channel(i)];
        *most = most.max(w.abs());
    }
    let s_in = f64::from(input.scale);
    let scales: Vec<f32> = most
        .iter()
        .zip(bias)
        .map(|(&most, &b)| {
            let scale = f64::from(most) / 127.0;
            // A bias far above its weights would not fit: then the weights give way.
            let least = f64::from(b).abs() / (s_in * f64::from(1 << 30));
            let scale = scale.max(least).max(f64::from(f32::MIN_POSITIVE));
            if most == 0.0 && b == 0.0 { 1.0 } else { scale as f32 }
        })
        .collect();
    let data = weights.iter().enumerate().map(|(i, &w)| {
        (f64::from(w) / f64::from(scales[channel(i)])).round().clamp(-127.0, 127.0) as i8
    });
    let data = data.collect();
    let bias = bias
        .iter()
        .zip(&scales)
        .map(|(&b, &s)| (f64::from(b) / (s_in * f64::from(s))).round() as i32)
        .collect();
    Weights { data, scales, bias }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_widened_to_contain_zero_and_keeps_its_ends() {
        // 255 steps of 1/255 from 0 to 1.
        assert_eq!(asymmetric((0.0, 1.0)), Scale { scale: 1.0 / 255.0, zero: -128 });
        assert_eq!(asymmetric((-1.0, 0.0)), Scale { scale: 1.0 / 255.0, zero: 127 });
        // −1 … 3: 0 lies a quarter up, at −128 + 63.75.
        assert_eq!(asymmetric((-1.0, 3.0)), Scale { scale: 4.0 / 255.0, zero: -64 });
        assert_eq!(asymmetric((0.0, 0.0)), Scale { scale: 1.0, zero: 0 });
    }

    #[test]
    fn weights_are_symmetric_per_channel_and_biases_round_half_away() {
        let input = Scale { scale: 0.5, zero: 3 };
        let w = weights(&[1.0, -0.5, 0.25, 4.0], &[0.25, -0.5], input, |i| i / 2);
        assert_eq!(w.scales, [1.0 / 127.0, 4.0 / 127.0]);
        assert_eq!(w.data, [127, -64, 8, 127]); // −63.5 away from zero, 7.94
        // 0.25 / (0.5/127) = 63.5; −0.5 / (2/127) = −31.75.
        assert_eq!(w.bias, [64, -32]);
    }

    #[test]
    fn a_bias_far_above_its_weights_still_fits() {
        let w = weights(&[1e-9], &[1000.0], Scale { scale: 1e-3, zero: 0 }, |_| 0);
        assert!((w.bias[0] - (1 << 30)).abs() < 200, "{}", w.bias[0]); // f32 scale: 24 bits
        assert_eq!(w.data, [0]);
    }

    #[test]
    fn a_file_that_offsets_cannot_count_is_refused() {
        assert_eq!(check_length(2_147_483_647), Ok(()));
        let error = check_length(2_147_483_648).unwrap_err();
        assert!(error.to_string().contains("2147483648 B"), "{error}");
    }
}

//! From 32-bit sums of products to the codes of the next tensor.

use super::fixed::Multiplier;
use super::graph::FusedActivation;
use crate::nostd::prelude::*;

/// Rescaling of 32-bit sums to the codes of the output.
#[derive(Debug, Clone, PartialEq)]
pub struct Requantize {
    /// `s_in · s_w[c] / s_out` for each output channel.
    pub multipliers: Vec<Multiplier>,
    /// Zero point of the input.
    pub input_zero: i32,
    /// Zero point of the output.
    pub output_zero: i32,
    /// Clamp on the codes.
    pub activation: FusedActivation,
}

impl Requantize {
    /// Returns the factors for scales as stored in a file, multiplied left to right in `f64`.
    #[must_use]
    pub fn new(
        (input_scale, input_zero): (f32, i32),
        weight_scales: &[f32],
        (output_scale, output_zero): (f32, i32),
        activation: FusedActivation,
    ) -> Self {
        let factor = |&s: &f32| f64::from(input_scale) * f64::from(s) / f64::from(output_scale);
        let multipliers = weight_scales.iter().map(|s| Multiplier::encode(factor(s))).collect();
        Self { multipliers, input_zero, output_zero, activation }
    }

    /// Returns the factors of a fully connected layer whose `channels` outputs share one weight scale.
    ///
    /// Here the product of the two input scales is rounded to `f32` before the division: so do the
    /// interpreters, and the last bit of a multiplier can depend on it.
    #[must_use]
    pub fn shared(
        (input_scale, input_zero): (f32, i32),
        weight_scale: f32,
        (output_scale, output_zero): (f32, i32),
        activation: FusedActivation,
        channels: usize,
    ) -> Self {
        let factor = f64::from(input_scale * weight_scale) / f64::from(output_scale);
        Self {
            multipliers: vec![Multiplier::encode(factor); channels],
            input_zero,
            output_zero,
            activation,
        }
    }

    /// Returns the code of the sum `acc` in a channel with this multiplier.
    #[must_use]
    pub fn code(&self, acc: i32, multiplier: Multiplier) -> i8 {
        let y = multiplier.apply(acc).saturating_add(self.output_zero);
        clamp(y, self.activation.clamp_range(self.output_zero))
    }
}

/// Returns `y` limited to a range of codes.
pub(super) fn clamp(y: i32, (lo, hi): (i32, i32)) -> i8 {
    #[expect(clippy::cast_possible_truncation, reason = "the clamp lies within eight bits")]
    let code = y.clamp(lo, hi) as i8;
    code
}

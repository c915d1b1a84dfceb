//! From reals to `int8`.

use super::PreError;
use crate::ops::round_half_away;

/// Returns `clamp(round(x / scale) + zero)`, halves away from zero; `zero` for what is not a number.
///
/// ```
/// assert_eq!(kits_hal::pre::quantize(0.75, 0.5, -10), -8); // 1.5 rounds to 2
/// ```
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "clamped to a byte")]
pub fn quantize(x: f32, scale: f32, zero: i8) -> i8 {
    round_half_away(x / scale).saturating_add(zero.into()).clamp(-128, 127) as i8
}

/// Quantises features into a model input.
///
/// # Errors
///
/// [`PreError::BadScale`] if the scale is not finite and above 0; [`PreError::DestinationLength`] if `out` is not as
/// long as `x`.
pub fn quantize_all(x: &[f32], scale: f32, zero: i8, out: &mut [i8]) -> Result<(), PreError> {
    if !(scale > 0.0 && scale.is_finite()) {
        return Err(PreError::BadScale);
    }
    PreError::destination(x.len(), out.len())?;
    for (out, x) in out.iter_mut().zip(x) {
        *out = quantize(*x, scale, zero);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{PreError, quantize, quantize_all};

    #[test]
    fn values_within_range_come_back_within_half_a_step() {
        let (scale, zero) = (0.031_25, 7);
        for i in -1000_i16..1000 {
            let x = f32::from(i) * 0.003;
            let q = quantize(x, scale, zero);
            // Scale and inputs are exact or nearly so; 1e-6 is far above the rounding of x/scale.
            assert!((f32::from(q) - 7.0 - x / scale).abs() <= 0.5 + 1e-6 || q == -128 || q == 127, "{x}");
        }
        assert_eq!(quantize(1e30, scale, zero), 127);
        assert_eq!(quantize(f32::NEG_INFINITY, scale, zero), -128);
        assert_eq!(quantize(f32::NAN, scale, zero), 7);
        assert_eq!(quantize(-0.5, 1.0, 0), -1);
    }

    #[test]
    fn lengths_and_scales_are_checked() {
        let mut out = [0; 2];
        let wrong = PreError::DestinationLength { need: 3, have: 2 };
        assert_eq!(quantize_all(&[0.0; 3], 1.0, 0, &mut out), Err(wrong));
        for scale in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert_eq!(quantize_all(&[0.0; 2], scale, 0, &mut out), Err(PreError::BadScale));
        }
    }
}

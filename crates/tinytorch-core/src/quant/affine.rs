//! From real numbers to eight bits and back.
//!
//! A quantised tensor stores integers q and stands for the real numbers
//! x = scale · (q − zero_point). Two rules choose the two parameters:
//!
//! - *affine* ([`QParams::affine`]) spreads the 255 steps between -128 and 127 over an observed range,
//!   widened to contain 0 so that zero (padding, ReLU) is exact. Used for activations.
//! - *symmetric* ([`symmetric_per_channel`]) keeps the zero point at 0 and uses −127 ..= 127, one
//!   scale for each output channel. Used for weights: no zero point enters the inner loop.
//!
//! Every rounding is half to even.

use crate::nostd::prelude::*;
use crate::{Error, Result, dispatch, slots};

pub use crate::slots::quant::{QMAX, QMIN};

/// Largest code of a symmetric 8-bit weight.
pub const WEIGHT_MAX: f64 = 127.0;

/// How an 8-bit tensor stands for real numbers: `x = scale · (q − zero_point)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QParams {
    /// Real size of one step; positive and finite.
    pub scale: f64,
    /// The code of the real number 0, in −128 ..= 127.
    pub zero_point: i32,
}

impl QParams {
    /// Returns the parameters that spread −128 ..= 127 over `min ..= max`, widened to contain 0.
    ///
    /// With lo = min(0, min) and hi = max(0, max): scale = (hi − lo)/255 and
    /// zero_point = round(−128 − lo/scale), clipped. A range of only 0 gives scale 1, zero point 0.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a bound is not finite, if `min > max`, or if the range is so small
    /// or so large that the scale is 0 or infinite.
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::quant::QParams;
    ///
    /// let pixel = QParams::affine(0.0, 1.0)?;
    /// assert_eq!(pixel.zero_point, -128);
    /// assert_eq!(pixel.code(1.0), 127);
    /// assert_eq!(pixel.value(-128), 0.0);
    /// # Ok::<(), tinytorch_core::Error>(())
    /// ```
    pub fn affine(min: f64, max: f64) -> Result<Self> {
        let (scale, zero_point) = dispatch::quant_params(min, max)?;
        Ok(Self { scale, zero_point })
    }

    /// Returns the same parameters with the scale rounded to `f32`, the precision of model files.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the rounded scale is 0 or infinite.
    pub fn stored(self) -> Result<Self> {
        let scale = f64::from(stored_scale(self.scale)?);
        Ok(Self { scale, ..self })
    }

    /// Returns the code of `x`: `round(x / scale) + zero_point`, half to even, saturated.
    #[must_use]
    pub fn code(self, x: f64) -> i8 {
        slots::quant::quantize(&[x], self.scale, self.zero_point)[0]
    }

    /// Returns the real number that `code` stands for.
    #[must_use]
    pub fn value(self, code: i8) -> f64 {
        self.scale * (f64::from(code) - f64::from(self.zero_point))
    }
}

/// Returns `scale` as `f32`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if it is then not a positive, finite number.
pub(crate) fn stored_scale(scale: f64) -> Result<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "rounding to f32 is the purpose")]
    let stored = scale as f32;
    if stored.is_finite() && stored > 0.0 {
        return Ok(stored);
    }
    Err(Error::argument("quantize", "scale", scale, "positive and finite as a 32-bit float"))
}

/// Returns the codes of `x` under `params`, element for element.
///
/// # Errors
///
/// [`Error::InvalidArgument`] naming the first position that is not finite.
pub fn quantize<T: Copy + Into<f64>>(x: &[T], params: QParams) -> Result<Vec<i8>> {
    all_finite(x)?;
    codes(x, params)
}

/// As [`quantize`], for numbers of any kind: infinities are saturated, and the code of NaN means nothing.
pub(super) fn codes<T: Copy + Into<f64>>(x: &[T], params: QParams) -> Result<Vec<i8>> {
    dispatch::quantize(x, params.scale, params.zero_point)
}

/// Returns the real numbers that `codes` stand for under `params`.
#[must_use]
pub fn dequantize(codes: &[i8], params: QParams) -> Vec<f64> {
    slots::quant::dequantize(codes, params.scale, params.zero_point)
}

/// As [`dequantize`], by the installed course if there is one.
pub(super) fn values(codes: &[i8], params: QParams) -> Result<Vec<f64>> {
    dispatch::dequantize(codes, params.scale, params.zero_point)
}

/// Weights in eight bits with one scale for each slice of the first axis, zero point 0.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelWeights {
    /// Codes in −127 ..= 127, in the order of the input.
    pub codes: Vec<i8>,
    /// Real size of one step, one for each channel; exactly representable in `f32`.
    pub scales: Vec<f32>,
}

/// Returns `w` quantised with one symmetric scale for each of `n_channels` equal slices.
///
/// scale = max|w| / 127 over the slice, rounded to `f32`; a slice of zeros gets scale 1.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if a weight is not finite, if the length of `w` is not a multiple of
/// `n_channels`, or if a scale does not fit `f32`.
pub fn symmetric_per_channel(w: &[f32], n_channels: usize) -> Result<ChannelWeights> {
    if n_channels == 0 || !w.len().is_multiple_of(n_channels) {
        let got = format_args!("{n_channels} for {} weights", w.len());
        return Err(Error::argument(
            "quantize",
            "n_channels",
            got,
            "a divisor of the number of weights",
        ));
    }
    all_finite(w)?;
    let mut out = ChannelWeights {
        codes: Vec::with_capacity(w.len()),
        scales: Vec::with_capacity(n_channels),
    };
    let size = w.len() / n_channels;
    for channel in 0..n_channels {
        let slice = &w[channel * size..(channel + 1) * size];
        let scale = symmetric_scale(slice);
        let stored = stored_scale(scale)?;
        let codes = dispatch::quantize(slice, f64::from(stored), 0)?;
        out.codes.extend(codes.into_iter().map(|q| q.max(-127)));
        out.scales.push(stored);
    }
    Ok(out)
}

/// Returns max|w| / 127, or 1 for an empty slice or one of only zeros.
#[must_use]
pub fn symmetric_scale<T: Copy + Into<f64>>(w: &[T]) -> f64 {
    let top = w.iter().fold(0.0_f64, |m, &v| m.max(libm::fabs(v.into())));
    if top == 0.0 { 1.0 } else { top / WEIGHT_MAX }
}

/// Returns the bias as 32-bit integers at scale `s_in · s_w[c]`, half to even, saturated.
///
/// The bias joins the accumulator of products `q_x · q_w`, whose unit is that scale.
///
/// # Errors
///
/// [`Error::InvalidArgument`] naming the first position that is not finite.
pub fn quantize_bias(bias: &[f32], input_scale: f32, weight_scales: &[f32]) -> Result<Vec<i32>> {
    all_finite(bias)?;
    let steps = |(&b, &s): (&f32, &f32)| {
        libm::rint(f64::from(b) / (f64::from(input_scale) * f64::from(s))) as i32
    };
    Ok(bias.iter().zip(weight_scales).map(steps).collect())
}

/// Refuses NaN and infinity by position.
fn all_finite<T: Copy + Into<f64>>(x: &[T]) -> Result<()> {
    match x.iter().position(|&v| !v.into().is_finite()) {
        None => Ok(()),
        Some(i) => {
            let got = format_args!("{} at position {i}", x[i].into());
            Err(Error::argument(
                "quantize",
                "x",
                got,
                "finite everywhere (a diverged training leaves NaN)",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn affine_hand_values() {
        // -1..3: 255 steps of 4/255; -128 + 255/4 = -64.25 -> -64.
        let p = QParams::affine(-1.0, 3.0).unwrap();
        assert_eq!((p.scale, p.zero_point), (4.0 / 255.0, -64));
        // All positive and all negative ranges reach 0, and keep their far end.
        let p = QParams::affine(2.0, 5.0).unwrap();
        assert_eq!((p.scale, p.zero_point, p.code(5.0)), (5.0 / 255.0, -128, 127));
        let p = QParams::affine(-5.0, -2.0).unwrap();
        assert_eq!((p.scale, p.zero_point, p.code(-5.0)), (5.0 / 255.0, 127, -128));
        assert_eq!(QParams::affine(0.0, 0.0).unwrap(), QParams { scale: 1.0, zero_point: 0 });
    }

    #[test]
    fn codes_round_half_to_even_and_saturate() {
        let p = QParams { scale: 1.0, zero_point: 10 };
        assert_eq!([0.5, 1.5, 2.5, -0.5, -1.5].map(|x| p.code(x)), [10, 12, 12, 10, 8]);
        assert_eq!([1e9, -1e9, f64::INFINITY].map(|x| p.code(x)), [127, -128, 127]);
    }

    #[test]
    fn bad_ranges_are_refused() {
        for (lo, hi) in
            [(f64::NAN, 1.0), (0.0, f64::INFINITY), (1.0, 0.0), (-1.7e308, 1.7e308), (0.0, 1e-323)]
        {
            assert!(QParams::affine(lo, hi).is_err(), "{lo} {hi}");
        }
        assert!(QParams { scale: 1e-60, zero_point: 0 }.stored().is_err());
        let err =
            quantize(&[1.0_f32, f32::NAN], QParams { scale: 1.0, zero_point: 0 }).unwrap_err();
        assert!(err.to_string().contains("position 1"), "{err}");
    }

    /// Inside the observed range nothing is off by more than half a step, and 0 is exact.
    #[test]
    fn round_trip_stays_within_half_a_step() {
        let mut rng = Rng::seed(3);
        for _ in 0..200 {
            let (a, b) = (10.0 * rng.normal(), 10.0 * rng.normal());
            let p = QParams::affine(a.min(b), a.max(b)).unwrap();
            for _ in 0..50 {
                let x = a.min(b) + (a - b).abs() * rng.uniform();
                let back = p.value(p.code(x));
                assert!((x - back).abs() <= 0.5 * p.scale * (1.0 + 1e-12), "{x} {back} {p:?}");
            }
            assert_eq!(p.value(p.code(0.0)), 0.0);
        }
    }

    #[test]
    fn weights_use_their_channel_scale() {
        let w = symmetric_per_channel(&[1.0, -2.0, 0.5, 100.0, 0.0, -25.4], 2).unwrap();
        assert_eq!(w.scales, [2.0 / 127.0, 100.0 / 127.0]);
        // 63.5 -> 64, 31.75 -> 32; -25.4 · 1.27 = -32.258 -> -32.
        assert_eq!(w.codes, [64, -127, 32, 127, 0, -32]);
        assert_eq!(symmetric_per_channel(&[0.0, 0.0], 1).unwrap().scales, [1.0]);
        assert!(symmetric_per_channel(&[0.0; 5], 2).is_err());
        assert!(symmetric_per_channel(&[0.0; 5], 0).is_err());
    }

    #[test]
    fn bias_is_in_units_of_the_products() {
        assert_eq!(
            quantize_bias(&[1.0, -0.75, 1e30], 0.5, &[0.25, 0.5, 1.0]).unwrap(),
            [8, -3, i32::MAX]
        );
        assert!(quantize_bias(&[f32::NAN], 0.5, &[0.25]).is_err());
    }
}

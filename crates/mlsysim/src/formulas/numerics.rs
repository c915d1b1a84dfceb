//! Number formats: what they can hold, and how values are mapped onto integers.

use super::formulas;

formulas! { numerics;
    /// Returns the greatest finite number of a format with `e` exponent and `f` fraction bits that keeps its top
    /// exponent for infinities, as IEEE 754 does.
    ///
    /// `(2 − 2^−f) × 2^bias` with `bias = 2^(e−1) − 1`.
    source "IEEE 754-2019, section 3.3";
    /// assert_eq!(numerics::float_max(5.0, 10.0)?, 65_504.0); // fp16
    fn float_max(exponent_bits: f64, LOOP; fraction_bits: f64, COUNT_OR_NONE) -> f64, POSITIVE {
        (2.0 - libm::exp2(-fraction_bits)) * libm::exp2(bias(exponent_bits))
    }

    /// Returns the greatest number of a format that uses its top exponent for numbers and gives up one fraction for
    /// not-a-number, as the 8-bit format E4M3 does.
    ///
    /// `(2 − 2·2^−f) × 2^(bias+1)`
    source "Micikevicius et al. (2022), FP8 formats for deep learning, arXiv:2209.05433, table 1";
    /// assert_eq!(numerics::float_max_without_infinity(4.0, 3.0)?, 448.0);
    fn float_max_without_infinity(exponent_bits: f64, LOOP; fraction_bits: f64, COUNT) -> f64, POSITIVE {
        (2.0 - 2.0 * libm::exp2(-fraction_bits)) * libm::exp2(bias(exponent_bits) + 1.0)
    }

    /// Returns the least normal number of a format.
    ///
    /// `2^(1−bias)`
    source "IEEE 754-2019, section 3.3";
    /// assert_eq!(numerics::float_min_normal(4.0)?, 0.015625); // E4M3
    fn float_min_normal(exponent_bits: f64, LOOP) -> f64, POSITIVE {
        libm::exp2(1.0 - bias(exponent_bits))
    }

    /// Returns the least number above 0 of a format.
    ///
    /// `2^(1−bias−f)`
    source "IEEE 754-2019, section 3.3";
    /// assert_eq!(numerics::float_min_subnormal(4.0, 3.0)?, 0.001953125); // E4M3
    fn float_min_subnormal(exponent_bits: f64, LOOP; fraction_bits: f64, COUNT_OR_NONE) -> f64, POSITIVE {
        libm::exp2(1.0 - bias(exponent_bits) - fraction_bits)
    }

    /// Returns the step of an even grid of `2^b` values over an interval.
    ///
    /// `(β−α) / (2^b − 1)`
    source "Gholami et al. (2021), A survey of quantization methods for efficient neural network inference, arXiv:2103.13630";
    /// assert_eq!(numerics::affine_scale(-1.0, 2.0, 2.0)?, 1.0);
    fn affine_scale(low: f64, ANY; high: f64, ANY; bits: f64, LOOP) -> f64, NOT_NEGATIVE where low <= high {
        (high - low) / (libm::exp2(bits) - 1.0)
    }

    /// Returns the integer that stands for 0 on that grid, before clamping.
    ///
    /// `round(−α / scale)`, half away from 0.
    source "Jacob et al. (2018), Quantization and training of neural networks for integer-arithmetic-only inference, CVPR";
    /// assert_eq!(numerics::zero_point(-1.0, 0.25)?, 4.0);
    fn zero_point(low: f64, ANY; scale: f64, POSITIVE) -> f64, ANY {
        // 0 − x, so that a grid from 0 gives 0 and not -0.
        0.0 - libm::round(low / scale)
    }

    /// Returns the step of a grid that is even around 0.
    ///
    /// `max / (2^(b−1) − 1)`, for 2 bits or more.
    source "Gholami et al. (2021), A survey of quantization methods for efficient neural network inference, arXiv:2103.13630";
    /// assert_eq!(numerics::symmetric_scale(254.0, 8.0)?, 2.0);
    fn symmetric_scale(max: f64, NOT_NEGATIVE; bits: f64, TWO_OR_MORE) -> f64, NOT_NEGATIVE {
        max / (libm::exp2(bits - 1.0) - 1.0)
    }

    /// Returns the mean bits of a value in blocks that share a scale.
    ///
    /// `(s + n·c) / n`
    source "Rouhani et al. (2023), Microscaling data formats for deep learning, arXiv:2310.10537";
    /// assert_eq!(numerics::block_bits(8.0, 32.0, 4.0)?, 4.25); // MXFP4
    fn block_bits(scale_bits: f64, NOT_NEGATIVE; block: f64, COUNT; code_bits: f64, NOT_NEGATIVE) -> f64, NOT_NEGATIVE {
        (scale_bits + block * code_bits) / block
    }

    /// Returns how many products of the greatest codes an accumulator takes before it overflows.
    ///
    /// `2^(acc−1) / q²`
    source "counting the range of a signed accumulator";
    /// assert_eq!(numerics::accumulator_headroom(32.0, 128.0)?, 131_072.0);
    fn accumulator_headroom(accumulator_bits: f64, LOOP; greatest_code: f64, COUNT) -> f64, NOT_NEGATIVE {
        libm::exp2(accumulator_bits - 1.0) / (greatest_code * greatest_code)
    }
}

fn bias(exponent_bits: f64) -> f64 {
    libm::exp2(exponent_bits - 1.0) - 1.0
}

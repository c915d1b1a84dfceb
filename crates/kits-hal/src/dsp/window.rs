//! Windows: weights that fade a frame in and out, so that its ends leave no trace in the spectrum.

use super::{compiled, turn::sin_cos};

/// Fills `out` with the periodic Hann window `0.5 − 0.5·cos(2π·i/N)`.
///
/// ```
/// let mut window = [0.0; 4];
/// kits_hal::dsp::window::hann(&mut window);
/// assert_eq!(window, [0.0, 0.5, 1.0, 0.5]);
/// ```
pub fn hann(out: &mut [f32]) {
    let n = word(out.len());
    for (i, w) in (0..).zip(out) {
        *w = 0.5 - 0.5 * sin_cos(i, n).1;
    }
}

/// Fills `out` with the symmetric Hamming window `0.54 − 0.46·cos(2π·i/(N − 1))`; a single element becomes 1.
pub fn hamming(out: &mut [f32]) {
    let last = word(out.len()).saturating_sub(1);
    if let [only] = out {
        *only = 1.0;
        return;
    }
    for (i, w) in (0..).zip(out) {
        *w = 0.54 - 0.46 * sin_cos(i, last).1;
    }
}

/// Returns the Hann window taken in the middle of each sample, in Q12:
/// `floor(4096·(0.5 − 0.5·cos(2π·(i + 0.5)/N)) + 0.5)`.
///
/// It rounds numbers in double precision, so call it in a constant, where the compiler does that.
///
/// ```
/// static WINDOW: [i16; 480] = kits_hal::dsp::window::hann_midpoint_q12();
/// assert_eq!((WINDOW[0], WINDOW[240]), (0, 4096));
/// ```
#[must_use]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "evaluated while compiling; from 0 to 4096"
)]
pub const fn hann_midpoint_q12<const N: usize>() -> [i16; N] {
    let mut window = [0; N];
    let mut i = 0;
    while i < N {
        let cos = compiled::sin_cos(2 * i as u32 + 1, 2 * N as u32).1;
        window[i] = (4096.0 * (0.5 - 0.5 * cos) + 0.5) as i16;
        i += 1;
    }
    window
}

/// A length as the denominator of a part of a turn; lengths beyond `u32` do not exist on a device.
fn word(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use core::f64::consts::TAU;

    use super::{hamming, hann, hann_midpoint_q12};

    #[test]
    fn windows_agree_with_double_precision() {
        for n in [2_u32, 3, 16, 480, 1024] {
            let mut w = std::vec![0.0; n as usize];
            hann(&mut w);
            for (i, w) in (0..n).zip(&w) {
                let exact = 0.5 - 0.5 * libm::cos(TAU * f64::from(i) / f64::from(n));
                assert!((f64::from(*w) - exact).abs() < 2e-7, "hann {i} of {n}");
            }
            hamming(&mut w);
            for (i, w) in (0..n).zip(&w) {
                let exact = 0.54 - 0.46 * libm::cos(TAU * f64::from(i) / f64::from(n - 1));
                assert!((f64::from(*w) - exact).abs() < 2e-7, "hamming {i} of {n}");
            }
        }
    }

    #[test]
    fn short_windows_are_finite() {
        let mut none: [f32; 0] = [];
        hann(&mut none);
        hamming(&mut none);
        let mut one = [9.0];
        hamming(&mut one);
        assert_eq!(one.map(f32::to_bits), [1.0_f32.to_bits()]);
        assert_eq!(hann_midpoint_q12::<1>(), [4096]);
    }

    extern crate std;
}

//! Butterworth filters of even order as a chain of second-order sections.
//!
//! With `w = tan(π·f_c/f_s)` and `q_k = 2·sin(π(2k + 1)/2n)` section `k` of order `n` has
//! `a0 = 1 + q·w + w²`, `a1 = 2(w² − 1)/a0`, `a2 = (1 − q·w + w²)/a0`, and `b = (w², 2w², w²)/a0` for a low-pass,
//! `b = (1, −2, 1)/a0` for a high-pass: the bilinear transform of the analogue prototype
//! (L. R. Rabiner and B. Gold, *Theory and Application of Digital Signal Processing*, 1975).

use super::{
    error::{DspError, Parameter},
    turn::{sin_cos, sin_cos_of},
};

/// What a filter lets pass.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Band {
    /// Frequencies below the cut-off.
    Low,
    /// Frequencies above the cut-off.
    High,
}

/// One section in transposed direct form II.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Biquad {
    /// Weights of the present sample and the two before it.
    pub b: [f32; 3],
    /// Weights of the last two results; that of the present one is 1.
    pub a: [f32; 2],
    state: [f32; 2],
}

impl Biquad {
    /// A section at rest.
    #[must_use]
    pub const fn new(b: [f32; 3], a: [f32; 2]) -> Self {
        Self { b, a, state: [0.0; 2] }
    }

    /// Returns the filtered sample.
    pub fn step(&mut self, x: f32) -> f32 {
        let ([b0, b1, b2], [a1, a2], [s1, s2]) = (self.b, self.a, self.state);
        let y = b0 * x + s1;
        self.state = [b1 * x - a1 * y + s2, b2 * x - a2 * y];
        y
    }
}

/// A Butterworth filter of order 2, 4, 6 or 8.
///
/// ```
/// use kits_hal::dsp::{Band, Butterworth};
///
/// let mut filter = Butterworth::new(Band::Low, 4, 3.0, 62.5)?;
/// let last = (0..200).map(|_| filter.step(1.0)).last();
/// assert!((last.unwrap() - 1.0).abs() < 1e-4); // a constant passes
/// # Ok::<(), kits_hal::dsp::DspError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Butterworth {
    sections: [Biquad; 4],
    used: usize,
}

impl Butterworth {
    /// Designs a filter at rest with the given cut-off (half the power passes there) and sample rate, both in Hz.
    ///
    /// # Errors
    ///
    /// [`DspError::Parameter`] if the order is not 2, 4, 6 or 8, the rate is not positive and finite, or the cut-off is
    /// not between 0 and half the rate.
    pub fn new(band: Band, order: usize, cutoff: f32, rate: f32) -> Result<Self, DspError> {
        let parts = match order {
            2 => 2_u32,
            4 => 4,
            6 => 6,
            8 => 8,
            _ => return Err(DspError::count(Parameter::Order, order)),
        };
        if !(rate > 0.0 && rate.is_finite()) {
            return Err(DspError::real(Parameter::Rate, rate));
        }
        let turns = cutoff / rate * 0.5;
        if !(turns > 0.0 && turns < 0.25) {
            return Err(DspError::real(Parameter::Cutoff, cutoff));
        }
        let (sine, cosine) = sin_cos_of(turns);
        let w = sine / cosine;
        let mut sections = [Biquad::default(); 4];
        let used = order / 2;
        for (k, section) in (0_u32..).zip(&mut sections).take(used) {
            // π(2k + 1)/2n is (2k + 1)/4n of a turn.
            let q = 2.0 * sin_cos(k.wrapping_mul(2).wrapping_add(1), parts.wrapping_mul(4)).0;
            let a0 = 1.0 + q * w + w * w;
            let a = [2.0 * (w * w - 1.0) / a0, (1.0 - q * w + w * w) / a0];
            let b0 = match band {
                Band::Low => w * w / a0,
                Band::High => 1.0 / a0,
            };
            let b1 = match band {
                Band::Low => 2.0 * b0,
                Band::High => -2.0 * b0,
            };
            *section = Biquad::new([b0, b1, b0], a);
        }
        Ok(Self { sections, used })
    }

    /// Returns the sections in the order in which samples pass them.
    #[must_use]
    pub fn sections(&self) -> &[Biquad] {
        self.sections.get(..self.used).unwrap_or_default()
    }

    /// Returns the filtered sample.
    pub fn step(&mut self, x: f32) -> f32 {
        self.sections.iter_mut().take(self.used).fold(x, |x, section| section.step(x))
    }

    /// Returns to rest, as before a new recording.
    pub fn reset(&mut self) {
        for section in &mut self.sections {
            section.state = [0.0; 2];
        }
    }
}

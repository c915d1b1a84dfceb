//! Triangular filters that overlap by half: every bin rises in one filter and falls in the one before.
//!
//! So a bank is two numbers per bin, and they are computed by the compiler.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the constructors are evaluated while compiling; a segment is a small number"
)]

use super::compiled::{exp, ln};

/// A bank of overlapping triangles over `BINS` bins.
#[derive(Debug)]
pub(super) struct Triangles<const BINS: usize> {
    /// Filter in which the bin rises; it falls in the one before. The last segment only falls.
    segment: [u8; BINS],
    /// Its weight there; it falls with 1 minus that.
    rise: [f32; BINS],
}

/// The segment of a bin that belongs to no filter: no bank has that many.
const OUTSIDE: u8 = u8::MAX;

impl<const BINS: usize> Triangles<BINS> {
    /// Triangles whose sides are straight on the mel axis `1127·ln(1 + f/700)`; bin 0 belongs to none.
    #[expect(clippy::indexing_slicing, reason = "evaluated while compiling")]
    pub(super) const fn on_mel_axis(rate: f64, low: f64, high: f64, filters: usize) -> Self {
        let mut bank = Self { segment: [OUTSIDE; BINS], rise: [0.0; BINS] };
        let low = mel(low);
        let step = (mel(high) - low) / (filters + 1) as f64;
        let mut k = 1;
        while k < BINS {
            let at = (mel(rate / 2.0 * k as f64 / (BINS - 1) as f64) - low) / step;
            if at >= 0.0 && at < (filters + 1) as f64 {
                bank.segment[k] = at as u8;
                bank.rise[k] = (at - (at as u8) as f64) as f32;
            }
            k += 1;
        }
        bank
    }

    /// Triangles whose sides are straight in Hz between the given edges.
    #[expect(clippy::indexing_slicing, reason = "evaluated while compiling")]
    pub(super) const fn between<const EDGES: usize>(rate: f64, edges: &[f64; EDGES]) -> Self {
        let mut bank = Self { segment: [OUTSIDE; BINS], rise: [0.0; BINS] };
        let (mut k, mut j) = (0, 0);
        while k < BINS {
            let f = rate / 2.0 * k as f64 / (BINS - 1) as f64;
            while j + 1 < EDGES && edges[j + 1] <= f {
                j += 1;
            }
            if f >= edges[0] && j + 1 < EDGES {
                bank.segment[k] = j as u8;
                bank.rise[k] = ((f - edges[j]) / (edges[j + 1] - edges[j])) as f32;
            }
            k += 1;
        }
        bank
    }

    /// Sums a spectrum into the filters.
    pub(super) fn apply(&self, spectrum: &[f32], out: &mut [f32]) {
        out.fill(0.0);
        for ((x, &j), rise) in spectrum.iter().zip(&self.segment).zip(&self.rise) {
            if j == OUTSIDE {
                continue;
            }
            let j = usize::from(j);
            let rising = x * rise;
            if let Some(sum) = out.get_mut(j) {
                *sum += rising;
            }
            if let Some(sum) = j.checked_sub(1).and_then(|j| out.get_mut(j)) {
                *sum += x - rising;
            }
        }
    }
}

/// The mel scale of speech recognition.
const fn mel(f: f64) -> f64 {
    1127.0 * ln(1.0 + f / 700.0)
}

/// Edges in Hz that are equally far apart on Slaney's scale: 15 mel per 1000 Hz, then 27 per factor 6.4.
#[expect(clippy::indexing_slicing, reason = "evaluated while compiling")]
pub(super) const fn slaney_edges<const EDGES: usize>(high: f64) -> [f64; EDGES] {
    let factor = ln(6.4) / 27.0;
    let top = if high < 1000.0 { high * 0.015 } else { 15.0 + ln(high / 1000.0) / factor };
    let mut edges = [0.0; EDGES];
    let mut j = 0;
    while j < EDGES {
        let mel = top * j as f64 / (EDGES - 1) as f64;
        edges[j] = if mel < 15.0 { mel / 0.015 } else { 1000.0 * exp(factor * (mel - 15.0)) };
        j += 1;
    }
    edges
}

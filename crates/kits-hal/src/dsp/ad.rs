//! Log mel spectrum of the machine sound benchmark: 128 bands, five frames side by side.
//!
//! Frames of 64 ms centred every 32 ms, the clip mirrored at both ends; Hann window, power of 1024 points, 128
//! triangles of equal area on Slaney's mel scale, decibels.
//! Definition: the training scripts of MLPerf Tiny (mlcommons/tiny, `anomaly_detection`), which use librosa.

use super::{
    compiled::sin_cos,
    error::{Buffer, DspError, at_least, exactly, length},
    fft::Rfft,
    mel::{Triangles, slaney_edges},
    sample::Sample,
};

const FRAME: usize = 1024;
const STRIDE: usize = 512;
const FILTERS: usize = 128;

const EDGES: [f64; FILTERS + 2] = slaney_edges(8000.0);

static BANK: Triangles<{ FRAME / 2 + 1 }> = Triangles::between(16_000.0, &EDGES);

/// Half of the periodic Hann window; the other half is its mirror image.
///
/// A table, since `0.5 − 0.5·cos` in `f32` loses digits at the ends that a quiet band needs.
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated while compiling"
)]
static HANN: [f32; FRAME / 2 + 1] = {
    let mut window = [0.0; FRAME / 2 + 1];
    let mut i = 0;
    while i < window.len() {
        window[i] = (0.5 - 0.5 * sin_cos(i as u32, FRAME as u32).1) as f32;
        i += 1;
    }
    window
};

/// 2 over the width of each triangle: all have the area 1.
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated while compiling"
)]
static AREA: [f32; FILTERS] = {
    let mut area = [0.0; FILTERS];
    let mut i = 0;
    while i < FILTERS {
        area[i] = (2.0 / (EDGES[i + 2] - EDGES[i])) as f32;
        i += 1;
    }
    area
};

/// The features of the machine sound benchmark.
///
/// ```
/// use kits_hal::dsp::AdLogMel;
///
/// let clip = [0_i16; 16_000];
/// assert_eq!(AdLogMel::frames(clip.len()), 32);
/// let mut five = [0.0; 5 * 128]; // the input of the model
/// AdLogMel.clip(&clip, 0, &mut [0.0; AdLogMel::SCRATCH], &mut five)?;
/// # Ok::<(), kits_hal::dsp::DspError>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct AdLogMel;

impl AdLogMel {
    /// Elements of scratch memory.
    pub const SCRATCH: usize = FRAME;

    /// Returns how many frames a clip has: their centres lie at 0, 512, … up to its length.
    #[must_use]
    pub const fn frames(len: usize) -> usize {
        (len / STRIDE).saturating_add(1)
    }

    /// Computes consecutive frames from `first` on, 128 numbers in dB each, as many as `out` takes.
    ///
    /// # Errors
    ///
    /// [`DspError::Length`] if the clip is too short to be mirrored (513 samples), if `out` is not a multiple of 128 or
    /// takes more frames than there are, or if the scratch memory is too short.
    pub fn clip<S: Sample>(
        self,
        clip: &[S],
        first: usize,
        scratch: &mut [f32],
        out: &mut [f32],
    ) -> Result<(), DspError> {
        at_least(Buffer::Input, STRIDE.saturating_add(1), clip.len())?;
        let whole = out.len() / FILTERS;
        let most = Self::frames(clip.len()).saturating_sub(first);
        exactly(Buffer::Output, whole.min(most).saturating_mul(FILTERS), out.len())?;
        let have = scratch.len();
        let scratch =
            scratch.first_chunk_mut::<FRAME>().ok_or(length(Buffer::Scratch, FRAME, have))?;
        for (t, out) in out.as_chunks_mut::<FILTERS>().0.iter_mut().enumerate() {
            let centre = first.saturating_add(t).saturating_mul(STRIDE);
            let window = HANN.iter().chain(HANN.iter().rev().skip(1));
            for ((i, place), weight) in scratch.iter_mut().enumerate().zip(window) {
                let x = clip.get(mirrored(centre.saturating_add(i), clip.len()));
                *place = x.map_or(0.0, |x| x.unit()) * weight;
            }
            let powers = Rfft::<FRAME>.bins(scratch).powers();
            BANK.apply(powers, out);
            for (energy, area) in out.iter_mut().zip(&AREA) {
                *energy = 10.0 * libm::log10f(*energy * area + SMALLEST);
            }
        }
        Ok(())
    }
}

/// Added before the logarithm, as the scripts do.
const SMALLEST: f32 = 2.2e-16;

/// Returns the index in a clip of sample `i` of the clip with 512 mirrored samples in front of it.
///
/// The end samples themselves are not repeated.
fn mirrored(i: usize, len: usize) -> usize {
    let last = len.saturating_sub(1);
    let distance = i.abs_diff(STRIDE);
    if i < STRIDE || distance <= last {
        distance
    } else {
        last.saturating_mul(2).saturating_sub(distance)
    }
}

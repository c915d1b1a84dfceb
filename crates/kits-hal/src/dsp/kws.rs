//! Cepstral coefficients of the keyword spotting benchmark: one second becomes 49 × 10 numbers.
//!
//! Frames of 30 ms every 20 ms, Hann window, magnitudes of 512 points, 40 triangles from 20 to 4000 Hz, logarithm,
//! cosine transform.
//! Definition: the training scripts of MLPerf Tiny (mlcommons/tiny, `keyword_spotting`).

use super::{
    compiled::sin_cos,
    dct::Dct,
    error::{Buffer, DspError, at_least, exactly},
    fft::Rfft,
    frame::frames,
    mel::Triangles,
    sample::Sample,
};

const FRAME: usize = 480;
const STRIDE: usize = 320;
const FFT: usize = 512;
const FILTERS: usize = 40;
const COEFFICIENTS: usize = 10;

/// Half of the periodic Hann window; the other half is its mirror image.
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

static BANK: Triangles<{ FFT / 2 + 1 }> = Triangles::on_mel_axis(16_000.0, 20.0, 4000.0, FILTERS);

/// `sqrt(2/40)`, the factor of the cosine transform.
const FACTOR: f32 = 0.223_606_8;

/// The features of the keyword spotting benchmark.
///
/// ```
/// use kits_hal::dsp::KwsMfcc;
///
/// let clip = [1000_i16; 16_000];
/// let mut features = [0.0; 490];
/// KwsMfcc.clip(&clip, &mut [0.0; KwsMfcc::SCRATCH], &mut features)?;
/// # Ok::<(), kits_hal::dsp::DspError>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct KwsMfcc;

impl KwsMfcc {
    /// Elements of scratch memory.
    pub const SCRATCH: usize = FFT;

    /// Computes the features of a whole clip at 16 kHz, frame after frame: 10 for each of
    /// [`frames(len, 480, 320)`](super::frames).
    ///
    /// The clip is divided by its largest sample first, as in training; a clip without a positive or negative sample
    /// stays as it is.
    ///
    /// # Errors
    ///
    /// [`DspError::Length`] if the clip is shorter than a frame, the scratch memory is too short, or `out` is not as
    /// long as the features.
    pub fn clip<S: Sample>(
        self,
        clip: &[S],
        scratch: &mut [f32],
        out: &mut [f32],
    ) -> Result<(), DspError> {
        at_least(Buffer::Input, FRAME, clip.len())?;
        let n = frames(clip.len(), FRAME, STRIDE);
        exactly(Buffer::Output, n.saturating_mul(COEFFICIENTS), out.len())?;
        let have = scratch.len();
        let scratch = scratch.first_chunk_mut::<FFT>().ok_or(length(have))?;
        let largest = clip.iter().fold(f32::NEG_INFINITY, |a, s| a.max(s.value()));
        let (out, _) = out.as_chunks_mut::<COEFFICIENTS>();
        for (t, out) in out.iter_mut().enumerate() {
            let start = t.saturating_mul(STRIDE);
            if let Some(frame) = clip.get(start..).and_then(|rest| rest.first_chunk()) {
                self.features(frame, largest, scratch, out);
            }
        }
        Ok(())
    }

    /// Computes the features of one frame of a clip whose largest sample is given.
    pub fn features<S: Sample>(
        self,
        frame: &[S; FRAME],
        largest: f32,
        scratch: &mut [f32; FFT],
        out: &mut [f32; COEFFICIENTS],
    ) {
        let gain = if largest == 0.0 || !largest.is_finite() { 1.0 } else { 1.0 / largest };
        let mut room = scratch.iter_mut();
        let window = HANN.iter().chain(HANN.iter().rev().skip(1));
        for ((place, sample), weight) in room.by_ref().zip(frame).zip(window) {
            *place = sample.value() * gain * weight;
        }
        let (_, padding) = scratch.split_at_mut(FRAME);
        padding.fill(0.0);
        let magnitudes = Rfft::<FFT>.bins(scratch).powers();
        for power in magnitudes.iter_mut() {
            *power = libm::sqrtf(*power);
        }
        let mut mel = [0.0; FILTERS];
        BANK.apply(magnitudes, &mut mel);
        for energy in &mut mel {
            *energy = libm::logf(*energy + 1e-6);
        }
        for (i, c) in out.iter_mut().enumerate() {
            *c = Dct::<FILTERS>.coefficient(&mel, i) * FACTOR;
        }
    }
}

fn length(have: usize) -> DspError {
    super::error::length(Buffer::Scratch, FFT, have)
}

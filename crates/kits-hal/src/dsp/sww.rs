//! Log filter bank energies of the streaming wake word benchmark: 64 ms every 32 ms become 40 numbers.
//!
//! Pre-emphasis, Hamming window, power of 1024 points, 40 triangles up to 8000 Hz, decibels scaled to 0..1.
//! Definition: the training scripts of MLPerf Tiny (mlcommons/tiny, `streaming_wakeword`).

use super::{compiled::sin_cos, fft::Rfft, mel::Triangles, sample::Sample};

const FRAME: usize = 1024;
const FILTERS: usize = 40;
const EMPHASIS: f32 = 31.0 / 32.0;

/// Half of the symmetric Hamming window; the other half is its mirror image.
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated while compiling"
)]
static HAMMING: [f32; FRAME / 2] = {
    let mut window = [0.0; FRAME / 2];
    let mut i = 0;
    while i < window.len() {
        window[i] = (0.54 - 0.46 * sin_cos(i as u32, FRAME as u32 - 1).1) as f32;
        i += 1;
    }
    window
};

static BANK: Triangles<{ FRAME / 2 + 1 }> = Triangles::on_mel_axis(16_000.0, 0.0, 8000.0, FILTERS);

/// The features of the streaming wake word benchmark.
///
/// ```
/// use kits_hal::dsp::SwwLfbe;
///
/// let mut features = [1.0; 40];
/// SwwLfbe.features(0, &[0_i16; 1024], &mut [0.0; 1024], &mut features);
/// assert_eq!(features, [0.0; 40]); // silence
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct SwwLfbe;

impl SwwLfbe {
    /// Computes the 40 features of a frame at 16 kHz, each from 0 to 1.
    ///
    /// `before` is the sample before the frame, 0 at the start of a stream; the next frame starts 512 samples later.
    pub fn features<S: Sample>(
        self,
        before: S,
        frame: &[S; FRAME],
        scratch: &mut [f32; FRAME],
        out: &mut [f32; FILTERS],
    ) {
        let mut last = before.unit();
        let window = HAMMING.iter().chain(HAMMING.iter().rev());
        for ((place, sample), weight) in scratch.iter_mut().zip(frame).zip(window) {
            let x = sample.unit();
            *place = (x - EMPHASIS * last) * weight;
            last = x;
        }
        let powers = Rfft::<FRAME>.bins(scratch).powers();
        for power in powers.iter_mut() {
            *power = (*power / 1024.0).max(1e-30);
        }
        BANK.apply(powers, out);
        for energy in out {
            // 64 dB, from −52 dB up, become 0..1.
            *energy = ((10.0 * libm::log10f(*energy) + 52.0) / 64.0).clamp(0.0, 1.0);
        }
    }
}

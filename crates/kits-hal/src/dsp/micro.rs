//! The integer audio front end of TensorFlow Lite Micro's speech example: 30 ms of sound become 40 bytes.
//!
//! 1. fade with a Hann window; 2. scale to full range; 3. [`rfft_q15`](super::rfft_q15); 4. energies;
//! 5. 40 overlapping channels on the mel scale; 6. square roots, scaled back;
//! 7. subtract a slow average, the noise; 8. even out loudness by a gain that falls with the noise;
//! 9. logarithm; 10. quantise.
//!
//! Every step is in integers, so the bytes are those of the original on every machine.
//! The channel energies are summed while the spectrum is read; no step keeps more than 40 numbers.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "the ranges stand beside each step; casts drop bits that are 0, or that the original drops too"
)]

use super::{
    fft_q15::fill,
    micro_tables::{CHANNEL_ENDS, FIRST_BIN, GAIN, LOG, WEIGHTS},
    window::hann_midpoint_q12,
};

/// Samples in a frame: 30 ms at 16 kHz.
const FRAME: usize = 480;
/// Bytes of features of a frame.
const CHANNELS: usize = 40;
/// Length of the transform.
const FFT: usize = 512;

static WINDOW: [i16; FRAME] = hann_midpoint_q12();

/// The steps that [`MicroFront::traced`] shows.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// A sample after the window.
    Window,
    /// By how many bits the frame is shifted up; one value.
    ScaleBits,
    /// Energy of a bin of the transform; 0 outside of the channels.
    Energy,
    /// Energy of a channel, times 4096.
    Filterbank,
    /// Its root, in the scale of the samples.
    Root,
    /// The noise estimate, times 1024.
    Noise,
    /// The root without the noise.
    Subtracted,
    /// After the gain.
    Gain,
    /// 64 times the natural logarithm.
    Log,
    /// The byte.
    Feature,
}

/// The front end; it remembers the noise of each channel from frame to frame.
///
/// Frames of 480 samples at 16 kHz follow each other every 320 samples; 49 of them make the input of the model.
///
/// ```
/// use kits_hal::dsp::MicroFront;
///
/// let mut front = MicroFront::new();
/// let mut scratch = [0; MicroFront::SCRATCH];
/// let mut features = [0; 40];
/// front.features(&[0; 480], &mut scratch, &mut features);
/// assert_eq!(features, [-128; 40]); // silence
/// ```
#[derive(Debug, Clone)]
pub struct MicroFront {
    noise: [u32; CHANNELS],
}

impl Default for MicroFront {
    fn default() -> Self {
        Self::new()
    }
}

impl MicroFront {
    /// Elements of scratch memory: the transform and its last bin.
    pub const SCRATCH: usize = FFT + 2;

    /// A front end that has heard nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { noise: [0; CHANNELS] }
    }

    /// Forgets the noise, as before a new recording.
    pub const fn reset(&mut self) {
        *self = Self::new();
    }

    /// Computes the features of the next frame.
    pub fn features(
        &mut self,
        frame: &[i16; FRAME],
        scratch: &mut [i16; Self::SCRATCH],
        out: &mut [i8; CHANNELS],
    ) {
        self.traced(frame, scratch, out, |_, _, _| {});
    }

    /// Like [`features`](Self::features), and calls `trace` with stage, index and value of every intermediate result.
    pub fn traced(
        &mut self,
        frame: &[i16; FRAME],
        scratch: &mut [i16; Self::SCRATCH],
        out: &mut [i8; CHANNELS],
        mut trace: impl FnMut(Stage, usize, i64),
    ) {
        let windowed = |i: usize| -> i16 {
            let (Some(&x), Some(&w)) = (frame.get(i), WINDOW.get(i)) else { return 0 };
            // |x·w| ≤ 2^15·2^12, so the result fits but for x = −32768 under the top of the window.
            ((i32::from(x) * i32::from(w)) >> 12).clamp(-32768, 32767) as i16
        };
        let mut peak = 0_u16;
        for i in 0..FRAME {
            let x = windowed(i);
            peak = peak.max(x.unsigned_abs());
            trace(Stage::Window, i, x.into());
        }
        // Bits free above the loudest sample; none for silence, which stays 0 anyway.
        let bits = if peak == 0 { 0 } else { peak.leading_zeros().saturating_sub(1) };
        trace(Stage::ScaleBits, 0, bits.into());
        let _ = fill(FFT, scratch, |i| windowed(i).wrapping_shl(bits));

        let mut channels = Channels::new(scratch);
        for (c, (noise, out)) in self.noise.iter_mut().zip(out).enumerate() {
            let energy = channels.next(&mut trace);
            trace(Stage::Filterbank, c, energy.cast_signed());
            let root = root(energy) >> bits;
            trace(Stage::Root, c, root.into());
            let rest = without_noise(root, noise, c % 2 == 1);
            trace(Stage::Noise, c, (*noise).into());
            trace(Stage::Subtracted, c, rest.into());
            let even = shrink(((u64::from(rest) * u64::from(gain(*noise))) >> 6) as u32);
            trace(Stage::Gain, c, even.into());
            let log = log(even << 3);
            trace(Stage::Log, c, log.into());
            *out = ((log * 256 + 333) / 666 - 128).clamp(-128, 127) as i8;
            trace(Stage::Feature, c, (*out).into());
        }
        channels.outside(&mut trace);
    }
}

/// Walks over the spectrum and sums channel after channel.
struct Channels<'a> {
    bins: &'a [[i16; 2]],
    bin: usize,
    channel: usize,
    /// What the last channel hands to the next one.
    handed: u64,
}

impl<'a> Channels<'a> {
    fn new(spectrum: &'a [i16]) -> Self {
        Self { bins: spectrum.as_chunks().0, bin: FIRST_BIN, channel: 0, handed: 0 }
    }

    /// Returns the energy of the next channel; the 41 sums make 40, the first one being only handed on.
    fn next(&mut self, trace: &mut impl FnMut(Stage, usize, i64)) -> u64 {
        if self.channel == 0 {
            self.sum(trace);
        }
        let handed = self.handed;
        handed + self.sum(trace)
    }

    /// Sums one channel, keeps what it hands on, and returns its own part.
    fn sum(&mut self, trace: &mut impl FnMut(Stage, usize, i64)) -> u64 {
        let end = CHANNEL_ENDS.get(self.channel).copied().unwrap_or(0);
        let (mut own, mut handed) = (0_u64, 0_u64);
        while self.bin < usize::from(end) {
            let energy = self.energy();
            trace(Stage::Energy, self.bin, energy.into());
            let weight = WEIGHTS.get(self.bin - FIRST_BIN).copied().unwrap_or(0);
            // At most 2^31·2^12 for each of 236 bins.
            own += u64::from(weight) * u64::from(energy);
            handed += u64::from(4095 - weight) * u64::from(energy);
            self.bin += 1;
        }
        self.channel += 1;
        self.handed = handed;
        own
    }

    /// Returns `re² + im²` of the current bin, at most 2^31.
    fn energy(&self) -> u32 {
        let [re, im] = self.bins.get(self.bin).copied().unwrap_or_default();
        let square = |v: i16| u32::from(v.unsigned_abs()).pow(2);
        square(re) + square(im)
    }

    /// Shows the bins that belong to no channel.
    fn outside(&self, trace: &mut impl FnMut(Stage, usize, i64)) {
        for bin in (0..FIRST_BIN).chain(self.bin..self.bins.len()) {
            trace(Stage::Energy, bin, 0);
        }
    }
}

/// Returns the nearest integer to the root; for 32-bit values it stays below 2^16, as in the original.
fn root(x: u64) -> u32 {
    // Digit by digit: `bit` is the square of the digit under test.
    let (mut rest, mut result) = (x, 0_u64);
    let mut bit = if x == 0 { 0 } else { 1_u64 << ((63 - x.leading_zeros()) & !1) };
    while bit != 0 {
        if rest >= result + bit {
            rest -= result + bit;
            result = (result >> 1) + bit;
        } else {
            result >>= 1;
        }
        bit >>= 2;
    }
    let limit = if x < 1 << 32 { 0xffff } else { u64::from(u32::MAX) };
    if rest > result && result < limit {
        result += 1;
    }
    result as u32
}

/// Updates the noise estimate and returns the signal above it, but at least a twentieth of the signal.
fn without_noise(signal: u32, noise: &mut u32, odd: bool) -> u32 {
    // How fast the estimate follows, in Q14.
    let (follow, keep) = if odd { (983, 15401) } else { (409, 15975) };
    let up = signal.wrapping_shl(10);
    *noise = ((u64::from(up) * follow + u64::from(*noise) * keep) >> 14) as u32;
    let above = (up - (*noise).min(up)) >> 10;
    above.max(((u64::from(signal) * 819) >> 14) as u32)
}

/// Returns the gain for a noise estimate: a quadratic for each power of two.
fn gain(noise: u32) -> u16 {
    let at = |i: u32| GAIN.get(i as usize).copied().map_or(0, i32::from);
    if noise <= 2 {
        return at(noise).cast_unsigned() as u16;
    }
    let bits = 32 - noise.leading_zeros();
    let entry = (4 * bits).saturating_sub(6);
    let fraction = if bits < 11 { noise << (11 - bits) } else { noise >> (bits - 11) } & 0x3ff;
    let fraction = fraction.cast_signed();
    let slope = ((at(entry + 2) * fraction) >> 5) + (at(entry + 1) << 5);
    // |slope| < 2^19 and the fraction < 2^10.
    let value = ((slope * fraction + (1 << 14)) >> 15) + at(entry);
    value.clamp(0, 0x7fff).cast_unsigned() as u16
}

/// Bends large values: a parabola that turns into a line.
const fn shrink(snr: u32) -> u32 {
    if snr < 8192 { (snr * snr) >> 20 } else { (snr >> 6) - 64 }
}

/// Returns 64 times the natural logarithm, at most 32767; 0 for 0 and 1.
fn log(x: u32) -> i32 {
    if x <= 1 {
        return 0;
    }
    let whole = 31 - x.leading_zeros();
    let above = x - (1 << whole);
    let fraction = if whole < 16 { above << (16 - whole) } else { above >> (whole - 16) };
    let segment = fraction >> 9;
    let at = |i: u32| LOG.get(i as usize).copied().map_or(0, i32::from);
    let (low, high) = (at(segment), at(segment + 1));
    let between = ((high - low) * (fraction & 511).cast_signed()) >> 16;
    let log2 = (whole << 16) + (fraction.cast_signed() + low + between).cast_unsigned();
    let natural = (u64::from(log2) * 45426 + (1 << 15)) >> 16;
    let scaled = ((natural << 6) + (1 << 15)) >> 16;
    scaled.min(32767) as i32
}

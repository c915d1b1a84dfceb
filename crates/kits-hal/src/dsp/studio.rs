//! Mel features as model studios compute them: adjustable frames, filters and coefficients.
//!
//! A clip is sharpened by `x_i − 0.98·x_{i−1}` (the first sample uses the last one), cut into frames without a window,
//! and transformed; power over `N` goes through triangles between whole bins.
//! [`Mfcc`] takes logarithms, a cosine transform and a sliding normalisation; [`Mfe`] takes decibels in 256 steps.
//! Definition: the MFCC and MFE blocks of Edge Impulse, which build on the `speechpy` package.

use super::{
    dct::Dct,
    error::{Buffer, DspError, Parameter, at_least, exactly},
    fft::{rfft, supported},
    moments::mean_of,
    sample::Sample,
};

/// Stands in for an energy of 0 before a logarithm.
const NOTHING: f32 = 1e-10;

/// Frames, transform and filters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MelConfig {
    /// Samples per second.
    pub rate: f32,
    /// Length of a frame in seconds.
    pub frame: f32,
    /// Time from frame to frame in seconds.
    pub stride: f32,
    /// Length of the transform; a longer frame is cut, a shorter one filled up with zeros.
    pub fft: usize,
    /// Lower edge of the first triangle in Hz.
    pub low: f32,
    /// Upper edge of the last triangle in Hz.
    pub high: f32,
    /// Share of the previous sample that is subtracted.
    pub emphasis: f32,
}

impl MelConfig {
    /// Frames of 20 ms side by side at 16 kHz, 256 points, triangles over the whole spectrum.
    pub const MFCC: Self = Self {
        rate: 16_000.0,
        frame: 0.02,
        stride: 0.02,
        fft: 256,
        low: 0.0,
        high: 8000.0,
        emphasis: 0.98,
    };

    /// Frames of 20 ms every 10 ms at 16 kHz, 256 points, triangles over the whole spectrum.
    pub const MFE: Self = Self { stride: 0.01, ..Self::MFCC };

    /// Returns the samples of a frame.
    #[must_use]
    pub fn frame_len(&self) -> usize {
        samples(self.frame, self.rate)
    }

    /// Returns the samples from frame to frame.
    #[must_use]
    pub fn stride_len(&self) -> usize {
        samples(self.stride, self.rate)
    }

    /// Returns the frames of a clip: `floor((len − (frame − stride)) / stride)`.
    #[must_use]
    pub fn frames(&self, len: usize) -> usize {
        let stride = self.stride_len();
        // The same as the number of starts whose frame ends within the clip.
        len.saturating_add(stride)
            .saturating_sub(self.frame_len())
            .checked_div(stride)
            .unwrap_or(0)
    }

    fn check(&self) -> Result<(), DspError> {
        if !(self.rate > 0.0 && self.rate.is_finite()) {
            return Err(DspError::real(Parameter::Rate, self.rate));
        }
        if self.frame_len() == 0 || !self.frame.is_finite() {
            return Err(DspError::real(Parameter::Frame, self.frame));
        }
        if self.stride_len() == 0 || !self.stride.is_finite() {
            return Err(DspError::real(Parameter::Stride, self.stride));
        }
        if !supported(self.fft) {
            return Err(DspError::count(Parameter::Fft, self.fft));
        }
        if self.high.is_nan() || self.high > self.rate / 2.0 {
            return Err(DspError::real(Parameter::HighEdge, self.high));
        }
        if !(self.low >= 0.0 && self.low < self.high) {
            return Err(DspError::real(Parameter::LowEdge, self.low));
        }
        if !self.emphasis.is_finite() {
            return Err(DspError::real(Parameter::Scale, self.emphasis));
        }
        Ok(())
    }

    /// Fills the start of `scratch` with the power of frame `t` and returns it.
    fn powers<'m, S: Sample>(
        &self,
        clip: &[S],
        t: usize,
        value: impl Fn(S) -> f32,
        scratch: &'m mut [f32],
    ) -> &'m mut [f32] {
        let segment = scratch.get_mut(..self.fft).unwrap_or_default();
        let start = t.saturating_mul(self.stride_len());
        let frame = clip.get(start..).unwrap_or_default();
        let before = start.checked_sub(1).unwrap_or(clip.len().saturating_sub(1));
        let mut last = clip.get(before).map_or(0.0, |s| value(*s));
        segment.fill(0.0);
        for (place, sample) in segment.iter_mut().zip(frame).take(self.frame_len()) {
            let x = value(*sample);
            *place = x - self.emphasis * last;
            last = x;
        }
        #[expect(clippy::cast_precision_loss, reason = "at most 1024")]
        let per_sample = 1.0 / self.fft as f32;
        // The length was checked when the configuration was.
        let Ok(bins) = rfft(segment) else { return &mut [] };
        let powers = bins.powers();
        for power in powers.iter_mut() {
            *power *= per_sample;
        }
        powers
    }
}

/// Seconds as samples: rounded up unless within a thousandth above a whole number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the cast drops the fraction and saturates"
)]
fn samples(seconds: f32, rate: f32) -> usize {
    let exact = seconds * rate;
    let whole = exact as u32;
    let up = if exact - whole as f32 >= 0.001 { whole.saturating_add(1) } else { whole };
    usize::try_from(up).unwrap_or(usize::MAX)
}

/// Triangles between whole bins, each with the peak 1.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bank<const FILTERS: usize> {
    /// Bins of the peaks.
    peaks: [u16; FILTERS],
    /// Bins where the first triangle begins and the last one ends.
    ends: [u16; 2],
}

impl<const FILTERS: usize> Bank<FILTERS> {
    /// Places the peaks at equal distances on the mel scale, rounded down to bins.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bins and filters are small numbers; the cast rounds down"
    )]
    fn new(config: &MelConfig) -> Self {
        let low = mel(config.low);
        let step = (mel(config.high) - low) / FILTERS.saturating_add(1) as f32;
        let per_hz = config.fft.saturating_add(1) as f32 / config.rate;
        let bin = |f: f32| (f * per_hz) as u16;
        let mut peaks = [0; FILTERS];
        for (j, peak) in (1_u16..).zip(&mut peaks) {
            *peak = bin(hertz(low + step * f32::from(j)));
        }
        // The upper edge lies a thousandth of a hertz lower, off the bin of half the rate.
        Self { peaks, ends: [bin(config.low), bin(config.high - 0.001)] }
    }

    /// Returns the energy under each triangle, at least [`NOTHING`].
    fn energies(&self, powers: &[f32]) -> [f32; FILTERS] {
        let mut energies = [0.0; FILTERS];
        let [first, last] = self.ends;
        let lefts = core::iter::once(first).chain(self.peaks);
        let rights = self.peaks.into_iter().skip(1).chain(core::iter::once(last));
        for (((energy, left), peak), right) in
            energies.iter_mut().zip(lefts).zip(self.peaks).zip(rights)
        {
            let (rise, fall) = (slope(left, peak), slope(peak, right));
            let mut sum = powers.get(usize::from(peak)).copied().unwrap_or(0.0);
            for bin in left..peak {
                let weight = f32::from(bin.saturating_sub(left)) * rise;
                sum += weight * powers.get(usize::from(bin)).copied().unwrap_or(0.0);
            }
            for bin in peak.saturating_add(1)..right {
                let weight = f32::from(right.saturating_sub(bin)) * fall;
                sum += weight * powers.get(usize::from(bin)).copied().unwrap_or(0.0);
            }
            *energy = if sum == 0.0 { NOTHING } else { sum };
        }
        energies
    }
}

/// Returns how much a side changes from bin to bin.
fn slope(from: u16, to: u16) -> f32 {
    let width = to.saturating_sub(from);
    if width == 0 { 0.0 } else { 1.0 / f32::from(width) }
}

fn mel(f: f32) -> f32 {
    1127.0 * libm::log1pf(f / 700.0)
}

fn hertz(m: f32) -> f32 {
    700.0 * libm::expm1f(m / 1127.0)
}

/// Mel-frequency cepstral coefficients with `FILTERS` triangles.
///
/// ```
/// use kits_hal::dsp::{MelConfig, Mfcc};
///
/// let mfcc = Mfcc::<32>::new(MelConfig::MFCC, 13, 101)?;
/// let clip: [i16; 16_000] = core::array::from_fn(|i| (i * i % 2001) as i16 - 1000);
/// let mut features = [0.0; 50 * 13];
/// let mut scratch = [0.0; 256];
/// assert_eq!((mfcc.features(clip.len()), mfcc.scratch(clip.len())), (650, 256));
/// mfcc.clip(&clip, &mut scratch, &mut features)?;
/// # Ok::<(), kits_hal::dsp::DspError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mfcc<const FILTERS: usize> {
    config: MelConfig,
    bank: Bank<FILTERS>,
    coefficients: usize,
    normalisation: usize,
}

impl<const FILTERS: usize> Mfcc<FILTERS> {
    /// Checks a configuration and places its filters.
    ///
    /// `coefficients` are kept of each frame; `normalisation` is the odd number of frames over which mean and variance
    /// are evened out, or 0.
    ///
    /// # Errors
    ///
    /// [`DspError::Parameter`] names what is out of range.
    pub fn new(
        config: MelConfig,
        coefficients: usize,
        normalisation: usize,
    ) -> Result<Self, DspError> {
        config.check()?;
        if coefficients == 0 || coefficients > FILTERS {
            return Err(DspError::count(Parameter::Coefficients, coefficients));
        }
        if normalisation != 0 && normalisation.is_multiple_of(2) {
            return Err(DspError::count(Parameter::Normalisation, normalisation));
        }
        Ok(Self { config, bank: Bank::new(&config), coefficients, normalisation })
    }

    /// Returns the number of features of a clip.
    #[must_use]
    pub fn features(&self, len: usize) -> usize {
        self.config.frames(len).saturating_mul(self.coefficients)
    }

    /// Returns the elements of scratch memory for a clip: a transform, or one number for each frame.
    #[must_use]
    pub fn scratch(&self, len: usize) -> usize {
        let frames = if self.normalisation == 0 { 0 } else { self.config.frames(len) };
        self.config.fft.max(frames)
    }

    /// Computes the features of a clip, frame after frame.
    ///
    /// # Errors
    ///
    /// [`DspError::Length`] if the clip is shorter than a frame, the scratch memory is too short, or `out` is not as
    /// long as the features.
    pub fn clip<S: Sample>(
        &self,
        clip: &[S],
        scratch: &mut [f32],
        out: &mut [f32],
    ) -> Result<(), DspError> {
        at_least(Buffer::Input, self.config.frame_len(), clip.len())?;
        at_least(Buffer::Scratch, self.scratch(clip.len()), scratch.len())?;
        exactly(Buffer::Output, self.features(clip.len()), out.len())?;
        #[expect(clippy::cast_precision_loss, reason = "a number of filters is small")]
        let first = libm::sqrtf(2.0 / FILTERS as f32);
        for (t, frame) in out.chunks_exact_mut(self.coefficients.max(1)).enumerate() {
            let powers = self.config.powers(clip, t, S::value, scratch);
            let total: f32 = powers.iter().sum();
            let mut mel = self.bank.energies(powers);
            for energy in &mut mel {
                *energy = libm::logf(*energy);
            }
            for (i, c) in frame.iter_mut().enumerate() {
                *c = Dct::<FILTERS>.coefficient(&mel, i) * first;
            }
            if let Some(c) = frame.first_mut() {
                *c = libm::logf(if total == 0.0 { NOTHING } else { total });
            }
        }
        if self.normalisation > 0 {
            for c in 0..self.coefficients {
                self.normalise(out, c, scratch);
            }
        }
        Ok(())
    }

    /// Subtracts the sliding mean of coefficient `c`, then divides by the sliding deviation of what is left.
    fn normalise(&self, out: &mut [f32], c: usize, scratch: &mut [f32]) {
        let column = |out: &[f32], scratch: &mut [f32]| {
            let mut n = 0_usize;
            let values = out.iter().skip(c).step_by(self.coefficients.max(1));
            for (place, value) in scratch.iter_mut().zip(values) {
                *place = *value;
                n = n.saturating_add(1);
            }
            n
        };
        let n = column(out, scratch);
        let copy = scratch.get(..n).unwrap_or_default();
        for (t, value) in out.iter_mut().skip(c).step_by(self.coefficients.max(1)).enumerate() {
            // The mean of the differences is exactly 0 where nothing changes.
            *value = -mean_of(self.around(copy, t).map(|x| x - *value));
        }
        let n = column(out, scratch);
        let copy = scratch.get(..n).unwrap_or_default();
        for (t, value) in out.iter_mut().skip(c).step_by(self.coefficients.max(1)).enumerate() {
            let mean = mean_of(self.around(copy, t));
            let variance = mean_of(self.around(copy, t).map(|x| (x - mean) * (x - mean)));
            *value /= libm::sqrtf(variance) + NOTHING;
        }
    }

    /// Iterates over the window around frame `t`; beyond the ends the series is mirrored, end frames included.
    fn around(&self, series: &[f32], t: usize) -> impl Iterator<Item = f32> {
        let n = series.len();
        let half = self.normalisation / 2;
        (0..self.normalisation).map(move |i| {
            // Frame t + i − half, in a pattern that repeats every 2n frames, forwards then backwards.
            let period = n.saturating_mul(2).max(1);
            let back = half.checked_rem(period).unwrap_or(0);
            let at = t.saturating_add(i).saturating_add(period).saturating_sub(back);
            let at = at.checked_rem(period).unwrap_or(0);
            let at = if at < n { at } else { period.saturating_sub(at).saturating_sub(1) };
            series.get(at).copied().unwrap_or(0.0)
        })
    }
}

/// Mel filter bank energies in 256 steps from 0 to below 1, with `FILTERS` triangles.
///
/// ```
/// use kits_hal::dsp::{MelConfig, Mfe};
///
/// let mfe = Mfe::<40>::new(MelConfig::MFE, -52.0)?;
/// let clip = [0_i16; 16_000];
/// let mut features = [1.0; 99 * 40];
/// assert_eq!(mfe.features(clip.len()), features.len());
/// mfe.clip(&clip, &mut [0.0; 256], &mut features)?;
/// assert!(features.iter().all(|f| *f == 0.0)); // silence
/// # Ok::<(), kits_hal::dsp::DspError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mfe<const FILTERS: usize> {
    config: MelConfig,
    bank: Bank<FILTERS>,
    floor: f32,
}

impl<const FILTERS: usize> Mfe<FILTERS> {
    /// Checks a configuration and places its filters; energies of `floor` decibels and below become 0.
    ///
    /// # Errors
    ///
    /// [`DspError::Parameter`] names what is out of range.
    pub fn new(config: MelConfig, floor: f32) -> Result<Self, DspError> {
        config.check()?;
        if !(floor.is_finite() && floor < 12.0) {
            return Err(DspError::real(Parameter::NoiseFloor, floor));
        }
        Ok(Self { config, bank: Bank::new(&config), floor })
    }

    /// Returns the number of features of a clip.
    #[must_use]
    pub fn features(&self, len: usize) -> usize {
        self.config.frames(len).saturating_mul(FILTERS)
    }

    /// Computes the features of a clip, frame after frame; `scratch` takes a transform.
    ///
    /// # Errors
    ///
    /// [`DspError::Length`] if the clip is shorter than a frame, the scratch memory is too short, or `out` is not as
    /// long as the features.
    pub fn clip<S: Sample>(
        &self,
        clip: &[S],
        scratch: &mut [f32],
        out: &mut [f32],
    ) -> Result<(), DspError> {
        at_least(Buffer::Input, self.config.frame_len(), clip.len())?;
        at_least(Buffer::Scratch, self.config.fft, scratch.len())?;
        exactly(Buffer::Output, self.features(clip.len()), out.len())?;
        for (t, frame) in out.chunks_exact_mut(FILTERS.max(1)).enumerate() {
            let energies = self.bank.energies(self.config.powers(clip, t, S::unit, scratch));
            for (place, energy) in frame.iter_mut().zip(energies) {
                let part = (10.0 * libm::log10f(energy) - self.floor) / (12.0 - self.floor);
                *place = step_of_256(part.clamp(0.0, 1.0));
            }
        }
        Ok(())
    }
}

/// Rounds to a 256th, half to even; 1 becomes 0, as a byte would.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to 256, and the remainder is meant"
)]
fn step_of_256(part: f32) -> f32 {
    let steps = libm::rintf(part * 256.0) as u16;
    f32::from(steps as u8) / 256.0
}

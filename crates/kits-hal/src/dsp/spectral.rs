//! Features of motion: how strong, how lopsided and at which frequencies an axis moves.
//!
//! For each axis: scale, filter, subtract the mean; root of the mean square, skewness, kurtosis; the largest power of
//! each frequency over overlapping segments; skewness and kurtosis of that spectrum, then the spectrum itself.
//! This is version 4 of Edge Impulse's "spectral analysis" block with its Fourier option; moments are those of the
//! population.

use super::{
    butterworth::{Band, Butterworth},
    error::{Buffer, DspError, Parameter, at_least, exactly},
    fft::{rfft, supported},
    moments::{Moments, mean_about, mean_of},
};

/// Numbers before the spectrum.
const STATISTICS: usize = 5;

/// What [`Spectral`] computes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpectralConfig {
    /// Samples per second of each axis.
    pub rate: f32,
    /// Length of a segment: a power of two from 8 to 1024.
    pub fft: usize,
    /// Factor on every sample.
    pub scale: f32,
    /// Band, cut-off in Hz and order (2, 4, 6, 8; 0 selects frequencies without filtering), if any.
    pub filter: Option<(Band, f32, usize)>,
    /// Whether segments start every half segment rather than every whole one.
    pub overlap: bool,
    /// Whether the spectrum is given as its decimal logarithm.
    pub log: bool,
}

impl SpectralConfig {
    /// No filter, overlapping segments, logarithms.
    #[must_use]
    pub const fn new(rate: f32, fft: usize) -> Self {
        Self { rate, fft, scale: 1.0, filter: None, overlap: true, log: true }
    }
}

/// The motion features of one configuration.
///
/// ```
/// use kits_hal::dsp::{Spectral, SpectralConfig};
///
/// let spectral = Spectral::new(SpectralConfig::new(62.5, 16))?;
/// assert_eq!(spectral.features(), 13); // for each axis: 5 and half a segment
/// let (three_axes, mut features) = ([0.5; 3 * 125], [0.0; 39]);
/// let mut scratch = [0.0; 125 + 16 + 9];
/// assert_eq!(spectral.scratch(125), scratch.len());
/// spectral.run(&three_axes, 3, &mut scratch, &mut features)?;
/// # Ok::<(), kits_hal::dsp::DspError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spectral {
    config: SpectralConfig,
    filter: Option<Butterworth>,
    /// First bin given, and the one after the last.
    bins: (usize, usize),
}

impl Spectral {
    /// Checks a configuration and designs its filter.
    ///
    /// # Errors
    ///
    /// [`DspError::Parameter`] names what is out of range.
    pub fn new(config: SpectralConfig) -> Result<Self, DspError> {
        if !supported(config.fft) {
            return Err(DspError::count(Parameter::Fft, config.fft));
        }
        if !(config.rate > 0.0 && config.rate.is_finite()) {
            return Err(DspError::real(Parameter::Rate, config.rate));
        }
        if !config.scale.is_finite() {
            return Err(DspError::real(Parameter::Scale, config.scale));
        }
        let end = (config.fft / 2).saturating_add(1);
        let mut bins = (1, end);
        let mut filter = None;
        if let Some((band, cutoff, order)) = config.filter {
            if order == 0 {
                // The design below checks the cut-off too.
                Butterworth::new(band, 2, cutoff, config.rate)?;
            } else {
                filter = Some(Butterworth::new(band, order, cutoff, config.rate)?);
            }
            #[expect(clippy::cast_precision_loss, reason = "at most 1024")]
            let at = cutoff * config.fft as f32 / config.rate;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the whole part of a number below 513; negative ones become 0"
            )]
            match band {
                Band::Low => bins.1 = ((at + 0.5) as usize).saturating_add(1).min(end),
                Band::High => bins.0 = (((at - 0.5) as usize).saturating_add(1)).min(end),
            }
        }
        Ok(Self { config, filter, bins })
    }

    /// Returns the number of features of an axis.
    #[must_use]
    pub const fn features(&self) -> usize {
        STATISTICS.saturating_add(self.bins.1.saturating_sub(self.bins.0))
    }

    /// Returns the range of bins among the features; bin `k` stands for `k·rate/fft` Hz.
    #[must_use]
    pub const fn bins(&self) -> core::ops::Range<usize> {
        self.bins.0..self.bins.1
    }

    /// Returns the elements of scratch memory for a window of so many samples per axis.
    #[must_use]
    pub const fn scratch(&self, samples: usize) -> usize {
        samples.saturating_add(self.config.fft).saturating_add(self.config.fft / 2).saturating_add(1)
    }

    /// Computes the features of a window of interleaved axes: those of the first axis, then the second, …
    ///
    /// # Errors
    ///
    /// [`DspError::Parameter`] if `axes` is 0; [`DspError::Length`] if the samples are none or not a multiple of the
    /// axes, `out` is not as long as the features, or the scratch memory is shorter than
    /// [`scratch`](Self::scratch) says.
    pub fn run(
        &self,
        samples: &[f32],
        axes: usize,
        scratch: &mut [f32],
        out: &mut [f32],
    ) -> Result<(), DspError> {
        let Some(n) = samples.len().checked_div(axes) else {
            return Err(DspError::count(Parameter::Axes, axes));
        };
        exactly(Buffer::Input, n.max(1).saturating_mul(axes), samples.len())?;
        exactly(Buffer::Output, self.features().saturating_mul(axes), out.len())?;
        at_least(Buffer::Scratch, self.scratch(n), scratch.len())?;
        for (axis, out) in out.chunks_exact_mut(self.features().max(1)).enumerate() {
            let series = samples.iter().skip(axis).step_by(axes.max(1)).copied();
            self.axis(series, n, scratch, out);
        }
        Ok(())
    }

    /// Computes the features of one axis of `n` samples.
    fn axis(
        &self,
        series: impl Iterator<Item = f32>,
        n: usize,
        scratch: &mut [f32],
        out: &mut [f32],
    ) {
        let (x, rest) = scratch.split_at_mut_checked(n).unwrap_or_default();
        let mut filter = self.filter;
        for (place, sample) in x.iter_mut().zip(series) {
            let sample = sample * self.config.scale;
            *place = filter.as_mut().map_or(sample, |filter| filter.step(sample));
        }
        let mean = mean_about(x);
        for x in x.iter_mut() {
            *x -= mean;
        }
        let rms = libm::sqrtf(mean_of(x.iter().map(|x| x * x)));
        let shape = Moments::of(x);
        let spectrum = self.largest_powers(x, rest);
        let spread = Moments::of(spectrum);
        let statistics =
            [rms, shape.skewness(), shape.kurtosis(), spread.skewness(), spread.kurtosis()];
        let bins = spectrum.iter().copied().skip(self.bins.0).map(|power| match self.config.log {
            true => libm::log10f(if power == 0.0 { 1e-10 } else { power }),
            false => power,
        });
        for (place, feature) in out.iter_mut().zip(statistics.into_iter().chain(bins)) {
            *place = feature;
        }
    }

    /// Returns the largest power of every bin over all segments, the last one filled up with zeros.
    fn largest_powers<'m>(&self, x: &[f32], memory: &'m mut [f32]) -> &'m [f32] {
        let fft = self.config.fft;
        let (segment, rest) = memory.split_at_mut_checked(fft).unwrap_or_default();
        let largest = rest.get_mut(..=fft / 2).unwrap_or_default();
        largest.fill(0.0);
        let step = if self.config.overlap { fft / 2 } else { fft };
        #[expect(clippy::cast_precision_loss, reason = "at most 1024")]
        let per_sample = 1.0 / fft as f32;
        for start in (0..x.len()).step_by(step.max(1)) {
            let part = x.get(start..).unwrap_or_default();
            let padded = part.iter().copied().chain(core::iter::repeat(0.0));
            for (place, x) in segment.iter_mut().zip(padded) {
                *place = x;
            }
            // The length was checked when the configuration was.
            let Ok(bins) = rfft(segment) else { return largest };
            for (most, power) in largest.iter_mut().zip(bins.powers().iter()) {
                *most = most.max(power * per_sample);
            }
        }
        largest
    }
}

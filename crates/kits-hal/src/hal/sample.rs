//! Samples: motion sensors and microphones behind one trait, and recorded samples for tests.

use core::convert::Infallible;

/// A source of samples at a fixed rate, each with one value per axis.
///
/// A microphone is a `SampleSource<i16, 1>`, an accelerometer a `SampleSource<f32, 3>`.
///
/// Implementers owe:
///
/// - [`read`](SampleSource::read) returns at once: with the samples that are ready, oldest first,
///   or with 0 if there are none. It writes nothing past the count it returns.
/// - After an error nothing of `out` counts, and the next call starts with a whole, fresh sample:
///   an error never leaves half a sample behind.
/// - A recording that has ended returns 0 for ever.
pub trait SampleSource<T, const AXES: usize> {
    /// The implementer's error.
    type Error;

    /// Samples per 1000 seconds: 104 Hz is `104_000`, 62.5 Hz is `62_500`.
    const HZ_MILLI: u32;

    /// Writes the samples that are ready into `out`, and returns how many.
    ///
    /// # Errors
    ///
    /// The implementer's.
    fn read(&mut self, out: &mut [[T; AXES]]) -> Result<usize, Self::Error>;
}

impl<T, const AXES: usize, S: SampleSource<T, AXES> + ?Sized> SampleSource<T, AXES> for &mut S {
    type Error = S::Error;

    const HZ_MILLI: u32 = S::HZ_MILLI;

    fn read(&mut self, out: &mut [[T; AXES]]) -> Result<usize, Self::Error> {
        S::read(self, out)
    }
}

/// Recorded samples in memory, for tests and for programs without a sensor.
///
/// ```
/// use kits_hal::hal::{PcmSlice, SampleSource};
///
/// let mut clip = PcmSlice::<i16, 1, 16_000_000>::new(&[[3], [-1], [4]]);
/// let mut out = [[0]; 2];
/// assert_eq!(clip.read(&mut out), Ok(2));
/// assert_eq!(clip.read(&mut out), Ok(1));
/// assert_eq!(out[0], [4]);
/// assert_eq!(clip.read(&mut out), Ok(0));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct PcmSlice<'d, T, const AXES: usize, const HZ_MILLI: u32> {
    rest: &'d [[T; AXES]],
}

impl<'d, T, const AXES: usize, const HZ_MILLI: u32> PcmSlice<'d, T, AXES, HZ_MILLI> {
    /// Returns a source that plays `samples` once.
    #[must_use]
    pub const fn new(samples: &'d [[T; AXES]]) -> Self {
        Self { rest: samples }
    }

    /// Returns the samples not yet read.
    #[must_use]
    pub const fn rest(&self) -> &'d [[T; AXES]] {
        self.rest
    }
}

impl<T: Copy, const AXES: usize, const HZ_MILLI: u32> SampleSource<T, AXES>
    for PcmSlice<'_, T, AXES, HZ_MILLI>
{
    type Error = Infallible;

    const HZ_MILLI: u32 = HZ_MILLI;

    fn read(&mut self, out: &mut [[T; AXES]]) -> Result<usize, Infallible> {
        let n = out.len().min(self.rest.len());
        for (to, from) in out.iter_mut().zip(self.rest) {
            *to = *from;
        }
        self.rest = self.rest.get(n..).unwrap_or(&[]);
        Ok(n)
    }
}

//! Filling a window: many samples in a row, with an exact account of where it stopped.

use embedded_hal::delay::DelayNs;

use super::clock::Clock;
use super::pacer::{PaceError, Pacer};
use super::sample::SampleSource;

/// Why a window could not be filled.
///
/// The first `filled` samples of the window are good. The source may be read again: the next
/// call starts a new window, or continues this one from `filled`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FillError<E> {
    /// The sensor failed.
    #[error("window: sensor failed after {filled} of {need} samples: {error:?}")]
    Sensor {
        /// Samples written before the failure.
        filled: usize,
        /// Samples of the window.
        need: usize,
        /// The sensor's error.
        error: E,
    },
    /// No sample came in time.
    #[error("window: no sample within {waited_us} us after {filled} of {need} samples")]
    NoSample {
        /// Samples written before.
        filled: usize,
        /// Samples of the window.
        need: usize,
        /// Microseconds waited for the next one.
        waited_us: u32,
    },
    /// The sensor said that it wrote more samples than there was room for.
    #[error("window: sensor reported {read} samples where {room} fit, after {filled} of {need}")]
    Excess {
        /// Samples written before.
        filled: usize,
        /// Samples of the window.
        need: usize,
        /// Samples it reported.
        read: usize,
        /// Samples there was room for.
        room: usize,
    },
    /// The pacing clock stood still.
    #[error("window: {error} after {filled} of {need} samples")]
    Pace {
        /// Samples written before.
        filled: usize,
        /// Samples of the window.
        need: usize,
        /// What the pacer said.
        error: PaceError,
    },
}

/// Fills `window` with consecutive samples, polling as often as the sensor's own rate demands.
///
/// Between two polls that found nothing it waits a quarter of the sample period; it gives up
/// after 16 periods, or 10 ms if that is longer, without a sample.
///
/// # Errors
///
/// [`FillError`] with the number of samples that were written before it.
///
/// ```
/// use embedded_hal::delay::DelayNs;
/// use kits_hal::hal::{FillError, PcmSlice, fill};
///
/// struct NoWait;
/// impl DelayNs for NoWait {
///     fn delay_ns(&mut self, _: u32) {}
/// }
///
/// // Three samples at 16 kHz, and a window of four.
/// let mut clip = PcmSlice::<i16, 1, 16_000_000>::new(&[[3], [-1], [4]]);
/// let mut window = [[0_i16]; 4];
/// let error = fill(&mut clip, &mut window, &mut NoWait).unwrap_err();
/// assert!(matches!(error, FillError::NoSample { filled: 3, need: 4, waited_us: 10_000.. }));
/// ```
pub fn fill<T, const AXES: usize, S: SampleSource<T, AXES>>(
    source: &mut S,
    window: &mut [[T; AXES]],
    delay: &mut impl DelayNs,
) -> Result<(), FillError<S::Error>> {
    let period_us = u32::try_from(1_000_000_000_u64.checked_div(S::HZ_MILLI.into()).unwrap_or(0))
        .unwrap_or(u32::MAX);
    let poll_us = (period_us / 4).max(1);
    let patience_us = period_us.saturating_mul(16).max(10_000);
    let need = window.len();
    let mut filled = 0;
    let mut waited_us = 0_u32;
    while filled < need {
        let room = window.get_mut(filled..).unwrap_or_default();
        let n = read(source, room, filled, need)?;
        filled = filled.saturating_add(n);
        if n > 0 {
            waited_us = 0;
        } else if waited_us >= patience_us {
            return Err(FillError::NoSample { filled, need, waited_us });
        } else {
            delay.delay_us(poll_us);
            waited_us = waited_us.saturating_add(poll_us);
        }
    }
    Ok(())
}

/// Fills `window` with one sample per tick of `pacer`: for sensors that are slower or faster than
/// the rate the model was trained at.
///
/// A sensor without a fresh sample at a tick is polled up to 16 times within one period.
///
/// # Errors
///
/// [`FillError`] with the number of samples that were written before it.
pub fn fill_paced<T, const AXES: usize, S: SampleSource<T, AXES>, C: Clock, D: DelayNs>(
    source: &mut S,
    window: &mut [[T; AXES]],
    pacer: &mut Pacer<C, D>,
) -> Result<(), FillError<S::Error>> {
    const POLLS: u32 = 16;
    let need = window.len();
    let poll_us = (pacer.period_us() / POLLS).max(1);
    let mut filled = 0;
    while filled < need {
        pacer.wait().map_err(|error| FillError::Pace { filled, need, error })?;
        let mut waited_us = 0;
        loop {
            let slot = window.get_mut(filled..filled.saturating_add(1)).unwrap_or_default();
            let n = read(source, slot, filled, need)?;
            if n > 0 {
                filled = filled.saturating_add(n);
                break;
            }
            if waited_us >= pacer.period_us() {
                return Err(FillError::NoSample { filled, need, waited_us });
            }
            pacer.delay_us(poll_us);
            waited_us = waited_us.saturating_add(poll_us);
        }
    }
    Ok(())
}

fn read<T, const AXES: usize, S: SampleSource<T, AXES>>(
    source: &mut S,
    out: &mut [[T; AXES]],
    filled: usize,
    need: usize,
) -> Result<usize, FillError<S::Error>> {
    let room = out.len();
    match source.read(out) {
        Ok(read) if read > room => Err(FillError::Excess { filled, need, read, room }),
        Ok(read) => Ok(read),
        Err(error) => Err(FillError::Sensor { filled, need, error }),
    }
}

//! Analog microphones: one conversion per sample, the resting voltage taken off.

use super::sample::SampleSource;

/// One channel of an analog-to-digital converter; `embedded-hal` 1.0 has no trait for it.
///
/// Implementers owe: a value of at most [`BITS`](AdcChannel::BITS) bits, unsigned, larger for a
/// higher voltage. A conversion that fails may be tried again.
pub trait AdcChannel {
    /// The implementer's error.
    type Error;

    /// Bits of a value, 1 to 16.
    const BITS: u32;

    /// Converts once.
    ///
    /// # Errors
    ///
    /// The implementer's.
    fn convert(&mut self) -> Result<u16, Self::Error>;
}

impl<A: AdcChannel + ?Sized> AdcChannel for &mut A {
    type Error = A::Error;

    const BITS: u32 = A::BITS;

    fn convert(&mut self) -> Result<u16, Self::Error> {
        A::convert(self)
    }
}

/// A microphone on an analog input: samples around 0, widened to 16 bits.
///
/// It converts once per call and is always ready, so it must be paced: use
/// [`fill_paced`](super::fill_paced) with a pacer of the same rate.
///
/// The resting voltage is followed by `dc += (x − dc) / 2¹⁰`: at 16 kHz it settles within a
/// quarter of a second and passes speech. The first sample is taken for rest.
///
/// ```
/// use core::convert::Infallible;
///
/// use kits_hal::hal::{AdcChannel, AdcMic, SampleSource};
///
/// struct Ramp(u16);
/// impl AdcChannel for Ramp {
///     type Error = Infallible;
///     const BITS: u32 = 12;
///     fn convert(&mut self) -> Result<u16, Infallible> {
///         self.0 += 1;
///         Ok(self.0)
///     }
/// }
///
/// let mut mic = AdcMic::<_, 16_000_000>::new(Ramp(2048));
/// let mut out = [[0_i16]; 3];
/// assert_eq!(mic.read(&mut out), Ok(3));
/// assert_eq!(out, [[0], [16], [32]]); // a step of 12 bits is 16 steps of 16 bits
/// ```
#[derive(Debug)]
pub struct AdcMic<A, const HZ_MILLI: u32> {
    channel: A,
    /// The resting level, in 1/1024 of a 16-bit step.
    rest: Option<i32>,
}

impl<A: AdcChannel, const HZ_MILLI: u32> AdcMic<A, HZ_MILLI> {
    /// Takes a channel.
    pub const fn new(channel: A) -> Self {
        Self { channel, rest: None }
    }

    /// Gives the channel back.
    pub fn release(self) -> A {
        self.channel
    }

    /// Takes the resting level off a value.
    fn center(&mut self, value: u16) -> i16 {
        // At most 16 + 10 bits.
        let level = i32::from(value) << 16_u32.saturating_sub(A::BITS).min(15);
        let fine = level.min(0xFFFF) << 10;
        let rest = *self.rest.get_or_insert(fine);
        self.rest = Some(rest.saturating_add(fine.saturating_sub(rest) >> 10));
        let sample = fine.saturating_sub(rest).saturating_add(512) >> 10; // to the nearest
        i16::try_from(sample).unwrap_or(if sample < 0 { i16::MIN } else { i16::MAX })
    }
}

impl<A: AdcChannel, const HZ_MILLI: u32> SampleSource<i16, 1> for AdcMic<A, HZ_MILLI> {
    type Error = A::Error;

    const HZ_MILLI: u32 = HZ_MILLI;

    /// Converts once for each sample of `out`.
    ///
    /// # Errors
    ///
    /// The channel's; the resting level keeps what the good conversions taught it.
    fn read(&mut self, out: &mut [[i16; 1]]) -> Result<usize, Self::Error> {
        for slot in out.iter_mut() {
            let value = self.channel.convert()?;
            *slot = [self.center(value)];
        }
        Ok(out.len())
    }
}

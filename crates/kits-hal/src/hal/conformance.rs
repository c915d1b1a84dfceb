//! The contracts of this module's traits as checks, for the tests of whoever implements one.
//!
//! Each function drives an implementation through what its trait promises and returns the first
//! [`Breach`]. They need no test framework and no allocator, so they run on the board as well as
//! on the host. What needs a reference (is the acceleration right, does the lamp light?) is beyond
//! them.
//!
//! ```
//! use kits_hal::hal::{Clock, conformance};
//!
//! /// Ticks once per millisecond.
//! struct Milliseconds(core::cell::Cell<u64>);
//! impl Clock for Milliseconds {
//!     fn micros(&self) -> u64 {
//!         self.0.set(self.0.get() + 100); // stands for time passing
//!         self.0.get() / 1000 * 1000
//!     }
//! }
//! conformance::clock(&Milliseconds(0.into()), 1_000)?;
//!
//! /// A timer of 16 bits that nobody widened.
//! struct Wraps(core::cell::Cell<u16>);
//! impl Clock for Wraps {
//!     fn micros(&self) -> u64 {
//!         self.0.set(self.0.get().wrapping_add(100));
//!         self.0.get().into()
//!     }
//! }
//! let breach = conformance::clock(&Wraps(0.into()), 1_000).unwrap_err();
//! assert_eq!(breach.to_string(), "clock: fell from 65500 us to 64 us");
//! # Ok::<(), conformance::Breach>(())
//! ```

use super::clock::{Clock, CycleCounter};
use super::energy::EnergyMeter;
use super::frame::FrameSource;
use super::indicator::Indicator;
use super::sample::SampleSource;
use super::store::ModelStore;

/// The first way in which an implementation broke its trait's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Breach {
    /// A clock showed an earlier time than before.
    #[error("clock: fell from {from_us} us to {to_us} us")]
    ClockFell {
        /// The time shown before.
        from_us: u64,
        /// The time shown after.
        to_us: u64,
    },
    /// A clock or counter never changed.
    #[error("clock: did not change in {reads} reads")]
    ClockStands {
        /// How often it was read.
        reads: u32,
    },
    /// A counter or source says that it runs at 0 Hz.
    #[error("rate is 0")]
    ZeroRate,
    /// A counter moved by more than half its range between two reads: it counts down, or has
    /// fewer than 32 bits.
    #[error("cycle counter: went from {from} to {to}; it must count up and use 32 bits")]
    CounterJumped {
        /// The count before.
        from: u32,
        /// The count after.
        to: u32,
    },
    /// The implementation returned its error where it should have worked.
    #[error("{operation}: returned an error in call {call}")]
    Failed {
        /// The method.
        operation: &'static str,
        /// Which call, from 0.
        call: u32,
    },
    /// The implementation worked where it should have returned an error.
    #[error("{operation}: accepted what it must refuse in call {call}")]
    Accepted {
        /// The method.
        operation: &'static str,
        /// Which call, from 0.
        call: u32,
    },
    /// More was reported than there was room for.
    #[error("{operation}: reported {count} where {room} fit")]
    TooMany {
        /// The method.
        operation: &'static str,
        /// What it reported.
        count: usize,
        /// What there was room for.
        room: usize,
    },
    /// It wrote where it had no right to.
    #[error("{operation}: changed place {at} past the {count} it reported")]
    Overwrote {
        /// The method.
        operation: &'static str,
        /// The first place changed.
        at: usize,
        /// What it reported.
        count: usize,
    },
    /// It left places untouched that it reported as filled.
    #[error("{operation}: left place {at} of the {count} it reported")]
    LeftOut {
        /// The method.
        operation: &'static str,
        /// The first place left.
        at: usize,
        /// What it reported.
        count: usize,
    },
    /// Nothing came in all calls.
    #[error("{operation}: nothing in {calls} calls")]
    Nothing {
        /// The method.
        operation: &'static str,
        /// How often it was called.
        calls: u32,
    },
    /// Two answers that must be equal differ.
    #[error("{operation}: two answers differ at {at}")]
    Differs {
        /// The method.
        operation: &'static str,
        /// First place of difference; 0 for a whole value.
        at: usize,
    },
}

/// Checks that a clock never falls and, in `reads` reads, moves.
///
/// # Errors
///
/// [`Breach::ClockFell`], [`Breach::ClockStands`].
pub fn clock(clock: &impl Clock, reads: u32) -> Result<(), Breach> {
    let first = clock.micros();
    let mut last = first;
    for _ in 0..reads {
        let now = clock.micros();
        if now < last {
            return Err(Breach::ClockFell { from_us: last, to_us: now });
        }
        last = now;
    }
    if last == first { Err(Breach::ClockStands { reads }) } else { Ok(()) }
}

/// Checks that a cycle counter counts up, uses its 32 bits and moves.
///
/// Read it often enough for the counter's wrap to come, and a counter of fewer bits is found.
///
/// # Errors
///
/// [`Breach::ZeroRate`], [`Breach::CounterJumped`], [`Breach::ClockStands`].
pub fn cycle_counter<C: CycleCounter>(counter: &C, reads: u32) -> Result<(), Breach> {
    if C::HZ == 0 {
        return Err(Breach::ZeroRate);
    }
    let mut moved = false;
    let mut last = counter.cycles();
    for _ in 0..reads {
        let now = counter.cycles();
        if now.wrapping_sub(last) > u32::MAX / 2 {
            return Err(Breach::CounterJumped { from: last, to: now });
        }
        moved |= now != last;
        last = now;
    }
    if moved { Ok(()) } else { Err(Breach::ClockStands { reads }) }
}

/// Checks that an energy meter can be started, stopped, and started again, and that a stop right
/// after a start never gives more than the longer measurement around it.
///
/// `work` is what is measured: something that takes far longer than starting and stopping.
///
/// # Errors
///
/// [`Breach::Failed`]; [`Breach::Differs`] if no work costs more than the work.
pub fn energy_meter<M: EnergyMeter>(
    meter: &mut M,
    mut work: impl FnMut(),
) -> Result<(), Breach> {
    let mut measure = |call, work: &mut dyn FnMut()| {
        meter.start().map_err(|_| Breach::Failed { operation: "start", call })?;
        work();
        meter.stop().map_err(|_| Breach::Failed { operation: "stop", call })
    };
    let long = measure(0, &mut work)?;
    let short = measure(1, &mut || ())?;
    if short > long { Err(Breach::Differs { operation: "stop", at: 0 }) } else { Ok(()) }
}

/// Checks that a sample source stays within the room it is given, in `calls` calls with windows
/// of different lengths, an empty one among them, and that samples come.
///
/// `buffer` is scratch of at least 2 samples; `mark` is a value that does not occur among the
/// samples, such as NaN or the smallest integer. Give a source that works: any error is a breach.
///
/// # Errors
///
/// [`Breach::ZeroRate`], [`Breach::Failed`], [`Breach::TooMany`], [`Breach::Overwrote`],
/// [`Breach::LeftOut`], [`Breach::Nothing`].
///
/// ```
/// use kits_hal::hal::{PcmSlice, conformance};
///
/// let clip = [[1_i16], [2], [3], [4], [5]];
/// let mut source = PcmSlice::<i16, 1, 16_000_000>::new(&clip);
/// conformance::sample_source(&mut source, &mut [[0]; 4], i16::MIN, 10)?;
/// # Ok::<(), conformance::Breach>(())
/// ```
pub fn sample_source<T: Copy + PartialEq, const AXES: usize, S: SampleSource<T, AXES>>(
    source: &mut S,
    buffer: &mut [[T; AXES]],
    mark: T,
    calls: u32,
) -> Result<(), Breach> {
    const OPERATION: &str = "read";
    if S::HZ_MILLI == 0 {
        return Err(Breach::ZeroRate);
    }
    #[expect(clippy::eq_op, reason = "a mark such as NaN differs from itself")]
    let marked = |v: T| if mark == mark { v == mark } else { v != v };
    let mut came = false;
    for call in 0..calls {
        buffer.fill([mark; AXES]);
        let room = (call as usize).checked_rem(buffer.len()).unwrap_or(0);
        let out = buffer.get_mut(..room).unwrap_or_default();
        let count =
            source.read(out).map_err(|_| Breach::Failed { operation: OPERATION, call })?;
        if count > room {
            return Err(Breach::TooMany { operation: OPERATION, count, room });
        }
        came |= count > 0;
        for (at, sample) in buffer.iter().enumerate() {
            let operation = OPERATION;
            if at < count && sample.iter().any(|v| marked(*v)) {
                return Err(Breach::LeftOut { operation, at, count });
            }
            if at >= count && !sample.iter().all(|v| marked(*v)) {
                return Err(Breach::Overwrote { operation, at, count });
            }
        }
    }
    if came { Ok(()) } else { Err(Breach::Nothing { operation: OPERATION, calls }) }
}

/// Checks that a frame source refuses a buffer one byte too short without touching it, fills
/// exactly its frame, and returns what it announced.
///
/// `buffer` must be longer than the frame by at least one byte.
///
/// # Errors
///
/// [`Breach::TooMany`] if the buffer is too short for the check, [`Breach::Accepted`],
/// [`Breach::Failed`], [`Breach::Overwrote`], [`Breach::LeftOut`], [`Breach::Differs`].
pub fn frame_source<S: FrameSource>(source: &mut S, buffer: &mut [u8]) -> Result<(), Breach> {
    let operation = "frame";
    let info = source.info();
    let count = info.bytes();
    if count >= buffer.len() {
        return Err(Breach::TooMany { operation, count, room: buffer.len().saturating_sub(1) });
    }
    // Two frames over two backgrounds: a byte that keeps both was not written.
    for (call, mark) in [(0, 0x00), (1, 0xFF)] {
        buffer.fill(mark);
        let short = buffer.get_mut(..count.saturating_sub(1)).unwrap_or_default();
        if count > 0 && source.frame(short).is_ok() {
            return Err(Breach::Accepted { operation, call });
        }
        if let Some(at) = buffer.iter().position(|v| *v != mark) {
            return Err(Breach::Overwrote { operation, at, count: 0 });
        }
        let taken = source.frame(buffer).map_err(|_| Breach::Failed { operation, call })?;
        if taken != info {
            return Err(Breach::Differs { operation, at: 0 });
        }
        let beyond = buffer.iter().skip(count).position(|v| *v != mark);
        if let Some(past) = beyond {
            return Err(Breach::Overwrote { operation, at: count.saturating_add(past), count });
        }
        let within = buffer.get(..count).unwrap_or_default();
        if count > 0 && within.iter().all(|v| *v == mark) {
            // A frame of one brightness is possible once, not of both.
            if call == 1 {
                return Err(Breach::LeftOut { operation, at: 0, count });
            }
        }
    }
    Ok(())
}

/// Checks that an indicator shows nothing, each of `classes` classes and a class it does not have,
/// in any order and twice in a row.
///
/// # Errors
///
/// [`Breach::Failed`]; [`Breach::Accepted`] if it takes class `classes`, which it should refuse.
pub fn indicator<I: Indicator>(indicator: &mut I, classes: u8) -> Result<(), Breach> {
    let operation = "show";
    let mut call = 0_u32;
    let mut show = |class, score, fits: bool| {
        let shown = indicator.show(class, score);
        let this = call;
        call = call.saturating_add(1);
        match (shown.is_ok(), fits) {
            (true, true) | (false, false) => Ok(()),
            (false, true) => Err(Breach::Failed { operation, call: this }),
            (true, false) => Err(Breach::Accepted { operation, call: this }),
        }
    };
    show(None, 0, true)?;
    for class in (0..classes).chain((0..classes).rev()) {
        show(Some(class), 0, true)?;
        show(Some(class), u8::MAX, true)?;
        show(None, 100, true)?;
        show(Some(classes), 50, false)?;
    }
    show(None, 0, true)
}

/// Checks that a store gives the same bytes whole and in pieces, and refuses ranges past its end.
///
/// `buffer` is scratch of at least two bytes; the first `buffer.len() / 2` bytes are compared.
///
/// # Errors
///
/// [`Breach::Failed`], [`Breach::Accepted`], [`Breach::Differs`].
///
/// ```
/// use kits_hal::hal::{SliceStore, conformance};
///
/// conformance::model_store(&mut SliceStore(&[7; 100]), &mut [0; 64])?;
/// # Ok::<(), conformance::Breach>(())
/// ```
pub fn model_store<S: ModelStore>(store: &mut S, buffer: &mut [u8]) -> Result<(), Breach> {
    let operation = "read";
    let len = store.len();
    let half = (buffer.len() / 2).min(usize::try_from(len).unwrap_or(usize::MAX));
    let (whole, pieces) = buffer.split_at_mut(half);
    let pieces = pieces.get_mut(..half).unwrap_or_default();
    let mut call = 0_u32;
    let mut read = |at: u32, out: &mut [u8], fits: bool| {
        let this = call;
        call = call.saturating_add(1);
        match (store.read(at, out).is_ok(), fits) {
            (true, true) | (false, false) => Ok(()),
            (false, true) => Err(Breach::Failed { operation, call: this }),
            (true, false) => Err(Breach::Accepted { operation, call: this }),
        }
    };
    read(0, whole, true)?;
    // Every byte is written, so a piece left out is seen: the backgrounds differ.
    for (to, from) in pieces.iter_mut().zip(whole.iter()) {
        *to = !from;
    }
    let mut at = 0_usize;
    for length in [1, 3, 7, 16].into_iter().cycle() {
        let piece = pieces.get_mut(at..half.min(at.saturating_add(length))).unwrap_or_default();
        if piece.is_empty() {
            break;
        }
        read(u32::try_from(at).unwrap_or(u32::MAX), piece, true)?;
        at = at.saturating_add(length);
    }
    if let Some(at) = whole.iter().zip(pieces.iter()).position(|(a, b)| a != b) {
        return Err(Breach::Differs { operation, at });
    }
    let mut two = [0; 2];
    read(len.saturating_sub(1), &mut two, false)?;
    read(len, two.get_mut(..1).unwrap_or_default(), false)?;
    read(u32::MAX, &mut two, false)?;
    // It still works.
    read(0, whole, true)
}

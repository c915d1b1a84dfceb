//! Time: a monotonic clock in microseconds, a wrapping cycle counter, and the bridge between them.

use core::cell::Cell;

/// A monotonic clock.
///
/// Implementers owe: the value never falls, and it rises as time passes. The resolution is theirs
/// to choose; a timer that ticks once per millisecond counts in steps of 1000.
pub trait Clock {
    /// Returns the microseconds since some fixed moment, usually the start of the program.
    fn micros(&self) -> u64;
}

impl<C: Clock + ?Sized> Clock for &C {
    fn micros(&self) -> u64 {
        C::micros(self)
    }
}

/// A free-running counter of processor cycles, such as DWT, SysTick or `mtime`; it wraps.
///
/// Implementers owe: it counts upwards by one per cycle at [`HZ`](CycleCounter::HZ) and uses all
/// 32 bits, so that a wrapping difference is the time passed. A timer that counts down is negated,
/// a timer of fewer bits is widened by the implementer.
pub trait CycleCounter {
    /// Cycles per second.
    const HZ: u32;

    /// Returns the current count.
    fn cycles(&self) -> u32;

    /// Returns the microseconds from `start` to `end`, rounded down, if the counter wrapped at
    /// most once in between.
    ///
    /// ```
    /// use kits_hal::hal::CycleCounter;
    ///
    /// struct At64MHz;
    /// impl CycleCounter for At64MHz {
    ///     const HZ: u32 = 64_000_000;
    ///     fn cycles(&self) -> u32 {
    ///         0
    ///     }
    /// }
    /// // 128 cycles of 1/64 us, across the wrap.
    /// assert_eq!(At64MHz::elapsed_us(u32::MAX - 63, 64), 2);
    /// ```
    #[must_use]
    fn elapsed_us(start: u32, end: u32) -> u32
    where
        Self: Sized,
    {
        let us = micros_of(end.wrapping_sub(start).into(), Self::HZ);
        u32::try_from(us).unwrap_or(u32::MAX)
    }
}

impl<C: CycleCounter + ?Sized> CycleCounter for &C {
    const HZ: u32 = C::HZ;

    fn cycles(&self) -> u32 {
        C::cycles(self)
    }
}

/// A [`Clock`] made of a [`CycleCounter`].
///
/// It adds up wrapping differences, so it must be read at least once per turn of the counter: at
/// 64 MHz once in 67 seconds. Conversion keeps the whole count and does not drift.
#[derive(Debug)]
pub struct CycleClock<C> {
    counter: C,
    last: Cell<u32>,
    total: Cell<u64>,
}

impl<C: CycleCounter> CycleClock<C> {
    /// Returns a clock that starts at 0 now.
    pub fn new(counter: C) -> Self {
        let last = Cell::new(counter.cycles());
        Self { counter, last, total: Cell::new(0) }
    }

    /// Returns the cycles since the start.
    pub fn cycles(&self) -> u64 {
        let now = self.counter.cycles();
        let passed = now.wrapping_sub(self.last.replace(now));
        let total = self.total.get().saturating_add(passed.into());
        self.total.set(total);
        total
    }
}

impl<C: CycleCounter> Clock for CycleClock<C> {
    fn micros(&self) -> u64 {
        micros_of(self.cycles(), C::HZ)
    }
}

/// `cycles · 10⁶ / hz`, rounded down, without leaving 64 bits on the way; 0 for a rate of 0.
fn micros_of(cycles: u64, hz: u32) -> u64 {
    const MICROS: u64 = 1_000_000;
    let hz = u64::from(hz);
    let whole = cycles.checked_div(hz).unwrap_or(0);
    let rest = cycles.checked_rem(hz).unwrap_or(0);
    let fraction = rest.saturating_mul(MICROS).checked_div(hz).unwrap_or(0);
    whole.saturating_mul(MICROS).saturating_add(fraction)
}

/// The clock of the operating system, counted from its creation.
#[cfg(feature = "std")]
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: std::time::Instant,
}

#[cfg(feature = "std")]
impl SystemClock {
    /// Returns a clock that starts at 0 now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: std::time::Instant::now() }
    }
}

#[cfg(feature = "std")]
impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "std")]
impl Clock for SystemClock {
    fn micros(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::{Clock, CycleClock, CycleCounter, micros_of};

    struct Wheel<'c>(&'c Cell<u32>);

    impl CycleCounter for Wheel<'_> {
        const HZ: u32 = 64_000_000;

        fn cycles(&self) -> u32 {
            self.0.get()
        }
    }

    #[test]
    fn a_wrapping_counter_makes_a_clock_that_does_not_wrap() {
        let count = Cell::new(u32::MAX - 5);
        let clock = CycleClock::new(Wheel(&count));
        assert_eq!(clock.micros(), 0);
        // 100 turns of 2^31 cycles each: 2^31 / 64 = 33 554 432 us.
        for turn in 1..=100 {
            count.set(count.get().wrapping_add(1 << 31));
            assert_eq!(clock.micros(), turn * 33_554_432);
        }
    }

    #[test]
    fn fractions_of_a_microsecond_add_up() {
        let count = Cell::new(0);
        let clock = CycleClock::new(Wheel(&count));
        for _ in 0..64 {
            count.set(count.get() + 1);
            clock.micros();
        }
        assert_eq!(clock.micros(), 1);
    }

    #[test]
    fn conversion_is_exact_at_the_ends() {
        assert_eq!(micros_of(u64::MAX, 1_000_000), u64::MAX);
        // 25 MHz: 2^40 cycles are 43 980 465 111.04 ns·10⁻³.
        assert_eq!(micros_of(1 << 40, 25_000_000), 43_980_465_111);
        assert_eq!(micros_of(5, 0), 0);
    }
}

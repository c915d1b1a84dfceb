//! Pacing: a sampling period kept against absolute deadlines, so that errors never add up.

use embedded_hal::delay::DelayNs;

use super::clock::Clock;

/// Longest time a clock may show the same value while the pacer waits, in microseconds.
const STALL_US: u64 = 1_000_000;

/// Keeps a sampling period.
///
/// Tick `k` is due at `start + ⌊k · 10⁹ / hz_milli⌋` microseconds, whatever happened before: a
/// late tick does not move the next, and 104 Hz or 62.5 Hz lose no fraction of a microsecond. A
/// deadline that has passed altogether when [`wait`](Pacer::wait) is called is an overrun: it is
/// counted and skipped, and the grid stays where it was.
///
/// ```
/// use core::cell::Cell;
///
/// use embedded_hal::delay::DelayNs;
/// use kits_hal::hal::{Clock, Pacer};
///
/// # struct Time<'t>(&'t Cell<u64>);
/// # impl Clock for Time<'_> { fn micros(&self) -> u64 { self.0.get() } }
/// # impl DelayNs for Time<'_> {
/// #     fn delay_ns(&mut self, ns: u32) { self.0.set(self.0.get() + u64::from(ns.div_ceil(1000))) }
/// # }
/// # let now = Cell::new(0);
/// # let (clock, delay) = (Time(&now), Time(&now));
/// let mut pacer = Pacer::new(clock, delay, 62_500); // 62.5 Hz: every 16 ms
/// assert_eq!(pacer.wait()?.due_us, 0);
/// assert_eq!(pacer.wait()?.due_us, 16_000);
/// # now.set(50_000);
/// // The program was busy until 50 ms: the deadlines at 32 and 48 ms are lost.
/// let tick = pacer.wait()?;
/// assert_eq!((tick.index, tick.due_us, tick.missed), (4, 64_000, 2));
/// # Ok::<(), kits_hal::hal::PaceError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pacer<C, D> {
    clock: C,
    delay: D,
    hz_milli: u32,
    /// The next deadline; `None` before the first tick.
    next: Option<Deadline>,
    overruns: u32,
}

/// A deadline on the grid: whole microseconds, and the rest in `1 / hz_milli` of one.
#[derive(Debug, Clone, Copy)]
struct Deadline {
    index: u64,
    us: u64,
    fraction: u64,
}

/// One tick of a [`Pacer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tick {
    /// Its number on the grid, from 0; skipped ones count.
    pub index: u64,
    /// When it was due, on the pacer's clock.
    pub due_us: u64,
    /// How late the wait returned.
    pub late_us: u64,
    /// Deadlines skipped just before it, because they had passed.
    pub missed: u32,
}

/// Why a wait ended without a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PaceError {
    /// The clock showed the same time although the pacer let more than a second pass.
    #[error("pacer: clock stands at {at_us} us, waiting for {due_us} us")]
    ClockStopped {
        /// What the clock shows.
        at_us: u64,
        /// The deadline waited for.
        due_us: u64,
    },
}

impl<C: Clock, D: DelayNs> Pacer<C, D> {
    /// Returns a pacer of `hz_milli` ticks per 1000 seconds; a rate of 0 counts as 1.
    ///
    /// The first wait returns at once and fixes the grid.
    pub const fn new(clock: C, delay: D, hz_milli: u32) -> Self {
        let hz_milli = if hz_milli == 0 { 1 } else { hz_milli };
        Self { clock, delay, hz_milli, next: None, overruns: 0 }
    }

    /// Waits for the next deadline that has not passed yet.
    ///
    /// # Errors
    ///
    /// [`PaceError::ClockStopped`]; the deadline then stays the next one.
    pub fn wait(&mut self) -> Result<Tick, PaceError> {
        let mut now = self.clock.micros();
        let first = Deadline { index: 0, us: now, fraction: 0 };
        let mut deadline = *self.next.get_or_insert(first);
        let mut missed = 0_u32;
        if deadline.us < now {
            let skipped = deadline.passed(now, self.hz_milli);
            deadline = deadline.after(skipped, self.hz_milli);
            missed = u32::try_from(skipped).unwrap_or(u32::MAX);
            self.overruns = self.overruns.saturating_add(missed);
            self.next = Some(deadline);
        }
        let mut stalled_us = 0_u64;
        while now < deadline.us {
            let left = u32::try_from(deadline.us.saturating_sub(now)).unwrap_or(u32::MAX);
            self.delay.delay_us(left);
            let then = core::mem::replace(&mut now, self.clock.micros());
            stalled_us = if then == now { stalled_us.saturating_add(left.into()) } else { 0 };
            if stalled_us > STALL_US {
                return Err(PaceError::ClockStopped { at_us: now, due_us: deadline.us });
            }
        }
        self.next = Some(deadline.step(self.hz_milli));
        let late_us = now.saturating_sub(deadline.us);
        Ok(Tick { index: deadline.index, due_us: deadline.us, late_us, missed })
    }

    /// Returns the deadlines skipped so far.
    pub const fn overruns(&self) -> u32 {
        self.overruns
    }

    /// Returns the period in microseconds, rounded down.
    pub const fn period_us(&self) -> u32 {
        match PERIOD.checked_div(self.hz_milli) {
            Some(period) => period,
            None => 0,
        }
    }

    /// Forgets the grid: the next wait returns at once and starts a new one.
    pub const fn restart(&mut self) {
        self.next = None;
    }

    pub(super) fn delay_us(&mut self, us: u32) {
        self.delay.delay_us(us);
    }
}

/// Microseconds in 1000 seconds.
const PERIOD: u32 = 1_000_000_000;
const MICROS_MILLI: u64 = PERIOD as u64;

impl Deadline {
    /// The number of grid points from this one on, itself included, that lie before `now`.
    fn passed(self, now: u64, hz_milli: u32) -> u64 {
        let late = u128::from(now.saturating_sub(self.us));
        // Point `k` from here is at us + ⌊(fraction + k · 10⁹) / hz⌋. It lies before `now` exactly
        // if fraction + k · 10⁹ < late · hz.
        let reach = late.saturating_mul(hz_milli.into()).saturating_sub(self.fraction.into());
        u64::try_from(reach.div_ceil(MICROS_MILLI.into())).unwrap_or(u64::MAX)
    }

    /// The next grid point; 32-bit arithmetic, because it runs once for every sample.
    fn step(self, hz_milli: u32) -> Self {
        let mut us = PERIOD.checked_div(hz_milli).unwrap_or(0);
        let rest = u64::from(PERIOD.checked_rem(hz_milli).unwrap_or(0));
        let mut fraction = self.fraction.saturating_add(rest);
        if let Some(carried) = fraction.checked_sub(hz_milli.into()) {
            us = us.saturating_add(1);
            fraction = carried;
        }
        let index = self.index.saturating_add(1);
        Self { index, us: self.us.saturating_add(us.into()), fraction }
    }

    /// The grid point `k` further on.
    fn after(self, k: u64, hz_milli: u32) -> Self {
        let hz = u128::from(hz_milli);
        let sum = u128::from(MICROS_MILLI).saturating_mul(k.into()).saturating_add(self.fraction.into());
        let us = u64::try_from(sum.checked_div(hz).unwrap_or(0)).unwrap_or(u64::MAX);
        Self {
            index: self.index.saturating_add(k),
            us: self.us.saturating_add(us),
            // Below `hz_milli`, so it fits.
            fraction: u64::try_from(sum.checked_rem(hz).unwrap_or(0)).unwrap_or(0),
        }
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests {
    use core::cell::Cell;

    use super::{Clock, DelayNs, PaceError, Pacer};

    /// A clock of a given resolution, and a delay that oversleeps by a pseudo-random time.
    struct World {
        now_ns: Cell<u64>,
        tick_us: u64,
        oversleep_ns: u64,
        seed: Cell<u64>,
    }

    impl World {
        const fn new(tick_us: u64, oversleep_ns: u64) -> Self {
            Self { now_ns: Cell::new(0), tick_us, oversleep_ns, seed: Cell::new(1) }
        }

        fn random(&self, below: u64) -> u64 {
            let next = self.seed.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            self.seed.set(next);
            (next >> 33) % below.max(1)
        }
    }

    impl Clock for &World {
        fn micros(&self) -> u64 {
            let us = self.now_ns.get() / 1000;
            us - us % self.tick_us
        }
    }

    impl DelayNs for &World {
        fn delay_ns(&mut self, ns: u32) {
            let over = self.random(self.oversleep_ns);
            self.now_ns.set(self.now_ns.get() + u64::from(ns) + over);
        }
    }

    /// Ten thousand samples must last as long as the rate says: the law of a pacer without drift.
    #[track_caller]
    fn check_rate(hz_milli: u32, tick_us: u64, oversleep_ns: u64) {
        const TICKS: u64 = 10_000;
        let world = World::new(tick_us, oversleep_ns);
        let mut pacer = Pacer::new(&world, &world, hz_milli);
        for index in 0..=TICKS {
            let tick = pacer.wait().unwrap();
            // The grid itself is exact: floor of index · 10⁹ / hz, by one division.
            assert_eq!((tick.index, tick.missed), (index, 0));
            assert_eq!(tick.due_us, index * 1_000_000_000 / u64::from(hz_milli));
        }
        let exact_us = (TICKS * 1_000_000_000) as f64 / f64::from(hz_milli);
        let spent_us = world.now_ns.get() as f64 / 1000.0;
        // Only the last tick's lateness is left: one oversleep and one step of the clock.
        let error = (spent_us - exact_us).abs();
        assert!(error <= oversleep_ns as f64 / 1000.0 + tick_us as f64, "{error} us");
        assert!(error / exact_us < 1e-3, "mean rate within 0.1 %");
        assert_eq!(pacer.overruns(), 0);
    }

    #[test]
    fn no_rate_drifts_whatever_the_clock_and_the_delay_do() {
        for hz_milli in [12_500, 62_500, 100_000, 104_000, 208_000, 333_333] {
            check_rate(hz_milli, 1, 0);
            check_rate(hz_milli, 1, 300_000);
            check_rate(hz_milli, 1000, 0);
        }
        check_rate(16_000_000, 1, 5_000);
    }

    /// The same jitter with relative sleeps, to show that the test above can fail.
    #[test]
    fn sleeping_for_a_period_would_drift() {
        let world = World::new(1, 300_000);
        for _ in 0..10_000 {
            (&world).delay_us(9_615);
        }
        let exact_us = 10_000.0 * 1e6 / 104.0;
        let error = (world.now_ns.get() as f64 / 1000.0 - exact_us).abs() / exact_us;
        assert!(error > 1e-3, "{error}");
    }

    #[test]
    fn overruns_are_counted_and_the_grid_stays() {
        let world = World::new(1, 0);
        let mut pacer = Pacer::new(&world, &world, 104_000);
        let busy = |us: u64| world.now_ns.set(world.now_ns.get() + us * 1000);
        assert_eq!(pacer.wait().unwrap().index, 0);
        // Grid: 0, 9615, 19230, 28846, 38461. Busy until 28 846 exactly: two are lost, the third is just met.
        busy(28_846);
        let tick = pacer.wait().unwrap();
        assert_eq!((tick.index, tick.due_us, tick.late_us, tick.missed), (3, 28_846, 0, 2));
        // Busy past the next deadline by a microsecond: it is lost.
        busy(38_462 - 28_846);
        let tick = pacer.wait().unwrap();
        assert_eq!((tick.index, tick.due_us, tick.missed), (5, 48_076, 1));
        assert_eq!(pacer.overruns(), 3);
        pacer.restart();
        assert_eq!(pacer.wait().unwrap().index, 0);
        assert_eq!(pacer.overruns(), 3);
    }

    #[test]
    fn long_pauses_are_counted_right() {
        for pause_us in [1, 9_614, 9_615, 9_616, 1_000_000, 3_600_000_000, 1 << 50] {
            let world = World::new(1, 0);
            let mut pacer = Pacer::new(&world, &world, 104_000);
            pacer.wait().unwrap();
            world.now_ns.set(pause_us * 1000);
            let tick = pacer.wait().unwrap();
            // The first grid point at or after the pause.
            let due = |k: u64| u128::from(k) * 1_000_000_000 / 104_000;
            let (this, before) = (due(tick.index), due(tick.index - 1));
            assert!(this >= pause_us.into() && before < pause_us.into(), "{tick:?}");
            assert_eq!(u64::from(tick.missed), (tick.index - 1).min(u32::MAX.into()));
        }
    }

    #[test]
    fn a_clock_that_stands_is_an_error_and_not_a_hang() {
        struct Stopped;
        impl Clock for Stopped {
            fn micros(&self) -> u64 {
                5
            }
        }
        impl DelayNs for Stopped {
            fn delay_ns(&mut self, _: u32) {}
        }
        let mut pacer = Pacer::new(Stopped, Stopped, 62_500);
        assert_eq!(pacer.wait().unwrap().due_us, 5);
        let error = PaceError::ClockStopped { at_us: 5, due_us: 16_005 };
        assert_eq!(pacer.wait(), Err(error));
        assert_eq!(pacer.wait(), Err(error), "the deadline stays");
    }
}

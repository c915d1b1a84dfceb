//! The counters of a Cortex-M as the traits of `kits_hal::hal`: SysTick, the cycle counter of the debug unit, and waiting.
//!
//! Under the emulator SysTick counts instructions and the debug unit's counter stands at 0; on a chip both count cycles.

use embedded_hal::delay::DelayNs;
use kits_hal::hal::CycleCounter;

use crate::counter::Counter;

/// The SysTick timer, counted up and widened by its interrupt, at `HZ` ticks per second.
#[derive(Debug, Clone, Copy)]
pub struct SysTickCounter<'c, const HZ: u32>(&'c Counter);

impl<'c, const HZ: u32> SysTickCounter<'c, HZ> {
    /// Returns the counter if the timer runs at `HZ`.
    #[must_use]
    pub fn new(counter: &'c Counter) -> Option<Self> {
        (counter.hz() == HZ).then_some(Self(counter))
    }
}

impl<const HZ: u32> CycleCounter for SysTickCounter<'_, HZ> {
    const HZ: u32 = HZ;

    #[expect(clippy::cast_possible_truncation, reason = "a cycle counter wraps at 32 bits")]
    fn cycles(&self) -> u32 {
        self.0.ticks() as u32
    }
}

/// Waits by watching the SysTick timer.
#[derive(Debug, Clone, Copy)]
pub struct Wait<'c>(pub &'c Counter);

impl DelayNs for Wait<'_> {
    fn delay_ns(&mut self, ns: u32) {
        const NANOS: u64 = 1_000_000_000;
        let ticks = u64::from(ns).saturating_mul(self.0.hz().into()).div_ceil(NANOS);
        let start = self.0.ticks();
        while self.0.ticks().saturating_sub(start) < ticks {
            core::hint::spin_loop();
        }
    }
}

/// The cycle counter of the debug unit, at `HZ` cycles per second. Cortex-M0 and M0+ have none.
#[cfg(target_has_atomic = "32")] // true from ARMv7-M on, which is where the counter exists
#[derive(Debug)]
pub struct Dwt<const HZ: u32> {
    _running: (),
}

#[cfg(target_has_atomic = "32")]
impl<const HZ: u32> Dwt<HZ> {
    /// Starts the counter.
    #[must_use]
    pub fn start(mut dcb: cortex_m::peripheral::DCB, mut dwt: cortex_m::peripheral::DWT) -> Self {
        dcb.enable_trace();
        dwt.enable_cycle_counter();
        Self { _running: () }
    }
}

#[cfg(target_has_atomic = "32")]
impl<const HZ: u32> CycleCounter for Dwt<HZ> {
    const HZ: u32 = HZ;

    fn cycles(&self) -> u32 {
        cortex_m::peripheral::DWT::cycle_count()
    }
}

//! Counts instructions with the SysTick timer of an emulated machine.
//!
//! Under `-icount shift=0` the emulator lets each instruction take one nanosecond of its virtual time. The timer of
//! `mps2-an386` and `mps2-an500` ticks at 25 MHz of that time: 40 instructions per tick; that of `mps3-an547` at 32 MHz,
//! that of `lm3s6965evb` at 12.5 MHz. These are instructions, not cycles: a real core takes more than one cycle for loads,
//! branches and multiplications.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;

/// Instructions per second of the emulator's clock under `-icount shift=0`.
const INSTRUCTIONS_HZ: u64 = 1_000_000_000;

/// The timer counts down 24 bits.
const RELOAD: u32 = 0x00FF_FFFF;

/// Turns of the timer. A load and a store are enough: only the handler writes.
static TURNS: AtomicU32 = AtomicU32::new(0);

/// The running timer.
#[derive(Debug)]
pub struct Counter {
    /// Never 0.
    hz: u32,
}

#[exception]
fn SysTick() {
    TURNS.store(TURNS.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

impl Counter {
    /// Starts the timer, which ticks at `hz` of the emulator's clock.
    #[must_use]
    pub fn start(mut timer: SYST, hz: u32) -> Self {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(RELOAD);
        timer.clear_current();
        timer.enable_interrupt();
        timer.enable_counter();
        Self { hz: hz.max(1) }
    }

    /// Returns the ticks since the start.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        loop {
            let before = TURNS.load(Ordering::Relaxed);
            // The turn is counted when the timer reaches 0, so 0 is where the next one begins.
            let passed = 0_u32.wrapping_sub(SYST::get_current()) & RELOAD;
            if TURNS.load(Ordering::Relaxed) == before {
                // A turn is RELOAD + 1 ticks.
                return (u64::from(before) << 24) | u64::from(passed);
            }
        }
    }

    /// Returns the instructions that `ticks` stand for.
    #[must_use]
    pub fn instructions(&self, ticks: u64) -> u64 {
        ticks.saturating_mul(INSTRUCTIONS_HZ).checked_div(self.hz.into()).unwrap_or(0)
    }

    /// Returns the clock of the timer, in hertz.
    #[must_use]
    pub const fn hz(&self) -> u32 {
        self.hz
    }

    /// Runs a loop of exactly 2 000 000 instructions and returns the ticks it took: 50 000 at 25 MHz.
    #[must_use]
    pub fn calibrate(&self) -> u64 {
        let start = self.ticks();
        countdown(CALIBRATION_INSTRUCTIONS / 2);
        self.ticks().saturating_sub(start)
    }
}

/// Instructions of the calibration loop.
pub const CALIBRATION_INSTRUCTIONS: u32 = 2_000_000;

/// Two instructions per turn: a subtraction and a branch.
#[cfg(target_arch = "arm")]
#[inline(never)]
#[expect(unsafe_code, reason = "only assembly has a known number of instructions")]
fn countdown(turns: u32) {
    // SAFETY: the loop changes one register and the flags, touches no memory, and ends because `turns` is not 0.
    unsafe {
        core::arch::asm!("2:", "subs {n}, {n}, #1", "bne 2b", n = inout(reg) turns.max(1) => _, options(nomem, nostack));
    }
}

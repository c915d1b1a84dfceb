//! Holds the time and storage of a board against the contracts of the hardware traits, and keeps a sampling rate.
//!
//! This is what a port runs first; see the chapter on porting in the guide.
#![no_std]
#![no_main]

use core::fmt::Write as _;

use cortex_m::Peripherals;
use cortex_m_rt::entry;
use kits_hal::hal::conformance::{self, Breach};
use kits_hal::hal::{Clock, CycleClock, CycleCounter, PaceError, Pacer, SliceStore};
use support::console::Console;
use support::counter::Counter;
use support::cycles::{Dwt, SysTickCounter, Wait};
use support::device::Device;

include!(concat!(env!("OUT_DIR"), "/board.rs"));

static KIT: &[u8] = include_bytes!(env!("KIT_FILE"));

/// 1040 Hz: ten times the rate of the motion sensors, so that a tenth of a second shows a drift.
const RATE_HZ_MILLI: u32 = 1_040_000;
const TICKS: u64 = 104;
/// 104 periods at 1040 Hz.
const EXPECTED_US: u64 = 100_000;

#[entry]
fn main() -> ! {
    let core = Peripherals::take();
    let mut device = Device::start(&BOARD, "conformance");
    let Some(core) = core else { device.fail("peripherals", "taken already") };
    let timer = Counter::start(core.SYST, BOARD.timer_hz);
    let Some(systick) = SysTickCounter::<{ BOARD.timer_hz }>::new(&timer) else {
        device.fail("timer", "it does not run at the rate of the board")
    };
    let dwt = Dwt::<{ BOARD.timer_hz }>::start(core.DCB, core.DWT);
    let clock = CycleClock::new(systick);

    let out = &mut device.out;
    // Read far faster than it ticks: it must neither stand for ever nor step back.
    let mut good = report(out, "systick", conformance::cycle_counter(&systick, 20_000));
    good &= report(out, "clock", conformance::clock(&clock, 20_000));
    good &= report(out, "store", conformance::model_store(&mut SliceStore(KIT), &mut [0; 512]));
    // No error: under the emulator this counter stands, and the check says so.
    let counts = dwt.cycles() != dwt.cycles();
    let found = conformance::cycle_counter(&dwt, 1000).is_ok();
    out.text("dwt").field("counts", counts.into()).field("accepted", found.into()).end();
    good &= counts == found;
    good &= match rate(&clock, Wait(&timer), out) {
        Ok(good) => good,
        Err(error) => {
            let _ = write!(out, "breach check=rate text={error}");
            out.end();
            false
        }
    };
    device.end(good)
}

/// Prints what a check found, and returns whether that is nothing.
fn report(out: &mut Console, check: &str, found: Result<(), Breach>) -> bool {
    match found {
        Ok(()) => out.text("holds check=").text(check).end(),
        Err(breach) => {
            out.text("breach check=").text(check).text(" text=");
            // The console never refuses text.
            let _ = write!(out, "{breach}");
            out.end();
        }
    }
    found.is_ok()
}

/// Keeps a rate for a tenth of a second, and returns whether it took that long to a thousandth.
fn rate(clock: &impl Clock, wait: Wait<'_>, out: &mut Console) -> Result<bool, PaceError> {
    let mut pacer = Pacer::new(clock, wait, RATE_HZ_MILLI);
    let first = pacer.wait()?;
    let mut latest_us = 0;
    let mut last = first;
    while last.index < TICKS {
        last = pacer.wait()?;
        latest_us = last.late_us.max(latest_us);
    }
    let elapsed_us = last.due_us.saturating_add(last.late_us).saturating_sub(first.due_us);
    out.text("rate")
        .field("hz_milli", RATE_HZ_MILLI.into())
        .field("ticks", TICKS)
        .field("elapsed_us", elapsed_us)
        .field("latest_us", latest_us)
        .field("overruns", pacer.overruns().into())
        .end();
    Ok(pacer.overruns() == 0 && elapsed_us.abs_diff(EXPECTED_US) <= EXPECTED_US / 1000)
}

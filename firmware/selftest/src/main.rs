//! Runs vectors on an emulated board: graphs of one operator, and whole models where they were given to the build.
//!
//! The outputs to expect were computed elsewhere; see `build/main.rs`. Each case runs with the fast kernels and with the
//! plain ones, and must be refused, with both numbers, in an arena one byte too small and as a container one byte too short.
#![no_std]
#![no_main]

mod case;

use cortex_m_rt::entry;
use support::device::Device;

use case::{Case, Input, Sample};

include!(concat!(env!("OUT_DIR"), "/board.rs"));
// CASES: &[Case], LEFT_OUT: &[(&str, &str)], MODELS_GIVEN: bool
include!(concat!(env!("OUT_DIR"), "/cases.rs"));

#[entry]
fn main() -> ! {
    let mut device = Device::start(&BOARD, "selftest");
    let (mut samples, mut failed) = (0_u64, 0_u64);
    for case in CASES {
        let verdict = case.run(device.memory);
        let out = &mut device.out;
        out.text("case name=").text(case.name);
        match verdict {
            Ok(arena) => {
                out.field("samples", case.samples.len() as u64)
                    .field("kit_bytes", case.kit.len() as u64)
                    .field("arena_bytes", arena as u64)
                    .text(" ok")
                    .end();
                samples = samples.saturating_add(case.samples.len() as u64);
            }
            Err(wrong) => {
                failed = failed.saturating_add(1);
                out.text(" FAILED ");
                wrong.print(out);
                out.end();
            }
        }
    }
    for (name, reason) in LEFT_OUT {
        device.out.text("skipped model=").text(name).text(" reason=").text(reason).end();
    }
    if !MODELS_GIVEN {
        device.out.text("skipped models: the build was not given KITS_DATA_DIR").end();
    }
    device
        .out
        .text("summary")
        .field("cases", CASES.len() as u64)
        .field("samples", samples)
        .field("failed", failed)
        .field("models_left_out", LEFT_OUT.len() as u64)
        .end();
    device.end(failed == 0)
}

//! Runs random layers with the fast and the plain kernels: both must give what the plain kernels of the host gave.
//!
//! The layers come from seeds; see `build.rs`. Dense, ordinary and depthwise ones with every remainder of channels.
#![no_std]
#![no_main]

use core::fmt::{Display, Write as _};

use cortex_m_rt::entry;
use kits_hal::{Check, Model, RunError, Session, crc32};
use support::console::Console;
use support::device::Device;

include!(concat!(env!("OUT_DIR"), "/board.rs"));
// CASES: &[Case]
include!(concat!(env!("OUT_DIR"), "/layers.rs"));

/// A layer.
struct Case {
    name: &'static str,
    /// Seed of the layer and of its input.
    seed: u64,
    kit: &'static [u8],
    /// Checksum of the outputs on the host.
    crc: u32,
}

#[entry]
fn main() -> ! {
    let mut device = Device::start(&BOARD, "layers");
    let mut failed = 0_u64;
    for case in CASES {
        for plain in [true, false] {
            let found = case.run(device.memory, plain, &mut device.out);
            if found != Some(case.crc) {
                failed = failed.saturating_add(1);
                let kernels = if plain { " kernels=plain" } else { " kernels=fast" };
                device.out.text("layer name=").text(case.name).text(kernels);
                device
                    .out
                    .field("seed", case.seed)
                    .field("expected", case.crc.into())
                    .field("found", found.unwrap_or(0).into())
                    .text(" FAILED")
                    .end();
            }
        }
    }
    device.out.text("summary").field("layers", CASES.len() as u64).field("failed", failed).end();
    device.end(failed == 0)
}

impl Case {
    /// Returns the checksum of the outputs.
    fn run(&self, memory: &mut [u8], plain: bool, out: &mut Console) -> Option<u32> {
        let kit = core::hint::black_box(self.kit);
        let model = told(Model::parse(kit, Check::Full), out)?;
        let session: Result<Session<'_, '_>, RunError> =
            if plain { Session::plain(&model, memory) } else { Session::new(&model, memory) };
        let mut session = told(session, out)?;
        let mut state = self.seed;
        for code in told(session.input::<i8>(0), out)? {
            *code = next(&mut state);
        }
        told(session.run(), out)?;
        let outputs = told(session.output::<i8>(0), out)?;
        Some(crc32(bytemuck::must_cast_slice(outputs)))
    }
}

/// Prints an error.
fn told<T, E: Display>(outcome: Result<T, E>, out: &mut Console) -> Option<T> {
    match outcome {
        Ok(value) => Some(value),
        Err(error) => {
            // The console never refuses text.
            let _ = write!(out, "{error}");
            out.end();
            None
        }
    }
}

/// Returns the low byte of the next number of SplitMix64.
fn next(state: &mut u64) -> i8 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let [low, ..] = (z ^ (z >> 31)).to_le_bytes();
    low.cast_signed()
}

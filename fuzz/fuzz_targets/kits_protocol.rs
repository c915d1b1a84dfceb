//! Any bytes on the serial port leave a benchmark device that answers.
#![no_main]

#[path = "../../crates/kits-hal/tests/fuzz/protocol.rs"]
mod protocol;

use libfuzzer_sys::fuzz_target;

static KIT: &[u8] = include_bytes!("../../crates/kits-hal/tests/golden/data/small.kit");

fuzz_target!(|bytes: &[u8]| protocol::protocol(KIT, bytes));

//! Any sequence of calls leaves a session that works; each byte is one call.
#![no_main]

#[path = "../../crates/kits-hal/tests/fuzz/bodies.rs"]
#[expect(dead_code, reason = "one of three targets")]
mod bodies;

use libfuzzer_sys::fuzz_target;

static KIT: &[u8] = include_bytes!("../../crates/kits-hal/tests/golden/data/small.kit");

fuzz_target!(|script: &[u8]| bodies::session(KIT, script));

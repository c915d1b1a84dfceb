//! Any bytes are a `.tflite` file that converts to a container that runs, or a list of reasons.
#![no_main]

#[path = "../../crates/kits-hal/tests/fuzz/bodies.rs"]
#[expect(dead_code, reason = "one of three targets")]
mod bodies;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| bodies::importer(bytes));

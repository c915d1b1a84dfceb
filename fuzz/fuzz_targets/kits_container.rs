//! Any bytes are a container that runs in the memory it asks for, or an error.
#![no_main]

#[path = "../../crates/kits-hal/tests/fuzz/bodies.rs"]
#[expect(dead_code, reason = "one of three targets")]
mod bodies;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| bodies::container(bytes));

//! Any bytes are an npz archive or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = tinytorch_core::io::npz::from_bytes(bytes);
});

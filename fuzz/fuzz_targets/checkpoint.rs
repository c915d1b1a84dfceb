//! Any bytes are a checkpoint or an error; what was read is written and read back unchanged.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tinytorch_core::train::Checkpoint;

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = Checkpoint::from_bytes(bytes) else { return };
    let back = Checkpoint::from_bytes(&file.to_bytes()).expect("what was written is read");
    assert_eq!((&back.rngs, &back.counters), (&file.rngs, &file.counters));
    assert_eq!(back.to_bytes(), file.to_bytes());
});

//! Any bytes are a safetensors file or an error; what was read is written and read back unchanged.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tinytorch_core::io::safetensors::SafeTensors;

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = SafeTensors::from_bytes(bytes) else { return };
    let back = SafeTensors::from_bytes(&file.to_bytes()).expect("what was written is read");
    assert_eq!(back.metadata, file.metadata);
    assert_eq!(back.to_bytes(), file.to_bytes());
});

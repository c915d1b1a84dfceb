//! Any bytes are an npy file or an error; what was read is written and read back with the same shape and type.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tinytorch_core::io::npy;

fuzz_target!(|bytes: &[u8]| {
    let Ok(array) = npy::from_bytes(bytes) else { return };
    if let Ok(written) = npy::to_bytes(&array) {
        let back = npy::from_bytes(&written).expect("what was written is read");
        assert_eq!((back.dims(), back.dtype()), (array.dims(), array.dtype()));
    }
});

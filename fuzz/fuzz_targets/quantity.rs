//! Any text is a finite quantity or an error; what it is written as measures the same thing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mlsysim::units::parse;

fuzz_target!(|text: &str| {
    let Ok(quantity) = parse(text) else { return };
    assert!(quantity.value.is_finite());
    if let Ok(back) = parse(&quantity.to_string()) {
        assert_eq!(back.dimension, quantity.dimension);
    }
});

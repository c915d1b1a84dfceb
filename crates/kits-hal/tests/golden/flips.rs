//! Containers of real models with one byte changed: an error, or a run that stays in its memory.

use core::panic::AssertUnwindSafe;
use std::{panic::catch_unwind, path::Path};

use kits_hal::{
    Check, Model, Session,
    convert::{Options, import},
};

use crate::report::Report;

/// Small models, so that every byte can be tried: dense, convolutional, recurrent.
const MODELS: [&str; 3] = [
    "models/hello_world_int8.tflite",
    "models/mnist_valid_int8.tflite",
    "extra/models/mnist_lstm_int8.tflite",
];

/// A damaged shape may ask for more than it is sensible to run.
const MOST_BYTES: usize = 1 << 20;
const MOST_MACS: u64 = 400_000;

pub(crate) fn run(dir: &Path, report: &mut Report) {
    for path in MODELS {
        if !report.wants("flips") {
            return;
        }
        let Ok(file) = std::fs::read(dir.join(path)) else { continue };
        let outcome = match import(&file, &Options::default()) {
            Ok(converted) => every_flip(&converted.kit),
            Err(e) => Err(e.to_string()),
        };
        report.case("flips", path, outcome);
    }
}

fn every_flip(kit: &[u8]) -> Result<(), String> {
    let mut kit = kit.to_vec();
    for at in 0..kit.len() {
        for mask in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff] {
            kit[at] ^= mask;
            let outcome = catch_unwind(AssertUnwindSafe(|| load(&kit)));
            kit[at] ^= mask;
            let place = |what: &str| format!("byte {at} ^ {mask:#04x}: {what}");
            match outcome {
                Err(_) => return Err(place("panicked")),
                Ok(Err(e)) => return Err(place(&e)),
                Ok(Ok(())) => {}
            }
        }
    }
    Ok(())
}

/// The checksum must notice; without it, what passes the check must run.
fn load(kit: &[u8]) -> Result<(), String> {
    if Model::parse(kit, Check::Full).is_ok() {
        return Err("the checksum did not notice".to_owned());
    }
    let Ok(model) = Model::parse(kit, Check::Header) else { return Ok(()) };
    if model.arena_len() > MOST_BYTES || model.macs() > MOST_MACS {
        return Ok(());
    }
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(&model, &mut arena).map_err(|e| e.to_string())?;
    session.run().map_err(|e| e.to_string())
}

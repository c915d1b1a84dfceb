//! A keyword in one second of sound: samples, features, network, answer.
//!
//! `cargo run -p kits-hal --example keyword -- micro_speech.kit yes.pcm`
//!
//! The model is the micro_speech example of TensorFlow Lite Micro as a `.kit` (or its `.tflite`); the sound is 16 kHz,
//! mono, 16-bit little endian. Both are other people's, so they are not in this repository: without arguments they are
//! taken from the folder in `KITS_DATA_DIR`, and without that the example says so and ends.

#![expect(clippy::print_stdout, reason = "an example reports on standard output")]

use std::path::PathBuf;

use kits_hal::convert::{Options, import};

/// The classes of the model, in its order.
const CLASSES: [&str; 4] = ["silence", "unknown", "yes", "no"];

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (model, clip) = match (arguments.as_slice(), std::env::var_os("KITS_DATA_DIR")) {
        ([model, clip], _) => (model.clone(), clip.clone()),
        ([], Some(dir)) => {
            let dir = PathBuf::from(dir);
            (dir.join("models/micro_speech_int8.tflite"), dir.join("dsp/yes.pcm"))
        }
        ([], None) => {
            println!("skipped: give a model and a clip, or set KITS_DATA_DIR");
            return Ok(());
        }
        _ => return Err("give two files: a model (.kit or .tflite) and a clip (.pcm)".into()),
    };
    let mut kit = std::fs::read(&model).map_err(|e| format!("{}: {e}", model.display()))?;
    if !kit.starts_with(b"KITM") {
        kit = import(&kit, &Options::default())?.kit;
    }
    let bytes = std::fs::read(&clip).map_err(|e| format!("{}: {e}", clip.display()))?;
    let clip: Vec<i16> = bytes.as_chunks().0.iter().map(|b| i16::from_le_bytes(*b)).collect();
    let (class, score) = spot(&kit, &clip)?;
    println!("{}: {score} of 256", CLASSES.get(class).unwrap_or(&"a class without a name"));
    Ok(())
}

// ANCHOR: spot
use kits_hal::dsp::MicroFront;
use kits_hal::post::{Ranked, top_k};
use kits_hal::{Check, Model, Session};

fn spot(kit: &[u8], clip: &[i16]) -> Result<(usize, u16), Box<dyn core::error::Error>> {
    let model = Model::parse(kit, Check::Full)?;
    let mut arena = [0; 6_000];
    let mut session = Session::new(&model, &mut arena)?;
    let (mut front, mut scratch) = (MicroFront::new(), [0; MicroFront::SCRATCH]);
    let rows = session.input(0)?.as_chunks_mut().0.iter_mut();
    for (row, frame) in rows.zip(clip.windows(480).step_by(320)) {
        front.features(frame.try_into()?, &mut scratch, row);
    }
    session.run()?;
    let mut best = [Ranked::default()];
    top_k(session.output(0)?, &mut best);
    Ok((best[0].class.into(), best[0].score))
}
// ANCHOR_END: spot

//! Takes model, clip and the features to expect from the folder in `KITS_DATA_DIR`; without it the image only says so.
//!
//! The model is the keyword spotting reference of MLPerf Tiny; the clip is a recorded "yes" of one second at 16 kHz.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use kits_hal::convert::{Options, import};

/// Features of a clip.
const FEATURES: usize = 490;

fn main() -> std::process::ExitCode {
    image_build::program(|_, out| {
        println!("cargo::rerun-if-env-changed=KITS_DATA_DIR");
        let mut text = match std::env::var_os("KITS_DATA_DIR") {
            Some(dir) => given(Path::new(&dir), out)?,
            None => String::from("static GIVEN: Option<Given> = None;\n"),
        };
        text.insert_str(0, "// Written by the build script.\n");
        fs::write(out.join("given.rs"), text).map_err(|e| format!("given.rs: {e}"))
    })
}

fn given(dir: &Path, out: &Path) -> Result<String, String> {
    println!("cargo::rerun-if-changed={}", dir.display());
    let read = |name: &str| {
        let path = dir.join(name);
        fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))
    };
    let options = Options { strip_names: true, ..Options::default() };
    let kit = import(&read("models/kws_ref_int8.tflite")?, &options)
        .map_err(|e| format!("kws_ref_int8.tflite: {e}"))?
        .kit;
    fs::write(out.join("kws.kit"), &kit).map_err(|e| format!("kws.kit: {e}"))?;
    let real = read("vectors/kws_ref_int8.real.bin")?;
    // "yes" is the first of the real inputs.
    let features = real.get(..FEATURES).ok_or("the features are too short")?;
    fs::write(out.join("features.bin"), features).map_err(|e| format!("features.bin: {e}"))?;
    let clip = read("dsp/yes.pcm")?;
    let mut samples = String::new();
    let (pairs, _) = clip.as_chunks::<2>();
    for pair in pairs {
        let _ = write!(samples, "{},", i16::from_le_bytes(*pair));
    }
    Ok(format!(
        "static CLIP: [i16; {}] = [{samples}];\n\n\
         static GIVEN: Option<Given> = Some(Given {{\n\
         kit: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/kws.kit\")),\n\
         clip: &CLIP,\n\
         features: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/features.bin\")),\n}});\n",
        pairs.len()
    ))
}

//! Makes the sample from a `.tflite` file, or checks what an image printed against it.
//!
//! ```text
//! cargo run --release -p sample -- make FOLDER     FOLDER holds mlp.tflite, mlp.in and mlp.out
//! cargo run --release -p sample -- check < TEXT    TEXT is what the image printed
//! ```

use core::error::Error;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use kits_hal::convert::{Options, import};
use sample::{Sample, printed_outputs, read};

const USAGE: &str = "usage: sample make FOLDER | sample check < TEXT";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", folder] => make(Path::new(folder)),
        ["check"] => check(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("sample: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Converts the model, runs it on the host, and writes the sample if the outputs are those of its maker.
fn make(folder: &Path) -> Result<String, Box<dyn Error>> {
    let [model, inputs, outputs] =
        ["mlp.tflite", "mlp.in", "mlp.out"].map(|name| read(&folder.join(name)));
    let converted = import(&model?, &Options::default())?;
    let sample = Sample { kit: converted.kit, inputs: inputs?, outputs: outputs? };
    let got = sample.run()?;
    compare(&got, &sample.outputs, "the runtime on the host", "the maker of the model")?;
    sample.commit()?;
    Ok(format!("{}\nsample: {} output bytes agree", converted.report, got.len()))
}

/// Compares standard input with the sample.
fn check() -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let got = printed_outputs(&text)?;
    compare(&got, &Sample::committed()?.outputs, "the image", "the sample")?;
    Ok(format!("sample: {} output bytes agree", got.len()))
}

fn compare(got: &[u8], expected: &[u8], of: &str, with: &str) -> Result<(), Box<dyn Error>> {
    if got == expected {
        return Ok(());
    }
    let at = got
        .iter()
        .zip(expected)
        .position(|(a, b)| a != b)
        .unwrap_or_else(|| got.len().min(expected.len()));
    let show = |bytes: &[u8]| {
        bytes.get(at).map_or_else(|| String::from("nothing"), |b| b.cast_signed().to_string())
    };
    Err(format!(
        "outputs differ from byte {at} on: {of} gives {}, {with} gives {}",
        show(got),
        show(expected)
    )
    .into())
}

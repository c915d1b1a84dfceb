//! The sample as a host sees it: the files, and what an image prints about them.

use core::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use kits_hal::{Check, Model, Session};

/// Model, inputs and expected outputs, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The `.kit` container.
    pub kit: Vec<u8>,
    /// Inputs, int8, one after the other.
    pub inputs: Vec<u8>,
    /// Outputs, int8, in the same order.
    pub outputs: Vec<u8>,
}

impl Sample {
    /// Returns the sample of this folder.
    ///
    /// # Errors
    ///
    /// If a file cannot be read; the text names it.
    pub fn committed() -> Result<Self, Box<dyn Error>> {
        let [kit, inputs, outputs] = paths().map(|path| read(&path));
        Ok(Self { kit: kit?, inputs: inputs?, outputs: outputs? })
    }

    /// Writes the three files of this folder.
    ///
    /// # Errors
    ///
    /// If a file cannot be written; the text names it.
    pub fn commit(&self) -> Result<(), Box<dyn Error>> {
        for (path, bytes) in paths().iter().zip([&self.kit, &self.inputs, &self.outputs]) {
            fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display()))?;
        }
        Ok(())
    }

    /// Runs all inputs on the host and returns the outputs.
    ///
    /// # Errors
    ///
    /// If the container is refused or the inputs are not whole.
    pub fn run(&self) -> Result<Vec<u8>, Box<dyn Error>> {
        let model = Model::parse(&self.kit, Check::Full)?;
        let mut arena = vec![0; model.arena_len()];
        let mut session = Session::new(&model, &mut arena)?;
        let samples = self.inputs.chunks_exact(model.memory().input.max(1));
        if samples.len() == 0 || !samples.remainder().is_empty() {
            return Err(format!(
                "{} bytes are not whole inputs of {}",
                self.inputs.len(),
                model.memory().input
            )
            .into());
        }
        let mut outputs = Vec::new();
        for sample in samples {
            for (to, from) in session.input::<i8>(0)?.iter_mut().zip(sample) {
                *to = from.cast_signed();
            }
            session.run()?;
            outputs.extend(session.output::<i8>(0)?.iter().map(|y| y.cast_unsigned()));
        }
        Ok(outputs)
    }
}

/// Reads a file.
///
/// # Errors
///
/// If it cannot be read; the text names it.
pub fn read(path: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?)
}

fn paths() -> [PathBuf; 3] {
    ["digits.kit", "digits.inputs.bin", "digits.outputs.bin"]
        .map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join(name))
}

/// Returns the outputs in the text that an image printed, joined.
///
/// # Errors
///
/// If the text does not end with `done ok`, or an output is not hexadecimal.
pub fn printed_outputs(text: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let last = text.lines().last().unwrap_or_default();
    if last != "done ok" {
        let problem = text.lines().find(|line| line.starts_with("error ")).unwrap_or(last);
        return Err(format!("the image did not end with `done ok`: {problem}").into());
    }
    let mut outputs = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("result ")) {
        let hex =
            line.split(' ').find_map(|field| field.strip_prefix("outputs=")).unwrap_or_default();
        if hex.is_empty() || hex.len() % 2 != 0 || !hex.is_ascii() {
            return Err(format!("no outputs in `{line}`").into());
        }
        for at in (0..hex.len()).step_by(2) {
            outputs.push(
                u8::from_str_radix(&hex[at..at + 2], 16).map_err(|e| format!("`{line}`: {e}"))?,
            );
        }
    }
    Ok(outputs)
}

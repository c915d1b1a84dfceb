//! A model given on the command line: `.tflite` or `.kit`, told apart by their first bytes.

use std::path::Path;

use anyhow::Result;
use kits_hal::convert::{Options, Report, import};
use kits_hal::{Check, Model};

use super::Usage;

/// A checked model, and how it was converted if it came as `.tflite`.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The name of the file without its ending.
    pub(crate) name: String,
    /// The container.
    pub(crate) kit: Vec<u8>,
    /// The report of the conversion; `None` for a file that already was a container.
    pub(crate) report: Option<Report>,
}

impl Loaded {
    /// Reads, converts if needed, and checks the model at `path`.
    ///
    /// # Errors
    ///
    /// [`Usage`] if there is no such file, or it is neither a model that can be converted nor an undamaged container.
    pub(crate) fn read(operation: &str, path: &Path, options: &Options) -> Result<Self> {
        let shown = path.display();
        let bytes = std::fs::read(path).map_err(|error| {
            Usage::because(format!(
                "{operation}: cannot read {shown}: {error}: give a .tflite or .kit file"
            ))
        })?;
        let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        if bytes.starts_with(b"KITM") {
            Model::parse(&bytes, Check::Full).map_err(|error| {
                Usage::because(format!(
                    "{operation}: {shown} ({} B): {error}: convert it again from its .tflite file",
                    bytes.len()
                ))
            })?;
            return Ok(Self { name, kit: bytes, report: None });
        }
        let converted = import(&bytes, options).map_err(|errors| {
            Usage::because(format!(
                "{operation}: {shown} ({} B): {errors}\nremedy: export an int8 model of the operators that the README of kits-hal lists",
                bytes.len()
            ))
        })?;
        Ok(Self { name, kit: converted.kit, report: Some(converted.report) })
    }

    /// Returns a view of the container.
    ///
    /// # Errors
    ///
    /// None in practice: the container was checked when it was read.
    pub(crate) fn model(&self) -> Result<Model<'_>> {
        Ok(Model::parse(&self.kit, Check::Header)?)
    }
}

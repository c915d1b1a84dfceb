//! Callbacks that write one line for each epoch, for plots and spreadsheets.

use core::{fmt, ops::ControlFlow};
use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::callback::{Callback, EpochEnd};
use crate::{Error, Result};

/// Names of the columns.
const COLUMNS: [&str; 7] =
    ["epoch", "loss", "accuracy", "samples", "steps", "validation_loss", "validation_accuracy"];

/// What a log writes of an epoch; nothing for what was not measured.
fn row(end: &EpochEnd<'_>) -> [Option<String>; 7] {
    // A shortest decimal that reads back as the same number; NaN and infinities have no place in JSON.
    let float = |x: f64| x.is_finite().then(|| x.to_string());
    let (stats, held_out) = (end.stats, end.validation);
    [
        Some(stats.epoch.to_string()),
        float(stats.loss),
        stats.accuracy.and_then(float),
        Some(stats.samples.to_string()),
        Some(stats.steps.to_string()),
        held_out.map(|v| v.loss).and_then(float),
        held_out.and_then(|v| v.accuracy).and_then(float),
    ]
}

/// Where lines go; each is flushed, so that a crash loses none.
struct Lines {
    out: Box<dyn Write + Send>,
    path: PathBuf,
}

impl Lines {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|e| Error::io("create", path, e))?;
        Ok(Self { out: Box::new(file), path: path.to_owned() })
    }

    fn put(&mut self, line: &str) -> Result<()> {
        let written: io::Result<()> = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
        written.map_err(|e| Error::io("write", &self.path, e))
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

/// Writes comma-separated values: a line of names, then a line for each epoch.
///
/// A field is empty if it was not measured or is not finite.
#[derive(Debug)]
pub struct CsvLog {
    lines: Lines,
    started: bool,
}

impl CsvLog {
    /// Returns a log in a new file, which replaces one of that name.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be made.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self { lines: Lines::create(path.as_ref())?, started: false })
    }

    /// Returns a log on `out`, called `name` in errors.
    #[must_use]
    pub fn new(name: &str, out: Box<dyn Write + Send>) -> Self {
        Self { lines: Lines { out, path: name.into() }, started: false }
    }
}

impl Callback for CsvLog {
    fn on_epoch_end(&mut self, end: &EpochEnd<'_>) -> Result<ControlFlow<()>> {
        if !self.started {
            self.lines.put(&COLUMNS.join(","))?;
            self.started = true;
        }
        self.lines.put(&row(end).map(Option::unwrap_or_default).join(","))?;
        Ok(ControlFlow::Continue(()))
    }
}

/// Writes one JSON object for each epoch, each on a line of its own.
///
/// A value is `null` if it was not measured or is not finite.
#[derive(Debug)]
pub struct JsonLog(Lines);

impl JsonLog {
    /// Returns a log in a new file, which replaces one of that name.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be made.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        Lines::create(path.as_ref()).map(Self)
    }

    /// Returns a log on `out`, called `name` in errors.
    #[must_use]
    pub fn new(name: &str, out: Box<dyn Write + Send>) -> Self {
        Self(Lines { out, path: name.into() })
    }
}

impl Callback for JsonLog {
    fn on_epoch_end(&mut self, end: &EpochEnd<'_>) -> Result<ControlFlow<()>> {
        let fields = COLUMNS.iter().zip(row(end));
        let fields = fields
            .map(|(name, value)| format!("\"{name}\":{}", value.as_deref().unwrap_or("null")))
            .collect::<Vec<_>>();
        self.0.put(&format!("{{{}}}", fields.join(",")))?;
        Ok(ControlFlow::Continue(()))
    }
}

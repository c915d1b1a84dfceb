//! Everything a price may know besides the row.

use crate::args::Args;
use crate::inputs::Inputs;
use mlsysim::machine::{Calibration, Label, Machine, Prediction};
use mlsysim::registry::Registry;

/// Records of machines and models, and the calibration.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) registry: Registry,
    pub(crate) calibration: Calibration,
}

impl World {
    /// The shipped records with the calibration that the command line asks for.
    pub(crate) fn new(args: &Args) -> Result<Self, String> {
        let calibration = match &args.calibration {
            None => Calibration::shipped(),
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
                Calibration::read(&file.display().to_string(), &text)
                    .map_err(|error| error.to_string())?
            }
        };
        Ok(Self { registry: Registry::shipped(), calibration })
    }

    /// The machine that a row names.
    pub(crate) fn machine(&self, inputs: &Inputs) -> Result<Machine<'_>, String> {
        let hardware =
            self.registry.hardware(inputs.text("hardware")).map_err(|error| error.to_string())?;
        Machine::new(hardware, &self.calibration).map_err(|error| error.to_string())
    }

    /// A value with the interval of its task.
    pub(crate) fn predict(&self, task: &'static str, label: Label, value: f64) -> Prediction {
        self.calibration.predict(task, label, value)
    }
}

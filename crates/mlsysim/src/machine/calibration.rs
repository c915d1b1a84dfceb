//! The fitted constants, by family of chips and by task.

use super::{Label, Prediction};
use crate::error::{Error, Result};
use crate::near::nearest;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The six constants of a family of chips.
///
/// Everything else about a machine is in its data sheet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Generation {
    /// Share of the peak rate that the inner loop of a large matrix product sustains.
    pub gemm_efficiency: f64,
    /// Fixed time of one kernel between its launch and its end, s.
    pub kernel_time: f64,
    /// Share of the stated bandwidth of the link between accelerators that large messages reach.
    pub link_efficiency: f64,
    /// Share of the memory bandwidth that streams sustain.
    pub memory_efficiency: f64,
    /// Time of one decoding step that neither bytes nor operations explain, s.
    pub step_time: f64,
    /// Share of the rated power drawn by a machine that is busy with memory traffic.
    pub power_share: f64,
}

impl Generation {
    /// The names of the constants, in the order of the file.
    pub const FIELDS: [&'static str; 6] = [
        "gemm_efficiency",
        "kernel_time",
        "link_efficiency",
        "memory_efficiency",
        "step_time",
        "power_share",
    ];

    pub(super) fn field(&mut self, name: &str) -> Option<&mut f64> {
        Some(match name {
            "gemm_efficiency" => &mut self.gemm_efficiency,
            "kernel_time" => &mut self.kernel_time,
            "link_efficiency" => &mut self.link_efficiency,
            "memory_efficiency" => &mut self.memory_efficiency,
            "step_time" => &mut self.step_time,
            "power_share" => &mut self.power_share,
            _ => return None,
        })
    }
}

/// How far a task's measurements lie from its predictions: 80 % quantiles of the absolute logarithmic error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// For machines of a calibrated family.
    pub calibrated: f64,
    /// For machines known by their data sheet.
    pub spec: f64,
}

/// Every constant that no data sheet states.
///
/// Constants have paths: `hopper.kernel_time` for a family of chips, `gemm.overlap` for a task.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Calibration {
    pub(super) generations: BTreeMap<String, Generation>,
    pub(super) tasks: BTreeMap<String, BTreeMap<String, f64>>,
    pub(super) spreads: BTreeMap<String, Spread>,
}

impl Calibration {
    /// The name of the family that stands for every machine without one of its own.
    pub const SPEC: &'static str = "spec";

    /// The constants of a family of chips; those of [`Calibration::SPEC`] if it was not calibrated.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntry`] if neither is there.
    pub fn generation(&self, architecture: Option<&str>) -> Result<(Generation, Label)> {
        let own = architecture.filter(|name| *name != Self::SPEC);
        if let Some(generation) = own.and_then(|name| self.generations.get(name)) {
            return Ok((*generation, Label::Calibrated));
        }
        match self.generations.get(Self::SPEC) {
            Some(generation) => Ok((*generation, Label::Spec)),
            None => Err(self.unknown("calibration", architecture.unwrap_or(Self::SPEC))),
        }
    }

    /// The names of the calibrated families, and the one that stands for the others.
    pub fn generations(&self) -> impl Iterator<Item = &str> {
        self.generations.keys().map(String::as_str)
    }

    /// A constant of a task.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntry`] if the file has none of that name.
    pub fn constant(&self, task: &str, name: &str) -> Result<f64> {
        let found = self.tasks.get(task).and_then(|constants| constants.get(name));
        found
            .copied()
            .ok_or_else(|| self.unknown("calibration constant", &format!("{task}.{name}")))
    }

    /// The constant at a path.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntry`] with the nearest paths.
    pub fn get(&self, path: &str) -> Result<f64> {
        let found = path.split_once('.').and_then(|(section, name)| {
            let mut generation = self.generations.get(section).copied();
            match &mut generation {
                Some(generation) => generation.field(name).map(|value| *value),
                None => self.tasks.get(section)?.get(name).copied(),
            }
        });
        found.ok_or_else(|| self.unknown("calibration constant", path))
    }

    /// Changes the constant at a path.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEntry`] with the nearest paths; a fit changes constants and adds none.
    pub fn set(&mut self, path: &str, value: f64) -> Result<()> {
        let place = path.split_once('.').and_then(|(section, name)| {
            match self.generations.get_mut(section) {
                Some(generation) => generation.field(name),
                None => self.tasks.get_mut(section)?.get_mut(name),
            }
        });
        match place {
            Some(place) => {
                *place = value;
                Ok(())
            }
            None => Err(self.unknown("calibration constant", path)),
        }
    }

    /// The paths of all constants.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        let of_families = self
            .generations
            .keys()
            .flat_map(|family| Generation::FIELDS.map(|name| format!("{family}.{name}")));
        let of_tasks = self.tasks.iter().flat_map(|(task, constants)| {
            constants.keys().map(move |name| format!("{task}.{name}"))
        });
        of_families.chain(of_tasks).collect()
    }

    /// The spread of a task; without one, a factor of two.
    #[must_use]
    pub fn spread(&self, task: &str) -> Spread {
        let unknown = Spread { calibrated: core::f64::consts::LN_2, spec: core::f64::consts::LN_2 };
        self.spreads.get(task).copied().unwrap_or(unknown)
    }

    /// Changes or adds the spread of a task.
    pub fn set_spread(&mut self, task: &str, spread: Spread) {
        self.spreads.insert(task.into(), spread);
    }

    /// A value with the interval of its task.
    #[must_use]
    pub fn predict(&self, task: &'static str, label: Label, value: f64) -> Prediction {
        let spread = self.spread(task);
        let spread = match label {
            Label::Calibrated => spread.calibrated,
            Label::Spec => spread.spec,
            Label::Exact => 0.0,
        };
        Prediction::new(task, value, spread, label)
    }

    fn unknown(&self, what: &'static str, name: &str) -> Error {
        let paths = self.paths();
        Error::UnknownEntry {
            what,
            name: name.into(),
            near: nearest(name, paths.iter().map(String::as_str)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    fn small() -> Calibration {
        let ones = Generation {
            gemm_efficiency: 0.5,
            kernel_time: 1e-6,
            link_efficiency: 0.5,
            memory_efficiency: 0.5,
            step_time: 1e-4,
            power_share: 0.5,
        };
        let mut calibration = Calibration::default();
        calibration.generations.insert("spec".into(), ones);
        calibration
            .generations
            .insert("hopper".into(), Generation { gemm_efficiency: 0.8, ..ones });
        calibration.tasks.insert("gemm".into(), BTreeMap::from([("overlap".into(), 0.1)]));
        calibration
    }

    #[test]
    fn unknown_families_stand_on_their_data_sheet() {
        let calibration = small();
        let (own, label) = calibration.generation(Some("hopper")).expect("known");
        assert_eq!((own.gemm_efficiency.to_bits(), label), (0.8_f64.to_bits(), Label::Calibrated));
        for other in [Some("rubin"), None, Some("spec")] {
            assert_eq!(calibration.generation(other).expect("spec").1, Label::Spec);
        }
    }

    #[test]
    fn paths_lead_to_constants_and_back() {
        let mut calibration = small();
        for path in calibration.paths() {
            calibration.set(&path, 7.0).expect("a path it named");
            assert_eq!(calibration.get(&path).expect("set").to_bits(), 7.0_f64.to_bits());
        }
        let error = calibration.set("hopper.kernel_tim", 1.0).expect_err("no such constant");
        assert!(error.to_string().contains("hopper.kernel_time"), "{error}");
        assert!(calibration.get("gemm").is_err() && calibration.get("gemm.x").is_err());
    }
}

//! One step of a named model on a named machine, for the commands that compare or explain such steps.

use clap::Args as ClapArgs;
use mlsysim::composite::Settings;
use mlsysim::composite::single_node::Profile;
use mlsysim::registry::{Hardware, Inference, Model};
use mlsysim::trace::Trace;
use mlsysim::{Convention, Precision};
use std::path::PathBuf;

/// How a step runs, whatever the machine and the model.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct StepArgs {
    /// Number format: fp32, tf32, bf16, fp16, fp8, int8, fp6, fp4, int4 [default: the machine's own]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) precision: Option<Precision>,
    /// Items in one step: sequences, images, inputs [count]
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) batch: u32,
    /// Tokens that each sequence of a language model has so far [count]
    #[arg(long, value_name = "COUNT", default_value_t = 2048)]
    pub(crate) context: u32,
    /// Share of the peak that the code reaches, 0 to 1 [default: the machine's record, else 0.5]
    #[arg(long, value_name = "SHARE")]
    pub(crate) efficiency: Option<f64>,
    /// A TOML file with machines and models of your own
    #[arg(long, value_name = "FILE")]
    pub(crate) records: Vec<PathBuf>,
}

/// A step that has been priced.
pub(crate) struct Step {
    /// `H100 running Llama 3 8B`.
    pub(crate) label: String,
    pub(crate) precision: Precision,
    pub(crate) profile: Profile,
    /// Whether all the memory that the model needs is known.
    pub(crate) complete: bool,
    pub(crate) trace: Trace,
}

impl StepArgs {
    /// Prices one step of `model` on `machine`.
    pub(crate) fn price(
        &self,
        machine: &Hardware,
        model: &Model,
        convention: Convention,
    ) -> Result<Step, String> {
        let say = |error: mlsysim::Error| error.to_string();
        let precision = self.precision.or(machine.native).unwrap_or(Precision::Fp16);
        let mut trace = Trace::new();
        model.announce(&mut trace);
        let step = Inference { batch: self.batch, context: self.context };
        let work = model.inference(&step, precision, convention, &mut trace).map_err(say)?;
        let own = machine.settings(precision);
        let settings = Settings { efficiency: self.efficiency.unwrap_or(own.efficiency), ..own };
        let (profile, trace) =
            machine.continue_trace(&work, precision, &settings, convention, trace).map_err(say)?;
        let batch = if self.batch == 1 { String::new() } else { format!(", batch {}", self.batch) };
        Ok(Step {
            label: format!("{}{batch} on {}, {precision}", model.name, machine.name),
            precision,
            profile,
            complete: model.knows_working_bytes(),
            trace,
        })
    }
}

/// What limits a step.
pub(crate) fn regime(profile: &Profile) -> &'static str {
    if !profile.feasible() {
        "capacity"
    } else if profile.overhead_dominated {
        "fixed time"
    } else if profile.memory_time >= profile.compute_time {
        "memory bandwidth"
    } else {
        "compute"
    }
}

/// The numbers of a step that comparisons show, by name.
pub(crate) fn numbers(profile: &Profile) -> Vec<(&'static str, mlsysim::units::Quantity)> {
    use mlsysim::units::Quantity;
    let mut numbers: Vec<(&'static str, Quantity)> = vec![
        ("time", profile.time.into()),
        ("compute_time", profile.compute_time.into()),
        ("memory_time", profile.memory_time.into()),
        ("overhead", profile.overhead.into()),
        ("throughput", profile.throughput.into()),
        ("arithmetic_intensity", profile.arithmetic_intensity.into()),
        ("ridge_point", profile.ridge_point.into()),
        ("sustained_peak", profile.sustained_peak.into()),
        ("effective_bandwidth", profile.effective_bandwidth.into()),
        ("mfu", Quantity::number(profile.mfu)),
        ("memory_need", profile.memory.need.into()),
        ("memory_has", profile.memory.have.into()),
    ];
    if let Some(energy) = profile.energy {
        numbers.push(("energy", energy.into()));
    }
    numbers
}

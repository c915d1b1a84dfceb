//! How long a model trains on a fleet, overhead by overhead.

use crate::composite::training_run::{RunIn, RunOut, RunTime};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::formulas::transformer;
use crate::precision::Precision;
use crate::ranges::Range;
use crate::registry::{Fleet, Model};
use crate::trace::Recorder;
use crate::units::{Flop, Quantity, Seconds, Tokens};
use crate::walls::solve_traced;
use alloc::string::String;
use alloc::vec::Vec;

/// A training run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Tokens to train on.
    pub tokens: Tokens,
    /// Number format of the arithmetic.
    pub precision: Precision,
    /// Share of the peak that one accelerator reaches on its own.
    pub local_efficiency: f64,
    /// Share of that which all reach together.
    pub scaling_efficiency: f64,
    /// What lengthens the run, as a share of the time so far, in order: a name and at least 0.
    pub overheads: Vec<(String, f64)>,
}

/// The time of a training run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TrainingRun {
    /// Operations of the run.
    pub ops: Flop,
    /// The times from peak to total.
    pub times: RunOut,
    /// The time after each overhead.
    pub stages: Vec<(String, Seconds)>,
}

/// Resolves a training run.
///
/// `F = 6 × N × D`; for mixtures of experts `N` counts the weights a token uses, and under
/// [`Convention::Upstream030`] all of them.
///
/// # Errors
///
/// - [`Error::ModelIncomplete`] if the model's parameters are not recorded.
/// - [`Error::OutOfRange`] for a negative overhead.
/// - As [`crate::registry::Hardware::rate`] and [`crate::walls::solve`].
pub fn training_run<R: Recorder>(
    model: &Model,
    fleet: &Fleet,
    run: &Run,
    convention: Convention,
    trace: &mut R,
) -> Result<TrainingRun> {
    let all = model.parameters.ok_or_else(|| Error::ModelIncomplete {
        model: model.name.clone(),
        what: "the number of parameters",
        remedy: "give parameters",
    })?;
    let parameters = match convention {
        Convention::Reference => model.active_parameters.unwrap_or(all),
        Convention::Upstream030 => all,
    };
    let ops = transformer::training_ops(parameters, run.tokens)?;
    let mut stretch = 1.0;
    for (_, share) in &run.overheads {
        if !Range::NOT_NEGATIVE.contains(*share) {
            return Err(Error::OutOfRange {
                op: "training_run.time",
                name: "overhead",
                range: Range::NOT_NEGATIVE,
                got: Quantity::from(*share),
            });
        }
        stretch *= 1.0 + share;
    }
    let x = RunIn {
        ops,
        devices: fleet.accelerators(),
        peak: fleet.node.accelerator.rate(run.precision, convention)?.0,
        local_efficiency: run.local_efficiency,
        scaling_efficiency: run.scaling_efficiency,
        stretch,
    };
    let times = solve_traced::<RunTime, R>(&x, convention, trace)?;
    let mut time = times.scaled_time;
    let mut stages = Vec::new();
    for (name, share) in &run.overheads {
        time = time * (1.0 + share);
        stages.push((name.clone(), time));
    }
    Ok(TrainingRun { ops, times, stages })
}

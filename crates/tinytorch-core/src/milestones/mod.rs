//! Whole experiments of the history of learning machines, as library calls with numbers for answers.
//!
//! [`run`] repeats one experiment from a seed and returns a [`Report`]: what was measured, typed; which [`Gate`]s that
//! passes; and charts of it. Printing is somebody else's work ([`cli`] does it), and so is looking at a clock.
//!
//! | id | experiment | passes when |
//! |---|---|---|
//! | 01 | [`perceptron`], 1958 | weights set by hand separate two clouds, and learned ones too |
//! | 02 | [`xor_crisis`], 1969 | one neuron fails at exclusive or, as it must |
//! | 03a | [`xor_solved`] | a hidden layer succeeds |
//! | 03b | [`mlp`], 1986 | it reads 90 % of the digits |
//! | 04 | [`cnn`], 1998 | it reads 90 % with fewer parameters, and suffers less when images move |
//! | 05 | [`transformer`], 2017 | it reverses and copies words, and cannot without attention or positions |
//! | 06a | [`mlperf`], 2018 | int8, half of the weights or half of the units cost next to nothing |
//! | 06b | [`kv_cache`] | a cache gives the same text at least three times as fast |
//! | 07 | [`language`], 2020 | a GPT learns prose, and goes on from a checkpoint as if nothing had happened |
//!
//! Everything comes from the seed: the same seed gives the same report, to the bit, for any number of threads. The times
//! of 06 are measured and differ; [`Report::without_times`] leaves them out.

pub mod cli;
pub mod cnn;
pub mod digits;
mod gate;
mod id;
pub mod kv_cache;
pub mod language;
pub mod measured;
pub mod mlp;
pub mod mlperf;
pub mod perceptron;
mod plane;
pub mod plot;
mod report;
mod seeds;
mod text;
pub mod transformer;
pub mod xor_crisis;
pub mod xor_solved;

pub use gate::{Gate, Need};
pub use id::{About, Id};
pub use report::{Findings, Picture, Report};
pub use seeds::{GateSummary, Seeds};

use crate::{Result, datasets::ALMANAC, train::Callback};

/// How a milestone is run.
#[derive(Debug, Clone, Copy)]
pub struct Opts {
    /// Where all data, first weights and orders come from.
    pub seed: u64,
    /// Makes everything small enough to finish in a moment: for tests, with the same gates.
    pub quick: bool,
    /// The text that 06b and 07 learn: [`ALMANAC`] unless you give another, of 500 characters
    /// or more.
    pub text: &'static str,
    /// Gives each training run, by its name, somebody to tell about it.
    ///
    /// The default does not listen; `|name| Box::new(ProgressLine::stderr(name))` draws a line on terminals.
    pub progress: fn(&str) -> Box<dyn Callback>,
}

impl Default for Opts {
    /// The full experiment from seed 0, in silence.
    fn default() -> Self {
        Self { seed: 0, quick: false, text: ALMANAC, progress: |_| Box::new(()) }
    }
}

/// Runs a milestone and returns what it found.
///
/// The report has no duration: a caller that measured one puts it into [`Report::seconds`]. No clock is read but in 06,
/// whose subject is time.
///
/// # Errors
///
/// What a callback of [`Opts::progress`] returns; in a course what a student's slot returns; [`Error::InvalidArgument`](crate::Error::InvalidArgument) for a
/// [`text`](Opts::text) that is too short; and [`Error::InvalidArgument`](crate::Error::InvalidArgument) if memory
/// cannot be had. A gate that is not met is no error.
///
/// # Examples
///
/// ```
/// use tinytorch_core::milestones::{self, Id, Opts};
///
/// let report = milestones::run(Id::XorCrisis, &Opts { seed: 1969, quick: true, ..Opts::default() })?;
/// assert!(report.passed()); // one neuron has failed, as it must
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn run(id: Id, opts: &Opts) -> Result<Report> {
    let findings = match id {
        Id::Perceptron => Findings::Perceptron(perceptron::run(opts)?),
        Id::XorCrisis => Findings::XorCrisis(xor_crisis::run(opts)?),
        Id::XorSolved => Findings::XorSolved(xor_solved::run(opts)?),
        Id::Digits => Findings::Digits(mlp::run(opts)?),
        Id::Cnn => Findings::Cnn(cnn::run(opts)?),
        Id::Transformer => Findings::Transformer(Box::new(transformer::run(opts)?)),
        Id::Mlperf => Findings::Mlperf(Box::new(mlperf::run(opts)?)),
        Id::KvCache => Findings::KvCache(Box::new(kv_cache::run(opts)?)),
        Id::Language => Findings::Language(Box::new(language::run(opts)?)),
    };
    Ok(Report::new(id, opts, findings))
}

#[cfg(test)]
mod tests;

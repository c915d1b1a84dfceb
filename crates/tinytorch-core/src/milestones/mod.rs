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
//!
//! Everything comes from the seed: the same seed gives the same report, to the bit, for any number of threads.

pub mod cli;
pub mod cnn;
pub mod digits;
mod gate;
mod id;
pub mod mlp;
pub mod perceptron;
mod plane;
pub mod plot;
mod report;
mod seeds;
pub mod transformer;
pub mod xor_crisis;
pub mod xor_solved;

pub use gate::{Gate, Need};
pub use id::{About, Id};
pub use report::{Findings, Picture, Report};
pub use seeds::{GateSummary, Seeds};

use crate::{Result, train::Callback};

/// How a milestone is run.
#[derive(Debug, Clone, Copy)]
pub struct Opts {
    /// Where all data, first weights and orders come from.
    pub seed: u64,
    /// Makes everything small enough to finish in a moment: for tests, with the same gates.
    pub quick: bool,
    /// Gives each training run, by its name, somebody to tell about it.
    ///
    /// The default does not listen; `|name| Box::new(ProgressLine::stderr(name))` draws a line on terminals.
    pub progress: fn(&str) -> Box<dyn Callback>,
}

impl Default for Opts {
    /// The full experiment from seed 0, in silence.
    fn default() -> Self {
        Self { seed: 0, quick: false, progress: |_| Box::new(()) }
    }
}

/// Runs a milestone and returns what it found.
///
/// The report has no duration: this crate reads no clock here. A caller that measured one puts it into
/// [`Report::seconds`].
///
/// # Errors
///
/// What a callback of [`Opts::progress`] returns, and [`Error::InvalidArgument`](crate::Error::InvalidArgument) if memory
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
    };
    Ok(Report::new(id, opts, findings))
}

#[cfg(test)]
mod tests;

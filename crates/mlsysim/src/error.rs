//! What can go wrong, with the operands and the remedy in the message.

use crate::precision::Precision;
use crate::ranges::Range;
use crate::registry::Problem;
use crate::units::{Dimension, ParseError, Quantity};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// The result of an operation of this crate.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// Why an operation refused its input.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input lies outside the range where the formula means something.
    #[error("{op}: {name} must be {range}, got {got}")]
    OutOfRange {
        /// Identifier of the equation or operation.
        op: &'static str,
        /// Name of the input.
        name: &'static str,
        /// What is allowed.
        range: Range,
        /// What was given.
        got: Quantity,
    },
    /// A result does not fit a 64-bit float, although each input is in range.
    #[error("{op}: {name} came out as {got}: the inputs are too large or too small together")]
    Overflow {
        /// Identifier of the equation or operation.
        op: &'static str,
        /// Name of the output.
        name: &'static str,
        /// What came out.
        got: Quantity,
    },
    /// A quantity measures something else than its place asks for.
    #[error("{op}: {name} must be {}, got {got}{}", family(*expected), measures(got.dimension))]
    DimensionMismatch {
        /// Identifier of the equation or operation.
        op: String,
        /// Name of the input.
        name: String,
        /// What is asked for.
        expected: Dimension,
        /// What was given.
        got: Quantity,
    },
    /// A call by name is not one that the equation answers.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The registry has no such entry.
    #[error("unknown {what} `{name}`{}", did_you_mean(near))]
    UnknownEntry {
        /// `hardware` or `model`.
        what: &'static str,
        /// The name given.
        name: String,
        /// The nearest known ones.
        near: Vec<String>,
    },
    /// No number format has that name.
    #[error("unknown precision `{name}`; one of fp32, tf32, bf16, fp16, fp8, int8, fp6, fp4, int4")]
    UnknownPrecision {
        /// The name given.
        name: String,
    },
    /// The machine's record has no rate for a number format, and no wider one that could stand in.
    #[error(
        "{hardware}: no operation rate for {precision} is known; it has rates for {}",
        list(known)
    )]
    RateMissing {
        /// Name of the machine.
        hardware: String,
        /// The format asked for.
        precision: Precision,
        /// The formats it has rates for.
        known: Vec<&'static str>,
    },
    /// A model's record lacks something a formula needs.
    #[error("{model}: {what} is not recorded; {remedy}")]
    ModelIncomplete {
        /// Name of the model.
        model: String,
        /// What is missing.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A file of records has mistakes.
    #[error("{}", lines(file, problems))]
    Records {
        /// The name of the file.
        file: String,
        /// Every mistake, in the order of the file.
        problems: Vec<Problem>,
    },
    /// Degrees of parallelism do not make up the devices there are.
    #[error("layout: {}", devices_of(*tp, *pp, *cp, *ep, *dp, *devices))]
    LayoutDevices {
        /// Devices that share a layer.
        tp: u32,
        /// Stages.
        pp: u32,
        /// Devices that share a sequence.
        cp: u32,
        /// Devices among which experts are divided.
        ep: u32,
        /// Copies of the whole, if they were given and not computed.
        dp: Option<u32>,
        /// Devices there are.
        devices: u64,
    },
    /// A global batch does not split into whole microbatches.
    #[error(
        "layout: a batch of {batch} sequences does not split over dp {dp} × ep {ep} devices into whole microbatches of {micro_batch}"
    )]
    LayoutBatch {
        /// Sequences in the step.
        batch: u32,
        /// Copies of the whole.
        dp: u32,
        /// Devices among which experts are divided, each with sequences of its own.
        ep: u32,
        /// Sequences of one microbatch.
        micro_batch: u32,
    },
    /// A layout divides a model where it has no seam.
    #[error("layout: {what} {degree} does not fit {limit_of} {limit}; {rule}")]
    LayoutModel {
        /// The degree, for example `tp`.
        what: &'static str,
        /// Its value.
        degree: u32,
        /// What it divides.
        limit_of: &'static str,
        /// How many of them there are.
        limit: u32,
        /// What must hold.
        rule: &'static str,
    },
    /// No layout divides both the devices and the model.
    #[error("layout: none divides {devices} devices, the model and the batch: {why}")]
    LayoutNone {
        /// Devices there are.
        devices: u64,
        /// What stands against the layouts, with how many of them.
        why: String,
    },
    /// The step needs more memory than the machine has, and the caller asked for an error in that case.
    #[error("out of memory: needs {need}, has {have}, short by {short}")]
    OutOfMemory {
        /// What the step needs.
        need: crate::units::Bytes,
        /// What the machine has.
        have: crate::units::Bytes,
        /// The difference.
        short: crate::units::Bytes,
    },
    /// No value of an input gives an output the value wanted, or it cannot be told which one does.
    #[error("{equation}: no {input} gives {output} {target}: {reason}")]
    Inverse {
        /// Identifier of the equation.
        equation: &'static str,
        /// Name of the input looked for.
        input: &'static str,
        /// Name of the output wanted.
        output: &'static str,
        /// Its value.
        target: Quantity,
        /// Why not.
        reason: String,
    },
    /// One row of a table was refused.
    #[error("row {row}: {source}")]
    Row {
        /// Index of the row, from 0.
        row: usize,
        /// Why.
        source: Box<Self>,
    },
    /// A search over designs was asked wrongly or found nothing.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// A pipeline cannot run.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// A text is not the quantity asked for.
    #[error(transparent)]
    Quantity(#[from] ParseError),
}

/// Why a call by name or over columns is not one that an equation answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// There is no equation of that identifier.
    #[error("unknown equation `{id}`{}", did_you_mean(near))]
    UnknownEquation {
        /// The identifier given.
        id: String,
        /// The nearest known ones.
        near: Vec<String>,
    },
    /// The equation has no input of that name.
    #[error("{equation}: unknown input `{name}`; it takes {}", list(known))]
    UnknownInput {
        /// Identifier of the equation.
        equation: &'static str,
        /// The name given.
        name: String,
        /// The names it has.
        known: Vec<&'static str>,
    },
    /// An input was given twice.
    #[error("{equation}: input `{name}` is given twice")]
    RepeatedInput {
        /// Identifier of the equation.
        equation: &'static str,
        /// The name given.
        name: String,
    },
    /// A required input is missing.
    #[error("{equation}: input `{name}` is missing; give {}", family(*dimension))]
    MissingInput {
        /// Identifier of the equation.
        equation: &'static str,
        /// The name missing.
        name: &'static str,
        /// What it measures.
        dimension: Dimension,
    },
    /// Columns of one table differ in length.
    #[error("{equation}: column `{name}` has {got} rows, the first column has {expected}")]
    ColumnLength {
        /// Identifier of the equation.
        equation: &'static str,
        /// Name of the column.
        name: String,
        /// Rows of the first column.
        expected: usize,
        /// Rows of this one.
        got: usize,
    },
}

/// Why a pipeline cannot run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// It has no stage.
    #[error("a pipeline needs at least one stage")]
    Empty,
    /// Stages need what is neither given nor produced before them.
    #[error("{}", missing_ports(missing))]
    Missing {
        /// Each stage and what it lacks.
        missing: Vec<(&'static str, &'static str)>,
    },
    /// The Python package raises at this stage, so that its convention has no answer.
    #[error("stage {stage} raises in the Python package 0.3.0; use the reference convention")]
    Raises {
        /// The stage.
        stage: &'static str,
    },
}

fn missing_ports(missing: &[(&str, &str)]) -> String {
    let lines: Vec<String> = missing
        .iter()
        .map(|(stage, port)| {
            alloc::format!(
                "stage {stage} needs `{port}`: give it, or put a stage before it that produces it"
            )
        })
        .collect();
    lines.join("\n")
}

/// Why a search over designs was refused or found nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The objective cannot be read.
    #[error("`{text}` is no objective; write `minimize(METRIC)` or `maximize(METRIC)`")]
    Objective {
        /// The text given.
        text: String,
    },
    /// A constraint cannot be read.
    #[error("`{text}` is no constraint; write `METRIC < BOUND`, with one of <, <=, >, >=, ==")]
    Constraint {
        /// The text given.
        text: String,
    },
    /// The designs have no such metric.
    #[error("unknown metric `{name}`{}", did_you_mean(near))]
    Metric {
        /// The name given.
        name: String,
        /// The nearest known ones.
        near: Vec<String>,
    },
    /// No design satisfies every constraint.
    #[error(
        "none of {evaluated} designs is left: {infeasible} are infeasible{}",
        refusals(refused)
    )]
    Nothing {
        /// Designs evaluated.
        evaluated: usize,
        /// Designs that cannot exist.
        infeasible: usize,
        /// Each constraint, and how many of the others it refuses.
        refused: Vec<(String, usize)>,
    },
}

fn refusals(refused: &[(String, usize)]) -> String {
    refused.iter().map(|(text, count)| alloc::format!(", `{text}` refuses {count}")).collect()
}

fn devices_of(tp: u32, pp: u32, cp: u32, ep: u32, dp: Option<u32>, devices: u64) -> String {
    let degrees = [tp, pp, cp, ep, dp.unwrap_or(1)];
    let made = degrees.into_iter().try_fold(1_u128, |n, degree| n.checked_mul(degree.into()));
    let made = made.map_or_else(|| "uncountably many".into(), |n| alloc::format!("{n}"));
    match dp {
        Some(dp) => alloc::format!(
            "tp {tp} × pp {pp} × cp {cp} × ep {ep} × dp {dp} makes {made} devices, but there are {devices}"
        ),
        None => alloc::format!(
            "tp {tp} × pp {pp} × cp {cp} × ep {ep} makes {made} devices, which do not divide the {devices} there are"
        ),
    }
}

fn lines(file: &str, problems: &[Problem]) -> String {
    let lines: Vec<String> =
        problems.iter().map(|problem| alloc::format!("{file}:{problem}")).collect();
    lines.join("\n")
}

fn family(dimension: Dimension) -> String {
    match (dimension.family(), dimension.example()) {
        (Some(family), Some(example)) => alloc::format!("{family} (for example `{example}`)"),
        _ => alloc::format!("in {dimension}"),
    }
}

fn measures(dimension: Dimension) -> String {
    dimension.family().map_or_else(String::new, |family| alloc::format!(", which is {family}"))
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

fn did_you_mean(near: &[String]) -> String {
    if near.is_empty() {
        String::new()
    } else {
        alloc::format!("; did you mean {}?", near.join(" or "))
    }
}

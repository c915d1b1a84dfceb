//! Which wall computes which of our equations, and the comparison.

use mlsysim::{Convention, walls};

use super::super::{OracleError, Trace};
use super::{dimension, rows};
use crate::quantity::{Dim, Quantity};

/// Largest relative difference of two computations.
const DRIFT: f64 = 1e-12;

/// Where an input of a wall comes from.
pub(super) enum From {
    /// An input or a step of our equation.
    Node(&'static str),
    /// One over an input or a step: the time between two of what comes at a rate.
    Inverse(&'static str),
    /// A pure number of ours, in their base unit: a share of a whole where they take two times.
    Bare(&'static str),
    /// A constant of the correspondence.
    Number(f64),
}

/// One of our equations and the wall that computes the same.
pub(super) struct Row {
    pub(super) ours: &'static str,
    pub(super) theirs: &'static str,
    /// Their inputs.
    pub(super) inputs: &'static [(&'static str, From)],
    /// Our steps and their outputs. Theirs are never negative, so a negative step of ours is their 0.
    pub(super) outputs: &'static [(&'static str, &'static str)],
}

/// The rows, by group of walls.
fn rows() -> impl Iterator<Item = &'static Row> {
    [rows::node::ROWS, rows::data::ROWS, rows::algorithm::ROWS]
        .into_iter()
        .chain([rows::fleet::ROWS, rows::operations::ROWS, rows::analysis::ROWS])
        .flatten()
}

/// A step of ours with both of its values.
struct Pair {
    node: &'static str,
    ours: f64,
    theirs: f64,
}

impl Pair {
    /// The difference, relative to the larger value.
    fn difference(&self) -> f64 {
        let size = self.ours.abs().max(self.theirs.abs());
        if size > 0.0 { (self.ours - self.theirs).abs() / size } else { 0.0 }
    }
}

/// Returns the wall that computes the same as an equation of ours.
pub(super) fn wall(equation: &str) -> Option<&'static str> {
    rows().find(|row| row.ours == equation).map(|row| row.theirs)
}

/// Compares an evaluation of ours with the wall that computes the same, where there is one.
pub(super) fn compare(trace: &Trace) -> Result<(), OracleError> {
    match pairs(trace)?.into_iter().find(|pair| pair.difference() > DRIFT) {
        None => Ok(()),
        Some(Pair { node, ours, theirs }) => Err(OracleError::Drift {
            equation: trace.equation.clone(),
            node: node.to_owned(),
            ours,
            theirs,
            other: format!("mlsysim's {}", wall(&trace.equation).unwrap_or_default()),
        }),
    }
}

/// Returns the step that differs most from the wall that computes the same, with its relative difference; nothing where
/// there is nothing to compare.
pub(super) fn largest(trace: &Trace) -> Result<Option<(&'static str, f64)>, OracleError> {
    let all = pairs(trace)?.into_iter().map(|pair| (pair.node, pair.difference()));
    Ok(all.max_by(|a, b| a.1.total_cmp(&b.1)))
}

/// Evaluates the wall that computes the same, where there is one, and puts its results beside ours.
fn pairs(trace: &Trace) -> Result<Vec<Pair>, OracleError> {
    let Some(row) = rows().find(|row| row.ours == trace.equation) else {
        return Ok(Vec::new());
    };
    let domain = |node: &str, why: String| OracleError::Domain {
        equation: trace.equation.clone(),
        node: node.to_owned(),
        why,
    };
    let info = walls::equations().iter().find(|info| info.id == row.theirs);
    let info = info.ok_or_else(|| domain(row.theirs, "mlsysim has no such equation".to_owned()))?;
    // A trace ends at the node asked for. If that comes before what the wall needs, there is nothing to compare.
    let is_absent = |from: &From| match from {
        From::Node(node) | From::Inverse(node) | From::Bare(node) => trace.node(node).is_none(),
        From::Number(_) => false,
    };
    if row.inputs.iter().any(|(_, from)| is_absent(from)) {
        return Ok(Vec::new());
    }
    let mut inputs = Vec::with_capacity(row.inputs.len());
    for (name, from) in row.inputs {
        let field = info.input(name);
        let value = field.and_then(|field| match from {
            From::Number(n) => Some(mlsysim::units::Quantity::new(*n, field.dimension)),
            From::Node(node) => dimension::theirs(trace.node(node)?.value, field.dimension),
            From::Inverse(node) => {
                let rate = trace.node(node)?.value;
                let time = Quantity::canonical(1.0 / rate.value(), Dim::NONE.per(rate.dim())?);
                dimension::theirs(time, field.dimension)
            }
            From::Bare(node) => {
                let value = trace.node(node)?.value;
                let pure = value.dim().is_none();
                pure.then(|| mlsysim::units::Quantity::new(value.value(), field.dimension))
            }
        });
        let value = value
            .ok_or_else(|| domain(name, format!("it does not fit an input of {}", row.theirs)))?;
        inputs.push((*name, value));
    }
    let theirs = walls::evaluate(row.theirs, &inputs, Convention::Reference)
        .map_err(|error| domain(row.theirs, error.to_string()))?;
    let mut out = Vec::with_capacity(row.outputs.len());
    for (node, output) in row.outputs {
        let Some(ours) = trace.node(node) else { continue };
        let other = theirs.quantity(output).and_then(dimension::ours);
        let Some((other, _)) = other.filter(|(q, _)| q.dim() == ours.value.dim()) else {
            return Err(domain(node, format!("{} gives no comparable `{output}`", row.theirs)));
        };
        out.push(Pair { node, ours: ours.value.value().max(0.0), theirs: other.value() });
    }
    Ok(out)
}

/// Returns the equations that a wall computes too.
pub(super) fn compared() -> impl Iterator<Item = &'static str> {
    rows().map(|row| row.ours)
}

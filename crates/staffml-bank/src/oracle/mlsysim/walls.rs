//! Which wall computes which of our equations, and the comparison.

use mlsysim::{Convention, walls};

use super::super::{OracleError, Trace};
use super::dimension;

/// Largest relative difference of two computations.
const DRIFT: f64 = 1e-12;

/// Where an input of a wall comes from.
enum From {
    /// An input or a step of our equation.
    Node(&'static str),
    /// A constant of the correspondence.
    Number(f64),
}

/// One of our equations and the wall that computes the same.
struct Row {
    ours: &'static str,
    theirs: &'static str,
    /// Their inputs.
    inputs: &'static [(&'static str, From)],
    /// Our steps and their outputs. Theirs are never negative, so a negative step of ours is their 0.
    outputs: &'static [(&'static str, &'static str)],
}

use From::{Node, Number};

static ROWS: &[Row] = &[
    Row {
        ours: "compute.time",
        theirs: "compute.step_time",
        inputs: &[("ops", Node("ops")), ("peak", Node("peak")), ("efficiency", Node("efficiency"))],
        outputs: &[("sustained", "sustained_peak"), ("time", "compute_time")],
    },
    Row {
        ours: "compute.gemm_time",
        theirs: "compute.step_time",
        inputs: &[("ops", Node("ops")), ("peak", Node("peak")), ("efficiency", Node("efficiency"))],
        outputs: &[("sustained", "sustained_peak"), ("time", "compute_time")],
    },
    Row {
        ours: "compute.mcu_time",
        theirs: "compute.step_time",
        inputs: &[("ops", Node("macs")), ("peak", Node("rate")), ("efficiency", Number(1.0))],
        outputs: &[("time", "compute_time")],
    },
    Row {
        ours: "memory.stream_time",
        theirs: "memory.step_time",
        inputs: &[
            ("bytes_moved", Node("bytes")),
            ("bandwidth", Node("bandwidth")),
            ("memory_efficiency", Number(1.0)),
        ],
        outputs: &[("time", "memory_time")],
    },
    Row {
        ours: "memory.footprint",
        theirs: "memory.weight_bytes",
        inputs: &[("parameters", Node("parameters")), ("width", Node("width"))],
        outputs: &[("bytes", "weight_bytes")],
    },
    Row {
        ours: "memory.fit",
        theirs: "memory.capacity",
        inputs: &[("need", Node("need")), ("capacity", Node("capacity")), ("reserve", Number(0.0))],
        outputs: &[("spare", "spare"), ("shortfall", "short_by")],
    },
    Row {
        ours: "roofline.ridge",
        theirs: "roofline.ridge_point",
        inputs: &[("peak", Node("peak")), ("bandwidth", Node("bandwidth"))],
        outputs: &[("ridge", "ridge_point")],
    },
    Row {
        ours: "roofline.attainable",
        theirs: "roofline.attainable",
        inputs: &[
            ("arithmetic_intensity", Node("intensity")),
            ("peak", Node("peak")),
            ("bandwidth", Node("bandwidth")),
        ],
        outputs: &[("attainable", "attainable")],
    },
    Row {
        ours: "roofline.intensity",
        theirs: "roofline.arithmetic_intensity",
        inputs: &[("ops", Node("ops")), ("bytes_moved", Node("traffic"))],
        outputs: &[("intensity", "arithmetic_intensity")],
    },
    Row {
        ours: "roofline.time",
        theirs: "roofline.step",
        inputs: &[
            ("ops", Node("ops")),
            ("bytes_moved", Node("bytes")),
            ("peak", Node("peak")),
            ("bandwidth", Node("bandwidth")),
            ("efficiency", Number(1.0)),
            ("memory_efficiency", Number(1.0)),
        ],
        outputs: &[
            ("compute_time", "compute_time"),
            ("memory_time", "memory_time"),
            ("time", "time"),
        ],
    },
    Row {
        ours: "roofline.serial_time",
        theirs: "roofline.step",
        inputs: &[
            ("ops", Node("ops")),
            ("bytes_moved", Node("bytes")),
            ("peak", Node("peak")),
            ("bandwidth", Node("bandwidth")),
            ("efficiency", Number(1.0)),
            ("memory_efficiency", Number(1.0)),
            ("overlap", Number(0.0)),
        ],
        outputs: &[("time", "time")],
    },
    Row {
        ours: "batching.kv_bytes_per_token",
        theirs: "memory.kv_cache",
        inputs: &[
            ("n_layers", Node("layers")),
            ("n_kv_heads", Node("kv_heads")),
            ("head_dim", Node("head_dim")),
            ("seq_len", Number(1.0)),
            ("batch", Number(1.0)),
            ("element", Node("bytes")),
        ],
        outputs: &[("total", "kv_per_token")],
    },
];

/// Compares an evaluation of ours with the wall that computes the same, where there is one.
pub(super) fn compare(trace: &Trace) -> Result<(), OracleError> {
    let Some(row) = ROWS.iter().find(|row| row.ours == trace.equation) else {
        return Ok(());
    };
    let domain = |node: &str, why: String| OracleError::Domain {
        equation: trace.equation.clone(),
        node: node.to_owned(),
        why,
    };
    let info = walls::equations().iter().find(|info| info.id == row.theirs);
    let info = info.ok_or_else(|| domain(row.theirs, "mlsysim has no such equation".to_owned()))?;
    // A trace ends at the node asked for. If that comes before what the wall needs, there is nothing to compare.
    let is_absent = |from: &From| matches!(from, Node(node) if trace.node(node).is_none());
    if row.inputs.iter().any(|(_, from)| is_absent(from)) {
        return Ok(());
    }
    let mut inputs = Vec::with_capacity(row.inputs.len());
    for (name, from) in row.inputs {
        let field = info.input(name);
        let value = field.and_then(|field| match from {
            Number(n) => Some(mlsysim::units::Quantity::new(*n, field.dimension)),
            Node(node) => dimension::theirs(trace.node(node)?.value, field.dimension),
        });
        let value = value
            .ok_or_else(|| domain(name, format!("it does not fit an input of {}", row.theirs)))?;
        inputs.push((*name, value));
    }
    let theirs = walls::evaluate(row.theirs, &inputs, Convention::Reference)
        .map_err(|error| domain(row.theirs, error.to_string()))?;
    for (node, output) in row.outputs {
        let Some(ours) = trace.node(node) else { continue };
        let other = theirs.quantity(output).and_then(dimension::ours);
        let Some((other, _)) = other.filter(|(q, _)| q.dim() == ours.value.dim()) else {
            return Err(domain(node, format!("{} gives no comparable `{output}`", row.theirs)));
        };
        let (a, b) = (ours.value.value().max(0.0), other.value());
        if (a - b).abs() > DRIFT * a.abs().max(b.abs()) {
            return Err(OracleError::Drift {
                equation: trace.equation.clone(),
                node: (*node).to_owned(),
                ours: a,
                theirs: b,
                other: format!("mlsysim's {}", row.theirs),
            });
        }
    }
    Ok(())
}

/// The rows, for the test that evaluates each of them.
#[cfg(test)]
pub(super) fn compared() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.ours)
}

//! Correspondences for one machine: walls 1 to 7.

use super::super::walls::From::{Node, Number};
use super::super::walls::Row;

pub(in super::super) static ROWS: &[Row] = &[
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

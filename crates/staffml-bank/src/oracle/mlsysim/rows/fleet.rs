//! Correspondences for many machines: walls 14 to 16.

use super::super::walls::From::{Node, Number};
use super::super::walls::Row;

pub(in super::super) static ROWS: &[Row] = &[
    Row {
        ours: "comm.ring_allreduce",
        theirs: "communication.all_reduce",
        inputs: &[
            ("message", Node("message")),
            ("ranks", Node("devices")),
            ("bandwidth", Node("bandwidth")),
            ("latency", Node("latency")),
        ],
        outputs: &[("time", "ring_time")],
    },
    Row {
        ours: "comm.pipeline_bubble",
        theirs: "communication.pipeline",
        inputs: &[
            ("pp", Node("stages")),
            ("microbatches", Node("microbatches")),
            ("stage_time", Number(1.0)),
        ],
        outputs: &[("bubble", "bubble_fraction")],
    },
    Row {
        ours: "comm.efficiency",
        theirs: "communication.step",
        inputs: &[("work_time", Node("compute")), ("exposed_sync_time", Node("exposed"))],
        outputs: &[("step", "step_time"), ("efficiency", "scaling_efficiency")],
    },
    Row {
        ours: "comm.federated_uplink",
        theirs: "memory.weight_bytes",
        inputs: &[("parameters", Node("parameters")), ("width", Node("width"))],
        outputs: &[("update", "weight_bytes")],
    },
];

//! Correspondences for analysis: walls 21 and 22.

use super::super::walls::From::{Inverse, Node, Number};
use super::super::walls::Row;

pub(in super::super) static ROWS: &[Row] = &[
    // Wall 21.
    Row {
        ours: "sensitivity.upgrade",
        theirs: "roofline.step",
        inputs: &[
            ("ops", Node("ops")),
            ("bytes_moved", Node("bytes")),
            ("peak", Node("peak_after")),
            ("bandwidth", Node("bandwidth_after")),
            ("efficiency", Number(1.0)),
            ("memory_efficiency", Number(1.0)),
        ],
        outputs: &[
            ("arithmetic_after", "compute_time"),
            ("traffic_after", "memory_time"),
            ("after", "time"),
        ],
    },
    Row {
        ours: "sensitivity.double_bandwidth",
        theirs: "roofline.attainable",
        inputs: &[
            ("arithmetic_intensity", Node("intensity")),
            ("peak", Node("peak")),
            ("bandwidth", Node("bandwidth")),
        ],
        outputs: &[("before", "attainable")],
    },
    Row {
        ours: "sensitivity.better_purchase",
        theirs: "roofline.combine",
        inputs: &[
            ("compute_time", Node("arithmetic_after")),
            ("memory_time", Node("memory")),
            ("overhead", Node("overhead")),
            ("overlap", Number(0.0)),
        ],
        outputs: &[("with_arithmetic", "time")],
    },
    // Wall 22.
    Row {
        ours: "synthesis.bandwidth_for_target",
        theirs: "synthesis.requirements",
        inputs: &[
            ("ops", Number(0.0)),
            ("bytes_moved", Node("weights")),
            ("memory", Node("weights")),
            ("target", Node("target")),
        ],
        outputs: &[("sustained", "bandwidth")],
    },
    Row {
        ours: "synthesis.devices_to_fit",
        theirs: "synthesis.devices",
        inputs: &[
            ("needed_peak", Number(0.0)),
            ("needed_bandwidth", Number(0.0)),
            ("needed_capacity", Node("need")),
            ("peak", Number(1.0)),
            ("bandwidth", Number(1.0)),
            ("capacity", Node("usable")),
        ],
        outputs: &[("devices", "for_capacity")],
    },
    Row {
        ours: "synthesis.mcu_model",
        theirs: "compute.step_time",
        inputs: &[
            ("ops", Node("macs")),
            ("peak", Node("rate")),
            ("efficiency", Node("efficiency")),
        ],
        outputs: &[("target", "compute_time")],
    },
    Row {
        ours: "synthesis.uplink",
        theirs: "ingestion.demand",
        inputs: &[
            ("batch", Node("cameras")),
            ("sample", Node("size")),
            ("step_time", Inverse("rate")),
        ],
        outputs: &[("traffic", "demand")],
    },
    Row {
        ours: "synthesis.cell_for_life",
        theirs: "sustainability.footprint",
        inputs: &[
            ("power", Node("mean")),
            ("devices", Number(1.0)),
            ("duration", Node("life")),
            ("pue", Number(1.0)),
            ("carbon_intensity", Number(0.0)),
        ],
        outputs: &[("used", "it_energy")],
    },
    Row {
        ours: "synthesis.partitions",
        theirs: "ingestion.demand",
        inputs: &[
            ("batch", Number(1.0)),
            ("sample", Node("size")),
            ("step_time", Inverse("events")),
        ],
        outputs: &[("volume", "demand")],
    },
];

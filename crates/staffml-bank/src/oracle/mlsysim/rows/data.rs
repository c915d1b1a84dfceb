//! Correspondences for data: walls 8 to 10.

use super::super::walls::From::{Bare, Inverse, Node, Number};
use super::super::walls::Row;

pub(in super::super) static ROWS: &[Row] = &[
    Row {
        ours: "ingestion.read_rate",
        theirs: "ingestion.demand",
        inputs: &[
            ("batch", Node("devices")),
            ("sample", Node("sample")),
            ("step_time", Inverse("rate")),
        ],
        outputs: &[("demand", "demand")],
    },
    Row {
        ours: "ingestion.load",
        theirs: "ingestion.balance",
        inputs: &[("demand", Node("demand")), ("storage", Node("supply"))],
        outputs: &[("load", "utilization")],
    },
    // The wall compares what is wanted with what is there; read the other way round it gives the share that arrives.
    Row {
        ours: "ingestion.idle_share",
        theirs: "ingestion.balance",
        inputs: &[("demand", Node("supply")), ("storage", Node("demand"))],
        outputs: &[("fed", "utilization")],
    },
    Row {
        ours: "ingestion.small_files",
        theirs: "roofline.combine",
        inputs: &[("compute_time", Node("request_time")), ("memory_time", Node("transfer_time"))],
        outputs: &[("time", "time")],
    },
    Row {
        ours: "ingestion.small_files_serial",
        theirs: "roofline.combine",
        inputs: &[
            ("compute_time", Node("request_time")),
            ("memory_time", Node("transfer_time")),
            ("overlap", Number(0.0)),
        ],
        outputs: &[("time", "time")],
    },
    Row {
        ours: "ingestion.camera_stream",
        theirs: "ingestion.demand",
        inputs: &[
            ("batch", Node("cameras")),
            ("sample", Node("frame")),
            ("step_time", Inverse("rate")),
        ],
        outputs: &[("stream", "demand")],
    },
    Row {
        ours: "ingestion.sensor_log",
        theirs: "ingestion.demand",
        inputs: &[
            ("batch", Node("channels")),
            ("sample", Node("width")),
            ("step_time", Inverse("rate")),
        ],
        outputs: &[("stream", "demand")],
    },
    // One worker that makes a sample at a time.
    Row {
        ours: "transformation.feed",
        theirs: "transformation.workers",
        inputs: &[
            ("batch", Number(1.0)),
            ("workers", Number(1.0)),
            ("cores", Number(1.0)),
            ("worker_rate", Node("supply")),
            ("step_time", Inverse("demand")),
        ],
        outputs: &[("share", "accelerator_utilization")],
    },
    Row {
        ours: "transformation.decoded_batch",
        theirs: "memory.weight_bytes",
        inputs: &[("parameters", Node("values")), ("width", Node("width"))],
        outputs: &[("bytes", "weight_bytes")],
    },
    Row {
        ours: "transformation.index",
        theirs: "memory.weight_bytes",
        inputs: &[("parameters", Node("values")), ("width", Node("width"))],
        outputs: &[("bytes", "weight_bytes")],
    },
    Row {
        ours: "transformation.corpus",
        theirs: "memory.step_time",
        inputs: &[
            ("bytes_moved", Node("text")),
            ("bandwidth", Node("ideal")),
            ("memory_efficiency", Node("efficiency")),
        ],
        outputs: &[("time", "memory_time")],
    },
    Row {
        ours: "locality.uplink",
        theirs: "locality.fabric",
        inputs: &[
            ("link", Node("port")),
            ("nodes", Number(64.0)),
            ("oversubscription", Node("oversubscription")),
        ],
        outputs: &[("rate", "effective_bandwidth")],
    },
    Row {
        ours: "locality.torus_cut",
        theirs: "locality.torus",
        inputs: &[("side", Node("side")), ("dimensions", Number(2.0))],
        outputs: &[("cut", "cut_links")],
    },
    Row {
        ours: "locality.offload",
        theirs: "memory.step_time",
        inputs: &[
            ("bytes_moved", Node("message")),
            ("bandwidth", Node("bandwidth")),
            ("memory_efficiency", Number(1.0)),
        ],
        outputs: &[("transfer", "memory_time")],
    },
    Row {
        ours: "locality.tiled_product",
        theirs: "memory.weight_bytes",
        inputs: &[("parameters", Node("values")), ("width", Node("width"))],
        outputs: &[("traffic", "weight_bytes")],
    },
    Row {
        ours: "locality.placement",
        theirs: "memory.step_time",
        inputs: &[
            ("bytes_moved", Node("message")),
            ("bandwidth", Node("inside")),
            ("memory_efficiency", Number(1.0)),
        ],
        outputs: &[("time_inside", "memory_time")],
    },
    // With the share found here, the mix of both stores must deliver what is wanted.
    Row {
        ours: "ingestion.cache_share",
        theirs: "ingestion.balance",
        inputs: &[
            ("demand", Node("demand")),
            ("storage", Node("cold")),
            ("hit_rate", Bare("hit")),
            ("cache", Node("fast")),
        ],
        outputs: &[("demand", "supply")],
    },
    Row {
        ours: "ingestion.compression_needed",
        theirs: "ingestion.demand",
        inputs: &[
            ("batch", Node("cameras")),
            ("sample", Node("frame")),
            ("step_time", Inverse("rate")),
        ],
        outputs: &[("stream", "demand")],
    },
    Row {
        ours: "ingestion.columnar_gain",
        theirs: "roofline.combine",
        inputs: &[("compute_time", Node("unpack_time")), ("memory_time", Node("read_time"))],
        outputs: &[("column_time", "time")],
    },
    Row {
        ours: "transformation.token_files",
        theirs: "memory.weight_bytes",
        inputs: &[("parameters", Node("tokens")), ("width", Node("width"))],
        outputs: &[("bytes", "weight_bytes")],
    },
    // The oversubscription found here must leave the rate that is needed.
    Row {
        ours: "locality.spine_allowed",
        theirs: "locality.fabric",
        inputs: &[
            ("link", Node("port")),
            ("nodes", Number(64.0)),
            ("oversubscription", Node("oversubscription")),
        ],
        outputs: &[("need", "effective_bandwidth")],
    },
    Row {
        ours: "locality.break_even_rate",
        theirs: "memory.step_time",
        inputs: &[
            ("bytes_moved", Node("message")),
            ("bandwidth", Node("rate")),
            ("memory_efficiency", Number(1.0)),
        ],
        outputs: &[("left", "memory_time")],
    },
    Row {
        ours: "locality.torus_or_tree",
        theirs: "locality.torus",
        inputs: &[("side", Node("side")), ("dimensions", Number(3.0))],
        outputs: &[("cut", "cut_links")],
    },
];

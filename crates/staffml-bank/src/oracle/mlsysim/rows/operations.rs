//! Correspondences for operating them: walls 17 to 20.

use super::super::walls::From::{Inverse, Node, Number};
use super::super::walls::Row;

/// A file system that never limits its writers.
const LIMIT: f64 = 1e30;

pub(in super::super) static ROWS: &[Row] = &[
    // Wall 17. Rent paid for a while is the price of losing so much time.
    Row {
        ours: "capital.rental",
        theirs: "fragility.preemption",
        inputs: &[
            ("devices", Node("devices")),
            ("lost_work", Node("time")),
            ("restart", Number(0.0)),
            ("checkpoint", Number(0.0)),
            ("warm_up", Number(0.0)),
            ("preemption_rate", Number(0.0)),
            ("device_rate", Node("price")),
        ],
        outputs: &[("cost", "cost_per_event")],
    },
    Row {
        ours: "capital.ownership",
        theirs: "capital.total_cost",
        inputs: &[
            ("unit_cost", Node("unit_price")),
            ("devices", Node("devices")),
            ("duration", Node("time")),
            ("energy_used", Node("energy_used")),
            ("energy_price", Node("energy_price")),
            ("amortization", Node("time")),
            ("maintenance_ratio", Node("upkeep")),
        ],
        outputs: &[
            ("purchase", "purchase"),
            ("energy", "energy"),
            ("maintenance", "maintenance"),
            ("total", "total"),
        ],
    },
    // Spare capacity is lost as often as it is interrupted.
    Row {
        ours: "capital.spot_or_firm",
        theirs: "fragility.preemption",
        inputs: &[
            ("devices", Number(1.0)),
            ("lost_work", Node("lost")),
            ("restart", Number(0.0)),
            ("checkpoint", Number(0.0)),
            ("warm_up", Number(0.0)),
            ("preemption_rate", Inverse("interval")),
        ],
        outputs: &[("share", "lost_share")],
    },
    // Wall 18.
    Row {
        ours: "energy.facility_run",
        theirs: "sustainability.footprint",
        inputs: &[
            ("power", Node("power")),
            ("devices", Node("devices")),
            ("duration", Node("time")),
            ("pue", Node("pue")),
            ("carbon_intensity", Number(0.0)),
        ],
        outputs: &[("machines", "it_energy"), ("facility", "facility_energy")],
    },
    Row {
        ours: "water.cooling",
        theirs: "sustainability.water_use",
        inputs: &[("it_energy", Node("energy")), ("wue", Node("wue"))],
        outputs: &[("volume", "site_water")],
    },
    Row {
        ours: "carbon.embodied_share",
        theirs: "sustainability.footprint",
        inputs: &[
            ("power", Node("power")),
            ("devices", Number(1.0)),
            ("duration", Node("time")),
            ("pue", Node("pue")),
            ("carbon_intensity", Node("intensity")),
            ("embodied_each", Node("embodied")),
            ("service_life", Node("time")),
        ],
        outputs: &[
            ("energy", "facility_energy"),
            ("operational", "operational_carbon"),
            ("total", "carbon"),
        ],
    },
    // One machine of constant power without a hall around it.
    Row {
        ours: "energy.radio",
        theirs: "sustainability.footprint",
        inputs: &[
            ("power", Node("power")),
            ("devices", Number(1.0)),
            ("duration", Node("airtime")),
            ("pue", Number(1.0)),
            ("carbon_intensity", Number(0.0)),
        ],
        outputs: &[("energy", "it_energy")],
    },
    Row {
        ours: "energy.radio_batch",
        theirs: "sustainability.footprint",
        inputs: &[
            ("power", Node("power")),
            ("devices", Number(1.0)),
            ("duration", Node("airtime")),
            ("pue", Number(1.0)),
            ("carbon_intensity", Number(0.0)),
        ],
        outputs: &[("sending", "it_energy")],
    },
    // Sleep all day long.
    Row {
        ours: "energy.harvest_count",
        theirs: "sustainability.footprint",
        inputs: &[
            ("power", Node("sleep")),
            ("devices", Number(1.0)),
            ("duration", Number(86_400.0)),
            ("pue", Number(1.0)),
            ("carbon_intensity", Number(0.0)),
        ],
        outputs: &[("asleep", "it_energy")],
    },
    // The power saved for as long as making took emits what making emitted.
    Row {
        ours: "carbon.replacement_payback",
        theirs: "sustainability.footprint",
        inputs: &[
            ("power", Node("saved")),
            ("devices", Number(1.0)),
            ("duration", Node("time")),
            ("pue", Node("pue")),
            ("carbon_intensity", Node("intensity")),
        ],
        outputs: &[("made", "operational_carbon")],
    },
    // Wall 19.
    Row {
        ours: "checkpoint.state",
        theirs: "checkpoint.write",
        inputs: &[
            ("parameters", Node("parameters")),
            ("state_width", Node("per_parameter")),
            ("writer_bandwidth", Number(1.0)),
        ],
        outputs: &[("bytes", "size")],
    },
    Row {
        ours: "checkpoint.write_time",
        theirs: "checkpoint.write",
        inputs: &[
            ("parameters", Number(1.0)),
            ("state_width", Node("size")),
            ("writer_bandwidth", Node("rate")),
            ("writers", Node("writers")),
            ("limit", Number(LIMIT)),
        ],
        outputs: &[("total_rate", "write_bandwidth"), ("time", "write_time")],
    },
    Row {
        ours: "checkpoint.young",
        theirs: "fragility.goodput",
        inputs: &[
            ("fleet_mtbf", Node("mtbf")),
            ("duration", Number(0.0)),
            ("checkpoint_time", Node("write_time")),
        ],
        outputs: &[("interval", "young_interval")],
    },
    Row {
        ours: "checkpoint.young_fleet",
        theirs: "fragility.goodput",
        inputs: &[
            ("fleet_mtbf", Node("mtbf")),
            ("duration", Number(0.0)),
            ("checkpoint_time", Node("write_time")),
        ],
        outputs: &[("interval", "young_interval")],
    },
    // An empty checkpoint whose copy takes as long as the write.
    Row {
        ours: "checkpoint.tax",
        theirs: "checkpoint.write",
        inputs: &[
            ("parameters", Number(0.0)),
            ("writer_bandwidth", Number(1.0)),
            ("interval", Node("interval")),
            ("overlap", Number(1.0)),
            ("snapshot_time", Node("write")),
        ],
        outputs: &[("share", "blocked_share")],
    },
    Row {
        ours: "checkpoint.async_stall",
        theirs: "checkpoint.write",
        inputs: &[
            ("parameters", Number(1.0)),
            ("state_width", Node("state")),
            ("writer_bandwidth", Node("rate")),
            ("limit", Number(LIMIT)),
            ("interval", Node("interval")),
            ("overlap", Number(1.0)),
            ("snapshot_time", Node("copy")),
        ],
        outputs: &[("drain", "write_time"), ("stall", "blocked_time")],
    },
    Row {
        ours: "checkpoint.retention",
        theirs: "checkpoint.write",
        inputs: &[
            ("parameters", Number(1.0)),
            ("state_width", Node("full")),
            ("stored_share", Node("share")),
            ("writer_bandwidth", Number(1.0)),
        ],
        outputs: &[("delta", "size")],
    },
    Row {
        ours: "checkpoint.rate_for_share",
        theirs: "checkpoint.write",
        inputs: &[
            ("parameters", Number(1.0)),
            ("state_width", Node("size")),
            ("writer_bandwidth", Node("rate")),
            ("limit", Number(LIMIT)),
            ("interval", Node("interval")),
        ],
        outputs: &[("write", "write_time"), ("share", "blocked_share")],
    },
    // One copy that is never faster than the slower of two links.
    Row {
        ours: "checkpoint.chain_load",
        theirs: "checkpoint.write",
        inputs: &[
            ("parameters", Number(1.0)),
            ("state_width", Node("weights")),
            ("writer_bandwidth", Node("network")),
            ("limit", Node("registry")),
        ],
        outputs: &[("pace", "write_bandwidth"), ("chain", "write_time")],
    },
    Row {
        ours: "checkpoint.faster_storage",
        theirs: "fragility.goodput",
        inputs: &[
            ("fleet_mtbf", Node("mtbf")),
            ("duration", Number(0.0)),
            ("checkpoint_time", Node("slow")),
        ],
        outputs: &[("slow_share", "checkpoint_share")],
    },
    // Wall 20.
    Row {
        ours: "privacy.gaussian",
        theirs: "safety.gaussian_noise",
        inputs: &[("epsilon", Node("epsilon")), ("delta", Node("delta"))],
        outputs: &[("sigma", "sigma")],
    },
    Row {
        ours: "privacy.per_sample_gradients",
        theirs: "memory.weight_bytes",
        inputs: &[("parameters", Node("parameters")), ("width", Node("width"))],
        outputs: &[("one", "weight_bytes")],
    },
];

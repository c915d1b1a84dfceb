//! Correspondences for many machines: walls 14 to 16.

use super::super::walls::From::{Node, Number};
use super::super::walls::Row;

pub(in super::super) static ROWS: &[Row] = &[
    // Wall 14.
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
    Row {
        ours: "comm.tensor_decode",
        theirs: "communication.tensor_parallel",
        inputs: &[
            ("tokens", Node("batch")),
            ("hidden", Node("hidden")),
            ("element", Node("width")),
            ("stage_layers", Node("layers")),
            ("sums_per_layer", Number(2.0)),
            ("tp", Node("devices")),
            ("tp_bandwidth", Node("bandwidth")),
            ("tp_latency", Node("latency")),
        ],
        outputs: &[("message", "activation_message"), ("time", "tensor_time")],
    },
    Row {
        ours: "comm.microbatches",
        theirs: "communication.pipeline",
        inputs: &[
            ("pp", Node("stages")),
            ("microbatches", Node("microbatches")),
            ("stage_time", Number(1.0)),
        ],
        outputs: &[("bubble", "bubble_fraction")],
    },
    Row {
        ours: "comm.expert_exchange",
        theirs: "communication.expert_parallel",
        inputs: &[
            ("tokens", Node("tokens")),
            ("hidden", Node("hidden")),
            ("element", Node("width")),
            ("chosen", Node("chosen")),
            ("exchanges_per_layer", Number(2.0)),
            ("ep", Node("devices")),
            ("ep_bandwidth", Node("bandwidth")),
            ("ep_latency", Number(0.0)),
        ],
        outputs: &[
            ("message", "routed_message"),
            ("one", "exchange_time"),
            ("time", "expert_time"),
        ],
    },
    Row {
        ours: "comm.boards_speedup",
        theirs: "communication.all_reduce",
        inputs: &[
            ("message", Node("message")),
            ("ranks", Node("boards")),
            ("bandwidth", Node("link")),
        ],
        outputs: &[("sync", "ring_time")],
    },
    // Wall 15.
    Row {
        ours: "reliability.cluster_mtbf",
        theirs: "fragility.fleet_mtbf",
        inputs: &[
            ("accelerators", Number(1.0)),
            ("nodes", Node("devices")),
            ("accelerator_mtbf", Node("device_mtbf")),
        ],
        outputs: &[("mtbf", "fleet_mtbf")],
    },
    Row {
        ours: "reliability.expected_failures",
        theirs: "fragility.goodput",
        inputs: &[("fleet_mtbf", Node("mtbf")), ("duration", Node("time"))],
        outputs: &[("failures", "expected_failures")],
    },
    Row {
        ours: "reliability.survival",
        theirs: "fragility.goodput",
        inputs: &[("fleet_mtbf", Node("mtbf")), ("duration", Node("time"))],
        outputs: &[("exposure", "expected_failures")],
    },
    Row {
        ours: "reliability.unreliability",
        theirs: "fragility.goodput",
        inputs: &[("fleet_mtbf", Node("mtbf")), ("duration", Node("time"))],
        outputs: &[("failed", "failure_probability")],
    },
    Row {
        ours: "reliability.goodput",
        theirs: "fragility.recovery",
        inputs: &[
            ("detection", Number(0.0)),
            ("restart", Node("restart")),
            ("checkpoint", Number(0.0)),
            ("warm_up", Number(0.0)),
            ("failure_interval", Node("mtbf")),
        ],
        outputs: &[("restarts", "lost_share")],
    },
    // A request to k machines is late unless all are in time; an audit misses a fault if all k steps miss it.
    Row {
        ours: "reliability.audit_share",
        theirs: "tail_latency.fan_out",
        inputs: &[("leaves", Node("steps")), ("quantile", Node("miss_all"))],
        outputs: &[("miss_one", "leaf_quantile")],
    },
    Row {
        ours: "reliability.mtbf_for_repairs",
        theirs: "fragility.goodput",
        inputs: &[("fleet_mtbf", Node("mtbf")), ("duration", Node("exposure"))],
        outputs: &[("failures", "expected_failures")],
    },
    // What one failure may cost, read as the time that it does cost.
    Row {
        ours: "reliability.restart_budget",
        theirs: "fragility.recovery",
        inputs: &[
            ("detection", Node("rework")),
            ("restart", Node("restart")),
            ("checkpoint", Number(0.0)),
            ("warm_up", Number(0.0)),
            ("failure_interval", Node("mtbf")),
        ],
        outputs: &[("per_failure", "recovery_time"), ("left", "lost_share")],
    },
    Row {
        ours: "reliability.deploy_for_survivors",
        theirs: "fragility.goodput",
        inputs: &[("fleet_mtbf", Node("mtbf")), ("duration", Node("time"))],
        outputs: &[("exposure", "expected_failures")],
    },
    // Wall 16.
    Row {
        ours: "multi_tenant.preemption_loss",
        theirs: "fragility.preemption",
        inputs: &[
            ("devices", Number(1.0)),
            ("lost_work", Node("rework")),
            ("restart", Node("relaunch")),
            ("checkpoint", Number(0.0)),
            ("warm_up", Number(0.0)),
            ("preemption_rate", Node("preemptions")),
        ],
        outputs: &[("per_event", "per_event"), ("lost", "lost_share")],
    },
    Row {
        ours: "multi_tenant.md1_wait",
        theirs: "tail_latency.mean_wait",
        inputs: &[
            ("utilization", Node("load")),
            ("service_time", Node("service")),
            ("service_cv", Number(0.0)),
        ],
        outputs: &[("wait", "random_wait")],
    },
    Row {
        ours: "multi_tenant.load_for_wait",
        theirs: "tail_latency.mean_wait",
        inputs: &[
            ("utilization", Node("load")),
            ("service_time", Node("service")),
            ("service_cv", Number(0.0)),
        ],
        outputs: &[("wait", "random_wait")],
    },
    Row {
        ours: "multi_tenant.pooling",
        theirs: "multi_tenant.wait",
        inputs: &[
            ("arrivals", Node("arrivals")),
            ("duration", Node("service")),
            ("accelerators", Node("servers")),
        ],
        outputs: &[("waits", "waiting_probability"), ("pooled", "wait")],
    },
];

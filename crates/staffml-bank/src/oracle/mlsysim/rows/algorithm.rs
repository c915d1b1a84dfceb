//! Correspondences for algorithms: walls 11 to 13.

use super::super::walls::From::{Node, Number};
use super::super::walls::Row;

pub(in super::super) static ROWS: &[Row] = &[
    // The wall asks how many tokens a budget buys: the budget found here must buy the tokens given.
    Row {
        ours: "complexity.training_ops",
        theirs: "complexity.train",
        inputs: &[("budget", Node("ops")), ("parameters", Node("parameters"))],
        outputs: &[("tokens", "tokens")],
    },
    Row {
        ours: "complexity.optimal_parameters",
        theirs: "complexity.train",
        inputs: &[("budget", Node("budget")), ("parameters", Node("parameters"))],
        outputs: &[("ratio", "tokens_per_parameter")],
    },
    Row {
        ours: "complexity.training_time",
        theirs: "complexity.budget",
        inputs: &[
            ("time", Node("time")),
            ("devices", Node("devices")),
            ("peak", Node("peak")),
            ("efficiency", Node("efficiency")),
        ],
        outputs: &[("ops", "budget")],
    },
    Row {
        ours: "complexity.held_per_op",
        theirs: "memory.weight_bytes",
        inputs: &[("parameters", Node("total")), ("width", Node("width"))],
        outputs: &[("held", "weight_bytes")],
    },
    Row {
        ours: "reasoning.hidden_time",
        theirs: "reasoning.chain",
        inputs: &[
            ("ttft", Number(0.0)),
            ("itl", Node("itl")),
            ("steps", Node("steps")),
            ("tokens_per_step", Node("per_step")),
        ],
        outputs: &[("hidden", "tokens")],
    },
    Row {
        ours: "reasoning.batch_time",
        theirs: "memory.step_time",
        inputs: &[
            ("bytes_moved", Node("traffic")),
            ("bandwidth", Node("bandwidth")),
            ("memory_efficiency", Number(1.0)),
        ],
        outputs: &[("step_time", "memory_time")],
    },
    Row {
        ours: "reasoning.coverage",
        theirs: "reasoning.samples",
        inputs: &[("right", Node("right")), ("samples", Node("samples"))],
        outputs: &[("any", "coverage")],
    },
    Row {
        ours: "reasoning.break_even",
        theirs: "complexity.train",
        inputs: &[("budget", Node("training")), ("parameters", Node("extra_parameters"))],
        outputs: &[("tokens", "tokens")],
    },
    Row {
        ours: "reasoning.trace_cache",
        theirs: "memory.kv_cache",
        inputs: &[
            ("n_layers", Node("layers")),
            ("n_kv_heads", Node("kv_heads")),
            ("head_dim", Node("head_dim")),
            ("seq_len", Node("context")),
            ("batch", Number(1.0)),
            ("element", Node("width")),
        ],
        outputs: &[("per_token", "kv_per_token"), ("cache", "kv_bytes")],
    },
    // Weights without scales.
    Row {
        ours: "fidelity.bits_ratio",
        theirs: "fidelity.effective_bits",
        inputs: &[
            ("bits", Node("after")),
            ("scale_bits", Number(0.0)),
            ("zero_bits", Number(0.0)),
            ("base_bits", Node("before")),
        ],
        outputs: &[("ratio", "ratio")],
    },
    Row {
        ours: "fidelity.prune_quantize",
        theirs: "fidelity.effective_bits",
        inputs: &[
            ("bits", Node("after")),
            ("scale_bits", Number(0.0)),
            ("zero_bits", Number(0.0)),
            ("base_bits", Node("before")),
        ],
        outputs: &[("quantized", "ratio")],
    },
    Row {
        ours: "complexity.use_break_even",
        theirs: "complexity.train",
        inputs: &[("budget", Node("small_training")), ("parameters", Node("small"))],
        outputs: &[("small_tokens", "tokens")],
    },
    Row {
        ours: "complexity.tokens_for_power",
        theirs: "complexity.train",
        inputs: &[("budget", Node("ops")), ("parameters", Node("parameters"))],
        outputs: &[("tokens", "tokens")],
    },
    // So many attempts must solve the share that our graph says they solve.
    Row {
        ours: "reasoning.attempts",
        theirs: "reasoning.samples",
        inputs: &[("right", Node("right")), ("samples", Node("attempts"))],
        outputs: &[("reached", "coverage")],
    },
    Row {
        ours: "reasoning.drafts",
        theirs: "reasoning.samples",
        inputs: &[("right", Node("right")), ("samples", Node("samples"))],
        outputs: &[("solved", "coverage")],
    },
];

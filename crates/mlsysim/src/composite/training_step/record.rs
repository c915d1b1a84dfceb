//! An estimate as nodes of a trace.

use super::estimate::StepEstimate;
use super::layout::Layout;
use super::plan::Plan;
use crate::trace::{Recorder, Value};
use crate::units::Seconds;

const MEGATRON: &str =
    "Narayanan et al. (2021), Efficient Large-Scale Language Model Training, section 3";
const ZERO: &str = "Rajbhandari et al. (2020), ZeRO, section 7";
const KORTHIKANTI: &str =
    "Korthikanti et al. (2022), Reducing Activation Recomputation in Large Transformer Models";
const COUNTING: &str = "counting";

/// Name, symbol, value, formula, what it reads, source.
type Row =
    (&'static str, &'static str, Seconds, &'static str, &'static [&'static str], &'static str);

/// Records the inputs and parts of an estimate.
pub(super) fn record<R: Recorder>(plan: &Plan, layout: &Layout, e: &StepEstimate, trace: &mut R) {
    let given = "given by the caller";
    let counts = [
        ("tp", "tp", layout.tp),
        ("pp", "pp", layout.pp),
        ("cp", "cp", layout.cp),
        ("ep", "ep", layout.ep),
        ("dp", "dp", layout.dp),
        ("micro_batch", "μ", layout.micro_batch),
        ("interleave", "v", layout.interleave),
        ("devices", "n", plan.cluster.devices),
        ("global_batch", "B", plan.tuning.batch),
    ];
    for (name, symbol, count) in counts {
        trace.given(name, symbol, f64::from(count), given);
    }
    trace.given("zero_stage", "z", f64::from(layout.zero_stage), given);
    trace.given("checkpointing", "keep", Value::Label(layout.checkpointing.key()), given);
    trace.given("efficiency", "η", plan.tuning.efficiency, given);
    trace.given("peak", "Peak", plan.cluster.peak, given);
    trace.given("overlap", "ω", plan.tuning.overlap, given);
    trace.given("slowdown", "σ", plan.slowdown, "David & Nagaraja (2003), Order Statistics");
    trace.given("ops", "F", plan.ops(), "Chowdhery et al. (2022), PaLM, appendix B");
    let m = f64::from(e.microbatches);
    let split: &'static [&'static str] = &["global_batch", "dp", "ep", "micro_batch"];
    trace.computed("microbatches", "m", m, "B / (dp × ep × μ)", split, COUNTING);
    let b = &e.breakdown;
    let work: &'static [&'static str] =
        &["ops", "peak", "efficiency", "devices", "pp", "microbatches"];
    let layers: &'static [&'static str] =
        &["microbatches", "checkpointing", "tp", "cp", "ep", "pp"];
    let pipe: &'static [&'static str] = &["pp", "interleave", "microbatches", "overlap", "tp"];
    let copies: &'static [&'static str] =
        &["dp", "cp", "ep", "tp", "zero_stage", "overlap", "microbatches"];
    let rows: [Row; 12] = [
        (
            "compute",
            "T_c",
            b.compute,
            "m × operations of the slowest stage / (Peak·η)",
            work,
            MEGATRON,
        ),
        ("recompute", "T_r", b.recompute, "m × operations run again / (Peak·η)", work, KORTHIKANTI),
        (
            "memory_stall",
            "T_m",
            b.memory_stall,
            "m × max(0, traffic − arithmetic)",
            layers,
            COUNTING,
        ),
        ("launch", "T_l", b.launch, "m × passes × layers × τ_l", layers, COUNTING),
        ("tensor", "T_tp", b.tensor, "m × c × l × AR(μ·S·d·b, tp)", layers, MEGATRON),
        (
            "context",
            "T_cp",
            b.context,
            "m × l × (cp−1) × max(0, arrival − attention)",
            layers,
            "Liu et al. (2023), Ring Attention",
        ),
        (
            "expert",
            "T_ep",
            b.expert,
            "m × c × l_x × A2A(μ·S·d·b·k·γ, ep)",
            layers,
            "Lepikhin et al. (2020), GShard",
        ),
        ("bubble", "T_b", b.bubble, "t × (pp−1)/v", pipe, MEGATRON),
        (
            "transfer",
            "T_pp",
            b.transfer,
            "(pp−1 + m × (1−ω)) × 2·v × (α + μ·S·d·b/tp/β)",
            pipe,
            MEGATRON,
        ),
        (
            "sync",
            "T_dp",
            b.sync,
            "max(0, T_sync − ω × (T_backward − chunks hidden there))",
            copies,
            ZERO,
        ),
        ("update", "T_u", b.update, "state / BW", copies, ZERO),
        ("dispatch", "τ_d", b.dispatch, "τ_d", &[], COUNTING),
    ];
    for (name, symbol, time, formula, reads, source) in rows {
        trace.computed(name, symbol, time, formula, reads, source);
    }
    const SUM: &[&str] = &[
        "compute",
        "recompute",
        "memory_stall",
        "launch",
        "tensor",
        "context",
        "expert",
        "bubble",
        "transfer",
        "sync",
        "update",
        "dispatch",
        "slowdown",
    ];
    trace.computed("straggler", "T_s", b.straggler, "sum × (σ − 1)", SUM, COUNTING);
    trace.computed("step_time", "T", e.step_time, "sum × σ", SUM, COUNTING);
    let reads: &'static [&'static str] = &["ops", "peak", "devices", "step_time"];
    trace.computed(
        "mfu",
        "MFU",
        e.mfu,
        "F / (Peak × n × T)",
        reads,
        "Chowdhery et al. (2022), PaLM, appendix B",
    );
    trace.computed(
        "memory",
        "Q",
        e.memory,
        "fullest of the first and the last stage",
        copies,
        KORTHIKANTI,
    );
}

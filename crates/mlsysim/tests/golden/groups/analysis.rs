//! Groups of walls 21 and 22, optimizers, scorecards, scenarios, pipelines.

use crate::case::{Case, UPSTREAM, amount};
use crate::compare::{Out, Outputs, Verdict, verdict, verdict_nested};
use mlsysim::composite::Settings;
use mlsysim::composite::roofline::StepIn;
use mlsysim::registry::Inference;
use mlsysim::trace::NoTrace;
use mlsysim::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Seconds};
use mlsysim::walls::analysis::sensitivity;
use mlsysim::{Result, resolve};
use serde_json::{Value, json};

/// The verdict on a case of a group that this file knows.
pub(crate) fn run(group: &str, x: &Case<'_>) -> Option<Verdict> {
    let case = x.case;
    Some(match group {
        "SensitivitySolver" => verdict_nested(case, perturbation(x)),
        "SynthesisSolver" => verdict(case, synthesis(x)),
        "Reference" if case["label"] == "roofline_elasticity" => verdict(case, elasticity(x)),
        _ => return None,
    })
}

fn perturbation(x: &Case<'_>) -> Result<Value> {
    let share = x.number("perturbation", 0.1);
    let settings = Settings { efficiency: x.number("efficiency", 0.5), ..Settings::default() };
    let (model, hardware, precision) = (x.model(), x.hardware(), x.precision()?);
    let out = resolve::perturbation(&model, &hardware, precision, share, &settings, UPSTREAM)?;
    Ok(json!({
        "feasible": out.feasible,
        "sensitivities": {
            "peak_flops": out.peak,
            "memory_bandwidth": out.bandwidth,
            "memory_capacity": out.capacity,
        },
        "binding_constraint": out.binding.key(),
        "baseline_latency_s": out.time.0,
        "perturbation": share,
    }))
}

fn synthesis(x: &Case<'_>) -> Result<Outputs> {
    let (model, precision) = (x.model(), x.precision()?);
    let target = Seconds(x.number("target_latency_s", f64::NAN));
    let out = resolve::required_machine(
        &model,
        precision,
        &Inference::default(),
        target,
        Seconds::ZERO,
        x.number("efficiency", 0.5),
        UPSTREAM,
        &mut NoTrace,
    )?;
    Ok(vec![
        ("required_bw_byte_per_s", amount(out.bandwidth)),
        ("required_flops_flop_per_s", amount(out.peak)),
        ("required_memory_byte", amount(out.capacity)),
        ("compute_memory_ratio_flop_per_byte", amount(out.balance)),
        ("target_latency_s", amount(target)),
        ("model_size_byte", amount(model.weight_bytes(precision, UPSTREAM)?)),
        ("total_ops_flop", amount(model.ops_per_item(UPSTREAM)?)),
    ])
}

fn elasticity(x: &Case<'_>) -> Result<Outputs> {
    let number = |name: &str| x.number(name, f64::NAN);
    let out = sensitivity::elasticities(&StepIn {
        ops: Flop(number("work_flop")),
        bytes_moved: Bytes(number("traffic_byte")),
        peak: FlopPerSecond(number("rate_flop_per_s")),
        bandwidth: BytesPerSecond(number("bandwidth_byte_per_s")),
        efficiency: 1.0,
        memory_efficiency: 1.0,
        overhead: Seconds(number("overhead_s")),
        overlap: number("overlap"),
    })?;
    Ok(vec![
        ("time_s", amount(out.time)),
        ("elasticity_rate", Out::Number(out.peak_up)),
        ("elasticity_bandwidth", Out::Number(out.bandwidth_up)),
        ("elasticity_overhead", Out::Number(out.overhead_up)),
    ])
}

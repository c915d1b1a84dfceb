//! Machines and models: sections 3 and 6.1 to 6.2, and the iron law.

use crate::case::{Case, UPSTREAM, amount};
use crate::compare::{Out, Outputs, Verdict, verdict};
use mlsysim::composite::Settings;
use mlsysim::composite::iron_law::{IronLaw, IronLawIn};
use mlsysim::composite::single_node::{self, Profile};
use mlsysim::registry::{Inference, Recompute};
use mlsysim::trace::NoTrace;
use mlsysim::units::Seconds;
use mlsysim::{Result, walls};

/// The verdict on a case of a group that this file knows.
pub(crate) fn run(group: &str, x: &Case<'_>) -> Option<Verdict> {
    let case = x.case;
    Some(match group {
        "RidgePoint" => verdict(case, ridge_point(x)),
        "IronLawModel" => verdict(case, iron_law(x)),
        "WorkloadLowering" => verdict(case, lowering(x)),
        "WorkloadMemory" => match case["label"].as_str() {
            Some("kv_cache") => verdict(case, kv_cache(x)),
            Some("ssm_state_cache") => verdict(case, state(x)),
            Some("training_memory") => verdict(case, training_memory(x)),
            label => Verdict::Unsupported(format!("no formula for the label {label:?}")),
        },
        "SingleNodeModel" => verdict(case, single_node_model(x)),
        _ => return None,
    })
}

fn ridge_point(x: &Case<'_>) -> Result<Outputs> {
    let precision = if x.input("precision").is_null() { None } else { Some(x.precision()?) };
    Ok(vec![("out_flop_per_byte", amount(x.hardware().ridge_point(precision, UPSTREAM)?))])
}

fn iron_law(x: &Case<'_>) -> Result<Outputs> {
    let inputs = IronLawIn {
        memory_time: Seconds(x.number("memory_time_s", f64::NAN)),
        compute_time: Seconds(x.number("compute_time_s", f64::NAN)),
        overhead: Seconds(x.number("overhead_s", f64::NAN)),
        memory_speedup: x.number("memory_speedup", 1.0),
        compute_speedup: x.number("compute_speedup", 1.0),
    };
    let out = walls::solve::<IronLaw>(&inputs, UPSTREAM)?;
    Ok(vec![
        ("memory_time_s", amount(inputs.memory_time)),
        ("compute_time_s", amount(inputs.compute_time)),
        ("overhead_s", amount(inputs.overhead)),
        ("sequential_time_s", amount(out.sequential_time)),
        ("overlapped_time_s", amount(out.overlapped_time)),
        ("upgraded_memory_time_s", amount(out.upgraded_memory_time)),
        ("upgraded_compute_time_s", amount(out.upgraded_compute_time)),
        ("upgraded_sequential_time_s", amount(out.upgraded_sequential_time)),
        ("upgraded_overlapped_time_s", amount(out.upgraded_overlapped_time)),
        ("naive_upgraded_time_s", amount(out.naive_upgraded_time)),
        ("sequential_reduction", Out::Number(out.sequential_reduction)),
    ])
}

fn lowering(x: &Case<'_>) -> Result<Outputs> {
    let (model, precision) = (x.model(), x.precision()?);
    let ops = model.ops_per_item(UPSTREAM)?;
    let weights = model.weight_bytes(precision, UPSTREAM)?;
    let parameters = model.parameters.map_or(0.0, |n| n.0);
    let mut outputs = vec![
        ("total_ops_flop", amount(ops)),
        ("parameter_count_param", Out::Number(parameters)),
        ("parameter_count_count", Out::Number(parameters)),
        ("weight_byte", amount(weights)),
        ("arithmetic_intensity_flop_per_byte", amount(ops / weights)),
    ];
    if let Some(layers) = model.layers {
        outputs.push(("layers", Out::Number(f64::from(layers))));
    }
    Ok(outputs)
}

fn kv_cache(x: &Case<'_>) -> Result<Outputs> {
    let (seq_len, batch) = (x.count("seq_len", 1), x.count("batch_size", 1));
    let bytes = x.model().kv_cache(seq_len, batch, x.precision()?, UPSTREAM)?;
    Ok(vec![("out_byte", amount(bytes))])
}

fn state(x: &Case<'_>) -> Result<Outputs> {
    let bytes = x.model().state_bytes(x.count("batch_size", 1), x.precision()?, UPSTREAM)?;
    Ok(vec![("out_byte", amount(bytes))])
}

fn training_memory(x: &Case<'_>) -> Result<Outputs> {
    let recompute = match x.word("strategy", "selective").as_str() {
        "none" => Recompute::None,
        "full" => Recompute::Full,
        _ => Recompute::Selective,
    };
    let memory = x.model().training_memory(&x.training(recompute), x.precision()?, UPSTREAM)?;
    Ok(vec![("out_byte", amount(memory.total()))])
}

fn single_node_model(x: &Case<'_>) -> Result<Outputs> {
    let (model, hardware, precision) = (x.model(), x.hardware(), x.precision()?);
    let work = if x.flag("is_training") {
        let recompute =
            if x.flag("activation_recomputation") { Recompute::Full } else { Recompute::None };
        model.training(&x.training(recompute), precision, UPSTREAM, &mut NoTrace)?
    } else {
        let step = Inference { batch: x.count("batch_size", 1), ..Inference::default() };
        model.inference(&step, precision, UPSTREAM, &mut NoTrace)?
    };
    let device = hardware.device(precision, UPSTREAM)?;
    let settings = Settings { efficiency: x.number("efficiency", 0.5), ..Settings::default() };
    let mut profile = single_node::evaluate(&work, &device, &settings, UPSTREAM, &mut NoTrace)?;
    if x.flag("raise_errors") {
        profile = profile.require_fit()?;
    }
    Ok(profile_outputs(&profile))
}

/// A profile under the names of the vectors.
pub(crate) fn profile_outputs(profile: &Profile) -> Outputs {
    let mut outputs = vec![
        ("latency_s", amount(profile.time)),
        ("latency_compute_s", amount(profile.compute_time)),
        ("latency_memory_s", amount(profile.memory_time)),
        ("latency_overhead_s", amount(profile.overhead)),
        ("throughput_1_per_s", amount(profile.throughput)),
        ("bottleneck", Out::Word(profile.bottleneck.key())),
        ("arithmetic_intensity_flop_per_byte", amount(profile.arithmetic_intensity)),
        ("energy_J", Out::Number(profile.energy.map_or(0.0, |energy| energy.0))),
        ("memory_footprint_byte", amount(profile.memory.need)),
        ("peak_flops_actual_flop_per_s", amount(profile.sustained_peak)),
        ("peak_bw_actual_byte_per_s", amount(profile.effective_bandwidth)),
        ("mfu", Out::Number(profile.mfu)),
        ("hfu", Out::Number(profile.hfu)),
        ("feasible", Out::Flag(profile.feasible())),
        ("overhead_dominated", Out::Flag(profile.overhead_dominated)),
    ];
    if !profile.feasible() {
        outputs.push(("offload_spill_byte", amount(profile.memory.short_by)));
        outputs.push(("offload_effective_bw_byte_per_s", amount(profile.effective_bandwidth)));
    }
    outputs
}

//! Groups of walls 8 to 13 except 12, and 20.

use crate::case::{Case, UPSTREAM, amount};
use crate::compare::{Out, Outputs, Verdict, verdict, verdict_nested};
use mlsysim::registry::Inference;
use mlsysim::resolve::{Candidate, Constraint, Limits, Scheme};
use mlsysim::trace::NoTrace;
use mlsysim::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Params, Seconds};
use mlsysim::walls::algorithm::complexity::{self, Fit};
use mlsysim::walls::algorithm::fidelity::{self, Method, Pattern};
use mlsysim::walls::data::ingestion::Feed;
use mlsysim::walls::data::locality::{self, NetworkOut, Topology};
use mlsysim::walls::data::transformation;
use mlsysim::walls::operations::safety;
use mlsysim::{Convention, Precision, Result, resolve, walls};
use serde_json::{Value, json};

/// The verdict on a case of a group that this file knows.
pub(crate) fn run(group: &str, x: &Case<'_>) -> Option<Verdict> {
    let case = x.case;
    Some(match group {
        "DataModel" => verdict(case, ingestion(x)),
        "TransformationModel" => verdict(case, transform(x)),
        "TopologyModel" => verdict(case, topology(x)),
        "ScalingModel" => verdict(case, scaling(x)),
        "CompressionModel" => verdict(case, compression(x)),
        "CompressionSweep" => verdict_nested(case, sweep(x)),
        "ResponsibleEngineeringModel" => verdict(case, responsible(x)),
        "Reference" => return reference(x),
        _ => return None,
    })
}

/// The labels of the reference vectors that this file knows.
fn reference(x: &Case<'_>) -> Option<Verdict> {
    let case = x.case;
    Some(match case["label"].as_str()? {
        "compute_optimal" => verdict(case, compute_optimal(x)),
        "torus" => verdict(case, grid(x, walls::solve::<locality::Torus>)),
        "mesh" => verdict(case, grid(x, walls::solve::<locality::Mesh>)),
        "hypercube" => verdict(case, hypercube(x)),
        "group_quantization" => verdict(case, group_quantization(x)),
        "two_four_sparsity" => verdict(case, two_four(x)),
        "gaussian_mechanism_classical" => verdict(case, gaussian(x)),
        "dp_sgd_rdp" => verdict(case, dp_sgd(x)),
        "subgroup_sample_size" => verdict(case, subgroup(x)),
        _ => return None,
    })
}

fn ingestion(x: &Case<'_>) -> Result<Outputs> {
    let demand = BytesPerSecond(x.number("workload_data_rate_byte_per_s", f64::NAN));
    let out = resolve::ingestion(&x.hardware(), demand, UPSTREAM, &mut NoTrace)?;
    Ok(vec![
        ("is_stalled", Out::Flag(out.feed == Feed::Stalled)),
        ("utilization", Out::Number(out.utilization)),
        ("demand_bw_byte_per_s", amount(demand)),
        ("supply_bw_byte_per_s", amount(out.supply)),
        ("bottleneck", Out::Word(out.bottleneck.key())),
        ("margin_byte_per_s", amount(out.margin)),
    ])
}

fn transform(x: &Case<'_>) -> Result<Outputs> {
    let step_time = Seconds(x.number("accelerator_step_time_s", f64::NAN));
    let inputs = transformation::BatchIn {
        batch: x.number("batch_size", f64::NAN),
        sample: Bytes(x.number("sample_size_byte", f64::NAN)),
        throughput: BytesPerSecond(x.number("cpu_throughput_byte_per_s", f64::NAN)),
        step_time,
    };
    let out = walls::solve::<transformation::Batch>(&inputs, UPSTREAM)?;
    Ok(vec![
        ("transform_time_s", amount(out.transform_time)),
        ("accelerator_step_time_s", amount(step_time)),
        ("is_bottleneck", Out::Flag(out.is_bottleneck)),
        ("accelerator_utilization", Out::Number(out.accelerator_utilization)),
        ("slowdown_factor", Out::Number(out.slowdown)),
    ])
}

fn topology(x: &Case<'_>) -> Result<Outputs> {
    let name = x.word("topology", "fat_tree");
    let (wired, nodes) = (Topology::named(&name, UPSTREAM)?, x.count("num_nodes", 64));
    let out = resolve::locality(&x.fabric(), Some(wired), nodes, UPSTREAM, &mut NoTrace)?;
    Ok(vec![
        ("effective_bw_byte_per_s", amount(out.effective_bandwidth)),
        ("bisection_bw_byte_per_s", amount(out.bisection_bandwidth)),
        ("bisection_bw_fraction", Out::Number(out.bisection_fraction)),
        ("hops_avg", Out::Number(out.mean_hops)),
        // The package gives the name back as it came.
        ("topology", Out::Word(name.leak())),
        ("num_nodes", Out::Number(f64::from(nodes))),
    ])
}

fn scaling(x: &Case<'_>) -> Result<Outputs> {
    // A time budget means one accelerator of the package's default rate.
    let budget = match x.input("compute_budget_flop").as_f64() {
        Some(budget) => Flop(budget),
        None => {
            let inputs = complexity::BudgetIn {
                time: Seconds(x.number("compute_budget_s", f64::NAN)),
                devices: 1.0,
                peak: FlopPerSecond(9.89e14),
                efficiency: 0.4,
            };
            walls::solve::<complexity::Budget>(&inputs, UPSTREAM)?.budget
        }
    };
    let fit = Fit::Besiroglu2024;
    let (parameters, tokens, each) = match x.input("target_model_size_count").as_f64() {
        Some(parameters) => {
            let inputs = complexity::TrainIn { budget, parameters: Params(parameters), fit };
            let out = walls::solve::<complexity::Train>(&inputs, UPSTREAM)?;
            (inputs.parameters, out.tokens, out.tokens_per_parameter)
        }
        None => {
            let inputs = complexity::AllocateIn { budget, fit };
            let out = walls::solve::<complexity::Allocate>(&inputs, UPSTREAM)?;
            (out.parameters, out.tokens, out.tokens_per_parameter)
        }
    };
    Ok(vec![
        ("optimal_parameters_count", amount(parameters)),
        ("optimal_tokens_count", amount(tokens)),
        ("compute_budget_flops_flop", amount(budget)),
        ("tokens_per_parameter", Out::Number(each)),
    ])
}

fn compute_optimal(x: &Case<'_>) -> Result<Outputs> {
    let fit = if x.input("fit").as_str() == Some(Fit::Hoffmann2022.key()) {
        Fit::Hoffmann2022
    } else {
        Fit::Besiroglu2024
    };
    let out = complexity::compute_optimal(Flop(x.number("compute_flop", f64::NAN)), fit)?;
    Ok(vec![
        ("parameters", amount(out.parameters)),
        ("tokens", amount(out.tokens)),
        ("loss", Out::Number(out.loss)),
    ])
}

type Network<In> = fn(&In, Convention) -> Result<NetworkOut>;

fn grid(x: &Case<'_>, network: Network<locality::Grid>) -> Result<Outputs> {
    let inputs = locality::Grid {
        side: x.number("side", f64::NAN),
        dimensions: x.number("dimensions", f64::NAN),
    };
    network(&inputs, Convention::Reference).map(|out| counted(&out))
}

fn hypercube(x: &Case<'_>) -> Result<Outputs> {
    let inputs = locality::HypercubeIn { dimensions: x.number("dimensions", f64::NAN) };
    walls::solve::<locality::Hypercube>(&inputs, Convention::Reference).map(|out| counted(&out))
}

fn counted(out: &NetworkOut) -> Outputs {
    vec![
        ("nodes", Out::Number(out.nodes)),
        ("cut_links", Out::Number(out.cut_links)),
        ("bisection_fraction", Out::Number(out.bisection_fraction)),
        ("mean_hops", Out::Number(out.mean_hops)),
        ("diameter", Out::Number(out.diameter)),
    ]
}

/// A way to compress as the package's arguments say it, with its defaults.
fn scheme(inputs: &Value) -> Scheme {
    let number = |name: &str, default: f64| inputs[name].as_f64().unwrap_or(default);
    Scheme {
        method: match inputs["method"].as_str() {
            Some("pruning") => Method::Pruning,
            Some("quantization") | None => Method::Quantization,
            Some(_) => Method::Other,
        },
        bits: crate::objects::count(&inputs["target_bitwidth"]).unwrap_or(8),
        sparsity: number("sparsity", 0.0),
        pattern: match inputs["sparsity_type"].as_str() {
            Some("structured") => Pattern::Structured,
            Some("n_m" | "n:m" | "2:4" | "2_4" | "nm") => Pattern::SemiStructured,
            _ => Pattern::Unstructured,
        },
        ..Scheme::default()
    }
}

fn baseline(x: &Case<'_>) -> Result<Precision> {
    x.word("baseline_precision", "fp32").parse()
}

fn compression(x: &Case<'_>) -> Result<Outputs> {
    let (model, hardware, from) = (x.model(), x.hardware(), baseline(x)?);
    let (scheme, step) = (scheme(&x.case["inputs"]), Inference::default());
    let out =
        resolve::compression(&model, &hardware, &scheme, from, &step, UPSTREAM, &mut NoTrace)?;
    Ok(vec![
        ("baseline_precision", Out::Word(from.key())),
        ("original_size_byte", amount(out.original_size)),
        ("compressed_size_byte", amount(out.weights.compressed_size)),
        ("compression_ratio", Out::Number(out.weights.ratio)),
        ("estimated_accuracy_delta", Out::Number(out.weights.quality_change)),
        ("memory_savings", Out::Number(out.weights.savings)),
        ("inference_speedup", Out::Number(out.speedup)),
    ])
}

fn sweep(x: &Case<'_>) -> Result<Value> {
    let configs = x.input("candidate_configs").as_array().cloned().unwrap_or_default();
    let schemes: Vec<(&str, Scheme)> =
        configs.iter().map(|c| (c["label"].as_str().unwrap_or("?"), scheme(c))).collect();
    let limits = Limits {
        size: x.input("size_limit_byte").as_f64().map(Bytes),
        quality_drop: x.input("max_accuracy_drop").as_f64(),
        speedup: x.input("min_speedup").as_f64(),
        hardware_support: x.flag("require_hardware_support"),
    };
    let (model, hardware, step) = (x.model(), x.hardware(), Inference::default());
    let out = resolve::sweep(&model, &hardware, &schemes, baseline(x)?, &step, &limits, UPSTREAM)?;
    let labels = |wanted: bool| -> Vec<&str> {
        let marked = out.candidates.iter().zip(&out.on_front);
        marked.filter(|(_, on)| **on == wanted).map(|(c, _)| c.label.as_str()).collect()
    };
    let candidates: Vec<Value> =
        out.candidates.iter().zip(&out.on_front).map(|(c, on)| row(c, *on)).collect();
    let mut outputs = json!({
        "candidates": candidates,
        "frontier_labels": labels(true),
        "dominated_labels": labels(false),
        "objective": "min_size_max_speed_preserve_quality",
    });
    if let Some(best) = out.best {
        outputs["best_candidate_label"] = json!(out.candidates[best].label);
    }
    Ok(outputs)
}

fn row(candidate: &Candidate, on_front: bool) -> Value {
    let Candidate { scheme, result, .. } = candidate;
    let violated: Vec<&str> = candidate.violated.iter().map(|limit| limit.key()).collect();
    json!({
        "label": candidate.label,
        "method": scheme.method.key(),
        "target_bitwidth": scheme.bits,
        "sparsity": scheme.sparsity,
        "sparsity_type": scheme.pattern.key(),
        "baseline_precision": result.baseline.key(),
        "original_size_byte": result.original_size.0,
        "compressed_size_byte": result.weights.compressed_size.0,
        "compression_ratio": result.weights.ratio,
        "estimated_accuracy_delta": result.weights.quality_change,
        "memory_savings": result.weights.savings,
        "inference_speedup": result.speedup,
        "hardware_supported": candidate.hardware_supported,
        "feasible": candidate.feasible(),
        "binding_constraint": candidate.violated.first().map_or("none", |limit: &Constraint| limit.key()),
        "violated": violated,
        "pareto_status": if on_front { "frontier" } else { "dominated" },
    })
}

fn responsible(x: &Case<'_>) -> Result<Outputs> {
    let epsilon = x.number("epsilon", 1.0);
    let prevalence = x.number("min_subgroup_prevalence", 0.01);
    let base = Seconds(x.number("base_training_time_s", f64::NAN));
    let out = resolve::responsible_training(base, epsilon, prevalence, UPSTREAM, &mut NoTrace)?;
    Ok(vec![
        ("dp_slowdown_factor", Out::Number(out.slowdown)),
        ("effective_training_time_s", amount(out.time)),
        ("additional_data_requirement", Out::Number(out.data_factor)),
        ("epsilon", Out::Number(epsilon)),
        ("delta", Out::Number(x.number("delta", 1e-5))),
        ("min_subgroup_prevalence", Out::Number(prevalence)),
        ("privacy_cost_ratio", Out::Number(out.slowdown)),
        ("fairness_data_ratio", Out::Number(out.data_factor)),
    ])
}

fn group_quantization(x: &Case<'_>) -> Result<Outputs> {
    let inputs = fidelity::GroupIn {
        bits: x.number("bits", f64::NAN),
        scale_bits: x.number("scale_bits", f64::NAN),
        zero_bits: x.number("zero_bits", f64::NAN),
        group: x.number("group", f64::NAN),
        base_bits: x.number("baseline_bits", f64::NAN),
    };
    let out = walls::solve::<fidelity::EffectiveBits>(&inputs, Convention::Reference)?;
    Ok(vec![("effective_bits", Out::Number(out.effective_bits)), ("ratio", Out::Number(out.ratio))])
}

fn two_four(x: &Case<'_>) -> Result<Outputs> {
    let inputs =
        fidelity::SemiStructuredIn { bits: x.number("value_bits", f64::NAN), position_bits: 2.0 };
    let out = walls::solve::<fidelity::SemiStructured>(&inputs, Convention::Reference)?;
    Ok(vec![("ratio", Out::Number(out.ratio))])
}

fn gaussian(x: &Case<'_>) -> Result<Outputs> {
    let number = |name: &str| x.number(name, f64::NAN);
    let sigma = safety::gaussian_noise(number("epsilon"), number("delta"), number("sensitivity"))?;
    Ok(vec![("sigma", Out::Number(sigma))])
}

fn dp_sgd(x: &Case<'_>) -> Result<Outputs> {
    let inputs = safety::DpSgdIn {
        sampling_rate: x.number("sampling_rate", f64::NAN),
        noise_multiplier: x.number("noise_multiplier", f64::NAN),
        steps: x.number("steps", f64::NAN),
        delta: x.number("delta", f64::NAN),
    };
    let out = walls::solve::<safety::DpSgd>(&inputs, Convention::Reference)?;
    Ok(vec![("epsilon", Out::Number(out.epsilon)), ("best_order", Out::Number(out.best_order))])
}

fn subgroup(x: &Case<'_>) -> Result<Outputs> {
    let inputs = safety::SubgroupIn {
        prevalence: x.number("prevalence", f64::NAN),
        minimum_count: x.number("minimum_count", f64::NAN),
        miss_probability: x.number("miss_probability", f64::NAN),
    };
    let out = walls::solve::<safety::Subgroup>(&inputs, Convention::Reference)?;
    Ok(vec![("samples", Out::Number(out.samples)), ("probability", Out::Number(out.probability))])
}

//! Groups of walls 8 to 13 except 12, and 20.

use crate::case::{Case, UPSTREAM, amount};
use crate::compare::{Out, Outputs, Verdict, verdict};
use mlsysim::trace::NoTrace;
use mlsysim::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Params, Seconds};
use mlsysim::walls::algorithm::complexity::{self, Fit};
use mlsysim::walls::data::ingestion::Feed;
use mlsysim::walls::data::locality::{self, NetworkOut, Topology};
use mlsysim::walls::data::transformation;
use mlsysim::{Convention, Result, resolve, walls};

/// The verdict on a case of a group that this file knows.
pub(crate) fn run(group: &str, x: &Case<'_>) -> Option<Verdict> {
    let case = x.case;
    Some(match group {
        "DataModel" => verdict(case, ingestion(x)),
        "TransformationModel" => verdict(case, transform(x)),
        "TopologyModel" => verdict(case, topology(x)),
        "ScalingModel" => verdict(case, scaling(x)),
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

//! Groups of the library of section 9.

use crate::case::{Case, amount};
use crate::compare::{Out, Outputs, Verdict, verdict};
use mlsysim::Result;
use mlsysim::formulas::{communication, network};
use mlsysim::units::{Bytes, BytesPerSecond, Seconds, Unit};

/// The verdict on a case of a group that this file knows.
pub(crate) fn run(group: &str, x: &Case<'_>) -> Option<Verdict> {
    if group != "PhysicsFunctions" {
        return None;
    }
    let label = x.case["label"].as_str().unwrap_or_default();
    let outputs = communication(label, x);
    Some(outputs.map_or_else(
        || Verdict::Unsupported(format!("no formula for the label {label}")),
        |outputs| verdict(x.case, outputs),
    ))
}

/// The inputs under the names of the vectors; NaN, which every formula refuses, where one is missing.
fn get(x: &Case<'_>, name: &str) -> f64 {
    x.number(name, f64::NAN)
}

fn bytes(x: &Case<'_>, name: &str) -> Bytes {
    Bytes(get(x, name))
}

fn rate(x: &Case<'_>, name: &str) -> BytesPerSecond {
    BytesPerSecond(get(x, name))
}

fn time(x: &Case<'_>, name: &str) -> Seconds {
    Seconds(get(x, name))
}

fn one(name: &'static str, result: Result<impl Unit>) -> Option<Result<Outputs>> {
    Some(result.map(|value| vec![(name, amount(value))]))
}

fn communication(label: &str, x: &Case<'_>) -> Option<Result<Outputs>> {
    let collective = |formula: fn(Bytes, f64, BytesPerSecond, Seconds) -> Result<Seconds>| {
        let (message, ranks) = (bytes(x, "message_byte"), get(x, "n_gpus"));
        let bandwidth = rate(x, "bandwidth_bytes_byte_per_s");
        one("out_s", formula(message, ranks, bandwidth, time(x, "latency_s")))
    };
    let (start_up, bandwidth) = (time(x, "alpha_s"), rate(x, "bandwidth_bytes_byte_per_s"));
    match label {
        "calc_ring_allreduce_time" => collective(communication::ring_allreduce),
        "calc_tree_allreduce_time" => collective(communication::tree_allreduce),
        "calc_double_binary_tree_allreduce_time" => {
            collective(communication::double_tree_allreduce)
        }
        "calc_all_to_all_time" => collective(communication::all_to_all),
        "calc_hierarchical_allreduce_time" => one(
            "out_s",
            communication::hierarchical_allreduce(
                bytes(x, "message_byte"),
                get(x, "n_nodes"),
                get(x, "gpus_per_node"),
                rate(x, "intra_node_bw_byte_per_s"),
                rate(x, "inter_node_bw_byte_per_s"),
                Seconds(x.number("intra_node_lat_s", 5e-7)),
                Seconds(x.number("inter_node_lat_s", 5e-6)),
            ),
        ),
        "calc_ring_tree_crossover_size" => one(
            "out_byte",
            communication::ring_tree_crossover_estimate(get(x, "n_gpus"), start_up, bandwidth),
        ),
        "calc_alpha_beta_crossover" => {
            one("out_byte", communication::half_bandwidth_message(start_up, bandwidth))
        }
        "calc_point_to_point_time" => {
            let message = bytes(x, "message_byte");
            one("out_s", communication::point_to_point(message, bandwidth, start_up))
        }
        "calc_oversubscription_effect" => {
            let ratio = get(x, "oversubscription_ratio");
            let rest = network::oversubscribed_throughput(get(x, "comm_fraction"), ratio);
            Some(rest.map(|r| vec![("out0", Out::Number(r)), ("out1", Out::Number(1.0 - r))]))
        }
        "calc_bisection_bandwidth" => {
            let ratio = x.number("oversubscription_ratio", 1.0);
            let link = rate(x, "link_bandwidth_byte_per_s");
            let bandwidth = network::bisection_bandwidth(get(x, "num_ports"), link, ratio);
            one("out_byte_per_s", bandwidth)
        }
        _ => None,
    }
}

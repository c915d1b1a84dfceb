//! Groups of the library of section 9.

use crate::case::{Case, amount};
use crate::compare::{Out, Outputs, Verdict, verdict};
use mlsysim::Result;
use mlsysim::formulas::{
    cache, communication, memory, network, performance, queueing, reliability,
};
use mlsysim::units::{Bytes, BytesPerParam, BytesPerSecond, Hertz, Params, Seconds, Tokens, Unit};

/// The verdict on a case of a group that this file knows.
pub(crate) fn run(group: &str, x: &Case<'_>) -> Option<Verdict> {
    if group != "PhysicsFunctions" {
        return None;
    }
    let label = x.case["label"].as_str().unwrap_or_default();
    let outputs = communication(label, x)
        .or_else(|| performance(label, x))
        .or_else(|| reliability(label, x))
        .or_else(|| queueing(label, x))
        .or_else(|| memory(label, x));
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

fn performance(label: &str, x: &Case<'_>) -> Option<Result<Outputs>> {
    let result = match label {
        "calc_pipeline_bubble" => performance::pipeline_bubble(
            get(x, "n_stages"),
            get(x, "n_microbatches"),
            x.number("v_stages", 1.0),
        ),
        "calc_amdahls_speedup" => performance::amdahl(get(x, "p"), get(x, "s")),
        "calc_strong_scaling_speedup" => {
            performance::strong_scaling(get(x, "num_devices"), get(x, "communication_fraction"))
        }
        "calc_universal_scalability_law" => {
            performance::universal_scalability(get(x, "n"), get(x, "sigma"), get(x, "kappa"))
        }
        "calc_usl_optimal_concurrency" => {
            performance::best_concurrency(get(x, "sigma"), get(x, "kappa"))
        }
        _ => return None,
    };
    one("out", result)
}

fn reliability(label: &str, x: &Case<'_>) -> Option<Result<Outputs>> {
    match label {
        "calc_young_daly_interval" => {
            let write = time(x, "checkpoint_cost_s");
            one("out_s", reliability::young_interval(write, time(x, "mtbf_s")))
        }
        "calc_mtbf_cluster" => {
            let (part, parts) = (time(x, "component_mtbf_s"), get(x, "n_components"));
            let correlation = x.number("correlation_factor", 1.0);
            one("out_s", reliability::cluster_mtbf(part, parts, correlation))
        }
        "calc_failure_probability" => {
            let duration = time(x, "job_duration_s");
            one("out", reliability::failure_probability(time(x, "mtbf_s"), duration))
        }
        "calc_checkpoint_waste" => {
            let (write, interval) = (time(x, "write_time_s"), time(x, "interval_s"));
            one("out", reliability::checkpoint_waste(write, interval, time(x, "mtbf_s")))
        }
        _ => None,
    }
}

fn queueing(label: &str, x: &Case<'_>) -> Option<Result<Outputs>> {
    match label {
        "calc_queue_latency_mmc" => {
            let arrivals = Hertz(get(x, "arrival_rate_hz"));
            let rate = Hertz(get(x, "service_rate_hz"));
            let servers = get(x, "num_servers");
            let quantile = |q| queueing::wait_quantile(arrivals, rate, servers, q);
            let (half, tail) = match (quantile(0.5), quantile(0.99)) {
                (Ok(half), Ok(tail)) => (half, tail),
                (Err(error), _) | (_, Err(error)) => return Some(Err(error)),
            };
            // The package calls every unstable queue fully used (D-12).
            let utilization = (arrivals / rate / servers).min(1.0);
            Some(Ok(vec![
                ("out0", Out::Number(utilization)),
                ("out1_s", amount(half)),
                ("out2_s", amount(tail)),
            ]))
        }
        "calc_mg1_wait_ratio" => {
            let utilization = get(x, "utilization");
            one("out", queueing::general_service_wait(utilization, get(x, "service_cv")))
        }
        "calc_kingman_wait_ratio" => {
            let (arrivals, service) = (get(x, "arrival_scv"), get(x, "service_scv"));
            one("out", queueing::general_wait(get(x, "utilization"), arrivals, service))
        }
        "calc_speculative_expected_tokens" => {
            let drafted = get(x, "draft_length");
            one("out", queueing::speculative_tokens(get(x, "acceptance"), drafted))
        }
        _ => None,
    }
}

fn memory(label: &str, x: &Case<'_>) -> Option<Result<Outputs>> {
    let (layers, batch) = (get(x, "n_layers"), get(x, "batch_size"));
    let element = Bytes(x.number("bytes_per_elem", 2.0));
    let (tokens, page) = (Tokens(get(x, "seq_len")), Tokens(get(x, "page_size_tokens")));
    let keys = |tokens| {
        let (heads, width) = (get(x, "n_heads"), get(x, "head_dim"));
        cache::keys_and_values(layers, heads, width, tokens, batch, element)
    };
    match label {
        "calc_kv_cache_size" => one("out_byte", keys(tokens)),
        "calc_mla_cache_size" => {
            let (rank, position) = (get(x, "kv_lora_rank"), get(x, "qk_rope_head_dim"));
            one("out_byte", cache::latent(layers, rank, position, tokens, batch, element))
        }
        "calc_paged_kv_cache_size" => {
            let bytes = cache::paged_tokens(tokens, page).and_then(keys);
            let waste = cache::page_waste(tokens, page);
            Some(bytes.and_then(|b| Ok(vec![("out0_byte", amount(b)), ("out1", amount(waste?))])))
        }
        "calc_capped_exponential_scale" => {
            let mean = Tokens(get(x, "mean_tokens"));
            one("out", cache::length_scale(mean, Tokens(get(x, "max_tokens"))))
        }
        "calc_expected_paged_kv_tokens" => {
            let mean = Tokens(get(x, "mean_request_tokens"));
            let max = Tokens(get(x, "max_seq_len"));
            let waste = cache::expected_page_waste(mean, max, page);
            let tokens = cache::expected_paged_tokens(mean, max, page);
            Some(tokens.and_then(|t| Ok(vec![("out0", amount(t)), ("out1", amount(waste?))])))
        }
        "calc_activation_memory" => {
            let (hidden, heads) = (get(x, "hidden_dim"), get(x, "n_heads"));
            let element = Bytes(x.number("precision_bytes", 2.0));
            one(
                "out_byte",
                match x.word("strategy", "selective").as_str() {
                    "full" => {
                        memory::activations_recomputed(layers, tokens, batch, hidden, element)
                    }
                    "none" => {
                        memory::activations_all(layers, tokens, batch, hidden, heads, element)
                    }
                    _ => memory::activations_selective(layers, tokens, batch, hidden, element),
                },
            )
        }
        "calc_checkpoint_size" => {
            let width = BytesPerParam(get(x, "bytes_per_param"));
            one("out_byte", memory::checkpoint(Params(get(x, "n_params_param")), width))
        }
        _ => None,
    }
}

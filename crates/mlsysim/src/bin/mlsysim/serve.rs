//! `mlsysim serve`: time to the first token and between tokens of a model on a machine.

use crate::args::{Output, ServeArgs, registry, unsupported};
use crate::{Answer, pretty};
use mlsysim::Precision;
use mlsysim::report::bars::{Group, bars};
use mlsysim::report::derivation::derivation;
use mlsysim::report::{json, table};
use mlsysim::resolve::serving::{Serve, Serving, serving_traced};
use mlsysim::trace::Trace;
use mlsysim::units::{Dimension, Quantity};
use serde_json::json;

pub(crate) fn run(args: &ServeArgs) -> Result<Answer, String> {
    let say = |error: mlsysim::Error| error.to_string();
    let registry = registry(&args.records)?;
    let (model, machine) = match (registry.model(&args.model), registry.hardware(&args.hardware)) {
        (Ok(model), Ok(machine)) => (model, machine),
        (model, machine) => {
            let problems: Vec<String> =
                [model.err(), machine.err()].into_iter().flatten().map(say).collect();
            return Err(problems.join("\n"));
        }
    };
    let precision = args.precision.or(machine.native).unwrap_or(Precision::Fp16);
    let efficiency = args.efficiency.unwrap_or_else(|| machine.settings(precision).efficiency);
    let request = Serve {
        batch: args.batch,
        output_tokens: args.output_tokens,
        precision,
        efficiency,
        chunk: args.prefill_chunk_tokens,
        ..Serve::new(args.context)
    };
    let convention = mlsysim::Convention::from(args.convention);
    let (mut prefill, mut decode) = (Trace::new(), Trace::new());
    machine.announce(precision, convention, &mut prefill);
    machine.announce(precision, convention, &mut decode);
    let out = serving_traced(model, machine, &request, convention, &mut prefill, &mut decode)
        .map_err(say)?;
    let rate = if out.itl.0 > 0.0 { f64::from(args.batch) / out.itl.0 } else { 0.0 };
    let label = format!("{}, batch {}, on {}, {precision}", model.name, args.batch, machine.name);
    let text = match args.format.output() {
        Output::Text => {
            let mut text = format!("{label}\n\n{}", table::columns(&rows(&out, rate)));
            if args.explain {
                let parts = [("Reading the prompts", &prefill), ("One step of decoding", &decode)];
                for (title, trace) in parts {
                    text.push_str(&format!("\n{title}\n\n{}", derivation(trace)));
                }
            }
            text
        }
        Output::Json => pretty(&json!({
            "schema": "mlsysim.serve/1",
            "model": model.id,
            "hardware": machine.id,
            "seq_len": args.context,
            "output_tokens": args.output_tokens,
            "batch_size": args.batch,
            "precision": precision.key(),
            "efficiency": efficiency,
            "convention": convention.key(),
            "feasible": out.feasible,
            "ttft_s": out.ttft.0,
            "itl_s": out.itl.0,
            "tokens_per_s": rate,
            "kv_cache_byte": out.kv_cache.0,
            "weight_byte": out.weights.0,
            "memory_byte": out.memory.0,
            "memory_utilization": out.memory_utilization,
            "decode_bottleneck": out.decode_bottleneck.key(),
            "prefill_chunks": out.prefill_chunks,
            "decode_stall_bound_s": out.longest_pass.0,
            "prefill_trace": json::trace(&prefill),
            "decode_trace": json::trace(&decode),
        })),
        Output::Svg => {
            let times = [("first token", out.ttft.0), ("each further token", out.itl.0)];
            let bars_of = times.into_iter().map(|(name, time)| (name.into(), time)).collect();
            bars("Serving", "time", Dimension::TIME, &[Group { label, bars: bars_of }])
        }
        other => return Err(unsupported("serve", other)),
    };
    let remark = (!out.feasible)
        .then(|| format!("{} with its caches does not fit {}", model.name, machine.name));
    Ok(Answer { text, code: u8::from(!out.feasible), remark })
}

fn rows(out: &Serving, rate: f64) -> Vec<Vec<String>> {
    let amount = |quantity: Quantity| format!("{quantity:.4}");
    let row = |name: &str, value: String, note: &str| vec![name.into(), value, note.into()];
    let fits = if out.feasible { "fits" } else { "does not fit" };
    vec![
        row("time to first token", amount(out.ttft.into()), "reading the prompts of the batch"),
        row(
            "time between tokens",
            amount(out.itl.into()),
            &format!("limited by {}", out.decode_bottleneck.key().to_lowercase()),
        ),
        row("tokens per second", amount(Quantity::number(rate)), "the whole batch, decoding"),
        row("passes over a prompt", amount(Quantity::number(out.prefill_chunks)), ""),
        row(
            "longest pass",
            amount(out.longest_pass.into()),
            "decoding beside it stands still so long",
        ),
        row("weights", amount(out.weights.into()), ""),
        row("keys and values", amount(out.kv_cache.into()), "when the answers end"),
        row(
            "memory",
            amount(out.memory.into()),
            &format!("{:.1} % of it, {fits}", 100.0 * out.memory_utilization),
        ),
    ]
}

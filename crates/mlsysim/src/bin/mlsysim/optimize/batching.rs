//! `mlsysim optimize batching`: the largest batch that keeps the promises.

use crate::args::{BatchingArgs, Output, amount, unsupported};
use crate::{Answer, plan, pretty};
use mlsysim::optimize::batching::{Service, batch_size};
use mlsysim::report::table;
use mlsysim::units::{Hertz, Quantity, Seconds};
use serde_json::json;

pub(super) fn run(args: &BatchingArgs) -> Result<Answer, String> {
    let mut problems = Vec::new();
    let mut keep = |problem: String| problems.push(problem);
    let arrivals: Option<Hertz> =
        amount("--arrivals", Some(&args.arrivals)).map_err(&mut keep).ok().flatten();
    let first: Option<Seconds> =
        amount("--first-token", Some(&args.first_token)).map_err(&mut keep).ok().flatten();
    let between: Option<Seconds> =
        amount("--between-tokens", Some(&args.between_tokens)).map_err(&mut keep).ok().flatten();
    let plan = plan::read(&args.plan, &args.set, &args.records).map_err(&mut keep).ok();
    let (Some(arrivals), Some(first_token), Some(between_tokens), Some((plan, _))) =
        (arrivals, first, between, plan)
    else {
        return Err(problems.join("\n"));
    };
    let service = Service {
        output_tokens: args.output_tokens,
        replicas: plan.accelerators,
        precision: plan.precision,
        efficiency: plan.efficiency,
        first_token,
        between_tokens,
        max_batch: args.max_batch,
        ..Service::new(plan.seq_len, arrivals)
    };
    let best = batch_size(&plan.model, &plan.hardware, &service, args.convention.into())
        .map_err(|error| error.to_string())?;
    let text = match args.format.output() {
        Output::Json => pretty(&json!({
            "schema": "mlsysim.batching/1",
            "plan": plan.name,
            "space": best.space,
            "priced": best.priced,
            "best": best.choice.map(|choice| json!({
                "batch": choice.batch,
                "p99_latency_s": choice.p99_latency.0,
                "itl_s": choice.itl.0,
                "goodput_token_per_s": choice.goodput.0,
                "capacity_token_per_s": choice.capacity.0,
            })),
        })),
        Output::Text => {
            let mut text = format!("{}, {} arrivals\n\n", plan.name, Quantity::from(arrivals));
            match best.choice {
                None => text.push_str("no batch keeps these promises\n"),
                Some(choice) => {
                    let row =
                        |name: &str, value: Quantity| vec![name.to_owned(), format!("{value:.4}")];
                    text.push_str(&table::columns(&[
                        row("batch", Quantity::number(f64::from(choice.batch))),
                        row("99 of 100 see their first token within", choice.p99_latency.into()),
                        row("time between tokens", choice.itl.into()),
                        row("goodput", choice.goodput.into()),
                        row("capacity", choice.capacity.into()),
                    ]));
                }
            }
            text.push_str(&format!("{} of {} batch sizes priced\n", best.priced, best.space));
            text
        }
        other => return Err(unsupported("optimize batching", other)),
    };
    let remark = best.choice.is_none().then(|| "no batch keeps these promises".to_owned());
    Ok(Answer { text, code: u8::from(best.choice.is_none()), remark })
}

//! `mlsysim optimize parallelism`: the layouts of a training step that no other beats in time and memory.

use crate::args::{Output, ParallelismArgs, unsupported};
use crate::{Answer, plan, pretty};
use mlsysim::optimize::layout::{Priced, Reason, Search, Space, search_named};
use mlsysim::plan::Plan;
use mlsysim::report::chart::{Chart, Scale, Series};
use mlsysim::report::table;
use mlsysim::resolve::distributed::{Request, plan as prepare};
use mlsysim::units::{Dimension, Quantity};
use serde_json::json;

pub(super) fn run(args: &ParallelismArgs) -> Result<Answer, String> {
    let (plan, _) = plan::read(&args.plan, &args.set, &args.records)?;
    let training = plan.training.unwrap_or_default();
    let request = Request {
        batch: plan.batch,
        seq_len: plan.seq_len,
        precision: plan.precision,
        efficiency: plan.efficiency,
        overlap: Some(training.overlap),
        ..Request::default()
    };
    let say = |error: mlsysim::Error| error.to_string();
    let prepared = prepare(&plan.model, &plan.fleet(), &request).map_err(say)?;
    let found = search_named(&prepared, &Space::of(&prepared), &training.named).map_err(say)?;
    let shown = &found.front[..found.front.len().min(args.top)];
    let text = match args.format.output() {
        Output::Text => text(&plan, &found, shown),
        Output::Json => pretty(&document(&plan, &found, shown)),
        Output::Csv => {
            let lines = rows(shown).into_iter().map(|row| format!("{}\n", row.join(",")));
            lines.collect()
        }
        Output::Svg => {
            let scale = |name: &str, dimension| Scale { name: name.into(), dimension };
            let point = |priced: &Priced| (priced.estimate.memory.0, priced.estimate.step_time.0);
            let label = format!("{} layouts that no other beats", found.front.len());
            let points = found.front.iter().map(point).collect();
            Chart {
                title: format!("{}: layouts of {} devices", plan.name, plan.accelerators),
                x: scale("memory of the fullest device", Dimension::DATA),
                y: scale("time of a step", Dimension::TIME),
                series: vec![Series { label, points, joined: false }],
            }
            .svg()
        }
        other => return Err(unsupported("optimize parallelism", other)),
    };
    let nothing = found.front.is_empty();
    let remark = nothing.then(|| format!("no layout of {} fits", plan.name));
    Ok(Answer { text, code: u8::from(nothing), remark })
}

fn rows(shown: &[Priced]) -> Vec<Vec<String>> {
    let heading = [
        "tp",
        "pp",
        "cp",
        "ep",
        "dp",
        "zero",
        "micro_batch",
        "interleave",
        "checkpointing",
        "step_time_s",
        "memory_byte",
        "mfu",
    ];
    let mut rows = vec![heading.map(String::from).to_vec()];
    for Priced { layout, estimate } in shown {
        rows.push(vec![
            layout.tp.to_string(),
            layout.pp.to_string(),
            layout.cp.to_string(),
            layout.ep.to_string(),
            layout.dp.to_string(),
            layout.zero_stage.to_string(),
            layout.micro_batch.to_string(),
            layout.interleave.to_string(),
            format!("{:?}", layout.checkpointing).to_ascii_lowercase(),
            estimate.step_time.0.to_string(),
            estimate.memory.0.to_string(),
            estimate.mfu.to_string(),
        ]);
    }
    rows
}

fn text(plan: &Plan, found: &Search, shown: &[Priced]) -> String {
    let mut rows = rows(shown);
    for (row, priced) in rows.iter_mut().skip(1).zip(shown) {
        row[9] = format!("{:.4}", Quantity::from(priced.estimate.step_time));
        row[10] = format!("{:.4}", Quantity::from(priced.estimate.memory));
        row[11] = format!("{:.4}", Quantity::number(priced.estimate.mfu));
    }
    let heading = ["time", "memory", "mfu"];
    for (cell, name) in rows[0].iter_mut().skip(9).zip(heading) {
        *cell = name.into();
    }
    let mut text = format!(
        "{}: {} of the {} layouts that no other beats in both time and memory\n\n{}\n",
        plan.name,
        shown.len(),
        found.front.len(),
        table::columns(&rows)
    );
    text.push_str(&format!(
        "{} layouts, {} priced; no layout is faster than {:.4}\n",
        found.layouts,
        found.priced,
        Quantity::from(found.least_time)
    ));
    for reason in Reason::ALL {
        let pruned = found.pruned_for(reason);
        if pruned > 0 {
            text.push_str(&format!("{pruned} left out: {reason}\n"));
        }
    }
    text
}

fn document(plan: &Plan, found: &Search, shown: &[Priced]) -> serde_json::Value {
    let layouts = shown.iter().map(|Priced { layout, estimate }| {
        json!({
            "tp": layout.tp,
            "pp": layout.pp,
            "cp": layout.cp,
            "ep": layout.ep,
            "dp": layout.dp,
            "zero_stage": layout.zero_stage,
            "micro_batch": layout.micro_batch,
            "interleave": layout.interleave,
            "checkpointing": layout.checkpointing.key(),
            "step_time_s": estimate.step_time.0,
            "memory_byte": estimate.memory.0,
            "mfu": estimate.mfu,
            "tokens_per_s": estimate.throughput.0,
        })
    });
    json!({
        "schema": "mlsysim.parallelism/1",
        "plan": plan.name,
        "devices": plan.accelerators,
        "layouts": found.layouts,
        "priced": found.priced,
        "least_time_s": found.least_time.0,
        "front": layouts.collect::<serde_json::Value>(),
    })
}

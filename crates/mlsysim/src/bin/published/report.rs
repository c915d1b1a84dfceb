//! Prices every row, and tells how well, data set by data set.

use crate::args::Args;
use crate::folds::score_out_of_fold;
use crate::plot;
use crate::price;
use crate::rows;
use crate::score::{Scored, Summary, score, summarise};
use crate::world::World;
use mlsysim::machine::Validity;
use mlsysim::report::table::columns;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The folder that the command line or the environment names.
pub(crate) fn folder(args: &Args) -> Result<PathBuf, String> {
    if let Some(dir) = &args.dir {
        return Ok(dir.clone());
    }
    match std::env::var_os("MLSYSIM_PUBLISHED_DIR") {
        Some(dir) if !dir.is_empty() => Ok(dir.into()),
        _ => Err("needs the folder of the published measurements, which do not ship with the \
                  crate: give --dir DIR or set MLSYSIM_PUBLISHED_DIR"
            .into()),
    }
}

pub(crate) fn run(args: &Args) -> Result<String, String> {
    let sets = rows::read(&folder(args)?, &args.only)?;
    let world = World::new(args)?;
    let mut scores = Vec::new();
    for set in &sets {
        let pricing = price::of(&set.name);
        scores.push(match args.cross_validate {
            Some(parts) => score_out_of_fold(set, pricing, &world, parts, args.by)?,
            None => score(set, pricing, |_| &world),
        });
    }
    let write = |file: &PathBuf, text: String| {
        std::fs::write(file, text)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))
    };
    if let Some(file) = &args.out {
        write(file, lines(&scores))?;
    }
    if let Some(file) = &args.plot {
        write(file, plot::scatter("Predicted over measured", &scores))?;
    }
    Ok(if args.json { format!("{:#}\n", as_json(&scores)) } else { table(&scores) })
}

/// One line of JSON for each measured output.
fn lines(scores: &[Scored]) -> String {
    let mut text = String::new();
    for scored in scores {
        for pair in &scored.pairs {
            let line = json!({
                "id": pair.id,
                "dataset": scored.name,
                "group": pair.group,
                "metric": pair.metric,
                "measured": pair.measured,
                "predicted": pair.predicted.value,
                "low": pair.predicted.low,
                "high": pair.predicted.high,
                "valid": pair.predicted.validity.is_inside(),
                "reason": match pair.predicted.validity {
                    Validity::Inside => Value::Null,
                    Validity::Outside(reason) => reason.into(),
                },
                "label": pair.predicted.label.key(),
                "counts": pair.counts,
            });
            text.push_str(&line.to_string());
            text.push('\n');
        }
    }
    text
}

const HEAD: [&str; 12] = [
    "data set", "metric", "rows", "priced", "outputs", "mean", "by group", "median", "p90", "bias",
    "inside", "rank",
];

fn table(scores: &[Scored]) -> String {
    let mut rows = vec![HEAD.map(String::from).to_vec()];
    for scored in scores {
        let priced = format!("{:.0} %", 100.0 * share(scored));
        let all = summarise(scored.pairs.iter());
        rows.push(line(&scored.name, "all", scored.rows.to_string(), priced, &all));
        let metrics: BTreeSet<&str> =
            scored.pairs.iter().map(|pair| pair.metric.as_str()).collect();
        if metrics.len() > 1 {
            for metric in metrics {
                let own = summarise(scored.pairs.iter().filter(|pair| pair.metric == metric));
                rows.push(line("", metric, String::new(), String::new(), &own));
                // Dense decoders and those with experts have spreads of their own, and so lines of their own.
                let of_metric = || scored.pairs.iter().filter(|pair| pair.metric == metric);
                let tasks: BTreeSet<&str> = of_metric().map(|pair| pair.predicted.task).collect();
                for task in tasks.iter().filter(|_| tasks.len() > 1) {
                    let own = summarise(of_metric().filter(|pair| pair.predicted.task == *task));
                    let name = format!("  {task}");
                    rows.push(line("", &name, String::new(), String::new(), &own));
                }
            }
        }
    }
    let mut text = columns(&rows);
    for scored in scores.iter().filter(|scored| !scored.refused.is_empty()) {
        for (reason, number) in &scored.refused {
            text.push_str(&format!("{}: {number} rows without a price: {reason}\n", scored.name));
        }
    }
    text.push_str(
        "\nErrors are |predicted - measured| / measured, in percent; `by group` weighs each group alike.\n\
         Rows that their authors computed count as priced and not for accuracy. `inside`: measurements inside the\n\
         80 % interval. `rank`: Spearman's correlation inside groups.\n",
    );
    text
}

fn share(scored: &Scored) -> f64 {
    crate::score::count(scored.priced) / crate::score::count(scored.rows.max(1))
}

fn line(name: &str, metric: &str, rows: String, priced: String, summary: &Summary) -> Vec<String> {
    let percent = |value: f64| format!("{:.1}", 100.0 * value);
    let mut cells = vec![name.into(), metric.into(), rows, priced, summary.outputs.to_string()];
    if summary.outputs == 0 {
        cells.resize(HEAD.len(), "-".into());
        return cells;
    }
    let Summary { mean, group_mean, median, p90, bias, coverage, rank, .. } = *summary;
    cells.extend([mean, group_mean, median, p90, bias].map(percent));
    cells.push(format!("{:.0} %", 100.0 * coverage));
    cells.push(if rank.is_nan() { "-".into() } else { format!("{rank:.3}") });
    cells
}

fn as_json(scores: &[Scored]) -> Value {
    let sets: Vec<Value> = scores
        .iter()
        .map(|scored| {
            let metrics: BTreeSet<&str> =
                scored.pairs.iter().map(|pair| pair.metric.as_str()).collect();
            let metrics: Vec<Value> = metrics
                .into_iter()
                .map(|metric| {
                    let own = summarise(scored.pairs.iter().filter(|pair| pair.metric == metric));
                    json!({ "metric": metric, "accuracy": summary(&own) })
                })
                .collect();
            json!({
                "name": scored.name,
                "rows": scored.rows,
                "priced": scored.priced,
                "accuracy": summary(&summarise(scored.pairs.iter())),
                "metrics": metrics,
                "refused": scored.refused,
            })
        })
        .collect();
    json!({ "schema": "mlsysim.published/1", "datasets": sets })
}

fn summary(summary: &Summary) -> Value {
    if summary.outputs == 0 {
        return Value::Null;
    }
    json!({
        "outputs": summary.outputs,
        "mean_abs_rel_error": summary.mean,
        "mean_abs_rel_error_by_group": summary.group_mean,
        "median_abs_rel_error": summary.median,
        "p90_abs_rel_error": summary.p90,
        "bias": summary.bias,
        "coverage_80": summary.coverage,
        "rank_correlation": if summary.rank.is_nan() { Value::Null } else { summary.rank.into() },
    })
}

//! `mlsysim optimize`: searches over the choices that a plan leaves open.

mod batching;
mod parallelism;

use crate::args::{OptimizeCommand, Output, PlacementArgs, amount, unsupported};
use crate::{Answer, plan, pretty};
use mlsysim::optimize::placement::{Candidate, Placement, place};
use mlsysim::plan::Plan;
use mlsysim::report::bars::{Group, bars};
use mlsysim::report::table;
use mlsysim::resolve::cost::Prices;
use mlsysim::resolve::footprint::Period;
use mlsysim::units::{Dimension, Quantity, UsdPerKgCo2};
use serde_json::json;

pub(crate) fn run(command: &OptimizeCommand) -> Result<Answer, String> {
    match command {
        OptimizeCommand::Parallelism(args) => parallelism::run(args),
        OptimizeCommand::Batching(args) => batching::run(args),
        OptimizeCommand::Placement(args) => placement(args),
    }
}

fn placement(args: &PlacementArgs) -> Result<Answer, String> {
    let carbon_price: UsdPerKgCo2 =
        amount("--carbon-tax", Some(&args.carbon_tax))?.unwrap_or(UsdPerKgCo2(0.0));
    let (plan, registry) = plan::read(&args.plan, &args.set, &args.records)?;
    let Some(ops) = &plan.ops else {
        return Err(format!("{}: the plan needs `ops` with duration_days", args.plan));
    };
    let convention = args.convention.into();
    let report = plan.evaluate(convention).map_err(|error| error.to_string())?;
    // Names may be written in many ways; the search knows grids by identifier.
    let mut problems = Vec::new();
    let named: Vec<&str> = if args.regions.is_empty() {
        registry.all_grids().iter().map(|grid| grid.id.as_str()).collect()
    } else {
        args.regions
            .iter()
            .filter_map(|name| match registry.grid(name) {
                Ok(grid) => Some(grid.id.as_str()),
                Err(error) => {
                    problems.push(error.to_string());
                    None
                }
            })
            .collect()
    };
    if !problems.is_empty() {
        return Err(problems.join("\n"));
    }
    // Where a grid has no price of its own, that of the plan's grid stands in, else the default.
    let prices = Prices::default();
    let grids: Vec<_> = registry
        .all_grids()
        .iter()
        .cloned()
        .map(|mut grid| {
            grid.price = grid.price.or(ops.grid.price).or(Some(Prices::ELECTRICITY));
            grid
        })
        .collect();
    let duration = report.duration.unwrap_or(ops.duration);
    let period = Period { utilization: report.utilization, ..Period::new(duration) };
    let found = place(&plan.fleet(), &period, &named, &grids, carbon_price, &prices, convention)
        .map_err(|error| error.to_string())?;
    show(args, &plan, &found)
}

fn show(args: &PlacementArgs, plan: &Plan, found: &Placement) -> Result<Answer, String> {
    let text = match args.format.output() {
        Output::Text => {
            let mut rows = vec![
                ["region", "objective", "cost", "greenhouse gas", "PUE"].map(String::from).to_vec(),
            ];
            rows.extend(found.ranked.iter().map(|candidate| row(candidate, 5)));
            format!(
                "{}: cheapest first, greenhouse gas at {}\n\n{}",
                plan.name,
                args.carbon_tax,
                table::columns(&rows)
            )
        }
        Output::Csv => {
            let mut text = String::from("region,objective [USD],cost [USD],carbon [kgCO2e],pue\n");
            for candidate in &found.ranked {
                let cost = candidate.cost.map_or_else(String::new, |cost| cost.0.to_string());
                text.push_str(&format!(
                    "{},{},{cost},{},{}\n",
                    candidate.region, candidate.objective.0, candidate.carbon.0, candidate.pue
                ));
            }
            text
        }
        Output::Json => pretty(&json!({
            "schema": "mlsysim.placement/1",
            "plan": plan.name,
            "best_region": found.best.region,
            "searched": found.searched,
            "ranked": found.ranked.iter().map(|candidate| json!({
                "region": candidate.region,
                "objective_usd": candidate.objective.0,
                "cost_usd": candidate.cost.map(|cost| cost.0),
                "carbon_kg": candidate.carbon.0,
                "pue": candidate.pue,
            })).collect::<serde_json::Value>(),
        })),
        Output::Svg => {
            let bar = |candidate: &Candidate| (candidate.region.clone(), candidate.objective.0);
            let group =
                Group { label: plan.name.clone(), bars: found.ranked.iter().map(bar).collect() };
            bars("Where to run it", "cost and priced greenhouse gas", Dimension::MONEY, &[group])
        }
        other => return Err(unsupported("optimize", other)),
    };
    Ok(Answer::done(text))
}

fn row(candidate: &Candidate, digits: usize) -> Vec<String> {
    let amount = |quantity: Quantity| format!("{quantity:.digits$}");
    vec![
        candidate.region.clone(),
        amount(candidate.objective.into()),
        candidate.cost.map_or_else(|| "unknown".into(), |cost| amount(cost.into())),
        amount(candidate.carbon.into()),
        candidate.pue.to_string(),
    ]
}

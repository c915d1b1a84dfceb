//! `mlsysim compare`: two machines, or two models, side by side.

use crate::args::{CompareArgs, Output, registry, unsupported};
use crate::step::{Step, numbers, regime};
use crate::{Answer, pretty};
use mlsysim::report::{bars, table};
use mlsysim::units::{Dimension, Quantity};
use serde_json::{Map, json};

pub(crate) fn run(args: &CompareArgs) -> Result<Answer, String> {
    let registry = registry(&args.step.records)?;
    let pairs: Vec<(&String, &String)> = match (args.hardware.as_slice(), args.model.as_slice()) {
        ([a, b], [model]) => vec![(a, model), (b, model)],
        ([machine], [a, b]) => vec![(machine, a), (machine, b)],
        ([a, b], [c, d]) => vec![(a, c), (b, d)],
        _ => return Err("compare two machines, or two models, or two of each: --hardware h100,a100 --model llama3_8b".into()),
    };
    let convention = args.convention.into();
    let mut problems = Vec::new();
    let mut steps = Vec::new();
    for (machine, model) in pairs {
        let priced = registry
            .hardware(machine)
            .and_then(|machine| Ok((machine, registry.model(model)?)))
            .map_err(|error| error.to_string())
            .and_then(|(machine, model)| args.step.price(machine, model, convention));
        match priced {
            Ok(step) => steps.push(step),
            Err(problem) if problems.contains(&problem) => {}
            Err(problem) => problems.push(problem),
        }
    }
    let [a, b] = steps.as_slice() else { return Err(problems.join("\n")) };
    let text = match args.format.output() {
        Output::Text => text(a, b),
        Output::Json => pretty(&document(a, b, args)),
        Output::Csv => separated(a, b, &|cells| format!("{}\n", cells.join(","))),
        Output::Markdown => {
            let mut rows = rows(a, b);
            rows.insert(1, ["---", "---:", "---:", "---:"].map(String::from).to_vec());
            rows.iter().map(|cells| format!("| {} |\n", cells.join(" | "))).collect()
        }
        Output::Svg => {
            let groups =
                [bars::breakdown(&a.label, &a.profile), bars::breakdown(&b.label, &b.profile)];
            bars::bars("One step, side by side", "time", Dimension::TIME, &groups)
        }
        other => return Err(unsupported("compare", other)),
    };
    let unfit = [a, b].into_iter().find(|step| !step.profile.feasible());
    Ok(Answer {
        text,
        code: u8::from(unfit.is_some()),
        remark: unfit.map(|step| format!("{} does not fit", step.label)),
    })
}

/// Name, both values and the second over the first.
fn rows(a: &Step, b: &Step) -> Vec<Vec<String>> {
    let mut rows = vec![["", "A", "B", "B / A"].map(String::from).to_vec()];
    let (left, right) = (numbers(&a.profile), numbers(&b.profile));
    for (name, value) in &left {
        let other = right.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        rows.push(vec![
            (*name).into(),
            format!("{value:.4}"),
            other.map_or_else(|| "-".into(), |other| format!("{other:.4}")),
            other.map_or_else(String::new, |other| ratio(*value, *other)),
        ]);
    }
    rows.push(vec![
        "limited by".into(),
        regime(&a.profile).into(),
        regime(&b.profile).into(),
        String::new(),
    ]);
    rows
}

fn ratio(a: Quantity, b: Quantity) -> String {
    let ratio = b.value / a.value;
    if ratio.is_finite() { format!("{:.4}", Quantity::number(ratio)) } else { "-".into() }
}

fn separated(a: &Step, b: &Step, line: &dyn Fn(&[String]) -> String) -> String {
    let mut text = line(&["name", "unit", "a", "b"].map(String::from));
    let right = numbers(&b.profile);
    for (name, value) in numbers(&a.profile) {
        let other = right.iter().find(|(known, _)| *known == name);
        text.push_str(&line(&[
            name.into(),
            value.dimension.to_string(),
            value.value.to_string(),
            other.map_or_else(String::new, |(_, other)| other.value.to_string()),
        ]));
    }
    text
}

fn text(a: &Step, b: &Step) -> String {
    format!(
        "A: {}\nB: {}\n\n{}\n{}\n",
        a.label,
        b.label,
        table::columns(&rows(a, b)),
        verdict(a, b)
    )
}

/// Which is faster, and why.
fn verdict(a: &Step, b: &Step) -> String {
    let (from, to) = (&a.profile, &b.profile);
    let speedup = from.time / to.time;
    if !speedup.is_finite() {
        return "The step takes no time on at least one side.".into();
    }
    let outcome = if speedup >= 1.0 {
        format!("B is {:.4} times as fast as A", Quantity::number(speedup))
    } else {
        format!("A is {:.4} times as fast as B", Quantity::number(1.0 / speedup))
    };
    let times = |value: f64| format!("{:.4}", Quantity::number(value));
    let why = match (regime(from), regime(to)) {
        ("memory bandwidth", "memory bandwidth") => format!(
            "both wait for memory: the traffic takes {} times as long on A, of which {} is bandwidth",
            times(from.memory_time / to.memory_time),
            times(to.effective_bandwidth / from.effective_bandwidth),
        ),
        ("compute", "compute") => format!(
            "both wait for arithmetic: it takes {} times as long on A, of which {} is the sustained rate",
            times(from.compute_time / to.compute_time),
            times(to.sustained_peak / from.sustained_peak),
        ),
        ("fixed time", "fixed time") => "both spend most of the step on fixed times".into(),
        ("capacity", _) | (_, "capacity") => {
            "one side does not fit into its memory, so its time is that of spilling over".into()
        }
        (left, right) => format!("the limit moves from {left} on A to {right} on B"),
    };
    format!("{outcome}; {why}.")
}

fn document(a: &Step, b: &Step, args: &CompareArgs) -> serde_json::Value {
    let side = |step: &Step| {
        let values: Map<_, _> = numbers(&step.profile)
            .into_iter()
            .map(|(name, value)| {
                let unit = value.dimension.to_string();
                (name.into(), json!({ "value": value.value, "unit": unit }))
            })
            .collect();
        json!({
            "label": step.label,
            "precision": step.precision.key(),
            "limited_by": regime(&step.profile),
            "fits": step.profile.feasible(),
            "memory_is_known": step.complete,
            "values": values,
        })
    };
    let right = numbers(&b.profile);
    let ratios: Map<_, _> = numbers(&a.profile)
        .into_iter()
        .filter_map(|(name, value)| {
            let (_, other) = right.iter().find(|(known, _)| *known == name)?;
            Some((name.into(), json!(other.value / value.value)))
        })
        .collect();
    json!({
        "schema": "mlsysim.compare/1",
        "convention": mlsysim::Convention::from(args.convention).key(),
        "a": side(a),
        "b": side(b),
        "ratios": ratios,
        "verdict": verdict(a, b),
    })
}

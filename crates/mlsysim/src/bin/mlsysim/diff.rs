//! `mlsysim diff`: the literature against the Python package 0.3.0, and which known defects explain the difference.

use crate::args::{DiffArgs, Output, registry, unsupported};
use crate::defects::{DEFECTS, Defect, find};
use crate::step::{Step, numbers};
use crate::{Answer, pretty, walls};
use mlsysim::registry::{Hardware, Model};
use mlsysim::report::table;
use mlsysim::trace::{Trace, Value};
use mlsysim::units::Quantity;
use mlsysim::{Convention, Precision};
use serde_json::json;

/// A name with its value under each convention; none where it exists under one only.
struct Pair {
    name: &'static str,
    reference: Option<Value>,
    upstream: Option<Value>,
}

impl Pair {
    fn differs(&self) -> bool {
        match (self.reference, self.upstream) {
            (Some(Value::Quantity(a)), Some(Value::Quantity(b))) => {
                // Closer than any formula here could tell apart.
                let gap = (a.value - b.value).abs();
                gap > 1e-12 * a.value.abs().max(b.value.abs())
            }
            (a, b) => a != b,
        }
    }

    fn ratio(&self) -> Option<f64> {
        let amount = |value: Option<Value>| value.and_then(Value::quantity).map(|q| q.value);
        Some(amount(self.upstream)? / amount(self.reference)?).filter(|ratio| ratio.is_finite())
    }
}

pub(crate) fn run(args: &DiffArgs) -> Result<Answer, String> {
    let output = args.format.output();
    if !matches!(output, Output::Text | Output::Json) {
        return Err(unsupported("diff", output));
    }
    let (label, pairs, defects) = match &args.what {
        Some(id) => equation(id, &args.inputs)?,
        None => step(args)?,
    };
    let different: Vec<&Pair> = pairs.iter().filter(|pair| pair.differs()).collect();
    let defects: Vec<&Defect> = if different.is_empty() { Vec::new() } else { defects };
    if output == Output::Json {
        let value = |value: Option<Value>| value.map(mlsysim::report::json::value);
        let rows = different.iter().map(|pair| {
            let quantity = pair.reference.or(pair.upstream).and_then(Value::quantity);
            json!({
                "name": pair.name,
                "unit": quantity.map(|quantity| quantity.dimension.to_string()),
                "reference": value(pair.reference),
                "upstream030": value(pair.upstream),
                "ratio": pair.ratio(),
            })
        });
        let reasons = defects.iter().map(|defect| {
            json!({ "id": defect.id, "upstream030": defect.upstream, "reference": defect.reference })
        });
        return Ok(Answer::done(pretty(&json!({
            "schema": "mlsysim.diff/1",
            "of": label,
            "compared": pairs.len(),
            "differences": rows.collect::<serde_json::Value>(),
            "defects": reasons.collect::<serde_json::Value>(),
        }))));
    }
    if different.is_empty() {
        return Ok(Answer::done(format!(
            "{label}\n\nBoth conventions give the same {} values.\n",
            pairs.len()
        )));
    }
    let mut rows = vec![["", "reference", "upstream030", "ratio"].map(String::from).to_vec()];
    let show =
        |value: Option<Value>| value.map_or_else(|| "-".into(), |value| format!("{value:.5}"));
    for pair in &different {
        let ratio = pair.ratio().map(|ratio| format!("{:.5}", Quantity::number(ratio)));
        rows.push(vec![
            pair.name.into(),
            show(pair.reference),
            show(pair.upstream),
            ratio.unwrap_or_default(),
        ]);
    }
    let mut text = format!("{label}\n\n{}", table::columns(&rows));
    let same = pairs.len() - different.len();
    text.push_str(&format!("\n{same} further values are equal.\n"));
    if !defects.is_empty() {
        text.push_str("\nKnown differences that may be behind this:\n");
        for defect in defects {
            text.push_str(&format!(
                "  {}  upstream: {}\n        reference: {}\n",
                defect.id, defect.upstream, defect.reference
            ));
        }
    }
    Ok(Answer::done(text))
}

type Found = (String, Vec<Pair>, Vec<&'static Defect>);

/// The outputs of an equation, with the defects of its wall.
fn equation(id: &str, inputs: &[String]) -> Result<Found, String> {
    let reference = walls::evaluate(id, inputs, Convention::Reference)?;
    let upstream = walls::evaluate(id, inputs, Convention::Upstream030)?;
    let pairs = reference.outputs.iter().map(|(name, value)| Pair {
        name,
        reference: Some(*value),
        upstream: upstream.output(name),
    });
    let info = reference.equation;
    let concerns = |defect: &&Defect| defect.walls.contains(&info.wall);
    let defects = DEFECTS.iter().filter(concerns).collect();
    let label = format!("{id}: {}", info.question);
    Ok((label, pairs.collect(), defects))
}

/// One step of a model on a machine.
fn step(args: &DiffArgs) -> Result<Found, String> {
    let (Some(machine), Some(model)) = (&args.hardware, &args.model) else {
        return Err("name an equation with its inputs, or --hardware and --model".into());
    };
    let registry = registry(&args.step.records)?;
    let machine = registry.hardware(machine).map_err(|error| error.to_string())?;
    let model = registry.model(model).map_err(|error| error.to_string())?;
    let reference = args.step.price(machine, model, Convention::Reference)?;
    let upstream = args.step.price(machine, model, Convention::Upstream030)?;
    let mut pairs: Vec<Pair> = ["ops", "bytes_moved", "weight_bytes", "working_bytes", "peak"]
        .into_iter()
        .map(|name| Pair {
            name,
            reference: reference.trace.node(name).map(|node| node.value),
            upstream: upstream.trace.node(name).map(|node| node.value),
        })
        .collect();
    let right = numbers(&upstream.profile);
    for (name, value) in numbers(&reference.profile) {
        let other = right.iter().find(|(known, _)| *known == name);
        pairs.push(Pair {
            name,
            reference: Some(value.into()),
            upstream: other.map(|(_, other)| (*other).into()),
        });
    }
    pairs.push(Pair {
        name: "fits",
        reference: Some(Value::Flag(reference.profile.feasible())),
        upstream: Some(Value::Flag(upstream.profile.feasible())),
    });
    let defects = causes(machine, model, &reference, &upstream);
    Ok((reference.label.clone(), pairs, defects))
}

/// The defects that apply to this very step, found by looking at what differs.
fn causes(
    machine: &Hardware,
    model: &Model,
    reference: &Step,
    upstream: &Step,
) -> Vec<&'static Defect> {
    let differs = |name: &'static str| {
        let value = |trace: &Trace| trace.node(name).map(|node| node.value);
        let pair =
            Pair { name, reference: value(&reference.trace), upstream: value(&upstream.trace) };
        pair.reference.is_some() && pair.upstream.is_some() && pair.differs()
    };
    let precision: Precision = reference.precision;
    let recorded = machine.rates.iter().any(|(known, _)| *known == precision);
    let sustained = machine.memory_efficiency.is_some_and(|share| share < 1.0);
    let spills = !upstream.profile.memory.fits;
    let of_another = recorded && precision == Precision::Fp16 && differs("peak");
    [
        (differs("ops"), "D-01"),
        (differs("bytes_moved"), "D-02"),
        (sustained, "D-03"),
        (spills, "D-04"),
        (!recorded, "D-05"),
        (model.parameters.is_none() && differs("weight_bytes"), "D-28"),
        (of_another, "D-29"),
    ]
    .into_iter()
    .filter(|(applies, _)| *applies)
    .filter_map(|(_, id)| find(id))
    .collect()
}

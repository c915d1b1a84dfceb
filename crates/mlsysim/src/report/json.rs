//! Results as JSON values.
//!
//! Every document has a `schema` with a version; a field is renamed or removed only with a new version.
//! Amounts are in base units, which the key or the field `unit` names.
//! JSON has no infinity: an endless amount is `null`.

use crate::composite::single_node::{Fit, Profile};
use crate::registry::{Hardware, Model};
use crate::trace::{Node, Trace, Value};
use crate::units::Quantity;
use crate::walls::{EquationInfo, Evaluation, Field, Form, Wall};
use alloc::string::ToString;
use serde_json::{Map, Value as Json, json};

/// A value: a number in base units, `true` or `false`, or a word.
#[must_use]
pub fn value(value: Value) -> Json {
    match value {
        Value::Quantity(quantity) => json!(quantity.value),
        Value::Flag(flag) => json!(flag),
        Value::Label(word) => json!(word),
    }
}

fn unit(quantity: Quantity) -> Json {
    json!(quantity.dimension.to_string())
}

/// A trace as a list of nodes, in the order in which they were computed.
#[must_use]
pub fn trace(trace: &Trace) -> Json {
    trace.nodes().iter().map(node).collect()
}

fn node(node: &Node) -> Json {
    json!({
        "name": node.name,
        "symbol": node.symbol,
        "value": value(node.value),
        "unit": node.value.quantity().map_or(Json::Null, unit),
        "text": node.value.to_string(),
        "formula": node.formula,
        "reads": node.reads,
        "kind": node.kind.key(),
        "source": node.source,
    })
}

/// A single-node profile.
#[must_use]
pub fn profile(profile: &Profile) -> Json {
    json!({
        "time_s": profile.time.0,
        "compute_time_s": profile.compute_time.0,
        "memory_time_s": profile.memory_time.0,
        "overhead_s": profile.overhead.0,
        "throughput_per_s": profile.throughput.0,
        "bottleneck": profile.bottleneck.key(),
        "overhead_dominated": profile.overhead_dominated,
        "arithmetic_intensity_flop_per_byte": profile.arithmetic_intensity.0,
        "ridge_point_flop_per_byte": profile.ridge_point.0,
        "sustained_peak_flop_per_s": profile.sustained_peak.0,
        "effective_bandwidth_byte_per_s": profile.effective_bandwidth.0,
        "mfu": profile.mfu,
        "hfu": profile.hfu,
        "energy_j": profile.energy.map(|energy| energy.0),
        "fits": profile.feasible(),
        "memory": fit(&profile.memory),
        "weight_store": profile.weights.as_ref().map(fit),
    })
}

fn fit(fit: &Fit) -> Json {
    json!({
        "need_byte": fit.need.0,
        "have_byte": fit.have.0,
        "fits": fit.fits,
        "short_by_byte": fit.short_by.0,
    })
}

/// The evaluation of an equation by name.
#[must_use]
pub fn evaluation(evaluation: &Evaluation) -> Json {
    let outputs: Map<_, _> =
        evaluation.outputs.iter().map(|(name, output)| ((*name).into(), value(*output))).collect();
    json!({
        "schema": "mlsysim.solve/1",
        "equation": evaluation.equation.id,
        "convention": evaluation.convention.key(),
        "outputs": outputs,
        "trace": trace(&evaluation.trace),
    })
}

/// A wall with its equations.
#[must_use]
pub fn wall(wall: &Wall) -> Json {
    json!({
        "number": wall.number,
        "name": wall.name,
        "domain": wall.domain.to_string(),
        "built": wall.status == crate::walls::Status::Built,
        "equation": wall.equation,
        "sources": wall.sources,
        "equations": wall.equations().map(equation).collect::<Json>(),
    })
}

fn equation(info: &EquationInfo) -> Json {
    json!({
        "id": info.id,
        "question": info.question,
        "formula": info.formula,
        "source": info.source,
        "inputs": info.inputs.iter().map(field).collect::<Json>(),
        "outputs": info.outputs.iter().map(field).collect::<Json>(),
    })
}

fn field(field: &Field) -> Json {
    let words = match field.form {
        Form::Label(words) => json!(words),
        Form::Amount | Form::Flag => Json::Null,
    };
    json!({
        "name": field.name,
        "symbol": field.symbol,
        "unit": field.dimension.to_string(),
        "words": words,
        "range": field.range.to_string(),
        "default": field.default,
        "doc": field.doc,
    })
}

/// A machine with every value and its origin.
#[must_use]
pub fn hardware(machine: &Hardware) -> Json {
    let values = machine.values().into_iter().map(|(field, quantity)| {
        let origin = machine.origins.of(&field);
        (field, amount(quantity, origin))
    });
    json!({
        "id": machine.id,
        "name": machine.name,
        "aliases": machine.aliases,
        "class": machine.class.key(),
        "native": machine.native.map(crate::Precision::key),
        "values": values.collect::<Map<_, _>>(),
    })
}

/// A model with every value and its origin.
#[must_use]
pub fn model(model: &Model) -> Json {
    let values = model.values().into_iter().map(|(field, quantity)| {
        let origin = model.origins.of(&field);
        (field, amount(quantity, origin))
    });
    json!({
        "id": model.id,
        "name": model.name,
        "aliases": model.aliases,
        "family": model.family.key(),
        "values": values.collect::<Map<_, _>>(),
    })
}

fn amount(quantity: Quantity, origin: &crate::provenance::Provenance) -> Json {
    json!({
        "value": quantity.value,
        "unit": unit(quantity),
        "basis": origin.basis.key(),
        "source": origin.to_string(),
        "url": origin.url,
        "verified": origin.verified,
    })
}

/// The table of a sweep, column by column, with what became of its points.
#[cfg(feature = "sweep")]
#[must_use]
pub fn sweep(target: &str, convention: crate::Convention, table: &crate::sweep::Table) -> Json {
    use crate::sweep::{Data, Kind};
    let columns = table.columns.iter().map(|column| {
        let rows = 0..table.rows();
        let (kind, values): (&str, Json) = match &column.data {
            Data::Numbers(_) | Data::Optional(_) => {
                ("number", rows.map(|row| json!(column.number(row))).collect())
            }
            Data::Flags(flags) => ("flag", json!(flags)),
            Data::Words(_) => ("word", rows.map(|row| json!(column.word(row))).collect()),
        };
        let unit = match &column.kind {
            Kind::Amount(dimension) => json!(dimension.to_string()),
            Kind::Flag | Kind::Words(_) => Json::Null,
        };
        json!({ "name": column.name, "type": kind, "unit": unit, "values": values })
    });
    let statistics = &table.statistics;
    let refused = statistics.refused.iter().map(|refused| {
        json!({ "points": refused.points, "about": refused.about, "first": refused.first })
    });
    let conditions = statistics.conditions.iter().map(|condition| {
        json!({ "condition": condition.text, "rejected": condition.rejected, "alone": condition.alone })
    });
    json!({
        "schema": "mlsysim.sweep/1",
        "target": target,
        "convention": convention.key(),
        "inputs": table.inputs,
        "columns": columns.collect::<Json>(),
        "statistics": {
            "points": statistics.points,
            "kept": statistics.kept,
            "refused": refused.collect::<Json>(),
            "conditions": conditions.collect::<Json>(),
        },
    })
}

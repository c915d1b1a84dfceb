//! `mlsysim zoo`: what ships, and where each number is from.

use crate::args::{ZooArgs, ZooKind, registry};
use crate::{Answer, pretty};
use mlsysim::provenance::Origins;
use mlsysim::registry::{Hardware, Model, Registry};
use mlsysim::report::{json, table};
use mlsysim::units::Quantity;
use serde_json::json;

pub(crate) fn run(args: &ZooArgs) -> Result<Answer, String> {
    let registry = registry(&args.records)?;
    match (args.what, &args.name) {
        (Some(ZooKind::Hardware), Some(name)) => {
            let machine = registry.hardware(name).map_err(|error| error.to_string())?;
            let mut document = json::hardware(machine);
            document["schema"] = json!("mlsysim.hardware/1");
            let text = record(
                &machine.id,
                &machine.name,
                &machine.values(),
                &machine.origins,
                &machine.upstream,
            );
            Ok(Answer::done(if args.json { pretty(&document) } else { text }))
        }
        (Some(ZooKind::Models), Some(name)) => {
            let model = registry.model(name).map_err(|error| error.to_string())?;
            let mut document = json::model(model);
            document["schema"] = json!("mlsysim.model/1");
            let text =
                record(&model.id, &model.name, &model.values(), &model.origins, &model.upstream);
            Ok(Answer::done(if args.json { pretty(&document) } else { text }))
        }
        (what, _) => Ok(Answer::done(list(&registry, what, args.json))),
    }
}

fn list(registry: &Registry, what: Option<ZooKind>, as_json: bool) -> String {
    let hardware = what != Some(ZooKind::Models);
    let models = what != Some(ZooKind::Hardware);
    if as_json {
        let mut document = json!({ "schema": "mlsysim.zoo/1" });
        if hardware {
            document["hardware"] = registry.all_hardware().iter().map(json::hardware).collect();
        }
        if models {
            document["models"] = registry.all_models().iter().map(json::model).collect();
        }
        return pretty(&document);
    }
    let mut text = String::new();
    if hardware {
        text.push_str(&machines(registry.all_hardware()));
    }
    if hardware && models {
        text.push('\n');
    }
    if models {
        text.push_str(&networks(registry.all_models()));
    }
    text
}

fn machines(machines: &[Hardware]) -> String {
    let heading = ["hardware", "class", "peak", "bandwidth", "memory", "power", "name"];
    let mut rows = vec![heading.map(String::from).to_vec()];
    for machine in machines {
        let native = machine.native.map_or("", |precision| precision.key());
        rows.push(vec![
            machine.id.clone(),
            machine.class.to_string(),
            format!("{:.4} {native}", Quantity::from(machine.peak)),
            format!("{:.4}", Quantity::from(machine.bandwidth)),
            format!("{:.4}", Quantity::from(machine.capacity)),
            machine
                .power
                .map_or_else(|| "-".into(), |power| format!("{:.3}", Quantity::from(power))),
            machine.name.clone(),
        ]);
    }
    table::columns(&rows)
}

fn networks(models: &[Model]) -> String {
    let heading = ["model", "family", "parameters", "per item", "operations", "name"];
    let mut rows = vec![heading.map(String::from).to_vec()];
    for model in models {
        let ops = model.ops_per_item(mlsysim::Convention::Reference);
        rows.push(vec![
            model.id.clone(),
            model.family.to_string(),
            model.parameters.map_or_else(|| "-".into(), |n| format!("{:.4}", Quantity::from(n))),
            model.family.item().into(),
            ops.map_or_else(|_| "-".into(), |ops| format!("{:.4}", Quantity::from(ops))),
            model.name.clone(),
        ]);
    }
    table::columns(&rows)
}

/// One entry with the origin of every value.
fn record(
    id: &str,
    name: &str,
    values: &[(String, Quantity)],
    origins: &Origins,
    corrected: &[(String, String)],
) -> String {
    let mut rows = vec![["field", "value", "basis", "source"].map(String::from).to_vec()];
    for (field, quantity) in values {
        let origin = origins.of(field);
        rows.push(vec![
            field.clone(),
            quantity.to_string(),
            origin.basis.key().into(),
            origin.to_string(),
        ]);
    }
    let mut text = format!("{id}: {name}\n\n{}", table::columns(&rows));
    if !corrected.is_empty() {
        text.push_str("\nDifferent in the Python package 0.3.0:\n");
        let rows: Vec<_> =
            corrected.iter().map(|(field, value)| vec![field.clone(), value.clone()]).collect();
        text.push_str(&table::columns(&rows));
    }
    text
}

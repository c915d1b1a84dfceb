//! `mlsysim zoo`: what ships, and where each number is from.

use crate::args::{ZooArgs, ZooKind, registry};
use crate::{Answer, pretty};
use mlsysim::provenance::Origins;
use mlsysim::registry::{Fabric, Facts, Fleet, Grid, Hardware, Model, Node, Registry, Site};
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
        (Some(ZooKind::Grids), name) => {
            kind("grids", &registry, registry.all_grids(), name.as_deref(), args.json, |r, n| {
                r.grid(n)
            })
        }
        (Some(ZooKind::Sites), name) => {
            kind("sites", &registry, registry.all_sites(), name.as_deref(), args.json, |r, n| {
                r.site(n)
            })
        }
        (Some(ZooKind::Fabrics), name) => kind(
            "fabrics",
            &registry,
            registry.all_fabrics(),
            name.as_deref(),
            args.json,
            |r, n| r.fabric(n),
        ),
        (Some(ZooKind::Nodes), name) => {
            kind("nodes", &registry, registry.all_nodes(), name.as_deref(), args.json, |r, n| {
                r.node(n)
            })
        }
        (Some(ZooKind::Fleets), name) => {
            kind("fleets", &registry, registry.all_fleets(), name.as_deref(), args.json, |r, n| {
                r.fleet(n)
            })
        }
        (Some(ZooKind::Facts), name) => {
            kind("facts", &registry, registry.all_facts(), name.as_deref(), args.json, |r, n| {
                r.facts(n)
            })
        }
        (what, _) => Ok(Answer::done(list(&registry, what, args.json))),
    }
}

/// A record of whatever kind: its names, and its values with their origins.
trait Entry {
    fn id(&self) -> &str;
    fn name(&self) -> &str;
    fn values(&self) -> Vec<(String, Quantity)>;
    fn origins(&self) -> &Origins;
}

macro_rules! entries {
    ($($kind:ident),*) => {$(
        impl Entry for $kind {
            fn id(&self) -> &str {
                &self.id
            }

            fn name(&self) -> &str {
                &self.name
            }

            fn values(&self) -> Vec<(String, Quantity)> {
                Self::values(self)
            }

            fn origins(&self) -> &Origins {
                &self.origins
            }
        }
    )*};
}
entries!(Grid, Site, Fabric, Node, Fleet);

impl Entry for Facts {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn values(&self) -> Vec<(String, Quantity)> {
        self.values.clone()
    }

    fn origins(&self) -> &Origins {
        &self.origins
    }
}

/// All records of a kind, or the one of a name.
fn kind<'r, E: Entry + 'r>(
    plural: &str,
    registry: &'r Registry,
    all: &[E],
    name: Option<&str>,
    as_json: bool,
    find: impl Fn(&'r Registry, &str) -> mlsysim::Result<&'r E>,
) -> Result<Answer, String> {
    if let Some(name) = name {
        let found = find(registry, name).map_err(|error| error.to_string())?;
        if as_json {
            let mut document = entry(found);
            document["schema"] = json!("mlsysim.record/1");
            return Ok(Answer::done(pretty(&document)));
        }
        let text = record(found.id(), found.name(), &found.values(), found.origins(), &[]);
        return Ok(Answer::done(text));
    }
    if as_json {
        let mut document = json!({ "schema": "mlsysim.zoo/1" });
        document[plural] = all.iter().map(entry).collect();
        return Ok(Answer::done(pretty(&document)));
    }
    let mut rows = vec![[plural, "name", "values"].map(String::from).to_vec()];
    for found in all {
        let values: Vec<String> = found
            .values()
            .iter()
            .map(|(field, quantity)| format!("{field} {quantity:.4}"))
            .collect();
        rows.push(vec![found.id().into(), found.name().into(), values.join(", ")]);
    }
    Ok(Answer::done(table::columns(&rows)))
}

fn entry<E: Entry>(found: &E) -> serde_json::Value {
    let values: serde_json::Map<_, _> = found
        .values()
        .into_iter()
        .map(|(field, quantity)| {
            let origin = found.origins().of(&field);
            let value = json!({
                "value": quantity.value,
                "unit": quantity.dimension.to_string(),
                "basis": origin.basis.key(),
                "source": origin.to_string(),
            });
            (field, value)
        })
        .collect();
    json!({ "id": found.id(), "name": found.name(), "values": values })
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

//! Reads a plan and collects every mistake with its place.

use super::set::set;
use super::training::{self, About};
use super::{Assertion, Ops, Plan};
use crate::document::{Fields, Place, Problems, Value, parse};
use crate::error::{Error, Result};
use crate::near::nearest;
use crate::precision::Precision;
use crate::ranges::Range;
use crate::registry::{Grid, Hardware, Model, Registry};
use crate::units::{BytesPerSecond, Seconds};
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Sequences of a plan that does not say how long they are.
const SEQ_LEN: u32 = 2048;
/// Network of a plan that does not say: one port of 400 Gbit/s.
const FABRIC: BytesPerSecond = BytesPerSecond(50e9);
/// Share of the peak of a plan that does not say.
const EFFICIENCY: f64 = 0.5;
/// Period of a plan that does not say.
const DAYS: f64 = 30.0;
/// Grid of a plan that does not say.
const REGION: &str = "us_avg";

impl Plan {
    /// Reads the text of a plan: YAML if `file` ends in `.yaml`, `.yml` or `.json`, else TOML.
    ///
    /// Each of `overrides` is `key=value`, as in `workload.batch_size=16`, and replaces what the text says.
    ///
    /// # Errors
    ///
    /// [`Error::Records`] with every mistake and its line and column: unknown fields and names with the nearest ones,
    /// missing fields, wrong units, values out of range, counts of accelerators that contradict each other.
    pub fn read(file: &str, text: &str, overrides: &[String], registry: &Registry) -> Result<Self> {
        let mut registry = Cow::Borrowed(registry);
        let add = |_: &mut Cow<'_, Registry>, name: &str| {
            Err(format!("`{name}` is not opened here: read the plan with `Plan::read_with`"))
        };
        read_with(file, text, overrides, &mut registry, add, |registry| registry.as_ref())
    }

    /// Reads the text of a plan, as [`Plan::read`], that may name files with records of its own.
    ///
    /// For each file that `records` names, in order, `add` is called; it opens the file, whose name is relative to the
    /// plan, and adds what it holds to the registry, or says what is wrong with it in one or several lines.
    ///
    /// # Errors
    ///
    /// As [`Plan::read`]; what `add` says is told at the place of the file's name.
    ///
    /// # Examples
    ///
    /// ```
    /// use mlsysim::plan::Plan;
    /// use mlsysim::registry::Registry;
    ///
    /// let text = r#"
    /// version = "1"
    /// name = "by the sea"
    /// records = ["places.toml"]
    /// workload = { name = "llama3_8b" }
    /// hardware = { name = "h100" }
    /// ops = { region = "tidal" }
    /// "#;
    /// let places = "[grids.tidal]\ncarbon_intensity = \"20 gCO2e/kWh\"\npue = 1.1\n";
    /// let mut registry = Registry::shipped();
    /// let plan = Plan::read_with("plan.toml", text, &[], &mut registry, |registry, name| {
    ///     registry.add(name, places).map_err(|error| error.to_string())
    /// })?;
    /// assert_eq!(plan.ops.map(|ops| ops.grid.id).as_deref(), Some("tidal"));
    /// # Ok::<(), mlsysim::Error>(())
    /// ```
    pub fn read_with(
        file: &str,
        text: &str,
        overrides: &[String],
        registry: &mut Registry,
        add: impl FnMut(&mut Registry, &str) -> core::result::Result<(), String>,
    ) -> Result<Self> {
        read_with(file, text, overrides, registry, add, |registry| registry)
    }
}

/// Reads a plan with records from `registry`, to which `add` adds those of a file.
fn read_with<R>(
    file: &str,
    text: &str,
    overrides: &[String],
    registry: &mut R,
    mut add: impl FnMut(&mut R, &str) -> core::result::Result<(), String>,
    all: impl Fn(&R) -> &Registry,
) -> Result<Plan> {
    let mut problems = Problems::new();
    let mut document = parse(file, text, &mut problems);
    for assignment in overrides {
        if let Err(message) = set(&mut document, assignment) {
            problems.add(Place::START, message);
        }
    }
    let plan = Fields::new("plan", &document, &mut problems).and_then(|mut fields| {
        for (place, name) in record_files(&mut fields, &mut problems) {
            if let Err(messages) = add(registry, name) {
                for message in messages.lines() {
                    problems.add(place, message);
                }
            }
        }
        read(fields, all(registry), &mut problems)
    });
    problems.finish(file)?;
    // Without problems there is a plan.
    plan.ok_or_else(|| Error::Records { file: file.into(), problems: Vec::new() })
}

/// The files with records that the plan names, and where.
fn record_files<'a>(fields: &mut Fields<'a, '_>, problems: &mut Problems) -> Vec<(Place, &'a str)> {
    let Some(node) = fields.take("records") else { return Vec::new() };
    let Value::List(items) = &node.value else {
        let message =
            format!("plan.records: expected a list of files in quotes, got {}", node.describe());
        problems.add(node.place, message);
        return Vec::new();
    };
    let mut files = Vec::new();
    for item in items {
        match item.text() {
            Some(name) => files.push((item.place, name)),
            None => {
                let message = format!(
                    "plan.records: expected the name of a file in quotes, got {}",
                    item.describe()
                );
                problems.add(item.place, message);
            }
        }
    }
    files
}

/// A field that must be there.
fn required<T>(
    value: Option<T>,
    field: &str,
    fields: &Fields<'_, '_>,
    problems: &mut Problems,
) -> Option<T> {
    // A field that is there and wrong has been complained about already.
    if value.is_none() && fields.place_of(field).is_none() {
        fields.complain(&format!("the field `{field}` is missing"), problems);
    }
    value
}

/// The record of a name, or a mistake at the place of the name.
fn lookup<T: Clone>(
    found: Result<&T>,
    field: &str,
    fields: &Fields<'_, '_>,
    problems: &mut Problems,
) -> Option<T> {
    match found {
        Ok(record) => Some(record.clone()),
        Err(error) => {
            problems.add(fields.place_of(field).unwrap_or(fields.place()), error.to_string());
            None
        }
    }
}

fn read(mut fields: Fields<'_, '_>, registry: &Registry, problems: &mut Problems) -> Option<Plan> {
    let version = fields.text("version", problems);
    let version = required(version, "version", &fields, problems);
    let name = fields.text("name", problems);
    let name = required(name, "name", &fields, problems);
    let workload = fields.table("workload", problems);
    let workload = required(workload, "workload", &fields, problems);
    let work = workload.map(|workload| read_workload(workload, registry, problems));
    let hardware = fields.table("hardware", problems);
    let hardware = required(hardware, "hardware", &fields, problems);
    let machines = hardware.map(|hardware| read_hardware(hardware, registry, problems));
    let is_training = fields.place_of("training").is_some();
    let training = fields.table("training", problems).map(|training| {
        let about = About {
            model: work.as_ref().and_then(|work| work.model.as_ref()),
            batch: work.as_ref().and_then(|work| work.batch),
            seq_len: work.as_ref().and_then(|work| work.seq_len),
            accelerators: machines.as_ref().and_then(|machines| machines.counts).map(|two| two.0),
        };
        training::read(training, &about, problems)
    });
    let timed = training.flatten().is_some_and(|training| training.length.is_some());
    let ops = fields.table("ops", problems).map(|ops| read_ops(ops, timed, registry, problems));
    let assertions = fields
        .table("constraints", problems)
        .map_or_else(Vec::new, |constraints| read_constraints(constraints, problems));
    fields.finish(problems);

    let (work, machines) = (work?, machines?);
    let (accelerators, accelerators_per_node) = machines.counts?;
    let machine = machines.machine?;
    let ops = match ops {
        None => None,
        Some(ops) => Some(ops?),
    };
    let training = match training {
        None if is_training => return None,
        None => None,
        Some(training) => Some(training?),
    };
    Some(Plan {
        version: version?,
        name: name?,
        model: work.model?,
        batch: work.batch?,
        seq_len: work.seq_len?,
        accelerators,
        accelerators_per_node,
        intra_node: machines.intra_node.or_else(|| machine.link.map(|link| link.one_way())),
        hardware: machine,
        fabric: machines.fabric,
        precision: machines.precision,
        efficiency: machines.efficiency,
        training,
        ops,
        assertions,
    })
}

/// What is known of the work; `None` where a field is missing or wrong.
struct Work {
    model: Option<Model>,
    batch: Option<u32>,
    seq_len: Option<u32>,
}

fn read_workload(mut fields: Fields<'_, '_>, registry: &Registry, problems: &mut Problems) -> Work {
    let name = fields.text("name", problems);
    let name = required(name, "name", &fields, problems);
    let model = name.and_then(|name| lookup(registry.model(&name), "name", &fields, problems));
    let batch = count_or(1, "batch_size", &mut fields, problems);
    let seq_len = count_or(SEQ_LEN, "seq_len", &mut fields, problems);
    fields.finish(problems);
    Work { model, batch, seq_len }
}

/// A count, or its default where it is not given; `None` where it is wrong.
fn count_or(
    default: u32,
    field: &'static str,
    fields: &mut Fields<'_, '_>,
    problems: &mut Problems,
) -> Option<u32> {
    let count = fields.count(field, problems);
    if fields.place_of(field).is_none() { Some(default) } else { count }
}

struct Machines {
    machine: Option<Hardware>,
    /// Accelerators in all and in each node.
    counts: Option<(u32, u32)>,
    intra_node: Option<BytesPerSecond>,
    fabric: BytesPerSecond,
    precision: Precision,
    efficiency: f64,
}

fn read_hardware(
    mut fields: Fields<'_, '_>,
    registry: &Registry,
    problems: &mut Problems,
) -> Machines {
    let name = fields.text("name", problems);
    let name = required(name, "name", &fields, problems);
    let machine = name.and_then(|name| lookup(registry.hardware(&name), "name", &fields, problems));
    let accelerators = fields.count("accelerators", problems);
    let nodes = fields.count("node_count", problems);
    let per_node = fields.count("accelerators_per_node", problems);
    let intra_node = fields.amount("intra_node_bw", Range::POSITIVE, problems);
    let fabric = fields.amount("fabric_bandwidth", Range::POSITIVE, problems);
    let precision = fields.word("precision", &Precision::ALL, Precision::key, problems);
    let efficiency = fields.number("efficiency", Range::EFFICIENCY, problems);
    let counts = count(accelerators, nodes, per_node, &fields, problems);
    fields.finish(problems);
    Machines {
        machine,
        counts,
        intra_node,
        fabric: fabric.unwrap_or(FABRIC),
        precision: precision.unwrap_or(Precision::Fp16),
        efficiency: efficiency.unwrap_or(EFFICIENCY),
    }
}

/// Accelerators in all and in each node, if what is given does not contradict itself.
fn count(
    accelerators: Option<u32>,
    nodes: Option<u32>,
    per_node: Option<u32>,
    fields: &Fields<'_, '_>,
    problems: &mut Problems,
) -> Option<(u32, u32)> {
    let mut refuse = |field: &str, message: String| {
        let place = fields.place_of(field).unwrap_or(fields.place());
        problems.add(place, format!("plan.hardware.{field}: {message}"));
    };
    let total = match (nodes, per_node) {
        (Some(nodes), Some(per_node)) => {
            let Some(total) = nodes.checked_mul(per_node) else {
                refuse(
                    "node_count",
                    format!("{nodes} × {per_node} accelerators do not fit 32 bits"),
                );
                return None;
            };
            if let Some(given) = accelerators.filter(|given| *given != total) {
                refuse(
                    "accelerators",
                    format!(
                        "{given} contradicts {nodes} nodes with {per_node} accelerators each, which are {total}"
                    ),
                );
                return None;
            }
            total
        }
        (Some(_), None) => {
            refuse("node_count", "needs accelerators_per_node beside it".into());
            return None;
        }
        (None, _) => accelerators.unwrap_or(1),
    };
    let per_node = per_node.unwrap_or(1);
    if nodes.is_none() && accelerators.is_some() && total % per_node != 0 {
        refuse(
            "accelerators_per_node",
            format!("{total} accelerators do not make up whole nodes of {per_node}"),
        );
        return None;
    }
    // Without a total, one accelerator stands alone in whatever node it stands in.
    Some((total, per_node.min(total)))
}

fn read_ops(
    mut fields: Fields<'_, '_>,
    timed: bool,
    registry: &Registry,
    problems: &mut Problems,
) -> Option<Ops> {
    let region = fields.text("region", problems);
    let wrong = region.is_none() && fields.place_of("region").is_some();
    let region = region.unwrap_or_else(|| REGION.into());
    let grid: Option<Grid> =
        if wrong { None } else { lookup(registry.grid(&region), "region", &fields, problems) };
    let days = fields.number("duration_days", Range::POSITIVE, problems).unwrap_or(DAYS);
    if let Some(place) = fields.place_of("duration_days").filter(|_| timed) {
        let message = "plan.ops.duration_days: the length of the run is named in plan.training; leave one of the two out";
        problems.add(place, message);
    }
    fields.finish(problems);
    Some(Ops { grid: grid?, duration: Seconds(days * 86_400.0) })
}

fn read_constraints(mut fields: Fields<'_, '_>, problems: &mut Problems) -> Vec<Assertion> {
    let mut assertions = Vec::new();
    let list = fields.take("assert");
    if let Some(node) = list {
        if let Value::List(items) = &node.value {
            for (item, number) in items.iter().zip(1_u32..) {
                let path = format!("plan.constraints.assert[{number}]");
                if let Some(fields) = Fields::new(path, item, problems) {
                    assertions.extend(read_assertion(fields, problems));
                }
            }
        } else {
            let message =
                format!("plan.constraints.assert: expected a list, got {}", node.describe());
            problems.add(node.place, message);
        }
    }
    fields.finish(problems);
    assertions
}

fn read_assertion(mut fields: Fields<'_, '_>, problems: &mut Problems) -> Option<Assertion> {
    let metric = fields.text("metric", problems);
    let metric = required(metric, "metric", &fields, problems);
    if let Some(metric) = &metric {
        let known = super::evaluate::METRICS.iter().map(|known| known.0);
        if !known.clone().any(|known| known == metric) {
            let near = nearest(metric, known.clone());
            let remedy = if near.is_empty() {
                format!("there are {}", known.collect::<Vec<_>>().join(", "))
            } else {
                format!("did you mean {}?", near.join(" or "))
            };
            let place = fields.place_of("metric").unwrap_or(fields.place());
            problems.add(place, format!("unknown metric `{metric}`; {remedy}"));
        }
    }
    let min = fields.number("min", Range::ANY, problems);
    let max = fields.number("max", Range::ANY, problems);
    if fields.place_of("min").is_none() && fields.place_of("max").is_none() {
        fields.complain("give `max`, `min` or both", problems);
    }
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        fields.complain(&format!("nothing is at least {min} and at most {max}"), problems);
    }
    fields.finish(problems);
    Some(Assertion { metric: metric?, min, max })
}

//! `mlsysim eval`: one step of work on one machine.

use crate::args::{EvalArgs, Output, amount, registry, unsupported};
use crate::{Answer, plan, pretty};
use mlsysim::composite::Settings;
use mlsysim::composite::single_node::Profile;
use mlsysim::provenance::{Basis, Kind, Provenance};
use mlsysim::registry::{Hardware, Inference, Registry};
use mlsysim::report::bars::{bars, breakdown};
use mlsysim::report::{json, svg, table};
use mlsysim::trace::Trace;
use mlsysim::units::{
    Bytes, BytesPerSecond, Dimension, Flop, FlopPerSecond, Joules, Quantity, Seconds,
};
use mlsysim::{Convention, Precision, WorkloadSpec};
use serde_json::json;
use std::path::Path;

/// A problem as one line for standard error.
fn say(error: impl core::fmt::Display) -> String {
    error.to_string()
}

pub(crate) fn run(args: &EvalArgs) -> Result<Answer, String> {
    let convention = Convention::from(args.convention);
    let output = args.format.output();
    if let Some(file) = args.target.as_deref().filter(|target| plan::is_file(target)) {
        if let Some(extra) = &args.on {
            return Err(format!(
                "a plan names its own hardware; write --set hardware.name={extra}"
            ));
        }
        let (plan, _) = plan::read(file, &args.set, &args.records)?;
        return plan::run(&plan, &plan::Show { convention, output, explain: args.explain });
    }
    let registry = registry(&args.records)?;
    if !args.set.is_empty() {
        return Err("--set changes a plan: give the file of one".into());
    }
    if !matches!(output, Output::Text | Output::Json | Output::Svg) {
        return Err(unsupported("eval", output));
    }
    let max_time: Option<Seconds> = amount("--max-time", args.max_time.as_deref())?;
    let max_energy: Option<Joules> = amount("--max-energy", args.max_energy.as_deref())?;

    let machine = machine(args, &registry)?;
    let precision = args.precision.or(machine.native).unwrap_or(Precision::Fp16);
    let mut trace = Trace::new();
    let (label, work, complete) = work(args, &registry, precision, convention, &mut trace)?;

    let settings = Settings {
        efficiency: args.efficiency.unwrap_or_else(|| machine.settings(precision).efficiency),
        overlap: args.overlap,
    };
    let (profile, trace) =
        machine.continue_trace(&work, precision, &settings, convention, trace).map_err(say)?;

    if let Some(path) = &args.svg {
        let plot = plot(&machine, precision, convention, &label, &work, &profile)?;
        write(path, &plot)?;
    }
    let violations = violations(&profile, max_time, max_energy);
    let text = if output == Output::Svg {
        let group = breakdown(&label, &profile);
        bars(
            &format!("{label} on {}, {precision}", machine.name),
            "time",
            Dimension::TIME,
            &[group],
        )
    } else if output == Output::Json {
        pretty(&json!({
            "schema": "mlsysim.eval/1",
            "hardware": { "id": machine.id, "name": machine.name },
            "work": label,
            "precision": precision.key(),
            "convention": convention.key(),
            "batch": args.batch,
            "efficiency": settings.efficiency,
            "result": json::profile(&profile),
            "memory_is_known": complete,
            "violations": violations,
            "trace": json::trace(&trace),
        }))
    } else {
        let mut text =
            format!("{label} on {}, {precision}, {convention} convention\n\n", machine.name);
        text.push_str(&table::profile(&profile, complete));
        if args.explain {
            text.push('\n');
            text.push_str(&table::trace(&trace));
        }
        text
    };
    let (code, remark) = if !violations.is_empty() {
        (3, Some(violations.join("; ")))
    } else if !profile.feasible() {
        (1, Some(format!("{label} does not fit {}", machine.name)))
    } else {
        (0, None)
    };
    Ok(Answer { text, code, remark })
}

/// The machine of a name, or of the numbers given.
fn machine(args: &EvalArgs, registry: &Registry) -> Result<Hardware, String> {
    if let Some(name) = args.hardware.as_ref().or(args.on.as_ref()) {
        return registry.hardware(name).cloned().map_err(say);
    }
    let peak: Option<FlopPerSecond> = amount("--peak", args.peak.as_deref())?;
    let bandwidth: Option<BytesPerSecond> = amount("--bandwidth", args.bandwidth.as_deref())?;
    let capacity: Option<Bytes> = amount("--capacity", args.capacity.as_deref())?;
    let (Some(peak), Some(bandwidth), Some(capacity)) = (peak, bandwidth, capacity) else {
        return Err("give --hardware NAME, or --peak, --bandwidth and --capacity".into());
    };
    let precision = args.precision.unwrap_or(Precision::Fp32);
    let origin = Provenance::new(Basis::Estimate, "given on the command line");
    let mut machine = Hardware::new("given", peak, bandwidth, capacity, origin);
    machine.name = "the machine given".into();
    machine.rates.push((precision, peak));
    machine.native = Some(precision);
    // Nothing is known of its fixed times, so none are made up.
    machine.dispatch = Some(Seconds::ZERO);
    machine.layer_time = Some(Seconds::ZERO);
    Ok(machine)
}

/// The work of a model, or of the numbers given; its name; and whether all the memory it needs is known.
fn work(
    args: &EvalArgs,
    registry: &Registry,
    precision: Precision,
    convention: Convention,
    trace: &mut Trace,
) -> Result<(String, WorkloadSpec, bool), String> {
    if let Some(name) = args.model.as_ref().or(args.target.as_ref()) {
        let model = registry.model(name).map_err(say)?;
        model.announce(trace);
        let step = Inference { batch: args.batch, context: args.context };
        let work = model.inference(&step, precision, convention, trace).map_err(say)?;
        let label = if args.batch == 1 {
            model.name.clone()
        } else {
            format!("{}, batch {}", model.name, args.batch)
        };
        return Ok((label, work, model.knows_working_bytes()));
    }
    for name in
        ["ops", "bytes_moved", "weight_bytes", "working_bytes", "useful_ops", "items", "layers"]
    {
        trace.announce(name, Kind::Assumed, "given on the command line");
    }
    let ops: Option<Flop> = amount("--ops", args.ops.as_deref())?;
    let bytes_moved: Option<Bytes> = amount("--bytes", args.bytes.as_deref())?;
    let (Some(ops), Some(bytes_moved)) = (ops, bytes_moved) else {
        return Err("give --model NAME, or --ops and --bytes".into());
    };
    let weight_bytes = amount("--weights", args.weights.as_deref())?.unwrap_or(Bytes::ZERO);
    let working_bytes = amount("--working", args.working.as_deref())?.unwrap_or(Bytes::ZERO);
    let work = WorkloadSpec {
        ops,
        bytes_moved,
        weight_bytes,
        working_bytes,
        items: args.batch,
        ..WorkloadSpec::default()
    };
    Ok(("the work given".into(), work, args.working.is_some()))
}

/// The limits that the step breaks.
fn violations(
    profile: &Profile,
    max_time: Option<Seconds>,
    max_energy: Option<Joules>,
) -> Vec<String> {
    let mut violations = Vec::new();
    if let Some(limit) = max_time
        && profile.time > limit
    {
        let time = Quantity::from(profile.time);
        violations.push(format!("a step takes {time:.4}, above the limit of {limit}"));
    }
    match (max_energy, profile.energy) {
        (Some(limit), Some(energy)) if energy > limit => {
            violations.push(format!(
                "a step takes {:.4}, above the limit of {limit}",
                Quantity::from(energy)
            ));
        }
        (Some(_), None) => violations
            .push("the energy of a step is not known: the machine has no power on record".into()),
        _ => {}
    }
    violations
}

fn plot(
    machine: &Hardware,
    precision: Precision,
    convention: Convention,
    label: &str,
    work: &WorkloadSpec,
    profile: &Profile,
) -> Result<String, String> {
    let (peak, _) = machine.rate(precision, convention).map_err(say)?;
    let roofs = [
        svg::Roof { label: "data sheet", peak, bandwidth: machine.bandwidth },
        svg::Roof {
            label: "sustained",
            peak: profile.sustained_peak,
            bandwidth: profile.effective_bandwidth,
        },
    ];
    let title = format!("{label} on {}, {precision}", machine.name);
    Ok(svg::roofline(&title, &roofs, &[svg::point(label, work.ops, profile)]))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

//! `mlsysim`: what one evaluation costs in each of its forms, beside the bare formula.

use core::hint::black_box;

use anyhow::{Context as _, Result};
use mlsysim::composite::{Device, Settings, single_node};
use mlsysim::provenance::{Basis, Provenance};
use mlsysim::registry::{Family, Hardware, Inference, Model};
use mlsysim::trace::{NoTrace, Trace};
use mlsysim::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Params, Seconds};
use mlsysim::walls::node::memory;
use mlsysim::walls::{self, Column};
use mlsysim::{Convention, Precision, WorkloadSpec};

use crate::case::{Case, NAIVE, Plan, Setup};
use crate::check::Check;
use crate::python;
use crate::subject::repeated;
use crate::values::sample;

const PACKAGE: &str = "mlsysim";
/// The call through the registry with named quantities.
const BY_NAME: &str = "by name";
/// The typed call that records how its result arose.
const TRACED: &str = "traced";

const TRAFFIC: Bytes = Bytes(16e9);
const BANDWIDTH: BytesPerSecond = BytesPerSecond(2e12);
const EFFICIENCY: f64 = 0.8;

/// Returns the cases.
#[must_use]
pub fn plans(quick: bool) -> Vec<Plan> {
    let rows = if quick { 1 << 16 } else { 1 << 20 };
    vec![
        Plan::new(PACKAGE, "wall", "the memory wall: typed, by name, bare", |_| wall()),
        Plan::new(PACKAGE, "step", "one step on one machine: plain, with its trace, bare", |_| {
            step()
        }),
        Plan::new(PACKAGE, "eval", "one token of an 8B model, from the records", eval),
        Plan::new(
            PACKAGE,
            "sweep",
            format!("the memory wall over a column of {rows}"),
            move |_| sweep(rows),
        ),
    ]
}

fn time(seconds: Seconds) -> Result<Vec<f32>> {
    Ok(vec![seconds.0 as f32])
}

fn wall() -> Result<Case> {
    let work = WorkloadSpec { bytes_moved: TRAFFIC, ..WorkloadSpec::default() };
    // 16 GB at 80 % of 2 TB/s take 10 ms.
    let check = Check::against(vec![0.01], 1e-6);
    let typed =
        repeated(move || Ok(memory::step_time(black_box(&work), BANDWIDTH, EFFICIENCY)?), time);
    let inputs = [
        ("bytes_moved", TRAFFIC.into()),
        ("bandwidth", BANDWIDTH.into()),
        ("memory_efficiency", EFFICIENCY.into()),
    ];
    let by_name = repeated(
        move || Ok(walls::evaluate("memory.step_time", black_box(&inputs), Convention::Reference)?),
        |evaluation| {
            let time =
                evaluation.quantity("memory_time").context("no memory_time among the outputs")?;
            Ok(vec![time.value as f32])
        },
    );
    let bare = repeated(
        || Ok(black_box(TRAFFIC.0) / (black_box(BANDWIDTH.0) * black_box(EFFICIENCY))),
        |t| time(Seconds(t)),
    );
    Ok(Case::new(check, typed).with(BY_NAME, by_name).with(NAIVE, bare))
}

fn step() -> Result<Case> {
    let device = Device::new(FlopPerSecond(100e12), BANDWIDTH, Bytes(80e9));
    let work = WorkloadSpec { ops: Flop(4e12), bytes_moved: TRAFFIC, ..WorkloadSpec::default() };
    let settings = Settings { efficiency: EFFICIENCY, ..Settings::default() };
    // 4 TFLOP at 80 % of 100 TFLOP/s take 50 ms, longer than 16 GB at 2 TB/s.
    let check = Check::against(vec![0.05], 1e-6);
    let evaluate = single_node::evaluate::<NoTrace>;
    let plain = repeated(
        move || {
            Ok(evaluate(
                black_box(&work),
                black_box(&device),
                &settings,
                Convention::Reference,
                &mut NoTrace,
            )?)
        },
        |profile| time(profile.time),
    );
    let traced = repeated(
        move || {
            let mut trace = Trace::new();
            let (work, device) = (black_box(&work), black_box(&device));
            let profile =
                single_node::evaluate(work, device, &settings, Convention::Reference, &mut trace)?;
            Ok((profile, trace))
        },
        |(profile, _)| time(profile.time),
    );
    let bare = repeated(
        move || {
            let (work, device) = (black_box(&work), black_box(&device));
            let compute = work.ops.0 / (device.peak.0 * settings.efficiency);
            let memory = work.bytes_moved.0 / (device.bandwidth.0 * device.memory_efficiency);
            Ok(compute.max(memory) + device.dispatch.0)
        },
        |t| time(Seconds(t)),
    );
    Ok(Case::new(check, plain).with(TRACED, traced).with(NAIVE, bare))
}

/// The name under which the Python package competes.
const UPSTREAM: &str = "mlsysim (Python)";

/// Both sides start from records of a model and a machine and end with the profile of one step.
fn eval(setup: &Setup) -> Result<Case> {
    let origin = || Provenance::new(Basis::Literature, "mlsysim 0.3.0 (Python)");
    let mut model = Model::new("llama3_8b", Family::Decoder, origin());
    model.parameters = Some(Params(8.03e9));
    model.layers = Some(32);
    (model.hidden, model.heads, model.kv_heads) = (Some(4096), Some(32), Some(8));
    let (peak, bandwidth) = (FlopPerSecond(989e12), BytesPerSecond(3.35e12));
    let mut machine =
        Hardware::new("h100", peak, bandwidth, Bytes(80.0 * 1_073_741_824.0), origin());
    machine.dispatch = Some(Seconds(1e-5));
    // 16.06 GB, a tenth more for activations, at 3.35 TB/s, and 33 dispatches of 10 us.
    let check = Check::against(vec![0.005_603_432_8], 1e-6);
    let ours = repeated(
        move || {
            let (model, machine) = (black_box(&model), black_box(&machine));
            let (precision, convention) = (Precision::Fp16, Convention::Upstream030);
            let work =
                model.inference(&Inference::default(), precision, convention, &mut NoTrace)?;
            let device = machine.device(precision, convention)?;
            let settings = Settings::default();
            Ok(single_node::evaluate(&work, &device, &settings, convention, &mut NoTrace)?)
        },
        |profile| time(profile.time),
    );
    let theirs = python::subject(setup.upstream.as_ref(), "single_node", &[1]);
    Ok(Case::new(check, ours).with_some(UPSTREAM, theirs))
}

fn sweep(rows: usize) -> Result<Case> {
    let traffic: Vec<f64> = (1..=rows).map(|i| i as f64 * 1e3).collect();
    let column = Column::of(traffic.iter().map(|bytes| Bytes(*bytes)));
    let fixed = [("bandwidth", BANDWIDTH.into()), ("memory_efficiency", EFFICIENCY.into())];
    let columns = repeated(
        move || {
            Ok(walls::batch(
                "memory.step_time",
                &[("bytes_moved", &column)],
                &fixed,
                Convention::Reference,
            )?)
        },
        |table| {
            let times = table.column("memory_time").context("no memory_time among the columns")?;
            Ok(sample(&times.values.iter().map(|t| *t as f32).collect::<Vec<f32>>()))
        },
    );
    let bare = move |traffic: &[f64]| -> Vec<f64> {
        traffic.iter().map(|v| v / (BANDWIDTH.0 * EFFICIENCY)).collect()
    };
    let narrow = |times: &[f64]| sample(&times.iter().map(|t| *t as f32).collect::<Vec<f32>>());
    let check = Check::against(narrow(&bare(&traffic)), 1e-6);
    // One column in and two out.
    let case = Case::new(check, columns).work(rows as f64, (3 * rows * size_of::<f64>()) as f64);
    Ok(case.with(NAIVE, repeated(move || Ok(bare(&traffic)), move |times| Ok(narrow(&times)))))
}

//! Groups of section 11: the lab of constraints, scorecards, scenarios, pipelines, and searches over designs.

use crate::case::{Case, UPSTREAM};
use crate::compare::{Out, Outputs, Verdict, verdict};
use crate::groups::fleet::{request, step_outputs};
use crate::groups::node::{queue_outputs, serving_outputs};
use crate::groups::operations::{
    checkpoint_outputs, cost_outputs, footprint_outputs, fragility_outputs,
};
use crate::groups::records::profile_outputs;
use crate::objects;
use mlsysim::evaluate::explorer::{self, Candidate, Intervention, Setting, Track};
use mlsysim::evaluate::pipeline::{Finding, Inputs, Pipeline, Stage};
use mlsysim::evaluate::scenario::{Scenario, System};
use mlsysim::evaluate::scorecard::{Plan, Scorecard, scorecard};
use mlsysim::evaluate::search::{Constraint, Objective, search};
use mlsysim::resolve::distributed::Request;
use mlsysim::trace::NoTrace;
use mlsysim::units::{BytesPerSecond, Flop, Hertz, Quantity, Seconds, Watts};
use mlsysim::{CallError, Precision, Result};
use serde_json::Value;

/// The verdict on a case of a group that this file knows.
pub(crate) fn run(group: &str, x: &Case<'_>) -> Option<Verdict> {
    Some(match group {
        "ConstraintExplorer" => verdict(x.case, constraints(x)),
        "SystemEvaluator" => verdict(x.case, evaluator(x)),
        "ScenarioEvaluate" => verdict(x.case, scenario(x)),
        "DSE" => verdict(x.case, designs(x)),
        "Pipeline" => verdict(x.case, pipeline(x)),
        _ => return None,
    })
}

/// The value whose word a case gives; any error stands for an unknown word.
fn pick<T: Copy, const N: usize>(
    x: &Case<'_>,
    name: &str,
    all: [T; N],
    key: impl Fn(T) -> &'static str,
    default: &'static str,
) -> Result<T> {
    let word = x.word(name, default);
    let unknown = || CallError::UnknownEquation { id: word.clone(), near: Vec::new() };
    Ok(all.into_iter().find(|value| key(*value) == word).ok_or_else(unknown)?)
}

fn constraints(x: &Case<'_>) -> Result<Outputs> {
    let candidate = pick(x, "candidate", Candidate::ALL, Candidate::key, "balanced")?;
    let intervention = pick(x, "intervention", Intervention::ALL, Intervention::key, "none")?;
    let setting = Setting {
        candidate,
        shift: x.number("shift_pct", 0.0),
        compute_scale: x.number("compute_scale", 1.0),
        movement_scale: x.number("movement_scale", 1.0),
        overhead_scale: x.number("overhead_scale", 1.0),
        intervention,
        demand_scale: x.number("demand_scale", 1.0),
        budget_scale: x.number("budget_scale", 1.0),
        ..Setting::of(pick(x, "track_id", Track::ALL, Track::key, "")?)
    };
    let out = explorer::evaluate(&setting)?;
    let number = Out::Number;
    let violations: Vec<Out> = out.violations().map(|limit| Out::Word(limit.key())).collect();
    let operational = out.violations().filter(|limit| *limit != explorer::Limit::Quality);
    let operational = operational.map(|limit| Out::Word(limit.key())).collect();
    let margin = |pair: [f64; 2]| Out::Number(pair[1] - pair[0]);
    Ok(vec![
        ("quality_pct", number(out.quality)),
        ("quality_floor_pct", number(out.quality_floor)),
        ("memory_mb", number(out.memory[0])),
        ("memory_limit_mb", number(out.memory[1])),
        ("movement_ms", number(out.times[0])),
        ("compute_ms", number(out.times[1])),
        ("overhead_ms", number(out.times[2])),
        ("latency_ms", number(out.latency[0])),
        ("latency_limit_ms", number(out.latency[1])),
        ("energy_mj", number(out.energy[0])),
        ("energy_limit_mj", number(out.energy[1])),
        ("feasible", Out::Flag(out.is_feasible())),
        ("operational_ok", Out::Flag(out.is_operational())),
        ("runtime_feasible", Out::Flag(out.is_operational())),
        ("operational_violations", Out::List(operational)),
        ("violations", Out::List(violations)),
        ("dominant_term", Out::Word(out.dominant())),
        ("intervention_cost", number(out.cost[0])),
        ("budget", number(out.cost[1])),
        ("candidate", Out::Word(setting.candidate.key())),
        ("track_id", Out::Word(setting.track.key())),
        ("shift_pct", number(setting.shift)),
        ("effective_candidate", Out::Word(out.candidate.key())),
        ("candidate_scale", number(out.candidate.facts().0)),
        ("difficult_share_pct", number(out.difficult_share)),
        ("easy_share_pct", number(100.0 - out.difficult_share)),
        ("easy_quality_pct", number(out.qualities[0])),
        ("difficult_quality_pct", number(out.qualities[1])),
        ("movement_volume_mb", number(out.movement)),
        ("bandwidth_mb_per_ms", number(out.bandwidth)),
        ("ops_mflop", number(out.work)),
        ("effective_rate_mflop_per_ms", number(out.rate)),
        (
            "margins",
            Out::Map(vec![
                ("quality_pct".into(), number(out.quality - out.quality_floor)),
                ("memory_mb".into(), margin(out.memory)),
                ("latency_ms".into(), margin(out.latency)),
                ("energy_mj".into(), margin(out.energy)),
            ]),
        ),
    ])
}

/// Each metric under the name that the vectors give it.
fn metrics(card: &Scorecard, names: &[(&'static str, &str, &str)]) -> Outputs {
    let mut outputs = vec![
        ("f_status", Out::Word(card.feasibility.status.key())),
        ("p_status", Out::Word(card.performance.status.key())),
        ("m_status", Out::Word(card.cost.status.key())),
        ("passed_all", Out::Flag(card.passes())),
    ];
    for (name, level, metric) in names {
        let found = card.levels().into_iter().find(|(known, _)| known == level);
        if let Some(value) = found.and_then(|(_, level)| level.metric(metric)) {
            outputs.push((name, Out::Number(value.value)));
        }
    }
    outputs
}

fn evaluator(x: &Case<'_>) -> Result<Outputs> {
    let (model, hardware) =
        (objects::model(x.record("model_obj")), objects::hardware(x.record("hardware_obj")));
    let fleet = x.input("fleet_obj").is_string().then(|| objects::fleet(x.record("fleet_obj")));
    let trains = x.count("nodes", 1) > 1 && fleet.is_some();
    let plan = Plan {
        model: &model,
        hardware: &hardware,
        batch: x.count("batch_size", 1),
        precision: x.precision()?,
        efficiency: x.number("efficiency", 0.5),
        fleet: fleet.as_ref(),
        training: trains.then(Request::default),
        duration: x.input("duration_s").as_f64().map(Seconds),
        place: None,
    };
    let card = scorecard(&plan, UPSTREAM, &mut NoTrace)?;
    Ok(metrics(
        &card,
        &[
            ("f_memory_used_byte", "feasibility", "memory_used"),
            ("f_memory_capacity_byte", "feasibility", "memory_capacity"),
            ("f_memory_utilization", "feasibility", "memory_utilization"),
            ("p_latency_s", "performance", "latency"),
            ("p_throughput_1_per_s", "performance", "throughput"),
            ("p_step_latency_s", "performance", "step_latency"),
            ("p_comm_overhead_s", "performance", "comm_overhead"),
            ("p_fleet_throughput_1_per_s", "performance", "fleet_throughput"),
            ("p_mfu", "performance", "mfu"),
            ("p_node_mfu", "performance", "node_mfu"),
            ("p_scaling_efficiency", "performance", "scaling_efficiency"),
            ("m_tco_USD", "cost", "tco"),
            ("m_carbon_footprint_kg", "cost", "carbon_footprint"),
            ("m_energy_cost_USD", "cost", "energy_cost"),
            ("m_capex_USD", "cost", "capex"),
        ],
    ))
}

/// The scenarios that the vectors name, with the records that the Python package resolves them to.
const SCENARIOS: &str = include_str!("../scenarios.json");

fn scenario(x: &Case<'_>) -> Result<Outputs> {
    let name = x.word("scenario", "");
    let file: Value = serde_json::from_str(SCENARIOS).expect("a JSON document");
    let record = &file["scenarios"][&name];
    let number = |field: &str| record[field].as_f64();
    let system = match record["system"]["type"].as_str() {
        Some("Fleet") => System::Fleet(objects::fleet(&record["system"])),
        _ => System::Machine(objects::hardware(&record["system"])),
    };
    let scenario = Scenario {
        name,
        model: objects::model(&record["model"]),
        system,
        data_rate: number("data_rate_byte_per_s").map(BytesPerSecond),
        latency_limit: number("latency_limit_s").map(Seconds),
        power_budget: number("power_budget_W").map(Watts),
        grid: None,
    };
    let card = scenario.evaluate(x.count("batch_size", 1), x.precision()?, UPSTREAM)?;
    let mut outputs = metrics(
        &card,
        &[
            ("f_weight_size_byte", "feasibility", "weight_size"),
            ("f_capacity_byte", "feasibility", "capacity"),
            ("p_latency_s", "performance", "latency"),
            ("p_throughput_1_per_s", "performance", "throughput"),
            ("p_scaling_eff", "performance", "scaling_efficiency"),
            ("p_mfu", "performance", "mfu"),
            ("p_node_mfu", "performance", "node_mfu"),
            ("p_sla_latency_s", "performance", "sla_latency"),
            ("m_carbon_kg", "cost", "carbon"),
            ("m_tco_USD", "cost", "tco"),
        ],
    );
    let stalled = card.feasibility.metric("data_stalled").is_some_and(|flag| flag.value > 0.5);
    outputs.push(("f_data_stalled", Out::Flag(stalled)));
    let bottleneck = card.performance.bottleneck;
    outputs.extend(bottleneck.map(|bottleneck| ("p_bottleneck", Out::Word(bottleneck.key()))));
    Ok(outputs)
}

/// The vectors' metric names; their times are in milliseconds.
fn metric(name: &str) -> String {
    name.replace(".metrics.", ".")
}

fn designs(x: &Case<'_>) -> Result<Outputs> {
    let (model, hardware) = (x.model(), x.hardware());
    let objective = Objective::parse(&x.word("objective", ""))?;
    let objective = Objective { metric: metric(&objective.metric), ..objective };
    let texts = x.input("constraints").as_array().into_iter().flatten();
    let constraints: Vec<Constraint> = texts
        .map(|text| {
            let mut text = metric(text.as_str().unwrap_or_default());
            if text.starts_with("performance.latency") {
                text.push_str(" ms");
            }
            if text.starts_with("performance.throughput") {
                text.push_str(" Hz");
            }
            Constraint::parse(&text)
        })
        .collect::<Result<_>>()?;
    let values = |name: &str| x.input("space")[name].as_array().cloned().unwrap_or_default();
    // The vectors vary these three, the last of them fastest.
    let keys = ["batch_size", "precision", "efficiency"];
    let mut grid: Vec<Vec<(String, Value)>> = vec![Vec::new()];
    for key in keys {
        grid = grid
            .iter()
            .flat_map(|point| {
                values(key).into_iter().map(|value| {
                    let mut longer = point.clone();
                    longer.push((key.to_owned(), value));
                    longer
                })
            })
            .collect();
    }
    let evaluate = |point: &Vec<(String, Value)>| {
        let value = |name: &str| point.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        let precision: Precision =
            value("precision").and_then(Value::as_str).unwrap_or("fp16").parse()?;
        let plan = Plan {
            model: &model,
            hardware: &hardware,
            batch: value("batch_size").and_then(objects::count).unwrap_or(1),
            precision,
            efficiency: value("efficiency").and_then(Value::as_f64).unwrap_or(0.5),
            fleet: None,
            training: None,
            duration: None,
            place: None,
        };
        Ok(scorecard(&plan, UPSTREAM, &mut NoTrace)?.evaluated())
    };
    let found = search(grid, evaluate, &objective, &constraints)?;
    let params = |point: &[(String, Value)]| {
        let parts = point.iter().map(|(key, value)| {
            let out = match (value.as_f64(), value.as_str()) {
                (Some(number), _) => Out::Number(number),
                (None, text) => Out::Text(text.unwrap_or_default().into()),
            };
            (key.clone(), out)
        });
        Out::Map(parts.collect())
    };
    let value = |value: Quantity| {
        let in_milliseconds = objective.metric == "performance.latency";
        Out::Number(if in_milliseconds { value.value * 1e3 } else { value.value })
    };
    let best = &found.ranked[0];
    let top = found.ranked.iter().take(5).map(|ranked| {
        Out::Map(vec![
            ("params".into(), params(&ranked.design)),
            ("objective_value".into(), value(ranked.value)),
        ])
    });
    Ok(vec![
        ("best_params", params(&best.design)),
        ("best_objective", value(best.value)),
        ("top", Out::List(top.collect())),
    ])
}

/// The vectors' name of each stage.
const STAGES: [(&str, Stage); 9] = [
    ("ScalingModel", Stage::Scaling),
    ("SingleNodeModel", Stage::SingleNode),
    ("DistributedModel", Stage::Distributed),
    ("ServingModel", Stage::Serving),
    ("TailLatencyModel", Stage::TailLatency),
    ("ReliabilityModel", Stage::Fragility),
    ("CheckpointModel", Stage::Checkpoint),
    ("EconomicsModel", Stage::Capital),
    ("SustainabilityModel", Stage::Sustainability),
];

fn pipeline(x: &Case<'_>) -> Result<Outputs> {
    let words = x.input("stages").as_array().into_iter().flatten().filter_map(Value::as_str);
    let stages = words
        .map(|word| {
            let known = STAGES.iter().find(|(name, _)| *name == word).map(|(_, stage)| *stage);
            known.ok_or_else(|| CallError::UnknownEquation { id: word.into(), near: Vec::new() })
        })
        .collect::<Result<Vec<Stage>, _>>()?;
    let given = |name: &str| x.input(name).is_string();
    let model = if given("model") { "model" } else { "workload" };
    let model = given(model).then(|| objects::model(x.record(model)));
    let hardware = given("hardware").then(|| x.hardware());
    let fleet = given("fleet").then(|| x.fleet());
    let number = |name: &str| x.input(name).as_f64();
    let training = request(x)?;
    let inputs = Inputs {
        model: model.as_ref(),
        hardware: hardware.as_ref(),
        fleet: fleet.as_ref(),
        training,
        budget: number("compute_budget_flop").map(Flop),
        seq_len: x.count("seq_len", 2048),
        arrival_rate: number("arrival_rate_qps").map(Hertz),
        service_time: number("service_latency_s").map(Seconds),
        replicas: x.count("num_replicas", 1),
        utilization: number("mfu"),
        duration: number("duration_s").map(Seconds),
        job_duration: number("job_duration_s").map(Seconds),
        ..Inputs::default()
    };
    let mut outputs = Vec::new();
    for (stage, finding) in Pipeline::new(stages)?.run(&inputs, UPSTREAM)? {
        let found = match finding {
            // The package's own scaling stage fails in every pipeline, and so does this one under its convention.
            Finding::Scaling(_) => unreachable!("a scaling stage under Upstream030"),
            Finding::SingleNode(profile) => profile_outputs(&profile),
            Finding::Distributed(step) => step_outputs(&step, &training),
            Finding::Serving(serving) => serving_outputs(&serving),
            Finding::TailLatency(queue) => queue_outputs(&queue),
            Finding::Fragility(out) => fragility_outputs(&out),
            Finding::Checkpoint(out) => {
                let machine = hardware.as_ref().expect("a stage that needs a machine has run");
                checkpoint_outputs(&out, machine)
            }
            Finding::Capital(out) => cost_outputs(out),
            Finding::Sustainability(out) => footprint_outputs(out),
        };
        let name = STAGES.iter().find(|(_, known)| *known == stage).map_or("?", |(name, _)| name);
        outputs.push((name, Out::of(found)));
    }
    Ok(outputs)
}

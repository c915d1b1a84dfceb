//! Groups of walls 15 to 19: failures, queues of jobs, money, carbon, checkpoints; and whole training runs.

use crate::case::{Case, UPSTREAM, amount};
use crate::compare::{Out, Outputs, Verdict, verdict};
use crate::objects;
use mlsysim::composite::amdahl;
use mlsysim::composite::training_state::{StateBytes, StateIn};
use mlsysim::formulas::{economics, reliability, statistics};
use mlsysim::optimize::placement::{Candidate, place};
use mlsysim::registry::{Grid, Hardware, Site};
use mlsysim::resolve::checkpoint::{Saving, checkpoint, state_width};
use mlsysim::resolve::cost::{FleetCost, Prices, cost};
use mlsysim::resolve::footprint::{FleetFootprint, Period, Place, footprint};
use mlsysim::resolve::fragility::{Fragility, Job, fragility};
use mlsysim::resolve::multi_tenant::{Jobs, multi_tenant};
use mlsysim::resolve::training_run::{Run, training_run};
use mlsysim::trace::NoTrace;
use mlsysim::units::{
    Bytes, BytesPerSecond, CubicMetersPerJoule, Hertz, Joules, KgCo2, Params, Seconds, Tokens, Usd,
    UsdPerJoule, UsdPerKgCo2, UsdPerSecond,
};
use mlsysim::walls::fleet::fragility::{Goodput, GoodputIn};
use mlsysim::walls::fleet::recovery::{
    Preemption, PreemptionIn, Recovery, RecoveryIn, RuntimeGoodput, RuntimeIn,
};
use mlsysim::walls::operations::checkpoint::CheckpointOut;
use mlsysim::walls::operations::sustainability;
use mlsysim::{Error, Result, walls};
use serde_json::Value;

/// The verdict on a case of a group that this file knows.
pub(crate) fn run(group: &str, x: &Case<'_>) -> Option<Verdict> {
    let case = x.case;
    let outputs = match group {
        "ReliabilityModel" => reliability_model(x),
        "OrchestrationModel" => orchestration(x),
        "EconomicsModel" => economics_model(x),
        "SustainabilityModel" => sustainability_model(x),
        "WaterUseModel" => water(x),
        "CheckpointModel" => checkpoint_model(x),
        "TrainingRunModel" => run_model(x),
        "TrainingStateModel" => state(x),
        "PlacementOptimizer" => placement(x),
        "AmdahlModel" => upgrade(x),
        "FailureIntervalModel" => failure_interval(x),
        "CheckpointIntervalModel" => checkpoint_interval(x),
        "RecoveryBudgetModel" => recovery_budget(x),
        "PreemptionTaxModel" => preemption(x),
        "RuntimeGoodputModel" => runtime_goodput(x),
        "Reference" => match case["label"].as_str() {
            Some("daly") => daly(x),
            Some("annualised_capex") => annual(x),
            Some("expected_max_normal") => greatest(x),
            _ => return None,
        },
        _ => return None,
    };
    Some(verdict(case, outputs))
}

fn time(x: &Case<'_>, name: &str, default: f64) -> Seconds {
    Seconds(x.number(name, default))
}

fn reliability_model(x: &Case<'_>) -> Result<Outputs> {
    let job = Job {
        duration: time(x, "job_duration_s", f64::NAN),
        checkpoint_time: time(x, "checkpoint_time_s", 60.0),
        recovery_time: time(x, "avg_recovery_time_s", 300.0),
    };
    Ok(fragility_outputs(&fragility(&x.fleet(), &job, UPSTREAM, &mut NoTrace)?))
}

pub(crate) fn fragility_outputs(out: &Fragility) -> Outputs {
    vec![
        ("fleet_mtbf_s", amount(out.fleet_mtbf)),
        ("failure_probability", Out::Number(out.job.failure_probability)),
        ("optimal_checkpoint_interval_s", amount(out.job.optimal_interval)),
        ("expected_failures", Out::Number(out.job.expected_failures)),
        ("goodput_ratio", Out::Number(out.job.goodput)),
    ]
}

fn orchestration(x: &Case<'_>) -> Result<Outputs> {
    let jobs = Jobs {
        arrivals: Hertz(x.number("arrival_rate_jobs_per_s", f64::NAN)),
        duration: time(x, "avg_job_duration_s", f64::NAN),
        width: 1,
        variation: 0.0,
        stranded: 0.0,
    };
    let out = multi_tenant(&x.fleet(), &jobs, UPSTREAM, &mut NoTrace)?;
    Ok(vec![
        ("cluster_utilization", Out::Number(out.utilization)),
        ("avg_wait_time_s", amount(out.wait)),
        ("avg_queue_length", Out::Number(out.queue_length)),
        ("is_stable", Out::Flag(out.stable)),
    ])
}

/// The facility or grid that a case names, whichever of the two it is.
enum Named {
    Site(Site),
    Grid(Grid),
}

impl Named {
    fn of(x: &Case<'_>) -> Option<Self> {
        let name = ["datacenter", "grid"].into_iter().find(|name| x.input(name).is_string())?;
        let is_site = x.record(name)["grid"].is_object();
        Some(if is_site { Self::Site(x.site(name)) } else { Self::Grid(x.grid(name)) })
    }

    const fn place(&self) -> Place<'_> {
        match self {
            Self::Site(site) => Place::Site(site),
            Self::Grid(grid) => Place::Grid(grid),
        }
    }
}

fn period(x: &Case<'_>) -> Period {
    Period {
        utilization: x.number("mfu", 1.0),
        embodied_each: x.input("embodied_carbon_per_device").as_f64().map(KgCo2),
        ..Period::new(time(x, "duration_s", f64::NAN))
    }
}

fn prices(x: &Case<'_>) -> Prices {
    let default = Prices::default();
    Prices {
        electricity: x.input("electricity_price_USD_per_J").as_f64().map(UsdPerJoule),
        amortization: time(x, "amortization_s", default.amortization.0),
        multiplier: x.number("infrastructure_multiplier", 1.0),
        ..default
    }
}

fn sustainability_model(x: &Case<'_>) -> Result<Outputs> {
    let named = Named::of(x);
    let place = named.as_ref().map(Named::place);
    Ok(footprint_outputs(footprint(&x.fleet(), &period(x), place, UPSTREAM, &mut NoTrace)?))
}

pub(crate) fn footprint_outputs(out: FleetFootprint) -> Outputs {
    let f = out.footprint;
    vec![
        ("it_energy_J", amount(f.it_energy)),
        ("total_energy_J", amount(f.facility_energy)),
        ("carbon_footprint_kg", amount(f.carbon)),
        ("water_usage_m3", amount(f.water)),
        ("pue", Out::Number(out.pue)),
        ("region_name", Out::Text(out.grid)),
        ("embodied_carbon_kg", amount(f.embodied_carbon)),
    ]
}

fn economics_model(x: &Case<'_>) -> Result<Outputs> {
    let named = Named::of(x);
    let place = named.as_ref().map(Named::place);
    Ok(cost_outputs(cost(&x.fleet(), &period(x), &prices(x), place, UPSTREAM, &mut NoTrace)?))
}

pub(crate) fn cost_outputs(out: FleetCost) -> Outputs {
    let f = out.footprint.footprint;
    // Under this convention every cost is known.
    let known = |cost: Option<Usd>| amount(cost.unwrap_or(Usd(f64::NAN)));
    vec![
        ("capex_USD", known(out.capital)),
        ("opex_energy_USD", amount(out.energy)),
        ("opex_maintenance_USD", known(out.maintenance)),
        ("total_opex_USD", known(out.operation)),
        ("tco_USD", known(out.total)),
        ("it_energy_J", amount(f.it_energy)),
        ("total_energy_J", amount(f.facility_energy)),
        ("carbon_footprint_kg", amount(f.carbon)),
        ("water_usage_m3", amount(f.water)),
        ("pue", Out::Number(out.footprint.pue)),
        ("region_name", Out::Text(out.footprint.grid)),
    ]
}

fn water(x: &Case<'_>) -> Result<Outputs> {
    let energy = Joules(x.number("it_energy_J", f64::NAN));
    let mut volumes = Vec::new();
    for (name, wue) in x.input("wue_m3_per_J").as_object().into_iter().flatten() {
        let wue = CubicMetersPerJoule(wue.as_f64().unwrap_or(f64::NAN));
        let volume = sustainability::water(energy, wue, 1.0, CubicMetersPerJoule(0.0))?;
        volumes.push((name.clone(), amount(volume)));
    }
    Ok(vec![("water_m3", Out::Map(volumes))])
}

fn checkpoint_model(x: &Case<'_>) -> Result<Outputs> {
    let default = Saving::default();
    let saving = Saving {
        state_width: state_width(&x.word("optimizer", "adam"), UPSTREAM)?,
        interval: time(x, "checkpoint_interval_s", default.interval.0),
        writers: x.count("n_writers", 1),
        limit: BytesPerSecond(x.number("filesystem_limit_byte_per_s", default.limit.0)),
        ..default
    };
    let machine = x.hardware();
    let out = checkpoint(&x.model(), &machine, &saving, UPSTREAM, &mut NoTrace)?;
    Ok(checkpoint_outputs(&out, &machine))
}

pub(crate) fn checkpoint_outputs(out: &CheckpointOut, machine: &Hardware) -> Outputs {
    let writer = machine.storage.map_or(BytesPerSecond(1e9), |storage| storage.bandwidth);
    vec![
        ("checkpoint_size_byte", amount(out.size)),
        ("write_time_s", amount(out.write_time)),
        ("max_bandwidth_required_byte_per_s", amount(writer)),
        ("storage_bottleneck", Out::Flag(out.storage_bound)),
        ("mfu_penalty", Out::Number(out.blocked_share)),
    ]
}

fn run_model(x: &Case<'_>) -> Result<Outputs> {
    let mut overheads: Vec<(String, f64)> = x
        .input("overheads")
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, share)| (name.clone(), share.as_f64().unwrap_or(f64::NAN)))
        .collect();
    // The parser sorts the names, but their order matters. Times only grow, so the expected ones tell it; of two
    // equal times the later stage added nothing.
    let ends = |name: &str| x.case["outputs"]["stage_times_s"][name].as_f64().unwrap_or(0.0);
    overheads.sort_by(|a, b| ends(&a.0).total_cmp(&ends(&b.0)).then(b.1.total_cmp(&a.1)));
    let run = Run {
        tokens: Tokens(x.number("tokens_count", f64::NAN)),
        precision: x.precision()?,
        local_efficiency: x.number("local_efficiency", f64::NAN),
        scaling_efficiency: x.number("scaling_efficiency", 1.0),
        overheads,
    };
    let out = training_run(&x.model(), &x.fleet(), &run, UPSTREAM, &mut NoTrace)?;
    let stages = out.stages.into_iter().map(|(name, time)| (name, amount(time))).collect();
    Ok(vec![
        ("total_flops_flop", amount(out.ops)),
        ("peak_time_s", amount(out.times.peak_time)),
        ("compute_time_s", amount(out.times.compute_time)),
        ("scaled_time_s", amount(out.times.scaled_time)),
        // Without overheads the vectors name no unit.
        ("stage_times", Out::Map(Vec::new())),
        ("stage_times_s", Out::Map(stages)),
        ("total_time_s", amount(out.times.total_time)),
        ("delivered_fraction", Out::Number(out.times.delivered)),
    ])
}

fn state(x: &Case<'_>) -> Result<Outputs> {
    let inputs = StateIn {
        parameters: x.model().parameters.unwrap_or(Params(f64::NAN)),
        tensor_parallel: x.number("tp_size", 1.0),
        data_parallel: x.number("dp_size", 1.0),
        activations: Bytes(x.number("activations_byte", 0.0)),
    };
    let out = walls::solve::<StateBytes>(&inputs, UPSTREAM)?;
    Ok(vec![
        ("weights_byte", amount(out.weights)),
        ("gradients_byte", amount(out.gradients)),
        ("master_weights_byte", amount(out.master)),
        ("adam_moment_byte", amount(out.moment)),
        ("optimizer_moments_byte", amount(out.moments)),
        ("persistent_state_byte", amount(out.persistent)),
        ("activations_byte", amount(inputs.activations)),
        ("tp_weights_per_device_byte", amount(out.device_weights)),
        ("tp_gradients_per_device_byte", amount(out.device_gradients)),
        ("tp_master_per_device_byte", amount(out.device_master)),
        ("tp_moments_per_device_byte", amount(out.device_moments)),
        ("tp_activations_per_device_byte", amount(out.device_activations)),
        ("tp_total_per_device_byte", amount(out.device_total)),
        ("tp_offloaded_per_device_byte", amount(out.device_offloaded)),
        ("zero_moments_per_device_byte", amount(out.sharded_moments)),
        ("zero_moments_per_tp_group_byte", amount(out.group_moments)),
        ("zero_weights_and_moments_per_device_byte", amount(out.sharded_total)),
    ])
}

fn placement(x: &Case<'_>) -> Result<Outputs> {
    const PREFIX: &str = "Infrastructure.Grids.";
    let grids: Vec<Grid> = x
        .objects
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, record)| {
            let mut grid = objects::grid(key.starts_with(PREFIX).then_some(record)?);
            grid.id = key[PREFIX.len()..].to_owned();
            Some(grid)
        })
        .collect();
    let named: Option<Vec<&str>> =
        x.input("regions").as_array().map(|names| names.iter().filter_map(Value::as_str).collect());
    let regions = named.unwrap_or_else(|| vec!["US_Avg", "Quebec", "Iowa"]);
    let tax = UsdPerKgCo2(x.number("carbon_tax_USD_per_kg", 0.1));
    let (fleet, period) = (x.fleet(), period(x));
    let out = place(&fleet, &period, &regions, &grids, tax, &Prices::default(), UPSTREAM)?;
    let total = |candidate: &Candidate| amount(candidate.cost.unwrap_or(Usd(f64::NAN)));
    let region = || Out::Text(out.best.region.clone());
    let row = |candidate: &Candidate| {
        Out::Map(vec![
            ("region".to_owned(), Out::Text(candidate.region.clone())),
            ("tco".to_owned(), total(candidate)),
            ("carbon_kg".to_owned(), amount(candidate.carbon)),
            ("pue".to_owned(), Out::Number(candidate.pue)),
            ("objective".to_owned(), amount(candidate.objective)),
        ])
    };
    #[expect(clippy::cast_precision_loss, reason = "a handful of regions")]
    let searched = out.searched as f64;
    Ok(vec![
        ("objective_value", amount(out.best.objective)),
        ("best_config", Out::Map(vec![("region".to_owned(), region())])),
        ("total_searched", Out::Number(searched)),
        ("best_region", region()),
        ("lowest_tco", total(&out.best)),
        ("carbon_footprint_kg", amount(out.best.carbon)),
        ("pue", Out::Number(out.best.pue)),
        ("top_candidates", Out::List(out.ranked.iter().map(row).collect())),
    ])
}

fn daly(x: &Case<'_>) -> Result<Outputs> {
    let (write, mtbf) = (time(x, "write_s", f64::NAN), time(x, "mtbf_s", f64::NAN));
    let (restart, interval) = (time(x, "restart_s", 0.0), time(x, "interval_s", f64::NAN));
    let best = reliability::best_interval(write, mtbf)?;
    let number = |result: Result<f64>| Ok::<_, Error>(Out::Number(result?));
    // The first-order goodput of these vectors may be negative; ours stops at 0.
    let first = 1.0 - reliability::checkpoint_waste(write, interval, mtbf)? - restart / mtbf;
    let ours = reliability::first_order_goodput(write, interval, mtbf, restart)?;
    assert!((ours - first.max(0.0)).abs() < 1e-15, "the clamped form is the same formula");
    Ok(vec![
        ("young_interval_s", amount(reliability::young_interval(write, mtbf)?)),
        ("daly_interval_s", amount(reliability::daly_interval(write, mtbf)?)),
        ("exact_optimal_interval_s", amount(best)),
        ("goodput_first_order", Out::Number(first)),
        ("goodput_exact", number(reliability::exact_goodput(write, interval, mtbf, restart))?),
        (
            "goodput_exact_at_optimum",
            number(reliability::exact_goodput(write, best, mtbf, restart))?,
        ),
    ])
}

fn annual(x: &Case<'_>) -> Result<Outputs> {
    let usd = |name: &str| Usd(x.number(name, 0.0));
    let (rate, years) = (x.number("discount_rate", f64::NAN), x.number("years", f64::NAN));
    let cost = economics::annual_capital_cost(usd("price_USD"), usd("salvage_USD"), rate, years)?;
    Ok(vec![("annual_cost_USD", amount(cost))])
}

fn greatest(x: &Case<'_>) -> Result<Outputs> {
    let n = x.number("n", f64::NAN);
    Ok(vec![("standardised", Out::Number(statistics::expected_max_normal(n)?))])
}

fn upgrade(x: &Case<'_>) -> Result<Outputs> {
    let stages: Vec<(&str, Seconds)> = x
        .input("stages_s")
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, time)| (name.as_str(), Seconds(time.as_f64().unwrap_or(f64::NAN))))
        .collect();
    let stage = x.word("stage", "");
    let out = amdahl::upgrade(&stages, &stage, x.number("speedup", f64::NAN))?;
    let of = |wanted: bool| {
        stages
            .iter()
            .filter(|(name, _)| (*name == stage) == wanted)
            .map(|(_, t)| *t)
            .sum::<Seconds>()
    };
    Ok(vec![
        ("total_time_s", amount(out.total_time)),
        ("stage_time_s", amount(of(true))),
        ("upgraded_stage_time_s", amount(out.upgraded_stage_time)),
        ("upgraded_total_time_s", amount(out.upgraded_total_time)),
        ("untouched_time_s", amount(of(false))),
        ("stage_fraction", Out::Number(out.stage_fraction)),
        ("overall_speedup", Out::Number(out.overall_speedup)),
        ("end_to_end_reduction", Out::Number(out.end_to_end_reduction)),
        ("stage_reduction", Out::Number(out.stage_reduction)),
        ("speedup_bound", Out::Number(out.speedup_bound)),
    ])
}

const DAY: f64 = 86_400.0;

fn failure_interval(x: &Case<'_>) -> Result<Outputs> {
    let part = time(x, "component_mtbf_s", f64::NAN);
    let mtbf = reliability::cluster_mtbf(part, x.number("n_components", f64::NAN), 1.0)?;
    Ok(vec![
        ("interval_s", amount(mtbf)),
        ("expected_failures", Out::Number(time(x, "run_duration_s", f64::NAN) / mtbf)),
        ("failures_per_day", Out::Number(DAY / mtbf.0)),
    ])
}

fn checkpoint_interval(x: &Case<'_>) -> Result<Outputs> {
    let (write, mtbf) = (time(x, "write_time_s", f64::NAN), time(x, "mtbf_s", f64::NAN));
    let inputs = GoodputIn {
        fleet_mtbf: mtbf,
        duration: Seconds(0.0),
        checkpoint_time: write,
        recovery_time: Seconds(0.0),
    };
    let out = walls::solve::<Goodput>(&inputs, UPSTREAM)?;
    Ok(vec![
        ("write_time_s", amount(write)),
        ("mtbf_s", amount(mtbf)),
        ("interval_s", amount(out.young_interval)),
        ("write_share", Out::Number(out.checkpoint_share)),
        ("rework_share", Out::Number(out.rework_share)),
        ("waste", Out::Number(out.checkpoint_share + out.rework_share)),
    ])
}

/// The times of a recovery profile, and the bandwidth in bytes per second.
fn profile(x: &Case<'_>) -> (Seconds, Seconds, Seconds, BytesPerSecond) {
    let record = x.record("recovery");
    let number = |name: &str| record[name].as_f64().unwrap_or(f64::NAN);
    let times = ["detection_time_s", "restart_time_s", "warmup_time_s"].map(|n| Seconds(number(n)));
    // The one field of these records that keeps gigabytes per second.
    let bandwidth = BytesPerSecond(number("checkpoint_write_bw_gbs") * 1e9);
    (times[0], times[1], times[2], bandwidth)
}

fn recovery_budget(x: &Case<'_>) -> Result<Outputs> {
    let (detection, restart, warm_up, bandwidth) = profile(x);
    let inputs = RecoveryIn {
        detection,
        restart,
        checkpoint: Bytes(x.number("checkpoint_byte", f64::NAN)),
        bandwidth,
        warm_up,
        failure_interval: time(x, "failure_interval_s", f64::NAN),
        devices: x.number("n_devices", 1.0),
    };
    let out = walls::solve::<Recovery>(&inputs, UPSTREAM)?;
    Ok(vec![
        ("detect_s", amount(detection)),
        ("restart_s", amount(restart)),
        ("reload_s", amount(out.reload)),
        ("warmup_s", amount(warm_up)),
        ("total_s", amount(out.recovery_time)),
        ("failure_interval_s", amount(inputs.failure_interval)),
        ("failures_per_day", Out::Number(out.failure_rate.0 * DAY)),
        ("lost_per_day_s", Out::Number(out.lost_share * DAY)),
        ("day_share", Out::Number(out.lost_share)),
        ("gpu_hours_per_day", Out::Number(out.lost_devices * 24.0)),
    ])
}

fn preemption(x: &Case<'_>) -> Result<Outputs> {
    let (_, restart, warm_up, bandwidth) = profile(x);
    let inputs = PreemptionIn {
        devices: x.number("n_devices", 1.0),
        lost_work: time(x, "lost_work_s", f64::NAN),
        restart,
        checkpoint: Bytes(x.number("checkpoint_byte", f64::NAN)),
        bandwidth,
        warm_up,
        preemption_rate: Hertz(x.number("preemption_rate_1_per_s", f64::NAN)),
        device_rate: UsdPerSecond(x.number("device_hour_rate_USD_per_s", 0.0)),
    };
    let out = walls::solve::<Preemption>(&inputs, UPSTREAM)?;
    Ok(vec![
        ("lost_work_s", amount(inputs.lost_work)),
        ("restart_s", amount(restart)),
        ("reload_s", amount(inputs.checkpoint / bandwidth)),
        ("warmup_s", amount(warm_up)),
        ("relaunch_s", amount(out.relaunch)),
        ("per_event_s", amount(out.per_event)),
        ("cost_per_event", amount(out.cost_per_event)),
        ("events_per_day", Out::Number(inputs.preemption_rate.0 * DAY)),
        ("lost_per_day_s", Out::Number(out.lost_share * DAY)),
        ("gpu_hours_per_day", Out::Number(out.lost_devices * 24.0)),
    ])
}

fn runtime_goodput(x: &Case<'_>) -> Result<Outputs> {
    let (detection, restart, warm_up, bandwidth) = profile(x);
    let checkpoint = Bytes(x.number("checkpoint_byte", f64::NAN));
    let write = checkpoint / bandwidth;
    let startup = reliability::recovery(Seconds(0.0), restart, checkpoint, bandwidth, warm_up)?;
    let inputs = RuntimeIn {
        mtbf: time(x, "mtbf_s", f64::NAN),
        checkpoint_time: write,
        recovery_time: startup + detection,
        startup,
        window: time(x, "window_s", f64::NAN),
        input_wait: x.number("input_wait", 0.0),
        preemption_rate: Hertz(x.number("preemption_rate_1_per_s", 0.0)),
        preemption_cost: startup + time(x, "lost_work_s", 0.0),
    };
    let out = walls::solve::<RuntimeGoodput>(&inputs, UPSTREAM)?;
    Ok(vec![
        ("mtbf_s", amount(inputs.mtbf)),
        ("write_time_s", amount(write)),
        ("interval_s", amount(out.interval)),
        ("write_share", Out::Number(out.checkpoint_share / 2.0)),
        ("rework_share", Out::Number(out.checkpoint_share / 2.0)),
        ("checkpoint_share", Out::Number(out.checkpoint_share)),
        ("recovery_time_s", amount(inputs.recovery_time)),
        ("recovery_share", Out::Number(out.recovery_share)),
        ("startup_time_s", amount(startup)),
        ("startup_share", Out::Number(out.startup_share)),
        ("input_wait_share", Out::Number(inputs.input_wait)),
        ("preemption_cost_s", amount(inputs.preemption_cost)),
        ("preemption_share", Out::Number(out.preemption_share)),
        ("failure_side", Out::Number(out.checkpoint_share + out.recovery_share)),
        ("runtime_loss", Out::Number(out.loss)),
        ("runtime_goodput", Out::Number(out.goodput)),
        ("interruption_interval_s", amount(out.interruption_interval)),
        ("interruption_checkpoint_interval_s", amount(out.interruption_checkpoint_interval)),
    ])
}

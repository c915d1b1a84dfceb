//! Groups of section 11: the lab of constraints, scorecards, scenarios, pipelines, and searches over designs.

use crate::case::Case;
use crate::compare::{Out, Outputs, Verdict, verdict};
use mlsysim::evaluate::explorer::{self, Candidate, Intervention, Setting, Track};
use mlsysim::{CallError, Result};

/// The verdict on a case of a group that this file knows.
pub(crate) fn run(group: &str, x: &Case<'_>) -> Option<Verdict> {
    Some(match group {
        "ConstraintExplorer" => verdict(x.case, constraints(x)),
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
                ("quality_pct", number(out.quality - out.quality_floor)),
                ("memory_mb", margin(out.memory)),
                ("latency_ms", margin(out.latency)),
                ("energy_mj", margin(out.energy)),
            ]),
        ),
    ])
}

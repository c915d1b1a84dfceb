//! `staffml progress`, `gaps`, `calibration`, `history`: what the log says.

use serde_json::{Value, json};
use staffml_bank::log::Mode;
use staffml_bank::model::taxonomy::{Area, Level, Track};
use staffml_bank::sched::{Calibration, CurvePoint, curve, overconfidence, suggested_level};
use staffml_bank::session::{GapKind, gaps};
use staffml_bank::state::{State, Stated};

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::learner::Learner;
use crate::output;
use crate::wishes::{Gaps, Heat, Progress};

/// Seed of the bootstrap: the same log gives the same interval.
const SEED: u64 = 1;

pub(crate) fn progress(args: &Args, command: &Progress) -> Result<Outcome, Failure> {
    let learner = Learner::read(args)?;
    if args.json {
        output::object(&progress_json(&learner, command.heat, command.track))?;
        return Ok(Outcome::Yes);
    }
    let (state, today) = (&learner.state, learner.clock.today());
    let counts = state.cell_counts(today, |item| on(item, command.track));
    let streak = state.streak(today);
    let skill = state.skills().global();
    let due = state.due(today).len();
    let done = state.days().get(&today).copied().unwrap_or_default();
    let rows = heat(state, command.heat, command.track);
    let families = families(state);
    let leeches = leeches(state);
    let mut out = format!(
        "{} answers, {} today; {due} due; streak {} (longest {})\n",
        state.n_answers(),
        done.answers,
        streak.current,
        streak.longest
    );
    out.push_str(&format!(
        "Skill {skill:+.2}, about level {}\nCells: {} mastered, {} fading, {} begun, {} not seen\n\n",
        suggested_level(skill),
        counts.mastered,
        counts.stale,
        counts.learning,
        counts.blank
    ));
    out.push_str(&table(&rows));
    if !families.is_empty() {
        out.push_str("\nWrong turns by family\n");
        for (id, e) in &families {
            let share = e.strength().map_or_else(
                || "too little evidence".to_owned(),
                |s| format!("strength {:.0} %", s * 100.0),
            );
            let drill = if e.wants_drill() {
                format!("   staffml drill --family {id}")
            } else {
                String::new()
            };
            out.push_str(&format!("  {id:<24} {} of {}, {share}{drill}\n", e.seen, e.possible));
        }
    }
    for leech in &leeches {
        let (id, family) = (leech["id"].as_str().unwrap_or_default(), leech["family"].as_str());
        let way = family.map_or_else(String::new, |f| format!("; try staffml drill --family {f}"));
        out.push_str(&output::wrap(&format!(
            "{id} keeps being forgotten and left the schedule{way}"
        )));
    }
    output::text(&out)?;
    Ok(Outcome::Yes)
}

fn on(item: &staffml_bank::sched::Item, track: Option<Track>) -> bool {
    track.is_none_or(|track| item.tracks.contains(&track))
}

/// Templates that left the schedule, with the family of wrong turns that may be why.
fn leeches(state: &State) -> Vec<Value> {
    let named = |(place, family): (usize, Option<usize>)| {
        let family = family.and_then(|f| Some(&state.catalog().families().get(f)?.id));
        Some(json!({ "id": state.catalog().item(place)?.id, "family": family }))
    };
    state.leeches().into_iter().filter_map(named).collect()
}

/// What `staffml progress --json` writes.
pub(crate) fn progress_json(learner: &Learner, by: Heat, track: Option<Track>) -> Value {
    let (state, today) = (&learner.state, learner.clock.today());
    let skill = state.skills().global();
    json!({
        "schema": "staffml-progress/1",
        "day": today.to_string(),
        "answers": state.n_answers(),
        "today": state.days().get(&today).copied().unwrap_or_default(),
        "due": state.due(today).len(),
        "streak": state.streak(today),
        "skill": skill,
        "level": suggested_level(skill),
        "areas": Area::ALL.iter().map(|area| {
            let skill = state.skills().of(*area);
            json!({ "area": area, "skill": skill.global + skill.area, "answers": skill.n_area })
        }).collect::<Vec<_>>(),
        "cells": state.cell_counts(today, |item| on(item, track)),
        "heat": heat(state, by, track).iter().map(|(name, cells)| json!({
            "row": name,
            "cells": cells.iter().map(|(n, p)| json!({ "column": n, "known": p })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "families": families(state).iter().map(|(id, e)| json!({
            "family": id, "seen": e.seen, "possible": e.possible, "strength": e.strength(),
            "drill": e.wants_drill(),
        })).collect::<Vec<_>>(),
        "leeches": leeches(state),
        "settings": state.settings(),
    })
}

/// Rows of cells: the mean probability of being known among the cells with answers.
type Rows = Vec<(String, Vec<(String, Option<f64>)>)>;

fn heat(state: &State, heat: Heat, track: Option<Track>) -> Rows {
    let items = state.catalog().items();
    let mean = |wanted: &dyn Fn(&staffml_bank::sched::Item) -> bool| -> Option<f64> {
        let mut cells: Vec<_> =
            items.iter().filter(|i| wanted(i)).map(|i| (i.topic, i.level)).collect();
        cells.sort_unstable();
        cells.dedup();
        let known: Vec<f64> =
            cells.iter().filter_map(|(t, l)| Some(state.cell(*t, *l)?.known.0)).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    match heat {
        Heat::AreaTrack => Area::ALL
            .iter()
            .map(|area| {
                let cells = Track::ALL.iter().map(|track| {
                    let p = mean(&|i| i.area() == *area && i.tracks.contains(track));
                    (track.name().to_owned(), p)
                });
                (area.name().to_owned(), cells.collect())
            })
            .collect(),
        Heat::TopicLevel => state
            .catalog()
            .topics()
            .iter()
            .filter(|topic| {
                let on =
                    |i: &staffml_bank::sched::Item| track.is_none_or(|t| i.tracks.contains(&t));
                items.iter().any(|i| i.topic == **topic && on(i))
            })
            .map(|topic| {
                let cells = Level::ALL.iter().map(|level| {
                    (level.name().to_owned(), mean(&|i| i.topic == *topic && i.level == *level))
                });
                (topic.name().to_owned(), cells.collect())
            })
            .collect(),
    }
}

fn table(rows: &Rows) -> String {
    let Some((_, first)) = rows.first() else { return String::new() };
    let width = rows.iter().map(|r| r.0.chars().count()).max().unwrap_or(0);
    let mut out = format!("{:width$}", "known, %");
    for (name, _) in first {
        out.push_str(&format!(" {name:>6}"));
    }
    out.push('\n');
    for (name, cells) in rows {
        out.push_str(&format!("{name:width$}"));
        for (_, p) in cells {
            match p {
                Some(p) => out.push_str(&format!(" {:>6.0}", p * 100.0)),
                None => out.push_str("      ."),
            }
        }
        out.push('\n');
    }
    out
}

fn families(state: &State) -> Vec<(String, staffml_bank::sched::Evidence)> {
    let all = state.catalog().families().iter().enumerate();
    let mut seen: Vec<_> = all
        .map(|(place, family)| (family.id.clone(), state.profile().of(place)))
        .filter(|(_, e)| e.seen > 0)
        .collect();
    seen.sort_by(|a, b| {
        let strength = |e: &staffml_bank::sched::Evidence| e.strength().unwrap_or(0.0);
        strength(&b.1).total_cmp(&strength(&a.1)).then(b.1.seen.cmp(&a.1.seen))
    });
    seen
}

pub(crate) fn gap_report(args: &Args, command: &Gaps) -> Result<Outcome, Failure> {
    let learner = Learner::read(args)?;
    let found = gaps(&learner.state, learner.clock.today(), command.track);
    if args.json {
        output::object(&json!({ "schema": "staffml-gaps/1", "gaps": found }))?;
        return Ok(Outcome::Yes);
    }
    if learner.is_new() {
        output::text("No answers yet: nothing can be said. Begin with `staffml placement`.\n")?;
        return Ok(Outcome::Yes);
    }
    let mut out = String::new();
    let mut section: Option<GapKind> = None;
    for gap in &found {
        if section != Some(gap.kind) {
            out.push_str(&format!(
                "{}{}\n",
                if section.is_none() { "" } else { "\n" },
                gap.kind.heading()
            ));
            section = Some(gap.kind);
        }
        let name = gap.topic.map_or_else(|| gap.area.name(), |t| t.name());
        let families = if gap.families.is_empty() {
            String::new()
        } else {
            format!(" ({})", gap.families.join(", "))
        };
        let text = format!("{name}: {}{families}", gap.what);
        out.push_str(&output::indent(&text, 2, 4));
        out.push_str(&format!("    {}\n", gap.command));
    }
    output::text(&out)?;
    Ok(Outcome::Yes)
}

/// What `staffml calibration --json` writes; `None` if no answer has a stated confidence.
pub(crate) fn calibration_json(learner: &Learner) -> Option<Value> {
    let stated = learner.state.stated();
    let pairs = |wanted: &dyn Fn(&Stated) -> bool| -> Vec<(f64, bool)> {
        stated.iter().filter(|s| wanted(s)).map(|s| (s.confidence, s.right)).collect()
    };
    let all = pairs(&|_| true);
    let areas = Area::ALL.iter().filter_map(|area| {
        let pairs = pairs(&|s| s.topic.area() == *area);
        let index = overconfidence(&pairs, SEED);
        (!pairs.is_empty())
            .then(|| json!({ "area": area, "answers": pairs.len(), "overconfidence": index }))
    });
    Some(json!({
        "schema": "staffml-calibration/1",
        "answers": all.len(),
        "scores": Calibration::of(&all)?,
        "curve": curve(&all),
        "overconfidence": overconfidence(&all, SEED),
        "areas": areas.collect::<Vec<_>>(),
    }))
}

pub(crate) fn calibration(args: &Args) -> Result<Outcome, Failure> {
    let learner = Learner::read(args)?;
    if args.json
        && let Some(value) = calibration_json(&learner)
    {
        output::object(&value)?;
        return Ok(Outcome::Yes);
    }
    let stated = learner.state.stated();
    let pairs = |wanted: &dyn Fn(&Stated) -> bool| -> Vec<(f64, bool)> {
        stated.iter().filter(|s| wanted(s)).map(|s| (s.confidence, s.right)).collect()
    };
    let all = pairs(&|_| true);
    let Some(scores) = Calibration::of(&all) else {
        return output::done(
            args,
            "staffml-calibration/1",
            "no answer has a stated confidence yet; `staffml practice` asks for it",
        );
    };
    let points = curve(&all);
    let index = overconfidence(&all, SEED);
    let areas: Vec<(Area, Vec<(f64, bool)>)> = Area::ALL
        .iter()
        .map(|area| (*area, pairs(&|s| s.topic.area() == *area)))
        .filter(|(_, pairs)| !pairs.is_empty())
        .collect();
    let mut out = format!(
        "{} answers with a stated confidence\nBrier score {:.3} = reliability {:.3} - resolution {:.3} + uncertainty {:.3}\n\n",
        all.len(),
        scores.brier,
        scores.reliability,
        scores.resolution,
        scores.uncertainty
    );
    out.push_str("stated   answers   right   between (90 %)\n");
    points.iter().for_each(|p| out.push_str(&point(p)));
    let q = scores.quadrants;
    out.push_str(&format!(
        "\nsure and right {}, sure and wrong {}, unsure and right {}, unsure and wrong {}\n",
        q.known_known, q.unknown_unknown, q.lucky, q.known_unknown
    ));
    if let Some(i) = index {
        let word = if i.low > 0.0 {
            "overconfident"
        } else if i.high < 0.0 {
            "underconfident"
        } else {
            "neither over- nor underconfident, as far as this tells"
        };
        out.push_str(&output::wrap(&format!(
            "Confidence minus outcome {:+.2}, between {:+.2} and {:+.2}: {word}",
            i.value, i.low, i.high
        )));
    }
    for (area, pairs) in &areas {
        if let Some(i) = overconfidence(pairs, SEED).filter(|_| pairs.len() >= 5) {
            out.push_str(&format!(
                "  {:<14} {:+.2} ({:+.2} to {:+.2}), {} answers\n",
                area.name(),
                i.value,
                i.low,
                i.high,
                pairs.len()
            ));
        }
    }
    output::text(&out)?;
    Ok(Outcome::Yes)
}

fn point(p: &CurvePoint) -> String {
    let range = p.observed.map_or_else(
        || "too few".to_owned(),
        |s| format!("{:.0} to {:.0} %", s.low * 100.0, s.high * 100.0),
    );
    let share = 100.0 * f64::from(p.right) / f64::from(p.n.max(1));
    let share = if p.observed.is_some() { format!("{share:.0} %") } else { "-".to_owned() };
    format!("{:>4.0} %   {:>7}   {share:>5}   {range}\n", p.stated * 100.0, p.n)
}

pub(crate) fn history(args: &Args) -> Result<Outcome, Failure> {
    let learner = Learner::read(args)?;
    let (state, tz) = (&learner.state, learner.clock.tz_minutes);
    let sessions: Vec<Value> = state
        .sessions()
        .iter()
        .map(|past| {
            let right = past.answers.iter().filter(|(_, a)| a.outcome.is_correct()).count();
            let score = past.answers.iter().map(|(_, a)| a.score()).fold(0.0, |a, b| a + b);
            json!({
                "day": past.at.study_day(tz).to_string(),
                "at": past.at,
                "mode": past.start.mode,
                "preset": past.start.preset,
                "answers": past.answers.len(),
                "right": right,
                "score": score,
                "skill_before": past.skill_before,
                "skill_after": past.skill_after,
                "ended": past.end.as_ref().and_then(|(end, _)| end.why.clone()),
            })
        })
        .collect();
    if args.json {
        output::object(&json!({ "schema": "staffml-history/1", "sessions": sessions }))?;
        return Ok(Outcome::Yes);
    }
    if sessions.is_empty() {
        output::text("no sessions yet\n")?;
        return Ok(Outcome::Yes);
    }
    let mut out = String::from("day         kind        right  skill            end\n");
    for past in state.sessions() {
        let right = past.answers.iter().filter(|(_, a)| a.outcome.is_correct()).count();
        let end = past.end.as_ref().and_then(|(end, _)| end.why.as_deref()).unwrap_or("left open");
        let preset = past.start.preset.as_deref().filter(|_| past.start.mode == Mode::Gauntlet);
        let kind =
            preset.map_or_else(|| mode(past.start.mode).to_owned(), |p| format!("gauntlet {p}"));
        out.push_str(&format!(
            "{}  {kind:<18} {right:>3}/{:<3} {:+.2} to {:+.2}  {end}\n",
            past.at.study_day(tz),
            past.answers.len(),
            past.skill_before,
            past.skill_after
        ));
    }
    output::text(&out.replacen("kind        right", "kind               right ", 1))?;
    Ok(Outcome::Yes)
}

const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Practice => "practice",
        Mode::Drill => "drill",
        Mode::Review => "review",
        Mode::Gauntlet => "gauntlet",
        Mode::Daily => "daily",
        Mode::Quiz => "quiz",
        Mode::Placement => "placement",
        Mode::Chain => "chain",
        Mode::Plan => "plan",
        _ => "session",
    }
}

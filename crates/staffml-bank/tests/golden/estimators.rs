//! `estimator_vectors`: skill, mastery, calibration.

use serde_json::Value;
use staffml_bank::model::taxonomy::Level;
use staffml_bank::sched::{AnswerForm, Calibration, Mastery, Skill, level_difficulty};

use crate::report::{Report, each, near, number};

pub(crate) fn run(report: &mut Report, data: &Value) {
    let mut skill = Skill::default();
    for (i, step) in each(&data["skill_updates"]) {
        let outcome = skill_step(&mut skill, step);
        report.case(&format!("skill {i}"), outcome);
    }
    let mut mastery = Mastery::default();
    for (i, step) in each(&data["bkt"]) {
        let outcome = mastery_step(&mut mastery, step);
        report.case(&format!("mastery {i}"), outcome);
    }
    report.case("brier", brier(&data["brier"]));
}

fn skill_step(skill: &mut Skill, step: &Value) -> Result<(), String> {
    let level = step["level"].as_str().and_then(Level::from_name).ok_or("level")?;
    let (b, guess) = (level_difficulty(level), number(&step["guess"]));
    near("p", skill.p_correct(b, guess), number(&step["p"]))?;
    *skill = skill.after(b, guess, number(&step["score"]));
    near("theta_global", skill.global, number(&step["theta_global"]))?;
    near("theta_area", skill.area, number(&step["theta_area"]))
}

fn mastery_step(mastery: &mut Mastery, step: &Value) -> Result<(), String> {
    let kind = step["kind"].as_str().unwrap_or_default();
    let form = match kind.strip_prefix("choice") {
        Some(options) => AnswerForm::Choice(options.parse().map_err(|_| "options")?),
        None if kind == "open" => AnswerForm::Open,
        None => AnswerForm::Numeric,
    };
    let correct = step["correct"].as_u64() == Some(1);
    near("posterior", mastery.posterior(form, correct), number(&step["posterior"]))?;
    *mastery = mastery.after(form, correct);
    near("mastery", mastery.0, number(&step["mastery"]))
}

fn brier(data: &Value) -> Result<(), String> {
    let outcomes = each(&data["outcome"]).map(|(_, o)| o.as_u64() == Some(1));
    let answers: Vec<(f64, bool)> =
        each(&data["confidence"]).map(|(_, f)| number(f)).zip(outcomes).collect();
    let got = Calibration::of(&answers).ok_or("no answers")?;
    near("brier", got.brier, number(&data["brier"]))?;
    near("reliability", got.reliability, number(&data["reliability"]))?;
    near("resolution", got.resolution, number(&data["resolution"]))?;
    near("uncertainty", got.uncertainty, number(&data["uncertainty"]))?;
    let quadrants = serde_json::to_value(got.quadrants).map_err(|e| e.to_string())?;
    if quadrants == data["quadrants"] {
        Ok(())
    } else {
        Err(format!("{quadrants} instead of {}", data["quadrants"]))
    }
}

//! `fsrs_vectors` and `daily_vectors`.

use std::path::Path;

use serde_json::Value;
use staffml_bank::model::taxonomy::{Area, Level, Track};
use staffml_bank::sched::{Fsrs6, Memory, Rating, Scheduler};
use staffml_bank::session::{Candidate, Pick};

use crate::report::{Report, each, near, number};

pub(crate) fn run(report: &mut Report, data: &Value) {
    for (i, case) in each(data) {
        report.case(case["name"].as_str().unwrap_or(&i), sequence(case));
    }
}

fn sequence(case: &Value) -> Result<(), String> {
    let w: Vec<f64> = each(&case["parameters"]).map(|(_, v)| number(v)).collect();
    let w = <[f64; 21]>::try_from(w).map_err(|w| format!("{} parameters", w.len()))?;
    let fsrs = Fsrs6::with_parameters(w).ok_or("unusable parameters")?;
    let mut memory: Option<Memory> = None;
    for (i, step) in each(&case["steps"]) {
        let field = |name: &str| number(&step[name]);
        let days = step["elapsed_days"]
            .as_u64()
            .and_then(|d| u32::try_from(d).ok())
            .ok_or("elapsed_days")?;
        let rating =
            step["rating"].as_u64().and_then(|g| usize::try_from(g).ok()).ok_or("rating")?;
        let rating = *Rating::ALL.get(rating.wrapping_sub(1)).ok_or("rating")?;
        if let (Some(memory), Some(r)) = (&memory, step["r_before"].as_f64()) {
            near(&format!("step {i} r_before"), fsrs.retrievability(memory, days), r)?;
        }
        let next = fsrs.review(memory.as_ref(), rating, days);
        near(&format!("step {i} stability"), next.stability, field("stability"))?;
        near(&format!("step {i} difficulty"), next.difficulty, field("difficulty"))?;
        for (name, retention) in
            [("interval_080", 0.80), ("interval_090", 0.90), ("interval_095", 0.95)]
        {
            near(
                &format!("step {i} {name}"),
                fsrs.interval(next.stability, retention),
                field(name),
            )?;
        }
        near(
            &format!("step {i} due"),
            f64::from(fsrs.due_days(&next, 0.9)),
            field("due_days_090"),
        )?;
        let single = &step["fsrs_rs_f32"];
        for (name, ours) in [("stability", next.stability), ("difficulty", next.difficulty)] {
            // The other program computes in single precision.
            if let Some(theirs) = single[name].as_f64()
                && (ours - theirs).abs() > 5e-5 * theirs.abs()
            {
                return Err(format!("step {i} {name}: {ours}, in single precision {theirs}"));
            }
        }
        memory = Some(next);
    }
    Ok(())
}

/// Levels and areas of the pool come from the catalog in the same folder.
pub(crate) fn daily(report: &mut Report, data: &Value) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data");
    let folder = std::env::var_os("STAFFML_GOLDEN_DIR").map_or(own.clone(), Into::into);
    let text = std::fs::read_to_string(folder.join("template_samples.json"))
        .or_else(|_| std::fs::read_to_string(own.join("template_samples.json")));
    let catalog: Value =
        text.ok().and_then(|t| serde_json::from_str(&t).ok()).unwrap_or(Value::Null);
    for (_, case) in each(data) {
        let name = format!("{} {}", case["date"], case["track"]);
        match picks(case, &catalog) {
            Some(outcome) => report.case(&name, outcome),
            None => report.cannot(&name, "the catalog lacks a template of the pool"),
        }
    }
}

fn picks(case: &Value, catalog: &Value) -> Option<Result<(), String>> {
    let mut pool = Vec::new();
    for (_, id) in each(&case["pool"]) {
        let id = id.as_str()?;
        let (_, template) = each(&catalog["templates"]).find(|(_, t)| t["id"] == id)?;
        let level = Level::from_name(template["level"].as_str()?)?;
        let area = Area::from_name(template["area"].as_str()?)?;
        pool.push(Candidate { id, level, area });
    }
    let track = Track::from_name(case["track"].as_str()?)?;
    let got = staffml_bank::session::daily(&pool, case["date"].as_str()?, track);
    let want: Option<Vec<Pick>> = each(&case["picks"])
        .map(|(_, p)| Some(Pick { id: p["id"].as_str()?.to_owned(), seed: p["seed"].as_u64()? }))
        .collect();
    Some(if Some(&got) == want.as_ref() {
        Ok(())
    } else {
        Err(format!("{got:?} instead of {want:?}"))
    })
}

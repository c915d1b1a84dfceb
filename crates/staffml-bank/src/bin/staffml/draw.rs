//! `staffml list`, `draw` and `grade`

use serde_json::json;
use staffml_bank::oracle::Mlsysim;
use staffml_bank::variant::{Instance, Style};

use crate::args::{Args, Grade, Variant, as_draw};
use crate::check::bank;
use crate::failure::{Failure, Outcome};
use crate::output;

pub(crate) fn list(args: &Args) -> Result<Outcome, Failure> {
    let (bank, problems) = bank(args.bank.as_deref())?;
    if args.json {
        let templates: Vec<_> = bank
            .templates()
            .iter()
            .map(|t| json!({ "head": t.head, "classification": t.class, "params": t.params.iter().map(|p| &p.name).collect::<Vec<_>>() }))
            .collect();
        output::object(&json!({ "schema": "staffml-list/1", "templates": templates }))?;
    } else {
        for t in bank.templates() {
            let (id, class) = (t.id(), &t.class);
            output::text(&format!(
                "{id:<30} {:<4} {:<14} {}\n",
                class.level.name(),
                class.area.name(),
                t.head.title
            ))?;
        }
    }
    warn(problems.len());
    Ok(Outcome::Yes)
}

/// Says on standard error that files were left out.
pub(crate) fn warn(n_problems: usize) {
    if n_problems > 0 {
        output::error(&format!("the bank has {n_problems} problems; `staffml check` shows them"));
    }
}

pub(crate) fn run(args: &Args, command: &Variant) -> Result<Outcome, Failure> {
    let (bank, problems) = bank(args.bank.as_deref())?;
    warn(problems.len());
    let draw = as_draw(command.seed, &command.given);
    let instance = bank.instantiate(&command.id, &Mlsysim, &draw)?;
    if args.json {
        output::object(&output::instance(&instance, command.solution))?;
    } else {
        output::text(&output::wrap(&instance.stem))?;
        if command.solution {
            output::text(&format!("\n{}", instance.solution(Style::Plain)))?;
        }
    }
    Ok(Outcome::Yes)
}

pub(crate) fn grade(args: &Args, command: &Grade) -> Result<Outcome, Failure> {
    let (bank, problems) = bank(args.bank.as_deref())?;
    warn(problems.len());
    let draw = as_draw(command.seed, &command.given);
    let instance = bank.instantiate(&command.id, &Mlsysim, &draw)?;
    let answer = command.answer.join(" ");
    let verdict = instance.grade(&answer);
    if args.json {
        output::object(&json!({
            "schema": "staffml-grade/1",
            "id": instance.template.id(),
            "seed": instance.seed,
            "answer": answer,
            "verdict": verdict.class,
            "code": verdict.code,
            "score": verdict.score(),
            "message": verdict.message,
            "remarks": verdict.remarks,
            "form_only": verdict.is_form_only(),
        }))?;
    } else {
        let code =
            if verdict.code.is_empty() { String::new() } else { format!(" ({})", verdict.code) };
        output::text(&output::wrap(&format!(
            "{}{code}: {}",
            verdict.class.name(),
            verdict.message
        )))?;
        output::text(&feedback(&instance, &verdict.code))?;
    }
    Ok(if verdict.is_correct() { Outcome::Yes } else { Outcome::No })
}

/// Where a recognized wrong answer left the path.
pub(crate) fn feedback(instance: &Instance, code: &str) -> String {
    let Some(diagnosis) = instance.diagnosis(code) else {
        return String::new();
    };
    let mut out = String::new();
    if let (Some(wrong), Some(right)) = (&diagnosis.wrong, &diagnosis.right) {
        out.push_str(&format!("  your step   {wrong}\n  right step  {right}\n"));
    }
    out.push_str(&output::wrap(&format!("Next time: {}", diagnosis.remedy)));
    out
}

//! `staffml list`, `draw` and `grade`

use serde_json::json;
use staffml_bank::grade::Verdict;
use staffml_bank::oracle::Mlsysim;
use staffml_bank::variant::{Form, Instance, Style};

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
    let question = bank.question(&command.id, &Mlsysim, &draw)?;
    if args.json {
        output::object(&output::question(&question, command.solution))?;
    } else {
        output::text(&output::wrap(&question.stem))?;
        for line in output::below(&question) {
            output::text(&output::wrap(&line))?;
        }
        if command.solution {
            output::text(&format!("\n{}", question.solution(Style::Plain)))?;
        }
    }
    Ok(Outcome::Yes)
}

pub(crate) fn grade(args: &Args, command: &Grade) -> Result<Outcome, Failure> {
    let (bank, problems) = bank(args.bank.as_deref())?;
    warn(problems.len());
    let draw = as_draw(command.seed, &command.given);
    let question = bank.question(&command.id, &Mlsysim, &draw)?;
    // One answer may come in several words; questions in parts take one argument for each part.
    let joined = command.answer.join(" ");
    let answers: Vec<&str> = command.answer.iter().map(String::as_str).collect();
    let verdicts = match (&question.form, question.grade(&joined)) {
        (Form::Multi(parts), _) => parts.grade(&Mlsysim, &answers),
        (Form::Open(essay), _) => essay.grade(&Mlsysim, &answers),
        (_, verdict) => verdict.into_iter().collect(),
    };
    let right = !verdicts.is_empty() && verdicts.iter().all(Verdict::is_correct);
    if args.json {
        let one = |verdict: &Verdict| {
            json!({
                "verdict": verdict.class,
                "code": verdict.code,
                "score": verdict.score(),
                "message": verdict.message,
                "remarks": verdict.remarks,
                "form_only": verdict.is_form_only(),
            })
        };
        let mut out = match verdicts.as_slice() {
            [verdict] => one(verdict),
            several => json!({ "parts": several.iter().map(one).collect::<Vec<_>>() }),
        };
        if let Some(out) = out.as_object_mut() {
            out.insert("schema".to_owned(), json!("staffml-grade/1"));
            out.insert("id".to_owned(), json!(question.template.id()));
            out.insert("seed".to_owned(), json!(question.seed));
            out.insert("answer".to_owned(), json!(joined));
        }
        output::object(&out)?;
    } else {
        let numbers = question.numbers();
        for (i, verdict) in verdicts.iter().enumerate() {
            let code = if verdict.code.is_empty() {
                String::new()
            } else {
                format!(" ({})", verdict.code)
            };
            let text = format!("{}{code}: {}", verdict.class.name(), verdict.message);
            output::text(&output::wrap(&text))?;
            if let Some(number) = numbers.get(i) {
                output::text(&feedback(number, &verdict.code))?;
            }
        }
    }
    Ok(if right { Outcome::Yes } else { Outcome::No })
}

/// Where a recognized wrong answer left the path.
pub(crate) fn feedback(instance: &Instance, code: &str) -> String {
    let Some(diagnosis) = instance.diagnosis(code) else {
        return String::new();
    };
    let mut out = instance.comparison(code).unwrap_or_default();
    out.push_str(&output::wrap(&format!("Next time: {}", diagnosis.remedy)));
    out
}

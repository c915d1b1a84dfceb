//! `staffml search`: questions and equations by words.

use serde_json::json;
use staffml_bank::model::Template;
use staffml_bank::oracle::{Builtin, Equation};

use super::args::Search;
use super::beside;
use crate::args::Args;
use crate::check::bank;
use crate::draw::warn;
use crate::failure::{Failure, Outcome};
use crate::output;

pub(crate) fn run(args: &Args, command: &Search) -> Result<Outcome, Failure> {
    let words: Vec<String> = command.words.iter().map(|w| w.to_lowercase()).collect();
    let (bank, problems) = bank(args.bank.as_deref())?;
    warn(problems.len());
    if command.equations {
        let n_asked = |equation: &Equation| {
            let asks = |t: &Template| {
                t.body.computed().iter().any(|(_, c)| c.answer.equation == equation.id)
            };
            bank.templates().iter().filter(|t| asks(t)).count()
        };
        let found: Vec<&Equation> =
            Builtin::equations().iter().filter(|e| has_all(&told(e), &words)).collect();
        if args.json {
            let found: Vec<_> = found
                .iter()
                .map(|e| json!({ "id": e.id, "source": e.source, "questions": n_asked(e) }))
                .collect();
            output::object(&json!({ "schema": "staffml-search/1", "equations": found }))?;
        } else {
            for equation in &found {
                let result = equation.steps.last().map_or("", |s| s.meaning.as_str());
                let n = n_asked(equation);
                let name = format!("{:<34} {n:>2} questions", equation.id);
                output::text(&beside(&name, result, 49))?;
            }
        }
        return ended(found.len(), "equation");
    }
    let mut query = bank.query();
    for (key, value) in &command.conditions {
        query = query.condition(key, value);
    }
    let source = |t: &Template| bank.source(&t.file).unwrap_or_default().to_lowercase();
    let mut found: Vec<(u8, _)> = query
        .matching(|t| has_all(&source(t), &words))
        .run()?
        .into_iter()
        .map(|t| (rank(&t, &words), t))
        .collect();
    // Those about the words first, then those that only mention them; by id among equals.
    found.sort_by_key(|(rank, _)| *rank);
    if args.json {
        let found: Vec<_> = found
            .iter()
            .map(|(rank, t)| {
                json!({
                    "id": t.id(),
                    "title": t.head.title,
                    "kind": t.head.kind,
                    "level": t.class.level,
                    "area": t.class.area,
                    "topic": t.class.topic,
                    "tracks": t.class.tracks,
                    "in": (["name", "classification", "text"][usize::from(*rank).min(2)]),
                })
            })
            .collect();
        output::object(&json!({ "schema": "staffml-search/1", "found": found }))?;
    } else {
        for (_, t) in &found {
            let (id, class) = (t.id(), &t.class);
            let name = format!("{id:<32} {:<4} {}", class.level.name(), class.area.name());
            output::text(&beside(&name, &t.head.title, 52))?;
        }
    }
    ended(found.len(), "question")
}

fn ended(n: usize, what: &str) -> Result<Outcome, Failure> {
    if n == 0 {
        output::error(&format!("no {what} has all these words; try fewer, or a part of a word"));
        return Ok(Outcome::No);
    }
    Ok(Outcome::Yes)
}

fn has_all(text: &str, words: &[String]) -> bool {
    words.iter().all(|word| text.contains(word))
}

/// 0 if the words are in id or title, 1 if in the classification too, 2 if anywhere.
fn rank(template: &Template, words: &[String]) -> u8 {
    let (head, class) = (&template.head, &template.class);
    let name = format!("{} {}", head.id, head.title).to_lowercase();
    let class = format!("{name} {} {} {}", class.area, class.topic, class.tags.join(" "));
    if has_all(&name, words) {
        0
    } else if has_all(&class, words) {
        1
    } else {
        2
    }
}

/// Everything an equation says in words.
fn told(equation: &Equation) -> String {
    let inputs = equation.inputs.iter().map(|i| format!("{} {}", i.name, i.meaning));
    let steps = equation.steps.iter().map(|s| format!("{} {}", s.name, s.meaning));
    let rest: Vec<String> = inputs.chain(steps).collect();
    format!("{} {} {}", equation.id, equation.source, rest.join(" ")).to_lowercase()
}

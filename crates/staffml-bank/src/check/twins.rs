//! Questions that are too much alike.

use std::collections::HashSet;

use crate::bank::Bank;
use crate::model::{Body, Phrase, Piece, Template};
use crate::oracle::Oracle;
use crate::problem::Problem;

/// Words in a row that are compared.
const SHINGLE: usize = 8;
/// Two texts that share a larger part of their shingles are one text.
const OVERLAP: f64 = 0.6;

/// Compares every question with every other.
pub(super) fn check(bank: &Bank, oracle: &dyn Oracle) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen: Vec<(&Template, Option<String>, HashSet<u64>)> = Vec::new();
    for template in bank.templates() {
        let (asks, words) = (asks(template, oracle), shingles(template));
        for (other, their_asks, their_words) in &seen {
            if asks.is_some() && asks == *their_asks {
                let what =
                    format!("asks for the same result of the same parameters as {}", other.file);
                let fix = "ask for something else, or make one template of both";
                problems.push(Problem::new("V-DUP", &template.file, 1, what, fix));
            }
            let shared =
                f64::from(u32::try_from(words.intersection(their_words).count()).unwrap_or(0));
            let least = f64::from(u32::try_from(words.len().min(their_words.len())).unwrap_or(0));
            if shared > OVERLAP * least {
                let share = crate::quantity::format::number(100.0 * shared / least, 2);
                let what = format!("{share} % of its word sequences are those of {}", other.file);
                problems.push(Problem::new(
                    "W-DUP-TEXT",
                    &template.file,
                    1,
                    what,
                    "tell another story",
                ));
            }
        }
        seen.push((template, asks, words));
    }
    problems
}

/// What a question for one number asks for: equation, result, parameters.
fn asks(template: &Template, oracle: &dyn Oracle) -> Option<String> {
    let answer = &template.computed()?.answer;
    let output = answer
        .output
        .clone()
        .or_else(|| oracle.signature(&answer.equation)?.nodes.last().map(|node| node.name.clone()));
    let mut params: Vec<&str> = template.params.iter().map(|p| p.name.as_str()).collect();
    params.sort_unstable();
    Some(format!("{} {} {}", answer.equation, output.unwrap_or_default(), params.join(" ")))
}

/// The sequences of eight words in the texts of a question, hashed; places count as nothing.
fn shingles(template: &Template) -> HashSet<u64> {
    let mut words: Vec<String> = Vec::new();
    for text in texts(template) {
        for piece in text.pieces() {
            if let Piece::Text(text) = piece {
                let split = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
                words.extend(split.map(str::to_lowercase));
            }
        }
    }
    words.windows(SHINGLE).map(|w| crate::variant::rng::fnv1a64(w.join(" ").as_bytes())).collect()
}

/// Every text that a learner reads before answering.
pub(super) fn texts(template: &Template) -> Vec<&Phrase> {
    let mut out = vec![&template.stem];
    out.extend(template.track_stems.iter().map(|(_, stem)| stem));
    match &template.body {
        Body::Numeric(_) | Body::Choice(_) | Body::Recall(_) => {}
        Body::Concept(options) => out.extend(options.iter().map(|o| &o.text)),
        Body::Multi(multi) => {
            out.extend(multi.parts.iter().map(|p| &p.ask));
            if let Some(decision) = &multi.decision {
                out.push(&decision.ask);
                out.extend(decision.options.iter().map(|o| &o.text));
            }
        }
        Body::Open(open) => out.extend(open.parts.iter().map(|p| &p.ask)),
    }
    out
}

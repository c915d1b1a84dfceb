//! Text and JSON on standard output, talk on standard error.

use std::io::{self, Write as _};

use serde_json::{Value, json};
use staffml_bank::variant::{Form, Instance, Menu, ParamValue, Question, Style};

use crate::args::Args;
use crate::failure::{Failure, Outcome};

/// Writes text to standard output.
pub(crate) fn text(text: &str) -> io::Result<()> {
    ended(io::stdout().write_all(text.as_bytes()))
}

/// Writes one JSON object and a newline.
pub(crate) fn object(value: &Value) -> io::Result<()> {
    text(&format!("{value:#}\n"))
}

/// Says that there is nothing to do, or that it is done.
pub(crate) fn done(args: &Args, schema: &str, message: &str) -> Result<Outcome, Failure> {
    if args.json {
        object(&json!({ "schema": schema, "message": message }))?;
    } else {
        text(&wrap(message))?;
    }
    Ok(Outcome::Yes)
}

/// A reader that went away, as `head` does, is no failure.
fn ended(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a message to standard error; there is nobody to tell if that fails.
pub(crate) fn error(message: &str) {
    let _ = writeln!(io::stderr(), "staffml: {message}");
}

/// Breaks text into lines of at most 78 characters.
pub(crate) fn wrap(text: &str) -> String {
    staffml_bank::text::wrap(text, 78, "")
}

/// What stands below the stem: the questions of parts, the options.
pub(crate) fn below(question: &Question) -> Vec<String> {
    let mut out = Vec::new();
    if matches!(question.form, Form::Multi(_) | Form::Open(_)) {
        out.extend(question.asks().into_iter().enumerate().map(|(i, a)| format!("{}. {a}", i + 1)));
    }
    out.extend(menu(question).map_or_else(Vec::new, Menu::lines));
    out
}

fn menu(question: &Question) -> Option<&Menu> {
    match &question.form {
        Form::Choice(menu, _) => Some(menu),
        Form::Multi(parts) => parts.decision.as_ref().map(|d| &d.menu),
        _ => None,
    }
}

/// One variant of any kind as JSON. The answer is part of it only where a solution is asked for.
pub(crate) fn question(question: &Question, solution: bool) -> Value {
    let mut out = match (&question.form, question.numbers().as_slice()) {
        (Form::Numeric(_) | Form::Choice(..), [number]) => instance(number, solution),
        _ => json!({
            "schema": "staffml-draw/1",
            "id": question.template.id(),
            "version": question.template.head.version,
            "title": question.template.head.title,
            "level": question.template.class.level,
            "seed": question.seed,
            "attempt": question.attempt,
            "params": params(&question.params),
            "stem": question.stem,
        }),
    };
    if let Some(out) = out.as_object_mut() {
        out.insert("kind".to_owned(), json!(question.template.head.kind));
        out.insert("asks".to_owned(), json!(question.asks()));
        if let Some(menu) = menu(question) {
            let options: Vec<&str> = menu.options.iter().map(|o| o.text.as_str()).collect();
            out.insert("options".to_owned(), json!(options));
            if solution {
                out.insert("right".to_owned(), json!(menu.right()));
            }
        }
        if solution {
            out.insert("solution".to_owned(), json!(question.solution(Style::Plain)));
        }
    }
    out
}

fn params(values: &[(String, ParamValue)]) -> serde_json::Map<String, Value> {
    let print =
        |(name, value): &(String, ParamValue)| Some((name.clone(), json!(value.print(None, "")?)));
    values.iter().filter_map(print).collect()
}

/// Breaks text into lines of at most 78 characters, the first indented by `first` and the others by `rest` spaces.
pub(crate) fn indent(text: &str, first: usize, rest: usize) -> String {
    // A word as wide as the indent stands for it, so that the first line is broken as short as it must be.
    let marked = format!("{}{text}", "\u{1}".repeat(first));
    staffml_bank::text::wrap(&marked, 78, &" ".repeat(rest)).replace('\u{1}', " ")
}

/// One variant as JSON. The answer is part of it only where a solution is asked for.
pub(crate) fn instance(instance: &Instance, solution: bool) -> Value {
    let mut out = json!({
        "schema": "staffml-draw/1",
        "id": instance.template.id(),
        "version": instance.template.head.version,
        "title": instance.template.head.title,
        "level": instance.template.class.level,
        "seed": instance.seed,
        "attempt": instance.attempt,
        "params": params(&instance.params),
        "stem": instance.stem,
    });
    if solution && let Some(out) = out.as_object_mut() {
        let wrong: Vec<Value> = instance
            .wrong
            .iter()
            .map(|w| json!({ "id": w.id, "value": w.value, "say": w.say }))
            .collect();
        out.insert("answer".to_owned(), json!(instance.key.value));
        out.insert("unit".to_owned(), json!(instance.key.unit));
        out.insert("display".to_owned(), json!(instance.key.display()));
        out.insert("tolerance".to_owned(), json!(instance.key.tolerance));
        out.insert("misconceptions".to_owned(), json!(wrong));
        out.insert("solution".to_owned(), json!(instance.solution(Style::Plain)));
    }
    out
}

//! Text and JSON on standard output, talk on standard error.

use std::io::{self, Write as _};

use serde_json::{Value, json};
use staffml_bank::variant::{Instance, Style};

/// Writes text to standard output.
pub(crate) fn text(text: &str) -> io::Result<()> {
    ended(io::stdout().write_all(text.as_bytes()))
}

/// Writes one JSON object and a newline.
pub(crate) fn object(value: &Value) -> io::Result<()> {
    text(&format!("{value:#}\n"))
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

/// One variant as JSON. The answer is part of it only where a solution is asked for.
pub(crate) fn instance(instance: &Instance, solution: bool) -> Value {
    let params: serde_json::Map<String, Value> = instance
        .params
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), json!(value.print(None, "")?))))
        .collect();
    let mut out = json!({
        "schema": "staffml-draw/1",
        "id": instance.template.id(),
        "version": instance.template.head.version,
        "title": instance.template.head.title,
        "level": instance.template.class.level,
        "seed": instance.seed,
        "attempt": instance.attempt,
        "params": params,
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

//! A service that draws and grades: JSON in, JSON out. What carries the text, a socket or a queue, is not its business.
//!
//! Run with `cargo run -p staffml-bank --example service`; it reads one request per line from standard input, or
//! shows three of its own if there is no input: `… --example service < requests.jsonl`.
#![expect(clippy::print_stdout, reason = "the answers are its output")]

use std::io::{self, BufRead as _, IsTerminal as _};

use serde::Deserialize;
use serde_json::{Value, json};
use staffml_bank::Bank;
use staffml_bank::oracle::Builtin;
use staffml_bank::variant::{Draw, Instance, Style};

/// Version of the requests and replies.
const API: u32 = 1;

/// A request.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum Request {
    /// `{"do":"draw","id":"w01-gemm-time","seed":7}`
    Draw { id: String, seed: u64 },
    /// `{"do":"grade","id":"w01-gemm-time","seed":7,"answer":"3 ms"}`
    Grade { id: String, seed: u64, answer: String },
}

fn failed(code: &str, message: &str) -> Value {
    json!({ "api": API, "error": { "code": code, "message": message } })
}

/// Returns a variant, or the reply that says why there is none.
fn draw(bank: &Bank, id: &str, seed: u64) -> Result<Instance, Value> {
    let drawn = bank.instantiate(id, &Builtin, &Draw::seed(seed));
    drawn.map_err(|error| failed(error.code(), &error.to_string()))
}

/// Returns the reply to a request. Whatever is wrong with it is told in the reply.
///
/// The right answer never leaves the service before an answer was given.
fn reply(bank: &Bank, request: &str) -> Result<Value, Value> {
    let request = serde_json::from_str(request);
    match request.map_err(|error| failed("E-REQUEST", &error.to_string()))? {
        Request::Draw { id, seed } => {
            let question = draw(bank, &id, seed)?;
            Ok(json!({
                "api": API,
                "id": id,
                "version": question.template.head.version,
                "seed": seed,
                "stem": question.stem,
                "time_s": question.template.class.time_s,
            }))
        }
        Request::Grade { id, seed, answer } => {
            let question = draw(bank, &id, seed)?;
            let verdict = question.grade(&answer);
            let counts = !verdict.is_form_only();
            Ok(json!({
                "api": API,
                "verdict": verdict.class,
                "code": verdict.code,
                "score": verdict.score(),
                "message": verdict.message,
                "solution": counts.then(|| question.solution(Style::Markdown)),
            }))
        }
    }
}

fn main() -> io::Result<()> {
    let bank = Bank::embedded();
    let stdin = io::stdin();
    let mut lines: Vec<String> = Vec::new();
    if !stdin.is_terminal() {
        lines = stdin.lock().lines().collect::<io::Result<_>>()?;
    }
    if lines.is_empty() {
        lines = [
            r#"{"do":"draw","id":"w02-flash-for-weights","seed":7}"#,
            r#"{"do":"grade","id":"w02-flash-for-weights","seed":7,"answer":"3 GHz"}"#,
            r#"{"do":"grade","id":"w02-flash-for-weihgts","seed":7,"answer":"8 kB"}"#,
        ]
        .map(str::to_owned)
        .to_vec();
    }
    for line in lines.iter().filter(|l| !l.trim().is_empty()) {
        let (Ok(reply) | Err(reply)) = reply(&bank, line);
        println!("{reply}");
    }
    Ok(())
}

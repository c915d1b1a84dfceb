//! Comparing computed outputs with a case.

use core::fmt::Write as _;
use serde_json::Value;
use std::sync::Mutex;

/// The outcome of one case.
pub(crate) enum Verdict {
    Passed,
    /// With the first difference.
    Failed(String),
    /// With the reason.
    Unsupported(String),
}

/// One computed output.
#[derive(Debug, Clone)]
pub(crate) enum Out {
    Number(f64),
    Flag(bool),
    Word(&'static str),
    Text(String),
    Map(Vec<(String, Self)>),
    List(Vec<Self>),
}

impl Out {
    /// A record of outputs as one output.
    pub(crate) fn of(outputs: Outputs) -> Self {
        Self::Map(outputs.into_iter().map(|(name, out)| (name.to_owned(), out)).collect())
    }
}

pub(crate) type Outputs = Vec<(&'static str, Out)>;

/// The vectors carry 64-bit results of the same formulas in another order of operations.
const TOLERANCE: f64 = 1e-9;

/// What was computed since [`take_bits`] was last called.
static BITS: Mutex<String> = Mutex::new(String::new());

/// Returns name and bits of every output computed since the last call, for a comparison of two builds.
pub(crate) fn take_bits() -> String {
    core::mem::take(&mut *BITS.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

fn note_bits(outputs: &Outputs) {
    let mut bits = BITS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for (name, out) in outputs {
        note(&mut bits, name, out);
    }
}

fn note(bits: &mut String, name: &str, out: &Out) {
    // Writing to a text cannot fail.
    let _ = match out {
        Out::Number(number) => write!(bits, " {name}={:016x}", number.to_bits()),
        Out::Flag(flag) => write!(bits, " {name}={flag}"),
        Out::Word(word) => write!(bits, " {name}={word}"),
        Out::Text(text) => write!(bits, " {name}={text}"),
        Out::Map(parts) => {
            parts.iter().for_each(|(part, out)| note(bits, &format!("{name}.{part}"), out));
            Ok(())
        }
        Out::List(parts) => {
            parts.iter().for_each(|out| note(bits, name, out));
            Ok(())
        }
    };
}

/// Compares every expected output that is not marked as an upstream defect.
pub(crate) fn verdict(case: &Value, result: mlsysim::Result<Outputs>) -> Verdict {
    if let Ok(outputs) = &result {
        note_bits(outputs);
    }
    let outputs = match (case.get("error"), result) {
        (Some(_), Err(_)) => return Verdict::Passed,
        (Some(error), Ok(outputs)) => {
            return Verdict::Failed(format!("expected the error {error}, got {outputs:?}"));
        }
        (None, Err(error)) => return Verdict::Failed(format!("unexpected error: {error}")),
        (None, Ok(outputs)) => outputs,
    };
    let Some(expected) = case["outputs"].as_object() else {
        return Verdict::Failed("the case has neither outputs nor error".into());
    };
    let exempt: Vec<&str> =
        case["defect_fields"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, value) in expected {
        if exempt.contains(&name.as_str()) {
            continue;
        }
        if let Some(difference) = missing_or_other(&outputs, name, value) {
            return Verdict::Failed(difference);
        }
    }
    Verdict::Passed
}

/// What differs in the output `name`; the parts of a record or list may be outputs of their own,
/// named `record.part` and `list.0`.
fn missing_or_other(
    outputs: &[(impl AsRef<str>, Out)],
    name: &str,
    expected: &Value,
) -> Option<String> {
    let inside = |part: &str, value| missing_or_other(outputs, &format!("{name}.{part}"), value);
    match (outputs.iter().find(|(known, _)| known.as_ref() == name), expected) {
        (Some((_, got)), _) => {
            (!agrees(got, expected)).then(|| format!("{name}: got {got:?}, expected {expected}"))
        }
        (None, Value::Object(parts)) => parts.iter().find_map(|(part, value)| inside(part, value)),
        (None, Value::Array(parts)) => {
            parts.iter().enumerate().find_map(|(i, value)| inside(&i.to_string(), value))
        }
        (None, _) => Some(format!("{name}: not computed, expected {expected}")),
    }
}

fn agrees(got: &Out, expected: &Value) -> bool {
    match (got, expected) {
        (Out::Flag(got), Value::Bool(expected)) => got == expected,
        (Out::Word(got), Value::String(expected)) => got == expected,
        (Out::Text(got), Value::String(expected)) => got == expected,
        // Every expected part must be there; others may be.
        (Out::Map(got), Value::Object(expected)) => {
            expected.iter().all(|(name, value)| missing_or_other(got, name, value).is_none())
        }
        (Out::List(got), Value::Array(expected)) => {
            got.len() == expected.len()
                && got.iter().zip(expected).all(|(out, value)| agrees(out, value))
        }
        (Out::Number(got), Value::String(expected)) => match expected.as_str() {
            "inf" => *got == f64::INFINITY,
            "-inf" => *got == f64::NEG_INFINITY,
            "nan" => got.is_nan(),
            _ => false,
        },
        (Out::Number(got), Value::Number(expected)) => {
            let expected = expected.as_f64().unwrap_or(f64::NAN);
            (got - expected).abs() <= TOLERANCE * expected.abs().max(f64::MIN_POSITIVE)
        }
        _ => false,
    }
}

/// As [`verdict`], for outputs with lists and records in them: every expected key at every depth.
pub(crate) fn verdict_nested(case: &Value, result: mlsysim::Result<Value>) -> Verdict {
    match (case.get("error"), result) {
        (Some(_), Err(_)) => Verdict::Passed,
        (Some(error), Ok(got)) => Verdict::Failed(format!("expected the error {error}, got {got}")),
        (None, Err(error)) => Verdict::Failed(format!("unexpected error: {error}")),
        (None, Ok(got)) => {
            // JSON prints the shortest text that reads back as the same bits.
            note_bits(&vec![("outputs", Out::Text(got.to_string().replace(' ', "_")))]);
            let mut expected = case["outputs"].clone();
            for field in case["defect_fields"].as_array().into_iter().flatten() {
                if let (Some(outputs), Some(field)) = (expected.as_object_mut(), field.as_str()) {
                    outputs.remove(field);
                }
            }
            difference("outputs", &got, &expected).map_or(Verdict::Passed, Verdict::Failed)
        }
    }
}

fn difference(path: &str, got: &Value, expected: &Value) -> Option<String> {
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) => {
            expected.iter().find_map(|(name, expected)| match got.get(name) {
                Some(got) => difference(&format!("{path}.{name}"), got, expected),
                None => Some(format!("{path}.{name}: not computed, expected {expected}")),
            })
        }
        (Value::Array(got), Value::Array(expected)) if got.len() == expected.len() => got
            .iter()
            .zip(expected)
            .enumerate()
            .find_map(|(i, (got, expected))| difference(&format!("{path}[{i}]"), got, expected)),
        (Value::Number(number), _) => {
            let number = Out::Number(number.as_f64().unwrap_or(f64::NAN));
            (!agrees(&number, expected)).then(|| format!("{path}: got {got}, expected {expected}"))
        }
        _ => (got != expected).then(|| format!("{path}: got {got}, expected {expected}")),
    }
}

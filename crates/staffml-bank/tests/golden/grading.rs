//! `grading_cases`: typed text to verdict and code.

use serde_json::Value;
use staffml_bank::grade::{Key, Tolerance};

use crate::report::{Report, each, number};

pub(crate) fn run(report: &mut Report, data: &Value) {
    for (i, case) in each(data) {
        let name = case["id"].as_str().unwrap_or(&i);
        let input = case["input"].as_str().unwrap_or_default();
        report.case(&format!("{name} {input}"), check(input, case));
    }
}

fn check(input: &str, case: &Value) -> Result<(), String> {
    let expected = &case["expected"];
    let rel = expected["tolerance_rel"].as_f64().unwrap_or(0.0);
    let tolerance = match (expected["tolerance_abs"].as_f64(), expected["factor"].as_f64()) {
        (_, Some(factor)) => Tolerance::Factor(factor),
        (Some(abs), None) => Tolerance::Within { rel, abs },
        (None, None) if expected["exact"].as_bool() == Some(true) => Tolerance::Exact,
        (None, None) => Tolerance::relative(rel),
    };
    let unit = expected["unit"].as_str().unwrap_or_default();
    let key = Key::new(number(&expected["value"]), unit, tolerance).map_err(|e| e.to_string())?;
    let mut key = each(&case["misconceptions"]).fold(key, |key, (_, m)| {
        key.wrong(m["id"].as_str().unwrap_or_default(), number(&m["value"]))
    });
    key.min_sigfigs = expected["min_sigfigs"].as_u64().and_then(|n| u32::try_from(n).ok());
    let verdict = key.grade(input);
    let got = (verdict.class.name(), verdict.code.as_ref());
    let want =
        (case["verdict"].as_str().unwrap_or_default(), case["code"].as_str().unwrap_or_default());
    if got == want { Ok(()) } else { Err(format!("{got:?} instead of {want:?}")) }
}

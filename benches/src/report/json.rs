//! One object for programs.

use serde_json::{Value, json};

use super::{Report, Row, Verdict};
use crate::stats::Spread;

/// Returns the report as an object of schema `bench/1`.
///
/// Times are seconds of one repetition; a ratio is our time divided by the other's.
#[must_use]
pub fn json(report: &Report) -> Value {
    let names = |list: &[(&str, String)], key: &str| -> Value {
        list.iter().map(|(name, text)| json!({"name": name, key: text})).collect()
    };
    json!({
        "schema": "bench/1",
        "machine": report.machine.json(),
        "limits": {"flop_per_s": report.roof.flop_per_s, "bytes_per_s": report.roof.bytes_per_s},
        "peers": names(&report.peers, "version"),
        "absent": names(&report.absent, "remedy"),
        "cases": report.rows.iter().map(|row| case(report, row)).collect::<Value>(),
    })
}

fn case(report: &Report, row: &Row) -> Value {
    let times = row.outcome.times.iter().map(|times| {
        let mut value = spread(times.spread());
        value["name"] = times.name.into();
        value["repetitions"] = times.repetitions.into();
        value["rounds"] = times.seconds.len().into();
        value
    });
    let ratios = row.ratios().map(|(name, ratio)| {
        let mut value = spread(Some(ratio));
        value["peer"] = name.into();
        value
    });
    let goals = row.reached().map(
        |(goal, ratio)| json!({"peer": goal.peer, "ratio": goal.ratio, "verdict": Verdict::of(goal, ratio).word()}),
    );
    let failures = row.outcome.failures.iter().map(|(name, why)| json!({"name": name, "why": why}));
    let remarks =
        row.outcome.remarks.iter().map(|(name, text)| json!({"name": name, "text": text}));
    json!({
        "crate": row.package,
        "name": row.name,
        "what": row.what,
        "work": {"flop": row.work.flop, "bytes": row.work.bytes, "limit_s": report.roof.seconds(row.work)},
        "times": times.collect::<Value>(),
        "ratios": ratios.collect::<Value>(),
        "goals": goals.collect::<Value>(),
        "failures": failures.collect::<Value>(),
        "remarks": remarks.collect::<Value>(),
    })
}

fn spread(spread: Option<Spread>) -> Value {
    match spread {
        Some(Spread { low, median, high }) => json!({"low": low, "median": median, "high": high}),
        None => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_holds_what_the_table_shows() {
        let value = json(&super::super::tests::example());
        assert_eq!(value["schema"], "bench/1");
        assert_eq!(value["machine"]["threads"], 2);
        assert_eq!(value["absent"][0], json!({"name": "torch", "remedy": "set BENCH_PYTHON"}));
        let gemm = &value["cases"][0];
        assert_eq!(gemm["work"]["limit_s"], 1e-5);
        assert_eq!(gemm["times"][0]["median"], 2e-5);
        assert_eq!(
            gemm["ratios"][0],
            json!({"peer": "burn", "low": 1.25, "median": 1.5, "high": 1.75})
        );
        assert_eq!(gemm["goals"][0]["verdict"], "short");
        assert_eq!(gemm["failures"][0]["why"], "panicked: no");
        assert_eq!(value["cases"][1]["remarks"], json!([{"name": "torch", "text": "refuses"}]));
    }
}

//! `rng_vectors`: generator, hash, draws and shuffles, bit for bit.

use serde_json::Value;
use staffml_bank::variant::rng::{ORDER, SplitMix64, fnv1a64, stream};

use crate::report::{Report, each};

pub(crate) fn run(report: &mut Report, data: &Value) {
    for (i, case) in each(&data["splitmix64"]) {
        let mut rng = SplitMix64::new(case["state"].as_u64().unwrap_or_default());
        let outcome =
            each(&case["outputs"]).try_for_each(|(_, want)| same(rng.next_u64(), hex(want)));
        report.case(&format!("splitmix64 {i}"), outcome);
    }
    for (i, case) in each(&data["fnv1a64"]) {
        let text = case["text"].as_str().unwrap_or_default();
        report.case(&format!("fnv1a64 {i}"), same(fnv1a64(text.as_bytes()), hex(&case["hash"])));
    }
    for (i, case) in each(&data["draws"]) {
        report.case(&format!("draws {i} {}", case["template"]), draws(case));
    }
}

fn draws(case: &Value) -> Result<(), String> {
    let template = case["template"].as_str().unwrap_or_default();
    let major = case["major"].as_u64().and_then(|m| u32::try_from(m).ok()).unwrap_or(u32::MAX);
    let param = case["param"].as_str().unwrap_or_default();
    let seed = case["seed"].as_u64().ok_or("the seed is no 64-bit integer")?;
    let mut rng = stream(template, major, param, seed, 0);
    each(&case["below_7"]).try_for_each(|(_, want)| same(rng.below(7), want.as_u64()))?;
    let mut order = [0_u64, 1, 2, 3];
    stream(template, major, ORDER, seed, 0).shuffle(&mut order);
    let want: Vec<u64> = each(&case["shuffle_4"]).filter_map(|(_, v)| v.as_u64()).collect();
    if order.as_slice() != want.as_slice() {
        return Err(format!("shuffle {order:?} instead of {want:?}"));
    }
    same(stream(template, major, param, seed, 1).below(7), case["retry_1_below_7"].as_u64())
}

fn hex(value: &Value) -> Option<u64> {
    u64::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok()
}

fn same(got: u64, want: Option<u64>) -> Result<(), String> {
    if Some(got) == want { Ok(()) } else { Err(format!("{got:#x} instead of {want:x?}")) }
}

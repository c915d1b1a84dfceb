//! Real models without expected outputs: each must import and give, on random and on real inputs,
//! the same bytes with and without shared memory, with clean and with poisoned memory, and with
//! the plain kernels.

use std::path::Path;

use kits_hal::convert::Planner;

use crate::{
    data::{Runner, compare, files, splitmix, stem},
    report::Report,
};

/// Random inputs per model; seeds as in the vector files.
const SEEDS: core::ops::Range<u64> = 1000..1004;

pub(crate) fn run(dir: &Path, report: &mut Report) {
    let folder = dir.join("extra");
    for path in files(&folder.join("models"), "tflite") {
        let name = stem(&path);
        let group = format!("extra.{name}");
        if !report.wants(&group) {
            continue;
        }
        let model = std::fs::read(&path).expect("readable");
        let mut apart = match Runner::new(&model, Planner::Disjoint, true) {
            Ok(runner) => runner,
            Err(e) if e.contains("unsupported operator") => {
                report.unsupported(&group, "import", &e);
                continue;
            }
            Err(e) => {
                report.case(&group, "import", Err(e));
                continue;
            }
        };
        let mut shared = Runner::new(&model, Planner::Overlap, true).expect("imported before");
        let lengths = apart.input_lengths();
        let total: usize = lengths.iter().sum();
        let mut cases: Vec<(String, Vec<u8>)> =
            SEEDS.map(|s| (format!("seed {s}"), splitmix(s, total))).collect();
        let real = folder.join(format!("vectors/{name}.real.bin"));
        let real = std::fs::read(real).unwrap_or_default();
        for (i, input) in real.chunks_exact(total.max(1)).enumerate() {
            cases.push((format!("real {i}"), input.to_vec()));
        }
        for (case, input) in cases {
            let mut rest = input.as_slice();
            let inputs: Vec<Vec<u8>> =
                lengths.iter().map(|&n| rest.split_off(..n).unwrap_or(&[]).to_vec()).collect();
            let expected = apart.poisoned(0x00, true).run(&inputs);
            for (how, fill, plain) in
                [("shared", 0xa5, false), ("shared plain", 0x5a, true), ("apart", 0xff, false)]
            {
                let runner = if how == "apart" { &mut apart } else { &mut shared };
                let outcome = expected.clone().and_then(|expected| {
                    Ok(compare(&runner.poisoned(fill, plain).run(&inputs)?, &expected, 1))
                });
                report.compared(&group, &format!("{case} {how}"), outcome);
            }
        }
    }
}

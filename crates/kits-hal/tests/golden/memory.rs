//! What every model costs: container against file, and arena with scratch against the published
//! plan and against what TensorFlow Lite Micro takes for the same model.

use std::path::Path;

use kits_hal::convert::{Options, import};
use serde_json::{Value, json};

use crate::{
    data::{files, json, stem},
    report::Report,
};

/// Model, arena of the published plan with shared memory, total of TensorFlow Lite Micro on a
/// 32-bit target (0 where none is published); bytes.
const PUBLISHED: [(&str, u32, u32); 13] = [
    ("hello_world_int8", 32, 676),
    ("micro_speech_int8", 4_176, 6_788),
    ("kws_ref_int8", 9_536, 22_772),
    ("ic_resnet8_int8", 33_296, 54_340),
    ("person_detect_int8", 36_864, 82_292),
    ("vww_96_int8", 36_864, 100_660),
    ("ad01_int8", 768, 2_260),
    ("sww_int8", 3_584, 15_252),
    ("cifar10_int8", 8_368, 13_364),
    ("mnist_resnet_int8", 2_384, 0),
    ("mbnet96_int8", 36_864, 0),
    ("ic_resnet_large_int8", 83_248, 0),
    ("mcunet_det_int8", 245_760, 0),
];

/// Most that arena and scratch may take of the published plan.
const OF_PLAN: f64 = 1.06;
/// Most that they may take of TensorFlow Lite Micro's total, geometric mean.
const OF_TFLM: f64 = 0.48;
/// Most that a container may take of its file, geometric mean.
const OF_FILE: f64 = 0.78;

const COLUMNS: [&str; 9] = [
    "model",
    ".tflite B",
    ".kit B",
    "ratio",
    "arena + scratch B",
    "plan B",
    "of plan",
    "TFLM B",
    "of TFLM",
];

/// A geometric mean under construction.
#[derive(Default)]
struct Mean {
    product: f64,
    n: i32,
}

impl Mean {
    fn add(&mut self, ratio: f64) {
        self.product = if self.n == 0 { ratio } else { self.product * ratio };
        self.n += 1;
    }

    /// Returns the n-th root, by bisection; ratios are between 0 and 16.
    fn root(&self) -> f64 {
        let (mut low, mut high) = (0.0_f64, 16.0_f64);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            let power = (0..self.n).fold(1.0, |p, _| p * middle);
            *(if power < self.product { &mut low } else { &mut high }) = middle;
        }
        low
    }

    fn at_most(&self, limit: f64) -> Result<(), String> {
        let mean = self.root();
        if mean <= limit {
            Ok(())
        } else {
            Err(format!("geometric mean {mean:.3} of {} models, at most {limit}", self.n))
        }
    }
}

pub(crate) fn run(dir: &Path, report: &mut Report) {
    if !report.wants("memory") {
        return;
    }
    let baselines = dir.join("baselines.json");
    let baselines = if baselines.exists() { json(&baselines) } else { Value::Null };
    let (mut of_plan, mut of_tflm, mut of_file) =
        (Mean::default(), Mean::default(), Mean::default());
    for folder in ["models", "extra/models"] {
        for path in files(&dir.join(folder), "tflite") {
            let name = stem(&path);
            let file = std::fs::read(&path).expect("readable");
            // A refusal is counted where the model is run.
            let Ok(converted) = import(&file, &Options::default()) else { continue };
            let r = converted.report;
            let total = f64::from(r.arena) + f64::from(r.scratch);
            let known = PUBLISHED.iter().find(|(n, ..)| *n == name);
            let plan = known.map_or(0, |(_, plan, _)| *plan);
            let measured = baselines["models"][&name]["arena_ref_m4"].as_u64();
            let tflm = measured.map_or_else(
                || known.map_or(0.0, |(.., tflm)| f64::from(*tflm)),
                |bytes| bytes as f64,
            );
            let file_ratio = r.kit_bytes as f64 / r.file_bytes as f64;
            of_file.add(file_ratio);
            let quotient = |of: f64| if of > 0.0 { Some(total / of) } else { None };
            let (plan_ratio, tflm_ratio) = (quotient(plan.into()), quotient(tflm));
            plan_ratio.into_iter().for_each(|r| of_plan.add(r));
            tflm_ratio.into_iter().for_each(|r| of_tflm.add(r));
            let number = |n: f64| if n > 0.0 { json!(n.to_string()) } else { json!("-") };
            let ratio = |r: Option<f64>| r.map_or_else(|| json!("-"), |r| json!(format!("{r:.3}")));
            report.row(
                "memory",
                &COLUMNS,
                &[
                    json!(name),
                    json!(r.file_bytes),
                    json!(r.kit_bytes),
                    ratio(Some(file_ratio)),
                    json!(format!("{} + {}", r.arena, r.scratch)),
                    number(plan.into()),
                    ratio(plan_ratio),
                    number(tflm),
                    ratio(tflm_ratio),
                ],
            );
            if let Some(ratio) = plan_ratio {
                let outcome = if ratio <= OF_PLAN {
                    Ok(())
                } else {
                    Err(format!("{total} B are {ratio:.3} of the plan, at most {OF_PLAN}"))
                };
                report.case("memory", &format!("{name} against its plan"), outcome);
            }
        }
    }
    if of_file.n == 0 {
        return; // a folder without models
    }
    let ratio = |m: &Mean| if m.n == 0 { json!("-") } else { json!(format!("{:.3}", m.root())) };
    let none = json!("");
    report.row(
        "memory",
        &COLUMNS,
        &[
            json!("geometric mean"),
            none.clone(),
            none.clone(),
            ratio(&of_file),
            none.clone(),
            none.clone(),
            ratio(&of_plan),
            none,
            ratio(&of_tflm),
        ],
    );
    report.case("memory", "containers against files", of_file.at_most(OF_FILE));
    if of_tflm.n > 0 {
        report.case("memory", "against TensorFlow Lite Micro", of_tflm.at_most(OF_TFLM));
    }
}

//! Signal processing, images, objects, anomalies and energy: one file of vectors for each.
//!
//! Integers are compared exactly. Reals: features within 1e-4 of their value, logarithms within 1e-3; the vectors come
//! from double precision and the blocks compute in `f32`.

mod clips;
mod compare;
mod energy;
mod fft;
mod filter;
mod image;
mod inputs;
mod micro;
mod objects;
mod sound;

use std::path::Path;

use serde_json::Value;

use crate::{
    data::{files, json, list, stem},
    report::Report,
};

pub(crate) fn run(dir: &Path, report: &mut Report) {
    vectors(&dir.join("dsp"), report);
    vectors(&dir.join("extra/dsp"), report);
    clips::run(&dir.join("extra/dsp"), report);
    inputs::run(dir, report);
}

/// Runs all vectors of a folder.
fn vectors(folder: &Path, report: &mut Report) {
    for file in files(folder, "json") {
        let stem = stem(&file);
        let group = format!("dsp.{stem}");
        if !report.wants(&group) {
            continue;
        }
        let all = json(&file);
        match stem.as_str() {
            "butterworth" => each(report, &group, &all, filter::butterworth),
            "fomo" => each(report, &group, &all, objects::centroids),
            "image" => each(report, &group, &all, image::picture),
            "kmeans" => objects::clusters(report, &group, &all),
            "energy" => each(report, &group, &all, energy::duty_cycle),
            "micro_frontend_tables" => micro::tables(report, &group, &all),
            "rfft_f32" => each(report, &group, &all, fft::real),
            "rfft_q15" => each(report, &group, &all, fft::integer),
            "spectral" => each(report, &group, &all, filter::spectral),
            _ => match stem.split_once('.') {
                Some((clip, "mel")) => sound::run(report, &group, folder, clip, &all),
                Some((clip, "micro_trace")) => micro::trace(report, &group, folder, clip, &all),
                _ => report.unsupported(&group, &stem, "no such vectors are known"),
            },
        }
    }
    micro::features(report, folder);
}

/// Runs one check for every element of a list.
fn each(report: &mut Report, group: &str, all: &Value, check: fn(&Value) -> Result<(), String>) {
    for (i, case) in list(all).iter().enumerate() {
        report.case(group, &i.to_string(), check(case));
    }
}

/// The samples of a clip: 16-bit integers, little endian.
fn pcm(folder: &Path, clip: &str) -> Result<Vec<i16>, String> {
    let path = folder.join(format!("{clip}.pcm"));
    let bytes = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(bytes.as_chunks().0.iter().map(|b| i16::from_le_bytes(*b)).collect())
}

fn reals(value: &Value) -> Vec<f64> {
    list(value).iter().map(|v| v.as_f64().expect("a number")).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is meant")]
fn singles(value: &Value) -> Vec<f32> {
    reals(value).into_iter().map(|v| v as f32).collect()
}

fn integers<T: TryFrom<i64>>(value: &Value) -> Vec<T> {
    let one = |v: &Value| v.as_i64().and_then(|v| T::try_from(v).ok());
    list(value).iter().map(|v| one(v).expect("an integer in range")).collect()
}

fn size(value: &Value) -> usize {
    value.as_u64().and_then(|v| usize::try_from(v).ok()).expect("a size")
}

fn short(value: &Value) -> u16 {
    value.as_u64().and_then(|v| u16::try_from(v).ok()).expect("a size of 16 bits")
}

fn single(value: &Value) -> f32 {
    singles(&Value::Array(vec![value.clone()]))[0]
}

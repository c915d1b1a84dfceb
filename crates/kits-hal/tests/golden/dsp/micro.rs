//! The integer audio front end: every stage of some frames, and the bytes of whole clips.

use std::{collections::BTreeMap, path::Path};

use kits_hal::dsp::{MicroFront, Stage, frames, window::hann_midpoint_q12};
use serde_json::Value;

use super::{compare::equal, integers, pcm, size};
use crate::{
    data::{files, list, stem},
    report::Report,
};

const FRAME: usize = 480;
const STRIDE: usize = 320;

/// The window follows from its formula; the other tables are compared through what they produce, stage by stage.
pub(super) fn tables(report: &mut Report, group: &str, all: &Value) {
    let expected: Vec<i16> = integers(&all["window"]);
    report.case(group, "window", equal(&hann_midpoint_q12::<FRAME>(), &expected));
}

/// The stages of the frames a trace names.
pub(super) fn trace(report: &mut Report, group: &str, folder: &Path, clip: &str, all: &Value) {
    for wanted in list(all) {
        let frame = size(&wanted["frame"]);
        let outcome = stages(folder, clip, frame).and_then(|found| {
            for (name, stage) in [
                ("window", Stage::Window),
                ("energy", Stage::Energy),
                ("filterbank", Stage::Filterbank),
                ("sqrt", Stage::Root),
                ("noise", Stage::Noise),
                ("subtracted", Stage::Subtracted),
                ("pcan", Stage::Gain),
                ("log", Stage::Log),
                ("features", Stage::Feature),
            ] {
                let values = &found[&format!("{stage:?}")];
                equal(values, &integers(&wanted[name])).map_err(|e| format!("{name}: {e}"))?;
            }
            let bits = wanted["scale_bits"].as_i64().expect("an integer");
            equal(&found["ScaleBits"], &[bits]).map_err(|e| format!("scale_bits: {e}"))
        });
        report.case(group, &format!("frame {frame}"), outcome);
    }
}

/// Runs the front end up to a frame and returns the values of each stage of that one.
fn stages(folder: &Path, clip: &str, frame: usize) -> Result<BTreeMap<String, Vec<i64>>, String> {
    let samples = pcm(folder, clip)?;
    let mut front = MicroFront::new();
    let mut found = BTreeMap::<String, BTreeMap<usize, i64>>::new();
    for t in 0..=frame {
        let window = samples.get(t * STRIDE..).and_then(|rest| rest.first_chunk::<FRAME>());
        let window = window.ok_or_else(|| format!("{clip}.pcm has no frame {t}"))?;
        found.clear();
        let keep = |stage: Stage, i: usize, value: i64| {
            found.entry(format!("{stage:?}")).or_default().insert(i, value);
        };
        front.traced(window, &mut [0; MicroFront::SCRATCH], &mut [0; 40], keep);
    }
    Ok(found.into_iter().map(|(name, values)| (name, values.into_values().collect())).collect())
}

/// The features of every clip that has them: `<clip>.micro_<frames>x40.bin`.
pub(super) fn features(report: &mut Report, folder: &Path) {
    for file in files(folder, "bin") {
        let stem = stem(&file);
        let Some((clip, "micro")) =
            stem.split_once('.').map(|(c, rest)| (c, rest.split('_').next().unwrap_or_default()))
        else {
            continue;
        };
        let group = format!("dsp.{clip}.micro");
        if !report.wants(&group) {
            continue;
        }
        let expected = std::fs::read(&file).expect("the file was listed");
        let expected: Vec<i8> = expected.into_iter().map(u8::cast_signed).collect();
        let samples = match pcm(folder, clip) {
            Ok(samples) => samples,
            Err(e) => {
                report.case(&group, &stem, Err(e));
                continue;
            }
        };
        let mut found = whole(&samples);
        found.truncate(expected.len());
        report.case(&group, &stem, equal(&found, &expected));
    }
}

/// The features of a whole clip.
pub(super) fn whole(samples: &[i16]) -> Vec<i8> {
    let mut front = MicroFront::new();
    let mut found = Vec::new();
    for t in 0..frames(samples.len(), FRAME, STRIDE) {
        let window = samples[t * STRIDE..].first_chunk().expect("a whole frame");
        let mut out = [0; 40];
        front.features(window, &mut [0; MicroFront::SCRATCH], &mut out);
        found.extend(out);
    }
    found
}

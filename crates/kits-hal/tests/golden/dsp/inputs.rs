//! Real inputs of the speech models against features of the clips they were made from.

use std::path::Path;

use kits_hal::dsp::{KwsMfcc, frames};
use serde_json::Value;

use super::{compare::equal, micro, pcm, single};
use crate::{
    data::{json, list},
    report::Report,
};

/// Clips lie in these folders.
const CLIPS: [&str; 2] = ["dsp", "extra/dsp"];

pub(super) fn run(dir: &Path, report: &mut Report) {
    for model in ["kws_ref_int8", "micro_speech_int8"] {
        let group = format!("dsp.inputs.{model}");
        let path = dir.join(format!("vectors/{model}.json"));
        if !report.wants(&group) || !path.exists() {
            continue;
        }
        let all = json(&path);
        let inputs = std::fs::read(dir.join(format!("vectors/{model}.real.bin")))
            .expect("the real inputs lie beside their description");
        let names = list(&all["real"]["names"]);
        let len = inputs.len() / names.len().max(1);
        for (name, input) in names.iter().zip(inputs.chunks(len.max(1))) {
            let name = name.as_str().expect("a name");
            let Some(clip) = CLIPS.iter().find_map(|folder| pcm(&dir.join(folder), name).ok())
            else {
                continue; // an input that was not made from a clip here
            };
            let input: Vec<i8> = input.iter().map(|b| b.cast_signed()).collect();
            let outcome = match model {
                "kws_ref_int8" => keywords(&clip, &input, &all["inputs"][0]),
                _ => equal(&micro::whole(&clip), &input),
            };
            report.case(&group, name, outcome);
        }
    }
}

/// A feature over the scale lies within half a step of the byte, and 1e-3 of a logarithm.
fn keywords(clip: &[i16], input: &[i8], tensor: &Value) -> Result<(), String> {
    let (scale, zero) = (single(&tensor["scale"]), single(&tensor["zero_point"]));
    let mut features = vec![0.0; frames(clip.len(), 480, 320) * 10];
    KwsMfcc.clip(clip, &mut [0.0; KwsMfcc::SCRATCH], &mut features).map_err(|e| e.to_string())?;
    if features.len() != input.len() {
        return Err(format!("{} features for {} bytes", features.len(), input.len()));
    }
    for (i, (f, q)) in features.iter().zip(input).enumerate() {
        let place = (f / scale + zero).clamp(-128.0, 127.0);
        if (place - f32::from(*q)).abs() > 0.5 + 1e-3 / scale {
            return Err(format!("value {i} is {place} before rounding, expected {q}"));
        }
    }
    Ok(())
}

//! Float features of a clip, named `<block>_<rows>x<columns>` or `<block>_first<rows>x<columns>`.

use std::path::Path;

use kits_hal::dsp::{AdLogMel, DspError, KwsMfcc, MelConfig, Mfcc, Mfe, SwwLfbe};
use serde_json::Value;

use super::{compare::within, pcm, reals};
use crate::report::Report;

pub(super) fn run(report: &mut Report, group: &str, folder: &Path, clip: &str, all: &Value) {
    let samples = match pcm(folder, clip) {
        Ok(samples) => samples,
        Err(e) => return report.case(group, clip, Err(e)),
    };
    for (name, expected) in all.as_object().into_iter().flatten() {
        let (block, shape) = name.rsplit_once('_').unwrap_or((name, ""));
        let columns = shape.rsplit_once('x').and_then(|(_, c)| c.parse().ok()).unwrap_or(0);
        let expected = reals(expected);
        match features(block, columns, expected.len(), &samples) {
            None => report.unsupported(group, name, "no such features are known"),
            Some(Err(e)) => report.case(group, name, Err(e.to_string())),
            Some(Ok(mut found)) => {
                if shape.starts_with("first") {
                    found.truncate(expected.len());
                }
                let unrounded = match block {
                    "ei_mfe_default" => super::clips::unrounded(&samples),
                    _ => Vec::new(),
                };
                // All are logarithms or sums of them: 1e-3. Energies in 256 steps may differ by one where they lie
                // within 1e-3 of a step from the middle of two.
                let tolerance = |i: usize, _| match unrounded.get(i) {
                    Some(part) if (part * 256.0 - (part * 256.0).floor() - 0.5).abs() < 1e-3 => {
                        1.01 / 256.0
                    }
                    _ => 1e-3,
                };
                report.case(group, name, within(&found, &expected, tolerance));
            }
        }
    }
}

/// Computes the features of a block, or `None` if there is no such block.
pub(super) fn features(
    block: &str,
    columns: usize,
    wanted: usize,
    clip: &[i16],
) -> Option<Result<Vec<f32>, DspError>> {
    Some(match block {
        "kws_mfcc" => {
            let n = kits_hal::dsp::frames(clip.len(), 480, 320) * 10;
            run_block(n, |scratch, out| KwsMfcc.clip(clip, scratch, out))
        }
        "sww_lfbe" => Ok(wake_word(clip)),
        "ad_logmel" => run_block(wanted, |scratch, out| AdLogMel.clip(clip, 0, scratch, out)),
        "ei_mfcc_default" => Mfcc::<32>::new(MelConfig::MFCC, columns, 101).and_then(|mfcc| {
            run_block(mfcc.features(clip.len()), |scratch, out| mfcc.clip(clip, scratch, out))
        }),
        "ei_mfcc_nowin" => {
            // 30 ms every 20 ms, 512 points, 40 triangles from 20 to 4000 Hz, no normalisation.
            let config =
                MelConfig { frame: 0.03, fft: 512, low: 20.0, high: 4000.0, ..MelConfig::MFCC };
            Mfcc::<40>::new(config, columns, 0).and_then(|mfcc| {
                run_block(mfcc.features(clip.len()), |scratch, out| mfcc.clip(clip, scratch, out))
            })
        }
        "ei_mfe_default" => Mfe::<40>::new(MelConfig::MFE, -52.0).and_then(|mfe| {
            run_block(mfe.features(clip.len()), |scratch, out| mfe.clip(clip, scratch, out))
        }),
        _ => return None,
    })
}

/// Lends scratch memory and `n` features.
fn run_block(
    n: usize,
    block: impl Fn(&mut [f32], &mut [f32]) -> Result<(), DspError>,
) -> Result<Vec<f32>, DspError> {
    let mut out = vec![0.0; n];
    block(&mut [0.0; 1024], &mut out).map(|()| out)
}

fn wake_word(clip: &[i16]) -> Vec<f32> {
    let mut all = Vec::new();
    for start in (0..clip.len()).step_by(512) {
        let Some(frame) = clip[start..].first_chunk() else { break };
        let before = start.checked_sub(1).map_or(0, |i| clip[i]);
        let mut out = [0.0; 40];
        SwwLfbe.features(before, frame, &mut [0.0; 1024], &mut out);
        all.extend(out);
    }
    all
}

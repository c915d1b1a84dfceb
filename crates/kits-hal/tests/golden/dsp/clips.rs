//! Clips without expected features: those of double precision, computed here from the definitions.

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes of clips are small; the file is shared with another test"
)]
#[path = "../../signal/oracle.rs"]
mod oracle;

use std::path::Path;

use kits_hal::dsp::AdLogMel;

use self::oracle::Studio;
use super::{compare::within, pcm, sound::features};
use crate::{
    data::{files, stem},
    report::Report,
};

const KWS_LIKE: Studio =
    Studio { frame: 480, stride: 320, fft: 512, filters: 40, low: 20.0, high: 4000.0 };
const MFCC: Studio =
    Studio { frame: 320, stride: 320, fft: 256, filters: 32, low: 0.0, high: 8000.0 };
const MFE: Studio = Studio { stride: 160, filters: 40, ..MFCC };

/// The energies of a clip before they are rounded to 256 steps.
pub(super) fn unrounded(samples: &[i16]) -> Vec<f64> {
    let exact: Vec<f64> = samples.iter().copied().map(f64::from).collect();
    MFE.mfe(&exact, -52.0)
}

pub(super) fn run(folder: &Path, report: &mut Report) {
    if !report.wants("dsp.clips") {
        return;
    }
    for file in files(folder, "pcm") {
        let clip = stem(&file);
        if folder.join(format!("{clip}.mel.json")).exists() {
            continue;
        }
        let samples = pcm(folder, &clip).expect("the file was listed");
        let exact: Vec<f64> = samples.iter().copied().map(f64::from).collect();
        for (block, columns, expected) in [
            ("kws_mfcc", 10, oracle::kws_mfcc(&exact)),
            ("sww_lfbe", 40, oracle::sww_lfbe(&exact)),
            ("ad_logmel", 128, oracle::ad_log_mel(&exact, AdLogMel::frames(exact.len()))),
            ("ei_mfcc_default", 13, MFCC.mfcc(&exact, 13, 101)),
            ("ei_mfcc_nowin", 10, KWS_LIKE.mfcc(&exact, 10, 0)),
            ("ei_mfe_default", 40, MFE.mfe(&exact, -52.0)),
        ] {
            // Among samples of a few units the lowest bin cancels to nothing in some frames, up to the rounding of
            // whoever computes it, and the normalisation spreads its logarithm over all frames.
            if block == "ei_mfcc_default" && samples.iter().all(|x| x.abs() < 30) {
                eprintln!("{clip} {block}: not compared, the clip is too soft for it");
                continue;
            }
            let outcome = features(block, columns, expected.len(), &samples)
                .ok_or_else(|| "no such features are known".to_owned())
                .and_then(|found| found.map_err(|e| e.to_string()))
                .and_then(|found| match block {
                    // Half a step of rounding to 256 steps, and 1e-3; the last step wraps to 0.
                    "ei_mfe_default" => within(&found, &expected, |i, e| {
                        if e > 0.998 && found[i] == 0.0 { 1.0 } else { 0.5 / 256.0 + 1e-3 }
                    }),
                    // Logarithms, within 1e-3.
                    _ => within(&found, &expected, |_, _| 1e-3),
                });
            report.case("dsp.clips", &format!("{clip} {block}"), outcome);
        }
    }
}

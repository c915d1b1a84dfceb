//! Butterworth filters and the motion features behind them.

use kits_hal::dsp::{Band, Butterworth, Spectral, SpectralConfig};
use serde_json::Value;

use super::{compare::within, reals, single, singles, size};
use crate::data::list;

/// Sections and filtered samples within 1e-4 of the value; a sample far below the largest one within 1e-5 of that: each
/// of up to four sections rounds a state of the size of the largest sample by 1e-7, and poles near the unit circle
/// repeat that some ten times.
pub(super) fn butterworth(case: &Value) -> Result<(), String> {
    let band = if case["high"].as_bool().expect("a flag") { Band::High } else { Band::Low };
    let (cutoff, rate) = (single(&case["cutoff"]), single(&case["fs"]));
    let mut filter =
        Butterworth::new(band, size(&case["order"]), cutoff, rate).map_err(|e| e.to_string())?;
    let rows = list(&case["sos"]);
    if rows.len() != filter.sections().len() {
        return Err(format!("{} sections instead of {}", filter.sections().len(), rows.len()));
    }
    for (section, row) in filter.sections().iter().zip(rows) {
        let [b, a] = [section.b, [1.0, section.a[0], section.a[1]]];
        within(&[b, a].concat(), &reals(row), |_, e| 1e-4 * e.abs())?;
    }
    let y: Vec<f32> = singles(&case["x"]).into_iter().map(|x| filter.step(x)).collect();
    let expected = reals(&case["y"]);
    let largest = expected.iter().fold(0.0, |m: f64, y| m.max(y.abs()));
    within(&y, &expected, |_, e| 1e-4 * e.abs() + 1e-5 * largest)
}

/// Statistics within 1e-4 of the value, or of 1 where the value is smaller (skewness and kurtosis are differences of
/// numbers around 1 and 3); logarithms within 1e-3; powers within 1e-4, or 1e-8 of the largest, where the rounding of a
/// transform in `f32` lies.
pub(super) fn spectral(case: &Value) -> Result<(), String> {
    let params = &case["params"];
    let order = params["order"].as_u64().map_or(6, |_| size(&params["order"]));
    let band = |band| Some((band, single(&params["cutoff"]), order));
    let flag = |name: &str| params[name].as_bool().unwrap_or(true);
    let config = SpectralConfig {
        filter: match params["filt"].as_str() {
            Some("low") => band(Band::Low),
            Some("high") => band(Band::High),
            None | Some("none") => None,
            Some(other) => return Err(format!("unknown filter {other}")),
        },
        scale: params["scale"].as_f64().map_or(1.0, |_| single(&params["scale"])),
        overlap: flag("overlap"),
        log: flag("log"),
        ..SpectralConfig::new(single(&case["fs"]), size(&params["nfft"]))
    };
    let spectral = Spectral::new(config).map_err(|e| e.to_string())?;
    let (samples, axes) = (singles(&case["data"]), size(&case["axes"]));
    let expected = reals(&case["features"]);
    let mut out = vec![0.0; expected.len()];
    let mut scratch = vec![0.0; spectral.scratch(samples.len() / axes)];
    spectral.run(&samples, axes, &mut scratch, &mut out).map_err(|e| e.to_string())?;
    let largest = expected.iter().fold(0.0, |m: f64, e| m.max(e.abs()));
    within(&out, &expected, |i, e| match i % spectral.features() {
        0..5 => 1e-4 * e.abs().max(1.0),
        _ if config.log => 1e-3,
        _ => 1e-4 * e.abs() + 1e-8 * largest,
    })
}

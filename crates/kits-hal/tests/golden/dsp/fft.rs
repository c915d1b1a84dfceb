//! The transforms, in `f32` and in integers.

use kits_hal::dsp::{rfft, rfft_q15};
use serde_json::Value;

use super::{compare::equal, integers, reals, singles};

/// The root of the mean square of the error is at most 3e-7 of that of the spectrum.
pub(super) fn real(case: &Value) -> Result<(), String> {
    let mut x = singles(&case["x"]);
    let (re, im) = (reals(&case["re"]), reals(&case["im"]));
    let bins = rfft(&mut x).map_err(|e| e.to_string())?;
    if bins.len() != re.len() || re.len() != im.len() {
        return Err(format!("{} bins instead of {}", bins.len(), re.len()));
    }
    let (mut error, mut size) = (0.0, 0.0);
    for (k, (re, im)) in re.iter().zip(&im).enumerate() {
        let (r, i) = bins.get(k).expect("one of the bins");
        error += square(f64::from(r) - re) + square(f64::from(i) - im);
        size += re * re + im * im;
    }
    let relative = (error / size).sqrt();
    // The expected numbers are written with nine digits, which adds 1e-9.
    if relative <= 3e-7 { Ok(()) } else { Err(format!("relative error {relative:e} above 3e-7")) }
}

fn square(x: f64) -> f64 {
    x * x
}

pub(super) fn integer(case: &Value) -> Result<(), String> {
    let x: Vec<i16> = integers(&case["x"]);
    let mut out = vec![0; x.len() + 2];
    rfft_q15(&x, &mut out).map_err(|e| e.to_string())?;
    let part = |p: usize| -> Vec<i16> { out.iter().copied().skip(p).step_by(2).collect() };
    equal(&part(0), &integers(&case["re"])).map_err(|e| format!("real part: {e}"))?;
    equal(&part(1), &integers(&case["im"])).map_err(|e| format!("imaginary part: {e}"))
}

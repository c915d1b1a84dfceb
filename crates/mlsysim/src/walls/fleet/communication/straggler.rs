//! Wall 14: a step ends when its slowest device ends.
//!
//! If the step times of `n` devices spread like a normal law with standard deviation `cv` times their mean, the
//! slowest takes `1 + cv × e(n)` times the mean, with `e(n)` the expected largest of `n` standard normals.
//! Rare long stalls (a failing link, a throttled device) follow no normal law and are not meant here.

use crate::convention::Convention;
use crate::error::Result;
use crate::formulas::statistics::raw::expected_max_normal;
use crate::trace::Recorder;
use crate::units::Seconds;
use crate::walls::equation::{Equation, EquationInfo, Record, record, solve};

/// Returns how much longer the slowest of `n` devices takes than the mean, for a relative spread `cv`.
///
/// `1 + cv × e(n)`, with `e(n) = ∫ (1 − Φ(x)ⁿ − [x < 0]) dx`.
///
/// # Errors
///
/// [`crate::Error::OutOfRange`] unless `cv` is at least 0 and `n` a whole number of at least 1.
///
/// # Source
///
/// David & Nagaraja (2003), Order Statistics, section 3.1.
///
/// # Examples
///
/// ```
/// use mlsysim::walls::fleet::communication::straggler::slowdown;
///
/// assert_eq!(slowdown(0.1, 1.0)?, 1.0, "nobody to wait for");
/// // The larger of two standard normals is 1/√π on average.
/// assert!((slowdown(0.1, 2.0)? - 1.056_418_958).abs() < 1e-8);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn slowdown(cv: f64, n: f64) -> Result<f64> {
    let x = StragglerIn { spread: cv, devices: n, mean_time: Seconds(1.0) };
    Ok(solve::<Straggler>(&x, Convention::Reference)?.slowdown)
}

record! {
    /// What waiting for the slowest needs.
    pub struct StragglerIn {
        /// Standard deviation of a device's step time over its mean.
        spread: f64, "cv", NOT_NEGATIVE;
        /// Devices that wait for each other.
        devices: f64, "n", COUNT;
        /// Mean step time of one device.
        mean_time: Seconds, "T", NOT_NEGATIVE, default 1.0;
    }
}

record! {
    /// What waiting for the slowest costs.
    pub struct StragglerOut {
        /// Expected largest of as many standard normals.
        expected_largest: f64, "e", NOT_NEGATIVE;
        /// Time of the slowest over the mean.
        slowdown: f64, "σ", AT_LEAST_ONE;
        /// Time of the slowest.
        slowest_time: Seconds, "T_max", NOT_NEGATIVE;
    }
}

/// The equation `communication.straggler`.
#[derive(Debug, Clone, Copy)]
pub struct Straggler;

const DAVID: &str = "David & Nagaraja (2003), Order Statistics, section 3.1";

impl Equation for Straggler {
    type In = StragglerIn;
    type Out = StragglerOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "communication.straggler",
        wall: 14,
        also: &[7],
        question: "How much longer does the slowest of many devices take?",
        formula: "σ = 1 + cv × e(n), e(n) = E[max of n standard normals]",
        source: DAVID,
        inputs: StragglerIn::FIELDS,
        outputs: StragglerOut::FIELDS,
    };

    fn compute<R: Recorder>(x: &StragglerIn, _: Convention, trace: &mut R) -> StragglerOut {
        let expected_largest = expected_max_normal(x.devices);
        trace.computed(
            "expected_largest",
            "e",
            expected_largest,
            "∫ (1 − Φ(x)ⁿ − [x < 0]) dx",
            &["devices"],
            DAVID,
        );
        let slowdown = 1.0 + x.spread * expected_largest;
        let reads: &'static [&'static str] = &["spread", "expected_largest"];
        trace.computed("slowdown", "σ", slowdown, "1 + cv × e", reads, DAVID);
        let slowest_time = x.mean_time * slowdown;
        let reads: &'static [&'static str] = &["mean_time", "slowdown"];
        trace.computed("slowest_time", "T_max", slowest_time, "T × σ", reads, DAVID);
        StragglerOut { expected_largest, slowdown, slowest_time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_counts_have_closed_forms() {
        // Jones (1948): 1/√π for two, 3/(2√π) for three, 1.029 375 373 for four.
        let root_pi = libm::sqrt(core::f64::consts::PI);
        assert!(expected_max_normal(1.0).abs() < 1e-15, "one device waits for nobody");
        assert!(
            (expected_max_normal(2.0) - 1.0 / root_pi).abs() < 1e-12,
            "the rule is exact to rounding"
        );
        assert!(
            (expected_max_normal(3.0) - 1.5 / root_pi).abs() < 1e-12,
            "the rule is exact to rounding"
        );
        assert!((expected_max_normal(4.0) - 1.029_375_373).abs() < 1e-9, "digits of the table");
    }

    #[test]
    fn it_grows_like_the_root_of_the_logarithm() {
        for exponent in 2..16 {
            let n = libm::pow(10.0, f64::from(exponent));
            let largest = expected_max_normal(n);
            let bound = libm::sqrt(2.0 * libm::log(n));
            assert!(largest < bound && largest > 0.7 * bound, "{n}: {largest} against {bound}");
        }
    }
}

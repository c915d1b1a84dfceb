//! A request that asks many machines and waits for the slowest.

use super::DEAN;
use crate::convention::Convention;
use crate::error::Result;
use crate::trace::Recorder;
use crate::walls::equation::{Equation, EquationInfo, Record, record, solve};

/// Returns which quantile each of `leaves` machines must keep so that all of them keep it with probability `quantile`.
///
/// `q_leaf = q^(1/n)` for machines whose delays are independent.
///
/// # Errors
///
/// [`crate::Error::OutOfRange`] unless `leaves` is a whole number of 1 or more and `quantile` a share.
///
/// # Examples
///
/// ```
/// use mlsysim::walls::node::tail_latency::leaf_quantile;
///
/// // Two machines: each must be in time in 9 of 10 cases for both to be in 81 of 100.
/// assert!((leaf_quantile(2.0, 0.81)? - 0.9).abs() < 1e-15);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn leaf_quantile(leaves: f64, quantile: f64) -> Result<f64> {
    let x = FanOutIn { leaves, quantile };
    Ok(solve::<FanOut>(&x, Convention::Reference)?.leaf_quantile)
}

record! {
    /// A request that fans out.
    pub struct FanOutIn {
        /// Machines asked at once.
        leaves: f64, "n", COUNT;
        /// Share of the requests that are to be in time.
        quantile: f64, "q", SHARE, default 0.99;
    }
}

record! {
    /// What fanning out asks of each machine.
    pub struct FanOutOut {
        /// Share of its answers that each machine must give in time.
        leaf_quantile: f64, "q_leaf", SHARE;
        /// Share of requests in time if each machine only keeps the quantile of the whole.
        all_in_time: f64, "q^n", SHARE;
    }
}

/// The equation `tail_latency.fan_out`.
#[derive(Debug, Clone, Copy)]
pub struct FanOut;

impl Equation for FanOut {
    type In = FanOutIn;
    type Out = FanOutOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "tail_latency.fan_out",
        wall: 7,
        also: &[],
        question: "Which quantile must every machine keep when a request waits for all of them?",
        formula: "q_leaf = q^(1/n)",
        source: DEAN,
        inputs: FanOutIn::FIELDS,
        outputs: FanOutOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &FanOutIn, _: Convention, trace: &mut R) -> FanOutOut {
        const BOTH: &[&str] = &["quantile", "leaves"];
        let leaf_quantile = libm::pow(x.quantile, 1.0 / x.leaves);
        trace.computed("leaf_quantile", "q_leaf", leaf_quantile, "q^(1/n)", BOTH, DEAN);
        let all_in_time = libm::pow(x.quantile, x.leaves);
        trace.computed("all_in_time", "q^n", all_in_time, "q^n", BOTH, DEAN);
        FanOutOut { leaf_quantile, all_in_time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_machines_by_hand() {
        let x = FanOutIn { leaves: 100.0, quantile: 0.99 };
        let out = solve::<FanOut>(&x, Convention::Reference).unwrap();
        // Dean & Barroso: 63 % of requests see the slow 1 % of one of 100 machines.
        assert!((1.0 - out.all_in_time - 0.634).abs() < 1e-3);
        // e^(ln 0.99 / 100)
        assert!((out.leaf_quantile - 0.999_899_501_7).abs() < 1e-10);
    }
}

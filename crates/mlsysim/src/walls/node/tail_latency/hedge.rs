//! Asking a second machine when the first is slow.
//!
//! The response time is a constant part and an exponential part; the second request starts after a delay, and the
//! first answer counts. Real tails are heavier than exponential, and gain more.

use super::DEAN;
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::Seconds;
use crate::walls::equation::{Equation, EquationInfo, Record, record};

record! {
    /// A response time and when to hedge it.
    pub struct HedgeIn {
        /// Time that every response takes.
        least_time: Seconds, "b", NOT_NEGATIVE, default 0.0;
        /// Mean of the exponential time that comes on top.
        mean_excess: Seconds, "m", NOT_NEGATIVE;
        /// Time after which the second request is sent.
        delay: Seconds, "δ", NOT_NEGATIVE;
        /// Share of the requests that the time is to cover.
        quantile: f64, "q", SHARE, default 0.99;
    }
}

record! {
    /// What hedging gains and costs.
    pub struct HedgeOut {
        /// Time that the share of requests does not pass, asking one machine.
        single_latency: Seconds, "T_1", UNBOUNDED;
        /// The same, asking a second machine after the delay.
        hedged_latency: Seconds, "T_2", UNBOUNDED;
        /// Share of requests for which the second one is sent.
        extra_load: f64, "x", SHARE;
    }
}

/// The equation `tail_latency.hedge`.
#[derive(Debug, Clone, Copy)]
pub struct Hedge;

impl Equation for Hedge {
    type In = HedgeIn;
    type Out = HedgeOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "tail_latency.hedge",
        wall: 7,
        also: &[],
        question: "How much of the tail does a second request cut, and how much load does it add?",
        formula: "P(T > t) = P(X > t) × P(X > t − δ)",
        source: DEAN,
        inputs: HedgeIn::FIELDS,
        outputs: HedgeOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &HedgeIn, _: Convention, trace: &mut R) -> HedgeOut {
        let late = 1.0 - x.quantile;
        let excess = if x.mean_excess > Seconds::ZERO {
            x.mean_excess * -libm::log(late)
        } else {
            Seconds::ZERO
        };
        let single_latency = x.least_time + excess;
        trace.computed(
            "single_latency",
            "T_1",
            single_latency,
            "b + m × ln(1 / (1 − q))",
            &["least_time", "mean_excess", "quantile"],
            DEAN,
        );
        // The second request can only help after δ + b; from there on both tails multiply.
        let hedged_latency =
            if excess > x.delay { x.least_time + (excess + x.delay) / 2.0 } else { single_latency };
        trace.computed(
            "hedged_latency",
            "T_2",
            hedged_latency,
            "b + (m × ln(1 / (1 − q)) + δ) / 2, at most T_1",
            &["single_latency", "least_time", "mean_excess", "quantile", "delay"],
            DEAN,
        );
        let beyond = x.delay - x.least_time;
        let extra_load = if beyond < Seconds::ZERO {
            1.0
        } else if x.mean_excess > Seconds::ZERO {
            libm::exp(-(beyond / x.mean_excess))
        } else {
            0.0
        };
        trace.computed(
            "extra_load",
            "x",
            extra_load,
            "P(X > δ)",
            &["delay", "least_time", "mean_excess"],
            DEAN,
        );
        HedgeOut { single_latency, hedged_latency, extra_load }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn hedging_by_hand() {
        // 10 ms and an exponential of mean 20 ms; the second request after 40 ms.
        let x = HedgeIn {
            least_time: Seconds(0.010),
            mean_excess: Seconds(0.020),
            delay: Seconds(0.040),
            quantile: 0.99,
        };
        let out = solve::<Hedge>(&x, Convention::Reference).unwrap();
        // 10 + 20·ln 100 = 102.1 ms; 10 + (92.1 + 40)/2 = 76.05 ms; e^(−30/20) of the requests.
        let excess = 0.020 * libm::log(100.0);
        assert!((out.single_latency.0 - 0.010 - excess).abs() < 1e-15);
        assert!((out.hedged_latency.0 - 0.030 - excess / 2.0).abs() < 1e-15);
        assert!((out.extra_load - libm::exp(-1.5)).abs() < 1e-15);
        // Check against the definition: both tails at that time multiply to 1 %.
        let tail = |t: f64| libm::exp(-(t - 0.010) / 0.020);
        let t = out.hedged_latency.0;
        assert!((tail(t) * tail(t - 0.040) - 0.01).abs() < 1e-15);
    }
}

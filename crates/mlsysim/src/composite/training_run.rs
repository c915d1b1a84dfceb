//! The time of a whole training run, from peak rate to what is delivered.
//!
//! Losses multiply: what one machine reaches of its peak, what many reach of one, and every overhead on top.

use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{Flop, FlopPerSecond, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

const SOURCE: &str = "Narayanan et al. (2021), arXiv:2104.04473, section 5.1; Chowdhery et al. (2022), PaLM, arXiv:2204.02311, section 4.1";

record! {
    /// A run and what it loses.
    pub struct RunIn {
        /// Operations of the run.
        ops: Flop, "F", NOT_NEGATIVE;
        /// Accelerators.
        devices: f64, "n", COUNT;
        /// Rate of one accelerator's arithmetic units in the number format used.
        peak: FlopPerSecond, "Peak", POSITIVE;
        /// Share of the peak that one accelerator reaches on its own.
        local_efficiency: f64, "η", EFFICIENCY, default 0.5;
        /// Share of that which all reach together.
        scaling_efficiency: f64, "η_s", EFFICIENCY, default 1.0;
        /// Time with overheads over time without: the product of `1 + f` over all.
        stretch: f64, "Π(1+f)", AT_LEAST_ONE, default 1.0;
    }
}

record! {
    /// The time of the run.
    pub struct RunOut {
        /// Time at the peak rate.
        peak_time: Seconds, "T_p", NOT_NEGATIVE;
        /// Time at the rate that one accelerator reaches.
        compute_time: Seconds, "T_c", NOT_NEGATIVE;
        /// Time at the rate that all reach.
        scaled_time: Seconds, "T_s", NOT_NEGATIVE;
        /// Time with overheads.
        total_time: Seconds, "T", NOT_NEGATIVE;
        /// Share of the peak rate that is delivered.
        delivered: f64, "T_p/T", SHARE;
    }
}

/// The equation `training_run.time`.
#[derive(Debug, Clone, Copy)]
pub struct RunTime;

impl Equation for RunTime {
    type In = RunIn;
    type Out = RunOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "training_run.time",
        wall: 1,
        also: &[14, 15],
        question: "How long does a whole training run take?",
        formula: "T = F / (n × Peak × η × η_s) × Π(1+f)",
        source: SOURCE,
        inputs: RunIn::FIELDS,
        outputs: RunOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &RunIn, _: Convention, trace: &mut R) -> RunOut {
        let peak_time = x.ops / (x.peak * x.devices);
        trace.computed(
            "peak_time",
            "T_p",
            peak_time,
            "F / (n × Peak)",
            &["ops", "devices", "peak"],
            SOURCE,
        );
        let compute_time = peak_time / x.local_efficiency;
        trace.computed(
            "compute_time",
            "T_c",
            compute_time,
            "T_p / η",
            &["peak_time", "local_efficiency"],
            SOURCE,
        );
        let scaled_time = compute_time / x.scaling_efficiency;
        trace.computed(
            "scaled_time",
            "T_s",
            scaled_time,
            "T_c / η_s",
            &["compute_time", "scaling_efficiency"],
            SOURCE,
        );
        let total_time = scaled_time * x.stretch;
        trace.computed(
            "total_time",
            "T",
            total_time,
            "T_s × Π(1+f)",
            &["scaled_time", "stretch"],
            SOURCE,
        );
        let delivered = (x.local_efficiency * x.scaling_efficiency / x.stretch).min(1.0);
        trace.computed(
            "delivered",
            "T_p/T",
            delivered,
            "η × η_s / Π(1+f)",
            &["local_efficiency", "scaling_efficiency", "stretch"],
            SOURCE,
        );
        RunOut { peak_time, compute_time, scaled_time, total_time, delivered }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn by_hand() {
        // 1e21 operations on 10 machines of 1e18: 100 s; half of it, four fifths of that, 25 % on top.
        let x = RunIn {
            ops: Flop(1e21),
            devices: 10.0,
            peak: FlopPerSecond(1e18),
            local_efficiency: 0.5,
            scaling_efficiency: 0.8,
            stretch: 1.25,
        };
        let out = solve::<RunTime>(&x, Convention::Reference).unwrap();
        assert_eq!((out.compute_time, out.scaled_time), (Seconds(200.0), Seconds(250.0)));
        assert_eq!((out.total_time, out.delivered), (Seconds(312.5), 0.32));
    }
}

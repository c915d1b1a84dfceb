//! Wall 14: work and waiting add up to a step.
//!
//! Scaling efficiency is the share of the step in which the devices work.
//! The parts are what the step waits for, after overlap; how they arise is told by the other files of this folder.

use super::source::COUNTING;
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::Seconds;
use crate::walls::equation::{Equation, EquationInfo, Record, record};

record! {
    /// The parts of a step on many devices.
    pub struct StepIn {
        /// Time in which the devices work.
        work_time: Seconds, "T_w", NOT_NEGATIVE;
        /// Time that the step waits for gradients and weights.
        exposed_sync_time: Seconds, "T_dp", NOT_NEGATIVE, default 0.0;
        /// Time that it waits for sums of shared layers.
        tensor_time: Seconds, "T_tp", NOT_NEGATIVE, default 0.0;
        /// Time that it waits for routed tokens.
        expert_time: Seconds, "T_ep", NOT_NEGATIVE, default 0.0;
        /// Time that it waits for transfers between stages.
        exposed_transfer_time: Seconds, "T_pp", NOT_NEGATIVE, default 0.0;
        /// Time that a stage waits for the ends of the pipeline.
        bubble_time: Seconds, "T_bubble", NOT_NEGATIVE, default 0.0;
        /// Time of the slowest device over the mean.
        slowdown: f64, "σ", AT_LEAST_ONE, default 1.0;
    }
}

record! {
    /// A step on many devices as a whole.
    pub struct StepOut {
        /// Time that the step waits for messages.
        waiting_time: Seconds, "T_comm", NOT_NEGATIVE;
        /// Time of one step.
        step_time: Seconds, "T", NOT_NEGATIVE;
        /// Share of the step in which the devices work.
        scaling_efficiency: f64, "E", SHARE;
    }
}

/// The equation `communication.step`.
#[derive(Debug, Clone, Copy)]
pub struct Step;

impl Equation for Step {
    type In = StepIn;
    type Out = StepOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "communication.step",
        wall: 14,
        also: &[],
        question: "How long does a step on many devices take, and which share of it is work?",
        formula: "T = (T_w + T_dp + T_tp + T_ep + T_pp + T_bubble) × σ; E = T_w / T",
        source: COUNTING,
        inputs: StepIn::FIELDS,
        outputs: StepOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &StepIn, _: Convention, trace: &mut R) -> StepOut {
        let waiting_time =
            x.exposed_sync_time + x.tensor_time + x.expert_time + x.exposed_transfer_time;
        let reads: &'static [&'static str] =
            &["exposed_sync_time", "tensor_time", "expert_time", "exposed_transfer_time"];
        trace.computed(
            "waiting_time",
            "T_comm",
            waiting_time,
            "T_dp + T_tp + T_ep + T_pp",
            reads,
            COUNTING,
        );
        let step_time = (x.work_time + waiting_time + x.bubble_time) * x.slowdown;
        let reads: &'static [&'static str] =
            &["work_time", "waiting_time", "bubble_time", "slowdown"];
        trace.computed(
            "step_time",
            "T",
            step_time,
            "(T_w + T_comm + T_bubble) × σ",
            reads,
            COUNTING,
        );
        let scaling_efficiency =
            if step_time > Seconds::ZERO { (x.work_time / step_time).min(1.0) } else { 1.0 };
        let reads: &'static [&'static str] = &["work_time", "step_time"];
        trace.computed("scaling_efficiency", "E", scaling_efficiency, "T_w / T", reads, COUNTING);
        StepOut { waiting_time, step_time, scaling_efficiency }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn parts_by_hand() {
        let x = StepIn {
            work_time: Seconds(6.0),
            exposed_sync_time: Seconds(1.0),
            tensor_time: Seconds(0.5),
            expert_time: Seconds(0.25),
            exposed_transfer_time: Seconds(0.25),
            bubble_time: Seconds(2.0),
            slowdown: 1.2,
        };
        let out = solve::<Step>(&x, Convention::Reference).unwrap();
        assert_eq!((out.waiting_time, out.step_time), (Seconds(2.0), Seconds(12.0)));
        assert!((out.scaling_efficiency - 0.5).abs() < 1e-15, "one rounding");
    }
}

//! Wall 14: stages of layers hand activations on, and wait for the first and the last of them.
//!
//! A stage cannot start before its first microbatch arrives nor end before its last one has come back: the bubble.
//! Cutting each stage into `v` parts that take turns shrinks the bubble and multiplies the transfers.
//! Each microbatch crosses each boundary twice, as activations and as their gradients; while the pipeline fills and
//! drains nothing hides these transfers.

use super::source::{COUNTING, INTERLEAVED};
use crate::convention::Convention;
use crate::formulas::performance::raw::pipeline_bubble;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerSecond, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

record! {
    /// What a pipeline needs.
    pub struct PipelineIn {
        /// Stages.
        pp: f64, "pp", COUNT;
        /// Microbatches per step.
        microbatches: f64, "m", COUNT, default 1.0;
        /// Parts of each stage that take turns.
        interleave: f64, "v", COUNT, default 1.0;
        /// Time that one stage works in a step.
        stage_time: Seconds, "T_s", NOT_NEGATIVE;
        /// Bytes that one microbatch hands to the next stage, per device.
        boundary_bytes: Bytes, "M_b", NOT_NEGATIVE, default 0.0;
        /// Bandwidth between stages, one direction.
        pp_bandwidth: BytesPerSecond, "β_pp", POSITIVE, default 1e11;
        /// Start-up time of a message between stages.
        pp_latency: Seconds, "α_pp", NOT_NEGATIVE, default 5e-6;
        /// Share of the transfers that hides behind work while the pipeline is full.
        overlap: f64, "ω", SHARE, default 0.0;
        /// Factor of congestion.
        congestion: f64, "κ", NOT_NEGATIVE, default 1.0;
    }
}

record! {
    /// What a pipeline costs beside its work.
    pub struct PipelineOut {
        /// Share of the pipeline's time in which a stage waits.
        bubble_fraction: f64, "f", SHARE;
        /// Time that a stage waits.
        bubble_time: Seconds, "T_bubble", NOT_NEGATIVE;
        /// Time in which one microbatch crosses one boundary forward and backward.
        crossing_time: Seconds, "t", NOT_NEGATIVE;
        /// Time that the step waits for transfers.
        exposed_transfer_time: Seconds, "T_pp", NOT_NEGATIVE;
    }
}

/// The equation `communication.pipeline`.
///
/// [`Convention::Upstream030`] counts the bubble and no transfers.
#[derive(Debug, Clone, Copy)]
pub struct Pipeline;

impl Equation for Pipeline {
    type In = PipelineIn;
    type Out = PipelineOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "communication.pipeline",
        wall: 14,
        also: &[],
        question: "How long does a pipeline of stages wait for its ends and for its transfers?",
        formula: "f = (pp−1)/(v·m + pp−1); T_bubble = T_s × (pp−1)/(v·m); T_pp = (pp−1 + m × (1−ω)) × t",
        source: INTERLEAVED,
        inputs: PipelineIn::FIELDS,
        outputs: PipelineOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &PipelineIn, convention: Convention, trace: &mut R) -> PipelineOut {
        let others = x.pp - 1.0;
        let turns = x.interleave * x.microbatches;
        let bubble_fraction = pipeline_bubble(x.pp, x.microbatches, x.interleave);
        let reads: &'static [&'static str] = &["pp", "microbatches", "interleave"];
        trace.computed(
            "bubble_fraction",
            "f",
            bubble_fraction,
            "(pp−1)/(v·m + pp−1)",
            reads,
            INTERLEAVED,
        );
        let bubble_time = x.stage_time * (others / turns);
        let reads: &'static [&'static str] = &["stage_time", "pp", "microbatches", "interleave"];
        trace.computed(
            "bubble_time",
            "T_bubble",
            bubble_time,
            "T_s × (pp−1)/(v·m)",
            reads,
            INTERLEAVED,
        );
        let one = x.boundary_bytes / x.pp_bandwidth + x.pp_latency;
        let priced = convention == Convention::Reference && x.pp > 1.0;
        let crossings = if priced { 2.0 * x.interleave * x.congestion } else { 0.0 };
        let crossing_time = one * crossings;
        let reads: &'static [&'static str] =
            &["boundary_bytes", "pp_bandwidth", "pp_latency", "interleave", "congestion", "pp"];
        trace.computed(
            "crossing_time",
            "t",
            crossing_time,
            "2 × v × (M_b/β_pp + α_pp) × κ",
            reads,
            COUNTING,
        );
        let waits = others + x.microbatches * (1.0 - x.overlap);
        let exposed_transfer_time = crossing_time * waits;
        let reads: &'static [&'static str] = &["crossing_time", "pp", "microbatches", "overlap"];
        trace.computed(
            "exposed_transfer_time",
            "T_pp",
            exposed_transfer_time,
            "(pp−1 + m × (1−ω)) × t",
            reads,
            COUNTING,
        );
        PipelineOut { bubble_fraction, bubble_time, crossing_time, exposed_transfer_time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    fn four_stages() -> PipelineIn {
        PipelineIn {
            pp: 4.0,
            microbatches: 6.0,
            interleave: 1.0,
            stage_time: Seconds(60.0),
            boundary_bytes: Bytes(10.0),
            pp_bandwidth: BytesPerSecond(10.0),
            pp_latency: Seconds(1.0),
            overlap: 0.5,
            congestion: 1.0,
        }
    }

    #[test]
    fn bubble_and_transfers_by_hand() {
        let out = solve::<Pipeline>(&four_stages(), Convention::Reference).unwrap();
        // 3 of 9 slots of 10 s are empty; a crossing takes 2 × 2 s, and 3 + 6/2 of them are waited for.
        assert!((out.bubble_fraction - 1.0 / 3.0).abs() < 1e-15, "one rounding");
        assert_eq!((out.bubble_time, out.crossing_time), (Seconds(30.0), Seconds(4.0)));
        assert_eq!(out.exposed_transfer_time, Seconds(24.0));
    }

    #[test]
    fn interleaving_trades_bubble_for_transfers() {
        let x = PipelineIn { interleave: 2.0, ..four_stages() };
        let out = solve::<Pipeline>(&x, Convention::Reference).unwrap();
        assert_eq!((out.bubble_time, out.exposed_transfer_time), (Seconds(15.0), Seconds(48.0)));
    }

    #[test]
    fn the_bubble_agrees_with_a_schedule_drawn_slot_by_slot() {
        // Forward and backward slots of equal stages: a stage starts a microbatch when the one before has handed it on.
        for (stages, microbatches) in [(2_u32, 1_u32), (3, 4), (5, 2), (8, 16)] {
            let (p, m) = (stages as usize, microbatches as usize);
            let mut done = std::vec![std::vec![0.0_f64; m]; p];
            for j in 0..m {
                for s in 0..p {
                    let before = if s > 0 { done[s - 1][j] } else { 0.0 };
                    let own = if j > 0 { done[s][j - 1] } else { 0.0 };
                    done[s][j] = before.max(own) + 1.0;
                }
            }
            // The backward pass mirrors the forward pass.
            let length = 2.0 * done[p - 1][m - 1];
            let x = PipelineIn {
                pp: f64::from(stages),
                microbatches: f64::from(microbatches),
                stage_time: Seconds(2.0 * f64::from(microbatches)),
                ..four_stages()
            };
            let out = solve::<Pipeline>(&x, Convention::Reference).unwrap();
            assert!(
                (length - x.stage_time.0 - out.bubble_time.0).abs() < 1e-9,
                "rounding of a division"
            );
        }
    }
}

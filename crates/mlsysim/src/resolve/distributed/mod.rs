//! Training a model on a fleet: what each kind of parallelism costs, and what is left of the devices' speed.
//!
//! [`solve`] gives the answer of either convention in one struct; [`plan`] and [`layout`] hand the reference model to
//! programs that price many layouts, such as [`crate::optimize::layout`].

mod reference;
mod upstream;

pub use reference::{layout, plan};

use crate::composite::single_node::Profile;
use crate::composite::training_step::StepEstimate;
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::precision::Precision;
use crate::ranges::Range;
use crate::registry::{Fleet, Model, Recompute};
use crate::trace::Recorder;
use crate::units::{BytesPerSecond, Hertz, Quantity, Seconds};

/// How a model is trained on a fleet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// Sequences in the step, all devices together.
    pub batch: u32,
    /// Tokens per sequence.
    pub seq_len: u32,
    /// Number format.
    pub precision: Precision,
    /// Share of the peak that the code reaches.
    pub efficiency: f64,
    /// Devices that share a layer.
    pub tp: u32,
    /// Stages.
    pub pp: u32,
    /// Devices among which experts are divided.
    pub ep: u32,
    /// Devices that share a sequence; [`Convention::Upstream030`] knows none.
    pub cp: u32,
    /// Copies of the whole; `None` for as many as the fleet holds.
    pub dp: Option<u32>,
    /// Parts of each stage that take turns.
    pub interleave: u32,
    /// Microbatches per step.
    pub microbatches: u32,
    /// Backward passes whose gradients are added up locally; each runs all microbatches.
    pub accumulation: u32,
    /// Stage of sharding over the copies.
    pub zero_stage: u8,
    /// Rank of low-rank adapters, if only they are trained.
    pub lora_rank: Option<u32>,
    /// What is recomputed.
    pub recompute: Recompute,
    /// Share of the time in which messages can travel behind work; `None` if they do not.
    pub overlap: Option<f64>,
    /// Factor of congestion on every message.
    pub congestion: f64,
    /// Time of the slowest device over the mean.
    pub straggler: f64,
    /// Load of the fullest expert over the mean.
    pub imbalance: f64,
}

impl Default for Request {
    /// One sequence of 2 048 tokens in 16 bits at half of the peak, copies only, nothing overlapped.
    fn default() -> Self {
        Self {
            batch: 1,
            seq_len: 2048,
            precision: Precision::Fp16,
            efficiency: 0.5,
            tp: 1,
            pp: 1,
            ep: 1,
            cp: 1,
            dp: None,
            interleave: 1,
            microbatches: 1,
            accumulation: 1,
            zero_stage: 0,
            lora_rank: None,
            recompute: Recompute::None,
            overlap: None,
            congestion: 1.0,
            straggler: 1.0,
            imbalance: 1.0,
        }
    }
}

/// A training step on a fleet.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Distributed {
    /// One replica at work, all its devices together, without messages.
    pub replica: Profile,
    /// Copies of the whole.
    pub dp: u32,
    /// Time of all sums of gradients and gatherings of weights.
    pub sync_time: Seconds,
    /// The part of it that the step waits for.
    pub exposed_sync_time: Seconds,
    /// Time of the sums of shared layers.
    pub tensor_time: Seconds,
    /// Time of the exchange of routed tokens.
    pub expert_time: Seconds,
    /// Time that the step waits for transfers between stages.
    pub transfer_time: Seconds,
    /// Time that a stage waits for the ends of the pipeline.
    pub bubble_time: Seconds,
    /// Share of the pipeline's time in which a stage waits.
    pub bubble_fraction: f64,
    /// Time of one step.
    pub step_time: Seconds,
    /// Share of the step in which the devices work.
    pub scaling_efficiency: f64,
    /// Sequences per second of the whole fleet.
    pub throughput: Hertz,
    /// The step part by part; only of a transformer, under [`Convention::Reference`].
    pub estimate: Option<StepEstimate>,
}

impl Distributed {
    /// Time of all messages, whether the step waits for them or not.
    #[must_use]
    pub fn communication_time(&self) -> Seconds {
        self.sync_time + self.tensor_time + self.expert_time + self.transfer_time
    }
}

/// Returns a training step of `model` on `fleet`.
///
/// # Errors
///
/// - [`Error::LayoutDevices`] naming all degrees, if they do not make up the fleet's accelerators.
/// - [`Error::OutOfRange`] for a count of 0 or a share outside its range.
/// - [`Error::ModelIncomplete`] if the model's record lacks a size.
/// - [`Error::RateMissing`] if the accelerator has no rate for the number format.
pub fn solve<R: Recorder>(
    model: &Model,
    fleet: &Fleet,
    request: &Request,
    convention: Convention,
    trace: &mut R,
) -> Result<Distributed> {
    request.check()?;
    if convention == Convention::Upstream030 && request.cp != 1 {
        let (range, got) = (Range::COUNT_U32.up_to(1.0), Quantity::number(f64::from(request.cp)));
        return Err(Error::OutOfRange { op: "distributed", name: "cp", range, got });
    }
    let dp = request.copies(fleet)?;
    match convention {
        Convention::Upstream030 => upstream::solve(model, fleet, request, dp, trace),
        Convention::Reference => reference::solve(model, fleet, request, dp, trace),
    }
}

/// Bandwidth of one device into the network: its share of the network cards of its node.
pub(super) fn injection(fleet: &Fleet) -> BytesPerSecond {
    let cards = f64::from(fleet.node.nics.max(1)) / f64::from(fleet.node.accelerators.max(1));
    fleet.fabric.port() * cards.min(1.0)
}

impl Request {
    fn check(&self) -> Result<()> {
        let counts = [
            ("batch", self.batch),
            ("seq_len", self.seq_len),
            ("tp", self.tp),
            ("pp", self.pp),
            ("ep", self.ep),
            ("cp", self.cp),
            ("dp", self.dp.unwrap_or(1)),
            ("interleave", self.interleave),
            ("microbatches", self.microbatches),
            ("accumulation", self.accumulation),
        ];
        let counts = counts.map(|(name, count)| (name, f64::from(count), Range::COUNT_U32));
        let others = [
            ("efficiency", self.efficiency, Range::EFFICIENCY),
            ("zero_stage", f64::from(self.zero_stage), Range::ZERO_STAGE),
            ("overlap", self.overlap.unwrap_or(0.0), Range::SHARE),
            ("congestion", self.congestion, Range::NOT_NEGATIVE),
            ("straggler", self.straggler, Range::POSITIVE),
            ("imbalance", self.imbalance, Range::AT_LEAST_ONE),
        ];
        for (name, value, range) in counts.into_iter().chain(others) {
            if !range.contains(value) {
                let got = Quantity::number(value);
                return Err(Error::OutOfRange { op: "distributed", name, range, got });
            }
        }
        Ok(())
    }

    /// Copies of the whole that make up the fleet with the other degrees.
    fn copies(&self, fleet: &Fleet) -> Result<u32> {
        let devices = u64::from(fleet.nodes) * u64::from(fleet.node.accelerators);
        let refuse = Error::LayoutDevices {
            tp: self.tp,
            pp: self.pp,
            cp: self.cp,
            ep: self.ep,
            dp: self.dp,
            devices,
        };
        let own =
            [self.tp, self.pp, self.ep, self.cp].into_iter().map(u128::from).product::<u128>();
        let all = u128::from(devices);
        if own == 0 || own > all || all % own != 0 {
            return Err(refuse);
        }
        let Ok(dp) = u32::try_from(all / own) else { return Err(refuse) };
        if self.dp.is_some_and(|given| given != dp) { Err(refuse) } else { Ok(dp) }
    }
}

#[cfg(test)]
mod tests;

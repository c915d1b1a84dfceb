//! One microbatch on the stage that has the most to do.

use super::layout::Layout;
use super::plan::Plan;
use crate::composite::training_memory::{self, Checkpointing, Stage};
use crate::units::Bytes;

/// Time of one microbatch on the stage with the most work, and what it is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    pub(super) first: Stage,
    pub(super) last: Stage,
    /// Layers of the stage with the most work.
    pub(super) layers: f64,
    /// Operations that are needed, in seconds.
    pub(super) useful: f64,
    /// Operations that are run again, in seconds.
    pub(super) repeated: f64,
    /// The backward pass with what it runs again, at the pace of arithmetic or memory, in seconds.
    pub(super) backward: f64,
    /// Traffic, in seconds.
    pub(super) traffic: f64,
    /// Attention of one layer in the forward pass, at that pace, in seconds.
    pub(super) attention: f64,
}

impl Work {
    #[inline]
    pub(crate) fn new(plan: &Plan, layout: &Layout, microbatches: u32) -> Self {
        let memory = layout.memory_in(plan, microbatches);
        let first = training_memory::stage(&memory, true);
        let last = if layout.pp > 1 { training_memory::stage(&memory, false) } else { first };

        let tuning = &plan.tuning;
        // Seconds per forward operation of one sequence, shared by tensor and context ranks.
        let share = f64::from(layout.micro_batch)
            / (f64::from(layout.tp) * f64::from(layout.cp) * plan.rate);
        let imbalance = if layout.ep > 1 { tuning.imbalance } else { 1.0 };
        let products = (plan.shared_ops + plan.routed_ops * imbalance) * share;
        let attention = plan.attention_ops * share;
        let repeated = match layout.checkpointing {
            Checkpointing::None => 0.0,
            Checkpointing::Selective => attention,
            Checkpointing::Full => products + attention,
        };
        let backward_products = 1.0 + tuning.trained;
        let forward = products + attention;
        let backward = products * backward_products + attention * 2.0;
        // The output layer works on the last stage and is not run again.
        let head = plan.head_ops * share;
        let both = head * (1.0 + backward_products);
        let per_layer = forward + backward + repeated;
        let last_is_slower = last.layers * per_layer + both
            > first.layers * per_layer + if layout.pp > 1 { 0.0 } else { both };
        let (slow, has_head) =
            if last_is_slower { (&last, true) } else { (&first, layout.pp == 1) };
        let head = if has_head { head } else { 0.0 };
        let both = if has_head { both } else { 0.0 };

        let held = slow.dense + slow.experts;
        let passes = if layout.checkpointing == Checkpointing::Full { 3.0 } else { 2.0 };
        let bytes = held * (passes * tuning.width.0 + tuning.trained * tuning.gradient_width.0)
            + 2.0 * slow.one_microbatch;
        let useful = slow.layers * (forward + backward) + both;
        let again = slow.layers * repeated;
        let traffic = bytes / plan.stream;
        // Where memory sets the pace, each part of the arithmetic takes its share of that time.
        let arithmetic = useful + again;
        let pace = if arithmetic > 0.0 { (traffic / arithmetic).max(1.0) } else { 1.0 };
        let backward = slow.layers * (backward + repeated) + head * backward_products;
        Self {
            first,
            last,
            layers: slow.layers,
            useful,
            repeated: again,
            traffic,
            backward: backward * pace,
            attention: attention * pace,
        }
    }

    /// What the fullest device holds.
    #[inline]
    pub(crate) fn memory(&self) -> Bytes {
        Bytes(self.first.total().max(self.last.total()))
    }

    /// A time that the step cannot go below: its arithmetic and the pipeline's ends, nothing else.
    #[inline]
    pub(crate) fn least_time(&self, plan: &Plan, layout: &Layout, microbatches: u32) -> f64 {
        let ends = f64::from(layout.pp - 1) / f64::from(layout.interleave);
        (self.useful + self.repeated) * (f64::from(microbatches) + ends) * plan.slowdown
    }
}

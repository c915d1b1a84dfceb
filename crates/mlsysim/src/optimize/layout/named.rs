//! What of a layout is settled before a search.

use super::{Dropped, Reason, Search, Space};
use crate::composite::training_memory::Checkpointing;
use crate::composite::training_step::Layout;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The parts of a layout that are settled; `None` leaves a part to the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Named {
    /// Devices that share a layer.
    pub tp: Option<u32>,
    /// Stages.
    pub pp: Option<u32>,
    /// Devices that share a sequence.
    pub cp: Option<u32>,
    /// Devices among which experts are divided.
    pub ep: Option<u32>,
    /// Copies of the whole.
    pub dp: Option<u32>,
    /// Sequences of one microbatch.
    pub micro_batch: Option<u32>,
    /// Parts of each stage that take turns.
    pub interleave: Option<u32>,
    /// Stage of sharding over the copies.
    pub zero_stage: Option<u8>,
    /// Activations that are kept.
    pub checkpointing: Option<Checkpointing>,
}

impl Named {
    /// The degrees that make up the devices, with their names.
    #[must_use]
    pub const fn degrees(&self) -> [(&'static str, Option<u32>); 5] {
        [("tp", self.tp), ("pp", self.pp), ("cp", self.cp), ("ep", self.ep), ("dp", self.dp)]
    }

    /// The names of the parts that are left to the search of a model with or without experts.
    ///
    /// Sequences are not divided unless `cp` says so, and copies follow from the other degrees.
    #[must_use]
    pub fn open(&self, has_experts: bool) -> Vec<&'static str> {
        let open_ep = has_experts && self.ep.is_none();
        let follows = self.tp.is_some() && self.pp.is_some() && !open_ep;
        let parts = [
            ("tp", self.tp.is_none()),
            ("pp", self.pp.is_none()),
            ("ep", open_ep),
            ("dp", self.dp.is_none() && !follows),
            ("micro_batch", self.micro_batch.is_none()),
            ("interleave", self.interleave.is_none() && self.pp != Some(1)),
            ("zero_stage", self.zero_stage.is_none()),
            ("checkpointing", self.checkpointing.is_none()),
        ];
        parts.into_iter().filter(|(_, is_open)| *is_open).map(|(name, _)| name).collect()
    }

    /// `space`, made as large as what is settled.
    #[must_use]
    pub(super) fn widen(&self, space: &Space) -> Space {
        let up_to = |most: u32, named: Option<u32>| named.map_or(most, |named| named.max(most));
        Space {
            max_tp: up_to(space.max_tp, self.tp),
            max_pp: up_to(space.max_pp, self.pp),
            max_cp: up_to(space.max_cp, self.cp),
            max_ep: up_to(space.max_ep, self.ep),
            max_micro_batch: up_to(space.max_micro_batch, self.micro_batch),
            max_interleave: up_to(space.max_interleave, self.interleave),
            max_zero_stage: space.max_zero_stage.max(self.zero_stage.unwrap_or(0)),
        }
    }

    /// Whether a division of the devices is one of those that are left.
    pub(super) fn allows_division(&self, layout: &Layout) -> bool {
        let found = [layout.tp, layout.pp, layout.cp, layout.ep, layout.dp];
        self.degrees().iter().zip(found).all(|((_, named), found)| is(*named, found))
    }

    /// Whether what else there is of a layout is as settled.
    pub(super) fn allows_parts(&self, layout: &Layout) -> bool {
        is(self.micro_batch, layout.micro_batch)
            && is(self.interleave, layout.interleave)
            && is(self.zero_stage, layout.zero_stage)
            && is(self.checkpointing, layout.checkpointing)
    }
}

fn is<T: PartialEq + Copy>(named: Option<T>, found: T) -> bool {
    named.is_none_or(|named| named == found)
}

impl Search {
    /// Why there is no layout at all, most frequent reason first: `8 × more stages than layers`.
    #[must_use]
    pub fn reasons(&self) -> String {
        let dropped =
            |reason: Reason| self.dropped.iter().filter(|d: &&Dropped| d.reason == reason).count();
        let mut counts: Vec<(u64, Reason)> = Reason::ALL
            .into_iter()
            .filter(|reason| *reason != Reason::Named)
            .map(|reason| {
                let whole = u64::try_from(dropped(reason)).unwrap_or(u64::MAX);
                (whole.saturating_add(self.pruned_for(reason)), reason)
            })
            .filter(|(count, _)| *count > 0)
            .collect();
        counts.sort_by_key(|(count, _)| core::cmp::Reverse(*count));
        let lines: Vec<String> =
            counts.into_iter().map(|(count, reason)| format!("{count} × {reason}")).collect();
        if lines.is_empty() {
            return "what is settled does not go together with the devices and the batch".into();
        }
        lines.join(", ")
    }
}

//! How the work of a training step is divided over devices, and when a division is none.

use super::plan::Plan;
use crate::composite::training_memory::{Checkpointing, MemoryIn};
use crate::error::{Error, Result};
use crate::ranges::Range;
use crate::units::{Quantity, Tokens};

/// How the work of a training step is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Devices that share a layer.
    pub tp: u32,
    /// Stages.
    pub pp: u32,
    /// Devices that share a sequence.
    pub cp: u32,
    /// Devices among which experts are divided; each has sequences of its own.
    pub ep: u32,
    /// Copies of the whole.
    pub dp: u32,
    /// Sequences of one microbatch.
    pub micro_batch: u32,
    /// Parts of each stage that take turns.
    pub interleave: u32,
    /// Stage of sharding over the copies.
    pub zero_stage: u8,
    /// Activations that are kept.
    pub checkpointing: Checkpointing,
    /// Whether the devices that share a layer also share what lies between its products.
    pub sequence_parallel: bool,
}

impl Layout {
    /// Copies only, one sequence at a time, everything kept.
    #[must_use]
    pub const fn copies(dp: u32) -> Self {
        Self {
            tp: 1,
            pp: 1,
            cp: 1,
            ep: 1,
            dp,
            micro_batch: 1,
            interleave: 1,
            zero_stage: 0,
            checkpointing: Checkpointing::None,
            sequence_parallel: true,
        }
    }

    /// Microbatches that each device works on per step.
    ///
    /// # Errors
    ///
    /// - [`Error::OutOfRange`] for a degree of 0 or a sharding stage above 3.
    /// - [`Error::LayoutDevices`] naming all degrees, if they do not make up the devices.
    /// - [`Error::LayoutModel`] if a degree divides what has no such parts: more tensor ranks than heads, more stages
    ///   than layers, more expert ranks than experts, more context ranks than tokens.
    /// - [`Error::LayoutBatch`] if the batch does not split into whole microbatches.
    #[inline]
    pub fn microbatches(&self, plan: &Plan) -> Result<u32> {
        let devices = u64::from(plan.cluster.devices);
        let shared = u64::from(self.tp) * u64::from(self.pp);
        let product = [self.cp, self.ep, self.dp]
            .into_iter()
            .try_fold(shared, |product, degree| product.checked_mul(u64::from(degree)));
        if product != Some(devices)
            || self.micro_batch == 0
            || self.interleave == 0
            || self.zero_stage > 3
        {
            return Err(self.refuse(plan));
        }
        self.fits_model(plan)?;
        let split = u64::from(self.dp) * u64::from(self.ep) * u64::from(self.micro_batch);
        let batch = u64::from(plan.tuning.batch);
        match batch.checked_div(split) {
            Some(microbatches) if microbatches > 0 && microbatches * split == batch => {
                u32::try_from(microbatches).map_err(|_| self.batch_error(plan))
            }
            _ => Err(self.batch_error(plan)),
        }
    }

    #[inline]
    fn fits_model(&self, plan: &Plan) -> Result<()> {
        let shape = &plan.shape;
        let refuse = |what, degree, limit_of, limit, rule| {
            Err(Error::LayoutModel { what, degree, limit_of, limit, rule })
        };
        if !shape.heads.is_multiple_of(self.tp) {
            return refuse("tp", self.tp, "heads", shape.heads, "it must divide them");
        }
        if u64::from(self.pp) * u64::from(self.interleave) > u64::from(shape.layers) {
            let parts = self.pp.saturating_mul(self.interleave);
            return refuse("pp × interleave", parts, "layers", shape.layers, "each part needs one");
        }
        if self.interleave > 1 && self.pp == 1 {
            return refuse(
                "interleave",
                self.interleave,
                "stages",
                1,
                "one stage has no turns to take",
            );
        }
        if shape.experts > 1 && !shape.experts.is_multiple_of(self.ep) {
            return refuse("ep", self.ep, "experts", shape.experts, "it must divide them");
        }
        if !plan.tuning.seq_len.is_multiple_of(self.cp) {
            return refuse("cp", self.cp, "tokens", plan.tuning.seq_len, "it must divide them");
        }
        Ok(())
    }

    #[cold]
    fn refuse(&self, plan: &Plan) -> Error {
        let counts = [
            ("tp", self.tp),
            ("pp", self.pp),
            ("cp", self.cp),
            ("ep", self.ep),
            ("dp", self.dp),
            ("micro_batch", self.micro_batch),
            ("interleave", self.interleave),
        ];
        let op = "training_step.layout";
        for (name, count) in counts {
            if count == 0 {
                let got = Quantity::number(0.0);
                return Error::OutOfRange { op, name, range: Range::COUNT_U32, got };
            }
        }
        if self.zero_stage > 3 {
            let got = Quantity::number(f64::from(self.zero_stage));
            return Error::OutOfRange { op, name: "zero_stage", range: Range::ZERO_STAGE, got };
        }
        Error::LayoutDevices {
            tp: self.tp,
            pp: self.pp,
            cp: self.cp,
            ep: self.ep,
            dp: Some(self.dp),
            devices: u64::from(plan.cluster.devices),
        }
    }

    #[cold]
    const fn batch_error(&self, plan: &Plan) -> Error {
        Error::LayoutBatch {
            batch: plan.tuning.batch,
            dp: self.dp,
            ep: self.ep,
            micro_batch: self.micro_batch,
        }
    }

    /// What the memory of a device must hold, as the inputs of that equation.
    #[inline]
    pub(crate) fn memory_in(&self, plan: &Plan, microbatches: u32) -> MemoryIn {
        let (shape, tuning) = (&plan.shape, &plan.tuning);
        MemoryIn {
            shared: shape.shared,
            experts: shape.routed,
            embedding: shape.embedding,
            head: shape.head,
            width: tuning.width,
            gradient_width: tuning.gradient_width,
            optimizer_width: tuning.optimizer_width,
            trained: tuning.trained,
            n_layers: f64::from(shape.layers),
            hidden: f64::from(shape.hidden),
            n_heads: f64::from(shape.heads),
            vocab: f64::from(shape.vocab),
            seq_len: Tokens(f64::from(tuning.seq_len)),
            micro_batch: f64::from(self.micro_batch),
            microbatches: f64::from(microbatches),
            checkpointing: self.checkpointing,
            tp: f64::from(self.tp),
            sequence_parallel: self.sequence_parallel,
            pp: f64::from(self.pp),
            interleave: f64::from(self.interleave),
            cp: f64::from(self.cp),
            ep: f64::from(self.ep),
            dp: f64::from(self.dp),
            zero_stage: f64::from(self.zero_stage),
            buffer_share: tuning.buffer_share,
            capacity: plan.cluster.capacity,
            reserve: tuning.reserve,
        }
    }
}

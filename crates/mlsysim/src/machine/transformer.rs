//! The shape of a decoder and how it is laid out over devices.

use super::positive;
use crate::error::{Error, Result};
use crate::precision::Precision;
use crate::ranges::Range;
use crate::units::Quantity;

/// The sizes of a dense decoder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Layers.
    pub layers: f64,
    /// Width.
    pub hidden: f64,
    /// Heads of the queries.
    pub heads: f64,
    /// Heads of keys and values.
    pub kv_heads: f64,
    /// Elements of a head.
    pub head_dim: f64,
    /// Inner width of the feed-forward part.
    pub ffn_hidden: f64,
    /// Whether that part has a gate, so three matrices and not two.
    pub gated: bool,
    /// Tokens of the vocabulary.
    pub vocab: f64,
}

impl Shape {
    /// Weights of the matrices of one layer.
    #[must_use]
    pub fn layer_weights(&self) -> f64 {
        let queries = self.heads * self.head_dim;
        let attention = 2.0 * self.hidden * queries + 2.0 * self.hidden * self.kv_width();
        attention + self.ffn_matrices() * self.hidden * self.ffn_hidden
    }

    /// Weights of all layers and one table of tokens.
    #[must_use]
    pub fn weights(&self) -> f64 {
        self.layers * self.layer_weights() + self.vocab * self.hidden
    }

    /// Model operations of training per token, `6·N + 12·L·H·d·s`, the scores counted in whole.
    ///
    /// Source: Chowdhery and others, "PaLM" (2022), appendix B.
    #[must_use]
    pub fn training_ops(&self, parameters: f64, seq_len: f64) -> f64 {
        6.0 * parameters + 12.0 * self.layers * self.heads * self.head_dim * seq_len
    }

    pub(super) fn kv_width(&self) -> f64 {
        self.kv_heads * self.head_dim
    }

    pub(super) fn ffn_matrices(&self) -> f64 {
        if self.gated { 3.0 } else { 2.0 }
    }

    pub(super) fn check(&self) -> Result<()> {
        const OP: &str = "machine.training";
        for (name, value) in [
            ("layers", self.layers),
            ("hidden", self.hidden),
            ("heads", self.heads),
            ("kv_heads", self.kv_heads),
            ("head_dim", self.head_dim),
            ("ffn_hidden", self.ffn_hidden),
            ("vocab", self.vocab),
        ] {
            positive(OP, name, value)?;
        }
        Ok(())
    }
}

/// What data-parallel devices hold only a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sharding {
    /// Nothing.
    Whole,
    /// Optimizer states.
    Optimizer,
    /// And gradients.
    Gradients,
    /// And weights, which are gathered layer by layer.
    Weights,
}

/// What the backward pass computes again instead of keeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Recompute {
    /// Nothing.
    Nothing,
    /// The scores of the attention.
    Scores,
    /// Every layer.
    Layers,
}

/// How a step is laid out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Devices that share each matrix.
    pub tensor: f64,
    /// Stages that layers are cut into.
    pub pipeline: f64,
    /// Devices that share each sequence.
    pub context: f64,
    /// Copies of the model.
    pub data: f64,
    /// Pieces of the layers that each stage holds.
    pub interleave: f64,
    /// Sequences of a micro-batch.
    pub micro_batch: f64,
    /// Micro-batches of a step.
    pub micro_batches: f64,
    /// Tokens of a sequence.
    pub seq_len: f64,
    /// Whether what tensor parallelism leaves whole is cut along the sequence.
    pub sequence_parallel: bool,
    /// What data-parallel devices share.
    pub sharding: Sharding,
    /// What the backward pass computes again.
    pub recompute: Recompute,
    /// Whether attention is one kernel that never writes the scores.
    pub fused_attention: bool,
    /// Whether only small adapters learn, so that the large matrices need no gradient.
    pub adapters: bool,
    /// Format of the operands.
    pub precision: Precision,
    /// Devices of a node.
    pub node: f64,
}

impl Plan {
    /// A plan on one device, plain and in 16 bits.
    #[must_use]
    pub const fn single(micro_batch: f64, seq_len: f64) -> Self {
        Self {
            tensor: 1.0,
            pipeline: 1.0,
            context: 1.0,
            data: 1.0,
            interleave: 1.0,
            micro_batch,
            micro_batches: 1.0,
            seq_len,
            sequence_parallel: false,
            sharding: Sharding::Optimizer,
            recompute: Recompute::Nothing,
            fused_attention: true,
            adapters: false,
            precision: Precision::Bf16,
            node: 8.0,
        }
    }

    /// Devices in all.
    #[must_use]
    pub fn devices(&self) -> f64 {
        self.tensor * self.pipeline * self.context * self.data
    }

    /// Tokens of a step.
    #[must_use]
    pub fn tokens(&self) -> f64 {
        self.micro_batch * self.micro_batches * self.data * self.seq_len
    }

    pub(super) fn check(&self, shape: &Shape) -> Result<()> {
        const OP: &str = "machine.training";
        shape.check()?;
        for (name, value) in [
            ("tensor", self.tensor),
            ("pipeline", self.pipeline),
            ("context", self.context),
            ("data", self.data),
            ("interleave", self.interleave),
            ("node", self.node),
        ] {
            if !(value.is_finite() && value >= 1.0) {
                let (range, got) = (Range::AT_LEAST_ONE, Quantity::number(value));
                return Err(Error::OutOfRange { op: OP, name, range, got });
            }
        }
        for (name, value) in [
            ("micro_batch", self.micro_batch),
            ("micro_batches", self.micro_batches),
            ("seq_len", self.seq_len),
        ] {
            positive(OP, name, value)?;
        }
        Ok(())
    }
}

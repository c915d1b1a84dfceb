//! The transformer block of the GPT family.

use super::{AttentionOpts, LayerNorm, Mlp, Module, MultiHeadAttention, Visitor, visit_child};
use crate::{Result, Rng, Tensor, dispatch, generate::KvCache, ops::attention::Mask, slots::Part};
use core::cell::RefCell;

/// Where a block normalizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NormOrder {
    /// Before each part: `x + f(norm x)`, as GPT-2 does; the sum itself is never normalized.
    #[default]
    PreLn,
    /// After each sum: `norm(x + f x)`, as the first transformer did.
    PostLn,
}

/// Attention, then a two-layer network, each added to what came in.
///
/// # Shapes
///
/// `[B, T, width]` to the same.
///
/// # Cost
///
/// 12·width² + 13·width parameters: 4·width² + 4·width of attention, 8·width² + 5·width of the network, 4·width of the norms.
///
/// # Source
///
/// Vaswani et al. (2017); Xiong et al. (2020), "On Layer Normalization in the Transformer Architecture", for the order.
#[derive(Debug)]
pub struct TransformerBlock {
    ln1: LayerNorm,
    attn: MultiHeadAttention,
    ln2: LayerNorm,
    mlp: Mlp,
    order: NormOrder,
}

impl TransformerBlock {
    /// Returns a block of this width with four times as many hidden units; `dropout` acts on weights of attention
    /// and on the output of the network.
    ///
    /// # Errors
    ///
    /// As [`MultiHeadAttention::new`] and [`Mlp::new`].
    pub fn new(
        width: usize,
        heads: usize,
        order: NormOrder,
        dropout: f64,
        rng: &mut Rng,
    ) -> Result<Self> {
        let opts = AttentionOpts { dropout, ..AttentionOpts::default() };
        Ok(Self {
            ln1: LayerNorm::new(width)?,
            attn: MultiHeadAttention::new(width, heads, &opts, rng)?,
            ln2: LayerNorm::new(width)?,
            mlp: Mlp::new(width, width.saturating_mul(4), dropout, rng)?,
            order,
        })
    }

    /// Returns the block with another ε of its norms.
    #[must_use]
    pub fn with_eps(self, eps: f64) -> Self {
        Self { ln1: self.ln1.with_eps(eps), ln2: self.ln2.with_eps(eps), ..self }
    }

    /// Returns the output where attention sees what `mask` allows.
    ///
    /// # Errors
    ///
    /// As [`MultiHeadAttention::attend`].
    pub fn forward_masked(&self, x: &Tensor, mask: Mask<'_>) -> Result<Tensor> {
        self.with_attention(x, &|x| self.attn.attend(x, mask))
    }

    /// Returns the output for positions that follow those of `cache`, as [`MultiHeadAttention::attend_cached`].
    ///
    /// # Errors
    ///
    /// As [`MultiHeadAttention::attend_cached`].
    pub fn forward_cached(&self, x: &Tensor, layer: usize, cache: &mut KvCache) -> Result<Tensor> {
        let cache = RefCell::new(cache);
        self.with_attention(x, &|x| self.attn.attend_cached(x, layer, &mut cache.borrow_mut()))
    }

    fn with_attention(&self, x: &Tensor, attention: Part<'_>) -> Result<Tensor> {
        dispatch::block_forward(
            x,
            &|x| self.ln1.forward(x),
            attention,
            &|x| self.ln2.forward(x),
            &|x| self.mlp.forward(x),
            self.order,
        )
    }
}

impl Module for TransformerBlock {
    /// Attends to all positions.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.forward_masked(x, Mask::None)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visit_child(visitor, "ln1", &self.ln1);
        visit_child(visitor, "attn", &self.attn);
        visit_child(visitor, "ln2", &self.ln2);
        visit_child(visitor, "mlp", &self.mlp);
    }

    fn name(&self) -> &'static str {
        "TransformerBlock"
    }
}

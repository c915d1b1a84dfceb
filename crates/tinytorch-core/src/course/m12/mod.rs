//! Module 12, Attention: every position asks all others what they know.

mod checks;
mod mutants;

use super::{Module, lesson::lesson};
pub use crate::ops::attention::Mask;
pub use crate::slots::attention::MultiHead;
use crate::{Tensor, slots::attention as plain};

lesson! {
    /// Scaled dot-product attention in six steps, and the layer they make. The slots are chains of tensor operations, so their gradients come for free.
    AttentionLesson, m12, 12;

    /// Returns the product of each query with each key, `q·kᵀ`: `[.., S, d]` and `[.., T, d]` give `[.., S, T]`. Widths that
    /// differ are an `Error::ShapeMismatch`.
    core fn attention_scores(q: &Tensor, k: &Tensor) -> Tensor,
        hint "Tensor::t exchanges the last two axes",
        plain::attention_scores(q, k);
    /// Returns the scores divided by the root of the width of the queries.
    core fn scale_scores(scores: &Tensor, width: usize) -> Tensor,
        hint "Tensor::mul_scalar by 1 / sqrt(width)",
        plain::scale_scores(scores, width);
    /// Returns the scores with excluded keys at negative infinity. Causal: query i sees the keys up to i. Bool: true is allowed.
    /// Additive: the mask is added.
    core fn apply_mask(scores: &Tensor, mask: Mask<'_>) -> Tensor,
        hint "Tensor::masked_fill where the key is excluded",
        plain::apply_mask(scores, mask);
    /// Returns the values, averaged with the weights `softmax(scores)`: `[.., S, T]` and `[.., T, w]` give `[.., S, w]`.
    core fn attention(scores: &Tensor, v: &Tensor) -> Tensor,
        hint "softmax over the keys, the last axis",
        plain::attention(scores, v);
    /// Returns the width cut into heads: `[B, T, H·d]` becomes `[B, H, T, d]`. Heads that do not divide the width are an
    /// `Error::InvalidArgument`.
    core fn split_heads(x: &Tensor, heads: usize) -> Tensor,
        hint "reshape to [B, T, H, d], then exchange two axes",
        plain::split_heads(x, heads);
    /// Returns the heads side by side again: `[B, H, T, d]` becomes `[B, T, H·d]`.
    core fn merge_heads(x: &Tensor) -> Tensor,
        hint "the two steps of split_heads backward",
        plain::merge_heads(x);
    /// Returns what each position of `x: [B, T, width]` collects from those that `mask` allows, `[B, T, width]`. Queries, keys and
    /// values, `layer.qkv`, are split into heads (keys and values into `kv_heads`, each shared by consecutive heads of queries), queries and
    /// keys are rotated if there is a rotation, each head attends by itself, and the heads side by side go through
    /// `layer.out`. Dropout, if there is one, acts on the weights.
    core fn mha_forward(x: &Tensor, mask: Mask<'_>, layer: &MultiHead<'_>) -> Tensor,
        hint "the parts are functions, [q, k, v] = layer.qkv and q(x)?; ops::attention::sdpa is attention; repeat_interleave shares heads",
        plain::mha_forward(x, mask, layer);
}

pub(super) const MODULE: Module = Module {
    number: 12,
    id: "m12",
    name: "Attention",
    tier: "architectures",
    lesson: "AttentionLesson",
    prerequisites: &[1, 2, 6, 11],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 6,
};

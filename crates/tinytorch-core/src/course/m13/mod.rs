//! Module 13, Transformers: normalization, the block and the decoder, the choice of the next token, and whole texts.

mod checks;
mod mutants;

use super::Part;
use super::{Module, lesson::lesson};
use crate::{Rng, Tensor, slots};
pub use crate::{
    generate::{LanguageModel, Sampler},
    nn::NormOrder,
    slots::{
        sample::Sampling,
        transformer::{Decoder, MaskedPart},
    },
};

lesson! {
    /// What a transformer needs besides attention.
    TransformerLesson, m13, 13;

    /// Returns each row of `len` elements as `(x - mean)/√(var + eps)·weight + bias`, where the variance divides by `len`.
    core fn layer_norm(x: &[f32], len: usize, weight: Option<&[f32]>, bias: Option<&[f32]>, eps: f64) -> Vec<f32>,
        hint "mean and variance of each row by itself; eps stands inside the root",
        Ok(slots::transformer::layer_norm(x, len, weight, bias, eps));
    /// Returns `fc2(gelu(fc1 x))` after dropout, with the tanh form of GELU. The parts are functions.
    core fn mlp_forward(x: &Tensor, fc1: Part<'_>, fc2: Part<'_>, dropout: Part<'_>) -> Tensor,
        hint "fc1(x)? is the first layer; Tensor::gelu(GeluKind::Tanh) stands between the two",
        slots::transformer::mlp_forward(x, fc1, fc2, dropout);
    /// Returns what a block makes of `x`. `PreLn`: h = x + attention(ln1 x), y = h + mlp(ln2 h). `PostLn`: h = ln1(x + attention x),
    /// y = ln2(h + mlp h).
    core fn block_forward(x: &Tensor, ln1: Part<'_>, attention: Part<'_>, ln2: Part<'_>, mlp: Part<'_>, order: NormOrder) -> Tensor,
        hint "two sums; what is added to the second one is the first sum, not x",
        slots::transformer::block_forward(x, ln1, attention, ln2, mlp, order);
    /// Returns the scores of the next token after each of `ids: [B, T]`, the first of which stands at position `start`, `[B, T, vocab]`:
    /// vectors of the ids, the blocks one after the other, each looking back only, the norm, the head.
    core fn gpt_forward(ids: &Tensor, start: usize, parts: &Decoder<'_>) -> Tensor,
        hint "(parts.embed)(ids, start)? to begin with; a block takes Mask::Causal",
        slots::transformer::gpt_forward(ids, start, parts);
    /// Returns the next token, drawn from `logits` after the tokens `previous`: penalty, temperature (0 takes the best one),
    /// top-k, top-p, min-p, then one uniform number picks where the running sum of the weights exceeds its share. Scores of which
    /// none is finite, or NaN, are an `Error::InvalidArgument`.
    core fn sample_next(logits: &[f32], previous: &[u32], how: &Sampling, rng: &mut Rng) -> u32,
        hint "weights e^((x - max x)/T); begin with temperature 0 and with plain sampling, then add the filters",
        slots::sample::sample_next(logits, previous, how, rng);
    /// Returns up to `max_new` tokens that continue `prompt`: each is drawn by `sampler` from the scores after the last position of the
    /// whole sequence so far, goes to `each`, and joins the sequence. A token of `stop` ends the text and is part of it; `each` ends
    /// it by returning false. Nothing is recorded. An empty prompt, or more tokens than the model takes, are an
    /// `Error::InvalidArgument`.
    core fn generate(model: &dyn LanguageModel, prompt: &[u32], max_new: usize, stop: &[u32], sampler: &mut Sampler, each: &mut dyn FnMut(u32) -> bool) -> Vec<u32>,
        hint "ids [1, T] go to model.forward inside no_grad; sampler.next takes the last row of scores and all tokens so far",
        slots::transformer::generate(model, prompt, max_new, stop, sampler, each);
}

pub(super) const MODULE: Module = Module {
    number: 13,
    id: "m13",
    name: "Transformers",
    tier: "architectures",
    lesson: "TransformerLesson",
    prerequisites: &[3, 11, 12],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 8,
};

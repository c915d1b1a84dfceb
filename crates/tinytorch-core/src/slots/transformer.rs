//! Module 13, Transformers: normalization of rows, the parts of a block, the whole decoder, and how it continues a text.

use crate::nostd::prelude::*;
use core::fmt;

use super::Part;
use crate::{
    Error, Result, Tensor,
    autograd::no_grad,
    generate::{LanguageModel, Sampler},
    nn::NormOrder,
    ops::{GeluKind, attention::Mask},
    tensor::Real,
};

/// Returns each row of `len` elements as `(x - mean)/√(var + eps)·weight + bias`.
///
/// The variance is that of the row itself: the squared deviations are divided by their count.
#[must_use]
pub fn layer_norm<T: Real>(
    x: &[T],
    len: usize,
    weight: Option<&[T]>,
    bias: Option<&[T]>,
    eps: f64,
) -> Vec<T> {
    let n = T::lit(len as f64);
    let mut out = Vec::with_capacity(x.len());
    for row in x.chunks(len.max(1)) {
        let mean = row.iter().fold(T::ZERO, |s, &v| s + v) / n;
        let var = row.iter().fold(T::ZERO, |s, &v| s + (v - mean) * (v - mean)) / n;
        let rstd = T::ONE / (var + T::lit(eps)).sqrt();
        for (i, &v) in row.iter().enumerate() {
            let scaled = (v - mean) * rstd * weight.map_or(T::ONE, |w| w[i]);
            out.push(scaled + bias.map_or(T::ZERO, |b| b[i]));
        }
    }
    out
}

/// Returns `fc2(gelu(fc1 x))` after dropout, with the tanh form of GELU.
///
/// # Errors
///
/// What the parts return.
pub fn mlp_forward(x: &Tensor, fc1: Part<'_>, fc2: Part<'_>, dropout: Part<'_>) -> Result<Tensor> {
    let hidden = fc1(x)?.gelu(GeluKind::Tanh)?; // [.., hidden]
    dropout(&fc2(&hidden)?)
}

/// Returns what a transformer block makes of `x`: attention, then a network, each added to what came in.
///
/// With the norms before the parts: h = x + attention(ln1 x), y = h + mlp(ln2 h). With the norms after the sums:
/// h = ln1(x + attention x), y = ln2(h + mlp h).
///
/// # Errors
///
/// What the parts return.
///
/// # Source
///
/// Vaswani et al. (2017); Xiong et al. (2020), "On Layer Normalization in the Transformer Architecture", for the order.
pub fn block_forward(
    x: &Tensor,
    ln1: Part<'_>,
    attention: Part<'_>,
    ln2: Part<'_>,
    mlp: Part<'_>,
    order: NormOrder,
) -> Result<Tensor> {
    match order {
        NormOrder::PreLn => {
            let h = x.add(&attention(&ln1(x)?)?)?;
            h.add(&mlp(&ln2(&h)?)?)
        }
        NormOrder::PostLn => {
            let h = ln1(&x.add(&attention(x)?)?)?;
            ln2(&h.add(&mlp(&h)?)?)
        }
    }
}

/// A block of a decoder: vectors `[B, T, d]` to the same, where attention sees what the mask allows.
pub type MaskedPart<'a> = Box<dyn Fn(&Tensor, Mask<'_>) -> Result<Tensor> + 'a>;

/// What a decoder is made of.
#[derive(Clone, Copy)]
pub struct Decoder<'a> {
    /// Vectors of ids `[B, T]`, the first of which stands at the given position: `[B, T, d]`.
    pub embed: &'a dyn Fn(&Tensor, usize) -> Result<Tensor>,
    /// The blocks, the first one first.
    pub blocks: &'a [MaskedPart<'a>],
    /// The norm after the last block.
    pub norm: Part<'a>,
    /// Scores of the next token, `[B, T, vocab]`.
    pub head: Part<'a>,
}

impl fmt::Debug for Decoder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").field("blocks", &self.blocks.len()).finish_non_exhaustive()
    }
}

/// Returns the scores of the next token after each of `ids`, the first of which stands at position `start`.
///
/// Every block looks back only ([`Mask::Causal`]): the scores after a token know nothing of later ones.
///
/// # Shapes
///
/// `ids: [B, T]`, result `[B, T, vocab]`.
///
/// # Errors
///
/// What the parts return.
///
/// # Source
///
/// Radford et al. (2019), "Language Models are Unsupervised Multitask Learners".
pub fn gpt_forward(ids: &Tensor, start: usize, parts: &Decoder<'_>) -> Result<Tensor> {
    let mut x = (parts.embed)(ids, start)?; // [B, T, d]
    for block in parts.blocks {
        x = block(&x, Mask::Causal)?;
    }
    (parts.head)(&(parts.norm)(&x)?) // [B, T, V]
}

/// Returns up to `max_new` tokens that continue `prompt`, one evaluation of the whole sequence for each.
///
/// Each token is drawn from the scores after the last position, goes to `each`, and joins the sequence. The text ends early
/// after a token of `stop`, which is part of the result, or when `each` returns false. Nothing is recorded.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if the prompt is empty, or prompt and new tokens together are longer than the model takes;
/// whatever the model and [`Sampler::next`] return.
pub fn generate(
    model: &dyn LanguageModel,
    prompt: &[u32],
    max_new: usize,
    stop: &[u32],
    sampler: &mut Sampler,
    each: &mut dyn FnMut(u32) -> bool,
) -> Result<Vec<u32>> {
    if prompt.is_empty() {
        return Err(Error::argument("generate", "prompt", "empty", "at least one token"));
    }
    let max_len = model.max_len();
    if prompt.len().checked_add(max_new).is_none_or(|len| len > max_len) {
        let got = format_args!("{} of prompt and {max_new} new", prompt.len());
        let need = format!("at most the {max_len} tokens the model takes");
        return Err(Error::argument("generate", "length", got, need));
    }
    let mut tokens = prompt.to_vec();
    for _ in 0..max_new {
        let ids: Vec<i64> = tokens.iter().map(|&t| i64::from(t)).collect();
        let ids = Tensor::from_vec(ids, [1, tokens.len()])?;
        let logits = no_grad(|| model.forward(&ids))?; // [1, T, V]
        let last = logits.narrow(1, tokens.len() - 1, 1)?.to_vec_as::<f32>();
        let token = sampler.next(&last, &tokens)?;
        tokens.push(token);
        if !each(token) || stop.contains(&token) {
            break;
        }
    }
    Ok(tokens.split_off(prompt.len()))
}

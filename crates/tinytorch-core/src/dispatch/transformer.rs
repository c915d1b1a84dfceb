//! Module 13: normalization of rows, networks, blocks, decoders, texts.

use crate::nostd::prelude::*;
use crate::{
    Result, Tensor,
    generate::{LanguageModel, Sampler},
    kernels::norm::RowNorm,
    nn::NormOrder,
    slots::{Part, transformer as slot},
    tensor::Real,
};

pub(crate) use slot::{Decoder, MaskedPart};

#[cfg(feature = "course")]
use crate::{
    course::{
        fit,
        m13::{hook, slot as student},
        wrong,
    },
    dispatch::shaped,
};

/// Layer normalization of rows, with the mean and the inverse deviation of each.
pub(crate) fn layer_norm<T: Real>(
    norm: &RowNorm,
    x: &[T],
    weight: Option<&[T]>,
    bias: Option<&[T]>,
) -> Result<(Vec<T>, Vec<T>, Vec<T>)> {
    let out = norm.forward(x, weight, bias);
    #[cfg(feature = "course")]
    {
        // The student's rows; the two statistics of each are kept for the backward pass of the library.
        if let (true, Some(rows)) = (norm.centered, T::f32s(x))
            && let (w, b) = (weight.and_then(T::f32s), bias.and_then(T::f32s))
            && let Some(y) = hook::layer_norm(rows, norm.len, w, b, norm.eps)?
        {
            return Ok((fit(student::layer_norm, y, x.len())?, out.1, out.2));
        }
    }
    Ok(out)
}

/// The network of a block.
pub(crate) fn mlp_forward(
    x: &Tensor,
    fc1: Part<'_>,
    fc2: Part<'_>,
    dropout: Part<'_>,
) -> Result<Tensor> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::mlp_forward(x, fc1, fc2, dropout)? {
        return shaped(student::mlp_forward, out, x.dims(), x.dtype());
    }
    slot::mlp_forward(x, fc1, fc2, dropout)
}

/// A block.
pub(crate) fn block_forward(
    x: &Tensor,
    ln1: Part<'_>,
    attention: Part<'_>,
    ln2: Part<'_>,
    mlp: Part<'_>,
    order: NormOrder,
) -> Result<Tensor> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::block_forward(x, ln1, attention, ln2, mlp, order)? {
        return shaped(student::block_forward, out, x.dims(), x.dtype());
    }
    slot::block_forward(x, ln1, attention, ln2, mlp, order)
}

/// A decoder with `vocab` tokens.
pub(crate) fn gpt_forward(
    ids: &Tensor,
    start: usize,
    parts: &Decoder<'_>,
    vocab: usize,
) -> Result<Tensor> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::gpt_forward(ids, start, parts)? {
        if !out.dtype().is_float() {
            return Err(wrong(student::gpt_forward, format!("returned scores of {}", out.dtype())));
        }
        let (shape, dtype) = ([ids.dims(), &[vocab]].concat(), out.dtype());
        return shaped(student::gpt_forward, out, &shape, dtype);
    }
    let _ = vocab;
    slot::gpt_forward(ids, start, parts)
}

/// Tokens that continue a prompt.
pub(crate) fn generate(
    model: &dyn LanguageModel,
    prompt: &[u32],
    max_new: usize,
    stop: &[u32],
    sampler: &mut Sampler,
    each: &mut dyn FnMut(u32) -> bool,
) -> Result<Vec<u32>> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::generate(model, prompt, max_new, stop, &mut *sampler, &mut *each)? {
        if out.len() > max_new {
            let detail = format!("returned {} tokens, at most {max_new} were wanted", out.len());
            return Err(wrong(student::generate, detail));
        }
        return Ok(out);
    }
    slot::generate(model, prompt, max_new, stop, sampler, each)
}

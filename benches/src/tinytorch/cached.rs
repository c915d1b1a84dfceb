//! The next token of a text whose keys and values are kept: every weight is read once, so memory decides.

use std::thread;

use anyhow::Result;
use tinytorch_core::generate::{CacheType, CachedModel, KvCache, NarrowGpt, WeightType};
use tinytorch_core::nn::{self, GptConfig, ModuleExt as _, StateDict};
use tinytorch_core::{DType, Rng, Tensor, no_grad};

use super::init::{Gpt, Weights};
use super::ours::read;
use super::{PACKAGE, TORCH};
use crate::case::{Case, Plan};
use crate::check::Check;
use crate::machine::contestant_threads;
use crate::python;
use crate::subject::{Subject, repeated};

/// As many bytes, only read.
const READ: &str = "read";

/// A text of `length` tokens, and one more.
pub(super) fn plan(gpt: Gpt, length: usize) -> Plan {
    let Gpt { vocab, width, heads, layers, .. } = gpt;
    let what = format!(
        "next token after {length}, with a cache: {layers} layers, width {width}, {heads} heads, vocabulary {vocab}"
    );
    Plan::new(PACKAGE, "decode", what, move |setup| {
        let bytes = gpt.weights() * size_of::<f32>();
        let sizes = [&gpt.sizes()[..], &[length]].concat();
        // Twelve blocks of sums over up to 3,072 terms in single precision.
        let case = Case::new(Check::mutual(2e-3), next(model(gpt)?, gpt, length)?)
            .work(2.0 * gpt.multiply_adds(length as f64, 1.0), bytes as f64)
            .goal(TORCH, 1.0)
            .goal(READ, 1.0 / 0.85)
            .with_some(TORCH, python::subject(setup.torch.as_ref(), "decode_cached", &sizes));
        Ok(case.with_different(READ, reading(bytes), "reads as many bytes as there are weights"))
    })
}

/// The crate's own model with weights as they were trained.
const FLOAT: &str = "f32";

/// The same token from weights in fewer bits.
pub(super) fn narrow(name: &'static str, kept: WeightType, gpt: Gpt, length: usize) -> Plan {
    let what = format!("the same token from weights stored as {kept:?}");
    Plan::new(PACKAGE, name, what, move |_setup| {
        let narrow = NarrowGpt::new(&model(gpt)?, kept)?;
        let bytes = narrow.bytes() - narrow.bytes() / gpt.weights() * gpt.context * gpt.width;
        // Weights are off by up to 1 in 256, or by half of a step of which 127 make the largest of a row.
        Ok(Case::new(Check::mutual(0.05), next(narrow, gpt, length)?)
            .work(2.0 * gpt.multiply_adds(length as f64, 1.0), bytes as f64)
            .goal(FLOAT, 1.0 / 1.8)
            .with(FLOAT, next(model(gpt)?, gpt, length)?))
    })
}

/// The model with the values that all contestants have.
fn model(gpt: Gpt) -> Result<nn::Gpt> {
    let Gpt { vocab, context, width: d, heads, layers } = gpt;
    let config = GptConfig { tied_head: true, ..GptConfig::new(vocab, d, layers, heads, context) };
    let model = nn::Gpt::new(&config, &mut Rng::seed(0))?;
    model.load_state_dict(&state(gpt, &mut Weights::start())?, true)?;
    Ok(model)
}

/// The weights by the names of the library.
fn state(gpt: Gpt, weights: &mut Weights) -> Result<StateDict> {
    let d = gpt.width;
    let mut state = StateDict::new();
    let next =
        |weights: &mut Weights, shape: &[usize]| Tensor::from_vec(weights.next(shape), shape);
    state.insert("tok_emb.weight".to_owned(), next(weights, &[gpt.vocab, d])?);
    state.insert("pos_emb.weight".to_owned(), next(weights, &[gpt.context, d])?);
    let norm = |state: &mut StateDict, weights: &mut Weights, name: &str| -> Result<()> {
        weights.skip(2);
        state.insert(format!("{name}.weight"), Tensor::ones([d], DType::F32)?);
        state.insert(format!("{name}.bias"), Tensor::zeros([d], DType::F32)?);
        Ok(())
    };
    for i in 0..gpt.layers {
        let block = format!("blocks.{i}");
        norm(&mut state, weights, &format!("{block}.ln1"))?;
        let (w, b) = (next(weights, &[3 * d, d])?, next(weights, &[3 * d])?);
        for (part, name) in ["q_proj", "k_proj", "v_proj"].into_iter().enumerate() {
            let name = format!("{block}.attn.{name}");
            state.insert(format!("{name}.weight"), w.narrow(0, part * d, d)?.contiguous());
            state.insert(format!("{name}.bias"), b.narrow(0, part * d, d)?.contiguous());
        }
        let layer = |state: &mut StateDict, weights: &mut Weights, name: &str, n_in, n_out| {
            state.insert(format!("{block}.{name}.weight"), next(weights, &[n_out, n_in])?);
            state.insert(format!("{block}.{name}.bias"), next(weights, &[n_out])?);
            anyhow::Ok(())
        };
        layer(&mut state, weights, "attn.out_proj", d, d)?;
        norm(&mut state, weights, &format!("{block}.ln2"))?;
        layer(&mut state, weights, "mlp.fc1", d, 4 * d)?;
        layer(&mut state, weights, "mlp.fc2", 4 * d, d)?;
    }
    norm(&mut state, weights, "ln_f")?;
    Ok(state)
}

/// The token after `length` others, again and again.
fn next(model: impl CachedModel + 'static, gpt: Gpt, length: usize) -> Result<Box<dyn Subject>> {
    let ids: Vec<i64> = gpt.prompt(length + 1).into_iter().map(i64::from).collect();
    let mut cache: KvCache = model.new_cache(1, CacheType::F32)?;
    let prompt = Tensor::from_slice(&ids[..length], [1, length])?;
    no_grad(|| model.next_scores(&prompt, &mut cache))?;
    let last = Tensor::from_slice(&ids[length..], [1, 1])?;
    Ok(repeated(
        move || {
            cache.truncate(length)?;
            Ok(no_grad(|| model.next_scores(&last, &mut cache))?)
        },
        |scores| read(&scores),
    ))
}

/// Sums `bytes` of memory with as many threads as the others use.
fn reading(bytes: usize) -> Box<dyn Subject> {
    let threads = contestant_threads();
    let data: Vec<u64> = (0..bytes as u64 / 8).collect();
    let part = data.len().div_ceil(threads).max(1);
    let sum = move || -> Result<u64> {
        Ok(thread::scope(|scope| {
            let parts: Vec<_> = data
                .chunks(part)
                .map(|part| scope.spawn(|| part.iter().fold(0u64, |sum, v| sum.wrapping_add(*v))))
                .collect();
            parts.into_iter().filter_map(|part| part.join().ok()).fold(0, u64::wrapping_add)
        }))
    };
    repeated(sum, |_| Ok(Vec::new()))
}

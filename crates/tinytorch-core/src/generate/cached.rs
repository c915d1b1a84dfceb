//! Continuing a sequence of tokens without evaluating it again.

use super::{CacheType, KvCache, KvShape, LanguageModel, Sampler};
use crate::nostd::prelude::*;
use crate::{Result, Tensor, dispatch, kernels::steady};

/// A language model that can keep the keys and values of its blocks.
///
/// # Examples
///
/// See [`KvCache`].
pub trait CachedModel: LanguageModel {
    /// Returns what decides the size of a cache.
    fn kv_shape(&self) -> KvShape;

    /// Returns the scores after each of `ids`, or after the last alone if `last`, which follow the tokens of `cache`, and leaves
    /// keys and values in every block, without [advancing](KvCache::advance).
    ///
    /// This is what a model implements; [`forward_cached`](Self::forward_cached) and [`next_scores`](Self::next_scores) have
    /// looked at the sizes before they call it, and advance after it.
    ///
    /// # Errors
    ///
    /// As [`forward_cached`](Self::forward_cached).
    fn forward_after(&self, ids: &Tensor, cache: &mut KvCache, last: bool) -> Result<Tensor>;

    /// Returns an empty cache for `batch` texts of up to the longest sequence that the model takes.
    ///
    /// # Errors
    ///
    /// As [`KvCache::new`].
    fn new_cache(&self, batch: usize, kept: CacheType) -> Result<KvCache> {
        KvCache::new(self.kv_shape(), batch, self.max_len(), kept)
    }

    /// Returns the scores of the next token after each of `ids`, which follow the tokens of `cache` and join them.
    ///
    /// After an error the cache holds what it held before.
    ///
    /// # Shapes
    ///
    /// ids `[B, T]`, result `[B, T, vocab]`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for a cache of another model, another batch, more tokens than there is room for, while
    /// operations are recorded or dropout is active; [`Error::IndexOutOfRange`](crate::Error::IndexOutOfRange) for an id outside the vocabulary.
    fn forward_cached(&self, ids: &Tensor, cache: &mut KvCache) -> Result<Tensor> {
        cache.check(self.kv_shape(), ids)?;
        let scores = self.forward_after(ids, cache, false)?;
        cache.advance(ids.dims()[1])?;
        Ok(scores)
    }

    /// As [`forward_cached`](Self::forward_cached) for the scores after the last token alone, `[B, 1, vocab]`: a long prompt
    /// does not pay for scores that nobody reads.
    ///
    /// # Errors
    ///
    /// As [`forward_cached`](Self::forward_cached).
    fn next_scores(&self, ids: &Tensor, cache: &mut KvCache) -> Result<Tensor> {
        cache.check(self.kv_shape(), ids)?;
        let scores = self.forward_after(ids, cache, true)?;
        cache.advance(ids.dims()[1])?;
        Ok(scores)
    }
}

/// Returns up to `max_new` tokens that continue what `cache` holds and then `prompt`, as
/// [`generate`](super::generate) would from both together, with one evaluation of the prompt and one of each new token.
///
/// Afterwards the cache holds all but the last new token; to go on, pass that token as the prompt.
///
/// # Numerics
///
/// Scores differ from those of a whole evaluation by rounding, because sums are made in another order; inside
/// [`batch_invariant`] they are the same bits.
///
/// # Errors
///
/// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for an empty prompt, a cache of several texts or of another model, too little room for all
/// tokens; whatever the model and [`Sampler::next`] return.
///
/// # Examples
///
/// ```
/// use tinytorch_core::Rng;
/// use tinytorch_core::generate::{CacheType, CachedModel, Sampler, generate, generate_cached};
/// use tinytorch_core::nn::{Gpt, GptConfig};
///
/// let model = Gpt::new(&GptConfig::new(20, 16, 1, 2, 12), &mut Rng::seed(1))?;
/// let mut cache = model.new_cache(1, CacheType::F32)?;
/// let prompt = [3, 1, 4];
/// let new = generate_cached(&model, &mut cache, &prompt, 5, &[], &mut Sampler::greedy(), |_| true)?;
/// assert_eq!(new, generate(&model, &prompt, 5, &[], &mut Sampler::greedy(), |_| true)?);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn generate_cached(
    model: &dyn CachedModel,
    cache: &mut KvCache,
    prompt: &[u32],
    max_new: usize,
    stop: &[u32],
    sampler: &mut Sampler,
    mut each: impl FnMut(u32) -> bool,
) -> Result<Vec<u32>> {
    dispatch::cached_generate(model, cache, prompt, max_new, stop, sampler, &mut each)
}

/// Runs `f` so that a row of what a language model computes has the same bits whatever stands beside it: alone or in a
/// batch, one token after a cache or all tokens at once.
///
/// Products of layers then add in the order of the inner axis, and attention that is not recorded takes one query after the other, on
/// this thread. Both are slower for many rows. Without it results agree to rounding, but which of two nearly equal tokens
/// is the best can depend on the way.
///
/// # Examples
///
/// ```
/// use tinytorch_core::autograd::no_grad;
/// use tinytorch_core::generate::{CacheType, CachedModel, batch_invariant};
/// use tinytorch_core::nn::{Gpt, GptConfig, Module};
/// use tinytorch_core::{Rng, Tensor};
///
/// let model = Gpt::new(&GptConfig::new(20, 16, 1, 2, 12), &mut Rng::seed(1))?;
/// let mut cache = model.new_cache(1, CacheType::F32)?;
/// let (cached, whole) = no_grad(|| {
///     batch_invariant(|| {
///         model.forward_cached(&Tensor::from([[3_i64, 1]]), &mut cache)?;
///         let cached = model.forward_cached(&Tensor::from([[4_i64]]), &mut cache)?;
///         Ok::<_, tinytorch_core::Error>((cached, model.forward(&Tensor::from([[3_i64, 1, 4]]))?))
///     })
/// })?;
/// assert_eq!(cached.to_vec::<f32>()?, whole.narrow(1, 2, 1)?.to_vec::<f32>()?);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn batch_invariant<R>(f: impl FnOnce() -> R) -> R {
    steady::scope(f)
}

//! Keys and values of earlier tokens, kept so that they are not computed again.

pub(super) mod store;

use alloc::sync::Arc;

use crate::nostd::prelude::*;
use crate::{
    DType, Error, Result, Tensor, dispatch,
    kernels::{cached::Sizes, steady},
    ops::attention::Mask,
    slots,
};
use store::Store;

/// How a [`KvCache`] keeps its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[non_exhaustive]
pub enum CacheType {
    /// As they are computed: four bytes each.
    #[default]
    F32,
    /// IEEE half precision: two bytes, eleven bits of precision, up to 65,504.
    F16,
    /// Brain float: two bytes, eight bits of precision, the range of `f32`.
    Bf16,
    /// One byte each, and a scale of four bytes for each vector of a head: its largest magnitude is worth 127.
    I8,
}

impl CacheType {
    /// Bytes of a number.
    const fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::I8 => 1,
        }
    }
}

/// What of a model decides the size of its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KvShape {
    /// Blocks.
    pub layers: usize,
    /// Heads of keys and values in a block.
    pub kv_heads: usize,
    /// Numbers in a vector of a head.
    pub head_dim: usize,
}

impl KvShape {
    /// Returns the bytes of a cache for `batch` texts of up to `len` tokens: `2·L·B·H·S·d` numbers, for keys and values.
    ///
    /// It needs no memory: caches far too large can be counted. Beyond 2⁶⁴ it stays there.
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::generate::{CacheType, KvShape};
    ///
    /// let gpt2 = KvShape { layers: 12, kv_heads: 12, head_dim: 64 };
    /// assert_eq!(gpt2.bytes(1, 1024, CacheType::F32), 75_497_472);
    /// ```
    #[must_use]
    pub fn bytes(&self, batch: usize, len: usize, kept: CacheType) -> u64 {
        self.total(kept, |shape, element| dispatch::kv_bytes(shape, batch, len, element))
    }

    /// Adds up numbers and scales, counted by `count` for this many bytes each.
    fn total(&self, kept: CacheType, count: impl Fn(&Self, usize) -> u64) -> u64 {
        let scales = match kept {
            CacheType::I8 => count(&Self { head_dim: 1, ..*self }, 4),
            _ => 0,
        };
        count(self, kept.bytes()).saturating_add(scales)
    }
}

/// Keys and values of all blocks of a model, for one or several texts of the same length.
///
/// Memory for the longest text is taken at once, so that generation never waits for more. A clone shares it with the
/// original until one of the two writes ([`fork`](Self::fork)).
///
/// # Cost
///
/// A new token needs one evaluation of itself and reads all kept vectors once; without a cache the token after `t` others needs
/// an evaluation of all `t + 1`. For a text of `n` tokens that is `n` projections of keys and values in place of `n(n + 1)/2`.
///
/// # Examples
///
/// ```
/// use tinytorch_core::autograd::no_grad;
/// use tinytorch_core::generate::{CacheType, CachedModel};
/// use tinytorch_core::nn::{Gpt, GptConfig, Module};
/// use tinytorch_core::{Rng, Tensor};
///
/// let model = Gpt::new(&GptConfig::new(20, 16, 1, 2, 12), &mut Rng::seed(1))?;
/// let mut cache = model.new_cache(1, CacheType::F32)?;
/// no_grad(|| {
///     model.forward_cached(&Tensor::from([[3_i64, 1, 4]]), &mut cache)?; // three tokens at once
///     let next = model.forward_cached(&Tensor::from([[1_i64]]), &mut cache)?; // then one
///     let whole = model.forward(&Tensor::from([[3_i64, 1, 4, 1]]))?;
///     let (next, whole) = (next.to_vec::<f32>()?, whole.narrow(1, 3, 1)?.to_vec::<f32>()?);
///     assert!(next.iter().zip(&whole).all(|(a, b)| (a - b).abs() < 1e-5));
///     assert_eq!(cache.len(), 4);
///     Ok::<(), tinytorch_core::Error>(())
/// })
/// # ?;
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct KvCache {
    shape: KvShape,
    batch: usize,
    max_len: usize,
    kept: CacheType,
    len: usize,
    /// Keys and values of each block.
    layers: Vec<[Arc<Store>; 2]>,
}

impl KvCache {
    /// Returns an empty cache for `batch` texts of up to `max_len` tokens.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a size of 0, or more memory than the machine has.
    pub fn new(shape: KvShape, batch: usize, max_len: usize, kept: CacheType) -> Result<Self> {
        let KvShape { layers, kv_heads, head_dim } = shape;
        for (name, size) in [
            ("layers", layers),
            ("kv_heads", kv_heads),
            ("head_dim", head_dim),
            ("batch", batch),
            ("max_len", max_len),
        ] {
            if size == 0 {
                return Err(Error::argument("kv_cache", name, 0, "at least 1"));
            }
        }
        // All of it is asked for at once first: block after block the system would promise more than it has.
        // Memory is not trusted to what a course counts.
        let all = shape.total(kept, |shape, n| slots::memo::kv_bytes(shape, batch, max_len, n));
        let room = |n| Vec::<u8>::new().try_reserve_exact(n).is_ok();
        if !usize::try_from(all).is_ok_and(room) {
            let got = format!("worth {all} bytes");
            let need = "small enough for the memory of this machine";
            return Err(Error::argument("kv_cache", "shape", got, need));
        }
        let rows = batch * kv_heads * max_len; // no more than the bytes, which were counted
        let store = || Store::new(kept, rows, head_dim).map(Arc::new);
        let layers = (0..layers).map(|_| Ok([store()?, store()?])).collect::<Result<_>>()?;
        Ok(Self { shape, batch, max_len, kept, len: 0, layers })
    }

    /// Returns the number of tokens that count: the next one stands at this position.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns true if no token counts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the number of tokens for which there is room.
    #[must_use]
    pub fn max_len(&self) -> usize {
        self.max_len
    }

    /// Returns the number of texts.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Returns the sizes of the model whose keys and values are kept.
    #[must_use]
    pub fn shape(&self) -> KvShape {
        self.shape
    }

    /// Returns the bytes of keys and values, whether they count or not.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.shape.bytes(self.batch, self.max_len, self.kept)
    }

    /// Forgets all tokens; the memory stays.
    pub fn reset(&mut self) {
        self.len = 0;
    }

    /// Forgets the tokens from position `len` on, for another continuation.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if fewer tokens count.
    pub fn truncate(&mut self, len: usize) -> Result<()> {
        if len > self.len {
            let need = format!("at most the {} tokens that the cache holds", self.len);
            return Err(Error::argument("truncate", "len", len, need));
        }
        self.len = len;
        Ok(())
    }

    /// Returns a second cache with the same tokens, which goes its own way: what one adds the other does not see.
    ///
    /// Both share the memory of a block until one of them writes to it, which copies that block.
    #[must_use]
    pub fn fork(&self) -> Self {
        self.clone()
    }

    /// Makes `n` more tokens count, whose keys and values [`MultiHeadAttention::attend_cached`] has left in every block.
    /// [`CachedModel::forward_cached`](super::CachedModel::forward_cached) does so itself.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] beyond [`max_len`](Self::max_len).
    ///
    /// [`MultiHeadAttention::attend_cached`]: crate::nn::MultiHeadAttention::attend_cached
    pub fn advance(&mut self, n: usize) -> Result<()> {
        self.check_room("advance", n)?;
        self.len += n;
        Ok(())
    }

    fn check_room(&self, op: &'static str, n: usize) -> Result<()> {
        if self.len.checked_add(n).is_some_and(|end| end <= self.max_len) {
            return Ok(());
        }
        let got = format_args!("{n} more after {}", self.len);
        let need = format!("at most the {} positions of the cache", self.max_len);
        Err(Error::argument(op, "tokens", got, need))
    }

    /// Refuses ids `[B, T]` that do not fit, and a cache of another model.
    pub(super) fn check(&self, model: KvShape, ids: &Tensor) -> Result<()> {
        let op = "forward_cached";
        if model != self.shape {
            let need = format!("one for {model:?}; CachedModel::new_cache makes it");
            return Err(Error::argument(op, "cache", format_args!("for {:?}", self.shape), need));
        }
        match ids.dims() {
            &[b, t] if b == self.batch && t > 0 => self.check_room(op, t),
            _ => {
                let need = format!("[{}, at least 1], as the cache has texts", self.batch);
                Err(Error::argument(op, "ids", format_args!("of shape {}", ids.shape()), need))
            }
        }
    }

    /// Keeps keys and values `[B, G, T, d]` behind the tokens that count and returns what the queries `[B, H, T, d]` collect
    /// from all of them, each from those before it and its own.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a block that is not there, other shapes, or no room;
    /// [`Error::DTypeUnsupported`](Error::DTypeUnsupported) unless all are `f32`.
    pub(crate) fn attend(
        &mut self,
        layer: usize,
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
    ) -> Result<Tensor> {
        let op = "attend_cached";
        let n_layers = self.layers.len();
        let KvShape { kv_heads: groups, head_dim: d, .. } = self.shape;
        let Some(stores) = self.layers.get_mut(layer) else {
            let need = format!("below {n_layers}, the blocks of the cache");
            return Err(Error::argument(op, "layer", layer, need));
        };
        if let Some(other) = [q, k, v].iter().find(|t| t.dtype() != DType::F32) {
            return Err(Error::dtype(op, other.dtype(), "f32, which is what a cache narrows"));
        }
        let queries = q.dims().get(2).copied().unwrap_or(0);
        let heads = q.dims().get(1).copied().unwrap_or(0);
        let kept = [self.batch, groups, queries, d];
        let fits =
            k.dims() == kept && v.dims() == kept && q.dims() == [self.batch, heads, queries, d];
        if !fits || queries == 0 || heads == 0 || heads % groups != 0 {
            let got = format_args!("queries {} and keys {}", q.shape(), k.shape());
            let need = format!(
                "[{}, a multiple of {groups}, T, {d}] and [{}, {groups}, T, {d}], as the cache",
                self.batch, self.batch
            );
            return Err(Error::argument(op, "input", got, need));
        }
        if self.len.checked_add(queries).is_none_or(|end| end > self.max_len) {
            let got = format_args!("{queries} more after {}", self.len);
            let need = format!("at most the {} positions of the cache", self.max_len);
            return Err(Error::argument(op, "tokens", got, need));
        }
        for (store, new) in stores.iter_mut().zip([k, v]) {
            let new = new.contiguous();
            Arc::make_mut(store).write(new.as_slice()?, queries, self.len, self.max_len)?;
        }
        // The first tokens see what was just computed: by tiles, unless they have to have the bits of one after the other.
        let at_once = dispatch::by_reference_alone() && !steady::is_on();
        if at_once && self.len == 0 && queries > 1 && self.kept == CacheType::F32 {
            return dispatch::whole_attention(q, k, v, Mask::Causal);
        }
        let [keys, values] = &*stores;
        let (start, max_len, batch) = (self.len, self.max_len, self.batch);
        let sizes = Sizes { batch, heads, groups, queries, d, start, max_len };
        let q = q.contiguous();
        #[cfg(feature = "course")]
        if crate::course::is_active()
            && let (Some(keys), Some(values)) = (keys.f32s(), values.f32s())
        {
            let out = dispatch::cached_attention(q.as_slice()?, [keys, values], &sizes)?;
            return Tensor::from_vec(out, [batch, heads, queries, d]);
        }
        let out = keys.attend(values, q.as_slice()?, sizes);
        Tensor::from_vec(out, [batch, heads, queries, d])
    }
}

#[cfg(test)]
mod tests;

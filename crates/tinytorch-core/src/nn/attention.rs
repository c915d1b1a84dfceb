//! Attention with several heads.

use super::{Dropout, Init, Linear, Module, Visitor, visit_child};
use crate::{
    Error, Result, Rng, Tensor,
    autograd::is_recording,
    dispatch,
    generate::KvCache,
    ops::attention::{Mask, RopeOpts},
    slots::{Part, attention::MultiHead},
};

/// Choices of a [`MultiHeadAttention`] beyond its sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttentionOpts {
    /// Heads of keys and values, each shared by consecutive heads of queries; `None` for as many as queries have.
    pub kv_heads: Option<usize>,
    /// Whether the four projections have biases. Default true.
    pub bias: bool,
    /// Rotation of queries and keys by position; `None` for no positions.
    pub rope: Option<RopeOpts>,
    /// Probability with which a weight is dropped while training. Default 0.
    pub dropout: f64,
}

impl Default for AttentionOpts {
    fn default() -> Self {
        Self { kv_heads: None, bias: true, rope: None, dropout: 0.0 }
    }
}

/// Attention of a sequence to itself, with several heads side by side.
///
/// Queries, keys and values are projections of the input; each head sees its own part of their width. With fewer
/// heads of keys than of queries, consecutive queries share a head of keys (grouped queries).
///
/// # Shapes
///
/// `[B, T, width]` to the same.
///
/// # Cost
///
/// 8·B·T·width² operations for the projections when no heads are shared, 4·B·T²·width for scores and averages.
///
/// # Source
///
/// Vaswani et al. (2017), section 3.2.2; Ainslie et al. (2023), "GQA", for shared heads.
#[derive(Debug)]
pub struct MultiHeadAttention {
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    out_proj: Linear,
    heads: usize,
    kv_heads: usize,
    rope: Option<RopeOpts>,
    dropout: Dropout,
}

impl MultiHeadAttention {
    /// Returns a layer of this width with this number of heads.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless the heads divide the width, the heads of keys divide the heads, the dropout
    /// is a probability, and the width of a head is even if it is rotated.
    pub fn new(width: usize, heads: usize, opts: &AttentionOpts, rng: &mut Rng) -> Result<Self> {
        let op = "multi_head_attention";
        if heads == 0 || width == 0 || !width.is_multiple_of(heads) {
            let next = width.max(1).checked_next_multiple_of(heads.max(1)).unwrap_or(width);
            let need =
                format!("a divisor of the width {width}; the next width that fits is {next}");
            return Err(Error::argument(op, "heads", heads, need));
        }
        let kv_heads = opts.kv_heads.unwrap_or(heads);
        if kv_heads == 0 || !heads.is_multiple_of(kv_heads) {
            let need = format!("a divisor of the {heads} heads");
            return Err(Error::argument(op, "kv_heads", kv_heads, need));
        }
        let d = width / heads;
        if opts.rope.is_some() && !d.is_multiple_of(2) {
            return Err(Error::argument(op, "head width", d, "even, so that pairs can be rotated"));
        }
        let project =
            |n_in, n_out, rng: &mut Rng| linear(n_in, n_out, opts.bias, Init::LecunNormal, rng);
        Ok(Self {
            q_proj: project(width, width, rng)?,
            k_proj: project(width, kv_heads * d, rng)?,
            v_proj: project(width, kv_heads * d, rng)?,
            out_proj: project(width, width, rng)?,
            heads,
            kv_heads,
            rope: opts.rope,
            dropout: Dropout::new(opts.dropout, rng)?,
        })
    }

    /// Returns what each position collects from those that `mask` allows.
    ///
    /// A position that may attend to nothing collects zeros; the output projection then leaves its bias.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless `x` has rank 3; [`Error::ShapeMismatch`] for another width or a mask that does
    /// not broadcast to `[B, heads, T, T]`.
    pub fn attend(&self, x: &Tensor, mask: Mask<'_>) -> Result<Tensor> {
        self.with_parts(|parts| dispatch::mha_forward(x, mask, parts))
    }

    /// Returns the output as [`attend`](Self::attend) and the weights, `[B, heads, T, T]`, before dropout.
    ///
    /// # Errors
    ///
    /// As [`attend`](Self::attend).
    pub fn attend_with_weights(&self, x: &Tensor, mask: Mask<'_>) -> Result<(Tensor, Tensor)> {
        self.with_parts(|parts| dispatch::mha_with_weights(x, mask, parts))
    }

    /// Returns what the positions of `x` collect, which follow those that `cache` holds for block `layer`: each sees all
    /// earlier ones and itself. Their keys and values join the cache, where they wait for
    /// [`advance`](KvCache::advance) to count.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] while operations are recorded or dropout is active, for a block that the cache does not
    /// have, another batch, other heads, or more positions than there is room for; as [`attend`](Self::attend).
    pub fn attend_cached(&self, x: &Tensor, layer: usize, cache: &mut KvCache) -> Result<Tensor> {
        let op = "attend_cached";
        if is_recording() {
            let need = "off: a cache keeps numbers, no graph; call inside no_grad";
            return Err(Error::argument(op, "recording", "on", need));
        }
        if self.dropout.is_active() {
            let need = "off: kept keys cannot be dropped anew; call train(false) first";
            return Err(Error::argument(op, "dropout", "active", need));
        }
        let after = |rope: RopeOpts| rope.offset.saturating_add(cache.len());
        let rope = self.rope.map(|rope| RopeOpts { offset: after(rope), ..rope });
        self.with_parts_and(rope.as_ref(), |parts| {
            let [q, k, v] = parts.heads_of(x)?;
            let heads = cache.attend(layer, &q, &k, &v)?; // [B, H, T, d]
            (parts.out)(&dispatch::merge_heads(&heads)?)
        })
    }

    /// Calls `f` with the parts of the layer as functions.
    fn with_parts<R>(&self, f: impl FnOnce(&MultiHead<'_>) -> R) -> R {
        self.with_parts_and(self.rope.as_ref(), f)
    }

    /// As [`with_parts`](Self::with_parts), rotated in this way.
    fn with_parts_and<R>(&self, rope: Option<&RopeOpts>, f: impl FnOnce(&MultiHead<'_>) -> R) -> R {
        let rotate = rope.map(|rope| move |x: &Tensor| x.rope(rope));
        f(&MultiHead {
            qkv: [&|x| self.q_proj.forward(x), &|x| self.k_proj.forward(x), &|x| {
                self.v_proj.forward(x)
            }],
            out: &|x| self.out_proj.forward(x),
            heads: self.heads,
            kv_heads: self.kv_heads,
            rotate: rotate.as_ref().map(|rotate| rotate as Part<'_>),
            dropout: self.dropout.is_active().then_some(&|x| self.dropout.forward(x)),
        })
    }
}

/// Returns a fully connected layer with or without a bias.
pub(super) fn linear(
    n_in: usize,
    n_out: usize,
    bias: bool,
    init: Init,
    rng: &mut Rng,
) -> Result<Linear> {
    let layer = Linear::with_init(n_in, n_out, init, rng)?;
    Ok(if bias { layer } else { layer.without_bias() })
}

impl Module for MultiHeadAttention {
    /// Attends to all positions.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.attend(x, Mask::None)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visit_child(visitor, "q_proj", &self.q_proj);
        visit_child(visitor, "k_proj", &self.k_proj);
        visit_child(visitor, "v_proj", &self.v_proj);
        visit_child(visitor, "out_proj", &self.out_proj);
        visit_child(visitor, "dropout", &self.dropout);
    }

    fn name(&self) -> &'static str {
        "MultiHeadAttention"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DType, nn::ModuleExt};

    fn wave(shape: [usize; 3]) -> Tensor {
        let n: usize = shape.iter().product();
        Tensor::from_vec((0..n).map(|i| (i as f32 * 0.7).sin()).collect(), shape).unwrap()
    }

    fn layer(opts: &AttentionOpts) -> MultiHeadAttention {
        MultiHeadAttention::new(8, 4, opts, &mut Rng::seed(3)).unwrap()
    }

    #[test]
    fn a_permuted_sequence_gives_the_permuted_output() {
        let (x, order) = (wave([1, 5, 8]), Tensor::from([3_i64, 0, 4, 1, 2]));
        let layer = layer(&AttentionOpts::default());
        let a = layer.forward(&x.index_select(1, &order).unwrap()).unwrap().to_vec_as::<f64>();
        let b = layer.forward(&x).unwrap().index_select(1, &order).unwrap().to_vec_as::<f64>();
        // Sums of five terms of size 1 in another order: a few roundings of f32.
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 2e-6));
    }

    #[test]
    fn a_later_token_leaves_earlier_outputs_bit_equal() {
        for kv_heads in [None, Some(2), Some(1)] {
            let rope = Some(RopeOpts::default());
            let layer = layer(&AttentionOpts { kv_heads, rope, ..AttentionOpts::default() });
            let x = wave([1, 5, 8]);
            let last: Vec<bool> = (0..40).map(|i| i >= 32).collect();
            let y = x.masked_fill(&Tensor::from_vec(last, [1, 5, 8]).unwrap(), 7.0).unwrap();
            let run = |x: &Tensor, m| layer.attend(x, m).unwrap().narrow(1, 0, 4).unwrap();
            assert!(run(&x, Mask::Causal).same_values(&run(&y, Mask::Causal)));
            assert!(!run(&x, Mask::None).same_values(&run(&y, Mask::None)), "the test can fail");
        }
    }

    #[test]
    fn the_output_is_the_same_with_and_without_the_weights() {
        let x = wave([2, 70, 8]);
        for kv_heads in [None, Some(2)] {
            let layer = layer(&AttentionOpts { kv_heads, ..AttentionOpts::default() });
            let a = layer.attend(&x, Mask::Causal).unwrap().to_vec_as::<f64>();
            let b = layer.attend_with_weights(&x, Mask::Causal).unwrap().0.to_vec_as::<f64>();
            // Sums of 70 terms of size 1 by tiles and whole: a few roundings of f32.
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 5e-6));
        }
    }

    #[test]
    fn shared_heads_equal_copied_heads() {
        let shared = layer(&AttentionOpts { kv_heads: Some(2), ..AttentionOpts::default() });
        let full = layer(&AttentionOpts::default());
        let mut state = shared.state_dict();
        for (name, value) in &mut state {
            if name.starts_with("k_proj") || name.starts_with("v_proj") {
                // Rows are heads of width 2: copy each head of keys for two heads of queries.
                let rows = Tensor::from([0_i64, 1, 0, 1, 2, 3, 2, 3]);
                *value = value.index_select(0, &rows).unwrap();
            }
        }
        full.load_state_dict(&state, true).unwrap();
        let x = wave([2, 3, 8]);
        assert!(shared.forward(&x).unwrap().same_values(&full.forward(&x).unwrap()));
        let weighed =
            |layer: &MultiHeadAttention| layer.attend_with_weights(&x, Mask::None).unwrap();
        assert!(weighed(&shared).1.same_values(&weighed(&full).1));
    }

    #[test]
    fn masked_rows_give_zeros_and_weights_are_distributions() {
        let layer = layer(&AttentionOpts { bias: false, ..AttentionOpts::default() });
        let x = wave([1, 3, 8]);
        let mask = Tensor::from([[true, true, false], [false, false, false], [true, true, true]]);
        let (out, weights) = layer.attend_with_weights(&x, Mask::Bool(&mask)).unwrap();
        assert_eq!(weights.dims(), [1, 4, 3, 3]);
        assert_eq!(out.i((0, 1)).unwrap().to_vec::<f32>().unwrap(), [0.0; 8]);
        for (i, row) in weights.to_vec::<f32>().unwrap().chunks(3).enumerate() {
            let want = if i % 3 == 1 { 0.0 } else { 1.0 };
            assert!((row.iter().sum::<f32>() - want).abs() < 1e-6, "a few roundings of f32");
        }
    }

    #[test]
    fn dropout_acts_in_training_alone_and_bad_sizes_are_named() {
        let layer = layer(&AttentionOpts { dropout: 0.5, ..AttentionOpts::default() });
        let x = wave([1, 6, 8]);
        assert!(!layer.forward(&x).unwrap().same_values(&layer.forward(&x).unwrap()));
        layer.train(false);
        assert!(layer.forward(&x).unwrap().same_values(&layer.forward(&x).unwrap()));
        let make = |width, heads, opts| {
            MultiHeadAttention::new(width, heads, &opts, &mut Rng::seed(0)).unwrap_err().to_string()
        };
        let plain = AttentionOpts::default();
        assert!(make(10, 4, plain).contains("next width that fits is 12"));
        assert!(make(8, 0, plain).contains("heads"));
        assert!(make(8, 4, AttentionOpts { kv_heads: Some(3), ..plain }).contains("kv_heads"));
        let rope = AttentionOpts { rope: Some(RopeOpts::default()), ..plain };
        assert!(make(12, 4, rope).contains("even"));
        assert!(layer.forward(&Tensor::ones([3, 8], DType::F32).unwrap()).is_err());
    }
}

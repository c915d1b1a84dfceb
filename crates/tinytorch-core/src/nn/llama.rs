//! A language model of the Llama kind.

use super::{
    AttentionOpts, Embedding, Init, Linear, Module, MultiHeadAttention, NormOrder, RmsNorm, SwiGlu,
    Visitor,
    attention::linear,
    gpt::last_of,
    padding::{check_pads, each_alone, padded_mask},
    visit_child,
};
use crate::nostd::prelude::*;
use crate::{
    Error, Result, Rng, Tensor, dispatch,
    generate::{CachedModel, KvCache, KvShape},
    ops::attention::{Mask, RopeOpts, RopeStyle},
    slots::Part,
};
use core::cell::RefCell;

/// Sizes and choices of a [`Llama`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LlamaConfig {
    /// Number of tokens.
    pub vocab: usize,
    /// Width of the vectors.
    pub width: usize,
    /// Number of blocks.
    pub layers: usize,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and values.
    pub kv_heads: usize,
    /// Gated units between the two layers of each network.
    pub hidden: usize,
    /// Longest sequence.
    pub max_len: usize,
    /// Base of the angles of rotation; 10,000 in the first Llama.
    pub rope_base: f64,
    /// ε of the norms: 1e-6 in the first Llama, 1e-5 in the second.
    pub norm_eps: f64,
    /// Whether the output layer is the token table itself.
    pub tied_head: bool,
}

/// A block: attention with rotated, grouped heads, then a gated network, each normalized before and added after.
#[derive(Debug)]
struct Block {
    norm1: RmsNorm,
    attn: MultiHeadAttention,
    norm2: RmsNorm,
    mlp: SwiGlu,
}

impl Block {
    fn forward(&self, x: &Tensor, attention: Part<'_>) -> Result<Tensor> {
        dispatch::block_forward(
            x,
            &|x| self.norm1.forward(x),
            attention,
            &|x| self.norm2.forward(x),
            &|x| self.mlp.forward(x),
            NormOrder::PreLn,
        )
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visit_child(visitor, "norm1", &self.norm1);
        visit_child(visitor, "attn", &self.attn);
        visit_child(visitor, "norm2", &self.norm2);
        visit_child(visitor, "mlp", &self.mlp);
    }
}

/// A decoder with RMS norms, rotary positions, grouped queries and gated networks, without biases.
///
/// # Shapes
///
/// ids `[B, T]` of an integer type, result `[B, T, vocab]`.
///
/// # Source
///
/// Touvron et al. (2023), "LLaMA: Open and Efficient Foundation Language Models".
#[derive(Debug)]
pub struct Llama {
    config: LlamaConfig,
    tok_emb: Embedding,
    blocks: Vec<Block>,
    norm_f: RmsNorm,
    head: Option<Linear>,
}

impl Llama {
    /// Returns a model with random weights.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a size of 0, heads that do not divide what they share, or an odd width of a head.
    pub fn new(config: &LlamaConfig, rng: &mut Rng) -> Result<Self> {
        let &LlamaConfig {
            vocab, width, layers, heads, kv_heads, hidden, rope_base, norm_eps, ..
        } = config;
        let rope = RopeOpts { base: rope_base, style: RopeStyle::Half, offset: 0 };
        let (kv_heads, rope) = (Some(kv_heads), Some(rope));
        let opts = AttentionOpts { kv_heads, bias: false, rope, dropout: 0.0 };
        let block = |rng: &mut Rng| {
            Ok(Block {
                norm1: RmsNorm::new(width)?.with_eps(norm_eps),
                attn: MultiHeadAttention::new(width, heads, &opts, rng)?,
                norm2: RmsNorm::new(width)?.with_eps(norm_eps),
                mlp: SwiGlu::new(width, hidden, rng)?,
            })
        };
        Ok(Self {
            config: *config,
            tok_emb: Embedding::new(vocab, width, rng)?,
            blocks: (0..layers).map(|_| block(rng)).collect::<Result<_>>()?,
            norm_f: RmsNorm::new(width)?.with_eps(norm_eps),
            head: match config.tied_head {
                true => None,
                false => Some(linear(width, vocab, false, Init::LecunNormal, rng)?),
            },
        })
    }

    /// Returns the configuration.
    #[must_use]
    pub fn config(&self) -> &LlamaConfig {
        &self.config
    }
}

impl Llama {
    /// Returns the scores for rows of which row `b` begins with `pads[b]` ids that are not there: the others do not look
    /// at them. Scores at these places mean nothing.
    ///
    /// Queries and keys turn with their places in the batch; scores depend on the distance of places alone.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless there is one number for each row, less than its length; as
    /// [`forward`](Module::forward).
    pub fn forward_padded(&self, ids: &Tensor, pads: &[usize]) -> Result<Tensor> {
        check_pads(ids, pads)?;
        if pads.iter().all(|&pad| pad == 0) {
            return self.forward(ids);
        }
        if !dispatch::by_reference_alone() {
            return each_alone(self, ids, pads);
        }
        let mask = padded_mask(pads, ids.dims()[1])?;
        self.forward_masked(ids, Mask::Bool(&mask))
    }

    fn forward_masked(&self, ids: &Tensor, mask: Mask<'_>) -> Result<Tensor> {
        self.decode(ids, 0, false, &mut |_, block, x| {
            block.forward(x, &|x| block.attn.attend(x, mask))
        })
    }

    /// Returns the scores, those after the last token alone if `last`, where `step` runs the blocks.
    fn decode(
        &self,
        ids: &Tensor,
        start: usize,
        last: bool,
        step: &mut Step<'_>,
    ) -> Result<Tensor> {
        let (max_len, shape) = (self.config.max_len, ids.shape());
        if ids.rank() != 2 || ids.dims()[1].saturating_add(start) > max_len {
            let got = format_args!("of shape {shape} from position {start}");
            let need = format!("[batch, sequence within {max_len} positions]");
            return Err(Error::argument("llama", "ids", got, need));
        }
        let mut x = self.tok_emb.forward(ids)?; // [B, T, d]
        for (i, block) in self.blocks.iter().enumerate() {
            x = step(i, block, &x)?;
        }
        let x = self.norm_f.forward(&if last { last_of(&x)? } else { x })?;
        match &self.head {
            Some(head) => head.forward(&x), // [B, T, V]
            None => x.linear(&self.tok_emb.weight().tensor(), None),
        }
    }
}

/// How a decoder runs its block `i`.
type Step<'a> = dyn FnMut(usize, &Block, &Tensor) -> Result<Tensor> + 'a;

impl CachedModel for Llama {
    fn kv_shape(&self) -> KvShape {
        let LlamaConfig { layers, heads, kv_heads, width, .. } = self.config;
        KvShape { layers, kv_heads, head_dim: width / heads }
    }

    fn forward_after(&self, ids: &Tensor, cache: &mut KvCache, last: bool) -> Result<Tensor> {
        let start = cache.len();
        let cache = RefCell::new(cache);
        self.decode(ids, start, last, &mut |i, block, x| {
            block.forward(x, &|x| block.attn.attend_cached(x, i, &mut cache.borrow_mut()))
        })
    }
}

impl Module for Llama {
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        self.forward_masked(ids, Mask::Causal)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visit_child(visitor, "tok_emb", &self.tok_emb);
        visitor.enter("blocks");
        for (i, block) in self.blocks.iter().enumerate() {
            visitor.enter(&i.to_string());
            block.visit(visitor);
            visitor.leave();
        }
        visitor.leave();
        visit_child(visitor, "norm_f", &self.norm_f);
        if let Some(head) = &self.head {
            visit_child(visitor, "head", head);
        }
    }

    fn name(&self) -> &'static str {
        "Llama"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::ModuleExt;

    fn config() -> LlamaConfig {
        LlamaConfig {
            vocab: 40,
            width: 32,
            layers: 2,
            heads: 4,
            kv_heads: 2,
            hidden: 48,
            max_len: 8,
            rope_base: 10_000.0,
            norm_eps: 1e-6,
            tied_head: true,
        }
    }

    #[test]
    fn size_of_the_reference_model_and_no_look_ahead() {
        let model = Llama::new(&config(), &mut Rng::seed(1)).unwrap();
        assert_eq!(model.num_parameters(), 16_800, "the count of the golden model of these sizes");
        let a = model.forward(&Tensor::from([[3_i64, 1, 4, 1, 5]])).unwrap();
        let b = model.forward(&Tensor::from([[3_i64, 1, 4, 1, 9]])).unwrap();
        let own_head = Llama::new(&LlamaConfig { tied_head: false, ..config() }, &mut Rng::seed(1));
        assert_eq!(own_head.unwrap().num_parameters(), 16_800 + 40 * 32);
        let early = |t: &Tensor| t.narrow(1, 0, 4).unwrap();
        assert!(early(&a).same_values(&early(&b)) && !a.same_values(&b));
        assert!(model.forward(&Tensor::from([[0_i64; 9]])).is_err(), "longer than max_len");
    }
}

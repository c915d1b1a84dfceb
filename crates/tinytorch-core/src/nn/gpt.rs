//! A language model of the GPT-2 kind.

use super::{
    Dropout, Embedding, Init, LayerNorm, LearnedPositions, Linear, Module, NormOrder,
    TransformerBlock, Visitor,
    attention::linear,
    padding::{check_pads, each_alone, padded_mask, padded_positions},
    visit_child,
};
use crate::nostd::prelude::*;
use crate::{
    Error, Param, Result, Rng, Tensor,
    dispatch::{Decoder, MaskedPart, by_reference_alone, embedding_layer_forward, gpt_forward},
    generate::{CachedModel, KvCache, KvShape},
    ops::attention::Mask,
};
use core::cell::RefCell;

/// Sizes and choices of a [`Gpt`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GptConfig {
    /// Number of tokens.
    pub vocab: usize,
    /// Width of the vectors.
    pub width: usize,
    /// Number of blocks.
    pub layers: usize,
    /// Heads of each block.
    pub heads: usize,
    /// Longest sequence.
    pub max_len: usize,
    /// Probability of a zero while training, after the embedding and inside the blocks.
    pub dropout: f64,
    /// Whether the output layer is the token table itself.
    pub tied_head: bool,
    /// ε of the norms.
    pub norm_eps: f64,
}

impl GptConfig {
    /// Returns a configuration without dropout, with an output layer of its own and ε = 1e-5.
    #[must_use]
    pub fn new(vocab: usize, width: usize, layers: usize, heads: usize, max_len: usize) -> Self {
        let (dropout, tied_head, norm_eps) = (0.0, false, 1e-5);
        Self { vocab, width, layers, heads, max_len, dropout, tied_head, norm_eps }
    }

    /// Returns the number of parameters, V·d + S·d + L·(12d² + 13d) + 2d, and V·d more for a head of its own.
    ///
    /// It needs no model: a configuration far too large for memory can be counted. Beyond 2⁶⁴ it stays there.
    #[must_use]
    pub fn num_parameters(&self) -> u64 {
        let [v, d, l, s] = [self.vocab, self.width, self.layers, self.max_len].map(|n| n as u64);
        let mul = u64::saturating_mul;
        let block = mul(d, mul(12, d).saturating_add(13));
        let tables = mul(d, v.saturating_add(s).saturating_add(2));
        let head = if self.tied_head { 0 } else { mul(v, d) };
        tables.saturating_add(mul(l, block)).saturating_add(head)
    }
}

/// A decoder: token and position vectors, blocks that look back only, a norm, and scores for the next token.
///
/// # Shapes
///
/// ids `[B, T]` of an integer type, result `[B, T, vocab]`.
///
/// # Source
///
/// Radford et al. (2019), "Language Models are Unsupervised Multitask Learners".
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{Gpt, GptConfig, Module, ModuleExt};
/// use tinytorch_core::{Rng, Tensor};
///
/// let config = GptConfig::new(50, 16, 2, 4, 32);
/// let model = Gpt::new(&config, &mut Rng::seed(1))?;
/// let logits = model.forward(&Tensor::from([[1_i64, 2, 3], [4, 5, 6]]))?;
/// assert_eq!(logits.dims(), [2, 3, 50]);
/// assert_eq!(model.num_parameters() as u64, config.num_parameters());
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Gpt {
    config: GptConfig,
    tok_emb: Embedding,
    pos_emb: LearnedPositions,
    dropout: Dropout,
    blocks: Vec<TransformerBlock>,
    ln_f: LayerNorm,
    head: Option<Linear>,
}

impl Gpt {
    /// Returns a model with random weights.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a size of 0, heads that do not divide the width, or a dropout outside 0..1.
    pub fn new(config: &GptConfig, rng: &mut Rng) -> Result<Self> {
        let &GptConfig { vocab, width, layers, heads, max_len, dropout, tied_head, norm_eps } =
            config;
        let block = |rng: &mut Rng| {
            TransformerBlock::new(width, heads, NormOrder::PreLn, dropout, rng)
                .map(|block| block.with_eps(norm_eps))
        };
        Ok(Self {
            config: *config,
            tok_emb: Embedding::new(vocab, width, rng)?,
            pos_emb: LearnedPositions::new(max_len, width, rng)?,
            dropout: Dropout::new(dropout, rng)?,
            blocks: (0..layers).map(|_| block(rng)).collect::<Result<_>>()?,
            ln_f: LayerNorm::new(width)?.with_eps(norm_eps),
            head: match tied_head {
                true => None,
                false => Some(linear(width, vocab, false, Init::LecunNormal, rng)?),
            },
        })
    }

    /// Returns the configuration.
    #[must_use]
    pub fn config(&self) -> &GptConfig {
        &self.config
    }

    /// Returns the scores of the next token after each of `ids`, the first of which stands at position `start`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless ids have the shape `[B, T]` and the last position is below the longest length;
    /// [`Error::IndexOutOfRange`] for an id outside the vocabulary.
    pub fn forward_at(&self, ids: &Tensor, start: usize) -> Result<Tensor> {
        self.decode(ids, start, false, &|_, block, x, mask| block.forward_masked(x, mask))
    }

    /// Returns the scores, those after the last token alone if `last`, where `step` runs the blocks.
    fn decode(&self, ids: &Tensor, start: usize, last: bool, step: &Step<'_>) -> Result<Tensor> {
        if ids.rank() != 2 {
            let got = format_args!("of shape {}", ids.shape());
            return Err(Error::argument("gpt", "ids", got, "[batch, sequence]"));
        }
        let tables = [self.tok_emb.weight(), self.pos_emb.weight()].map(Param::tensor);
        let [tokens, positions] = &tables;
        let block = |(i, block)| {
            let part = move |x: &Tensor, mask: Mask<'_>| step(i, block, x, mask);
            Box::new(part) as MaskedPart<'_>
        };
        // A course looks at the scores of all tokens.
        let early = last && by_reference_alone();
        let parts = Decoder {
            embed: &|ids, start| {
                let x = embedding_layer_forward(tokens, Some(positions), ids, start, false)?;
                self.dropout.forward(&x) // [B, T, d]
            },
            blocks: &self.blocks.iter().enumerate().map(block).collect::<Vec<_>>(),
            norm: &|x| match early {
                true => self.ln_f.forward(&last_of(x)?),
                false => self.ln_f.forward(x),
            },
            head: &|x| match &self.head {
                Some(head) => head.forward(x), // [B, T, V]
                None => x.linear(tokens, None),
            },
        };
        let scores = gpt_forward(ids, start, &parts, self.config.vocab)?;
        if last { last_of(&scores) } else { Ok(scores) }
    }

    /// Returns the scores for rows of which row `b` begins with `pads[b]` ids that are not there: the others count their
    /// positions from 0 and do not look at them. Scores at these places mean nothing.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless there is one number for each row, less than its length; as
    /// [`forward_at`](Self::forward_at).
    pub fn forward_padded(&self, ids: &Tensor, pads: &[usize]) -> Result<Tensor> {
        check_pads(ids, pads)?;
        if pads.iter().all(|&pad| pad == 0) {
            return self.forward(ids);
        }
        if !by_reference_alone() {
            return each_alone(self, ids, pads);
        }
        let len = ids.dims()[1];
        self.check_len(len)?;
        let at = self.pos_emb.weight().tensor().embedding(&padded_positions(pads, len)?, None)?;
        let mut x = self.dropout.forward(&self.tok_emb.forward(ids)?.add(&at)?)?; // [B, T, d]
        let mask = padded_mask(pads, len)?;
        for block in &self.blocks {
            x = block.forward_masked(&x, Mask::Bool(&mask))?;
        }
        let x = self.ln_f.forward(&x)?;
        match &self.head {
            Some(head) => head.forward(&x), // [B, T, V]
            None => x.linear(&self.tok_emb.weight().tensor(), None),
        }
    }

    fn check_len(&self, len: usize) -> Result<()> {
        let max_len = self.config.max_len;
        if len <= max_len {
            return Ok(());
        }
        let need = format!("at most the {max_len} positions of the table");
        Err(Error::argument("gpt", "length", len, need))
    }
}

/// The last place of a sequence, `[B, T, d]` to `[B, 1, d]`.
pub(crate) fn last_of(x: &Tensor) -> Result<Tensor> {
    let len = x.dims().get(1).copied().unwrap_or(0);
    x.narrow(1, len.saturating_sub(1), 1)
}

/// How a decoder runs its block `i`.
type Step<'a> = dyn Fn(usize, &TransformerBlock, &Tensor, Mask<'_>) -> Result<Tensor> + 'a;

impl CachedModel for Gpt {
    fn kv_shape(&self) -> KvShape {
        let GptConfig { layers, heads, width, .. } = self.config;
        KvShape { layers, kv_heads: heads, head_dim: width / heads }
    }

    fn forward_after(&self, ids: &Tensor, cache: &mut KvCache, last: bool) -> Result<Tensor> {
        let start = cache.len();
        let cache = RefCell::new(cache);
        self.decode(ids, start, last, &|i, block, x, _| {
            block.forward_cached(x, i, &mut cache.borrow_mut())
        })
    }
}

impl Module for Gpt {
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        self.forward_at(ids, 0)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visit_child(visitor, "tok_emb", &self.tok_emb);
        visit_child(visitor, "pos_emb", &self.pos_emb);
        visit_child(visitor, "dropout", &self.dropout);
        visitor.enter("blocks");
        for (i, block) in self.blocks.iter().enumerate() {
            visit_child(visitor, &i.to_string(), block);
        }
        visitor.leave();
        visit_child(visitor, "ln_f", &self.ln_f);
        if let Some(head) = &self.head {
            visit_child(visitor, "head", head);
        }
    }

    fn name(&self) -> &'static str {
        "Gpt"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::ModuleExt;

    fn tiny() -> GptConfig {
        GptConfig::new(11, 16, 2, 4, 8)
    }

    fn ids() -> Tensor {
        Tensor::from([[1_i64, 5, 3, 9, 0, 2, 7, 4], [10, 2, 2, 8, 6, 1, 0, 3]])
    }

    #[test]
    fn parameters_are_the_published_sum() {
        assert_eq!(GptConfig::new(10_000, 512, 6, 8, 1_024).num_parameters(), 29_679_616);
        for tied_head in [false, true] {
            let config = GptConfig { tied_head, ..tiny() };
            let model = Gpt::new(&config, &mut Rng::seed(1)).unwrap();
            assert_eq!(model.num_parameters() as u64, config.num_parameters());
        }
    }

    #[test]
    fn a_later_token_leaves_earlier_scores_bit_equal() {
        let model = Gpt::new(&tiny(), &mut Rng::seed(2)).unwrap();
        let mut other = ids().to_vec::<i64>().unwrap();
        (other[7], other[15]) = (8, 9);
        let a = model.forward(&ids()).unwrap();
        let b = model.forward(&Tensor::from_vec(other, [2, 8]).unwrap()).unwrap();
        let early = |t: &Tensor| t.narrow(1, 0, 7).unwrap();
        assert!(early(&a).same_values(&early(&b)));
        assert!(!a.same_values(&b));
    }

    #[cfg(feature = "std")]
    #[test]
    fn one_batch_is_learned_by_heart() {
        use crate::{
            nn::{CrossEntropyLoss, Loss},
            optim::{Adam, AdamOpts, Optimizer},
        };
        let model = Gpt::new(&tiny(), &mut Rng::seed(3)).unwrap();
        let options = AdamOpts { lr: 0.01, ..AdamOpts::default() };
        let mut adam = Adam::new(model.parameters(), options).unwrap();
        let (x, y) = (ids().narrow(1, 0, 7).unwrap(), ids().narrow(1, 1, 7).unwrap());
        let mut last = f64::INFINITY;
        for _ in 0..100 {
            let logits = model.forward(&x).unwrap().reshape([14, 11]).unwrap();
            let loss = CrossEntropyLoss::new().loss(&logits, &y.reshape([14]).unwrap()).unwrap();
            adam.zero_grad();
            loss.backward().unwrap();
            adam.step().unwrap();
            last = loss.to_f64().unwrap();
        }
        assert!(last < 0.05, "loss {last}");
    }

    #[test]
    fn dropout_acts_in_training_alone_and_weights_travel() {
        let config = GptConfig { dropout: 0.2, ..tiny() };
        let (a, b) = (Gpt::new(&config, &mut Rng::seed(4)), Gpt::new(&config, &mut Rng::seed(5)));
        let (a, b) = (a.unwrap(), b.unwrap());
        let run = |m: &Gpt| m.forward(&ids()).unwrap();
        assert!(!run(&a).same_values(&run(&a)));
        a.train(false);
        b.train(false);
        assert!(!run(&a).same_values(&run(&b)));
        b.load_state_dict(&a.state_dict(), true).unwrap();
        assert!(run(&a).same_values(&run(&b)));
    }

    #[test]
    fn sequences_and_ids_that_do_not_fit() {
        let model = Gpt::new(&tiny(), &mut Rng::seed(6)).unwrap();
        assert!(matches!(model.forward_at(&ids(), 1), Err(Error::InvalidArgument { .. })));
        let out = model.forward(&Tensor::from([[0_i64, 11]]));
        assert!(matches!(out, Err(Error::IndexOutOfRange { index: 11, .. })));
        assert!(model.forward(&Tensor::from([0_i64])).is_err());
        assert!(Gpt::new(&GptConfig { heads: 3, ..tiny() }, &mut Rng::seed(0)).is_err());
    }
}

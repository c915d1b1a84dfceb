//! Operations of transformers, and the running softmax that attention kernels use.

use super::formulas;
use crate::error::Result;
use crate::ranges::Range;
use crate::units::{
    Bytes, BytesPerSecond, Flop, FlopPerByte, FlopPerSecond, Params, Seconds, Tokens,
};

formulas! { transformer;
    /// Returns the operations of training on `D` tokens, without the attention scores.
    ///
    /// `F = 6 × N × D`: two per weight and token forward, four backward.
    source "Kaplan et al. (2020), Scaling laws for neural language models, arXiv:2001.08361, section 2.1";
    /// assert_eq!(transformer::training_ops(Params(1e9), Tokens(20e9))?, Flop(1.2e20));
    fn training_ops(parameters: Params, NOT_NEGATIVE; tokens: Tokens, NOT_NEGATIVE) -> Flop, NOT_NEGATIVE {
        Flop(6.0 * parameters.0 * tokens.0)
    }

    /// Returns the operations of training when every layer's forward pass is done again.
    ///
    /// `F = 8 × N × D`
    source "Chowdhery et al. (2022), PaLM, arXiv:2204.02311, appendix B";
    /// assert_eq!(transformer::training_ops_recomputed(Params(1e9), Tokens(1e9))?, Flop(8e18));
    fn training_ops_recomputed(parameters: Params, NOT_NEGATIVE; tokens: Tokens, NOT_NEGATIVE) -> Flop, NOT_NEGATIVE {
        Flop(8.0 * parameters.0 * tokens.0)
    }

    /// Returns the operations of generating one token, without the attention scores.
    ///
    /// `F = 2 × N`
    source "Kaplan et al. (2020), Scaling laws for neural language models, arXiv:2001.08361, section 2.1";
    /// assert_eq!(transformer::decode_ops(Params(7e9))?, Flop(14e9));
    fn decode_ops(parameters: Params, NOT_NEGATIVE) -> Flop, NOT_NEGATIVE {
        Flop(2.0 * parameters.0)
    }

    /// Returns the operations of reading a prompt when each token attends to those before it.
    ///
    /// `F = 2·N·S + 2·L·d·S²`
    source "Chowdhery et al. (2022), PaLM, arXiv:2204.02311, appendix B, with half of the scores";
    /// assert_eq!(transformer::prefill_ops_causal(Params(1e6), Tokens(100.0), 10.0, 50.0)?, Flop(2e8 + 1e7));
    fn prefill_ops_causal(parameters: Params, NOT_NEGATIVE; tokens: Tokens, NOT_NEGATIVE; layers: f64, COUNT; hidden: f64, COUNT) -> Flop, NOT_NEGATIVE {
        Flop(2.0 * parameters.0 * tokens.0 + 2.0 * layers * hidden * tokens.0 * tokens.0)
    }

    /// Returns the operations of reading a prompt when each token attends to all.
    ///
    /// `F = 2·N·S + 4·L·d·S²`
    source "Chowdhery et al. (2022), PaLM, arXiv:2204.02311, appendix B";
    /// assert_eq!(transformer::prefill_ops_full(Params(1e6), Tokens(100.0), 10.0, 50.0)?, Flop(2e8 + 2e7));
    fn prefill_ops_full(parameters: Params, NOT_NEGATIVE; tokens: Tokens, NOT_NEGATIVE; layers: f64, COUNT; hidden: f64, COUNT) -> Flop, NOT_NEGATIVE {
        Flop(2.0 * parameters.0 * tokens.0 + 4.0 * layers * hidden * tokens.0 * tokens.0)
    }

    /// Returns the weights of the four projections of one attention layer with as many key as query heads.
    ///
    /// `N = 4·d²`
    source "Vaswani et al. (2017), Attention is all you need, arXiv:1706.03762";
    /// assert_eq!(transformer::attention_weights(10.0)?, Params(400.0));
    fn attention_weights(hidden: f64, COUNT) -> Params, POSITIVE {
        Params(4.0 * hidden * hidden)
    }

    /// Returns the weights of a feed-forward layer four times as wide as the hidden state.
    ///
    /// `N = 2 × 4·d²`
    source "Vaswani et al. (2017), Attention is all you need, arXiv:1706.03762";
    /// assert_eq!(transformer::feed_forward_weights(10.0)?, Params(800.0));
    fn feed_forward_weights(hidden: f64, COUNT) -> Params, POSITIVE {
        Params(2.0 * 4.0 * hidden * hidden)
    }

    /// Returns the multiply-accumulates of scores and weighted values in one layer.
    ///
    /// `2·S²·d`
    source "Vaswani et al. (2017), Attention is all you need, arXiv:1706.03762";
    /// assert_eq!(transformer::score_products(Tokens(10.0), 5.0)?, 1000.0);
    fn score_products(tokens: Tokens, NOT_NEGATIVE; hidden: f64, COUNT) -> f64, NOT_NEGATIVE {
        2.0 * tokens.0 * tokens.0 * hidden
    }

    /// Returns the context above which the scores of a layer take more operations than its weights.
    ///
    /// `S = (4·d² + 8·d²) / (2·d) = 6·d`
    source "equating the multiply-accumulates of Vaswani et al. (2017)";
    /// assert_eq!(transformer::score_crossover(4096.0)?, Tokens(24_576.0));
    fn score_crossover(hidden: f64, COUNT) -> Tokens, POSITIVE {
        Tokens(6.0 * hidden)
    }

    /// Returns the time of a pass over `n` tokens that reads every weight once.
    ///
    /// `T = max(W/β, 2·N·n/rate)`
    source "Pope et al. (2023), Efficiently scaling transformer inference, MLSys, section 2";
    /// // 14 GB at 1 TB/s against 2 × 7e9 × 100 operations at 200 TFLOP/s.
    /// let t = transformer::weight_step(Bytes(14e9), Params(7e9), Tokens(100.0), BytesPerSecond(1e12), FlopPerSecond(200e12))?;
    /// assert_eq!(t, Seconds(0.014));
    fn weight_step(weights: Bytes, NOT_NEGATIVE; parameters: Params, NOT_NEGATIVE; tokens: Tokens, NOT_NEGATIVE; bandwidth: BytesPerSecond, POSITIVE; rate: FlopPerSecond, POSITIVE) -> Seconds, NOT_NEGATIVE {
        (weights / bandwidth).max(Flop(2.0 * parameters.0 * tokens.0) / rate)
    }

    /// Returns the operations per byte of attention that writes its score matrix to memory.
    ///
    /// `I = d_h / b`: `2·S²·d_h` operations of one product per head, over one write and one read of `S²` scores.
    source "Dao et al. (2022), FlashAttention, arXiv:2205.14135, section 2";
    /// assert_eq!(transformer::score_intensity(128.0, Bytes(2.0))?, FlopPerByte(64.0));
    fn score_intensity(head_dim: f64, COUNT; element: Bytes, POSITIVE) -> FlopPerByte, POSITIVE {
        Flop(head_dim) / element
    }

    /// Returns the time of an action that a model writes token by token after reading its observation.
    ///
    /// `T = max(F_prefill/rate, W/β) + (D−1) × max(2·N/rate, W/β)`
    source "Kim et al. (2024), OpenVLA, arXiv:2406.09246, priced by the roofline of Williams et al. (2009)";
    /// // A second of arithmetic for the prompt, then 6 tokens that read 14 GB each.
    /// let t = transformer::action_by_tokens(Flop(1e14), Params(7e9), Bytes(14e9), Tokens(7.0), BytesPerSecond(56e9), FlopPerSecond(1e14))?;
    /// assert_eq!(t, Seconds(1.0 + 6.0 * 0.25));
    fn action_by_tokens(prefill: Flop, NOT_NEGATIVE; parameters: Params, NOT_NEGATIVE; weights: Bytes, NOT_NEGATIVE; action: Tokens, AT_LEAST_ONE; bandwidth: BytesPerSecond, POSITIVE; rate: FlopPerSecond, POSITIVE) -> Seconds, NOT_NEGATIVE {
        let read = weights / bandwidth;
        (prefill / rate).max(read) + (decode_ops(parameters) / rate).max(read) * (action.0 - 1.0)
    }

    /// Returns the time of an action that a model writes in one pass over observation and action.
    ///
    /// `T = max(F/rate, W/β)`, with `F` of [`prefill_ops_full`] over `S + D` tokens.
    source "Kim, Finn & Liang (2025), Fine-tuning vision-language-action models, arXiv:2502.19645";
    /// let t = transformer::action_at_once(Flop(2e14), Bytes(14e9), BytesPerSecond(56e9), FlopPerSecond(1e14))?;
    /// assert_eq!(t, Seconds(2.0));
    fn action_at_once(pass: Flop, NOT_NEGATIVE; weights: Bytes, NOT_NEGATIVE; bandwidth: BytesPerSecond, POSITIVE; rate: FlopPerSecond, POSITIVE) -> Seconds, NOT_NEGATIVE {
        (pass / rate).max(weights / bandwidth)
    }
}

/// A softmax-weighted sum that takes its scores one by one and never holds more than one of them.
///
/// It keeps the greatest score, the sum of exponentials relative to it, and the sum of weighted values; a new greatest
/// score rescales both sums.
///
/// # Source
///
/// Milakov & Gimelshein (2018), Online normalizer calculation for softmax, arXiv:1805.02867; Dao et al. (2022),
/// FlashAttention, arXiv:2205.14135.
///
/// # Examples
///
/// ```
/// use mlsysim::formulas::transformer::RunningSoftmax;
///
/// let mut sum = RunningSoftmax::new();
/// for (score, value) in [(0.0, 1.0), (0.0, 3.0)] {
///     sum.push(score, value)?;
/// }
/// assert_eq!(sum.mean(), Some(2.0)); // equal scores weigh equally
/// # Ok::<(), mlsysim::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunningSoftmax {
    greatest: f64,
    weights: f64,
    weighted: f64,
}

impl RunningSoftmax {
    /// A sum of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { greatest: f64::NEG_INFINITY, weights: 0.0, weighted: 0.0 }
    }

    /// Takes one score and the value it weighs.
    ///
    /// # Errors
    ///
    /// [`crate::Error::OutOfRange`] unless both are finite.
    pub fn push(&mut self, score: f64, value: f64) -> Result<()> {
        super::define::check("transformer.running_softmax", "score", Range::ANY, score)?;
        super::define::check("transformer.running_softmax", "value", Range::ANY, value)?;
        self.merge(&Self { greatest: score, weights: 1.0, weighted: value });
        Ok(())
    }

    /// Takes everything another sum has taken.
    pub fn merge(&mut self, other: &Self) {
        let greatest = if self.greatest >= other.greatest { self.greatest } else { other.greatest };
        if greatest == f64::NEG_INFINITY {
            return;
        }
        let (own, others) =
            (libm::exp(self.greatest - greatest), libm::exp(other.greatest - greatest));
        self.weights = own * self.weights + others * other.weights;
        self.weighted = own * self.weighted + others * other.weighted;
        self.greatest = greatest;
    }

    /// The weighted mean of the values; `None` if there were none.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.weights > 0.0).then(|| self.weighted / self.weights)
    }
}

impl Default for RunningSoftmax {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_parts_do_not_matter() {
        let rows = [(3.0, 1.0), (-800.0, 7.0), (5.0, -2.0), (700.0, 4.0), (699.0, 9.0)];
        // Relative to the greatest score only the last two weigh: 1 and 1/e.
        let e = core::f64::consts::E;
        let expected = (4.0 + 9.0 / e) / (1.0 + 1.0 / e);
        let mut whole = RunningSoftmax::new();
        let (mut left, mut right) = (RunningSoftmax::new(), RunningSoftmax::new());
        for (i, (score, value)) in rows.into_iter().enumerate() {
            whole.push(score, value).unwrap();
            if i % 2 == 0 { &mut left } else { &mut right }.push(score, value).unwrap();
        }
        right.merge(&left);
        for sum in [whole, right] {
            // A few roundings of numbers near 5.
            assert!((sum.mean().unwrap() - expected).abs() < 1e-14);
        }
        assert_eq!(RunningSoftmax::new().mean(), None);
        assert!(whole.push(f64::NAN, 1.0).is_err());
    }
}

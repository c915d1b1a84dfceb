//! Bytes that models keep and move: activations, adapters, sparse storage, optimizer steps.

use super::formulas;
use crate::units::{Bytes, Params, Tokens};

/// Constants of the activation formulas count bytes of 16-bit elements.
const HALF: Bytes = Bytes(2.0);

formulas! { memory;
    /// Returns the activations kept for backpropagation when every layer keeps its input only and is recomputed.
    ///
    /// `M = L × 2·S·B·d` for 2-byte elements, scaled by `b/2` for others.
    source "Korthikanti et al. (2022), Reducing activation recomputation in large transformer models, arXiv:2205.05198, Table 2";
    /// // 3 layers, 10 tokens, 4 sequences, width 8: 3 × 2 × 320 bytes.
    /// assert_eq!(memory::activations_recomputed(3.0, Tokens(10.0), 4.0, 8.0, Bytes(2.0))?, Bytes(1920.0));
    fn activations_recomputed(layers: f64, COUNT; tokens: Tokens, NOT_NEGATIVE; batch: f64, COUNT; hidden: f64, COUNT; element: Bytes, POSITIVE) -> Bytes, NOT_NEGATIVE {
        element / HALF * Bytes(2.0 * tokens.0 * batch * hidden) * layers
    }

    /// Returns the activations kept when only the attention scores are recomputed.
    ///
    /// `M = L × 34·S·B·d` for 2-byte elements, scaled by `b/2` for others.
    source "Korthikanti et al. (2022), Reducing activation recomputation in large transformer models, arXiv:2205.05198, Table 2";
    /// assert_eq!(memory::activations_selective(3.0, Tokens(10.0), 4.0, 8.0, Bytes(2.0))?, Bytes(32_640.0));
    fn activations_selective(layers: f64, COUNT; tokens: Tokens, NOT_NEGATIVE; batch: f64, COUNT; hidden: f64, COUNT; element: Bytes, POSITIVE) -> Bytes, NOT_NEGATIVE {
        element / HALF * Bytes(34.0 * tokens.0 * batch * hidden) * layers
    }

    /// Returns the activations kept when nothing is recomputed.
    ///
    /// `M = L × (34·S·B·d + 5·H·S²·B)` for 2-byte elements, scaled by `b/2` for others.
    source "Korthikanti et al. (2022), Reducing activation recomputation in large transformer models, arXiv:2205.05198, Table 2";
    /// // As above, and 5 × 2 heads × 100 × 4 bytes of scores in each layer.
    /// assert_eq!(memory::activations_all(3.0, Tokens(10.0), 4.0, 8.0, 2.0, Bytes(2.0))?, Bytes(32_640.0 + 12_000.0));
    fn activations_all(layers: f64, COUNT; tokens: Tokens, NOT_NEGATIVE; batch: f64, COUNT; hidden: f64, COUNT; heads: f64, COUNT; element: Bytes, POSITIVE) -> Bytes, NOT_NEGATIVE {
        let scores = Bytes(5.0 * heads * tokens.0 * tokens.0 * batch);
        element / HALF * (Bytes(34.0 * tokens.0 * batch * hidden) + scores) * layers
    }

    /// Returns the activations alive with `k` of `L` layer inputs kept, in units of one layer's activations.
    ///
    /// `k + L/k`
    source "Chen et al. (2016), Training deep nets with sublinear memory cost, arXiv:1604.06174";
    /// assert_eq!(memory::checkpointed_layers(64.0, 4.0)?, 20.0);
    fn checkpointed_layers(layers: f64, COUNT; checkpoints: f64, COUNT) -> f64, POSITIVE where checkpoints <= layers {
        checkpoints + layers / checkpoints
    }

    /// Returns the number of checkpoints at which [`checkpointed_layers`] is least.
    ///
    /// `k = √L`, to be rounded by the caller.
    source "Chen et al. (2016), Training deep nets with sublinear memory cost, arXiv:1604.06174";
    /// assert_eq!(memory::best_checkpoints(64.0)?, 8.0);
    fn best_checkpoints(layers: f64, COUNT) -> f64, POSITIVE {
        libm::sqrt(layers)
    }

    /// Returns the weights of the matrix products in one decoder block with as many key as query heads.
    ///
    /// `N = 3·d² + d² + 2·r·d²`: query, key and value; output; and a feed-forward part `r` times as wide.
    source "Vaswani et al. (2017), Attention is all you need, arXiv:1706.03762";
    /// assert_eq!(memory::decoder_block(10.0, 4.0)?, Params(1200.0));
    fn decoder_block(hidden: f64, COUNT; ratio: f64, NOT_NEGATIVE) -> Params, POSITIVE {
        Params(hidden * (3.0 * hidden) + hidden * hidden + 2.0 * ratio * hidden * hidden)
    }

    /// Returns the weights of the product that turns hidden states into scores of a vocabulary.
    ///
    /// `N = V × d`
    source "Vaswani et al. (2017), Attention is all you need, arXiv:1706.03762";
    /// assert_eq!(memory::output_layer(50_000.0, 10.0)?, Params(500e3));
    fn output_layer(vocabulary: f64, COUNT; hidden: f64, COUNT) -> Params, POSITIVE {
        Params(vocabulary * hidden)
    }

    /// Returns the trainable weights of a low-rank adaptation of one matrix.
    ///
    /// `N = r × (in + out)`
    source "Hu et al. (2021), LoRA: low-rank adaptation of large language models, arXiv:2106.09685";
    /// assert_eq!(memory::low_rank_adapter(16.0, 100.0, 300.0)?, Params(6400.0));
    fn low_rank_adapter(rank: f64, COUNT; inputs: f64, COUNT; outputs: f64, COUNT) -> Params, POSITIVE {
        Params(rank * (inputs + outputs))
    }

    /// Returns the trainable weights of a bottleneck adapter with its biases.
    ///
    /// `N = 2·d·r + r + d`
    source "Houlsby et al. (2019), Parameter-efficient transfer learning for NLP, arXiv:1902.00751";
    /// assert_eq!(memory::bottleneck_adapter(100.0, 8.0)?, Params(1708.0));
    fn bottleneck_adapter(hidden: f64, COUNT; rank: f64, COUNT) -> Params, POSITIVE {
        Params(2.0 * hidden * rank + rank + hidden)
    }

    /// Returns the bytes that one training step moves: forward, backward, optimizer reads, optimizer writes.
    ///
    /// `V = (W+A) + (A+W+G) + (W+G+O) + (W+O)` for weights, activations, gradients and optimizer state.
    source "counting what each of the four passes reads and writes";
    /// let v = memory::step_traffic(Bytes(2.0), Bytes(10.0), Bytes(2.0), Bytes(12.0))?;
    /// assert_eq!(v, Bytes(12.0 + 14.0 + 16.0 + 14.0));
    fn step_traffic(weights: Bytes, NOT_NEGATIVE; activations: Bytes, NOT_NEGATIVE; gradients: Bytes, NOT_NEGATIVE; optimizer: Bytes, NOT_NEGATIVE) -> Bytes, NOT_NEGATIVE {
        (weights + activations)
            + (activations + weights + gradients)
            + (weights + gradients + optimizer)
            + (weights + optimizer)
    }

    /// Returns the weight bytes that one training step reads: forward, backward, and by the optimizer.
    ///
    /// `3·W`
    source "counting what each of the four passes reads and writes";
    /// assert_eq!(memory::step_weight_reads(Bytes(2.0))?, Bytes(6.0));
    fn step_weight_reads(weights: Bytes, NOT_NEGATIVE) -> Bytes, NOT_NEGATIVE {
        weights * 3.0
    }

    /// Returns the bytes of one stored element of a coordinate list.
    ///
    /// `v + i × b_i` for a value and `i` indices.
    source "Saad (2003), Iterative methods for sparse linear systems, section 3.4";
    /// assert_eq!(memory::bytes_per_nonzero(Bytes(2.0), Bytes(4.0), 2.0)?, Bytes(10.0));
    fn bytes_per_nonzero(value: Bytes, POSITIVE; index: Bytes, NOT_NEGATIVE; indices: f64, COUNT_OR_NONE) -> Bytes, POSITIVE {
        value + index * indices
    }

    /// Returns the share of zeros above which a coordinate list is smaller than the dense array.
    ///
    /// `1 − b_dense/b_sparse`, and 0 where a stored element is no larger than a dense one.
    source "equating n × b_dense with (1−z) × n × b_sparse";
    /// assert_eq!(memory::break_even_zeros(Bytes(2.0), Bytes(8.0))?, 0.75);
    fn break_even_zeros(dense: Bytes, POSITIVE; per_nonzero: Bytes, POSITIVE) -> f64, SHARE {
        (1.0 - dense / per_nonzero).max(0.0)
    }

    /// Returns the bytes of a matrix in compressed sparse rows.
    ///
    /// `nnz × (v + i) + (rows + 1) × i`
    source "Saad (2003), Iterative methods for sparse linear systems, section 3.4";
    /// assert_eq!(memory::compressed_rows(100.0, 9.0, Bytes(2.0), Bytes(4.0))?, Bytes(640.0));
    fn compressed_rows(nonzeros: f64, COUNT_OR_NONE; rows: f64, COUNT_OR_NONE; value: Bytes, POSITIVE; index: Bytes, POSITIVE) -> Bytes, POSITIVE {
        (value + index) * nonzeros + index * (rows + 1.0)
    }

    /// Returns the bytes of a checkpoint.
    ///
    /// `M = N × b`
    source "counting parameters and bytes";
    /// assert_eq!(memory::checkpoint(Params(7e9), BytesPerParam(14.0))?, Bytes(98e9));
    fn checkpoint(parameters: Params, NOT_NEGATIVE; width: crate::units::BytesPerParam, NOT_NEGATIVE) -> Bytes, NOT_NEGATIVE {
        width * parameters
    }
}

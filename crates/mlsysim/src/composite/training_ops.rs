//! The operations of a training step of a transformer: products with weights, and attention.
//!
//! Each weight takes part in one product forward and two backward for every token: six operations.
//! Attention compares every pair of tokens of a sequence, or every pair in order where it is causal.
//! Normalizations, activation functions and the optimizer are not counted; together they are a few per mille.

use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{Flop, Params, Tokens};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

record! {
    /// A transformer and its batch.
    pub struct TrainingOpsIn {
        /// Parameters that one token uses.
        active_parameters: Params, "N_act", NOT_NEGATIVE;
        /// Layers.
        n_layers: f64, "L", NOT_NEGATIVE;
        /// Attention heads.
        n_heads: f64, "H", NOT_NEGATIVE;
        /// Width of one head.
        head_dim: f64, "d_h", NOT_NEGATIVE;
        /// Sequences in the step.
        batch: f64, "B", NOT_NEGATIVE, default 1.0;
        /// Tokens per sequence.
        seq_len: Tokens, "S", NOT_NEGATIVE;
    }
}

record! {
    /// Operations of a training step.
    pub struct TrainingOpsOut {
        /// Products with weights.
        product_ops: Flop, "F_w", NOT_NEGATIVE;
        /// Attention in which every token sees every other.
        full_attention_ops: Flop, "F_full", NOT_NEGATIVE;
        /// Attention in which a token sees those before it.
        causal_attention_ops: Flop, "F_a", NOT_NEGATIVE;
        /// All operations, attention causal.
        ops: Flop, "F", NOT_NEGATIVE;
        /// All operations, the forward pass run twice.
        recomputed_ops: Flop, "F_r", NOT_NEGATIVE;
    }
}

/// The equation `training.ops`.
#[derive(Debug, Clone, Copy)]
pub struct TrainingOps;

const PALM: &str = "Chowdhery et al. (2022), PaLM, appendix B";
const KORTHIKANTI: &str = "Korthikanti et al. (2022), Reducing Activation Recomputation in Large Transformer Models, appendix A";

impl Equation for TrainingOps {
    type In = TrainingOpsIn;
    type Out = TrainingOpsOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "training.ops",
        wall: 1,
        also: &[11, 14],
        question: "How many operations does one training step of a transformer take?",
        formula: "F = 6 × N_act × B·S + ½ × 12 × L × H·d_h × S² × B",
        source: PALM,
        inputs: TrainingOpsIn::FIELDS,
        outputs: TrainingOpsOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &TrainingOpsIn, _: Convention, trace: &mut R) -> TrainingOpsOut {
        let tokens = x.batch * x.seq_len.0;
        let product_ops = Flop(6.0 * x.active_parameters.0 * tokens);
        let reads: &'static [&'static str] = &["active_parameters", "batch", "seq_len"];
        trace.computed("product_ops", "F_w", product_ops, "6 × N_act × B × S", reads, PALM);
        let full_attention_ops =
            Flop(12.0 * x.n_layers * x.n_heads * x.head_dim * x.seq_len.0 * tokens);
        let reads: &'static [&'static str] =
            &["n_layers", "n_heads", "head_dim", "batch", "seq_len"];
        trace.computed(
            "full_attention_ops",
            "F_full",
            full_attention_ops,
            "12 × L × H × d_h × S² × B",
            reads,
            PALM,
        );
        let causal_attention_ops = full_attention_ops * 0.5;
        trace.computed(
            "causal_attention_ops",
            "F_a",
            causal_attention_ops,
            "F_full / 2",
            &["full_attention_ops"],
            PALM,
        );
        let ops = product_ops + causal_attention_ops;
        let reads: &'static [&'static str] = &["product_ops", "causal_attention_ops"];
        trace.computed("ops", "F", ops, "F_w + F_a", reads, PALM);
        // The forward pass is a third of the step.
        let recomputed_ops = ops * (4.0 / 3.0);
        trace.computed("recomputed_ops", "F_r", recomputed_ops, "F × 4/3", &["ops"], KORTHIKANTI);
        TrainingOpsOut {
            product_ops,
            full_attention_ops,
            causal_attention_ops,
            ops,
            recomputed_ops,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn a_small_step_by_hand() {
        let x = TrainingOpsIn {
            active_parameters: Params(100.0),
            n_layers: 2.0,
            n_heads: 3.0,
            head_dim: 4.0,
            batch: 5.0,
            seq_len: Tokens(10.0),
        };
        let out = solve::<TrainingOps>(&x, Convention::Reference).unwrap();
        // 6·100·50 and 12·2·3·4·10·50.
        assert_eq!(out.product_ops, Flop(30_000.0));
        assert_eq!(out.full_attention_ops, Flop(144_000.0));
        assert_eq!(out.ops, Flop(102_000.0));
        assert!((out.recomputed_ops.0 - 136_000.0).abs() < 1e-9, "rounding of 4/3");
    }
}

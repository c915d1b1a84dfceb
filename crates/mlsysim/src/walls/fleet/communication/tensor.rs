//! Wall 14: devices that share the matrices of a layer exchange its sums.
//!
//! A transformer layer split by columns and rows needs one all-reduce after attention and one after the
//! feed-forward part, in the forward pass and again in the backward pass.
//! With sequence parallelism each becomes a reduce-scatter and an all-gather of the same bytes.
//! The sums stand between two products that need them, so nothing hides them here.

use super::collectives::{self, Path};
use super::source::{COUNTING, MEGATRON};
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerSecond, Seconds, Tokens};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

record! {
    /// What sharing layers needs.
    pub struct TensorIn {
        /// Tokens whose activations are exchanged.
        tokens: Tokens, "B·S", NOT_NEGATIVE;
        /// Width of the hidden state.
        hidden: f64, "d", NOT_NEGATIVE;
        /// Bytes of one element.
        element: Bytes, "b", POSITIVE, default 2.0;
        /// Layers that one device works on.
        stage_layers: f64, "l", NOT_NEGATIVE;
        /// All-reduces per layer: two forward, two backward, two more where the forward pass runs twice.
        sums_per_layer: f64, "c", NOT_NEGATIVE, default 4.0;
        /// Devices that share a layer.
        tp: f64, "tp", COUNT;
        /// Bandwidth between them, one direction.
        tp_bandwidth: BytesPerSecond, "β_tp", POSITIVE;
        /// Start-up time of a message between them.
        tp_latency: Seconds, "α_tp", NOT_NEGATIVE, default 5e-7;
        /// Factor of congestion.
        congestion: f64, "κ", NOT_NEGATIVE, default 1.0;
    }
}

record! {
    /// What sharing layers costs.
    pub struct TensorOut {
        /// Bytes of one exchange.
        activation_message: Bytes, "M_a", NOT_NEGATIVE;
        /// Time of all exchanges.
        tensor_time: Seconds, "T_tp", NOT_NEGATIVE;
    }
}

/// The equation `communication.tensor_parallel`.
#[derive(Debug, Clone, Copy)]
pub struct TensorParallel;

impl Equation for TensorParallel {
    type In = TensorIn;
    type Out = TensorOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "communication.tensor_parallel",
        wall: 14,
        also: &[],
        question: "How long do devices that share layers exchange their sums?",
        formula: "T_tp = c × l × AR(B·S × d × b, tp) × κ",
        source: MEGATRON,
        inputs: TensorIn::FIELDS,
        outputs: TensorOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &TensorIn, _: Convention, trace: &mut R) -> TensorOut {
        let activation_message = Bytes(x.tokens.0 * x.hidden * x.element.0);
        let reads: &'static [&'static str] = &["tokens", "hidden", "element"];
        trace.computed(
            "activation_message",
            "M_a",
            activation_message,
            "B·S × d × b",
            reads,
            COUNTING,
        );
        let path = Path { bandwidth: x.tp_bandwidth.0, latency: x.tp_latency.0 };
        let one = collectives::ring(activation_message.0, x.tp, path);
        let tensor_time = Seconds(x.sums_per_layer * x.stage_layers * one * x.congestion);
        let reads: &'static [&'static str] = &[
            "activation_message",
            "sums_per_layer",
            "stage_layers",
            "tp",
            "tp_bandwidth",
            "tp_latency",
            "congestion",
        ];
        trace.computed(
            "tensor_time",
            "T_tp",
            tensor_time,
            "c × l × AR(M_a, tp) × κ",
            reads,
            MEGATRON,
        );
        TensorOut { activation_message, tensor_time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn four_sums_per_layer_by_hand() {
        // 10 tokens × 4 wide × 2 bytes = 80 bytes; 2·1/2·80/8 = 10 s each, 4 per layer, 3 layers.
        let x = TensorIn {
            tokens: Tokens(10.0),
            hidden: 4.0,
            element: Bytes(2.0),
            stage_layers: 3.0,
            sums_per_layer: 4.0,
            tp: 2.0,
            tp_bandwidth: BytesPerSecond(8.0),
            tp_latency: Seconds(0.0),
            congestion: 1.0,
        };
        let out = solve::<TensorParallel>(&x, Convention::Reference).unwrap();
        assert_eq!((out.activation_message, out.tensor_time), (Bytes(80.0), Seconds(120.0)));
        let alone = TensorIn { tp: 1.0, ..x };
        assert_eq!(
            solve::<TensorParallel>(&alone, Convention::Reference).unwrap().tensor_time,
            Seconds::ZERO
        );
    }
}

//! Wall 14: tokens travel to the experts that a router chose for them, and back.
//!
//! Each layer of experts sends its tokens out and collects the answers, once forward and once backward: four
//! all-to-all exchanges. They run over the link that spans the group of devices among which experts are divided.
//! The most loaded expert sets the pace, which the imbalance factor expresses.

use super::collectives::{self, Path};
use super::source::{COUNTING, GSHARD};
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerSecond, Seconds, Tokens};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

record! {
    /// What routing tokens needs.
    pub struct ExpertsIn {
        /// Tokens that one device routes.
        tokens: Tokens, "B·S", NOT_NEGATIVE;
        /// Width of the hidden state.
        hidden: f64, "d", NOT_NEGATIVE;
        /// Bytes of one element.
        element: Bytes, "b", POSITIVE, default 2.0;
        /// Experts that one token uses.
        chosen: f64, "k", NOT_NEGATIVE, default 1.0;
        /// Load of the fullest expert over the mean.
        imbalance: f64, "γ", AT_LEAST_ONE, default 1.0;
        /// Layers of experts that one device works on.
        expert_layers: f64, "l_x", NOT_NEGATIVE, default 1.0;
        /// Exchanges per layer: out and back, forward and backward.
        exchanges_per_layer: f64, "c", NOT_NEGATIVE, default 4.0;
        /// Devices among which the experts are divided.
        ep: f64, "ep", COUNT;
        /// Bandwidth between them, one direction.
        ep_bandwidth: BytesPerSecond, "β_ep", POSITIVE;
        /// Start-up time of a message between them.
        ep_latency: Seconds, "α_ep", NOT_NEGATIVE, default 5e-6;
        /// Factor of congestion.
        congestion: f64, "κ", NOT_NEGATIVE, default 1.0;
    }
}

record! {
    /// What routing tokens costs.
    pub struct ExpertsOut {
        /// Bytes that one device routes in one exchange.
        routed_message: Bytes, "M_x", NOT_NEGATIVE;
        /// Time of one exchange.
        exchange_time: Seconds, "T_a2a", NOT_NEGATIVE;
        /// Time of all exchanges.
        expert_time: Seconds, "T_ep", NOT_NEGATIVE;
    }
}

/// The equation `communication.expert_parallel`.
///
/// [`Convention::Upstream030`] counts one exchange per step.
#[derive(Debug, Clone, Copy)]
pub struct ExpertParallel;

impl Equation for ExpertParallel {
    type In = ExpertsIn;
    type Out = ExpertsOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "communication.expert_parallel",
        wall: 14,
        also: &[],
        question: "How long do tokens travel to their experts and back?",
        formula: "T_ep = c × l_x × A2A(B·S × d × b × k × γ, ep) × κ",
        source: GSHARD,
        inputs: ExpertsIn::FIELDS,
        outputs: ExpertsOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &ExpertsIn, convention: Convention, trace: &mut R) -> ExpertsOut {
        let routed_message = Bytes(x.tokens.0 * x.hidden * x.element.0 * x.chosen * x.imbalance);
        let reads: &'static [&'static str] =
            &["tokens", "hidden", "element", "chosen", "imbalance"];
        trace.computed(
            "routed_message",
            "M_x",
            routed_message,
            "B·S × d × b × k × γ",
            reads,
            COUNTING,
        );
        let path = Path { bandwidth: x.ep_bandwidth.0, latency: x.ep_latency.0 };
        let one = collectives::all_to_all(routed_message.0, x.ep, path);
        let exchange_time = Seconds(one * x.congestion);
        let reads: &'static [&'static str] =
            &["routed_message", "ep", "ep_bandwidth", "ep_latency", "congestion"];
        trace.computed("exchange_time", "T_a2a", exchange_time, "A2A(M_x, ep) × κ", reads, GSHARD);
        let (exchanges, formula) = match convention {
            Convention::Reference => (x.exchanges_per_layer * x.expert_layers, "c × l_x × T_a2a"),
            Convention::Upstream030 => (1.0, "T_a2a"),
        };
        let expert_time = exchange_time * exchanges;
        let reads: &'static [&'static str] =
            &["exchange_time", "exchanges_per_layer", "expert_layers"];
        trace.computed("expert_time", "T_ep", expert_time, formula, reads, GSHARD);
        ExpertsOut { routed_message, exchange_time, expert_time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn four_exchanges_per_layer_by_hand() {
        // 8 tokens × 4 wide × 2 bytes × 2 experts × 1.5 = 192 bytes; 3/4 of it over 12 byte/s is 12 s.
        let x = ExpertsIn {
            tokens: Tokens(8.0),
            hidden: 4.0,
            element: Bytes(2.0),
            chosen: 2.0,
            imbalance: 1.5,
            expert_layers: 5.0,
            exchanges_per_layer: 4.0,
            ep: 4.0,
            ep_bandwidth: BytesPerSecond(12.0),
            ep_latency: Seconds(0.0),
            congestion: 1.0,
        };
        let out = solve::<ExpertParallel>(&x, Convention::Reference).unwrap();
        assert_eq!((out.exchange_time, out.expert_time), (Seconds(12.0), Seconds(240.0)));
        let upstream = solve::<ExpertParallel>(&x, Convention::Upstream030).unwrap();
        assert_eq!(upstream.expert_time, Seconds(12.0));
    }
}

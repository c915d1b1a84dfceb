//! Walls 14 and 4: a router that loads its experts unevenly makes tokens wait and messages long.
//!
//! The imbalance factor `γ` says by how much the fullest expert exceeds the mean.
//! Where it is not measured, random routing gives it: of many tokens thrown into `E` experts the fullest receives about
//! `mean + √(2·mean·ln E)`. An expert that accepts at most `c` times the mean drops the rest.

use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerSecond, Params, Seconds, Tokens};
use crate::walls::equation::{Equation, EquationInfo, Record, record};
use crate::walls::fleet::communication::collectives::{self, Path};

record! {
    /// A router, its batch, and the group of devices that shares the experts.
    pub struct RoutingIn {
        /// Tokens that are routed.
        tokens: Tokens, "B·S", NOT_NEGATIVE;
        /// Width of the hidden state.
        hidden: f64, "d", NOT_NEGATIVE;
        /// Bytes of one element.
        element: Bytes, "b", POSITIVE, default 2.0;
        /// Experts.
        experts: f64, "E", COUNT;
        /// Experts that one token uses.
        chosen: f64, "k", COUNT, default 1.0;
        /// Parameters that one token uses.
        active_parameters: Params, "N_act", NOT_NEGATIVE;
        /// Load of the fullest expert over the mean.
        imbalance: f64, "γ", AT_LEAST_ONE, default 1.0;
        /// Load an expert accepts over the mean.
        capacity_factor: f64, "c", POSITIVE, default 1e9;
        /// Devices among which the experts are divided.
        ep: f64, "ep", COUNT, default 1.0;
        /// Bandwidth between them, one direction.
        ep_bandwidth: BytesPerSecond, "β_ep", POSITIVE, default 1e11;
        /// Start-up time of a message between them.
        ep_latency: Seconds, "α_ep", NOT_NEGATIVE, default 5e-6;
    }
}

record! {
    /// What uneven routing costs.
    pub struct RoutingOut {
        /// Experts whose load one token answers for.
        effective_experts: f64, "E_eff", AT_LEAST_ONE;
        /// Those over the experts it uses.
        multiplier: f64, "μ", POSITIVE;
        /// Parameters whose work one token answers for.
        effective_parameters: Params, "N_eff", NOT_NEGATIVE;
        /// Bytes that leave their device.
        dispatched_bytes: Bytes, "M_x", NOT_NEGATIVE;
        /// Time of one exchange.
        exchange_time: Seconds, "T_a2a", NOT_NEGATIVE;
        /// Time of sending tokens out and collecting the answers.
        round_trip_time: Seconds, "T_rt", NOT_NEGATIVE;
        /// Load of the fullest expert over the mean, if routing is random.
        random_imbalance: f64, "γ_rand", AT_LEAST_ONE;
        /// Share of the fullest expert's tokens that it drops.
        dropped_share: f64, "x", SHARE;
    }
}

/// The equation `moe.routing`.
#[derive(Debug, Clone, Copy)]
pub struct Routing;

const GSHARD: &str = "Lepikhin et al. (2020), GShard, section 3.2";
const SWITCH: &str = "Fedus et al. (2022), Switch Transformers, section 2.2";
const BALLS: &str = "Raab & Steger (1998), Balls into Bins, theorem 1";
const COUNTING: &str = "counting";

impl Equation for Routing {
    type In = RoutingIn;
    type Out = RoutingOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "moe.routing",
        wall: 14,
        also: &[4],
        question: "What does uneven routing of tokens to experts cost?",
        formula: "E_eff = min(E, k·γ); M_x = B·S·d·b × E_eff × (ep−1)/ep",
        source: GSHARD,
        inputs: RoutingIn::FIELDS,
        outputs: RoutingOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &RoutingIn, _: Convention, trace: &mut R) -> RoutingOut {
        let effective_experts = (x.chosen * x.imbalance).min(x.experts);
        let reads: &'static [&'static str] = &["experts", "chosen", "imbalance"];
        trace.computed(
            "effective_experts",
            "E_eff",
            effective_experts,
            "min(E, k × γ)",
            reads,
            SWITCH,
        );
        let multiplier = effective_experts / x.chosen;
        trace.computed(
            "multiplier",
            "μ",
            multiplier,
            "E_eff / k",
            &["effective_experts", "chosen"],
            SWITCH,
        );
        let effective_parameters = x.active_parameters * multiplier;
        let reads: &'static [&'static str] = &["active_parameters", "multiplier"];
        trace.computed(
            "effective_parameters",
            "N_eff",
            effective_parameters,
            "N_act × μ",
            reads,
            SWITCH,
        );
        let payload = x.tokens.0 * x.hidden * x.element.0 * x.chosen * multiplier;
        let dispatched_bytes = Bytes(payload * ((x.ep - 1.0) / x.ep));
        let reads: &'static [&'static str] =
            &["tokens", "hidden", "element", "chosen", "multiplier", "ep"];
        trace.computed(
            "dispatched_bytes",
            "M_x",
            dispatched_bytes,
            "B·S × d × b × k × μ × (ep−1)/ep",
            reads,
            GSHARD,
        );
        let path = Path { bandwidth: x.ep_bandwidth.0, latency: x.ep_latency.0 };
        let exchange_time = Seconds(collectives::all_to_all(payload, x.ep, path));
        let reads: &'static [&'static str] =
            &["dispatched_bytes", "ep", "ep_bandwidth", "ep_latency"];
        trace.computed(
            "exchange_time",
            "T_a2a",
            exchange_time,
            "M_x/β_ep + (ep−1) × α_ep",
            reads,
            GSHARD,
        );
        let round_trip_time = exchange_time * 2.0;
        trace.computed(
            "round_trip_time",
            "T_rt",
            round_trip_time,
            "2 × T_a2a",
            &["exchange_time"],
            GSHARD,
        );
        let mean = x.tokens.0 * x.chosen / x.experts;
        let random_imbalance = if mean > 0.0 {
            // No expert can receive more than every token once.
            (1.0 + libm::sqrt(2.0 * libm::log(x.experts) / mean)).min((x.tokens.0 / mean).max(1.0))
        } else {
            1.0
        };
        let reads: &'static [&'static str] = &["tokens", "chosen", "experts"];
        trace.computed(
            "random_imbalance",
            "γ_rand",
            random_imbalance,
            "1 + √(2 × ln E / mean)",
            reads,
            BALLS,
        );
        let load = multiplier.max(1.0);
        let dropped_share = (1.0 - x.capacity_factor / load).max(0.0);
        let reads: &'static [&'static str] = &["multiplier", "capacity_factor"];
        trace.computed("dropped_share", "x", dropped_share, "max(0, 1 − c/μ)", reads, COUNTING);
        RoutingOut {
            effective_experts,
            multiplier,
            effective_parameters,
            dispatched_bytes,
            exchange_time,
            round_trip_time,
            random_imbalance,
            dropped_share,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    fn eight_experts() -> RoutingIn {
        RoutingIn {
            tokens: Tokens(800.0),
            hidden: 10.0,
            element: Bytes(2.0),
            experts: 8.0,
            chosen: 2.0,
            active_parameters: Params(100.0),
            imbalance: 1.5,
            capacity_factor: 1.2,
            ep: 4.0,
            ep_bandwidth: BytesPerSecond(36_000.0),
            ep_latency: Seconds(0.0),
        }
    }

    #[test]
    fn uneven_routing_by_hand() {
        let out = solve::<Routing>(&eight_experts(), Convention::Reference).unwrap();
        assert_eq!((out.effective_experts, out.multiplier), (3.0, 1.5));
        assert_eq!(out.effective_parameters, Params(150.0));
        // 800 × 10 × 2 × 3 = 48 000 bytes, of which 3/4 leave.
        assert_eq!((out.dispatched_bytes, out.exchange_time), (Bytes(36_000.0), Seconds(1.0)));
        assert_eq!(out.round_trip_time, Seconds(2.0));
        assert!((out.dropped_share - 0.2).abs() < 1e-15, "one rounding");
    }

    #[test]
    fn random_routing_agrees_with_throwing_tokens() {
        // 200 tokens per expert: throw them with a plain generator and average the fullest of many trials.
        let out = solve::<Routing>(&eight_experts(), Convention::Reference).unwrap();
        let (mut state, mut sum, trials) = (1_u64, 0.0, 400);
        for _ in 0..trials {
            let mut loads = [0.0_f64; 8];
            for _ in 0..1600 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                loads[usize::try_from(state >> 61).unwrap()] += 1.0;
            }
            sum += loads.iter().copied().fold(0.0, f64::max) / 200.0;
        }
        let thrown = sum / f64::from(trials);
        // The formula is the leading order for many experts; for eight it lies a few per cent above.
        assert!(
            (out.random_imbalance / thrown - 1.0).abs() < 0.06,
            "{} {thrown}",
            out.random_imbalance
        );
        assert!(out.random_imbalance > thrown);
    }
}

//! Walls 1 and 14: does a device compute long enough per step to hide the sum of its gradients?
//!
//! Each device does `6·N` operations per token and sends `2·N·b·(dp−1)/dp` bytes per step, whatever the tokens.
//! Their quotient is an intensity like that of the memory roofline, and the network's ridge point divides steps that
//! wait for the network from steps that compute.
//! Attention, and parts of the model held by other devices, change both sides alike and are left out.

use super::roofline;
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{
    Bytes, BytesPerParam, BytesPerSecond, Flop, FlopPerByte, FlopPerSecond, Params, Seconds, Tokens,
};
use crate::walls::equation::{Equation, EquationInfo, Record, labels, record};

labels! {
    /// What limits a step on many devices.
    pub enum Limit {
        /// Arithmetic.
        Compute = "Compute",
        /// The network.
        Network = "Network",
    }
}

record! {
    /// A model, its copies, and the way between them.
    pub struct NetworkIn {
        /// Parameters.
        parameters: Params, "N", POSITIVE;
        /// Bytes of one gradient.
        gradient_width: BytesPerParam, "b", POSITIVE, default 2.0;
        /// Tokens that one device trains on per step.
        device_tokens: Tokens, "T_dev", NOT_NEGATIVE, default 1.0;
        /// Copies of the model.
        dp: f64, "dp", COUNT;
        /// Rate of a device's arithmetic units.
        peak: FlopPerSecond, "Peak", POSITIVE;
        /// Share of the peak that the code reaches.
        efficiency: f64, "η", EFFICIENCY, default 0.5;
        /// Bandwidth of a device into the network, one direction.
        nic_bandwidth: BytesPerSecond, "β_nic", POSITIVE;
    }
}

record! {
    /// A step on many devices as a roofline.
    pub struct NetworkOut {
        /// Operations of the step.
        ops: Flop, "F", NOT_NEGATIVE;
        /// Bytes that the sum of the gradients moves.
        sync_bytes: Bytes, "V", NOT_NEGATIVE;
        /// Operations per byte; infinite for a single copy.
        communication_intensity: FlopPerByte, "CI", UNBOUNDED;
        /// Intensity at which arithmetic and network take equally long.
        network_ridge: FlopPerByte, "CI*", NOT_NEGATIVE;
        /// Tokens per device at which they do.
        critical_tokens: Tokens, "T*", NOT_NEGATIVE;
        /// Time of the arithmetic.
        compute_time: Seconds, "T_c", NOT_NEGATIVE;
        /// Time of the network.
        network_time: Seconds, "T_n", NOT_NEGATIVE;
        /// Time of a step in which the shorter hides behind the longer.
        time: Seconds, "T", NOT_NEGATIVE;
        /// What takes longer.
        limit: Limit, "bound", SHARE;
        /// Operations per second as a share of the peak.
        utilization: f64, "MFU", SHARE;
    }
}

/// The equation `network.roofline`.
///
/// - [`Convention::Reference`]: one device, its tokens and its link.
/// - [`Convention::Upstream030`]: one token for the whole fleet of `dp` devices against one link, so that every fleet
///   waits for the network.
#[derive(Debug, Clone, Copy)]
pub struct NetworkRoofline;

const SOURCE: &str =
    "Williams, Waterman & Patterson (2009), Roofline, CACM 52(4), applied to a network";
const COUNTING: &str = "counting";

impl Equation for NetworkRoofline {
    type In = NetworkIn;
    type Out = NetworkOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "network.roofline",
        wall: 14,
        also: &[1],
        question: "How many tokens per device hide the sum of the gradients?",
        formula: "T* = Peak·η × b × (dp−1)/dp / (3 × β_nic)",
        source: SOURCE,
        inputs: NetworkIn::FIELDS,
        outputs: NetworkOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &NetworkIn, convention: Convention, trace: &mut R) -> NetworkOut {
        let upstream = convention == Convention::Upstream030;
        let (tokens, devices) = if upstream { (1.0, x.dp) } else { (x.device_tokens.0, 1.0) };
        let ops = Flop(6.0 * x.parameters.0 * tokens);
        trace.computed(
            "ops",
            "F",
            ops,
            "6 × N × T_dev",
            &["parameters", "device_tokens"],
            COUNTING,
        );
        let others = if upstream { 1.0 } else { (x.dp - 1.0) / x.dp };
        let sync_bytes = x.parameters * x.gradient_width * (2.0 * others);
        let reads: &'static [&'static str] = &["parameters", "gradient_width", "dp"];
        trace.computed("sync_bytes", "V", sync_bytes, "2 × N × b × (dp−1)/dp", reads, COUNTING);
        let communication_intensity = roofline::intensity(ops, sync_bytes);
        trace.computed(
            "communication_intensity",
            "CI",
            communication_intensity,
            "F / V",
            &["ops", "sync_bytes"],
            SOURCE,
        );
        let peak = x.peak * devices;
        let rate = peak * x.efficiency;
        let network_ridge = if upstream { peak / x.nic_bandwidth } else { rate / x.nic_bandwidth };
        let reads: &'static [&'static str] = &["peak", "efficiency", "nic_bandwidth"];
        trace.computed("network_ridge", "CI*", network_ridge, "Peak·η / β_nic", reads, SOURCE);
        let critical_tokens = Tokens(x.gradient_width.0 * others / 3.0 * network_ridge.0);
        let reads: &'static [&'static str] = &["network_ridge", "gradient_width", "dp"];
        trace.computed(
            "critical_tokens",
            "T*",
            critical_tokens,
            "CI* × b × (dp−1)/dp / 3",
            reads,
            COUNTING,
        );
        let compute_time = ops / rate;
        trace.computed(
            "compute_time",
            "T_c",
            compute_time,
            "F / (Peak·η)",
            &["ops", "peak", "efficiency"],
            SOURCE,
        );
        let network_time = sync_bytes / x.nic_bandwidth;
        trace.computed(
            "network_time",
            "T_n",
            network_time,
            "V / β_nic",
            &["sync_bytes", "nic_bandwidth"],
            SOURCE,
        );
        let time = compute_time.max(network_time);
        let both: &'static [&'static str] = &["compute_time", "network_time"];
        trace.computed("time", "T", time, "max(T_c, T_n)", both, SOURCE);
        let limit = if network_time > compute_time { Limit::Network } else { Limit::Compute };
        trace.computed("limit", "bound", limit, "Network if T_n > T_c", both, SOURCE);
        let utilization = roofline::utilization(ops, peak, time);
        trace.computed(
            "utilization",
            "MFU",
            utilization,
            "F / (Peak × T)",
            &["ops", "peak", "time"],
            COUNTING,
        );
        NetworkOut {
            ops,
            sync_bytes,
            communication_intensity,
            network_ridge,
            critical_tokens,
            compute_time,
            network_time,
            time,
            limit,
            utilization,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn at_the_critical_tokens_both_take_equally_long() {
        let x = NetworkIn {
            parameters: Params(1e9),
            gradient_width: BytesPerParam(2.0),
            device_tokens: Tokens(1.0),
            dp: 4.0,
            peak: FlopPerSecond(1e15),
            efficiency: 0.4,
            nic_bandwidth: BytesPerSecond(5e10),
        };
        let out = solve::<NetworkRoofline>(&x, Convention::Reference).unwrap();
        // 4e14 / 5e10 = 8000 operations per byte; × 2 × 3/4 / 3 = 4000 tokens.
        assert!((out.critical_tokens.0 - 4000.0).abs() < 1e-9, "rounding");
        assert_eq!(out.limit, Limit::Network);
        let at = NetworkIn { device_tokens: out.critical_tokens, ..x };
        let out = solve::<NetworkRoofline>(&at, Convention::Reference).unwrap();
        assert!((out.compute_time.0 / out.network_time.0 - 1.0).abs() < 1e-12, "rounding");
        // 6·1e9·4000 / 4e14
        assert!((out.time.0 - 0.06).abs() < 1e-12, "rounding");
        let alone = NetworkIn { dp: 1.0, ..x };
        let out = solve::<NetworkRoofline>(&alone, Convention::Reference).unwrap();
        assert_eq!((out.network_time, out.critical_tokens), (Seconds::ZERO, Tokens(0.0)));
        assert_eq!(out.communication_intensity, FlopPerByte(f64::INFINITY));
    }
}

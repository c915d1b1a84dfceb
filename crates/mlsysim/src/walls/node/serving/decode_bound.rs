//! Where decoding lies under the roofline, from weights alone: the share of a step that waits for memory.

use super::POPE;
use super::experts::weights_read;
use crate::composite::roofline::{self, Bottleneck};
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{
    Bytes, BytesPerSecond, Flop, FlopPerByte, FlopPerSecond, Params, Seconds, Tokens,
};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

record! {
    /// A decoding step spread over devices.
    pub struct DecodeBoundIn {
        /// Parameters that each token is multiplied with.
        active_parameters: Params, "N_act", NOT_NEGATIVE;
        /// Bytes of all weights.
        weight_bytes: Bytes, "W", NOT_NEGATIVE;
        /// Rate of one device's arithmetic units in the number format used.
        peak: FlopPerSecond, "Peak", POSITIVE;
        /// Bandwidth of its memory.
        bandwidth: BytesPerSecond, "BW", POSITIVE;
        /// Sequences in the batch.
        batch: f64, "B", COUNT, default 1.0;
        /// Devices that share every weight matrix.
        devices: f64, "tp", COUNT, default 1.0;
        /// Share of the weights that lies in experts of which a token uses some.
        routed_share: f64, "ρ", SHARE, default 0.0;
        /// Share of those experts that one token uses.
        chosen_share: f64, "k/E", SHARE, default 1.0;
    }
}

record! {
    /// Where the step lies under the roofline.
    pub struct DecodeBoundOut {
        /// Bytes of weights that one device reads.
        weights_read: Bytes, "W_r", NOT_NEGATIVE;
        /// Operations of one device.
        ops: Flop, "OPs", NOT_NEGATIVE;
        /// Time that arithmetic takes.
        compute_time: Seconds, "T_c", NOT_NEGATIVE;
        /// Time that reading weights takes.
        memory_time: Seconds, "T_m", NOT_NEGATIVE;
        /// Memory's share of the sum of both times; 0 if neither takes time.
        memory_share: f64, "T_m/(T_c+T_m)", SHARE;
        /// Memory time over compute time; infinite without arithmetic.
        bound_ratio: f64, "T_m/T_c", UNBOUNDED;
        /// Operations per byte read; infinite without reads.
        arithmetic_intensity: FlopPerByte, "I", UNBOUNDED;
        /// Highest rate the step can reach.
        attainable: FlopPerSecond, "P", NOT_NEGATIVE;
        /// The same as a share of the peak.
        peak_fraction: f64, "P/Peak", SHARE;
        /// What takes longer.
        bottleneck: Bottleneck, "bound", SHARE;
    }
}

/// The equation `serving.decode_bound`.
#[derive(Debug, Clone, Copy)]
pub struct DecodeBound;

impl Equation for DecodeBound {
    type In = DecodeBoundIn;
    type Out = DecodeBoundOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "serving.decode_bound",
        wall: 4,
        also: &[1, 2],
        question: "Does arithmetic or memory limit decoding, and by how much?",
        formula: "T_m / T_c = (W_r / BW) / (2 × N_act × B / Peak)",
        source: POPE,
        inputs: DecodeBoundIn::FIELDS,
        outputs: DecodeBoundOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(
        x: &DecodeBoundIn,
        convention: Convention,
        trace: &mut R,
    ) -> DecodeBoundOut {
        let upstream = convention == Convention::Upstream030;
        let all = if upstream {
            x.weight_bytes
        } else {
            weights_read(x.weight_bytes, x.routed_share, x.chosen_share, Tokens(x.batch))
        };
        let weights_read = all / x.devices;
        trace.computed(
            "weights_read",
            "W_r",
            weights_read,
            "W × (1 − ρ × (1 − k/E)^B) / tp",
            &["weight_bytes", "routed_share", "chosen_share", "batch", "devices"],
            POPE,
        );
        let ops = Flop(2.0 * x.active_parameters.0 * x.batch / x.devices);
        trace.computed(
            "ops",
            "OPs",
            ops,
            "2 × N_act × B / tp",
            &["active_parameters", "batch", "devices"],
            POPE,
        );
        let compute_time = ops / x.peak;
        trace.computed(
            "compute_time",
            "T_c",
            compute_time,
            "OPs / Peak",
            &["ops", "peak"],
            roofline::SOURCE,
        );
        let memory_time = weights_read / x.bandwidth;
        trace.computed(
            "memory_time",
            "T_m",
            memory_time,
            "W_r / BW",
            &["weights_read", "bandwidth"],
            roofline::SOURCE,
        );
        const TIMES: &[&str] = &["compute_time", "memory_time"];
        let both = compute_time + memory_time;
        let memory_share = if both > Seconds::ZERO { memory_time / both } else { 0.0 };
        trace.computed(
            "memory_share",
            "T_m/(T_c+T_m)",
            memory_share,
            "T_m / (T_c + T_m)",
            TIMES,
            roofline::SOURCE,
        );
        let bound_ratio =
            if memory_time > Seconds::ZERO { memory_time / compute_time } else { 0.0 };
        trace.computed("bound_ratio", "T_m/T_c", bound_ratio, "T_m / T_c", TIMES, roofline::SOURCE);
        let arithmetic_intensity = roofline::intensity(ops, weights_read);
        trace.computed(
            "arithmetic_intensity",
            "I",
            arithmetic_intensity,
            "OPs / W_r",
            &["ops", "weights_read"],
            roofline::SOURCE,
        );
        let attainable = (x.bandwidth * arithmetic_intensity).min(x.peak);
        trace.computed(
            "attainable",
            "P",
            attainable,
            "min(Peak, BW × I)",
            &["peak", "bandwidth", "arithmetic_intensity"],
            roofline::SOURCE,
        );
        let peak_fraction = attainable / x.peak;
        trace.computed(
            "peak_fraction",
            "P/Peak",
            peak_fraction,
            "P / Peak",
            &["attainable", "peak"],
            roofline::SOURCE,
        );
        // Upstream takes anything under an attosecond for nothing.
        let least = if upstream { Seconds(1e-18) } else { Seconds::ZERO };
        let bottleneck = if memory_time > compute_time && memory_time >= least {
            Bottleneck::Memory
        } else {
            Bottleneck::Compute
        };
        trace.computed(
            "bottleneck",
            "bound",
            bottleneck,
            "Memory if T_m > T_c",
            TIMES,
            roofline::SOURCE,
        );
        DecodeBoundOut {
            weights_read,
            ops,
            compute_time,
            memory_time,
            memory_share,
            bound_ratio,
            arithmetic_intensity,
            attainable,
            peak_fraction,
            bottleneck,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn one_sequence_waits_for_memory_by_hand() {
        // 8 billion parameters at 2 bytes: 16 GFLOP at 1 PFLOP/s are 16 µs, 16 GB at 2 TB/s are 8 ms.
        let x = DecodeBoundIn {
            active_parameters: Params(8e9),
            weight_bytes: Bytes(16e9),
            peak: FlopPerSecond(1e15),
            bandwidth: BytesPerSecond(2e12),
            batch: 1.0,
            devices: 1.0,
            routed_share: 0.0,
            chosen_share: 1.0,
        };
        let out = solve::<DecodeBound>(&x, Convention::Reference).unwrap();
        assert!((out.bound_ratio - 500.0).abs() < 1e-10);
        assert!((out.peak_fraction - 0.002).abs() < 1e-15);
        assert!((out.memory_share - 500.0 / 501.0).abs() < 1e-15);
        // At a batch of 500 both take 8 ms.
        let even =
            solve::<DecodeBound>(&DecodeBoundIn { batch: 500.0, ..x }, Convention::Reference);
        assert!((even.unwrap().bound_ratio - 1.0).abs() < 1e-13);
    }
}

//! What mixed-precision training keeps in memory, whole and per accelerator.
//!
//! 16-bit weights and gradients, a 32-bit copy of the weights, and Adam's two 32-bit moments: 16 bytes per parameter.
//! Tensor parallelism divides all of it; sharding over data-parallel replicas divides the moments once more.

use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerParam, Params};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

const SOURCE: &str = "Rajbhandari et al. (2020), ZeRO: memory optimizations toward training trillion parameter models, SC20, section 3";
const HALF: BytesPerParam = BytesPerParam(2.0);
const SINGLE: BytesPerParam = BytesPerParam(4.0);

record! {
    /// A model and how it is spread.
    pub struct StateIn {
        /// Parameters of the model.
        parameters: Params, "N", NOT_NEGATIVE;
        /// Accelerators that share each weight matrix.
        tensor_parallel: f64, "tp", COUNT, default 1.0;
        /// Replicas that share the moments.
        data_parallel: f64, "dp", COUNT, default 1.0;
        /// Activations of the whole model.
        activations: Bytes, "A", NOT_NEGATIVE, default 0.0;
    }
}

record! {
    /// The parts of the state.
    pub struct StateOut {
        /// 16-bit weights.
        weights: Bytes, "W", NOT_NEGATIVE;
        /// 16-bit gradients.
        gradients: Bytes, "G", NOT_NEGATIVE;
        /// 32-bit copy of the weights.
        master: Bytes, "W_32", NOT_NEGATIVE;
        /// One of Adam's moments.
        moment: Bytes, "m", NOT_NEGATIVE;
        /// Both moments.
        moments: Bytes, "2m", NOT_NEGATIVE;
        /// All that outlives a step.
        persistent: Bytes, "Σ", NOT_NEGATIVE;
        /// Weights of one accelerator.
        device_weights: Bytes, "W/tp", NOT_NEGATIVE;
        /// Gradients of one accelerator.
        device_gradients: Bytes, "G/tp", NOT_NEGATIVE;
        /// Copy of the weights of one accelerator.
        device_master: Bytes, "W_32/tp", NOT_NEGATIVE;
        /// Moments of one accelerator.
        device_moments: Bytes, "2m/tp", NOT_NEGATIVE;
        /// Activations of one accelerator.
        device_activations: Bytes, "A/tp", NOT_NEGATIVE;
        /// All of one accelerator.
        device_total: Bytes, "(Σ+A)/tp", NOT_NEGATIVE;
        /// All of one accelerator when copy and moments are kept by the host.
        device_offloaded: Bytes, "(W+G+A)/tp", NOT_NEGATIVE;
        /// Moments of one accelerator when replicas share them.
        sharded_moments: Bytes, "2m/(tp·dp)", NOT_NEGATIVE;
        /// Moments of a tensor-parallel group when replicas share them.
        group_moments: Bytes, "2m/dp", NOT_NEGATIVE;
        /// Weights and shared moments of one accelerator.
        sharded_total: Bytes, "W/tp+2m/(tp·dp)", NOT_NEGATIVE;
    }
}

/// The equation `training_state.bytes`.
#[derive(Debug, Clone, Copy)]
pub struct StateBytes;

impl Equation for StateBytes {
    type In = StateIn;
    type Out = StateOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "training_state.bytes",
        wall: 2,
        also: &[14],
        question: "Which parts does the state of training have, and how much of each falls on one accelerator?",
        formula: "Σ = N × (2 + 2 + 4 + 4 + 4) bytes",
        source: SOURCE,
        inputs: StateIn::FIELDS,
        outputs: StateOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &StateIn, _: Convention, trace: &mut R) -> StateOut {
        let (tp, dp) = (x.tensor_parallel, x.data_parallel);
        let weights = HALF * x.parameters;
        trace.computed("weights", "W", weights, "2·N", &["parameters"], SOURCE);
        let gradients = HALF * x.parameters;
        trace.computed("gradients", "G", gradients, "2·N", &["parameters"], SOURCE);
        let master = SINGLE * x.parameters;
        trace.computed("master", "W_32", master, "4·N", &["parameters"], SOURCE);
        let moment = SINGLE * x.parameters;
        trace.computed("moment", "m", moment, "4·N", &["parameters"], SOURCE);
        let moments = moment * 2.0;
        trace.computed("moments", "2m", moments, "2·m", &["moment"], SOURCE);
        let persistent = weights + gradients + master + moments;
        trace.computed(
            "persistent",
            "Σ",
            persistent,
            "W + G + W_32 + 2m",
            &["weights", "gradients", "master", "moments"],
            SOURCE,
        );
        macro_rules! per_device {
            ($name:ident, $whole:expr, $whole_name:literal, $symbol:literal) => {
                let $name = $whole / tp;
                trace.computed(
                    stringify!($name),
                    $symbol,
                    $name,
                    $symbol,
                    &[$whole_name, "tensor_parallel"],
                    SOURCE,
                );
            };
        }
        per_device!(device_weights, weights, "weights", "W/tp");
        per_device!(device_gradients, gradients, "gradients", "G/tp");
        per_device!(device_master, master, "master", "W_32/tp");
        per_device!(device_moments, moments, "moments", "2m/tp");
        per_device!(device_activations, x.activations, "activations", "A/tp");
        let device_offloaded = device_weights + device_gradients + device_activations;
        let device_total = device_offloaded + device_master + device_moments;
        trace.computed(
            "device_total",
            "(Σ+A)/tp",
            device_total,
            "(Σ + A) / tp",
            &["persistent", "activations", "tensor_parallel"],
            SOURCE,
        );
        trace.computed(
            "device_offloaded",
            "(W+G+A)/tp",
            device_offloaded,
            "(W + G + A) / tp",
            &["weights", "gradients", "activations", "tensor_parallel"],
            SOURCE,
        );
        let sharded_moments = device_moments / dp;
        trace.computed(
            "sharded_moments",
            "2m/(tp·dp)",
            sharded_moments,
            "2m / (tp × dp)",
            &["moments", "tensor_parallel", "data_parallel"],
            SOURCE,
        );
        let group_moments = moments / dp;
        trace.computed(
            "group_moments",
            "2m/dp",
            group_moments,
            "2m / dp",
            &["moments", "data_parallel"],
            SOURCE,
        );
        let sharded_total = device_weights + sharded_moments;
        trace.computed(
            "sharded_total",
            "W/tp+2m/(tp·dp)",
            sharded_total,
            "W/tp + 2m/(tp·dp)",
            &["device_weights", "sharded_moments"],
            SOURCE,
        );
        StateOut {
            weights,
            gradients,
            master,
            moment,
            moments,
            persistent,
            device_weights,
            device_gradients,
            device_master,
            device_moments,
            device_activations,
            device_total,
            device_offloaded,
            sharded_moments,
            group_moments,
            sharded_total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn sixteen_bytes_per_parameter() {
        let x = StateIn {
            parameters: Params(1e9),
            tensor_parallel: 4.0,
            data_parallel: 8.0,
            activations: Bytes(4e9),
        };
        let out = solve::<StateBytes>(&x, Convention::Reference).unwrap();
        assert_eq!(out.persistent, Bytes(16e9));
        assert_eq!(out.device_total, Bytes(5e9));
        // 2 + 2 GB of 16-bit state and 4 GB of activations over 4.
        assert_eq!(out.device_offloaded, Bytes(2e9));
        assert_eq!((out.sharded_moments, out.sharded_total), (Bytes(0.25e9), Bytes(0.75e9)));
    }
}

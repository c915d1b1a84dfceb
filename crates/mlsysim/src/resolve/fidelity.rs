//! Wall 13 asked about a recorded model on a recorded machine.

mod sweep;

pub use sweep::{Candidate, Constraint, Limits, Sweep, candidate, sweep};

use crate::composite::single_node;
use crate::convention::Convention;
use crate::error::Result;
use crate::precision::Precision;
use crate::registry::{Hardware, Inference, Model};
use crate::trace::{NoTrace, Recorder};
use crate::units::{Bytes, FlopPerSecond, Params, Seconds};
use crate::walls::algorithm::fidelity::{
    Compress, CompressIn, CompressOut, Method, Pattern, Speedup, SpeedupIn,
    upstream_pruning_speedup,
};
use crate::walls::{solve, solve_traced};
use crate::workload::WorkloadSpec;

/// How a model is to be compressed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scheme {
    /// How it is made smaller.
    pub method: Method,
    /// Bits of a quantized weight.
    pub bits: u32,
    /// Bits of the scale that a group of quantized weights shares.
    pub scale_bits: u32,
    /// Bits of the zero point that it shares.
    pub zero_bits: u32,
    /// Weights in such a group.
    pub group: u32,
    /// Share of the weights that pruning removes.
    pub sparsity: f64,
    /// Which weights it removes.
    pub pattern: Pattern,
}

impl Default for Scheme {
    /// 8-bit weights with one scale for so many that it does not count.
    fn default() -> Self {
        Self {
            method: Method::Quantization,
            bits: 8,
            scale_bits: 0,
            zero_bits: 0,
            group: 128,
            sparsity: 0.0,
            pattern: Pattern::Unstructured,
        }
    }
}

impl Scheme {
    /// Weights of that many bits.
    #[must_use]
    pub fn quantized(bits: u32) -> Self {
        Self { bits, ..Self::default() }
    }

    /// That share of the weights removed.
    #[must_use]
    pub fn pruned(sparsity: f64, pattern: Pattern) -> Self {
        Self { method: Method::Pruning, sparsity, pattern, ..Self::default() }
    }
}

/// A model before and after compressing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compression {
    /// Number format of the weights before.
    pub baseline: Precision,
    /// Their size before.
    pub original_size: Bytes,
    /// What the wall says of size and quality.
    pub weights: CompressOut,
    /// Time of a step before over the time after.
    pub speedup: f64,
}

/// Returns what compressing `model` by `scheme` does to its size, its quality, and the time of `step` on `hardware`.
///
/// - [`Convention::Reference`]: both steps are priced as [`single_node::evaluate`] does, with the caches and overheads
///   that compressing leaves as they are.
/// - [`Convention::Upstream030`]: by whether the step is memory bound at the recorded peak; `step` is ignored.
///
/// # Errors
///
/// - As [`crate::walls::solve`] for the scheme.
/// - [`crate::Error::ModelIncomplete`] and [`crate::Error::RateMissing`] if a record lacks what is asked for.
pub fn compression<R: Recorder>(
    model: &Model,
    hardware: &Hardware,
    scheme: &Scheme,
    baseline: Precision,
    step: &Inference,
    convention: Convention,
    trace: &mut R,
) -> Result<Compression> {
    let original_size = match (model.parameters, convention) {
        (Some(parameters), Convention::Upstream030) => parameters * baseline.width(),
        _ => model.weight_bytes(baseline, convention)?,
    };
    // A model recorded by its size at 16 bits has half as many parameters as bytes.
    let stored = || original_size.0 / baseline.width().0;
    let x = CompressIn {
        original_size,
        parameters: model.parameters.unwrap_or_else(|| Params(stored())),
        method: scheme.method,
        base_bits: baseline.bits().0,
        bits: f64::from(scheme.bits),
        scale_bits: f64::from(scheme.scale_bits),
        zero_bits: f64::from(scheme.zero_bits),
        group: f64::from(scheme.group),
        sparsity: scheme.sparsity,
        pattern: scheme.pattern,
        index_bits: 16.0,
    };
    let weights = solve_traced::<Compress, _>(&x, convention, trace)?;
    let speedup = match convention {
        Convention::Upstream030 => upstream_speedup(model, hardware, scheme, baseline, &weights)?,
        Convention::Reference => {
            let (time, compressed) =
                step_times(model, hardware, scheme, baseline, step, weights.ratio)?;
            trace.given("time", "T", time, "the step priced on the machine, as it is");
            let origin = "the step priced on the machine, compressed";
            trace.given("compressed_time", "T'", compressed, origin);
            // Steps that take no time are equally fast.
            if compressed > Seconds::ZERO { time / compressed } else { 1.0 }
        }
    };
    let reads: &'static [&'static str] = match convention {
        Convention::Reference => &["time", "compressed_time"],
        Convention::Upstream030 => &["ratio", "method", "pattern"],
    };
    trace.computed("speedup", "T/T'", speedup, "T / T'", reads, "counting");
    Ok(Compression { baseline, original_size, weights, speedup })
}

fn upstream_speedup(
    model: &Model,
    hardware: &Hardware,
    scheme: &Scheme,
    baseline: Precision,
    weights: &CompressOut,
) -> Result<f64> {
    match scheme.method {
        Method::Other => return Ok(1.0),
        Method::Pruning => {
            return Ok(upstream_pruning_speedup(scheme.pattern, scheme.sparsity, weights.ratio));
        }
        Method::Quantization => {}
    }
    let convention = Convention::Upstream030;
    let ops = model.ops_per_item(convention)?;
    let bytes = model.weight_bytes(baseline, convention)?;
    let x = SpeedupIn {
        ops,
        bytes_moved: bytes,
        compressed_ops: ops,
        compressed_bytes: bytes / weights.ratio,
        peak: hardware.peak,
        compressed_peak: recorded_rate(hardware, scheme.bits).unwrap_or(FlopPerSecond::ZERO),
        bandwidth: hardware.bandwidth,
        efficiency: 1.0,
        overhead: Seconds::ZERO,
    };
    Ok(solve::<Speedup>(&x, convention)?.speedup)
}

/// The recorded rate of exactly that many bits: integers up to eight, floating point above.
fn recorded_rate(hardware: &Hardware, bits: u32) -> Option<FlopPerSecond> {
    let wanted = match bits {
        4 => Precision::Int4,
        8 => Precision::Int8,
        16 => Precision::Fp16,
        32 => Precision::Fp32,
        _ => return None,
    };
    hardware.rates.iter().find(|(known, _)| *known == wanted).map(|(_, rate)| *rate)
}

/// The narrowest format that arithmetic on weights of so many bits can run in.
const fn format_for(bits: u32, baseline: Precision) -> Precision {
    match bits {
        0..=4 => Precision::Int4,
        5..=8 => Precision::Int8,
        9..=16 => match baseline {
            Precision::Bf16 => Precision::Bf16,
            _ => Precision::Fp16,
        },
        _ => Precision::Fp32,
    }
}

/// Time of a step before and after compressing.
fn step_times(
    model: &Model,
    hardware: &Hardware,
    scheme: &Scheme,
    baseline: Precision,
    step: &Inference,
    ratio: f64,
) -> Result<(Seconds, Seconds)> {
    let convention = Convention::Reference;
    let settings = hardware.settings(baseline);
    let work = model.inference(step, baseline, convention, &mut NoTrace)?;
    let device = hardware.device(baseline, convention)?;
    let time = single_node::evaluate(&work, &device, &settings, convention, &mut NoTrace)?.time;

    // The same step with weights of a `ratio`-th of the bytes; caches and activations keep theirs.
    let mut slim = model.clone();
    slim.parameters = slim.parameters.map(|n| n / ratio);
    slim.active_parameters = slim.active_parameters.map(|n| n / ratio);
    slim.stored = slim.stored.map(|bytes| bytes / ratio);
    let small = slim.inference(step, baseline, convention, &mut NoTrace)?;
    let (ops_left, peak) = match (scheme.method, scheme.pattern) {
        (Method::Quantization, _) => {
            (1.0, hardware.rate(format_for(scheme.bits, baseline), convention)?.0)
        }
        (Method::Pruning, Pattern::Structured) => (1.0 - scheme.sparsity, device.peak),
        // Units that skip two of every four run those twice as fast, and nothing sparser any faster.
        (Method::Pruning, Pattern::SemiStructured)
            if skips_zeros(hardware) && scheme.sparsity >= 0.5 =>
        {
            (0.5, device.peak)
        }
        (Method::Pruning | Method::Other, _) => (1.0, device.peak),
    };
    let compressed = WorkloadSpec { ops: work.ops * ops_left, ..small };
    let device = crate::composite::Device { peak, ..device };
    let after = single_node::evaluate(&compressed, &device, &settings, convention, &mut NoTrace)?;
    Ok((time, after.time))
}

/// Whether the machine's units can skip two of every four weights: those came with the formats looked for.
fn skips_zeros(hardware: &Hardware) -> bool {
    let formats = [Precision::Int8, Precision::Fp8, Precision::Tf32];
    hardware.rates.iter().any(|(known, _)| formats.contains(known))
}

/// Whether the machine runs what the scheme makes of a model faster than the model as it was.
fn supports(hardware: &Hardware, scheme: &Scheme) -> bool {
    match (scheme.method, scheme.pattern) {
        (Method::Quantization, _) => {
            scheme.bits >= 16 || recorded_rate(hardware, scheme.bits).is_some()
        }
        (Method::Pruning, Pattern::Structured) | (Method::Other, _) => true,
        (Method::Pruning, Pattern::SemiStructured) => skips_zeros(hardware),
        (Method::Pruning, Pattern::Unstructured) => false,
    }
}

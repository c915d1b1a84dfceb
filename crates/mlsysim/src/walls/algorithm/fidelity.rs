//! Wall 13, fidelity: fewer bits per weight, and what they cost.
//!
//! A smaller model is read faster and fits where the larger does not.
//! What is saved is less than the bits removed: groups of weights carry scales, sparse weights carry positions.
//! What is lost is quality, and it is known only where it was measured.
//! Retraining after compression, mixed bit widths and compressed activations are not modeled.

mod quality;
mod storage;

pub use quality::{QUANTIZED, SPARSE, quality_loss};
pub use storage::{
    Csr, CsrIn, CsrOut, EffectiveBits, GroupIn, GroupOut, SemiStructured, SemiStructuredIn,
    SemiStructuredOut,
};

use crate::convention::Convention;
use crate::error::Result;
use crate::trace::{Recorder, Value};
use crate::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Params, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, labels, record, solve};

const SOURCE: &str = "Han et al. (2015), Deep Compression; Gholami et al. (2021), A Survey of Quantization Methods; \
NVIDIA (2020), A100 Tensor Core GPU Architecture, for 2:4 sparsity";
const UPSTREAM: &str = "mlsysim 0.3.0 (Python)";

/// Bits that say where in its group of four a kept weight stands.
pub(crate) const POSITION_BITS: f64 = 2.0;

/// Returns what compressing a model of `original_size` by `how` leaves of its bytes and its quality.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] naming the first input that is not what its field allows.
/// - [`crate::Error::Overflow`] if a result does not fit a 64-bit float.
///
/// # Source
///
/// Han et al. (2015), "Deep Compression"; for the quality lost see [`quality_loss`].
///
/// # Examples
///
/// ```
/// use mlsysim::units::{Bytes, Params};
/// use mlsysim::walls::algorithm::fidelity::{CompressIn, Method, compress};
///
/// // 4-bit weights with a 16-bit scale and a 4-bit zero for each 128 of them: 4.15625 bits in all.
/// let how = CompressIn {
///     method: Method::Quantization,
///     bits: 4.0,
///     scale_bits: 16.0,
///     zero_bits: 4.0,
///     ..CompressIn::new(Bytes(16e9), Params(8e9))
/// };
/// let out = compress(&how)?;
/// assert_eq!(out.ratio, 16.0 / 4.15625);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn compress(x: &CompressIn) -> Result<CompressOut> {
    solve::<Compress>(x, Convention::Reference)
}

labels! {
    /// How a model is made smaller.
    pub enum Method {
        /// Weights of fewer bits.
        Quantization = "quantization",
        /// Fewer weights.
        Pruning = "pruning",
        /// Anything else, of which nothing is known here.
        Other = "other",
    }
}

labels! {
    /// Which weights pruning removes.
    pub enum Pattern {
        /// Any of them.
        Unstructured = "unstructured",
        /// Whole rows, heads, channels or layers.
        Structured = "structured",
        /// A fixed number out of each group of four.
        SemiStructured = "n_m",
    }
}

record! {
    /// A model and how it is to be compressed.
    pub struct CompressIn {
        /// Size of the weights before.
        original_size: Bytes, "W", NOT_NEGATIVE;
        /// Parameters, which decide how much quality is lost.
        parameters: Params, "N", NOT_NEGATIVE, default 7e9;
        /// How it is made smaller.
        method: Method, "method", ONE_OF_3, default 0.0;
        /// Bits of a weight before.
        base_bits: f64, "b_0", POSITIVE, default 16.0;
        /// Bits of a quantized weight.
        bits: f64, "b", POSITIVE, default 8.0;
        /// Bits of the scale that a group of quantized weights shares.
        scale_bits: f64, "b_s", NOT_NEGATIVE, default 0.0;
        /// Bits of the zero point that it shares.
        zero_bits: f64, "b_z", NOT_NEGATIVE, default 0.0;
        /// Weights in such a group.
        group: f64, "g", COUNT, default 128.0;
        /// Share of the weights that pruning removes.
        sparsity: f64, "s", SHARE, default 0.0;
        /// Which weights it removes.
        pattern: Pattern, "pattern", ONE_OF_3, default 0.0;
        /// Bits of the position of a weight kept by unstructured pruning.
        index_bits: f64, "b_i", NOT_NEGATIVE, default 16.0;
    }
}

impl CompressIn {
    /// A model of that size at 16 bits, left as it is.
    #[must_use]
    pub const fn new(original_size: Bytes, parameters: Params) -> Self {
        Self {
            original_size,
            parameters,
            method: Method::Other,
            base_bits: 16.0,
            bits: 16.0,
            scale_bits: 0.0,
            zero_bits: 0.0,
            group: 128.0,
            sparsity: 0.0,
            pattern: Pattern::Unstructured,
            index_bits: 16.0,
        }
    }
}

record! {
    /// What compressing leaves.
    pub struct CompressOut {
        /// Bits stored per weight of the original, with scales and positions.
        stored_bits: f64, "b_eff", NOT_NEGATIVE;
        /// Size before over size after; infinite if nothing is left.
        ratio: f64, "r", UNBOUNDED;
        /// Size of the weights after.
        compressed_size: Bytes, "W/r", NOT_NEGATIVE;
        /// Share of the bytes saved; negative if it grew.
        savings: f64, "1−1/r", ANY;
        /// Change of quality: of the likelihood of the right token, as a share; upstream's of accuracy.
        quality_change: f64, "Δ", ANY;
        /// Whether the change lies outside what was measured, so is a guess.
        extrapolated: bool, "guess", SHARE;
    }
}

/// The equation `fidelity.compress`.
#[derive(Debug, Clone, Copy)]
pub struct Compress;

impl Equation for Compress {
    type In = CompressIn;
    type Out = CompressOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "fidelity.compress",
        wall: 13,
        also: &[2],
        question: "How much smaller does compressing make a model, and what does it cost in quality?",
        formula: "r = b_0 / b_eff; b_eff = b + (b_s + b_z) / g, or (1 − s) × (b_0 + position bits)",
        source: SOURCE,
        inputs: CompressIn::FIELDS,
        outputs: CompressOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &CompressIn, convention: Convention, trace: &mut R) -> CompressOut {
        let upstream = convention == Convention::Upstream030;
        let (stored_bits, rule) = if upstream { upstream_bits(x) } else { stored_bits(x) };
        let reads: &'static [&'static str] = &[
            "method",
            "base_bits",
            "bits",
            "scale_bits",
            "zero_bits",
            "group",
            "sparsity",
            "pattern",
            "index_bits",
        ];
        trace.computed("stored_bits", "b_eff", stored_bits, rule, reads, SOURCE);
        // Upstream gives a model with nothing left a hundredth of its size.
        let ratio = x.base_bits / stored_bits;
        let reads: &'static [&'static str] = &["base_bits", "stored_bits"];
        trace.computed("ratio", "r", ratio, "b_0 / b_eff", reads, SOURCE);
        let compressed_size = x.original_size * (stored_bits / x.base_bits);
        let reads: &'static [&'static str] = &["original_size", "ratio"];
        trace.computed("compressed_size", "W/r", compressed_size, "W / r", reads, SOURCE);
        let savings = 1.0 - stored_bits / x.base_bits;
        trace.computed("savings", "1−1/r", savings, "1 − 1 / r", &["ratio"], SOURCE);

        let (quality_change, extrapolated, by) = if upstream {
            (upstream_accuracy(x), true, ["steps of bits or sparsity", UPSTREAM])
        } else {
            let (loss, extrapolated) = quality_loss(x);
            // The geometric mean of the likelihood of the right token.
            (libm::expm1(-loss), extrapolated, ["e^{−Δloss} − 1", quality::SOURCE])
        };
        let reads: &'static [&'static str] =
            &["parameters", "method", "base_bits", "stored_bits", "bits", "sparsity", "pattern"];
        trace.computed("quality_change", "Δ", quality_change, by[0], reads, by[1]);
        let rule = "outside the sizes, bits and sparsities measured";
        trace.computed("extrapolated", "guess", Value::Flag(extrapolated), rule, reads, by[1]);
        CompressOut { stored_bits, ratio, compressed_size, savings, quality_change, extrapolated }
    }
}

/// Bits stored per weight of the original.
fn stored_bits(x: &CompressIn) -> (f64, &'static str) {
    let kept = 1.0 - x.sparsity;
    // Nobody stores positions that make it larger.
    let or_dense = |sparse: f64| if sparse < x.base_bits { sparse } else { x.base_bits };
    match (x.method, x.pattern) {
        (Method::Quantization, _) => {
            (x.bits + (x.scale_bits + x.zero_bits) / x.group, "b + (b_s + b_z) / g")
        }
        (Method::Pruning, Pattern::Structured) => (kept * x.base_bits, "(1 − s) × b_0"),
        (Method::Pruning, Pattern::SemiStructured) => {
            (or_dense(kept * (x.base_bits + POSITION_BITS)), "min(b_0, (1 − s) × (b_0 + 2))")
        }
        (Method::Pruning, Pattern::Unstructured) => {
            (or_dense(kept * (x.base_bits + x.index_bits)), "min(b_0, (1 − s) × (b_0 + b_i))")
        }
        (Method::Other, _) => (x.base_bits, "b_0"),
    }
}

/// The Python package's: no scales, no positions, and a hundredth if everything is pruned.
fn upstream_bits(x: &CompressIn) -> (f64, &'static str) {
    match x.method {
        Method::Quantization => (x.bits, "b"),
        Method::Pruning if x.sparsity >= 1.0 => (x.base_bits / 100.0, "b_0 / 100"),
        Method::Pruning => (x.base_bits * (1.0 - x.sparsity), "(1 − s) × b_0"),
        Method::Other => (x.base_bits, "b_0"),
    }
}

/// The Python package's steps.
fn upstream_accuracy(x: &CompressIn) -> f64 {
    match x.method {
        Method::Quantization if x.bits >= 16.0 => 0.0,
        Method::Quantization if (x.bits - 8.0).abs() < 0.5 => -0.002,
        Method::Quantization if x.bits >= 4.0 => -0.025,
        Method::Quantization => -0.050,
        Method::Pruning if x.sparsity <= 0.5 => -0.001,
        Method::Pruning => -0.01 * libm::exp(2.0 * x.sparsity),
        Method::Other => 0.0,
    }
}

/// Returns the speedup that the Python package gives pruning: by the ratio for whole structures, 2 for a pattern of
/// about half of the weights, else none.
#[must_use]
pub fn upstream_pruning_speedup(pattern: Pattern, sparsity: f64, ratio: f64) -> f64 {
    match pattern {
        Pattern::Structured => ratio,
        Pattern::SemiStructured if (sparsity - 0.5).abs() < 0.05 => 2.0,
        Pattern::SemiStructured | Pattern::Unstructured => 1.0,
    }
}

record! {
    /// A step before and after compressing.
    pub struct SpeedupIn {
        /// Operations of the step before.
        ops: Flop, "OPs", NOT_NEGATIVE;
        /// Bytes that it moves before.
        bytes_moved: Bytes, "V", POSITIVE;
        /// Operations of the step after.
        compressed_ops: Flop, "OPs'", NOT_NEGATIVE;
        /// Bytes that it moves after.
        compressed_bytes: Bytes, "V'", POSITIVE;
        /// Rate of the arithmetic units in the format before.
        peak: FlopPerSecond, "Peak", POSITIVE;
        /// Their rate in the format after; 0 if they have none and the weights are widened.
        compressed_peak: FlopPerSecond, "Peak'", NOT_NEGATIVE, default 0.0;
        /// Bandwidth of the memory.
        bandwidth: BytesPerSecond, "BW", POSITIVE;
        /// Share of the peak that the code reaches.
        efficiency: f64, "η", EFFICIENCY, default 0.5;
        /// Time per step that neither arithmetic nor traffic explains.
        overhead: Seconds, "T_o", NOT_NEGATIVE, default 0.0;
    }
}

record! {
    /// How much faster.
    pub struct SpeedupOut {
        /// Time of a step before.
        time: Seconds, "T", POSITIVE;
        /// Time of a step after.
        compressed_time: Seconds, "T'", POSITIVE;
        /// The one over the other.
        speedup: f64, "T/T'", POSITIVE;
    }
}

/// The equation `fidelity.speedup`.
#[derive(Debug, Clone, Copy)]
pub struct Speedup;

const ROOFLINE: &str = "Williams, Waterman & Patterson (2009), Roofline, CACM 52(4)";

impl Equation for Speedup {
    type In = SpeedupIn;
    type Out = SpeedupOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "fidelity.speedup",
        wall: 13,
        also: &[1, 2],
        question: "How much faster is a step with compressed weights?",
        formula: "T / T' with T = max(OPs / (Peak × η), V / BW) + T_o before and after",
        source: ROOFLINE,
        inputs: SpeedupIn::FIELDS,
        outputs: SpeedupOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &SpeedupIn, convention: Convention, trace: &mut R) -> SpeedupOut {
        let widened = x.compressed_peak <= FlopPerSecond::ZERO;
        let compressed_peak = if widened { x.peak } else { x.compressed_peak };
        let step = |ops: Flop, bytes: Bytes, peak: FlopPerSecond| {
            (ops / (peak * x.efficiency)).max(bytes / x.bandwidth) + x.overhead
        };
        let time = step(x.ops, x.bytes_moved, x.peak);
        let reads: &'static [&'static str] =
            &["ops", "bytes_moved", "peak", "bandwidth", "efficiency", "overhead"];
        let formula = "max(OPs / (Peak × η), V / BW) + T_o";
        trace.computed("time", "T", time, formula, reads, ROOFLINE);
        let (speedup, by) = match convention {
            Convention::Reference => {
                (time / step(x.compressed_ops, x.compressed_bytes, compressed_peak), "T / T'")
            }
            Convention::Upstream030 => {
                // By the peak alone, at full efficiency and without overhead.
                let smaller = x.bytes_moved / x.compressed_bytes;
                let faster = compressed_peak / x.peak;
                let memory_bound = x.bytes_moved / x.bandwidth > x.ops / x.peak;
                let rate = if smaller < faster { smaller } else { faster };
                match (memory_bound, widened) {
                    (true, _) => (smaller, "V / V'"),
                    (false, true) => (1.0, "1"),
                    (false, false) => (rate, "min(Peak' / Peak, V / V')"),
                }
            }
        };
        let compressed_time = time / speedup;
        let reads: &'static [&'static str] = &[
            "compressed_ops",
            "compressed_bytes",
            "compressed_peak",
            "bandwidth",
            "efficiency",
            "overhead",
        ];
        let formula = "max(OPs' / (Peak' × η), V' / BW) + T_o";
        trace.computed("compressed_time", "T'", compressed_time, formula, reads, ROOFLINE);
        let reads: &'static [&'static str] = &["time", "compressed_time"];
        trace.computed("speedup", "T/T'", speedup, by, reads, ROOFLINE);
        SpeedupOut { time, compressed_time, speedup }
    }
}

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    reason = "small whole numbers and their quotients by powers of two are exact"
)]
mod tests;

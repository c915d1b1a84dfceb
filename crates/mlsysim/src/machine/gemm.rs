//! Time of one matrix product: tiles in waves against memory traffic.
//!
//! A product `[m, k] × [k, n]` is cut into tiles of the output; the compute units of the machine take them in waves, and
//! the last wave is rarely full. A library keeps kernels for several tiles and picks the best; where tiles are few, it
//! also cuts the inner axis. Small tiles read more operands per operation and reach less of the peak.
//!
//! ```text
//! T = t_launch + min over tiles of (T_c^p + T_m^p)^(1/p) + t_quantize
//! T_c = W · 2·t_m·t_n·k / (R_unit · u),   W = (1 − s)·⌈tiles / units⌉ + s·max(tiles / units, 1)
//! T_m = bytes / (BW · e_m · min(1, b · tiles / units))
//! ```
//!
//! Sources: NVIDIA, "Matrix Multiplication Background User's Guide" (2023), tile and wave quantisation; Williams,
//! Waterman and Patterson, "Roofline" (2009). Narrow formats are priced with the kernel that quantises the activations,
//! as inference libraries run them.
//!
//! Limits: dense operands at rest in main memory, one product at a time, no sparsity; the inner axis counts in whole.

use super::{Calibration, Machine, positive};
use crate::error::Result;
use crate::precision::Precision;

/// A matrix product `[m, k] × [k, n]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Product {
    /// Rows of the left factor: tokens.
    pub m: f64,
    /// Columns of the right factor: outputs.
    pub n: f64,
    /// Shared axis: inputs.
    pub k: f64,
    /// Format of the operands; the result has 16 bits.
    pub precision: Precision,
}

/// The constants of the model, section `task.gemm` of the calibration.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Constants {
    /// Share of a machine's efficiency that 8-bit formats keep.
    pub narrow_share: f64,
    /// Share of that again that 4-bit formats keep.
    pub four_bit_share: f64,
    /// Exponent of a tile's operand reuse in its efficiency.
    pub tile_exponent: f64,
    /// Share of the last wave's empty units that other work fills.
    pub wave_softness: f64,
    /// Units of bandwidth that one compute unit can draw, over its even share.
    pub unit_bandwidth: f64,
    /// Share of the main memory's bandwidth that operands stream at.
    pub memory_share: f64,
    /// Share of the last cache that operands are found in.
    pub cached_share: f64,
    /// Bandwidth of the last cache over that of the main memory.
    pub cached_rate: f64,
    /// Exponent by which arithmetic and traffic overlap: 1 in turns, many at once.
    pub overlap: f64,
    /// Share of a family's kernel time that a product adds.
    pub launch: f64,
    /// Time of the kernel that quantises activations to 8 bits, s.
    pub quantize_time: f64,
    /// Time of the kernel that quantises activations to 4 bits, s.
    pub quantize_time_four_bit: f64,
    /// Bytes that quantising moves per activation.
    pub quantize_traffic: f64,
}

impl Constants {
    /// Reads the section.
    ///
    /// # Errors
    ///
    /// As [`Calibration::constant`].
    pub fn read(calibration: &Calibration) -> Result<Self> {
        let get = |name| calibration.constant("gemm", name);
        Ok(Self {
            narrow_share: get("narrow_share")?,
            four_bit_share: get("four_bit_share")?,
            tile_exponent: get("tile_exponent")?,
            wave_softness: get("wave_softness")?,
            unit_bandwidth: get("unit_bandwidth")?,
            memory_share: get("memory_share")?,
            cached_share: get("cached_share")?,
            cached_rate: get("cached_rate")?,
            overlap: get("overlap")?,
            launch: get("launch")?,
            quantize_time: get("quantize_time")?,
            quantize_time_four_bit: get("quantize_time_four_bit")?,
            quantize_traffic: get("quantize_traffic")?,
        })
    }
}

/// The time of a product and what it is made of, s.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Time {
    /// From launch to end.
    pub total: f64,
    /// Arithmetic of the chosen tiles.
    pub arithmetic: f64,
    /// Traffic of the chosen tiles.
    pub memory: f64,
    /// Quantising the activations.
    pub quantize: f64,
}

/// Tiles of the output, rows by columns, that libraries keep kernels for.
const TILES: [(f64, f64); 10] = [
    (256.0, 128.0),
    (128.0, 256.0),
    (128.0, 128.0),
    (64.0, 128.0),
    (128.0, 64.0),
    (64.0, 64.0),
    (64.0, 256.0),
    (256.0, 64.0),
    (128.0, 192.0),
    (192.0, 128.0),
];

/// Parts that the inner axis may be cut into.
const SPLITS: [f64; 6] = [1.0, 2.0, 3.0, 4.0, 6.0, 8.0];

/// Operand reuse of the largest tile, `t_m·t_n / (t_m + t_n)`.
const REUSE: f64 = 256.0 * 128.0 / (256.0 + 128.0);

/// The bytes of one weight, with the shared scales of formats that have them.
pub(super) fn weight_bytes(precision: Precision) -> f64 {
    match precision {
        // One 8-bit scale for each 16 values.
        Precision::Fp4 => 0.5 + 1.0 / 16.0,
        other => other.width().0,
    }
}

/// The time of `product` on `machine`.
///
/// # Errors
///
/// A size that is not above zero and finite, or [`crate::Error::RateMissing`].
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "registry")] {
/// use mlsysim::Precision;
/// use mlsysim::machine::{Calibration, Machine, gemm};
/// use mlsysim::registry::Registry;
///
/// let (registry, calibration) = (Registry::shipped(), Calibration::shipped());
/// let machine = Machine::new(registry.hardware("h100")?, &calibration)?;
/// let product = gemm::Product { m: 8192.0, n: 8192.0, k: 8192.0, precision: Precision::Bf16 };
/// let time = gemm::time(&machine, &product, &gemm::Constants::read(&calibration)?)?;
/// let rate = 2.0 * 8192.0_f64.powi(3) / time.total;
/// assert!(600e12 < rate && rate < 989e12, "{rate:e}");
/// # }
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn time(machine: &Machine<'_>, product: &Product, constants: &Constants) -> Result<Time> {
    const OP: &str = "machine.gemm";
    let Product { precision, .. } = *product;
    let m = positive(OP, "m", product.m)?;
    let n = positive(OP, "n", product.n)?;
    let k = positive(OP, "k", product.k)?;
    let peak = machine.peak(precision)?;
    let narrow = precision.bits().0 <= 8.0;
    let four_bit = precision.bits().0 <= 4.0;
    let mut efficiency = machine.generation.gemm_efficiency;
    if narrow {
        efficiency *= constants.narrow_share;
    }
    if four_bit {
        efficiency *= constants.four_bit_share;
    }
    let units = f64::from(machine.units());
    let unit_rate = peak / units * efficiency;

    let width = weight_bytes(precision);
    let bytes = width * (m * k + k * n) + 2.0 * m * n;
    let bandwidth = machine.bandwidth() * constants.memory_share;
    let cached = (constants.cached_share * machine.last_cache() / bytes).min(1.0);
    let cache_rate = (machine.bandwidth() * constants.cached_rate).max(bandwidth);
    let traffic = bytes * ((1.0 - cached) / bandwidth + cached / cache_rate);

    let mut best = (f64::INFINITY, 0.0, 0.0);
    for (tile_m, tile_n) in TILES {
        let tiles = libm::ceil(m / tile_m) * libm::ceil(n / tile_n);
        let reuse = (tile_m * tile_n / (tile_m + tile_n) / REUSE).min(1.0);
        let reached = libm::pow(reuse, constants.tile_exponent);
        for split in SPLITS {
            // Cutting the inner axis serves to fill units; kernels for 4-bit operands do not offer it.
            if split > 1.0 && (four_bit || tiles * (split - 1.0) >= units) {
                break;
            }
            let fill = tiles * split / units;
            let waves = (1.0 - constants.wave_softness) * libm::ceil(fill)
                + constants.wave_softness * fill.max(1.0);
            let arithmetic = waves * 2.0 * tile_m * tile_n * (k / split) / (unit_rate * reached);
            let memory = traffic / (constants.unit_bandwidth * fill).min(1.0);
            let both = join(arithmetic, memory, constants.overlap);
            if both < best.0 {
                best = (both, arithmetic, memory);
            }
        }
    }
    let (body, arithmetic, memory) = best;
    let quantize = if narrow {
        let fixed =
            if four_bit { constants.quantize_time_four_bit } else { constants.quantize_time };
        fixed + m * k * constants.quantize_traffic / bandwidth
    } else {
        0.0
    };
    let launch = machine.generation.kernel_time * constants.launch;
    Ok(Time { total: launch + body + quantize, arithmetic, memory, quantize })
}

/// The time of a product in a stream of others: without launch, and without quantising, which training fuses elsewhere.
pub(super) fn body(machine: &Machine<'_>, product: &Product, constants: &Constants) -> Result<f64> {
    let time = time(machine, product, constants)?;
    Ok(join(time.arithmetic, time.memory, constants.overlap))
}

/// Two times that overlap: `(a^p + b^p)^(1/p)`, between the longer one and their sum.
pub(super) fn join(a: f64, b: f64, exponent: f64) -> f64 {
    let (long, short) = if a > b { (a, b) } else { (b, a) };
    if short <= 0.0 {
        return long;
    }
    long * libm::pow(1.0 + libm::pow(short / long, exponent), 1.0 / exponent)
}

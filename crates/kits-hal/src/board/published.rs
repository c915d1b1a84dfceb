//! Published times of the MLPerf Tiny models, and the work of these models: plain numbers.
//!
//! The latency model is fitted on them (`latency_tests.rs`) and shown against them (`examples/latency.rs`).

/// Name; multiply-accumulates of convolutions, thin convolutions, depthwise convolutions, dense layers; elements
/// written; bytes of weights. Counted on the public models: `tests/it/work.rs` counts again where the files are at hand.
pub(crate) const MODELS: [(&str, [u64; 6]); 4] = [
    ("keyword spotting", [2_048_000, 320_000, 288_000, 768, 72_088, 22_016]),
    ("visual wake words", [6_193_152, 497_664, 798_336, 512, 231_812, 208_112]),
    ("image classification", [12_058_624, 442_368, 0, 640, 114_772, 77_360]),
    ("anomaly detection", [0, 0, 0, 264_192, 1_672, 264_192]),
];

/// The two boards of the runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chip {
    /// STM32L4R5: Cortex-M4 at 120 MHz.
    M4,
    /// STM32H7A3: Cortex-M7 at 280 MHz.
    M7,
}

impl Chip {
    /// The clock in hertz.
    pub(crate) const fn hz(self) -> u64 {
        match self {
            Self::M4 => 120_000_000,
            Self::M7 => 280_000_000,
        }
    }
}

/// Runtime, chip, class of kernels (0 portable, 1 library, 2 vendor, 3 best), and milliseconds in the order of [`MODELS`].
pub(crate) const TIMES_MS: [(&str, Chip, usize, [f64; 4]); 6] = [
    ("reference, M4", Chip::M4, 0, [181.9, 600.6, 704.0, 10.05]),
    ("CMSIS-NN, M4", Chip::M4, 1, [99.8, 301.0, 390.0, 8.6]),
    ("ST, M4", Chip::M4, 2, [62.9, 118.7, 214.0, 6.9]),
    ("Plumerai, M4", Chip::M4, 3, [47.8, 98.8, 167.8, 4.05]),
    ("ST, M7", Chip::M7, 2, [16.8, 50.7, 54.3, 1.83]),
    ("Plumerai, M7", Chip::M7, 3, [13.9, 26.8, 50.9, 1.35]),
];

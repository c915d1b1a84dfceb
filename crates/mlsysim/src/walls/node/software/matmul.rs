//! What one matrix product on a machine of many units loses, cause by cause.

use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerSecond, Flop, FlopPerByte, FlopPerSecond, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

const TILES: &str = "counting; NVIDIA (2020), Matrix Multiplication Background User's Guide (tile and wave quantization)";
const ROOFLINE: &str = "Williams, Waterman & Patterson (2009), Roofline, CACM 52(4)";
const COUNTING: &str = "counting";

record! {
    /// A matrix product `[M, K] × [K, N]`, its tiles, and a machine.
    pub struct MatmulIn {
        /// Rows of the left factor.
        m: f64, "M", COUNT;
        /// Columns of the right factor.
        n: f64, "N", COUNT;
        /// Length of the shared axis.
        k: f64, "K", COUNT;
        /// Rate of the machine's arithmetic units in the number format used.
        peak: FlopPerSecond, "Peak", POSITIVE;
        /// Bandwidth of its memory.
        bandwidth: BytesPerSecond, "BW", POSITIVE;
        /// Rows of one tile of the result.
        tile_m: f64, "t_m", COUNT, default 128.0;
        /// Columns of one tile of the result.
        tile_n: f64, "t_n", COUNT, default 128.0;
        /// Part of the shared axis that a tile takes at a time.
        tile_k: f64, "t_k", COUNT, default 32.0;
        /// Units that each work on one tile.
        compute_units: f64, "SM", COUNT, default 1.0;
        /// Bytes of one element.
        element: Bytes, "b", POSITIVE, default 2.0;
        /// Share of a unit that a tile keeps busy.
        occupancy: f64, "η_occ", EFFICIENCY, default 1.0;
        /// Time to launch the kernel that nothing hides.
        launch: Seconds, "τ", NOT_NEGATIVE, default 0.0;
    }
}

impl MatmulIn {
    /// A product `[m, k] × [k, n]` of 16-bit elements on one unit, in tiles of 128 by 128 by 32.
    #[must_use]
    pub const fn new([m, k, n]: [f64; 3], peak: FlopPerSecond, bandwidth: BytesPerSecond) -> Self {
        Self {
            m,
            n,
            k,
            peak,
            bandwidth,
            tile_m: 128.0,
            tile_n: 128.0,
            tile_k: 32.0,
            compute_units: 1.0,
            element: Bytes(2.0),
            occupancy: 1.0,
            launch: Seconds(0.0),
        }
    }
}

record! {
    /// The shares of the peak that remain after each cause, and the time.
    pub struct MatmulOut {
        /// Tiles of the result.
        tiles: f64, "n_t", NOT_NEGATIVE;
        /// Share of the arithmetic that is not padding.
        tile_efficiency: f64, "η_tile", SHARE;
        /// Share of the units' time, over all waves of tiles, in which they have a tile.
        wave_efficiency: f64, "η_wave", SHARE;
        /// Operations per byte, each matrix moved once.
        arithmetic_intensity: FlopPerByte, "I", NOT_NEGATIVE;
        /// Share that remains of the rate when memory is slower.
        memory_share: f64, "η_mem", SHARE;
        /// Time of the kernel without its launch.
        kernel_time: Seconds, "T_k", NOT_NEGATIVE;
        /// Share of the time that is not the launch.
        launch_share: f64, "η_launch", SHARE;
        /// Time of the product.
        time: Seconds, "T", NOT_NEGATIVE;
        /// Share of the peak that the product reaches.
        efficiency: f64, "η", SHARE;
        /// Loss to tiles that stick out, `−ln η_tile`.
        tile_loss: f64, "l_tile", NOT_NEGATIVE;
        /// Loss to the last wave, `−ln η_wave`.
        wave_loss: f64, "l_wave", NOT_NEGATIVE;
        /// Loss to memory, `−ln η_mem`.
        memory_loss: f64, "l_mem", NOT_NEGATIVE;
        /// Loss to the launch, `−ln η_launch`.
        launch_loss: f64, "l_launch", NOT_NEGATIVE;
        /// Loss inside the units, `−ln η_occ`.
        occupancy_loss: f64, "l_occ", NOT_NEGATIVE;
    }
}

/// The equation `software.matmul`.
#[derive(Debug, Clone, Copy)]
pub struct Matmul;

impl Equation for Matmul {
    type In = MatmulIn;
    type Out = MatmulOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "software.matmul",
        wall: 3,
        also: &[1, 2],
        question: "Which share of the peak does one matrix product reach, and what takes the rest?",
        formula: "η = η_occ × η_tile × η_wave × η_mem × η_launch",
        source: TILES,
        inputs: MatmulIn::FIELDS,
        outputs: MatmulOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &MatmulIn, _: Convention, trace: &mut R) -> MatmulOut {
        const SHAPE: &[&str] = &["m", "n", "k", "tile_m", "tile_n", "tile_k"];
        let (across, down, deep) =
            (libm::ceil(x.m / x.tile_m), libm::ceil(x.n / x.tile_n), libm::ceil(x.k / x.tile_k));
        let tiles = across * down;
        trace.computed("tiles", "n_t", tiles, "⌈M / t_m⌉ × ⌈N / t_n⌉", SHAPE, TILES);
        let tile_efficiency =
            ((x.m / (across * x.tile_m)) * (x.n / (down * x.tile_n)) * (x.k / (deep * x.tile_k)))
                .min(1.0);
        trace.computed(
            "tile_efficiency",
            "η_tile",
            tile_efficiency,
            "M × N × K / (⌈M/t_m⌉ t_m × ⌈N/t_n⌉ t_n × ⌈K/t_k⌉ t_k)",
            SHAPE,
            TILES,
        );
        let waves = libm::ceil(tiles / x.compute_units);
        let wave_efficiency = (tiles / (waves * x.compute_units)).min(1.0);
        trace.computed(
            "wave_efficiency",
            "η_wave",
            wave_efficiency,
            "n_t / (⌈n_t / SM⌉ × SM)",
            &["tiles", "compute_units"],
            TILES,
        );
        let ops = Flop(2.0 * x.m * x.n * x.k);
        let moved = x.element * (x.m * x.k + x.k * x.n + x.m * x.n);
        let arithmetic_intensity = ops / moved;
        trace.computed(
            "arithmetic_intensity",
            "I",
            arithmetic_intensity,
            "2 × M × N × K / (b × (M × K + K × N + M × N))",
            &["m", "n", "k", "element"],
            ROOFLINE,
        );
        let arithmetic = x.peak * (x.occupancy * tile_efficiency * wave_efficiency);
        let memory_share = ((x.bandwidth * arithmetic_intensity) / arithmetic).min(1.0);
        trace.computed(
            "memory_share",
            "η_mem",
            memory_share,
            "min(1, BW × I / (Peak × η_occ × η_tile × η_wave))",
            &[
                "arithmetic_intensity",
                "bandwidth",
                "peak",
                "occupancy",
                "tile_efficiency",
                "wave_efficiency",
            ],
            ROOFLINE,
        );
        let kernel_time = ops / (arithmetic * memory_share);
        trace.computed(
            "kernel_time",
            "T_k",
            kernel_time,
            "2 × M × N × K / (Peak × η_occ × η_tile × η_wave × η_mem)",
            &[
                "m",
                "n",
                "k",
                "peak",
                "occupancy",
                "tile_efficiency",
                "wave_efficiency",
                "memory_share",
            ],
            ROOFLINE,
        );
        let time = kernel_time + x.launch;
        trace.computed("time", "T", time, "T_k + τ", &["kernel_time", "launch"], COUNTING);
        let launch_share = kernel_time / time;
        trace.computed(
            "launch_share",
            "η_launch",
            launch_share,
            "T_k / T",
            &["kernel_time", "time"],
            COUNTING,
        );
        const SHARES: &[&str] =
            &["occupancy", "tile_efficiency", "wave_efficiency", "memory_share", "launch_share"];
        let efficiency =
            x.occupancy * tile_efficiency * wave_efficiency * memory_share * launch_share;
        trace.computed(
            "efficiency",
            "η",
            efficiency,
            "η_occ × η_tile × η_wave × η_mem × η_launch",
            SHARES,
            COUNTING,
        );
        let loss = |share: f64| (-libm::log(share)).max(0.0);
        let out = MatmulOut {
            tiles,
            tile_efficiency,
            wave_efficiency,
            arithmetic_intensity,
            memory_share,
            kernel_time,
            launch_share,
            time,
            efficiency,
            tile_loss: loss(tile_efficiency),
            wave_loss: loss(wave_efficiency),
            memory_loss: loss(memory_share),
            launch_loss: loss(launch_share),
            occupancy_loss: loss(x.occupancy),
        };
        out.record_losses(trace);
        out
    }
}

impl MatmulOut {
    #[inline]
    fn record_losses<R: Recorder>(&self, trace: &mut R) {
        let tile: &'static [&'static str] = &["tile_efficiency"];
        trace.computed("tile_loss", "l_tile", self.tile_loss, "−ln η_tile", tile, COUNTING);
        let wave: &'static [&'static str] = &["wave_efficiency"];
        trace.computed("wave_loss", "l_wave", self.wave_loss, "−ln η_wave", wave, COUNTING);
        let memory: &'static [&'static str] = &["memory_share"];
        trace.computed("memory_loss", "l_mem", self.memory_loss, "−ln η_mem", memory, COUNTING);
        let launch: &'static [&'static str] = &["launch_share"];
        trace.computed(
            "launch_loss",
            "l_launch",
            self.launch_loss,
            "−ln η_launch",
            launch,
            COUNTING,
        );
        let occupancy: &'static [&'static str] = &["occupancy"];
        trace.computed(
            "occupancy_loss",
            "l_occ",
            self.occupancy_loss,
            "−ln η_occ",
            occupancy,
            COUNTING,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn a_product_by_hand() {
        // 256 × 256 × 64 in tiles of 128 × 128 × 32: 4 tiles, none sticks out; 3 units need two waves.
        let x = MatmulIn {
            compute_units: 3.0,
            launch: Seconds(1e-6),
            ..MatmulIn::new([256.0, 64.0, 256.0], FlopPerSecond(1e13), BytesPerSecond(1e12))
        };
        let out = solve::<Matmul>(&x, Convention::Reference).unwrap();
        assert_eq!((out.tiles, out.tile_efficiency), (4.0, 1.0));
        assert!((out.wave_efficiency - 4.0 / 6.0).abs() < 1e-15);
        // 2·256·256·64 FLOP over 2·(2·256·64 + 256·256) bytes = 42.67 FLOP/B, above 6.67 TFLOP/s / 1 TB/s.
        assert!((out.arithmetic_intensity.0 - 128.0 / 3.0).abs() < 1e-12);
        assert_eq!(out.memory_share.to_bits(), 1.0_f64.to_bits());
        let kernel = 8_388_608.0 / (1e13 * 2.0 / 3.0);
        assert!((out.time.0 - kernel - 1e-6).abs() < 1e-18);
        // The whole is what was done over what could have been done.
        assert!((out.efficiency - 8_388_608.0 / (1e13 * out.time.0)).abs() < 1e-14);
    }

    #[test]
    fn losses_add_up() {
        let x = MatmulIn {
            compute_units: 108.0,
            occupancy: 0.8,
            launch: Seconds(5e-6),
            ..MatmulIn::new([17.0, 100.0, 4096.0], FlopPerSecond(312e12), BytesPerSecond(2e12))
        };
        let out = solve::<Matmul>(&x, Convention::Reference).unwrap();
        let sum =
            out.tile_loss + out.wave_loss + out.memory_loss + out.launch_loss + out.occupancy_loss;
        // Five logarithms, each rounded once.
        assert!((sum + libm::log(out.efficiency)).abs() < 1e-13);
    }
}

//! The board table: nine boards of the hardware labs, every number with its source.
//!
//! Cycles per multiply-accumulate are published MLPerf Tiny latencies times the clock, divided by the model's
//! multiply-accumulates (keyword spotting 2,656,768; visual wake words 7,489,664; image classification 12,501,632;
//! anomaly detection 264,192). A span covers the four models.

use super::cpu::{Core, Fpu, Kernels, MacCost, Simd};
use super::layers;
use super::memory::{Region, RegionKind};
use super::power::{Power, from_deci_ma, from_deci_ua, from_mw};
use super::provenance::{Sourced, Span};
use super::{Board, StandIn};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const MHZ: u64 = 1_000_000;

/// Cortex-M4 with DSP extension, from runs on an STM32L4R5 at 120 MHz.
const M4_COSTS: &[MacCost] = &[
    // Reference build: 181.9, 600.6, 704 and 10.05 ms.
    cost(Kernels::Portable, Sourced::published(Span::new(4565, 9623))),
    // CMSIS-NN through microTVM: 99.8, 301, 390 and 8.6 ms.
    cost(Kernels::Library, Sourced::published(Span::new(3743, 4823))),
    // ST: 62.9, 118.7, 214 and 6.9 ms.
    cost(Kernels::Vendor, Sourced::published(Span::new(1901, 3135))),
    // Plumerai: 47.8, 98.8, 167.8 and 4.05 ms.
    cost(Kernels::Best, Sourced::published(Span::new(1582, 2160))),
];

/// Cortex-M7, from runs on an STM32H7A3 at 280 MHz.
const M7_COSTS: &[MacCost] = &[
    // ST: 16.8, 50.7, 54.3 and 1.83 ms.
    cost(Kernels::Vendor, Sourced::published(Span::new(1216, 1940))),
    // Plumerai: 13.9, 26.8, 50.9 and 1.35 ms.
    cost(Kernels::Best, Sourced::published(Span::new(1001, 1465))),
];

/// Cortex-M55 with Helium, vector loops. A vector instruction takes two beats or more, so that cycles exceed instructions.
const M55_COSTS: &[MacCost] = &[cost(Kernels::Portable, Sourced::estimate(Span::new(500, 800)))];

/// Cortex-M0: single-cycle multiplier, no DSP extension.
const M0_COSTS: &[MacCost] =
    &[cost(Kernels::Portable, Sourced::estimate(Span::new(12_000, 15_000)))];

/// Xtensa LX7: TinyMaix runs visual wake words in 381 ms at 240 MHz with portable C.
const LX7_COSTS: &[MacCost] = &[
    cost(Kernels::Portable, Sourced::published(Span::one(12_209))),
    cost(Kernels::Vendor, Sourced::estimate(Span::one(5000))),
];

const fn cost(kernels: Kernels, milli_cycles: Sourced<Span>) -> MacCost {
    MacCost { kernels, milli_cycles }
}

const fn region(name: &'static str, kind: RegionKind, base: Option<u32>, bytes: u64) -> Region {
    Region { name, kind, base, bytes: Sourced::datasheet(bytes), slowdown_milli: None }
}

const fn mhz(value: u64) -> Sourced<Span> {
    Sourced::datasheet(Span::one(value.saturating_mul(MHZ)))
}

const fn usd(low: u64, high: u64) -> Option<Sourced<Span>> {
    Some(Sourced::estimate(Span::new(low, high)))
}

/// Every board, microcontrollers first.
pub static BOARDS: [Board; 10] = [
    NANO33BLE,
    NICLA_VISION,
    XIAO_ESP32S3,
    GROVE_VISION_AI_V2,
    MICROBIT,
    LM3S6965,
    RPI_ZERO2W,
    RPI4,
    RPI5,
    RPI5_8,
];

const NANO33BLE: Board = Board {
    id: "nano33ble",
    name: "Arduino Nano 33 BLE Sense",
    chip: "nRF52840",
    cores: &[Core {
        name: "Cortex-M4F",
        count: 1,
        clock_hz: mhz(64),
        fpu: Fpu::Single,
        simd: Simd::Dsp,
        mac_costs: M4_COSTS,
        layer_costs: layers::M4,
    }],
    npu: None,
    regions: &[
        region("flash", RegionKind::Flash, Some(0), MIB),
        region("RAM", RegionKind::Sram, Some(0x2000_0000), 256 * KIB),
    ],
    power: Power {
        // 3.3 mA with the DC/DC converter on, running CoreMark from flash.
        chip_active: Some(Sourced::datasheet(from_deci_ma(33, 33))),
        board_active: Some(Sourced::estimate(from_deci_ma(60, 60))),
        // 3 µA with memory kept and the real-time counter on; 0.4 µA off.
        sleep: Some(Sourced::datasheet(from_deci_ua(30, 30))),
        off: Some(Sourced::datasheet(from_deci_ua(4, 4))),
        ..Power::UNKNOWN
    },
    read_bytes_per_s: None,
    usd: usd(30, 45),
    sensors: "LSM9DS1 or BMI270/BMM150 motion, MP34DT05 microphone",
    stand_in: Some(StandIn { machine: "mps2-an386", exact: false }),
};

const NICLA_VISION: Board = Board {
    id: "nicla_vision",
    name: "Arduino Nicla Vision",
    chip: "STM32H747",
    cores: &[
        Core {
            name: "Cortex-M7",
            count: 1,
            clock_hz: mhz(480),
            fpu: Fpu::Double,
            simd: Simd::Dsp,
            mac_costs: M7_COSTS,
            layer_costs: layers::M7,
        },
        Core {
            name: "Cortex-M4F",
            count: 1,
            clock_hz: mhz(240),
            fpu: Fpu::Single,
            simd: Simd::Dsp,
            mac_costs: M4_COSTS,
            layer_costs: layers::M4,
        },
    ],
    npu: None,
    // 1 MiB in all: 512 KiB belong to the M7 image by default, the 288 KiB of domain D2 can be added.
    regions: &[
        region("flash", RegionKind::Flash, Some(0x0800_0000), 2 * MIB),
        region("RAM", RegionKind::Sram, Some(0x2400_0000), 512 * KIB),
        region("RAM D2", RegionKind::Sram, Some(0x3000_0000), 288 * KIB),
        region("QSPI flash", RegionKind::Xip, Some(0x9000_0000), 16 * MIB),
    ],
    power: Power {
        board_active: Some(Sourced::estimate(from_deci_ma(1050, 1300))),
        sleep: Some(Sourced::datasheet(from_deci_ua(30, 30))),
        ..Power::UNKNOWN
    },
    read_bytes_per_s: None,
    usd: usd(95, 95),
    sensors: "GC2145 camera, LSM6DSOX motion, MP34DT05/06 microphone, VL53L1X distance",
    stand_in: Some(StandIn { machine: "mps2-an500", exact: false }),
};

const XIAO_ESP32S3: Board = Board {
    id: "xiao_esp32s3",
    name: "Seeed XIAO ESP32S3 Sense",
    chip: "ESP32-S3",
    cores: &[Core {
        name: "Xtensa LX7",
        count: 2,
        clock_hz: mhz(240),
        fpu: Fpu::Single,
        simd: Simd::Xtensa128,
        mac_costs: LX7_COSTS,
        layer_costs: &[],
    }],
    npu: None,
    regions: &[
        region("flash", RegionKind::Flash, None, 8 * MIB),
        region("RAM", RegionKind::Sram, None, 512 * KIB),
        Region {
            // Eight bits on both edges of 80 MHz move 160 MB/s at best. If half of it is left after the command
            // overhead of each cache line, a byte costs 240 / 80 = 3 cycles. One new byte for every
            // multiply-accumulate of 12 cycles then gives (12 + 3) / 12.
            slowdown_milli: Some(Sourced::estimate(1250)),
            ..region("PSRAM", RegionKind::Psram, None, 8 * MIB)
        },
    ],
    power: Power {
        board_active: Some(Sourced::estimate(from_deci_ma(1100, 1100))),
        peak: Some(Sourced::lab(from_mw(830, 830))),
        sleep: Some(Sourced::lab(from_deci_ua(140, 140))),
        ..Power::UNKNOWN
    },
    read_bytes_per_s: None,
    // The board alone about 14, the lab kit about 40.
    usd: usd(14, 40),
    sensors: "OV2640 or OV3660 camera, MSM261D3526H1CPM microphone, LSM6DS3TR-C motion on the kit",
    stand_in: None,
};

const GROVE_VISION_AI_V2: Board = Board {
    id: "grove_vision_ai_v2",
    name: "Grove Vision AI V2",
    chip: "Himax HX6538",
    cores: &[Core {
        name: "Cortex-M55",
        count: 2,
        clock_hz: mhz(400),
        fpu: Fpu::Double,
        simd: Simd::Mve,
        mac_costs: M55_COSTS,
        layer_costs: &[],
    }],
    npu: Some("Ethos-U55"),
    regions: &[
        region("flash", RegionKind::Flash, None, 16 * MIB),
        Region {
            // Given as 2.4 MiB: the last digits are not known.
            bytes: Sourced::estimate(24 * MIB / 10),
            ..region("RAM", RegionKind::Sram, None, 0)
        },
    ],
    power: Power {
        // Running detection at 30 frames per second, and its peak.
        board_active: Some(Sourced::lab(from_mw(350, 350))),
        peak: Some(Sourced::lab(from_mw(410, 410))),
        ..Power::UNKNOWN
    },
    read_bytes_per_s: None,
    usd: usd(25, 25),
    sensors: "camera connector (OV5647), digital microphone",
    stand_in: Some(StandIn { machine: "mps3-an547", exact: false }),
};

const MICROBIT: Board = Board {
    id: "microbit",
    name: "BBC micro:bit v1",
    chip: "nRF51822",
    cores: &[Core {
        name: "Cortex-M0",
        count: 1,
        clock_hz: mhz(16),
        fpu: Fpu::None,
        simd: Simd::None,
        mac_costs: M0_COSTS,
        layer_costs: &[],
    }],
    npu: None,
    regions: &[
        region("flash", RegionKind::Flash, Some(0), 256 * KIB),
        region("RAM", RegionKind::Sram, Some(0x2000_0000), 16 * KIB),
    ],
    power: Power {
        chip_active: Some(Sourced::estimate(from_deci_ma(44, 44))),
        sleep: Some(Sourced::datasheet(from_deci_ua(26, 26))),
        ..Power::UNKNOWN
    },
    read_bytes_per_s: None,
    usd: usd(15, 15),
    sensors: "motion sensor, magnetometer, 5 x 5 lights",
    stand_in: Some(StandIn { machine: "microbit", exact: true }),
};

const LM3S6965: Board = Board {
    id: "lm3s6965",
    name: "Stellaris LM3S6965 evaluation board",
    chip: "LM3S6965",
    cores: &[Core {
        name: "Cortex-M3",
        count: 1,
        clock_hz: mhz(50),
        fpu: Fpu::None,
        simd: Simd::None,
        mac_costs: &[],
        layer_costs: &[],
    }],
    npu: None,
    regions: &[
        region("flash", RegionKind::Flash, Some(0), 256 * KIB),
        region("RAM", RegionKind::Sram, Some(0x2000_0000), 64 * KIB),
    ],
    power: Power::UNKNOWN,
    read_bytes_per_s: None,
    usd: None,
    sensors: "",
    stand_in: Some(StandIn { machine: "lm3s6965evb", exact: true }),
};

const RPI_ZERO2W: Board = Board {
    id: "rpi_zero2w",
    name: "Raspberry Pi Zero 2 W",
    chip: "RP3A0",
    cores: &[Core {
        name: "Cortex-A53",
        count: 4,
        clock_hz: mhz(1000),
        fpu: Fpu::Double,
        simd: Simd::Neon,
        mac_costs: &[],
        layer_costs: &[],
    }],
    npu: None,
    regions: &[region("RAM", RegionKind::Dram, None, 512 * MIB)],
    power: Power { board_active: Some(Sourced::estimate(from_mw(2000, 2500))), ..Power::UNKNOWN },
    // The same shares of 3.6 GB/s.
    read_bytes_per_s: Some(Sourced::estimate(Span::new(1_100_000_000, 2_500_000_000))),
    usd: usd(15, 15),
    sensors: "",
    stand_in: None,
};

/// The 4 GiB model; others of the name have 1, 2 or 8 GiB.
const RPI4: Board = Board {
    id: "rpi4",
    name: "Raspberry Pi 4 B (4 GiB)",
    chip: "BCM2711",
    cores: &[Core {
        name: "Cortex-A72",
        count: 4,
        clock_hz: Sourced::datasheet(Span::new(1500 * MHZ, 1800 * MHZ)),
        fpu: Fpu::Double,
        simd: Simd::Neon,
        mac_costs: &[],
        layer_costs: &[],
    }],
    npu: None,
    regions: &[region("RAM", RegionKind::Dram, None, 4096 * MIB)],
    power: Power { board_active: Some(Sourced::estimate(from_mw(5000, 7000))), ..Power::UNKNOWN },
    // The shares of the peak that the Raspberry Pi 5 reaches (0.29 to 0.69), of 12.8 GB/s.
    read_bytes_per_s: Some(Sourced::estimate(Span::new(3_700_000_000, 8_800_000_000))),
    usd: usd(55, 55),
    sensors: "",
    stand_in: None,
};

/// The 4 GiB model; others of the name have 2, 8 or 16 GiB.
const RPI5: Board = Board {
    id: "rpi5",
    name: "Raspberry Pi 5 (4 GiB)",
    chip: "BCM2712",
    cores: &[Core {
        name: "Cortex-A76",
        count: 4,
        clock_hz: mhz(2400),
        fpu: Fpu::Double,
        simd: Simd::NeonDot,
        mac_costs: &[],
        layer_costs: &[],
    }],
    npu: None,
    regions: &[region("RAM", RegionKind::Dram, None, 4096 * MIB)],
    power: Power { board_active: Some(Sourced::estimate(from_mw(8000, 12_000))), ..Power::UNKNOWN },
    // Tokens per second times bytes of the model, over the four models of the lab; the data sheet has 17.1 GB/s.
    read_bytes_per_s: Some(Sourced::lab(Span::new(5_000_000_000, 11_700_000_000))),
    usd: usd(60, 60),
    sensors: "",
    stand_in: None,
};

const RPI5_8: Board = Board {
    id: "rpi5-8",
    name: "Raspberry Pi 5 (8 GiB)",
    regions: &[region("RAM", RegionKind::Dram, None, 8192 * MIB)],
    usd: usd(80, 80),
    ..RPI5
};

#[cfg(test)]
mod tests {
    use super::super::memory::RegionKind;
    use super::super::provenance::Span;
    use super::{BOARDS, Kernels, M4_COSTS, M7_COSTS, MacCost};

    /// Models of the published runs, in the order the runs are given below.
    const MACS: [f64; 4] = [2_656_768.0, 7_489_664.0, 12_501_632.0, 264_192.0];

    /// The span of `clock × latency / MACs` over the four models, in thousandths of a cycle.
    #[track_caller]
    fn check(costs: &[MacCost], kernels: Kernels, mhz: f64, latencies_ms: [f64; 4]) {
        let cycles: [f64; 4] = core::array::from_fn(|i| latencies_ms[i] * 1e3 * mhz / MACS[i]);
        let low = cycles.iter().copied().fold(f64::INFINITY, f64::min) * 1000.0;
        let high = cycles.iter().copied().fold(0.0, f64::max) * 1000.0;
        let cost = costs.iter().find(|c| c.kernels == kernels).expect("a cost of this class");
        let Span { low: l, high: h } = cost.milli_cycles.value;
        // The table holds whole thousandths.
        assert!(
            (l as f64 - low).abs() <= 1.0 && (h as f64 - high).abs() <= 1.0,
            "{l}..{h} against {low}..{high}"
        );
    }

    #[test]
    fn cycles_follow_from_published_latencies() {
        check(M4_COSTS, Kernels::Portable, 120.0, [181.9, 600.6, 704.0, 10.05]);
        check(M4_COSTS, Kernels::Library, 120.0, [99.8, 301.0, 390.0, 8.6]);
        check(M4_COSTS, Kernels::Best, 120.0, [47.8, 98.8, 167.8, 4.05]);
        check(M4_COSTS, Kernels::Vendor, 120.0, [62.9, 118.7, 214.0, 6.9]);
        check(M7_COSTS, Kernels::Vendor, 280.0, [16.8, 50.7, 54.3, 1.83]);
        check(M7_COSTS, Kernels::Best, 280.0, [13.9, 26.8, 50.9, 1.35]);
    }

    #[test]
    fn the_table_is_sound() {
        for (i, b) in BOARDS.iter().enumerate() {
            assert!(BOARDS.iter().skip(i + 1).all(|other| other.id != b.id), "{} twice", b.id);
            assert!(
                !b.cores.is_empty() && b.regions.len() <= super::super::MAX_REGIONS,
                "{}",
                b.id
            );
            let home = |k: RegionKind| b.regions.iter().position(|r| r.kind == k);
            // The planner puts what fits into the first region that may hold it: fast memory comes first.
            if let (Some(fast), Some(slow)) = (home(RegionKind::Sram), home(RegionKind::Psram)) {
                assert!(fast < slow, "{}", b.id);
            }
            assert!(
                home(RegionKind::Sram).or(home(RegionKind::Dram)).is_some(),
                "{} has no memory",
                b.id
            );
            for r in b.regions {
                assert!(r.bytes.value > 0, "{} {}", b.id, r.name);
                assert_eq!(
                    b.regions.iter().filter(|o| o.name == r.name).count(),
                    1,
                    "{} {}",
                    b.id,
                    r.name
                );
            }
            for core in b.cores {
                assert!(
                    core.clock_hz.value.low > 0
                        && core.clock_hz.value.low <= core.clock_hz.value.high
                );
                // Slowest first.
                assert!(
                    core.mac_costs
                        .is_sorted_by(|a, b| a.milli_cycles.value.high > b.milli_cycles.value.high)
                );
            }
        }
    }
}

//! Processor cores: clock, arithmetic units and what one multiply-accumulate costs on them.

use core::fmt;

use super::layers::LayerCosts;
use super::provenance::{Provenance, Sourced, Span};

/// One kind of processor core on a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Core {
    /// The name of the core, for example `Cortex-M4F`.
    pub name: &'static str,
    /// How many of them the chip has.
    pub count: u8,
    /// Clock in hertz; a span where boards of the same name are clocked differently.
    pub clock_hz: Sourced<Span>,
    /// Floating-point hardware.
    pub fpu: Fpu,
    /// Instructions that help int8 arithmetic.
    pub simd: Simd,
    /// Costs of one int8 multiply-accumulate, slowest kernels first; empty where nothing is known.
    pub mac_costs: &'static [MacCost],
    /// Costs by kind of layer, slowest kernels first; empty where nothing is known.
    pub layer_costs: &'static [LayerCosts],
}

/// Floating-point hardware of a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Fpu {
    /// None: floats are computed in software.
    None,
    /// Single precision.
    Single,
    /// Single and double precision.
    Double,
}

/// Instructions of a core that work on several small integers at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Simd {
    /// None.
    None,
    /// Arm DSP extension: two 16-bit products per instruction.
    Dsp,
    /// Arm Helium (MVE): 128-bit vectors, up to sixteen int8 products per instruction.
    Mve,
    /// Arm NEON: 128-bit vectors.
    Neon,
    /// Arm NEON with the int8 dot product.
    NeonDot,
    /// Vector instructions of the Xtensa LX7 in the ESP32-S3: 128-bit vectors.
    Xtensa128,
}

/// A class of int8 kernels, by how far they are tuned to the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Kernels {
    /// Plain portable code, compiled for the core.
    Portable,
    /// A public library of kernels tuned for the core, such as CMSIS-NN.
    Library,
    /// The chip maker's own runtime.
    Vendor,
    /// The best published for the core.
    Best,
}

impl fmt::Display for Kernels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portable => "portable kernels",
            Self::Library => "library kernels",
            Self::Vendor => "vendor kernels",
            Self::Best => "best published kernels",
        })
    }
}

/// What one multiply-accumulate costs with one class of kernels.
///
/// Overheads are inside: the figure is the cycles of whole inferences divided by their multiply-accumulates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MacCost {
    /// The class of kernels.
    pub kernels: Kernels,
    /// Thousandths of a cycle per multiply-accumulate.
    pub milli_cycles: Sourced<Span>,
}

impl Core {
    /// Returns the time that `macs` multiply-accumulates take at `cost`, in microseconds.
    ///
    /// `t = MACs × c × w / f`, with `c` in cycles, `w` the factor of the memory in use (`slowdown_milli / 1000`)
    /// and `f` the clock.
    /// The low end takes the cheapest cycle at the fastest clock and rounds down; the high end is the reverse.
    #[must_use]
    pub fn time_us(&self, macs: u64, cost: &MacCost, slowdown_milli: u32) -> Sourced<Span> {
        let cycles = |milli_cycles: u64| {
            let at_full_speed = macs.saturating_mul(milli_cycles) / 1000;
            at_full_speed.saturating_mul(u64::from(slowdown_milli)) / 1000
        };
        let c = cost.milli_cycles;
        self.cycles_us(Span { low: cycles(c.value.low), high: cycles(c.value.high) }, c.from)
    }

    /// Returns the time of a span of cycles in microseconds: fewest at the fastest clock, rounded down, to most at the
    /// slowest, rounded up.
    pub(super) fn cycles_us(&self, cycles: Span, from: Provenance) -> Sourced<Span> {
        let micros = |cycles: u64, hz: u64, round_up: bool| {
            let seconds = cycles.checked_div(hz).unwrap_or(u64::MAX);
            let rest = cycles.checked_rem(hz).unwrap_or(0).saturating_mul(1_000_000);
            let part = if round_up {
                rest.checked_add(hz.saturating_sub(1)).and_then(|r| r.checked_div(hz))
            } else {
                rest.checked_div(hz)
            };
            seconds.saturating_mul(1_000_000).saturating_add(part.unwrap_or(0))
        };
        let f = self.clock_hz;
        Sourced {
            value: Span {
                low: micros(cycles.low, f.value.high, false),
                high: micros(cycles.high, f.value.low, true),
            },
            from: from.weaker(f.from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Provenance, Sourced, Span};
    use super::{Core, Fpu, Kernels, MacCost, Simd};

    const M4: Core = Core {
        name: "Cortex-M4F",
        count: 1,
        clock_hz: Sourced::datasheet(Span::one(120_000_000)),
        fpu: Fpu::Single,
        simd: Simd::Dsp,
        mac_costs: &[],
        layer_costs: &[],
    };

    const fn cost(low: u64, high: u64) -> MacCost {
        MacCost {
            kernels: Kernels::Portable,
            milli_cycles: Sourced::published(Span::new(low, high)),
        }
    }

    #[test]
    fn time_is_macs_times_cycles_over_clock() {
        // 2 656 768 MAC × 4.6 = 12 221 132 cycles (.8 dropped); / 120 MHz = 101 842.77 us.
        // 2 656 768 MAC × 9.6 = 25 504 972 cycles (.8 dropped); / 120 MHz = 212 541.43 us.
        let t = M4.time_us(2_656_768, &cost(4600, 9600), 1000);
        assert_eq!(t.value, Span::new(101_842, 212_542));
        assert_eq!(t.from, Provenance::Published);
    }

    /// The published latency of the keyword model on a 120 MHz Cortex-M4 with reference kernels, 181.9 ms, and of the
    /// visual wake word model, 600.6 ms, lie inside the span that the same class of kernels gives.
    #[test]
    fn published_latencies_lie_inside_the_span() {
        for (macs, published_us) in
            [(2_656_768, 181_900), (7_489_664, 600_600), (12_501_632, 704_000), (264_192, 10_050)]
        {
            let t = M4.time_us(macs, &cost(4500, 9700), 1000).value;
            assert!(
                t.low <= published_us && published_us <= t.high,
                "{macs} MAC: {t}, published {published_us}"
            );
        }
    }

    #[test]
    fn slow_memory_multiplies_the_time() {
        let t = M4.time_us(120_000_000, &cost(1000, 1000), 1250);
        assert_eq!(t.value, Span::one(1_250_000));
    }

    #[test]
    fn extremes_saturate() {
        let t = M4.time_us(u64::MAX, &cost(9600, 9600), 4000);
        assert!(t.value.high > 1_000_000_000);
        let stopped = Core { clock_hz: Sourced::estimate(Span::one(0)), ..M4 };
        assert_eq!(stopped.time_us(1, &cost(1000, 1000), 1000).value.high, u64::MAX);
    }
}

//! What the layers of a model cost, by class of kernels and core.
//!
//! `cycles = k × Σ work × cost`: how much dearer one kind of work is than another belongs to the class of kernels,
//! the cycles `k` per unit belong to class and core. Where the numbers come from:
//!
//! - *portable* and *library*: the costs are instructions, fitted on instruction counts of TensorFlow Lite Micro
//!   (reference and CMSIS-NN kernels, Cortex-M4, nine models, emulated), which hold no published time. One `k` each, in
//!   cycles per instruction, from four published times.
//! - *vendor* and *best*: no instruction counts exist. A multiply-accumulate counts 1; two costs (thin convolutions,
//!   weight bytes) are shared by both classes and both cores and fitted, with one `k` each, on sixteen published times.
//!
//! So eight numbers are fitted on 24 published times: `latency_tests.rs` fits them again, prints the table, and says
//! what is left when each time is predicted without having been seen.

use super::cpu::{Core, Kernels};
use super::provenance::{Provenance, Sourced, Span};
use super::work::Work;

/// Costs of the kinds of [`Work`] with one class of kernels on one core, in thousandths of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LayerCosts {
    /// The class of kernels.
    pub kernels: Kernels,
    /// One multiply-accumulate of a convolution over four channels and more.
    pub conv: u32,
    /// One of a convolution over fewer channels.
    pub thin_conv: u32,
    /// One of a depthwise convolution.
    pub depthwise: u32,
    /// One of a dense layer.
    pub dense: u32,
    /// One element written.
    pub output: u32,
    /// One byte of weights read.
    pub weight_byte: u32,
    /// The largest error that was seen when a published time was predicted from the others, in percent, rounded up
    /// to a multiple of five.
    pub within_percent: u8,
    /// The source of the costs.
    pub from: Provenance,
}

/// Instructions of the portable kernels of TensorFlow Lite Micro, in thousandths.
pub(super) const PORTABLE: LayerCosts = LayerCosts {
    kernels: Kernels::Portable,
    conv: 8_130,
    thin_conv: 8_130,
    depthwise: 27_820,
    dense: 6_730,
    output: 102_360,
    weight_byte: 0,
    within_percent: 15,
    from: Provenance::Published,
};

/// Instructions of the CMSIS-NN kernels, in thousandths.
pub(super) const LIBRARY: LayerCosts = LayerCosts {
    kernels: Kernels::Library,
    conv: 1_630,
    thin_conv: 1_630,
    depthwise: 3_570,
    dense: 1_970,
    output: 56_290,
    weight_byte: 0,
    within_percent: 20,
    from: Provenance::Published,
};

/// Kernels whose instructions are not known: a multiply-accumulate counts 1, in thousandths.
pub(super) const TUNED: LayerCosts = LayerCosts {
    kernels: Kernels::Vendor,
    conv: 1_000,
    thin_conv: 6_000,
    depthwise: 1_000,
    dense: 1_000,
    output: 0,
    weight_byte: 650,
    within_percent: 30,
    from: Provenance::Published,
};

/// Cortex-M4, fitted on an STM32L4R5 at 120 MHz.
pub(super) const M4: &[LayerCosts] = &[
    PORTABLE.times(Kernels::Portable, 676),
    LIBRARY.times(Kernels::Library, 1_516),
    TUNED.times(Kernels::Vendor, 1_693),
    TUNED.times(Kernels::Best, 1_244),
];

/// Cortex-M7, fitted on an STM32H7A3 at 280 MHz.
pub(super) const M7: &[LayerCosts] =
    &[TUNED.times(Kernels::Vendor, 1_170), TUNED.times(Kernels::Best, 867)];

impl LayerCosts {
    /// Returns the costs multiplied by `k_milli` thousandths.
    #[expect(clippy::cast_possible_truncation, reason = "costs and factors of the table are small")]
    const fn times(self, kernels: Kernels, k_milli: u64) -> Self {
        const fn scaled(cost: u32, k_milli: u64) -> u32 {
            ((cost as u64).saturating_mul(k_milli).saturating_add(500) / 1000) as u32
        }
        Self {
            kernels,
            conv: scaled(self.conv, k_milli),
            thin_conv: scaled(self.thin_conv, k_milli),
            depthwise: scaled(self.depthwise, k_milli),
            dense: scaled(self.dense, k_milli),
            output: scaled(self.output, k_milli),
            weight_byte: scaled(self.weight_byte, k_milli),
            ..self
        }
    }

    /// Returns the cycles of `work`, rounded down.
    #[must_use]
    pub fn cycles(&self, work: &Work) -> u64 {
        [
            (work.conv, self.conv),
            (work.thin_conv, self.thin_conv),
            (work.depthwise, self.depthwise),
            (work.dense, self.dense),
            (work.outputs, self.output),
            (work.weight_bytes, self.weight_byte),
        ]
        .into_iter()
        .fold(0_u64, |sum, (n, cost)| sum.saturating_add(n.saturating_mul(cost.into())))
            / 1000
    }
}

impl Core {
    /// Returns the time that `work` takes at `costs`, in microseconds: the estimate with the error that the costs had
    /// on published times, to both sides.
    ///
    /// `t = w × cycles / f`, with `w` the factor of the memory in use (`slowdown_milli / 1000`) and `f` the clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use kits_hal::board::{Board, Kernels, Work};
    ///
    /// let core = &Board::by_id("nano33ble")?.cores[0];
    /// let costs = core.layer_costs.iter().find(|c| c.kernels == Kernels::Best).expect("published for this core");
    /// let work = Work { conv: 64_000_000, ..Work::default() };
    /// // 64 000 000 × 1.244 cycles at 64 MHz are 1.244 s; 30 % to both sides.
    /// let time = core.layers_time_us(&work, costs, 1000).value;
    /// assert_eq!((time.low, time.high), (870_800, 1_617_200));
    /// # Ok::<(), kits_hal::board::UnknownBoard>(())
    /// ```
    #[must_use]
    pub fn layers_time_us(
        &self,
        work: &Work,
        costs: &LayerCosts,
        slowdown_milli: u32,
    ) -> Sourced<Span> {
        let cycles = costs.cycles(work).saturating_mul(slowdown_milli.into()) / 1000;
        let error = u64::from(costs.within_percent.min(100));
        let percent = |p: u64| cycles.saturating_mul(p) / 100;
        self.cycles_us(
            Span::new(percent(100_u64.saturating_sub(error)), percent(error.saturating_add(100))),
            costs.from,
        )
    }
}

#[cfg(test)]
#[path = "latency_tests.rs"]
mod tests;

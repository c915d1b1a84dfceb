//! Networks without a cache: pictures, volumes, sentences, in batches or one at a time.
//!
//! A sample takes `t = O/(P·e) + O/(TDP·w) + O/(B·i)`: arithmetic at the share `e` that its kind of layers reaches, the
//! energy of its operations under the rated power, and its traffic at an intensity of `i` operations per byte. One
//! sample alone also waits for its kernels. On the cores of a processor `t = (n·c_layer + MACs/(η·m^γ))/f`: layers cost
//! cycles, and of `m` multiply-accumulates per cycle more cores reach less.
//!
//! Sources: Williams et al. 2009 (roofline); Choi et al. 2013 (a roofline of energy); Howard et al. 2017 and Sandler et
//! al. 2018 (`MobileNet` v1 and v2: the layers that are counted); Reddi et al. 2020 (scenarios).

use super::{Calibration, Machine, finished, positive};
use crate::error::Result;
use libm::{ceil, floor, pow, round};

/// What a network spends its operations on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Work {
    /// Dense convolutions of pictures.
    Convolution,
    /// Grouped convolutions and heads that detect.
    Grouped,
    /// Convolutions of volumes.
    Volume,
    /// Encoders of sentences.
    Encoder,
    /// Denoising in steps.
    Diffusion,
}

impl Work {
    /// Its constant in the calibration.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Convolution => "convolution",
            Self::Grouped => "grouped",
            Self::Volume => "volume",
            Self::Encoder => "encoder",
            Self::Diffusion => "diffusion",
        }
    }
}

/// A network on an accelerator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network {
    /// What it spends its operations on.
    pub work: Work,
    /// Operations per sample, two for each multiply-accumulate.
    pub ops: f64,
    /// Kernels per sample, run one after the other.
    pub kernels: f64,
}

/// Rated power of accelerators that tell none, W.
const RATED: f64 = 250.0;

const OP: &str = "network";

impl Network {
    /// Time per sample in large batches on arithmetic units of rate `peak`, s.
    ///
    /// # Errors
    ///
    /// As [`Calibration::constant`].
    pub fn sample(
        &self,
        machine: &Machine<'_>,
        calibration: &Calibration,
        peak: f64,
    ) -> Result<f64> {
        let of = |name: &str| calibration.constant("network", name);
        let rated = machine.hardware.power.map_or(RATED, |power| power.0);
        let ops = positive(OP, "ops", self.ops)?;
        let time = ops / (positive(OP, "peak", peak)? * of(self.work.key())?)
            + ops / (rated * of("ops_per_joule")?)
            + ops / (machine.bandwidth() * of("ops_per_byte")?);
        finished(OP, "sample", time)
    }

    /// Time of one batch by itself, s.
    ///
    /// # Errors
    ///
    /// As [`Calibration::constant`].
    pub fn alone(
        &self,
        machine: &Machine<'_>,
        calibration: &Calibration,
        peak: f64,
        batch: f64,
    ) -> Result<f64> {
        let sample = self.sample(machine, calibration, peak)?;
        let kernel = calibration.constant("network", "kernel_time")?;
        let small = calibration.constant("network", "small_batch")?;
        let kernels = positive(OP, "kernels", self.kernels)?;
        let batch = positive(OP, "batch", batch)?;
        finished(OP, "alone", kernels * kernel + batch * sample * small)
    }
}

/// Layers and multiply-accumulates of a network for processors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layered {
    /// Layers.
    pub layers: f64,
    /// Multiply-accumulates.
    pub macs: f64,
}

/// Channels at a width multiplier, as a multiple of eight within a tenth.
fn channels(wanted: f64) -> f64 {
    let near = (floor((wanted + 4.0) / 8.0) * 8.0).max(8.0);
    if near < 0.9 * wanted { near + 8.0 } else { near }
}

impl Layered {
    /// `MobileNet` v1 at a width multiplier on square pictures of `image` pixels.
    #[must_use]
    pub fn mobilenet_v1(width: f64, image: f64) -> Self {
        const BLOCKS: [(f64, f64); 13] = [
            (64.0, 1.0),
            (128.0, 2.0),
            (128.0, 1.0),
            (256.0, 2.0),
            (256.0, 1.0),
            (512.0, 2.0),
            (512.0, 1.0),
            (512.0, 1.0),
            (512.0, 1.0),
            (512.0, 1.0),
            (512.0, 1.0),
            (1024.0, 2.0),
            (1024.0, 1.0),
        ];
        let mut side = ceil(image / 2.0);
        let mut from = round(32.0 * width);
        let mut macs = side * side * 27.0 * from;
        for (to, stride) in BLOCKS {
            side = ceil(side / stride);
            let to = round(to * width);
            macs += side * side * from * (9.0 + to);
            from = to;
        }
        Self { layers: 28.0, macs: macs + from * 1000.0 }
    }

    /// `MobileNet` v2 at a width multiplier on square pictures of `image` pixels.
    #[must_use]
    pub fn mobilenet_v2(width: f64, image: f64) -> Self {
        const STAGES: [(f64, f64, u32, f64); 7] = [
            (1.0, 16.0, 1, 1.0),
            (6.0, 24.0, 2, 2.0),
            (6.0, 32.0, 3, 2.0),
            (6.0, 64.0, 4, 2.0),
            (6.0, 96.0, 3, 1.0),
            (6.0, 160.0, 3, 2.0),
            (6.0, 320.0, 1, 1.0),
        ];
        let mut side = ceil(image / 2.0);
        let mut from = channels(32.0 * width);
        let mut macs = side * side * 27.0 * from;
        for (expand, to, repeats, first) in STAGES {
            let to = channels(to * width);
            for repeat in 0..repeats {
                let inner = from * expand;
                if expand > 1.0 {
                    macs += side * side * from * inner;
                }
                side = ceil(side / if repeat == 0 { first } else { 1.0 });
                macs += side * side * inner * (9.0 + to);
                from = to;
            }
        }
        let last = channels(1280.0 * width.max(1.0));
        Self { layers: 53.0, macs: macs + side * side * from * last + last * 1000.0 }
    }

    /// Time of one picture on the cores of a processor, s; `software` is a section of the calibration.
    ///
    /// # Errors
    ///
    /// As [`Calibration::constant`].
    pub fn on_cores(
        &self,
        calibration: &Calibration,
        software: &str,
        macs_per_cycle: f64,
        clock: f64,
    ) -> Result<f64> {
        let of = |name: &str| calibration.constant(software, name);
        let width = pow(macs_per_cycle.max(1.0), calibration.constant("cores", "scaling")?);
        Ok((self.layers * of("layer_cycles")? + self.macs / (of("share")? * width))
            / clock.max(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mobilenets_count_what_their_papers_say() {
        // Howard et al. 2017, tables 6 and 7: 569 and 418 million at full width on 224 and 192 pixels, 41 at a quarter.
        for (width, image, millions) in
            [(1.0, 224.0, 569.0), (1.0, 192.0, 418.0), (0.25, 224.0, 41.0)]
        {
            let macs = Layered::mobilenet_v1(width, image).macs / 1e6;
            assert!((macs / millions - 1.0).abs() < 0.02, "v1 {width} {image}: {macs}");
        }
        // Sandler et al. 2018: 300 million at full width; 97 at half width on 224 pixels (their models' table).
        for (width, image, millions) in
            [(1.0, 224.0, 300.0), (0.5, 224.0, 97.0), (0.35, 224.0, 59.0)]
        {
            let macs = Layered::mobilenet_v2(width, image).macs / 1e6;
            assert!((macs / millions - 1.0).abs() < 0.03, "v2 {width} {image}: {macs}");
        }
    }
}

//! One sequence decoded by an interpreter that keeps weights packed: matrix times vector, layer after layer.
//!
//! `t = W/(B·e) + N·q/F + L·t_layer + c·(k·K/B + L·H·a/F) + (n − 1)·t_hop`: packed weights stream at the memory's rate,
//! each parameter costs `q` operations to unpack on the scalar units of rate `F`, cached keys and values stream `k`
//! times, and accelerators that share the layers take turns. A prompt of `T` tokens is multiplied at once; its
//! attention takes `T²`, and accelerators that take turns work on parts of it side by side.
//!
//! Sources: Williams et al. 2009 (roofline); Pope et al. 2023 (memory time of decoding); Huang et al. 2019 (pipelines).

use super::{Calibration, Decoder, Machine, finished, not_negative, positive};
use crate::error::Result;
use crate::precision::Precision;
use libm::ceil;

/// Weights as an interpreter keeps them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Packed {
    /// Bytes of all weights.
    pub bytes: f64,
    /// Parameters.
    pub parameters: f64,
    /// Whether they are blocks of a few bits with scales.
    pub blocks: bool,
}

/// An interpreter on machines that take turns.
#[derive(Debug, Clone, Copy)]
pub struct Interpreter<'a> {
    machine: &'a Machine<'a>,
    decoder: &'a Decoder,
    weights: Packed,
    accelerators: f64,
    scalar: f64,
    matrix: f64,
}

/// Tokens of a prompt that are multiplied together.
const PART: f64 = 512.0;

const OP: &str = "interpreter";

impl<'a> Interpreter<'a> {
    /// An interpreter.
    ///
    /// # Errors
    ///
    /// [`crate::Error::OutOfRange`] for a number that is not above zero, and as [`Machine::peak`].
    pub fn new(
        machine: &'a Machine<'a>,
        decoder: &'a Decoder,
        weights: Packed,
        accelerators: f64,
    ) -> Result<Self> {
        decoder.check(OP)?;
        positive(OP, "bytes", weights.bytes)?;
        positive(OP, "parameters", weights.parameters)?;
        positive(OP, "accelerators", accelerators)?;
        positive(OP, "bandwidth", machine.bandwidth())?;
        let matrix = machine.peak(Precision::Fp16)?;
        // Machines without a rate for scalars have a quarter of that of their matrix units.
        let scalar = machine
            .hardware
            .rates
            .iter()
            .find(|(precision, _)| *precision == Precision::Fp32)
            .map_or(matrix / 4.0, |(_, rate)| rate.0);
        Ok(Self { machine, decoder, weights, accelerators: accelerators.max(1.0), scalar, matrix })
    }

    /// Time of one token at a mean context of `context` tokens, s.
    ///
    /// # Errors
    ///
    /// As [`Calibration::constant`].
    pub fn token(&self, calibration: &Calibration, context: f64) -> Result<f64> {
        let of = |name: &str| calibration.constant("interpreter", name);
        let Packed { bytes, parameters, blocks } = self.weights;
        let bandwidth = self.machine.bandwidth();
        // Stacked memories want more loads in flight than one vector gives in 16 bits.
        let stacked = bandwidth > 1.2e12;
        let unpack = match (blocks, stacked) {
            (true, _) => of("unpack_blocks")?,
            (false, false) => of("unpack_half")?,
            (false, true) => of("unpack_half_stacked")?,
        };
        let layer = of("layer_time")? * if blocks { of("blocks_layer")? } else { 1.0 };
        let Decoder { layers, cached, attention_width, .. } = *self.decoder;
        let streams = bytes / (bandwidth * self.machine.generation.memory_efficiency);
        let heads = attention_width / 128.0;
        let token = of("cache_reads")? * 2.0 * cached / bandwidth
            + layers * heads * of("attention_ops")? / self.scalar;
        let time = streams
            + parameters * unpack / self.scalar
            + layers * layer
            + not_negative(OP, "context", context)? * token
            + (self.accelerators - 1.0) * of("hop_time")?;
        finished(OP, "token", time)
    }

    /// Time of a prompt, s.
    ///
    /// # Errors
    ///
    /// As [`Calibration::constant`].
    pub fn prompt(&self, calibration: &Calibration, tokens: f64) -> Result<f64> {
        let of = |name: &str| calibration.constant("interpreter", name);
        let Decoder { layers, attention_width, .. } = *self.decoder;
        let blocks = if self.weights.blocks { of("blocks_gemm")? } else { 1.0 };
        // Kernels without the newest instructions reach a share of the rate that falls with it.
        let reach = 1.0 / (1.0 / of("gemm_share")? + self.matrix / of("gemm_rate")?);
        let gemm = 2.0 * self.weights.parameters * tokens / (self.matrix * reach * blocks);
        let heads = attention_width / 128.0;
        let attention =
            tokens * tokens * layers * heads * of("prompt_attention_ops")? / self.scalar;
        positive(OP, "tokens", tokens)?;
        let parts = ceil(tokens / PART).max(1.0);
        let turns = (parts + self.accelerators - 1.0) / (parts * self.accelerators);
        // Not every part overlaps: the share of turns that does is fitted.
        let overlap = of("turns_overlap")?;
        let side_by_side = turns * overlap + (1.0 - overlap);
        let hops = of("hop_time")? * (self.accelerators - 1.0) * parts;
        finished(OP, "prompt", (gemm + attention) * side_by_side + hops)
    }
}

//! What one training step of a model demands: operations, traffic, memory.

use super::Model;
use super::demand::fallback_traffic;
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::precision::Precision;
use crate::ranges::Range;
use crate::trace::Recorder;
use crate::units::{Bytes, Flop, Quantity};
use crate::workload::WorkloadSpec;

/// Which activations a training step keeps for its backward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Recompute {
    /// All of them.
    None,
    /// All but the attention scores.
    Selective,
    /// Only the input of each layer; the forward pass runs twice.
    Full,
}

impl Recompute {
    /// The word in reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Selective => "selective",
            Self::Full => "full",
        }
    }
}

/// A training step on one device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Training {
    /// Sequences or inputs in the step.
    pub batch: u32,
    /// Tokens per sequence.
    pub seq_len: u32,
    /// What is recomputed.
    pub recompute: Recompute,
    /// Bytes of optimizer state per parameter: 12 for Adam in mixed precision, 4 for plain momentum.
    pub optimizer_bytes: f64,
    /// Stage of sharding over the data-parallel devices (ZeRO): 1 shards optimizer state, 2 also gradients, 3 also
    /// weights.
    pub zero_stage: u8,
    /// Data-parallel devices.
    pub data_parallel: u32,
    /// Rank of low-rank adapters, if only they are trained.
    pub lora_rank: Option<u32>,
}

impl Default for Training {
    /// One sequence of 2 048 tokens, Adam, nothing recomputed, sharded or frozen.
    fn default() -> Self {
        Self {
            batch: 1,
            seq_len: 2048,
            recompute: Recompute::None,
            optimizer_bytes: 12.0,
            zero_stage: 0,
            data_parallel: 1,
            lora_rank: None,
        }
    }
}

/// The memory of a training step, by part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainingMemory {
    /// Weights, with adapters if there are any.
    pub weights: Bytes,
    /// Gradients.
    pub gradients: Bytes,
    /// Optimizer state.
    pub optimizer: Bytes,
    /// Activations kept for the backward pass.
    pub activations: Bytes,
}

impl TrainingMemory {
    /// The sum of the parts.
    #[must_use]
    pub fn total(&self) -> Bytes {
        self.weights + self.gradients + self.optimizer + self.activations
    }
}

const KORTHIKANTI: &str = "Korthikanti et al. (2022), Reducing Activation Recomputation in Large Transformer Models, table 2";
const PALM: &str = "Chowdhery et al. (2022), PaLM, appendix B";

impl Model {
    /// Bytes of activations that a training step of a transformer keeps.
    ///
    /// Per layer `2·S·B·d` when fully recomputed, `34·S·B·d` when selectively, `34·S·B·d + 5·H·S²·B` otherwise; the
    /// numbers are for 16 bits and scale with the width.
    ///
    /// # Errors
    ///
    /// [`Error::ModelIncomplete`] if layers, width or heads are not recorded.
    ///
    /// # Source
    ///
    /// Korthikanti et al. (2022), table 2.
    pub fn activation_bytes(&self, step: &Training, precision: Precision) -> Result<Bytes> {
        let layers = f64::from(self.layer_count()?);
        let hidden =
            f64::from(self.hidden.ok_or_else(|| self.lacks("the hidden width", "give hidden"))?);
        let (seq_len, batch) = (f64::from(step.seq_len), f64::from(step.batch));
        let per_layer = match step.recompute {
            Recompute::Full => 2.0 * seq_len * batch * hidden,
            Recompute::Selective => 34.0 * seq_len * batch * hidden,
            Recompute::None => {
                let heads = f64::from(
                    self.heads.ok_or_else(|| self.lacks("the number of heads", "give heads"))?,
                );
                34.0 * seq_len * batch * hidden + 5.0 * heads * seq_len * seq_len * batch
            }
        };
        Ok(Bytes(layers * per_layer * (precision.width().0 / 2.0)))
    }

    /// The share of parameters that adapters of rank `r` add: `φ = min(1, 2·r·d·4L/N)`.
    ///
    /// # Errors
    ///
    /// [`Error::ModelIncomplete`] if layers, width or parameters are not recorded.
    pub fn adapter_share(&self, rank: u32) -> Result<f64> {
        let layers = f64::from(self.layer_count()?);
        let hidden =
            f64::from(self.hidden.ok_or_else(|| self.lacks("the hidden width", "give hidden"))?);
        let parameters = self
            .parameters
            .ok_or_else(|| self.lacks("the number of parameters", "give parameters"))?;
        Ok((2.0 * f64::from(rank) * hidden * 4.0 * layers / parameters.0).min(1.0))
    }

    /// Returns the memory of a training step of a transformer.
    ///
    /// Weights and gradients `N·b`, optimizer state `N·o`, activations as [`Model::activation_bytes`].
    /// With adapters, gradients and optimizer state shrink to their share, and [`Convention::Reference`] adds the
    /// adapters' own weights.
    ///
    /// # Errors
    ///
    /// - [`Error::OutOfRange`] for a sharding stage above 3, or no batch, tokens or devices.
    /// - [`Error::ModelIncomplete`] if the record lacks a size.
    ///
    /// # Source
    ///
    /// Rajbhandari et al. (2020), ZeRO, section 3; Korthikanti et al. (2022), table 2.
    pub fn training_memory(
        &self,
        step: &Training,
        precision: Precision,
        convention: Convention,
    ) -> Result<TrainingMemory> {
        step.check()?;
        let parameters = self
            .parameters
            .ok_or_else(|| self.lacks("the number of parameters", "give parameters"))?;
        let share = step.lora_rank.map_or(Ok(1.0), |rank| self.adapter_share(rank))?;
        let devices = f64::from(step.data_parallel);
        let sharded = |bytes: Bytes, from_stage: u8| {
            if step.zero_stage >= from_stage { bytes / devices } else { bytes }
        };
        let whole = parameters * precision.width();
        let adapters = match (step.lora_rank, convention) {
            (Some(_), Convention::Reference) => whole * share,
            _ => Bytes::ZERO,
        };
        Ok(TrainingMemory {
            weights: sharded(whole, 3) + adapters,
            gradients: sharded(whole * share, 2),
            optimizer: sharded(Bytes(step.optimizer_bytes * parameters.0) * share, 1),
            activations: self.activation_bytes(step, precision)?,
        })
    }

    /// Returns what one training step demands in one number format.
    ///
    /// - [`Convention::Reference`]: for transformers `OPs = 6·N_act·B·S` and half of `12·L·H·d_h·S²·B` for causal
    ///   attention, a third more when the forward pass runs twice; other families three times their inference (four
    ///   when recomputing). Frozen weights need no gradients of their own: `(4 + 2φ)` instead of 6. Traffic is that of
    ///   the four phases forward, backward, gradient and update.
    /// - [`Convention::Upstream030`]: three or four times the operations of one inference item per sequence, and the
    ///   traffic of an inference step.
    ///
    /// # Errors
    ///
    /// As [`Model::training_memory`].
    ///
    /// # Source
    ///
    /// Chowdhery et al. (2022), PaLM, appendix B.
    pub fn training<R: Recorder>(
        &self,
        step: &Training,
        precision: Precision,
        convention: Convention,
        trace: &mut R,
    ) -> Result<WorkloadSpec> {
        step.check()?;
        let batch = f64::from(step.batch);
        trace.given("batch", "B", batch, "given by the caller");
        let weights = self.weights_traced(precision, convention, trace)?;
        let memory = self.step_memory(step, weights, precision, convention)?;
        // Forward once, backward as long as two.
        let layers = self.layers.unwrap_or(1).saturating_mul(3);
        let spec = WorkloadSpec {
            weight_bytes: weights,
            working_bytes: (memory - weights).max(Bytes::ZERO),
            footprint: Some(memory),
            layers,
            items: step.batch,
            ..WorkloadSpec::default()
        };
        if convention == Convention::Upstream030 {
            let per_item = self.ops_per_item(convention)?;
            trace.given("ops_per_item", "F", per_item, "record of the model, or two per parameter");
            let useful = per_item * (3.0 * batch);
            let ops =
                if step.recompute == Recompute::Full { per_item * (4.0 * batch) } else { useful };
            let formula =
                if step.recompute == Recompute::Full { "4 × F × B" } else { "3 × F × B" };
            trace.computed(
                "ops",
                "OPs",
                ops,
                formula,
                &["ops_per_item", "batch"],
                "mlsysim 0.3.0 (Python)",
            );
            let bytes_moved = fallback_traffic(weights, batch, trace);
            return Ok(WorkloadSpec { ops, useful_ops: Some(useful), bytes_moved, ..spec });
        }
        let (useful, ops) = self.training_ops(step, trace)?;
        let bytes_moved = self.training_traffic(step, weights, precision, trace)?;
        Ok(WorkloadSpec { ops, useful_ops: Some(useful), bytes_moved, ..spec })
    }

    fn step_memory(
        &self,
        step: &Training,
        weights: Bytes,
        precision: Precision,
        convention: Convention,
    ) -> Result<Bytes> {
        if self.family.is_transformer() {
            return Ok(self.training_memory(step, precision, convention)?.total());
        }
        if step.lora_rank.is_some() {
            return Ok(weights * 1.1);
        }
        let parameters = weights / precision.width();
        Ok(weights * 2.0 + Bytes(step.optimizer_bytes * parameters.0))
    }

    /// Operations that the result needs, and operations with the repeated forward pass.
    fn training_ops<R: Recorder>(&self, step: &Training, trace: &mut R) -> Result<(Flop, Flop)> {
        let batch = f64::from(step.batch);
        if !self.family.is_transformer() {
            let per_item = self.ops_per_item(Convention::Reference)?;
            trace.given("ops_per_item", "F", per_item, "record of the model");
            let useful = per_item * (3.0 * batch);
            let repeated =
                if step.recompute == Recompute::Full { per_item * batch } else { Flop::ZERO };
            trace.given("repeated_ops", "F_r", repeated, "forward pass run again");
            let ops = useful + repeated;
            let reads: &'static [&'static str] = &["ops_per_item", "batch", "repeated_ops"];
            trace.computed("ops", "OPs", ops, "3 × F × B + F_r", reads, PALM);
            return Ok((useful, ops));
        }
        let active = self.active_parameters.or(self.parameters);
        let active =
            active.ok_or_else(|| self.lacks("the number of parameters", "give parameters"))?;
        let share = step.lora_rank.map_or(Ok(1.0), |rank| self.adapter_share(rank))?;
        let tokens = batch * f64::from(step.seq_len);
        trace.given("active_parameters", "N_act", active, "record of the model");
        trace.given("trained_share", "φ", share, "share of the parameters that are trained");
        trace.given("tokens", "B·S", crate::units::Tokens(tokens), "given by the caller");
        let products = Flop((4.0 + 2.0 * share) * active.0 * tokens);
        let reads: &'static [&'static str] = &["trained_share", "active_parameters", "tokens"];
        trace.computed("product_ops", "F_w", products, "(4 + 2φ) × N_act × B·S", reads, PALM);
        let width = f64::from(self.head_count(Convention::Reference)?)
            * f64::from(self.head_width(Convention::Reference)?);
        // Causal attention needs half of the score matrix.
        let layers = f64::from(self.layer_count()?);
        let attention = Flop(6.0 * layers * width * f64::from(step.seq_len) * tokens);
        trace.given("model_layers", "L", layers, "record of the model");
        trace.given("attention_width", "H·d_h", width, "record of the model");
        trace.given(
            "seq_len",
            "S",
            crate::units::Tokens(f64::from(step.seq_len)),
            "given by the caller",
        );
        let reads: &'static [&'static str] =
            &["model_layers", "attention_width", "seq_len", "tokens"];
        trace.computed(
            "attention_ops",
            "F_a",
            attention,
            "½ × 12 × L × H·d_h × S × B·S",
            reads,
            PALM,
        );
        let useful = products + attention;
        let repeated = match step.recompute {
            Recompute::Full => Flop(2.0 * active.0 * tokens) + attention * (1.0 / 3.0),
            Recompute::None | Recompute::Selective => Flop::ZERO,
        };
        trace.given("repeated_ops", "F_r", repeated, "forward pass run again");
        let ops = useful + repeated;
        let reads: &'static [&'static str] = &["product_ops", "attention_ops", "repeated_ops"];
        trace.computed("ops", "OPs", ops, "F_w + F_a + F_r", reads, PALM);
        Ok((useful, ops))
    }

    /// Bytes of the four phases forward `W+A`, backward `A+W+G`, gradient `W+G+O`, update `W+O`.
    fn training_traffic<R: Recorder>(
        &self,
        step: &Training,
        weights: Bytes,
        precision: Precision,
        trace: &mut R,
    ) -> Result<Bytes> {
        if !self.family.is_transformer() {
            return Ok(fallback_traffic(weights, f64::from(step.batch), trace));
        }
        let memory = self.training_memory(step, precision, Convention::Reference)?;
        trace.given("activation_bytes", "A", memory.activations, KORTHIKANTI);
        trace.given("gradient_bytes", "G", memory.gradients, "Rajbhandari et al. (2020), ZeRO");
        trace.given("optimizer_bytes", "O", memory.optimizer, "Rajbhandari et al. (2020), ZeRO");
        let bytes =
            memory.weights * 4.0 + (memory.activations + memory.gradients + memory.optimizer) * 2.0;
        trace.given("trained_weight_bytes", "W_t", memory.weights, "weights on this device");
        let reads: &'static [&'static str] =
            &["trained_weight_bytes", "activation_bytes", "gradient_bytes", "optimizer_bytes"];
        trace.computed("bytes_moved", "V", bytes, "4 × W_t + 2 × (A + G + O)", reads, KORTHIKANTI);
        Ok(bytes)
    }
}

impl Training {
    fn check(&self) -> Result<()> {
        let counts = [
            ("batch", f64::from(self.batch), Range::COUNT),
            ("seq_len", f64::from(self.seq_len), Range::COUNT),
            ("data_parallel", f64::from(self.data_parallel), Range::COUNT),
            ("optimizer_bytes", self.optimizer_bytes, Range::NOT_NEGATIVE),
            ("zero_stage", f64::from(self.zero_stage), Range::ZERO_STAGE),
        ];
        for (name, value, range) in counts {
            if !range.contains(value) {
                return Err(Error::OutOfRange {
                    op: "training",
                    name,
                    range,
                    got: Quantity::number(value),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{Basis, Provenance};
    use crate::registry::Family;
    use crate::trace::NoTrace;
    use crate::units::Params;

    fn gpt() -> Model {
        Model {
            parameters: Some(Params(1e9)),
            layers: Some(10),
            hidden: Some(100),
            heads: Some(4),
            ..Model::new("gpt", Family::Decoder, Provenance::new(Basis::Estimate, "test"))
        }
    }

    #[test]
    fn memory_by_hand() {
        let step = Training { batch: 2, seq_len: 50, ..Training::default() };
        let memory = gpt().training_memory(&step, Precision::Bf16, Convention::Reference).unwrap();
        assert_eq!(
            (memory.weights, memory.gradients, memory.optimizer),
            (Bytes(2e9), Bytes(2e9), Bytes(12e9))
        );
        // 10 × (34·50·2·100 + 5·4·50²·2)
        assert_eq!(memory.activations, Bytes(4_400_000.0));
        let sharded = Training { zero_stage: 2, data_parallel: 4, ..step };
        let memory =
            gpt().training_memory(&sharded, Precision::Bf16, Convention::Reference).unwrap();
        assert_eq!(
            (memory.weights, memory.gradients, memory.optimizer),
            (Bytes(2e9), Bytes(0.5e9), Bytes(3e9))
        );
    }

    #[test]
    fn a_token_costs_six_operations_per_parameter() {
        let step = Training { batch: 1, seq_len: 50, ..Training::default() };
        let work =
            gpt().training(&step, Precision::Bf16, Convention::Reference, &mut NoTrace).unwrap();
        // 6·1e9·50 + 6·10·100·50·50
        assert_eq!(work.ops, Flop(3e11 + 1.5e7));
        let again = Training { recompute: Recompute::Full, ..step };
        let work =
            gpt().training(&again, Precision::Bf16, Convention::Reference, &mut NoTrace).unwrap();
        assert!((work.ops.0 / work.useful_ops.unwrap().0 - 4.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn wrong_stages_are_refused() {
        let step = Training { zero_stage: 4, ..Training::default() };
        let error =
            gpt().training_memory(&step, Precision::Bf16, Convention::Reference).unwrap_err();
        assert_eq!(
            alloc::string::ToString::to_string(&error),
            "training: zero_stage must be a whole number and from 0 to 3, got 4"
        );
    }
}

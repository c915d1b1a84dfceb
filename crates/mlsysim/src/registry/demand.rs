//! What one inference step of a model demands: operations, traffic, memory.

use super::{Family, Model};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::precision::Precision;
use crate::ranges::Range;
use crate::trace::Recorder;
use crate::units::{Bytes, Flop, Params, Quantity, Tokens};
use crate::workload::WorkloadSpec;

/// An inference step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inference {
    /// Items in the step: sequences, images, inputs.
    pub batch: u32,
    /// Tokens that each sequence of a decoder has so far. Other families, and [`Convention::Upstream030`], ignore it.
    pub context: u32,
}

impl Default for Inference {
    /// One item; 2 048 tokens of context.
    fn default() -> Self {
        Self { batch: 1, context: 2048 }
    }
}

/// Share of the weights that the activations of one item are taken to move, where they are not counted.
const ACTIVATION_SHARE: f64 = 0.1;

const COUNTING: &str = "counting";
const POPE: &str = "Pope et al. (2023), Efficiently Scaling Transformer Inference, section 2";
const FALLBACK: &str =
    "activations are not recorded: a tenth of the weights per item, as in mlsysim 0.3.0 (Python)";

impl Model {
    /// Returns what one inference step demands in one number format.
    ///
    /// - Decoder: `OPs = B·(2·N_act + 4·L·H·d_h·S)`, traffic weights and key-value cache. Experts are read as often as
    ///   a batch is expected to reach them: `1 − (1 − k/E)^B` of them.
    /// - State space: as a decoder, with the state read and written in place of the cache.
    /// - Other families: recorded operations per item; traffic weights (once per pass) and activations.
    /// - [`Convention::Upstream030`]: `OPs·B` and `W·(1 + 0.1·B)` for every family.
    ///
    /// # Errors
    ///
    /// - [`Error::OutOfRange`] for a batch of 0.
    /// - [`Error::ModelIncomplete`] if the record lacks what the family needs.
    pub fn inference<R: Recorder>(
        &self,
        step: &Inference,
        precision: Precision,
        convention: Convention,
        trace: &mut R,
    ) -> Result<WorkloadSpec> {
        if step.batch == 0 {
            return Err(Error::OutOfRange {
                op: "inference",
                name: "batch",
                range: Range::COUNT,
                got: Quantity::number(0.0),
            });
        }
        let batch = f64::from(step.batch);
        trace.given("batch", "B", batch, "given by the caller");
        let weights = self.weights_traced(precision, convention, trace)?;
        let spec = WorkloadSpec {
            weight_bytes: weights,
            layers: self.layers.unwrap_or(1),
            items: step.batch,
            ..WorkloadSpec::default()
        };
        if convention == Convention::Upstream030 {
            return self.upstream_inference(spec, batch, trace);
        }
        match self.family {
            Family::Decoder | Family::SparseDecoder => self.decode(spec, step, precision, trace),
            Family::StateSpace => self.recur(spec, step.batch, precision, trace),
            Family::Encoder | Family::Convolutional | Family::Diffusion | Family::Other => {
                self.pass(spec, batch, precision, trace)
            }
        }
    }

    /// Weight bytes, recorded with the count and width they come from.
    pub(super) fn weights_traced<R: Recorder>(
        &self,
        precision: Precision,
        convention: Convention,
        trace: &mut R,
    ) -> Result<Bytes> {
        let weights = self.weight_bytes(precision, convention)?;
        trace.given("width", "b", precision.width(), "storage width of the number format");
        if let Some(parameters) = self.parameters {
            trace.given("parameters", "N", parameters, "record of the model");
            trace.computed(
                "weight_bytes",
                "W",
                weights,
                "N × b",
                &["parameters", "width"],
                COUNTING,
            );
        } else {
            trace.given("weight_bytes", "W", weights, "size in the record of the model");
        }
        Ok(weights)
    }

    fn upstream_inference<R: Recorder>(
        &self,
        spec: WorkloadSpec,
        batch: f64,
        trace: &mut R,
    ) -> Result<WorkloadSpec> {
        let per_item = self.ops_per_item(Convention::Upstream030)?;
        trace.given("ops_per_item", "F", per_item, "record of the model, or two per parameter");
        let ops = per_item * batch;
        trace.computed("ops", "OPs", ops, "F × B", &["ops_per_item", "batch"], COUNTING);
        let bytes_moved = fallback_traffic(spec.weight_bytes, batch, trace);
        Ok(WorkloadSpec { ops, bytes_moved, ..spec })
    }

    /// One token for every sequence.
    fn decode<R: Recorder>(
        &self,
        spec: WorkloadSpec,
        step: &Inference,
        precision: Precision,
        trace: &mut R,
    ) -> Result<WorkloadSpec> {
        const CONVENTION: Convention = Convention::Reference;
        let batch = f64::from(step.batch);
        let context = f64::from(step.context);
        trace.given("context", "S", Tokens(context), "given by the caller");

        let active = self.active_parameters.or(self.parameters);
        let active =
            active.ok_or_else(|| self.lacks("the number of parameters", "give parameters"))?;
        if self.active_parameters.is_some() {
            trace.given("active_parameters", "N_act", active, "record of the model");
        }
        let (symbol, reads): (_, &'static [&'static str]) = match self.active_parameters {
            Some(_) => ("2 × N_act × B", &["active_parameters", "batch"]),
            None => ("2 × N × B", &["parameters", "batch"]),
        };
        let products = Flop(2.0 * active.0 * batch);
        trace.computed("product_ops", "F_w", products, symbol, reads, POPE);
        let layers = f64::from(self.layer_count()?);
        let width =
            f64::from(self.head_count(CONVENTION)?) * f64::from(self.head_width(CONVENTION)?);
        let attention = Flop(4.0 * layers * width * context * batch);
        trace.given("layers", "L", layers, "record of the model");
        trace.given("attention_width", "H·d_h", width, "record of the model");
        let reads: &'static [&'static str] = &["layers", "attention_width", "context", "batch"];
        trace.computed("attention_ops", "F_a", attention, "4 × L × H·d_h × S × B", reads, POPE);
        let ops = products + attention;
        trace.computed("ops", "OPs", ops, "F_w + F_a", &["product_ops", "attention_ops"], POPE);

        let kv = self.kv_cache(step.context, step.batch, precision, CONVENTION)?;
        if self.kv_lora_rank.is_some() {
            trace.given(
                "cache_width",
                "r",
                f64::from(self.kv_lora_rank.unwrap_or(0)),
                "record of the model",
            );
            let reads: &'static [&'static str] =
                &["layers", "cache_width", "context", "batch", "width"];
            trace.computed(
                "kv_bytes",
                "KV",
                kv,
                "L × (r + d_rope) × S × B × b",
                reads,
                "DeepSeek-AI (2024)",
            );
        } else {
            let kv_heads = self.kv_heads.or(self.heads).unwrap_or(0);
            trace.given("kv_heads", "H_kv", f64::from(kv_heads), "record of the model");
            trace.given(
                "head_width",
                "d_h",
                f64::from(self.head_width(CONVENTION)?),
                "record of the model",
            );
            let reads: &'static [&'static str] =
                &["layers", "kv_heads", "head_width", "context", "batch", "width"];
            trace.computed("kv_bytes", "KV", kv, "2 × L × H_kv × d_h × S × B × b", reads, POPE);
        }
        let weights_read = self.expert_reads(spec.weight_bytes, active, batch, trace);
        let bytes_moved = weights_read + kv;
        let reads: &'static [&'static str] = &["weights_read", "kv_bytes"];
        trace.computed("bytes_moved", "V", bytes_moved, "W_r + KV", reads, POPE);
        Ok(WorkloadSpec { ops, bytes_moved, working_bytes: kv, ..spec })
    }

    /// Bytes of weights that one step of a batch reads.
    fn expert_reads<R: Recorder>(
        &self,
        weights: Bytes,
        active: Params,
        batch: f64,
        trace: &mut R,
    ) -> Bytes {
        let (Some(parameters), Some(experts), Some(chosen)) =
            (self.parameters, self.experts, self.experts_per_token)
        else {
            trace.computed("weights_read", "W_r", weights, "W", &["weight_bytes"], POPE);
            return weights;
        };
        // N = shared + routed and N_act = shared + routed·k/E give both parts.
        let chosen_share = f64::from(chosen) / f64::from(experts.max(1));
        let routed = if chosen_share < 1.0 {
            (1.0 - active / parameters) / (1.0 - chosen_share)
        } else {
            0.0
        };
        let reached = 1.0 - libm::pow(1.0 - chosen_share, batch);
        let read = weights * (1.0 - routed * (1.0 - reached));
        trace.given("chosen_share", "k/E", chosen_share, "record of the model");
        let reads: &'static [&'static str] = &["parameters", "active_parameters", "chosen_share"];
        trace.computed("routed_share", "ρ", routed, "(1 − N_act / N) / (1 − k/E)", reads, COUNTING);
        let reads: &'static [&'static str] =
            &["weight_bytes", "routed_share", "chosen_share", "batch"];
        trace.computed(
            "weights_read",
            "W_r",
            read,
            "W × (1 − ρ × (1 − k/E)^B)",
            reads,
            "uniform routing",
        );
        read
    }

    /// One token for every sequence, with a state instead of a cache.
    fn recur<R: Recorder>(
        &self,
        spec: WorkloadSpec,
        batch: u32,
        precision: Precision,
        trace: &mut R,
    ) -> Result<WorkloadSpec> {
        let per_item = self.ops_per_item(Convention::Reference)?;
        trace.given("ops_per_item", "F", per_item, "record of the model, or two per parameter");
        let ops = per_item * f64::from(batch);
        trace.computed("ops", "OPs", ops, "F × B", &["ops_per_item", "batch"], COUNTING);
        let state = self.state_bytes(batch, precision, Convention::Reference)?;
        trace.given("state_bytes", "A_s", state, "Gu & Dao (2023), Mamba, section 3.4");
        let bytes_moved = spec.weight_bytes + state * 2.0;
        trace.computed(
            "bytes_moved",
            "V",
            bytes_moved,
            "W + 2 × A_s",
            &["weight_bytes", "state_bytes"],
            COUNTING,
        );
        Ok(WorkloadSpec { ops, bytes_moved, working_bytes: state, ..spec })
    }

    /// Every item goes through all layers, a diffusion model many times.
    fn pass<R: Recorder>(
        &self,
        spec: WorkloadSpec,
        batch: f64,
        precision: Precision,
        trace: &mut R,
    ) -> Result<WorkloadSpec> {
        let per_item = self.ops_per_item(Convention::Reference)?;
        trace.given("ops_per_item", "F", per_item, "record of the model, or two per parameter");
        let ops = per_item * batch;
        trace.computed("ops", "OPs", ops, "F × B", &["ops_per_item", "batch"], COUNTING);
        let pass = match self.activation_elements {
            Some(elements) => {
                trace.given("activation_elements", "a", elements, "record of the model");
                // Every element is written by one layer and read by the next.
                let bytes = spec.weight_bytes + Bytes(2.0 * elements * precision.width().0 * batch);
                let reads: &'static [&'static str] =
                    &["weight_bytes", "activation_elements", "width", "batch"];
                trace.computed("pass_bytes", "V_p", bytes, "W + 2 × a × b × B", reads, COUNTING);
                bytes
            }
            None => fallback_pass(spec.weight_bytes, batch, trace),
        };
        let passes = f64::from(self.denoising_steps.unwrap_or(1));
        let bytes_moved = pass * passes;
        if self.denoising_steps.is_some() {
            trace.given("passes", "p", passes, "record of the model");
            trace.computed(
                "bytes_moved",
                "V",
                bytes_moved,
                "V_p × p",
                &["pass_bytes", "passes"],
                COUNTING,
            );
        } else {
            trace.computed("bytes_moved", "V", bytes_moved, "V_p", &["pass_bytes"], COUNTING);
        }
        let working_bytes =
            Bytes(self.working_elements.unwrap_or(0.0) * precision.width().0 * batch);
        if let Some(elements) = self.working_elements {
            trace.given("working_elements", "a_w", elements, "record of the model");
            let reads: &'static [&'static str] = &["working_elements", "width", "batch"];
            trace.computed("working_bytes", "A", working_bytes, "a_w × b × B", reads, COUNTING);
        } else {
            trace.given(
                "working_bytes",
                "A",
                working_bytes,
                "activations are not recorded, so not counted",
            );
        }
        let layers = spec.layers.saturating_mul(self.denoising_steps.unwrap_or(1));
        Ok(WorkloadSpec { ops, bytes_moved, working_bytes, layers, ..spec })
    }
}

fn fallback_pass<R: Recorder>(weights: Bytes, batch: f64, trace: &mut R) -> Bytes {
    trace.given("activation_share", "α", ACTIVATION_SHARE, FALLBACK);
    let bytes = weights * (1.0 + ACTIVATION_SHARE * batch);
    let reads: &'static [&'static str] = &["weight_bytes", "activation_share", "batch"];
    trace.computed("pass_bytes", "V_p", bytes, "W × (1 + α × B)", reads, FALLBACK);
    bytes
}

pub(super) fn fallback_traffic<R: Recorder>(weights: Bytes, batch: f64, trace: &mut R) -> Bytes {
    trace.given("activation_share", "α", ACTIVATION_SHARE, FALLBACK);
    let bytes = weights * (1.0 + ACTIVATION_SHARE * batch);
    let reads: &'static [&'static str] = &["weight_bytes", "activation_share", "batch"];
    trace.computed("bytes_moved", "V", bytes, "W × (1 + α × B)", reads, FALLBACK);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{Basis, Provenance};
    use crate::trace::{NoTrace, Trace};

    fn llama() -> Model {
        Model {
            parameters: Some(Params(8.03e9)),
            layers: Some(32),
            hidden: Some(4096),
            heads: Some(32),
            kv_heads: Some(8),
            ..Model::new("llama", Family::Decoder, Provenance::new(Basis::Literature, "test"))
        }
    }

    #[test]
    fn a_decoding_step_by_hand() {
        let step = Inference { batch: 2, context: 1000 };
        let mut trace = Trace::new();
        let work =
            llama().inference(&step, Precision::Fp16, Convention::Reference, &mut trace).unwrap();
        // 2 × 8.03e9 × 2 + 4 × 32 × 4096 × 1000 × 2
        assert_eq!(work.ops, Flop(32.12e9 + 1.048_576e9));
        // 131 072 bytes per token of context.
        assert_eq!(work.working_bytes, Bytes(131_072.0 * 2000.0));
        assert_eq!(work.bytes_moved, Bytes(16.06e9 + 131_072.0 * 2000.0));
        assert_eq!(trace.quantity("ops"), Some(work.ops.into()));
        assert_eq!(trace.quantity("bytes_moved"), Some(work.bytes_moved.into()));
    }

    #[test]
    fn a_batch_reaches_more_experts() {
        // 10 parameters, 4 shared and 6 in 3 experts of which a token uses 1: active 4 + 2 = 6.
        let sparse = Model {
            parameters: Some(Params(10.0)),
            active_parameters: Some(Params(6.0)),
            experts: Some(3),
            experts_per_token: Some(1),
            family: Family::SparseDecoder,
            ..llama()
        };
        let read = |batch| {
            let step = Inference { batch, context: 0 };
            sparse
                .inference(&step, Precision::Int8, Convention::Reference, &mut NoTrace)
                .unwrap()
                .bytes_moved
                .0
        };
        assert!((read(1) - 6.0).abs() < 1e-12, "one token reads its active parameters");
        // Two tokens reach 1 − (2/3)² = 5/9 of the routed 6.
        assert!((read(2) - (4.0 + 6.0 * 5.0 / 9.0)).abs() < 1e-12);
        assert!((read(1000) - 10.0).abs() < 1e-9, "many tokens read everything");
    }

    #[test]
    fn a_diffusion_model_reads_its_weights_every_pass() {
        let diffusion = Model {
            parameters: Some(Params(1e9)),
            ops: Some(Flop(7e11)),
            denoising_steps: Some(50),
            activation_elements: Some(0.0),
            ..Model::new("d", Family::Diffusion, Provenance::new(Basis::Estimate, "test"))
        };
        let step = Inference::default();
        let work = diffusion
            .inference(&step, Precision::Fp16, Convention::Reference, &mut NoTrace)
            .unwrap();
        assert_eq!((work.ops, work.bytes_moved), (Flop(3.5e13), Bytes(1e11)));
    }

    #[test]
    fn a_batch_of_nothing_is_refused() {
        let step = Inference { batch: 0, context: 0 };
        let error = llama()
            .inference(&step, Precision::Fp16, Convention::Reference, &mut NoTrace)
            .unwrap_err();
        assert_eq!(
            alloc::string::ToString::to_string(&error),
            "inference: batch must be a whole number and at least 1, got 0"
        );
    }
}

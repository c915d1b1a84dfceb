//! A decoder as the models of inference see it: how much is read, multiplied and cached for one token.

use super::{not_negative, positive};
use crate::error::{Error, Result};
use crate::registry::Model;

/// Parameters and widths of a decoder.
///
/// Plain counts; a decoder without experts has none of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decoder {
    /// Layers.
    pub layers: f64,
    /// Width between the layers.
    pub hidden: f64,
    /// Heads times the width of one.
    pub attention_width: f64,
    /// Parameters that every token uses, without embeddings.
    pub shared: f64,
    /// Parameters of one expert in all layers.
    pub expert: f64,
    /// Experts per layer; 0 without.
    pub experts: f64,
    /// Experts that one token is sent to.
    pub experts_per_token: f64,
    /// Parameters of the output embedding, which stays in 16 bits.
    pub output: f64,
    /// Numbers kept per token for attention, in all layers.
    pub cached: f64,
    /// Tokens that every other layer attends to, where attention slides.
    pub window: Option<f64>,
}

impl Decoder {
    /// The decoder that a record describes.
    ///
    /// # Errors
    ///
    /// [`Error::ModelIncomplete`] if the record has no architecture, and as [`Model::count_parameters`].
    pub fn new(model: &Model) -> Result<Self> {
        let incomplete = |what| Error::ModelIncomplete {
            model: model.name.clone(),
            what,
            remedy: "give the architecture of its configuration",
        };
        let of =
            |value: Option<u32>, missing| value.map(f64::from).ok_or_else(|| incomplete(missing));
        let architecture = model.architecture.as_ref().ok_or_else(|| incomplete("vocab"))?;
        let layers = of(model.layers, "layers")?;
        let hidden = of(model.hidden, "hidden")?;
        let heads = of(model.heads, "heads")?;
        let head = model.head_dim.map_or(hidden / heads, f64::from);
        let groups = model.kv_heads.map_or(heads, f64::from);
        let experts = model.experts.map_or(0.0, f64::from);
        let matrices = if architecture.gated { 3.0 } else { 2.0 };
        let inner = f64::from(architecture.expert_ffn.unwrap_or(architecture.ffn));
        let sparse = layers - f64::from(architecture.dense_layers);
        let expert = if experts > 0.0 { sparse * matrices * hidden * inner } else { 0.0 };
        let output = f64::from(architecture.vocab) * hidden;
        let tables = if architecture.tied { output } else { 2.0 * output };
        let counted = model.count_parameters()?.map(|count| count.total.0);
        let total = counted.or(model.parameters.map(|count| count.0));
        let total = total.ok_or_else(|| incomplete("parameters"))?;
        let cached = match (model.kv_lora_rank, model.qk_rope_head_dim) {
            (Some(rank), Some(positions)) => layers * (f64::from(rank) + f64::from(positions)),
            _ => 2.0 * layers * groups * head,
        };
        Ok(Self {
            layers,
            hidden,
            attention_width: heads * head,
            shared: (total - tables - expert * experts).max(0.0),
            expert,
            experts,
            experts_per_token: model.experts_per_token.map_or(0.0, f64::from),
            output,
            cached,
            window: model.sliding_window.map(f64::from),
        })
    }

    /// Checks that every number is one that a decoder can have.
    pub(super) fn check(&self, op: &'static str) -> Result<()> {
        let Self { layers, hidden, attention_width, shared, expert, .. } = *self;
        let Self { experts, experts_per_token, output, cached, window, .. } = *self;
        positive(op, "layers", layers)?;
        positive(op, "hidden", hidden)?;
        positive(op, "attention_width", attention_width)?;
        positive(op, "cached", cached)?;
        positive(op, "window", window.unwrap_or(1.0))?;
        let rest = [
            ("shared", shared),
            ("expert", expert),
            ("experts", experts),
            ("experts_per_token", experts_per_token),
            ("output", output),
        ];
        rest.into_iter().try_for_each(|(name, value)| not_negative(op, name, value).map(drop))
    }

    /// Whether tokens are sent to experts.
    #[must_use]
    pub fn is_sparse(&self) -> bool {
        self.experts > 0.0
    }

    /// Parameters that one token is multiplied with.
    #[must_use]
    pub fn active(&self) -> f64 {
        self.shared + self.experts_per_token * self.expert + self.output
    }

    /// Distinct experts of a layer that a batch reaches: `E · (1 − (1 − k/E)^(b^r))`.
    ///
    /// With `r` = 1 tokens choose independently; routed together they reach fewer, as `b^r` independent ones would.
    #[must_use]
    pub fn reached(&self, batch: f64, routing: f64) -> f64 {
        if !self.is_sparse() {
            return 0.0;
        }
        let share = (self.experts_per_token / self.experts).clamp(0.0, 1.0);
        let tokens = libm::pow(batch.max(1.0), routing.clamp(0.0, 1.0));
        self.experts * (1.0 - libm::pow(1.0 - share, tokens))
    }

    /// Tokens that attention reads per layer on average at a context of `context`: where it slides, every other layer
    /// reads its window only.
    #[must_use]
    pub fn attended(&self, context: f64) -> f64 {
        self.window.map_or(context, |window| f64::midpoint(context, context.min(window)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPARSE: Decoder = Decoder {
        layers: 2.0,
        hidden: 8.0,
        attention_width: 8.0,
        shared: 1000.0,
        expert: 100.0,
        experts: 8.0,
        experts_per_token: 2.0,
        output: 80.0,
        cached: 32.0,
        window: Some(4.0),
    };

    #[test]
    fn a_batch_reaches_what_counting_says() {
        // Two of eight experts each: one token reaches 2; two independent tokens 8 · (1 − (3/4)²) = 3.5.
        assert!((SPARSE.reached(1.0, 1.0) - 2.0).abs() < 1e-12);
        assert!((SPARSE.reached(2.0, 1.0) - 3.5).abs() < 1e-12);
        assert!((SPARSE.reached(1e9, 1.0) - 8.0).abs() < 1e-9, "all of them at last");
        assert!((SPARSE.active() - (1000.0 + 200.0 + 80.0)).abs() < 1e-12);
    }

    #[test]
    fn sliding_layers_read_their_window() {
        // Half the layers read 4 of 100 tokens: (100 + 4) / 2.
        assert!((SPARSE.attended(100.0) - 52.0).abs() < 1e-12);
        assert!((SPARSE.attended(3.0) - 3.0).abs() < 1e-12);
    }

    #[cfg(feature = "registry")]
    #[test]
    fn a_record_gives_the_counts_of_its_paper() {
        let registry = crate::registry::Registry::shipped();
        let llama = Decoder::new(registry.model("llama3-8b").expect("shipped")).expect("complete");
        // 8.03e9 parameters less 2 · 128256 · 4096 of embeddings; 2 · 32 layers · 8 heads · 128 numbers per token.
        assert!((llama.shared - (8.030_261e9 - 2.0 * 128_256.0 * 4096.0)).abs() < 1e6, "{llama:?}");
        assert!((llama.cached - 65_536.0).abs() < 1e-9);
        let deepseek =
            Decoder::new(registry.model("deepseek-v3/r1").expect("shipped")).expect("complete");
        // 61 layers of 512 + 64; about 37e9 active.
        assert!((deepseek.cached - 35_136.0).abs() < 1e-9);
        assert!((deepseek.active() / 37e9 - 1.0).abs() < 0.05, "{}", deepseek.active());
    }
}

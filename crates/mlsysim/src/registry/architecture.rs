//! The shape of a transformer in full, from which its parameters are counted to the last one.

use super::models::Model;
use crate::convention::Convention;
use crate::error::Result;
use crate::units::Params;

/// Which matrices add a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Biases {
    /// None of them.
    #[default]
    None,
    /// Queries, keys and values.
    QueryKeyValue,
    /// All four matrices of attention.
    Attention,
    /// Attention, feed-forward, experts and router.
    Everywhere,
}

impl Biases {
    /// Every choice.
    pub const ALL: [Self; 4] = [Self::None, Self::QueryKeyValue, Self::Attention, Self::Everywhere];

    /// The word in data files.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::QueryKeyValue => "qkv",
            Self::Attention => "attention",
            Self::Everywhere => "everywhere",
        }
    }
}

/// What a transformer is made of besides the widths that every [`Model`] records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Architecture {
    /// Words of the vocabulary.
    pub vocab: u32,
    /// Width inside a dense feed-forward block.
    pub ffn: u32,
    /// Whether that block has a third matrix that gates the first.
    pub gated: bool,
    /// Whether the output reuses the embedding of the input.
    pub tied: bool,
    /// Learned positions.
    pub positions: u32,
    /// Which matrices add a bias.
    pub biases: Biases,
    /// Whether norms shift as well as scale.
    pub norm_shift: bool,
    /// Norms per layer.
    pub norms: u32,
    /// Whether each head's queries and keys are normed.
    pub qk_norm: bool,
    /// Whether each head has a learned sink.
    pub sinks: bool,
    /// Width inside an expert, where it differs from the dense block's.
    pub expert_ffn: Option<u32>,
    /// Experts that every token uses.
    pub shared_experts: u32,
    /// Layers at the start that have a dense block instead of experts.
    pub dense_layers: u32,
    /// Whether the router has a bias of its own.
    pub router_bias: bool,
    /// Rank of compressed queries (multi-head latent attention).
    pub q_lora_rank: Option<u32>,
    /// Width of the part of a query head that carries no position (multi-head latent attention).
    pub qk_nope_head_dim: Option<u32>,
    /// Width of a value head (multi-head latent attention).
    pub v_head_dim: Option<u32>,
}

impl Architecture {
    /// A gated decoder without biases, positions or experts.
    #[must_use]
    pub const fn new(vocab: u32, ffn: u32) -> Self {
        Self {
            vocab,
            ffn,
            gated: true,
            tied: false,
            positions: 0,
            biases: Biases::None,
            norm_shift: false,
            norms: 2,
            qk_norm: false,
            sinks: false,
            expert_ffn: None,
            shared_experts: 0,
            dense_layers: 0,
            router_bias: false,
            q_lora_rank: None,
            qk_nope_head_dim: None,
            v_head_dim: None,
        }
    }

    /// Matrices of one feed-forward block.
    const fn matrices(&self) -> f64 {
        if self.gated { 3.0 } else { 2.0 }
    }

    /// Parameters of one feed-forward block of inner width `inner` on a hidden width `hidden`.
    fn block(&self, hidden: f64, inner: f64) -> f64 {
        let bias = if self.biases == Biases::Everywhere {
            (self.matrices() - 1.0) * inner + hidden
        } else {
            0.0
        };
        self.matrices() * hidden * inner + bias
    }
}

/// Parameters of a model by the part they belong to.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ParameterCount {
    /// Embeddings of input, output and positions.
    pub embeddings: Params,
    /// Attention, with its norms of queries and keys.
    pub attention: Params,
    /// Feed-forward blocks, experts and routers.
    pub feed_forward: Params,
    /// Norms of the layers and the last one.
    pub norms: Params,
    /// All of them.
    pub total: Params,
    /// Those that one token uses: all but the experts that it was not sent to.
    pub active: Params,
}

impl Model {
    /// Counts the parameters from the architecture; `None` where none is recorded.
    ///
    /// # Errors
    ///
    /// [`crate::Error::ModelIncomplete`] if layers, heads, widths or experts are missing.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "registry")] {
    /// use mlsysim::registry::Registry;
    ///
    /// let registry = Registry::shipped();
    /// let count = registry.model("llama3_8b")?.count_parameters()?.expect("a recorded architecture");
    /// assert_eq!(count.total.0, 8_030_261_248.0);
    /// # }
    /// # Ok::<(), mlsysim::Error>(())
    /// ```
    pub fn count_parameters(&self) -> Result<Option<ParameterCount>> {
        let Some(a) = &self.architecture else { return Ok(None) };
        let layers = f64::from(self.layer_count()?);
        let hidden =
            f64::from(self.hidden.ok_or_else(|| self.lacks("the hidden width", "give hidden"))?);
        let norm = if a.norm_shift { 2.0 * hidden } else { hidden };
        let tables = if a.tied { 1.0 } else { 2.0 };
        let embeddings = hidden * (tables * f64::from(a.vocab) + f64::from(a.positions));
        let attention = layers * self.attention_parameters(a, hidden)?;
        let norms = (f64::from(a.norms) * layers + 1.0) * norm;
        let dense = a.block(hidden, f64::from(a.ffn));
        let (feed_forward, active_feed_forward) = match self.experts {
            None => (layers * dense, layers * dense),
            Some(experts) => {
                let chosen = self.experts_per_token.ok_or_else(|| {
                    self.lacks("the number of experts per token", "give experts_per_token")
                })?;
                let first = f64::from(a.dense_layers).min(layers);
                let expert = a.block(hidden, f64::from(a.expert_ffn.unwrap_or(a.ffn)));
                let has_bias = a.router_bias || a.biases == Biases::Everywhere;
                let router = f64::from(experts) * (hidden + if has_bias { 1.0 } else { 0.0 });
                let shared = f64::from(a.shared_experts);
                let of = |experts: u32| {
                    first * dense
                        + (layers - first) * ((f64::from(experts) + shared) * expert + router)
                };
                (of(experts), of(chosen.min(experts)))
            }
        };
        let rest = embeddings + attention + norms;
        Ok(Some(ParameterCount {
            embeddings: Params(embeddings),
            attention: Params(attention),
            feed_forward: Params(feed_forward),
            norms: Params(norms),
            total: Params(rest + feed_forward),
            active: Params(rest + active_feed_forward),
        }))
    }

    /// Parameters of the attention of one layer.
    fn attention_parameters(&self, a: &Architecture, hidden: f64) -> Result<f64> {
        let heads = f64::from(self.head_count(Convention::Reference)?);
        if let (Some(rank), Some(rope)) = (self.kv_lora_rank, self.qk_rope_head_dim) {
            let (rank, rope) = (f64::from(rank), f64::from(rope));
            let width = |width: Option<u32>, what| {
                width.map(f64::from).ok_or_else(|| self.lacks(what, "give it beside kv_lora_rank"))
            };
            let plain = width(a.qk_nope_head_dim, "the width qk_nope_head_dim")?;
            let value = width(a.v_head_dim, "the width v_head_dim")?;
            let query_width = heads * (plain + rope);
            let queries = match a.q_lora_rank.map(f64::from) {
                Some(q) => hidden * q + q + q * query_width,
                None => hidden * query_width,
            };
            let keys = hidden * (rank + rope) + rank + rank * heads * (plain + value);
            return Ok(queries + keys + heads * value * hidden);
        }
        let kv_heads = self.kv_heads.map_or(heads, f64::from);
        let width = f64::from(self.head_width(Convention::Reference)?);
        let matrices = 2.0 * hidden * width * (heads + kv_heads);
        let qkv_bias = width * (heads + 2.0 * kv_heads);
        let bias = match a.biases {
            Biases::None => 0.0,
            Biases::QueryKeyValue => qkv_bias,
            Biases::Attention | Biases::Everywhere => qkv_bias + hidden,
        };
        let norms = if a.qk_norm { 2.0 * width } else { 0.0 };
        let sinks = if a.sinks { heads } else { 0.0 };
        Ok(matrices + bias + norms + sinks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{Basis, Provenance};
    use crate::registry::Family;

    fn model(family: Family) -> Model {
        Model::new("m", family, Provenance::new(Basis::Estimate, "test"))
    }

    #[test]
    fn biases_and_positions_are_counted() {
        // Pythia 70M: two tables of 50 304 × 512; per layer 12 × 512² weights, 9 × 512 biases and two norms of
        // 2 × 512; one norm at the end. 51 511 296 + 6 × (3 145 728 + 4 608 + 2 048) + 1 024 = 70 426 624.
        let mut m = model(Family::Decoder);
        (m.layers, m.hidden, m.heads) = (Some(6), Some(512), Some(8));
        m.architecture = Some(Architecture {
            gated: false,
            biases: Biases::Everywhere,
            norm_shift: true,
            ..Architecture::new(50_304, 2048)
        });
        let count = m.count_parameters().unwrap().unwrap();
        assert_eq!(count.total, Params(70_426_624.0));
        assert_eq!(count.active, count.total, "without experts every token uses all");
    }

    #[test]
    fn latent_attention_counts_both_compressions() {
        // DeepSeek-V3: 7168·1536 + 1536 + 1536·128·192 + 7168·576 + 512 + 512·128·256 + 128·128·7168.
        let mut m = model(Family::SparseDecoder);
        (m.layers, m.hidden, m.heads) = (Some(1), Some(7168), Some(128));
        (m.kv_lora_rank, m.qk_rope_head_dim) = (Some(512), Some(64));
        let a = Architecture {
            q_lora_rank: Some(1536),
            qk_nope_head_dim: Some(128),
            v_head_dim: Some(128),
            ..Architecture::new(1, 1)
        };
        let by_hand = 11_010_048.0
            + 1536.0
            + 37_748_736.0
            + 4_128_768.0
            + 512.0
            + 16_777_216.0
            + 117_440_512.0;
        assert_eq!(m.attention_parameters(&a, 7168.0), Ok(by_hand));
    }

    #[test]
    fn missing_widths_are_named() {
        let mut m = model(Family::Decoder);
        m.layers = Some(2);
        m.architecture = Some(Architecture::new(10, 10));
        let error = alloc::string::ToString::to_string(&m.count_parameters().unwrap_err());
        assert_eq!(error, "m: the hidden width is not recorded; give hidden");
    }
}

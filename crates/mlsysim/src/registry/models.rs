//! Records of models: sizes, widths and operation counts, and where each number is from.

use super::architecture::Architecture;
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::precision::Precision;
use crate::provenance::{Origins, Provenance};
use crate::trace::Trace;
use crate::units::{Bytes, BytesPerParam, BytesPerToken, Flop, Params, Quantity};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The way a model computes, which decides what one step of it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Family {
    /// Generates text token by token; a step yields one token per sequence.
    Decoder,
    /// As a decoder, with experts of which each token uses a few.
    SparseDecoder,
    /// Reads a whole sequence at once; a step yields one result per sequence of the recorded length.
    Encoder,
    /// Generates text with a state of fixed size; a step yields one token per sequence.
    StateSpace,
    /// A convolutional network; a step yields one result per image.
    Convolutional,
    /// Denoises an image in many passes; a step yields one image.
    Diffusion,
    /// Anything else whose operations per input are recorded.
    Other,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 7] = [
        Self::Decoder,
        Self::SparseDecoder,
        Self::Encoder,
        Self::StateSpace,
        Self::Convolutional,
        Self::Diffusion,
        Self::Other,
    ];

    /// The word in data files and reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Decoder => "decoder",
            Self::SparseDecoder => "sparse_decoder",
            Self::Encoder => "encoder",
            Self::StateSpace => "state_space",
            Self::Convolutional => "convolutional",
            Self::Diffusion => "diffusion",
            Self::Other => "other",
        }
    }

    /// What one step yields for each item of the batch.
    #[must_use]
    pub const fn item(self) -> &'static str {
        match self {
            Self::Decoder | Self::SparseDecoder | Self::StateSpace => "token",
            Self::Encoder => "sequence",
            Self::Convolutional | Self::Other => "input",
            Self::Diffusion => "image",
        }
    }

    /// Whether it is built of attention layers.
    #[must_use]
    pub const fn is_transformer(self) -> bool {
        matches!(self, Self::Decoder | Self::SparseDecoder | Self::Encoder)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}

/// A model.
///
/// Start from [`Model::new`] and fill in what is known.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Model {
    /// Short name, unique in its registry.
    pub id: String,
    /// Full name.
    pub name: String,
    /// Other short names.
    pub aliases: Vec<String>,
    /// The way it computes.
    pub family: Family,
    /// Parameters.
    pub parameters: Option<Params>,
    /// Parameters that one token uses.
    pub active_parameters: Option<Params>,
    /// Size of the weights at 16 bits each, for models that publish bytes and no count.
    pub stored: Option<Bytes>,
    /// Operations per item: token, sequence, input, or pass of a diffusion model.
    pub ops: Option<Flop>,
    /// Layers.
    pub layers: Option<u32>,
    /// Width of the hidden state.
    pub hidden: Option<u32>,
    /// Attention heads.
    pub heads: Option<u32>,
    /// Heads with keys and values of their own.
    pub kv_heads: Option<u32>,
    /// Width of one head, where it is not hidden width over heads.
    pub head_dim: Option<u32>,
    /// Rank of the compressed key-value cache (multi-head latent attention).
    pub kv_lora_rank: Option<u32>,
    /// Width of the position part beside that cache.
    pub qk_rope_head_dim: Option<u32>,
    /// Experts per layer.
    pub experts: Option<u32>,
    /// Experts that one token uses.
    pub experts_per_token: Option<u32>,
    /// Tokens that a windowed layer looks back at most.
    pub sliding_window: Option<u32>,
    /// How many layers are windowed; all of them if there is a window and no count.
    pub window_layers: Option<u32>,
    /// Longest context that it was made for.
    pub context: Option<u32>,
    /// Its shape in full, for counting parameters.
    pub architecture: Option<Architecture>,
    /// State per channel of a state-space model.
    pub state_size: Option<u32>,
    /// Passes per image of a diffusion model.
    pub denoising_steps: Option<u32>,
    /// Elements that all layers write per item, for models whose activations are counted.
    pub activation_elements: Option<f64>,
    /// Elements that must be in memory at once per item, besides the weights.
    pub working_elements: Option<f64>,
    /// Whatever else is recorded: training tokens, energy, resolution, ...
    pub facts: Vec<(String, Quantity)>,
    /// Values of the Python package 0.3.0 that were corrected here, by field.
    pub upstream: Vec<(String, String)>,
    /// Where the numbers are from.
    pub origins: Origins,
}

impl Model {
    /// A model of which nothing but the family is known.
    #[must_use]
    pub fn new(id: impl Into<String>, family: Family, provenance: Provenance) -> Self {
        let id = id.into();
        Self {
            name: id.clone(),
            id,
            aliases: Vec::new(),
            family,
            parameters: None,
            active_parameters: None,
            stored: None,
            ops: None,
            layers: None,
            hidden: None,
            heads: None,
            kv_heads: None,
            head_dim: None,
            kv_lora_rank: None,
            qk_rope_head_dim: None,
            experts: None,
            experts_per_token: None,
            sliding_window: None,
            window_layers: None,
            context: None,
            architecture: None,
            state_size: None,
            denoising_steps: None,
            activation_elements: None,
            working_elements: None,
            facts: Vec::new(),
            upstream: Vec::new(),
            origins: Origins::new(provenance),
        }
    }

    /// The error for a value that a formula needs and the record lacks.
    pub(crate) fn lacks(&self, what: &'static str, remedy: &'static str) -> Error {
        Error::ModelIncomplete { model: self.name.clone(), what, remedy }
    }

    /// Every amount of the record with the name of its field, for tables and audits.
    #[must_use]
    pub fn values(&self) -> Vec<(String, Quantity)> {
        let count = |value: Option<u32>| value.map(|n| Quantity::number(f64::from(n)));
        let a = self.architecture.as_ref();
        let values: [(&str, Option<Quantity>); 26] = [
            ("parameters", self.parameters.map(Into::into)),
            ("active_parameters", self.active_parameters.map(Into::into)),
            ("stored", self.stored.map(Into::into)),
            ("ops", self.ops.map(Into::into)),
            ("layers", count(self.layers)),
            ("hidden", count(self.hidden)),
            ("heads", count(self.heads)),
            ("kv_heads", count(self.kv_heads)),
            ("head_dim", count(self.head_dim)),
            ("kv_lora_rank", count(self.kv_lora_rank)),
            ("qk_rope_head_dim", count(self.qk_rope_head_dim)),
            ("experts", count(self.experts)),
            ("experts_per_token", count(self.experts_per_token)),
            ("sliding_window", count(self.sliding_window)),
            ("window_layers", count(self.window_layers)),
            ("context", count(self.context)),
            ("vocab", count(a.map(|a| a.vocab))),
            ("ffn", count(a.map(|a| a.ffn))),
            ("expert_ffn", count(a.and_then(|a| a.expert_ffn))),
            ("q_lora_rank", count(a.and_then(|a| a.q_lora_rank))),
            ("qk_nope_head_dim", count(a.and_then(|a| a.qk_nope_head_dim))),
            ("v_head_dim", count(a.and_then(|a| a.v_head_dim))),
            ("state_size", count(self.state_size)),
            ("denoising_steps", count(self.denoising_steps)),
            ("activation_elements", self.activation_elements.map(Quantity::number)),
            ("working_elements", self.working_elements.map(Quantity::number)),
        ];
        let mut values: Vec<(String, Quantity)> =
            values.into_iter().filter_map(|(name, value)| Some((name.into(), value?))).collect();
        values.extend(self.facts.iter().map(|(name, value)| (name.clone(), *value)));
        values
    }

    /// Tells a trace where the values of this model are from.
    pub fn announce(&self, trace: &mut Trace) {
        const NODES: [(&str, &str); 15] = [
            ("parameters", "parameters"),
            ("active_parameters", "active_parameters"),
            ("weight_bytes", "stored"),
            ("ops_per_item", "ops"),
            ("layers", "layers"),
            ("model_layers", "layers"),
            ("attention_width", "hidden"),
            ("head_width", "hidden"),
            ("kv_heads", "kv_heads"),
            ("cache_width", "kv_lora_rank"),
            ("chosen_share", "experts"),
            ("state_bytes", "state_size"),
            ("passes", "denoising_steps"),
            ("activation_elements", "activation_elements"),
            ("working_elements", "working_elements"),
        ];
        let values = self.values();
        for (node, field) in NODES {
            if values.iter().any(|(name, _)| name == field) {
                trace.announce_provenance(node, self.origins.of(field));
            }
        }
    }

    /// Bytes of the weights in one number format.
    ///
    /// A model that publishes only its size at 16 bits is scaled to the width; [`Convention::Upstream030`] keeps
    /// that size at any width.
    ///
    /// # Errors
    ///
    /// [`Error::ModelIncomplete`] if neither parameters nor size are recorded.
    pub fn weight_bytes(&self, precision: Precision, convention: Convention) -> Result<Bytes> {
        let width = precision.width();
        match (self.parameters, self.stored, convention) {
            (_, Some(stored), Convention::Upstream030) if width == BytesPerParam(2.0) => Ok(stored),
            (Some(parameters), ..) => Ok(parameters * width),
            (None, Some(stored), Convention::Upstream030) => Ok(stored),
            (None, Some(stored), Convention::Reference) => {
                Ok(stored * (width / BytesPerParam(2.0)))
            }
            (None, None, _) => {
                Err(self.lacks("the number of parameters", "give parameters or stored bytes"))
            }
        }
    }

    /// Whether an inference step's memory besides the weights is known: a cache, a state, or recorded activations.
    #[must_use]
    pub const fn knows_working_bytes(&self) -> bool {
        match self.family {
            Family::Decoder | Family::SparseDecoder | Family::StateSpace => true,
            Family::Encoder | Family::Convolutional | Family::Diffusion | Family::Other => {
                self.working_elements.is_some()
            }
        }
    }

    /// Operations for one item.
    ///
    /// Recorded, or two per parameter used: one multiplication and one addition. A diffusion model needs all its
    /// passes.
    ///
    /// # Errors
    ///
    /// [`Error::ModelIncomplete`] under [`Convention::Reference`] if neither operations nor parameters are recorded,
    /// or for a convolutional network without recorded operations, whose parameters are used many times.
    pub fn ops_per_item(&self, convention: Convention) -> Result<Flop> {
        let upstream = convention == Convention::Upstream030;
        let parameters = match self.family {
            Family::SparseDecoder => self.active_parameters.or(self.parameters),
            _ => self.parameters,
        };
        let two_each = parameters.map(|n| Flop(2.0 * n.0));
        let reuses = matches!(self.family, Family::Convolutional | Family::Diffusion);
        let pass = match (self.ops, two_each) {
            (Some(ops), _) => ops,
            (None, Some(ops)) if upstream || !reuses => ops,
            (None, None) if upstream => Flop::ZERO,
            _ => return Err(self.lacks("the number of operations", "give ops")),
        };
        Ok(pass * f64::from(self.denoising_steps.unwrap_or(1)))
    }

    /// Width of one attention head: recorded, or hidden width over heads, rounded down.
    ///
    /// [`Convention::Upstream030`] takes 4096 and 32 for missing widths and heads.
    ///
    /// # Errors
    ///
    /// [`Error::ModelIncomplete`] if it cannot be told.
    pub fn head_width(&self, convention: Convention) -> Result<u32> {
        if let Some(width) = self.head_dim {
            return Ok(width);
        }
        let heads = self.head_count(convention)?;
        match (self.hidden, convention) {
            (Some(hidden), _) => Ok(hidden / heads.max(1)),
            (None, Convention::Upstream030) => Ok(4096 / heads.max(1)),
            (None, Convention::Reference) => {
                Err(self.lacks("the hidden width", "give hidden or head_dim"))
            }
        }
    }

    /// Attention heads.
    ///
    /// # Errors
    ///
    /// [`Error::ModelIncomplete`] under [`Convention::Reference`] if they are not recorded.
    pub fn head_count(&self, convention: Convention) -> Result<u32> {
        match (self.heads, convention) {
            (Some(heads), _) => Ok(heads),
            (None, Convention::Upstream030) => Ok(32),
            (None, Convention::Reference) => Err(self.lacks("the number of heads", "give heads")),
        }
    }

    /// Layers.
    ///
    /// # Errors
    ///
    /// [`Error::ModelIncomplete`] if they are not recorded.
    pub fn layer_count(&self) -> Result<u32> {
        self.layers.ok_or_else(|| self.lacks("the number of layers", "give layers"))
    }

    /// Bytes of keys and values for `batch` sequences of `seq_len` tokens.
    ///
    /// `KV = 2·L·H_kv·d_h·S·B·b`, or `L·(r_kv + d_rope)·S·B·b` with multi-head latent attention, which keeps one
    /// compressed vector per token. A windowed layer keeps at most its window; [`Convention::Upstream030`] knows no
    /// windows.
    ///
    /// # Errors
    ///
    /// [`Error::ModelIncomplete`] if layers, heads or widths are not recorded.
    ///
    /// # Source
    ///
    /// Pope et al. (2023), section 2.1; DeepSeek-AI (2024), DeepSeek-V2, section 2.1.
    pub fn kv_cache(
        &self,
        seq_len: u32,
        batch: u32,
        precision: Precision,
        convention: Convention,
    ) -> Result<Bytes> {
        // Layers times tokens that each keeps.
        let kept = self.kept_tokens(seq_len, convention)? * f64::from(batch);
        let width = precision.width().0;
        if let (Some(rank), Some(rope)) = (self.kv_lora_rank, self.qk_rope_head_dim) {
            return Ok(Bytes(kept * (f64::from(rank) + f64::from(rope)) * width));
        }
        let kv_heads = match self.kv_heads {
            Some(heads) => heads,
            None => self.head_count(convention)?,
        };
        let head_width = f64::from(self.head_width(convention)?);
        Ok(Bytes(2.0 * kept * f64::from(kv_heads) * head_width * width))
    }

    /// Tokens that the caches of all layers keep of one sequence, added up.
    fn kept_tokens(&self, seq_len: u32, convention: Convention) -> Result<f64> {
        let layers = self.layer_count()?;
        let (windowed, window) = match (self.sliding_window, convention) {
            (Some(window), Convention::Reference) => {
                (self.window_layers.unwrap_or(layers).min(layers), window)
            }
            _ => (0, seq_len),
        };
        let whole = f64::from(layers - windowed) * f64::from(seq_len);
        Ok(whole + f64::from(windowed) * f64::from(seq_len.min(window)))
    }

    /// Bytes of keys and values that the next token adds while every window still grows.
    ///
    /// # Errors
    ///
    /// As [`Model::kv_cache`].
    pub fn kv_bytes_per_token(
        &self,
        precision: Precision,
        convention: Convention,
    ) -> Result<BytesPerToken> {
        Ok(BytesPerToken(self.kv_cache(1, 1, precision, convention)?.0))
    }

    /// Bytes of state that a state-space model keeps for `batch` sequences.
    ///
    /// `L·B·(E·d·N + E·d·(d_conv − 1))·b` with the inner width `E·d`, `E = 2`, and a convolution of `d_conv = 4`
    /// tokens; [`Convention::Upstream030`] has `L·B·d·N·b`.
    ///
    /// # Errors
    ///
    /// [`Error::ModelIncomplete`] if layers, width or state size are not recorded.
    ///
    /// # Source
    ///
    /// Gu & Dao (2023), Mamba, section 3.4.
    pub fn state_bytes(
        &self,
        batch: u32,
        precision: Precision,
        convention: Convention,
    ) -> Result<Bytes> {
        let layers = f64::from(self.layer_count()?);
        let hidden =
            f64::from(self.hidden.ok_or_else(|| self.lacks("the hidden width", "give hidden"))?);
        let state = f64::from(
            self.state_size.ok_or_else(|| self.lacks("the state size", "give state_size"))?,
        );
        let per_layer = match convention {
            Convention::Upstream030 => hidden * state,
            Convention::Reference => 2.0 * hidden * (state + 3.0),
        };
        Ok(Bytes(layers * f64::from(batch) * per_layer * precision.width().0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::Basis;

    fn model(family: Family) -> Model {
        Model::new("m", family, Provenance::new(Basis::Estimate, "test"))
    }

    #[test]
    fn latent_attention_keeps_one_vector_per_token() {
        // DeepSeek-V3: 61 layers × (512 + 64) × 2 bytes = 70 272 bytes per token.
        let m = Model {
            layers: Some(61),
            kv_lora_rank: Some(512),
            qk_rope_head_dim: Some(64),
            ..model(Family::SparseDecoder)
        };
        assert_eq!(m.kv_cache(1, 1, Precision::Bf16, Convention::Reference), Ok(Bytes(70_272.0)));
    }

    #[test]
    fn a_published_size_scales_with_the_format() {
        let m = Model { stored: Some(Bytes(100e9)), ..model(Family::Other) };
        assert_eq!(m.weight_bytes(Precision::Int8, Convention::Reference), Ok(Bytes(50e9)));
        assert_eq!(m.weight_bytes(Precision::Int8, Convention::Upstream030), Ok(Bytes(100e9)));
    }

    #[test]
    fn convolutions_do_not_guess_their_operations() {
        let m = Model { parameters: Some(Params(1e6)), ..model(Family::Convolutional) };
        let error = m.ops_per_item(Convention::Reference).unwrap_err();
        assert_eq!(
            alloc::string::ToString::to_string(&error),
            "m: the number of operations is not recorded; give ops"
        );
        assert_eq!(m.ops_per_item(Convention::Upstream030), Ok(Flop(2e6)));
    }
}

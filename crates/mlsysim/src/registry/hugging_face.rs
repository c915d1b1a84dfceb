//! A model from the text of a Hugging Face `config.json`.
//!
//! Nothing is downloaded: give the text. Decoders whose layers are known here are counted to the last parameter;
//! a type that is not in the table is refused rather than guessed.

use super::{Architecture, Biases, Family, Model, Problem};
use crate::error::{Error, Result};
use crate::provenance::{Basis, Provenance};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value};

/// What a type of model fixes without saying so in its file.
struct Kind {
    name: &'static str,
    gated: bool,
    tied: bool,
    biases: Biases,
    norm_shift: bool,
    norms: u32,
    qk_norm: bool,
    positions: Positions,
}

/// Learned positions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Positions {
    /// None: rotated or biased attention.
    None,
    /// One for each place of the context.
    Context,
    /// As many and two more.
    ContextAndTwo,
}

const PLAIN: Kind = Kind {
    name: "llama",
    gated: true,
    tied: false,
    biases: Biases::None,
    norm_shift: false,
    norms: 2,
    qk_norm: false,
    positions: Positions::None,
};

const CLASSIC: Kind =
    Kind { name: "gpt_neox", gated: false, biases: Biases::Everywhere, norm_shift: true, ..PLAIN };

const KINDS: [Kind; 16] = [
    PLAIN,
    Kind { name: "mistral", ..PLAIN },
    Kind { name: "mixtral", ..PLAIN },
    Kind { name: "phi3", ..PLAIN },
    Kind { name: "qwen2", biases: Biases::QueryKeyValue, ..PLAIN },
    Kind { name: "qwen3", qk_norm: true, ..PLAIN },
    Kind { name: "qwen3_moe", qk_norm: true, ..PLAIN },
    Kind { name: "gpt_oss", biases: Biases::Everywhere, ..PLAIN },
    Kind { name: "deepseek_v2", ..PLAIN },
    Kind { name: "deepseek_v3", ..PLAIN },
    Kind { name: "gemma", tied: true, ..PLAIN },
    Kind { name: "gemma2", tied: true, norms: 4, ..PLAIN },
    Kind { name: "gpt2", tied: true, positions: Positions::Context, ..CLASSIC },
    CLASSIC,
    Kind { name: "opt", tied: true, positions: Positions::ContextAndTwo, ..CLASSIC },
    Kind { name: "mpt", tied: true, ..CLASSIC },
];

/// The file's object and the mistakes found in it.
struct Config {
    object: Map<String, Value>,
    problems: Vec<String>,
}

impl Config {
    /// The first of several keys that is there and not null.
    fn first(&self, keys: &[&str]) -> Option<(String, &Value)> {
        let found = keys.iter().find_map(|key| Some((*key, self.object.get(*key)?)));
        found.filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.into(), value))
    }

    /// A whole number of at least 1 under one of several keys.
    fn count(&mut self, keys: &[&str]) -> Option<u32> {
        let (key, value) = self.first(keys)?;
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        let found = number.filter(|number| *number > 0);
        if found.is_none() {
            self.problems
                .push(format!("{key}: expected a whole number of at least 1, got {value}"));
        }
        found
    }

    /// As [`Config::count`], and 0 where the file says so or nothing.
    fn whole(&mut self, keys: &[&str]) -> u32 {
        match self.first(keys) {
            Some((_, value)) if value.as_u64() == Some(0) => 0,
            _ => self.count(keys).unwrap_or(0),
        }
    }

    fn needed(&mut self, keys: &[&str]) -> Option<u32> {
        if self.first(keys).is_none() {
            self.problems.push(format!("needs {}", keys.join(" or ")));
        }
        self.count(keys)
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        let (key, value) = self.first(&[key])?;
        let found = value.as_bool();
        if found.is_none() {
            self.problems.push(format!("{key}: expected true or false, got {value}"));
        }
        found
    }

    fn kind(&mut self) -> Option<&'static Kind> {
        let Some(name) = self.object.get("model_type").and_then(Value::as_str) else {
            self.problems.push("needs model_type".into());
            return None;
        };
        let found = KINDS.iter().find(|kind| kind.name == name);
        if found.is_none() {
            let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            let message =
                format!("model_type: `{name}` is not known; known are {}", known.join(", "));
            self.problems.push(message);
        }
        found
    }

    /// Layers whose attention is windowed.
    fn window_layers(&self, kind: &Kind, layers: u32) -> u32 {
        if let Some(Value::Array(types)) = self.object.get("layer_types") {
            let sliding = types.iter().filter(|kind| kind.as_str() == Some("sliding_attention"));
            return u32::try_from(sliding.count()).unwrap_or(layers).min(layers);
        }
        match kind.name {
            // Every other layer, beginning with the first.
            "gpt_oss" | "gemma2" => layers.div_ceil(2),
            _ => layers,
        }
    }
}

impl Model {
    /// Reads the text of a `config.json`.
    ///
    /// Parameters are counted from the widths, experts, latent attention and windows included; an extra head for
    /// predicting several tokens is not. What is not in the file has the value that its type implies.
    ///
    /// # Errors
    ///
    /// [`Error::Records`] with every missing key and wrong value.
    ///
    /// # Examples
    ///
    /// ```
    /// use mlsysim::registry::Model;
    ///
    /// let config = r#"{"model_type": "llama", "num_hidden_layers": 32, "hidden_size": 4096,
    ///     "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256}"#;
    /// let model = Model::from_hugging_face("mine", config)?;
    /// assert_eq!(model.parameters.map(|n| n.0), Some(8_030_261_248.0));
    ///
    /// let error = Model::from_hugging_face("mine", r#"{"model_type": "llama"}"#).unwrap_err();
    /// assert!(error.to_string().contains("needs num_hidden_layers"));
    /// # Ok::<(), mlsysim::Error>(())
    /// ```
    pub fn from_hugging_face(id: impl Into<String>, text: &str) -> Result<Self> {
        let id = id.into();
        let refuse = |problems| Error::Records { file: format!("{id}/config.json"), problems };
        let object = match serde_json::from_str(text) {
            Ok(Value::Object(object)) => object,
            Ok(_) => {
                let message = "expected an object of keys and values".into();
                return Err(refuse([Problem { line: 1, column: 1, message }].into()));
            }
            Err(error) => {
                let (line, column) = (error.line().max(1), error.column().max(1));
                return Err(refuse([Problem { line, column, message: format!("{error}") }].into()));
            }
        };
        let mut config = Config { object, problems: Vec::new() };
        let model = read(&id, &mut config);
        let at_start = |message| Problem { line: 1, column: 1, message };
        match model {
            Some(model) if config.problems.is_empty() => counted(model),
            _ => Err(refuse(config.problems.into_iter().map(at_start).collect())),
        }
    }
}

/// Sets the parameters that follow from the widths.
fn counted(mut model: Model) -> Result<Model> {
    if let Some(count) = model.count_parameters()? {
        model.parameters = Some(count.total);
        model.active_parameters = model.experts.map(|_| count.active);
        let origin = Provenance::new(Basis::Derived, "").with_note("counted from the widths");
        model.origins.set("parameters", origin.clone());
        if model.experts.is_some() {
            model.origins.set("active_parameters", origin);
        }
    }
    Ok(model)
}

fn read(id: &str, config: &mut Config) -> Option<Model> {
    let kind = config.kind();
    let layers = config.needed(&["num_hidden_layers", "n_layer", "n_layers", "num_layers"]);
    let hidden = config.needed(&["hidden_size", "n_embd", "d_model"]);
    let heads = config.needed(&["num_attention_heads", "n_head", "n_heads", "num_heads"]);
    let vocab = config.needed(&["vocab_size"]);
    let ffn = read_ffn(config, kind, hidden);
    let context =
        config.count(&["max_position_embeddings", "n_positions", "max_seq_len", "seq_length"]);
    let kv_heads = config.count(&["num_key_value_heads", "num_kv_heads", "multi_query_group_num"]);
    let head_dim = config.count(&["head_dim"]);
    let experts = config.count(&["num_local_experts", "num_experts", "n_routed_experts"]);
    let (kind, layers) = (kind?, layers?);
    let mut a = Architecture::new(vocab?, ffn?);
    a.gated = kind.gated;
    a.tied = config.flag("tie_word_embeddings").unwrap_or(kind.tied);
    a.norms = kind.norms;
    a.qk_norm = kind.qk_norm;
    a.sinks = kind.name == "gpt_oss";
    let no_bias = config.flag("no_bias").unwrap_or(false);
    a.biases = if no_bias { Biases::None } else { kind.biases };
    a.norm_shift = kind.norm_shift && !no_bias;
    if config.flag("attention_bias").unwrap_or(false) && a.biases == Biases::None {
        a.biases = Biases::Attention;
    }
    if config.flag("mlp_bias").unwrap_or(false) {
        a.biases = Biases::Everywhere;
    }
    a.positions = match (kind.positions, context) {
        (Positions::None, _) => 0,
        (Positions::Context, Some(context)) => context,
        (Positions::ContextAndTwo, Some(context)) => context.saturating_add(2),
        (_, None) => {
            config.problems.push("needs max_position_embeddings or n_positions".into());
            0
        }
    };
    let family = if experts.is_some() { Family::SparseDecoder } else { Family::Decoder };
    let origin = Provenance::new(Basis::Literature, format!("configuration file of {id}"));
    let mut model = Model::new(id, family, origin);
    (model.layers, model.hidden, model.heads) = (Some(layers), hidden, heads);
    (model.head_dim, model.context) = (head_dim, context);
    model.kv_lora_rank = config.count(&["kv_lora_rank"]);
    if model.kv_lora_rank.is_some() {
        model.qk_rope_head_dim = config.needed(&["qk_rope_head_dim"]);
        a.qk_nope_head_dim = config.needed(&["qk_nope_head_dim"]);
        a.v_head_dim = config.needed(&["v_head_dim"]);
        a.q_lora_rank = config.count(&["q_lora_rank"]);
    } else {
        model.kv_heads = kv_heads;
    }
    if experts.is_some() {
        model.experts = experts;
        model.experts_per_token = config.needed(&["num_experts_per_tok", "experts_per_token"]);
        a.expert_ffn = config.count(&["moe_intermediate_size"]);
        a.shared_experts = config.whole(&["n_shared_experts"]);
        a.dense_layers = config.whole(&["first_k_dense_replace"]);
        a.router_bias = kind.name == "deepseek_v3";
    }
    let unused = config.flag("use_sliding_window") == Some(false);
    model.sliding_window = config.count(&["sliding_window"]).filter(|_| !unused);
    model.window_layers = model.sliding_window.map(|_| config.window_layers(kind, layers));
    if let (Some(hidden), Some(heads), None, None) = (hidden, heads, head_dim, model.kv_lora_rank)
        && hidden % heads != 0
    {
        let message = format!("{heads} heads do not divide the width {hidden}: needs head_dim");
        config.problems.push(message);
    }
    model.architecture = Some(a);
    Some(model)
}

/// The width inside a feed-forward block: written, or four times the hidden width where that is the type's custom.
fn read_ffn(config: &mut Config, kind: Option<&Kind>, hidden: Option<u32>) -> Option<u32> {
    let keys = ["intermediate_size", "ffn_dim", "n_inner"];
    if config.first(&keys).is_none() && kind.is_some_and(|kind| !kind.gated) {
        let ratio = config.count(&["expansion_ratio"]).unwrap_or(4);
        return hidden.map(|hidden| hidden.saturating_mul(ratio));
    }
    config.needed(&keys)
}

#[cfg(test)]
mod tests;

//! `config.json`: the sizes of a published model, and what it asks for.

use serde_json::{Map, Value};

use crate::{
    Error, Result,
    nn::{GptConfig, LlamaConfig},
};

const FORMAT: &str = "config.json";

/// The settings of one file.
struct Settings(Map<String, Value>);

impl Settings {
    fn parse(json: &str, model: &str) -> Result<Self> {
        let value = serde_json::from_str(json).map_err(|e| Error::format(FORMAT, e.to_string()))?;
        let Value::Object(map) = value else {
            return Err(Error::format(FORMAT, "the file is not an object"));
        };
        let settings = Self(map);
        match settings.get("model_type") {
            Some(Value::String(found)) if found != model => {
                let detail = format!("model_type is {found:?}, {model:?} is needed");
                Err(Error::format(FORMAT, detail))
            }
            _ => Ok(settings),
        }
    }

    /// Returns a setting; `null` counts as not given.
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn wrong(name: &str, value: &Value, need: &str) -> Error {
        Error::format(FORMAT, format!("{name} is {value}, {need} is needed"))
    }

    /// Returns the size called `name`; without a `default` it must be there.
    fn size(&self, name: &str, default: Option<usize>) -> Result<usize> {
        let Some(value) = self.get(name) else {
            return default.ok_or_else(|| Error::format(FORMAT, format!("there is no {name}")));
        };
        let size = value.as_u64().and_then(|n| usize::try_from(n).ok());
        size.filter(|&n| n > 0).ok_or_else(|| Self::wrong(name, value, "a whole number above 0"))
    }

    fn positive(&self, name: &str, default: f64) -> Result<f64> {
        let Some(value) = self.get(name) else { return Ok(default) };
        let number = value.as_f64().filter(|n| *n > 0.0 && n.is_finite());
        number.ok_or_else(|| Self::wrong(name, value, "a number above 0"))
    }

    fn flag(&self, name: &str, default: bool) -> Result<bool> {
        let Some(value) = self.get(name) else { return Ok(default) };
        value.as_bool().ok_or_else(|| Self::wrong(name, value, "true or false"))
    }

    /// Refuses a setting that would change what the model computes.
    fn only(&self, name: &str, need: &[Value]) -> Result<()> {
        match self.get(name) {
            Some(value) if !need.contains(value) => {
                let need: Vec<String> = need.iter().map(Value::to_string).collect();
                Err(Self::wrong(name, value, &need.join(" or ")))
            }
            _ => Ok(()),
        }
    }
}

/// Returns the sizes of a GPT-2 model from its `config.json`. Dropout is left out: it is 0.
///
/// # Errors
///
/// [`Error::Format`] for anything but an object with the sizes, and for settings that [`Gpt`](crate::nn::Gpt) does not
/// know: another activation than the tanh form of GELU, another width of the hidden layer than four times the model's,
/// scores scaled in another way.
///
/// # Examples
///
/// ```
/// use tinytorch_core::io::pretrained::gpt2_config;
///
/// let json = r#"{"vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12}"#;
/// assert_eq!(gpt2_config(json)?.num_parameters(), 124_439_808);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn gpt2_config(json: &str) -> Result<GptConfig> {
    let settings = Settings::parse(json, "gpt2")?;
    let size = |name| settings.size(name, None);
    let width = size("n_embd")?;
    settings.only("activation_function", &["gelu_new".into(), "gelu_pytorch_tanh".into()])?;
    settings.only("n_inner", &[width.saturating_mul(4).into()])?;
    settings.only("scale_attn_weights", &[true.into()])?;
    settings.only("scale_attn_by_inverse_layer_idx", &[false.into()])?;
    settings.only("add_cross_attention", &[false.into()])?;
    Ok(GptConfig {
        tied_head: settings.flag("tie_word_embeddings", true)?,
        norm_eps: settings.positive("layer_norm_epsilon", 1e-5)?,
        ..GptConfig::new(
            size("vocab_size")?,
            width,
            size("n_layer")?,
            size("n_head")?,
            size("n_positions")?,
        )
    })
}

/// Returns the sizes of a Llama model from its `config.json`.
///
/// # Errors
///
/// [`Error::Format`] for anything but an object with the sizes, and for settings that [`Llama`](crate::nn::Llama) does
/// not know: another activation than SiLU, biases, stretched rotary positions, heads of a width of their own.
pub fn llama_config(json: &str) -> Result<LlamaConfig> {
    let settings = Settings::parse(json, "llama")?;
    let size = |name| settings.size(name, None);
    let (width, heads) = (size("hidden_size")?, size("num_attention_heads")?);
    settings.only("hidden_act", &["silu".into(), "swish".into()])?;
    settings.only("attention_bias", &[false.into()])?;
    settings.only("mlp_bias", &[false.into()])?;
    settings.only("head_dim", &[(width / heads).into()])?;
    settings.only("rope_scaling", &[])?;
    let mut rope_base = settings.positive("rope_theta", 10_000.0)?;
    if let Some(rope) = settings.get("rope_parameters") {
        let Value::Object(map) = rope else {
            return Err(Settings::wrong("rope_parameters", rope, "an object"));
        };
        let rope = Settings(map.clone());
        rope.only("rope_type", &["default".into()])?;
        rope_base = rope.positive("rope_theta", rope_base)?;
    }
    Ok(LlamaConfig {
        vocab: size("vocab_size")?,
        width,
        layers: size("num_hidden_layers")?,
        heads,
        kv_heads: settings.size("num_key_value_heads", Some(heads))?,
        hidden: size("intermediate_size")?,
        max_len: settings.size("max_position_embeddings", Some(2048))?,
        rope_base,
        norm_eps: settings.positive("rms_norm_eps", 1e-6)?,
        tied_head: settings.flag("tie_word_embeddings", false)?,
    })
}

//! Writing of language models as Hugging Face's library saves them.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, json};

use super::{
    WEIGHTS,
    names::{Entry, gpt2_entries, llama_entries},
};
use crate::{
    DType, Error, Param, Result, Tensor,
    io::{replace, safetensors::SafeTensors},
    nn::{Gpt, Llama, Module, ModuleExt},
};

/// Writes `config.json` and `model.safetensors` of a GPT-2 model into a folder, which is made if there is none, with elements of type `dtype`.
///
/// # Errors
///
/// [`Error::Io`] if a file cannot be written; [`Error::DTypeUnsupported`] for elements that are no floats.
///
/// # Examples
///
/// ```
/// use tinytorch_core::io::pretrained::{load_gpt2, save_gpt2};
/// use tinytorch_core::nn::{Gpt, GptConfig, ModuleExt};
/// use tinytorch_core::{DType, Rng};
///
/// let folder = std::env::temp_dir().join(format!("save-gpt2-{}", std::process::id()));
/// let model = Gpt::new(&GptConfig::new(20, 8, 1, 2, 12), &mut Rng::seed(1))?;
/// save_gpt2(&model, &folder, DType::F32)?;
/// let again = load_gpt2(&folder)?;
/// assert!(again.state_dict().iter().all(|(name, value)| value.same_values(&model.state_dict()[name])));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn save_gpt2(model: &Gpt, folder: impl AsRef<Path>, dtype: DType) -> Result<()> {
    let c = model.config();
    let config = json!({
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "vocab_size": c.vocab,
        "n_positions": c.max_len,
        "n_embd": c.width,
        "n_layer": c.layers,
        "n_head": c.heads,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": c.norm_eps,
        "tie_word_embeddings": c.tied_head,
        "torch_dtype": name(dtype)?,
    });
    save(model, gpt2_entries(c, "transformer."), &config, folder.as_ref(), dtype)
}

/// Writes a Llama model as [`save_gpt2`] does.
///
/// # Errors
///
/// As [`save_gpt2`].
pub fn save_llama(model: &Llama, folder: impl AsRef<Path>, dtype: DType) -> Result<()> {
    let c = model.config();
    let config = json!({
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "vocab_size": c.vocab,
        "hidden_size": c.width,
        "num_hidden_layers": c.layers,
        "num_attention_heads": c.heads,
        "num_key_value_heads": c.kv_heads,
        "intermediate_size": c.hidden,
        "max_position_embeddings": c.max_len,
        "rope_theta": c.rope_base,
        "rms_norm_eps": c.norm_eps,
        "hidden_act": "silu",
        "tie_word_embeddings": c.tied_head,
        "torch_dtype": name(dtype)?,
    });
    save(model, llama_entries(c), &config, folder.as_ref(), dtype)
}

fn name(dtype: DType) -> Result<&'static str> {
    match dtype {
        DType::F64 => Ok("float64"),
        DType::F32 => Ok("float32"),
        DType::F16 => Ok("float16"),
        DType::BF16 => Ok("bfloat16"),
        _ => Err(Error::dtype("pretrained", dtype, "a float type")),
    }
}

fn save(
    model: &dyn Module,
    entries: impl Iterator<Item = Entry>,
    config: &Value,
    folder: &Path,
    dtype: DType,
) -> Result<()> {
    let params: BTreeMap<String, Param> = model.named_parameters().into_iter().collect();
    let mut file = SafeTensors::default();
    file.metadata.insert("format".into(), "pt".into());
    for entry in entries {
        let part = |name: &String| {
            let param = params.get(name);
            param
                .map(|p| p.tensor().detach())
                .ok_or_else(|| Error::MissingParameter { name: name.clone() })
        };
        let parts = entry.params.iter().map(part).collect::<Result<Vec<_>>>()?;
        let whole = Tensor::cat(&parts.iter().collect::<Vec<_>>(), 0)?;
        let whole = if entry.transposed { whole.t()?.contiguous() } else { whole };
        file.tensors.insert(entry.name, whole.to_dtype(dtype)?);
    }
    fs::create_dir_all(folder).map_err(|e| Error::io("make", folder, e))?;
    file.write(folder.join(WEIGHTS))?;
    replace(&folder.join("config.json"), format!("{config:#}\n").as_bytes())
}

//! Published language models: the files that Hugging Face's library saves, made into [`Gpt`] and [`Llama`] and back.
//!
//! A folder holds `config.json` and the weights, in `model.safetensors` or in several files with a list in
//! `model.safetensors.index.json`. Names and shapes of all tensors follow from the configuration; they are compared with
//! the headers before a model is built, and what is missing, left over or of another shape is an error that names it.
//! Weights are read one tensor at a time and widened to `f32`.
//!
//! GPT-2 keeps its matrices as `[in, out]` and queries, keys and values in one; both are undone here. Llama rotates the
//! halves of a head, as [`RopeStyle::Half`](crate::ops::attention::RopeStyle::Half) does.

mod any;
mod config;
mod names;
mod save;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;

use super::safetensors::SafeTensorsFile;
use crate::{
    DType, Error, Param, Result, Rng, Tensor,
    nn::{Gpt, Llama, Module, ModuleExt},
};

pub use any::{Pretrained, load};
pub use config::{gpt2_config, llama_config};
use names::{Entry, gpt2_entries, llama_entries};
pub use save::{save_gpt2, save_llama};

const WEIGHTS: &str = "model.safetensors";
const LIST: &str = "model.safetensors.index.json";
const HEAD: &str = "lm_head.weight";

/// Returns the GPT-2 model of a folder, for evaluation: its dropout is 0.
///
/// # Errors
///
/// - [`Error::Io`] if a file cannot be read, [`Error::Format`] if it does not follow its format or the configuration asks
///   for something that [`Gpt`] does not do.
/// - [`Error::MissingParameter`], [`Error::UnexpectedParameter`], [`Error::ShapeMismatch`] with the published name of the
///   first tensor that does not fit the configuration.
///
/// # Source
///
/// Radford et al. (2019); names as in the files published under `openai-community/gpt2`.
pub fn load_gpt2(folder: impl AsRef<Path>) -> Result<Gpt> {
    let folder = folder.as_ref();
    let config = gpt2_config(&text(&folder.join("config.json"))?)?;
    let mut source = Source::open(folder)?;
    // The first files were saved without the name of the outer model.
    let prefix = if source.place.contains_key("wte.weight") { "" } else { "transformer." };
    let entries = || gpt2_entries(&config, prefix);
    source.check(entries(), |name| {
        name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias")
    })?;
    let table = format!("{prefix}wte.weight");
    source.check_tied(config.tied_head, &table)?;
    let model = Gpt::new(&config, &mut Rng::seed(0))?;
    source.fill(&model, entries())?;
    Ok(model)
}

/// Returns the Llama model of a folder.
///
/// # Errors
///
/// As [`load_gpt2`].
///
/// # Source
///
/// Touvron et al. (2023); names as in the files that `transformers` saves for `LlamaForCausalLM`.
pub fn load_llama(folder: impl AsRef<Path>) -> Result<Llama> {
    let folder = folder.as_ref();
    let config = llama_config(&text(&folder.join("config.json"))?)?;
    let mut source = Source::open(folder)?;
    let entries = || llama_entries(&config);
    source.check(entries(), |name| name.ends_with(".rotary_emb.inv_freq"))?;
    source.check_tied(config.tied_head, "model.embed_tokens.weight")?;
    let model = Llama::new(&config, &mut Rng::seed(0))?;
    source.fill(&model, entries())?;
    Ok(model)
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| Error::io("read", path, e))
}

/// The weights of a folder: in which file each tensor is.
struct Source {
    files: Vec<SafeTensorsFile>,
    place: BTreeMap<String, usize>,
}

impl Source {
    fn open(folder: &Path) -> Result<Self> {
        let (one, list) = (folder.join(WEIGHTS), folder.join(LIST));
        let names = if one.exists() || !list.exists() {
            BTreeSet::from([WEIGHTS.to_owned()])
        } else {
            listed(&text(&list)?)?
        };
        let mut source = Self { files: Vec::new(), place: BTreeMap::new() };
        for name in names {
            let file = SafeTensorsFile::open(folder.join(name))?;
            let at = source.files.len();
            source.place.extend(file.names().map(|tensor| (tensor.to_owned(), at)));
            source.files.push(file);
        }
        Ok(source)
    }

    fn shape(&self, name: &str) -> Result<&[usize]> {
        let missing = || Error::MissingParameter { name: name.to_owned() };
        let file = self.place.get(name).and_then(|&at| self.files.get(at)).ok_or_else(missing)?;
        file.shape(name).map(|shape| &**shape)
    }

    fn read(&mut self, name: &str) -> Result<Tensor> {
        let missing = || Error::MissingParameter { name: name.to_owned() };
        let at = self.place.get(name).copied().ok_or_else(missing)?;
        let tensor = self.files.get_mut(at).ok_or_else(missing)?.get(name)?;
        if tensor.dtype().is_float() {
            return tensor.to_dtype(DType::F32);
        }
        Err(Error::dtype("pretrained", tensor.dtype(), "a float type"))
    }

    /// Compares names and shapes with what is expected; tensors that are `spare` may be there and are not used.
    fn check(
        &self,
        entries: impl Iterator<Item = Entry>,
        spare: impl Fn(&str) -> bool,
    ) -> Result<()> {
        let mut expected = BTreeSet::from([HEAD.to_owned()]); // where it must be, it is among the entries
        for entry in entries {
            let shape = self.shape(&entry.name)?;
            if shape != entry.shape {
                return Err(Error::shapes(
                    "pretrained",
                    (shape, &*entry.shape),
                    format!(
                        "{} does not have the shape that the configuration gives it",
                        entry.name
                    ),
                    "the sizes in config.json fix the shape of every tensor",
                    "use the config.json that came with the weights",
                ));
            }
            expected.insert(entry.name);
        }
        match self.place.keys().find(|name| !expected.contains(*name) && !spare(name)) {
            Some(name) => Err(Error::UnexpectedParameter { name: name.clone() }),
            None => Ok(()),
        }
    }

    /// Refuses an output layer of its own where the configuration says that it is the token table.
    fn check_tied(&mut self, tied: bool, table: &str) -> Result<()> {
        if !tied || !self.place.contains_key(HEAD) {
            return Ok(());
        }
        if self.shape(HEAD)? == self.shape(table)?
            && self.read(HEAD)?.same_values(&self.read(table)?)
        {
            return Ok(());
        }
        let detail = format!("tie_word_embeddings is true, but {HEAD} differs from {table}");
        Err(Error::format("config.json", detail))
    }

    /// Gives the parameters of a model their values.
    fn fill(&mut self, model: &dyn Module, entries: impl Iterator<Item = Entry>) -> Result<()> {
        let params: BTreeMap<String, Param> = model.named_parameters().into_iter().collect();
        for entry in entries {
            let value = self.read(&entry.name)?;
            let value = if entry.transposed { value.t()? } else { value };
            let rows = value.dims().first().copied().unwrap_or(0) / entry.params.len().max(1);
            for (i, name) in entry.params.iter().enumerate() {
                let missing = || Error::MissingParameter { name: name.clone() };
                let param = params.get(name).ok_or_else(missing)?;
                param.load(&value.narrow(0, i * rows, rows)?)?;
            }
        }
        Ok(())
    }
}

/// Returns the files named in a list of weights.
fn listed(json: &str) -> Result<BTreeSet<String>> {
    let wrong = |detail: &str| Error::format(LIST, detail);
    let list: Value = serde_json::from_str(json).map_err(|e| wrong(&e.to_string()))?;
    let map = list["weight_map"].as_object().ok_or_else(|| wrong("there is no weight_map"))?;
    let name = |value: &Value| {
        let name = value.as_str().ok_or_else(|| wrong("a file is not named by a text"))?;
        // Only files of this folder: a list must not lead out of it.
        if Path::new(name).file_name().is_some_and(|file| file == name) {
            Ok(name.to_owned())
        } else {
            Err(wrong(&format!("{name:?} is not the name of a file beside the list")))
        }
    };
    map.values().map(name).collect()
}

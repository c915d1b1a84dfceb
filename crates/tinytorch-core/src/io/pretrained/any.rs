//! A folder whose model is not known before it is read.

use std::{fs, path::Path};

use serde_json::Value;

use super::{load_gpt2, load_llama};
use crate::{
    Error, Result,
    generate::CachedModel,
    nn::{Gpt, Llama},
};

/// A language model from a file.
#[derive(Debug)]
pub enum Pretrained {
    /// GPT-2.
    Gpt2(Gpt),
    /// Llama.
    Llama(Llama),
}

impl Pretrained {
    /// Returns the model as something that continues text.
    #[must_use]
    pub fn model(&self) -> &dyn CachedModel {
        match self {
            Self::Gpt2(model) => model,
            Self::Llama(model) => model,
        }
    }

    /// Returns the name of its architecture, as `config.json` has it.
    #[must_use]
    pub fn architecture(&self) -> &'static str {
        match self {
            Self::Gpt2(_) => "gpt2",
            Self::Llama(_) => "llama",
        }
    }

    /// Returns the number of its tokens.
    #[must_use]
    pub fn vocab(&self) -> usize {
        match self {
            Self::Gpt2(model) => model.config().vocab,
            Self::Llama(model) => model.config().vocab,
        }
    }
}

/// Returns the model of a folder, of the architecture that `model_type` in its `config.json` names: `gpt2` or `llama`.
///
/// # Errors
///
/// [`Error::Io`] if there is no such file, [`Error::Format`] for another architecture; otherwise as [`load_gpt2`] and [`load_llama`].
pub fn load(folder: impl AsRef<Path>) -> Result<Pretrained> {
    let folder = folder.as_ref();
    let path = folder.join("config.json");
    let text = fs::read_to_string(&path).map_err(|e| Error::io("read", &path, e))?;
    let config: Value =
        serde_json::from_str(&text).map_err(|e| Error::format("config.json", e.to_string()))?;
    match config["model_type"].as_str() {
        Some("gpt2") => load_gpt2(folder).map(Pretrained::Gpt2),
        Some("llama") => load_llama(folder).map(Pretrained::Llama),
        _ => {
            let detail = format!(
                "model_type is {}; the architectures that can be read are \"gpt2\" and \"llama\"",
                config["model_type"]
            );
            Err(Error::format("config.json", detail))
        }
    }
}

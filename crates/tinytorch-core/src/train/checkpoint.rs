//! Stopping a training run and going on later as if nothing had happened.
//!
//! What a run will do next depends on four things: the parameters and buffers of the model, what the optimizer remembers, the
//! state of every random generator, and how far the run has come. A [`Checkpoint`] holds them all, and is one safetensors file:
//! tensors under `model.` and `optimizer.`, generators and counters as texts in the metadata.

use std::{collections::BTreeMap, path::Path};

use crate::{
    Error, Result, Rng,
    io::safetensors::SafeTensors,
    nn::{Module, ModuleExt, StateDict},
    optim::Optimizer,
};

const FORMAT: &str = "checkpoint";
/// Metadata entry that tells a checkpoint from any other safetensors file.
const KIND: (&str, &str) = ("format", "tinytorch-checkpoint/1");
const MODEL: &str = "model.";
const OPTIMIZER: &str = "optimizer.";
const RNG: &str = "rng.";
const COUNTER: &str = "counter.";

/// Everything a training run needs to continue bit for bit.
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{Linear, ModuleExt};
/// use tinytorch_core::optim::{Adam, AdamOpts};
/// use tinytorch_core::train::Checkpoint;
/// use tinytorch_core::Rng;
///
/// let mut rng = Rng::seed(1);
/// let model = Linear::new(3, 2, &mut rng)?;
/// let mut adam = Adam::new(model.parameters(), AdamOpts::default())?;
/// let saved = Checkpoint::of(&model, &adam)?.with_rng("order", &rng).with_counter("epoch", 4);
///
/// let again = Checkpoint::from_bytes(&saved.to_bytes())?;
/// again.restore(&model, &mut adam)?;
/// assert_eq!(again.rng("order")?, rng);
/// assert_eq!(again.counter("epoch")?, 4);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Checkpoint {
    /// Parameters and buffers of the model.
    pub model: StateDict,
    /// What the optimizer remembers; its options are not part of it.
    pub optimizer: StateDict,
    /// Random generators by name.
    pub rngs: BTreeMap<String, Rng>,
    /// Epochs, steps and other counts by name.
    pub counters: BTreeMap<String, u64>,
}

impl Checkpoint {
    /// Returns the present state of `model` and `optimizer`, which later training does not change.
    ///
    /// # Errors
    ///
    /// What [`Optimizer::state_dict`] returns.
    pub fn of(model: &dyn Module, optimizer: &dyn Optimizer) -> Result<Self> {
        let (model, optimizer) = (model.state_dict(), optimizer.state_dict()?);
        Ok(Self { model, optimizer, ..Self::default() })
    }

    /// Returns the checkpoint with the state of a generator.
    #[must_use]
    pub fn with_rng(mut self, name: &str, rng: &Rng) -> Self {
        self.rngs.insert(name.to_owned(), rng.clone());
        self
    }

    /// Returns the checkpoint with a count.
    #[must_use]
    pub fn with_counter(mut self, name: &str, count: u64) -> Self {
        self.counters.insert(name.to_owned(), count);
        self
    }

    /// Returns the generator of this name.
    ///
    /// # Errors
    ///
    /// [`Error::MissingParameter`] if none was saved.
    pub fn rng(&self, name: &str) -> Result<Rng> {
        self.rngs
            .get(name)
            .cloned()
            .ok_or_else(|| Error::MissingParameter { name: format!("{RNG}{name}") })
    }

    /// Returns the count of this name.
    ///
    /// # Errors
    ///
    /// [`Error::MissingParameter`] if none was saved.
    pub fn counter(&self, name: &str) -> Result<u64> {
        self.counters
            .get(name)
            .copied()
            .ok_or_else(|| Error::MissingParameter { name: format!("{COUNTER}{name}") })
    }

    /// Puts model and optimizer into the saved state. Both stay as they were unless everything fits.
    ///
    /// # Errors
    ///
    /// As [`ModuleExt::load_state_dict`] and [`Optimizer::load_state_dict`].
    pub fn restore(&self, model: &dyn Module, optimizer: &mut dyn Optimizer) -> Result<()> {
        let before = model.state_dict();
        model.load_state_dict(&self.model, true)?;
        optimizer.load_state_dict(&self.optimizer).or_else(|error| {
            model.load_state_dict(&before, true)?;
            Err(error)
        })
    }

    /// Returns the bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_file().to_bytes()
    }

    /// Writes the file: first under a temporary name beside it, then renamed.
    ///
    /// A full disk or a killed process leaves the previous file of that name as it was; a killed process may leave the
    /// temporary one, whose name ends in `.tmp`, beside it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if a step fails.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.to_file().write(path)
    }

    /// Returns the checkpoint in a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be read, otherwise as [`Self::from_bytes`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_file(SafeTensors::read(path)?)
    }

    /// Returns the checkpoint in the bytes of a file.
    ///
    /// # Errors
    ///
    /// [`Error::Format`] if they are no safetensors file, or one that is no checkpoint.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::from_file(SafeTensors::from_bytes(bytes)?)
    }

    fn to_file(&self) -> SafeTensors {
        let mut file = SafeTensors::default();
        for (prefix, state) in [(MODEL, &self.model), (OPTIMIZER, &self.optimizer)] {
            let named = state.iter().map(|(name, t)| (format!("{prefix}{name}"), t.clone()));
            file.tensors.extend(named);
        }
        file.metadata.insert(KIND.0.to_owned(), KIND.1.to_owned());
        for (name, rng) in &self.rngs {
            let words = rng.state().map(|word| format!("{word:016x}")).join(" ");
            file.metadata.insert(format!("{RNG}{name}"), words);
        }
        for (name, count) in &self.counters {
            file.metadata.insert(format!("{COUNTER}{name}"), count.to_string());
        }
        file
    }

    fn from_file(file: SafeTensors) -> Result<Self> {
        let bad = |what: String| Error::format(FORMAT, what);
        match file.metadata.get(KIND.0).map(String::as_str) {
            Some(kind) if kind == KIND.1 => {}
            kind => {
                return Err(bad(format!("the file calls itself {kind:?}, not {:?}", KIND.1)));
            }
        }
        let mut out = Self::default();
        for (name, tensor) in file.tensors {
            if let Some(name) = name.strip_prefix(MODEL) {
                out.model.insert(name.to_owned(), tensor);
            } else if let Some(name) = name.strip_prefix(OPTIMIZER) {
                out.optimizer.insert(name.to_owned(), tensor);
            } else {
                return Err(bad(format!("tensor {name} is neither of {MODEL} nor {OPTIMIZER}")));
            }
        }
        for (name, text) in &file.metadata {
            if let Some(name) = name.strip_prefix(RNG) {
                let rng = generator(text)
                    .ok_or_else(|| bad(format!("{text:?} is not the state of generator {name}")))?;
                out.rngs.insert(name.to_owned(), rng);
            } else if let Some(name) = name.strip_prefix(COUNTER) {
                let count = text
                    .parse()
                    .map_err(|_| bad(format!("counter {name} is {text:?}, not a number")))?;
                out.counters.insert(name.to_owned(), count);
            }
        }
        Ok(out)
    }
}

/// Reads the four words of a generator.
fn generator(text: &str) -> Option<Rng> {
    let words = text.split(' ').map(|word| u64::from_str_radix(word, 16).ok());
    Rng::from_state(words.collect::<Option<Vec<u64>>>()?.try_into().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tensor;

    /// A file with one entry of the metadata and one tensor replaced or added.
    fn damaged(key: &str, text: &str, tensor: &str) -> Result<Checkpoint> {
        let mut file = Checkpoint::default().with_counter("epoch", u64::MAX).to_file();
        file.metadata.insert(key.to_owned(), text.to_owned());
        file.tensors.insert(tensor.to_owned(), Tensor::scalar(1.0_f32));
        Checkpoint::from_bytes(&file.to_bytes())
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let good = damaged("note", "anything", "model.w").unwrap();
        assert_eq!((good.counter("epoch").unwrap(), good.model.len()), (u64::MAX, 1));
        for (key, text, tensor) in [
            ("format", "pt", "model.w"),
            ("counter.epoch", "-1", "model.w"),
            ("counter.epoch", "", "model.w"),
            ("rng.order", "0 0 0 0", "model.w"), // not a state of the generator
            ("rng.order", "1 2 3", "model.w"),
            ("rng.order", "1 2 3 4 5", "model.w"),
            ("rng.order", "1 2 3 g", "model.w"),
            ("note", "anything", "weights"),
        ] {
            let error = damaged(key, text, tensor).unwrap_err();
            assert!(matches!(error, Error::Format { format: FORMAT, .. }), "{key} {text}: {error}");
        }
        let plain = SafeTensors::default().to_bytes();
        assert!(matches!(Checkpoint::from_bytes(&plain), Err(Error::Format { .. })));
        let error = Checkpoint::default().rng("order").unwrap_err();
        assert!(error.to_string().contains("rng.order"), "{error}");
        assert!(Checkpoint::default().counter("epoch").is_err());
    }
}

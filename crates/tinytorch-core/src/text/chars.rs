//! One id for each character.

use std::collections::HashMap;

use super::{Tokenizer, untrained};
use crate::{Error, Result, dispatch, slots::text::UNKNOWN};

/// The characters that have an id, with their ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct CharVocab {
    pub(crate) chars: Vec<char>,
    pub(crate) ids: HashMap<char, u32>,
}

/// Cuts text into characters: id 0 for everything unknown, then the known characters in ascending order.
///
/// The default value is untrained and refuses to work.
///
/// # Examples
///
/// ```
/// use tinytorch_core::text::{CharTokenizer, Tokenizer};
///
/// let t = CharTokenizer::train(&["banana"])?;
/// assert_eq!(t.encode("nab?")?, [3, 1, 2, 0]);
/// assert_eq!(t.decode(&[2, 1, 3])?, "ban");
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct CharTokenizer {
    vocab: CharVocab,
}

impl CharTokenizer {
    /// Returns the tokenizer that knows the characters of `texts`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the texts hold no character.
    pub fn train(texts: &[&str]) -> Result<Self> {
        let chars = dispatch::char_build_vocab(texts)?;
        if chars.is_empty() {
            return Err(Error::argument("train", "texts", "empty", "at least one character long"));
        }
        Self::from_chars(chars)
    }

    /// Returns the tokenizer in which character number k of `chars` has the id k + 1.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a character is there twice.
    pub fn from_chars(chars: Vec<char>) -> Result<Self> {
        let mut ids = HashMap::with_capacity(chars.len());
        for (place, &c) in chars.iter().enumerate() {
            if ids.insert(c, place as u32 + 1).is_some() {
                return Err(Error::argument(
                    "tokenizer",
                    "chars",
                    format!("{c:?} twice"),
                    "a list of different characters",
                ));
            }
        }
        Ok(Self { vocab: CharVocab { chars, ids } })
    }

    /// Returns the known characters; number k has the id k + 1.
    #[must_use]
    pub fn chars(&self) -> &[char] {
        &self.vocab.chars
    }

    /// Returns how id `id` is written, if there is such an id.
    #[must_use]
    pub fn token(&self, id: u32) -> Option<String> {
        match (id as usize).checked_sub(1) {
            None => (self.vocab_size() > 0).then(|| UNKNOWN.to_owned()),
            Some(place) => self.vocab.chars.get(place).map(char::to_string),
        }
    }
}

impl Tokenizer for CharTokenizer {
    fn encode(&self, text: &str) -> Result<Vec<u32>> {
        if self.vocab_size() == 0 {
            return Err(untrained("encode"));
        }
        dispatch::char_encode(text, &self.vocab)
    }

    fn decode(&self, ids: &[u32]) -> Result<String> {
        if self.vocab_size() == 0 {
            return Err(untrained("decode"));
        }
        dispatch::char_decode(ids, &self.vocab)
    }

    fn vocab_size(&self) -> usize {
        match self.vocab.chars.len() {
            0 => 0,
            n => n + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slots::text as slot;

    #[test]
    fn the_table_gives_the_ids_of_the_definition() {
        let text = "Straße, Ω, 日本, a\u{301}\n\0";
        let t = CharTokenizer::train(&[text, "more"]).unwrap();
        let mixed = format!("{text} and unseen: q7\u{10FFFF}");
        assert_eq!(t.encode(&mixed).unwrap(), slot::char_encode(&mixed, t.chars()));
        assert_eq!(t.decode(&t.encode(text).unwrap()).unwrap(), text);
        assert_eq!(t.decode(&[]).unwrap(), "");
        assert_eq!(t.token(0).as_deref(), Some("<UNK>"));
        assert_eq!(t.token(1).as_deref(), Some("\0"));
        assert_eq!(t.token(99), None);
    }

    #[test]
    fn misuse_is_named() {
        let untrained = CharTokenizer::default();
        for error in [
            CharTokenizer::train(&[""]).unwrap_err(),
            CharTokenizer::from_chars(vec!['a', 'b', 'a']).unwrap_err(),
            untrained.encode("a").unwrap_err(),
            untrained.decode(&[0]).unwrap_err(),
        ] {
            assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
            assert_eq!(error.to_string().lines().count(), 3);
        }
        assert_eq!(untrained.token(0), None);
    }
}

//! From text to ids and back.
//!
//! A network computes with numbers, so text is cut into *tokens* and each token gets an id, its row in an embedding
//! table. Short tokens mean a small table and long sequences, long tokens the reverse:
//!
//! | tokenizer | token | ids for the same text | table | reads every text back |
//! |---|---|---|---|---|
//! | [`CharTokenizer`] | a character | most | small | what it has seen |
//! | [`BpeTokenizer`] | a piece of a word | fewer | chosen | what it has seen, with single spaces |
//! | [`ByteBpeTokenizer`] | a piece of a word, made of bytes | fewer | chosen | yes, exactly |
//!
//! [`Stats`] measures that trade. [`ByteBpeTokenizer`] is the one of GPT-2 and reads GPT-2's two vocabulary files.
//!
//! # Examples
//!
//! ```
//! use tinytorch_core::text::{ByteBpeTokenizer, CharTokenizer, Tokenizer};
//!
//! let text = "the tide is in the tide is out";
//! let chars = CharTokenizer::train(&[text])?;
//! assert_eq!(chars.vocab_size(), 11); // ten characters, and one id for all others
//! let bytes = ByteBpeTokenizer::train(&[text], 262)?;
//! assert_eq!(chars.encode(text)?.len(), 30);
//! assert_eq!(bytes.encode(text)?.len(), 16); // two merges of pairs seen three times, four of pairs seen twice
//! assert_eq!(bytes.decode(&bytes.encode("Ωmega!\n")?)?, "Ωmega!\n");
//! # Ok::<(), tinytorch_core::Error>(())
//! ```

mod bpe;
mod byte_bpe;
mod byte_map;
mod chars;
#[cfg(feature = "json")]
mod file;
mod gpt2;
#[cfg(feature = "json")]
mod hugging_face;
mod letters;
mod stats;
mod table;
mod train;

pub use bpe::BpeTokenizer;
pub use byte_bpe::ByteBpeTokenizer;
pub use chars::CharTokenizer;
pub use gpt2::pieces;
pub use stats::Stats;

pub(crate) use chars::CharVocab;
pub(crate) use table::MergeTable;
pub(crate) use train::train;

use crate::{Error, Result};

/// Turns text into ids and ids into text.
///
/// Implementers return ids below [`vocab_size`](Self::vocab_size), the same ones for the same text every time.
pub trait Tokenizer {
    /// Returns the ids of `text`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the tokenizer was never trained.
    fn encode(&self, text: &str) -> Result<Vec<u32>>;

    /// Returns the text that `ids` stand for.
    ///
    /// # Errors
    ///
    /// [`Error::IndexOutOfRange`] for an id from [`vocab_size`](Self::vocab_size) on, with its position;
    /// [`Error::InvalidArgument`] if the tokenizer was never trained.
    fn decode(&self, ids: &[u32]) -> Result<String>;

    /// Returns the number of different ids.
    fn vocab_size(&self) -> usize;
}

impl<T: Tokenizer + ?Sized> Tokenizer for &T {
    fn encode(&self, text: &str) -> Result<Vec<u32>> {
        (**self).encode(text)
    }

    fn decode(&self, ids: &[u32]) -> Result<String> {
        (**self).decode(ids)
    }

    fn vocab_size(&self) -> usize {
        (**self).vocab_size()
    }
}

#[cold]
fn untrained(op: &'static str) -> Error {
    Error::argument(
        op,
        "tokenizer",
        "untrained: its vocabulary is empty",
        "trained on text or loaded from a file",
    )
}

#[cold]
fn unknown_id(op: &'static str, id: u32, size: usize, position: usize) -> Error {
    Error::IndexOutOfRange { op, index: i64::from(id), size, position }
}

//! What a tokenizer makes of a text, in numbers.

use core::fmt;

use super::Tokenizer;
use crate::Result;

/// Size of a text before and after it was cut into tokens.
///
/// # Examples
///
/// ```
/// use tinytorch_core::text::{CharTokenizer, Stats};
///
/// let text = "to be, or not to be";
/// let stats = Stats::of(&CharTokenizer::train(&[text])?, text)?;
/// assert_eq!((stats.characters, stats.tokens, stats.used), (19, 19, 8));
/// assert_eq!(stats.table_bytes(64), 9 * 64 * 4);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Characters of the text.
    pub characters: usize,
    /// Bytes of the text.
    pub bytes: usize,
    /// Tokens that the text became: the length of the sequence a network sees.
    pub tokens: usize,
    /// Different ids among them.
    pub used: usize,
    /// Ids that the tokenizer has.
    pub vocab_size: usize,
}

impl Stats {
    /// Returns the sizes for `text`.
    ///
    /// # Errors
    ///
    /// What [`Tokenizer::encode`] returns.
    pub fn of(tokenizer: &(impl Tokenizer + ?Sized), text: &str) -> Result<Self> {
        let mut ids = tokenizer.encode(text)?;
        let tokens = ids.len();
        ids.sort_unstable();
        ids.dedup();
        let (characters, bytes) = (text.chars().count(), text.len());
        Ok(Self { characters, bytes, tokens, used: ids.len(), vocab_size: tokenizer.vocab_size() })
    }

    /// Returns the characters that one token stands for on average; 0 without tokens.
    #[must_use]
    pub fn compression(&self) -> f64 {
        if self.tokens == 0 { 0.0 } else { self.characters as f64 / self.tokens as f64 }
    }

    /// Returns the bytes of an embedding table of `f32` with one row of `dim` numbers for each id.
    #[must_use]
    pub fn table_bytes(&self, dim: usize) -> usize {
        self.vocab_size * dim * size_of::<f32>()
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { characters, tokens, used, vocab_size, .. } = self;
        let ratio = self.compression();
        write!(
            f,
            "{characters} characters in {tokens} tokens ({ratio:.2} each), {used} of {vocab_size} ids used"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{BpeTokenizer, ByteBpeTokenizer, CharTokenizer};

    /// More ids, fewer tokens: the trade that a vocabulary size chooses.
    #[test]
    fn compression_grows_with_the_vocabulary() {
        let text = crate::datasets::ALMANAC;
        let chars = Stats::of(&CharTokenizer::train(&[text]).unwrap(), text).unwrap();
        assert_eq!((chars.characters, chars.tokens, chars.vocab_size), (4515, 4515, 48));
        let mut last = 1.0;
        for size in [300, 400, 600] {
            let stats = Stats::of(&ByteBpeTokenizer::train(&[text], size).unwrap(), text).unwrap();
            assert!(stats.compression() > last, "{stats}");
            last = stats.compression();
        }
        let words = Stats::of(&BpeTokenizer::train(&[text], 100_000).unwrap(), text).unwrap();
        assert_eq!(words.tokens, text.split_whitespace().count());
        assert_eq!(words.table_bytes(16), words.vocab_size * 64);
        let empty = Stats::of(&CharTokenizer::train(&["a"]).unwrap(), "").unwrap();
        assert_eq!(empty.to_string(), "0 characters in 0 tokens (0.00 each), 0 of 2 ids used");
    }
}

//! Pieces of words, learned by joining frequent neighbors.

use std::collections::{BTreeMap, HashMap};

use super::{MergeTable, Tokenizer, table::Fault, unknown_id, untrained};
use crate::{
    Error, Result, dispatch,
    slots::text::{END_OF_WORD, Pair, UNKNOWN, Word},
};

/// Cuts text at white space into words, and words into the pieces that training found frequent.
///
/// The ids are: 0 for every unknown character, 1 for the end of a word, then the characters of the training text
/// in ascending order, then one for each join in the order of learning. Decoding puts one space between words, so other
/// white space is lost, and so is a literal `</w>`; [`ByteBpeTokenizer`](super::ByteBpeTokenizer) loses nothing.
/// The default value is untrained and refuses to work.
///
/// # Source
///
/// Sennrich, Haddow & Birch (2016), "Neural machine translation of rare words with subword units", algorithm 1.
///
/// # Examples
///
/// ```
/// use tinytorch_core::text::{BpeTokenizer, Tokenizer};
///
/// let t = BpeTokenizer::train(&["low low low lower newest newest widest"], 20)?;
/// assert_eq!(t.pieces("slow lowest")?, ["s", "low</w>", "low", "est</w>"]);
/// assert_eq!(t.decode(&t.encode("slow  lowest")?)?, "slow lowest");
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct BpeTokenizer {
    table: MergeTable,
}

impl BpeTokenizer {
    /// Returns the tokenizer with up to `vocab_size` ids that is learned from `texts`.
    ///
    /// It has fewer ids only when every word has become one piece before.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the texts hold no word, or if `vocab_size` leaves no room for their characters.
    pub fn train(texts: &[&str], vocab_size: usize) -> Result<Self> {
        let words = count_words(texts);
        if words.is_empty() {
            return Err(Error::argument(
                "train",
                "texts",
                "without a word",
                "at least one word long",
            ));
        }
        let mut alphabet = vec![UNKNOWN.to_owned(), END_OF_WORD.to_owned()];
        alphabet.extend(
            dispatch::char_build_vocab(texts)?
                .into_iter()
                .filter(|c| !c.is_whitespace())
                .map(String::from),
        );
        let Some(n_merges) = vocab_size.checked_sub(alphabet.len()) else {
            let characters = alphabet.len() - 2;
            let least = alphabet.len();
            let need = format!(
                "at least {least}: {characters} different characters, the end of a word, and the unknown"
            );
            return Err(Error::argument("train", "vocab_size", vocab_size, need));
        };
        let merges = dispatch::bpe_train(&words, n_merges)?;
        let table = MergeTable::learned(alphabet, merges).map_err(refused)?;
        Ok(Self { table })
    }

    /// Returns the tokenizer with these tokens, whose places are their ids, and these joins.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the first two tokens are not those of the unknown and of the end of a word, if a token is
    /// there twice, or if a join needs a token that is not there.
    pub fn from_parts(tokens: Vec<String>, merges: Vec<Pair>) -> Result<Self> {
        if tokens.len() < 2 || tokens[0] != UNKNOWN || tokens[1] != END_OF_WORD {
            let got = format!("starting with {:?}", &tokens[..tokens.len().min(2)]);
            let need = format!("a list that starts with {UNKNOWN:?} and {END_OF_WORD:?}");
            return Err(Error::argument("tokenizer", "tokens", got, need));
        }
        Ok(Self { table: MergeTable::new(tokens, merges).map_err(refused)? })
    }

    /// Returns the tokens; the place of each is its id.
    #[must_use]
    pub fn tokens(&self) -> &[String] {
        self.table.tokens()
    }

    /// Returns the joins in the order of learning.
    #[must_use]
    pub fn merges(&self) -> &[Pair] {
        self.table.merges()
    }

    /// Returns the tokens that `text` is cut into, as text.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the tokenizer was never trained.
    pub fn pieces(&self, text: &str) -> Result<Vec<String>> {
        let ids = self.encode(text)?;
        Ok(ids.iter().filter_map(|&id| self.table.token(id)).map(str::to_owned).collect())
    }
}

impl Tokenizer for BpeTokenizer {
    fn encode(&self, text: &str) -> Result<Vec<u32>> {
        if self.tokens().is_empty() {
            return Err(untrained("encode"));
        }
        let mut known: HashMap<&str, Vec<u32>> = HashMap::new();
        let mut ids = Vec::new();
        for word in text.split_whitespace() {
            if !known.contains_key(word) {
                let mut symbols = Vec::with_capacity(word.len() + 1);
                symbols.extend(
                    word.chars().map(|c| self.table.id(c.encode_utf8(&mut [0; 4])).unwrap_or(0)),
                );
                symbols.push(1);
                dispatch::bpe_encode(&self.table, &mut symbols)?;
                known.insert(word, symbols);
            }
            ids.extend_from_slice(known.get(word).map_or(&[], |v| v));
        }
        Ok(ids)
    }

    fn decode(&self, ids: &[u32]) -> Result<String> {
        if self.tokens().is_empty() {
            return Err(untrained("decode"));
        }
        let mut text = String::new();
        for (position, &id) in ids.iter().enumerate() {
            let token = self
                .table
                .token(id)
                .ok_or_else(|| unknown_id("decode", id, self.vocab_size(), position))?;
            match token.strip_suffix(END_OF_WORD) {
                Some(end) => {
                    text.push_str(end);
                    text.push(' ');
                }
                None => text.push_str(token),
            }
        }
        text.truncate(text.trim_end_matches(' ').len());
        Ok(text)
    }

    fn vocab_size(&self) -> usize {
        self.tokens().len()
    }
}

/// The words of the texts in ascending order, cut into characters and the end of the word.
fn count_words(texts: &[&str]) -> Vec<Word> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for word in texts.iter().flat_map(|text| text.split_whitespace()) {
        *counts.entry(word).or_default() += 1;
    }
    let symbols =
        |word: &str| word.chars().map(String::from).chain([END_OF_WORD.to_owned()]).collect();
    counts.into_iter().map(|(word, count)| Word { symbols: symbols(word), count }).collect()
}

#[cold]
pub(super) fn refused(fault: Fault) -> Error {
    let (name, got, need) = match fault {
        Fault::Repeated(id) => {
            ("tokens", format!("token {id} a second time"), "a list of different tokens")
        }
        Fault::Missing(rank, token) => (
            "merges",
            format!("merge {rank} with {token:?}, which has no id"),
            "a list of merges of tokens into tokens",
        ),
        Fault::Empty(rank) => {
            ("merges", format!("merge {rank} with an empty side"), "a list of merges of tokens")
        }
    };
    Error::argument("tokenizer", name, got, need)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "der mond ist aufgegangen die goldnen sternlein prangen am himmel hell und klar";

    #[test]
    fn known_text_comes_back_with_single_spaces() {
        for size in [25, 40, 1000] {
            let t = BpeTokenizer::train(&[TEXT], size).unwrap();
            assert!(t.vocab_size() <= size);
            assert_eq!(t.decode(&t.encode(TEXT).unwrap()).unwrap(), TEXT);
            assert_eq!(t.decode(&t.encode(" hell\n\tam  mond ").unwrap()).unwrap(), "hell am mond");
        }
        let t = BpeTokenizer::train(&[TEXT], 1000).unwrap();
        assert_eq!(t.encode(TEXT).unwrap().len(), TEXT.split(' ').count()); // each word has become one piece
        assert!(t.encode(" \n").unwrap().is_empty());
    }

    #[test]
    fn unknown_characters_are_id_0() {
        let t = BpeTokenizer::train(&["aa ab"], 6).unwrap();
        assert_eq!(t.tokens()[..4], ["<UNK>", "</w>", "a", "b"]);
        let ids = t.encode("aXb").unwrap();
        assert_eq!(ids.iter().filter(|&&id| id == 0).count(), 1);
        assert_eq!(t.decode(&ids).unwrap(), "a<UNK>b");
    }

    #[test]
    fn longer_vocabularies_never_make_longer_sequences() {
        let mut last = usize::MAX;
        for size in (22..90).step_by(4) {
            let n = BpeTokenizer::train(&[TEXT], size).unwrap().encode(TEXT).unwrap().len();
            assert!(n <= last, "{size}: {n} > {last}");
            last = n;
        }
    }

    #[test]
    fn text_that_spells_the_marks_does_no_harm() {
        let text = "</w> <UNK> </w> <UNK> </w></w> <UNK>";
        let t = BpeTokenizer::train(&[text], 60).unwrap();
        let ids = t.encode(text).unwrap();
        assert!(t.decode(&ids).unwrap().contains("<UNK>"));
    }

    #[test]
    fn misuse_is_named() {
        let message = BpeTokenizer::train(&["abc"], 4).unwrap_err().to_string();
        assert!(
            message.contains("vocab_size is 4") && message.contains("at least 5: 3 different"),
            "{message}"
        );
        assert_eq!(BpeTokenizer::train(&["abc"], 5).unwrap().vocab_size(), 5);
        let t = BpeTokenizer::train(&["abc"], 5).unwrap();
        let error = t.decode(&[1, 2, 5]).unwrap_err();
        assert!(
            matches!(error, Error::IndexOutOfRange { index: 5, size: 5, position: 2, .. }),
            "{error}"
        );
        for error in [
            BpeTokenizer::train(&["", " \n"], 100).unwrap_err(),
            BpeTokenizer::default().encode("a").unwrap_err(),
            BpeTokenizer::default().decode(&[0]).unwrap_err(),
            BpeTokenizer::from_parts(vec![], vec![]).unwrap_err(),
            BpeTokenizer::from_parts(
                ["<UNK>", "</w>", "a"].map(String::from).to_vec(),
                vec![("a".into(), "b".into())],
            )
            .unwrap_err(),
        ] {
            assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
        }
    }
}

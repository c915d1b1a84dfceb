//! Byte-pair encoding over bytes: every text can be cut, and every text comes back.

use std::collections::{BTreeMap, HashMap};

use super::{
    MergeTable, Tokenizer,
    bpe::refused,
    byte_map::{byte_order, byte_to_char, char_to_byte},
    gpt2::pieces,
    unknown_id, untrained,
};
use crate::{
    Error, Result, dispatch,
    slots::text::{Pair, Word},
};

/// Cuts text as GPT-2 does: into [`pieces`], and each piece into byte sequences that training found frequent.
///
/// The ids are the 256 bytes in GPT-2's order, one for each join in the order of learning, and then the special tokens.
/// Since every byte has an id there is no unknown text, and decoding gives back exactly what was encoded.
///
/// [`encode`](Tokenizer::encode) never produces a special token, whatever the text says;
/// [`encode_with_special`](Self::encode_with_special) does. The default value is untrained and refuses to work.
///
/// # Source
///
/// Radford et al. (2019), "Language models are unsupervised multitask learners", section 2.2.
///
/// # Examples
///
/// ```
/// use tinytorch_core::text::{ByteBpeTokenizer, Tokenizer};
///
/// let t = ByteBpeTokenizer::train(&["in the end, in the beginning"], 260)?.with_special(&["<|end|>"])?;
/// let ids = t.encode("in the 日")?;
/// assert_eq!(t.decode(&ids)?, "in the 日");
/// assert_eq!(t.encode_with_special("in<|end|>")?.last(), Some(&260));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ByteBpeTokenizer {
    table: MergeTable,
    /// The id of each byte; empty before training.
    bytes: Vec<u32>,
    /// What each id stands for.
    meaning: Vec<Vec<u8>>,
    /// Special tokens, longest first, so that one that starts with another is found.
    special: Vec<(String, u32)>,
}

impl ByteBpeTokenizer {
    /// Returns the tokenizer with up to `vocab_size` ids that is learned from `texts`.
    ///
    /// It has fewer ids only when every piece has become one token before. Without text it knows the bytes alone.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `vocab_size` is below 256.
    pub fn train(texts: &[&str], vocab_size: usize) -> Result<Self> {
        let Some(n_merges) = vocab_size.checked_sub(256) else {
            return Err(Error::argument(
                "train",
                "vocab_size",
                vocab_size,
                "at least 256, one id for each byte",
            ));
        };
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for piece in texts.iter().flat_map(|text| pieces(text)) {
            *counts.entry(piece).or_default() += 1;
        }
        let symbols = |piece: &str| piece.bytes().map(|b| byte_to_char(b).to_string()).collect();
        let words: Vec<Word> =
            counts.into_iter().map(|(p, count)| Word { symbols: symbols(p), count }).collect();
        let alphabet = byte_order().map(|b| byte_to_char(b).to_string()).collect();
        let merges = dispatch::bpe_train(&words, n_merges)?;
        Self::from_table(MergeTable::learned(alphabet, merges).map_err(refused)?)
    }

    /// Returns the tokenizer with these tokens, whose places are their ids, and these joins, both written as in GPT-2's files:
    /// a character for each byte, `Ġ` for the space.
    ///
    /// Tokens that are neither a byte nor the result of a join are special tokens.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a byte has no token, a token is there twice, or a join needs a token that is not there.
    pub fn from_parts(tokens: Vec<String>, merges: Vec<Pair>) -> Result<Self> {
        Self::from_table(MergeTable::new(tokens, merges).map_err(refused)?)
    }

    fn from_table(table: MergeTable) -> Result<Self> {
        let byte_id = |b: u8| {
            let c = byte_to_char(b);
            table.id(c.encode_utf8(&mut [0; 4])).ok_or_else(|| {
                let got = format!("without {:?}, which stands for byte {b}", c.to_string());
                Error::argument(
                    "tokenizer",
                    "tokens",
                    got,
                    "a list with a token for each of the 256 bytes",
                )
            })
        };
        let bytes = (0..=255).map(byte_id).collect::<Result<Vec<_>>>()?;
        let joined: std::collections::HashSet<String> =
            table.merges().iter().map(|(a, b)| format!("{a}{b}")).collect();
        let (mut meaning, mut special) = (Vec::with_capacity(table.tokens().len()), Vec::new());
        for (id, token) in table.tokens().iter().enumerate() {
            let spelled: Option<Vec<u8>> = token.chars().map(char_to_byte).collect();
            match spelled {
                Some(spelled) if spelled.len() == 1 || joined.contains(token) => {
                    meaning.push(spelled);
                }
                _ => {
                    meaning.push(token.clone().into_bytes());
                    special.push((token.clone(), id as u32));
                }
            }
        }
        if let Some((token, id)) =
            special.iter().find(|(token, _)| joined.contains(token) || token.is_empty())
        {
            let got = format!("with token {id}, {token:?}, which spells no bytes");
            return Err(Error::argument(
                "tokenizer",
                "tokens",
                got,
                "a list of tokens in the characters that stand for bytes",
            ));
        }
        special.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then(a.cmp(b)));
        Ok(Self { table, bytes, meaning, special })
    }

    /// Returns this tokenizer with special tokens added, which get the next ids in order.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if one is empty or exists already, or if the tokenizer was never trained.
    pub fn with_special(mut self, tokens: &[&str]) -> Result<Self> {
        if self.bytes.is_empty() {
            return Err(untrained("with_special"));
        }
        for &token in tokens {
            if token.is_empty() || self.table.id(token).is_some() {
                let need = "a list of tokens that are new and not empty";
                return Err(Error::argument(
                    "with_special",
                    "tokens",
                    format!("holding {token:?}"),
                    need,
                ));
            }
            self.special.push((token.to_owned(), self.meaning.len() as u32));
            self.meaning.push(token.as_bytes().to_vec());
            self.table.extend(&[token.to_owned()]);
        }
        self.special.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then(a.cmp(b)));
        Ok(self)
    }

    /// Returns the ids of `text`, in which special tokens are recognized by their text.
    ///
    /// Use it for text of your own, never for text from others: they could end a conversation by writing `<|endoftext|>`.
    ///
    /// # Errors
    ///
    /// As [`encode`](Tokenizer::encode).
    pub fn encode_with_special(&self, text: &str) -> Result<Vec<u32>> {
        // Special tokens stand longest first, so that of several at one place the longest is taken.
        let at_start =
            |rest: &str| self.special.iter().find(|(token, _)| rest.starts_with(token.as_str()));
        let mut ids = Vec::new();
        let mut rest = text;
        while let Some((at, (token, id))) =
            rest.char_indices().find_map(|(at, _)| at_start(&rest[at..]).map(|found| (at, found)))
        {
            ids.extend(self.encode(&rest[..at])?);
            ids.push(*id);
            rest = &rest[at + token.len()..];
        }
        ids.extend(self.encode(rest)?);
        Ok(ids)
    }

    /// Returns the bytes that `ids` stand for.
    ///
    /// A token may end within a character, so a prefix of a sequence can be text that is not yet complete.
    ///
    /// # Errors
    ///
    /// As [`decode`](Tokenizer::decode).
    pub fn decode_bytes(&self, ids: &[u32]) -> Result<Vec<u8>> {
        if self.bytes.is_empty() {
            return Err(untrained("decode"));
        }
        let mut out = Vec::new();
        for (position, &id) in ids.iter().enumerate() {
            let bytes = self.meaning.get(id as usize);
            out.extend_from_slice(
                bytes.ok_or_else(|| unknown_id("decode", id, self.meaning.len(), position))?,
            );
        }
        Ok(out)
    }

    /// Returns the tokens as GPT-2 writes them; the place of each is its id.
    #[must_use]
    pub fn tokens(&self) -> &[String] {
        self.table.tokens()
    }

    /// Returns the joins in the order of learning.
    #[must_use]
    pub fn merges(&self) -> &[Pair] {
        self.table.merges()
    }

    /// Returns the id of a special token.
    #[must_use]
    pub fn special(&self, token: &str) -> Option<u32> {
        self.special.iter().find(|(t, _)| t == token).map(|&(_, id)| id)
    }
}

impl Tokenizer for ByteBpeTokenizer {
    fn encode(&self, text: &str) -> Result<Vec<u32>> {
        if self.bytes.is_empty() {
            return Err(untrained("encode"));
        }
        let mut known: HashMap<&str, Vec<u32>> = HashMap::new();
        let mut ids = Vec::with_capacity(text.len() / 3);
        for piece in pieces(text) {
            if !known.contains_key(piece) {
                let mut symbols = piece.bytes().map(|b| self.bytes[usize::from(b)]).collect();
                dispatch::bpe_encode(&self.table, &mut symbols)?;
                known.insert(piece, symbols);
            }
            ids.extend_from_slice(known.get(piece).map_or(&[], |v| v));
        }
        Ok(ids)
    }

    /// Returns the text that `ids` stand for; bytes that are no text, such as half a character, become `\u{FFFD}`.
    fn decode(&self, ids: &[u32]) -> Result<String> {
        let bytes = self.decode_bytes(ids)?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()))
    }

    fn vocab_size(&self) -> usize {
        self.meaning.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    const TEXT: &str =
        "She sells sea shells by the sea shore; the shells she sells are sea shells.";

    fn random_text(rng: &mut Rng) -> String {
        let any = |rng: &mut Rng| loop {
            let bits = [7, 8, 11, 16, 21][rng.below(5)];
            if let Some(c) = char::from_u32(rng.below(1 << bits) as u32) {
                return c;
            }
        };
        (0..rng.below(40)).map(|_| any(rng)).collect()
    }

    /// The law of the byte level: decode(encode(x)) = x for any text.
    #[test]
    fn every_text_comes_back() {
        let mut rng = Rng::seed(3);
        for size in [256, 280, 330] {
            let t = ByteBpeTokenizer::train(&[TEXT, "ß日本語🙂 ß日本語🙂"], size)
                .unwrap()
                .with_special(&["<|x|>"])
                .unwrap();
            for _ in 0..700 {
                let text = random_text(&mut rng);
                let ids = t.encode(&text).unwrap();
                assert_eq!(t.decode(&ids).unwrap(), text);
                assert!(ids.len() <= text.len());
                let marked = format!("{text}<|x|>{text}");
                assert_eq!(t.decode(&t.encode(&marked).unwrap()).unwrap(), marked);
                assert_eq!(t.decode(&t.encode_with_special(&marked).unwrap()).unwrap(), marked);
            }
        }
    }

    #[test]
    fn training_shortens_its_text() {
        let plain = ByteBpeTokenizer::train(&[], 1000).unwrap();
        assert_eq!((plain.vocab_size(), plain.encode(TEXT).unwrap().len()), (256, TEXT.len()));
        let all = ByteBpeTokenizer::train(&[TEXT], 1000).unwrap();
        assert_eq!(all.encode(TEXT).unwrap().len(), pieces(TEXT).count());
    }

    #[test]
    fn half_a_character_is_marked() {
        let t = ByteBpeTokenizer::train(&[], 256).unwrap();
        let ids = t.encode("é!").unwrap();
        assert_eq!(t.decode_bytes(&ids[..1]).unwrap(), [0xc3]);
        assert_eq!(t.decode(&ids[1..]).unwrap(), "\u{fffd}!");
    }

    #[test]
    fn special_tokens_are_found_only_on_request() {
        let t = ByteBpeTokenizer::train(&[TEXT], 300).unwrap();
        let n = t.vocab_size() as u32;
        let t = t.with_special(&["<s>", "<s>>", "end"]).unwrap();
        assert_eq!(t.encode_with_special("<s><s>>end").unwrap(), [n, n + 1, n + 2]);
        assert!(t.encode("<s><s>>end").unwrap().iter().all(|&id| id < n));
        assert_eq!((t.special("end"), t.special("shells")), (Some(n + 2), None));
        assert_eq!(t.decode(&[n, n + 2]).unwrap(), "<s>end");
    }

    #[test]
    fn misuse_is_named() {
        let t = ByteBpeTokenizer::train(&[TEXT], 257).unwrap();
        let error = t.decode(&[0, 257]).unwrap_err();
        assert!(
            matches!(error, Error::IndexOutOfRange { index: 257, size: 257, position: 1, .. }),
            "{error}"
        );
        let mut tokens = t.tokens().to_vec();
        tokens[7] = "new".to_owned();
        let lost = ByteBpeTokenizer::from_parts(tokens, vec![]).unwrap_err();
        assert!(lost.to_string().contains("stands for byte 40"), "{lost}");
        let mut tokens = t.tokens().to_vec();
        tokens.push("日".to_owned());
        tokens.push("日!".to_owned());
        let odd =
            ByteBpeTokenizer::from_parts(tokens, vec![("日".into(), "!".into())]).unwrap_err();
        for error in [
            lost,
            odd,
            ByteBpeTokenizer::train(&[TEXT], 255).unwrap_err(),
            ByteBpeTokenizer::default().encode("").unwrap_err(),
            ByteBpeTokenizer::default().decode(&[]).unwrap_err(),
            ByteBpeTokenizer::default().with_special(&["<s>"]).unwrap_err(),
            t.clone().with_special(&["<s>", "<s>"]).unwrap_err(),
            t.with_special(&[""]).unwrap_err(),
        ] {
            assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
        }
    }
}

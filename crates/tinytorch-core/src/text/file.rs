//! Tokenizers in files: one JSON document of our own, and GPT-2's pair of vocabulary and merges.
//!
//! Our document is `{"format": "tinytorch-tokenizer/1", "kind": .., "vocab": [..], "merges": [[a, b], ..]}` with the kinds
//! `char`, `bpe` and `byte-bpe`. `vocab` lists the tokens in the order of their ids (for `char` from id 1 on); `merges` is absent
//! for `char`.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Map, Value, json};

use super::{
    BpeTokenizer, ByteBpeTokenizer, CharTokenizer, MergeTable, bpe::refused, table::Fault,
};
use crate::{Error, Result, io::replace, slots::text::Pair};

const FORMAT: &str = "tinytorch-tokenizer/1";

/// Methods that every tokenizer has, from its two conversions.
macro_rules! files {
    ($T:ty) => {
        impl $T {
            /// Writes the tokenizer to a file, as [`to_json`](Self::to_json) gives it.
            ///
            /// # Errors
            ///
            /// [`Error::Io`] if the file cannot be written; a file of that name is then as it was.
            pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
                replace(path.as_ref(), self.to_json().as_bytes())
            }

            /// Returns the tokenizer that [`save`](Self::save) wrote.
            ///
            /// # Errors
            ///
            /// [`Error::Io`] if the file cannot be read, otherwise as [`from_json`](Self::from_json).
            pub fn load(path: impl AsRef<Path>) -> Result<Self> {
                Self::from_json(&read(path.as_ref())?)
            }
        }
    };
}

files!(CharTokenizer);
files!(BpeTokenizer);
files!(ByteBpeTokenizer);

impl CharTokenizer {
    /// Returns the tokenizer as a JSON document.
    #[must_use]
    pub fn to_json(&self) -> String {
        json!({ "format": FORMAT, "kind": "char", "vocab": self.chars() }).to_string()
    }

    /// Returns the tokenizer in a JSON document.
    ///
    /// # Errors
    ///
    /// [`Error::Format`] naming the line or the entry that is wrong.
    pub fn from_json(text: &str) -> Result<Self> {
        let vocab = tokens(&document(text, "char")?)?;
        let mut chars = Vec::with_capacity(vocab.len());
        for (place, token) in vocab.iter().enumerate() {
            let mut all = token.chars();
            let (Some(c), None) = (all.next(), all.next()) else {
                return Err(bad(format!("vocab[{place}] is {token:?}, not one character")));
            };
            chars.push(c);
        }
        Self::from_chars(chars).map_err(wrong)
    }
}

impl BpeTokenizer {
    /// Returns the tokenizer as a JSON document.
    #[must_use]
    pub fn to_json(&self) -> String {
        json!({ "format": FORMAT, "kind": "bpe", "vocab": self.tokens(), "merges": self.merges() })
            .to_string()
    }

    /// Returns the tokenizer in a JSON document.
    ///
    /// # Errors
    ///
    /// [`Error::Format`] naming the line or the entry that is wrong.
    pub fn from_json(text: &str) -> Result<Self> {
        let value = document(text, "bpe")?;
        Self::from_parts(tokens(&value)?, merges(&value)?).map_err(wrong)
    }
}

impl ByteBpeTokenizer {
    /// Returns the tokenizer as a JSON document.
    #[must_use]
    pub fn to_json(&self) -> String {
        json!({ "format": FORMAT, "kind": "byte-bpe", "vocab": self.tokens(), "merges": self.merges() }).to_string()
    }

    /// Returns the tokenizer in a JSON document.
    ///
    /// # Errors
    ///
    /// [`Error::Format`] naming the line or the entry that is wrong.
    pub fn from_json(text: &str) -> Result<Self> {
        let value = document(text, "byte-bpe")?;
        Self::from_parts(tokens(&value)?, merges(&value)?).map_err(wrong)
    }

    /// Returns the tokenizer in GPT-2's two files, usually named `vocab.json` and `merges.txt`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if a file cannot be read, otherwise as [`from_gpt2`](Self::from_gpt2).
    pub fn load_gpt2(vocab: impl AsRef<Path>, merges: impl AsRef<Path>) -> Result<Self> {
        Self::from_gpt2(&read(vocab.as_ref())?, &read(merges.as_ref())?)
    }

    /// Returns the tokenizer in the contents of GPT-2's two files.
    ///
    /// The vocabulary is a JSON object from tokens to ids, which must be 0, 1, 2 and so on. The merges are lines of two
    /// tokens with a space between, in the order of learning, after an optional first line `#version: 0.2`.
    ///
    /// # Errors
    ///
    /// [`Error::Format`] naming the line, the token or the id that is wrong.
    pub fn from_gpt2(vocab: &str, merges: &str) -> Result<Self> {
        let tokens = gpt2_vocab(vocab)?;
        let (pairs, lines) = gpt2_merges(merges)?;
        let at = |rank: usize| lines.get(rank).copied().unwrap_or(0);
        MergeTable::new(tokens.clone(), pairs.clone()).map_err(|fault| match fault {
            Fault::Missing(rank, token) => Error::format(
                "merges.txt",
                format!("line {}: {token:?} is not in the vocabulary", at(rank)),
            ),
            other => refused(other),
        })?;
        Self::from_parts(tokens, pairs).map_err(|e| Error::format("vocab.json", first_line(&e)))
    }

    /// Returns the tokenizer as the contents of GPT-2's two files: vocabulary and merges.
    #[must_use]
    pub fn to_gpt2(&self) -> (String, String) {
        let ids =
            self.tokens().iter().enumerate().map(|(id, token)| (token.clone(), Value::from(id)));
        let vocab = Value::Object(ids.collect::<Map<_, _>>()).to_string();
        let lines = self.merges().iter().map(|(a, b)| format!("{a} {b}\n"));
        (vocab, core::iter::once("#version: 0.2\n".to_owned()).chain(lines).collect())
    }
}

fn gpt2_vocab(text: &str) -> Result<Vec<String>> {
    let bad = |detail: String| Error::format("vocab.json", detail);
    let ids: BTreeMap<String, u64> = serde_json::from_str(text).map_err(|e| bad(e.to_string()))?;
    let mut tokens: Vec<Option<String>> = vec![None; ids.len()];
    let n = ids.len();
    for (token, id) in ids {
        let place = usize::try_from(id).ok().and_then(|id| tokens.get_mut(id));
        let place = place.ok_or_else(|| {
            bad(format!("{token:?} has id {id}, but {n} tokens have the ids below {n}"))
        })?;
        if let Some(other) = place.replace(token.clone()) {
            return Err(bad(format!("{other:?} and {token:?} both have id {id}")));
        }
    }
    // As many ids as places, all different and in range: every place is taken.
    Ok(tokens.into_iter().flatten().collect())
}

/// The joins, and the line of each.
fn gpt2_merges(text: &str) -> Result<(Vec<Pair>, Vec<usize>)> {
    let (mut pairs, mut lines) = (Vec::new(), Vec::new());
    for (at, line) in text.lines().enumerate() {
        if line.is_empty() || at == 0 && line.starts_with("#version") {
            continue;
        }
        match line.split_once(' ') {
            Some((a, b)) if !a.is_empty() && !b.is_empty() && !b.contains(' ') => {
                pairs.push((a.to_owned(), b.to_owned()));
                lines.push(at + 1);
            }
            _ => {
                let start: String = line.chars().take(40).collect();
                let detail =
                    format!("line {}: {start:?} is not two tokens with a space between", at + 1);
                return Err(Error::format("merges.txt", detail));
            }
        }
    }
    Ok((pairs, lines))
}

fn document(text: &str, kind: &str) -> Result<Value> {
    let value: Value = serde_json::from_str(text).map_err(|e| bad(e.to_string()))?;
    for (key, need) in [("format", FORMAT), ("kind", kind)] {
        match value.get(key) {
            Some(got) if got == need => {}
            Some(got) => return Err(bad(format!("{key} is {got}, need {need:?}"))),
            None => return Err(bad(format!("{key} is missing, need {need:?}"))),
        }
    }
    Ok(value)
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    value.get(key).and_then(Value::as_array).ok_or_else(|| bad(format!("{key} is not a list")))
}

fn tokens(value: &Value) -> Result<Vec<String>> {
    let text = |(place, token): (usize, &Value)| {
        token
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| bad(format!("vocab[{place}] is not a string")))
    };
    list(value, "vocab")?.iter().enumerate().map(text).collect()
}

fn merges(value: &Value) -> Result<Vec<Pair>> {
    let pair = |(place, merge): (usize, &Value)| {
        let sides = merge.as_array().map(|m| m.iter().map(Value::as_str).collect::<Vec<_>>());
        match sides.as_deref() {
            Some(&[Some(a), Some(b)]) => Ok((a.to_owned(), b.to_owned())),
            _ => Err(bad(format!("merges[{place}] is not a list of two strings"))),
        }
    };
    list(value, "merges")?.iter().enumerate().map(pair).collect()
}

fn bad(detail: String) -> Error {
    Error::format("tokenizer JSON", detail)
}

/// A refusal of the parts, as a fault of the file.
#[expect(clippy::needless_pass_by_value, reason = "used with map_err")]
fn wrong(error: Error) -> Error {
    bad(first_line(&error))
}

fn first_line(error: &Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| Error::io("read", path, e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rng, text::Tokenizer};

    const TEXT: &str = "one fish, two fish; \"red\" fish\\ blue fish\u{1F41F}\n\tßß";

    #[track_caller]
    fn check_same(a: &dyn Tokenizer, b: &dyn Tokenizer) {
        assert_eq!(a.vocab_size(), b.vocab_size());
        for text in [TEXT, "unseen Ω words", ""] {
            let ids = a.encode(text).unwrap();
            assert_eq!(ids, b.encode(text).unwrap());
            assert_eq!(a.decode(&ids).unwrap(), b.decode(&ids).unwrap());
        }
    }

    fn byte_bpe() -> ByteBpeTokenizer {
        ByteBpeTokenizer::train(&[TEXT], 275).unwrap().with_special(&["<|endoftext|>"]).unwrap()
    }

    #[test]
    fn documents_come_back() {
        let chars = CharTokenizer::train(&[TEXT]).unwrap();
        check_same(&chars, &CharTokenizer::from_json(&chars.to_json()).unwrap());
        let bpe = BpeTokenizer::train(&[TEXT], 40).unwrap();
        check_same(&bpe, &BpeTokenizer::from_json(&bpe.to_json()).unwrap());
        let bytes = byte_bpe();
        let again = ByteBpeTokenizer::from_json(&bytes.to_json()).unwrap();
        check_same(&bytes, &again);
        assert_eq!(again.special("<|endoftext|>"), Some(275));
    }

    #[test]
    fn gpt2_files_come_back() {
        let bytes = byte_bpe();
        let (vocab, merges) = bytes.to_gpt2();
        let again = ByteBpeTokenizer::from_gpt2(&vocab, &merges).unwrap();
        check_same(&bytes, &again);
        assert_eq!(again.to_gpt2(), (vocab, merges));
        assert_eq!(again.encode_with_special("<|endoftext|>").unwrap(), [275]);
    }

    #[test]
    fn files_come_back_and_missing_ones_are_named() {
        let folder = std::env::temp_dir().join(format!("tinytorch-text-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("t.json");
        let bpe = BpeTokenizer::train(&[TEXT], 40).unwrap();
        bpe.save(&path).unwrap();
        check_same(&bpe, &BpeTokenizer::load(&path).unwrap());
        fs::remove_dir_all(&folder).unwrap();
        let error = BpeTokenizer::load(&path).unwrap_err();
        assert!(
            matches!(&error, Error::Io { op: "read", path: p, .. } if p.ends_with("t.json")),
            "{error}"
        );
        assert!(matches!(bpe.save(&path).unwrap_err(), Error::Io { op: "write", .. }));
    }

    #[track_caller]
    fn check_bad<T>(result: Result<T>, expected: &str) {
        match result.map(|_| ()) {
            Err(e @ Error::Format { .. }) => assert!(e.to_string().contains(expected), "{e}"),
            other => panic!("{expected}: {other:?}"),
        }
    }

    #[test]
    fn faults_name_their_place() {
        let (vocab, merges) = byte_bpe().to_gpt2();
        let load = |v: &str, m: &str| ByteBpeTokenizer::from_gpt2(v, m);
        check_bad(load("{\"a\": 0,\n\"b\" 1}", ""), "line 2 column 5");
        check_bad(load("{\"a\": 0, \"b\": 2}", ""), "\"b\" has id 2");
        check_bad(load("{\"a\": 0, \"b\": 0}", ""), "both have id 0");
        check_bad(load("{\"a\": -1}", ""), "vocab.json");
        check_bad(load("{\"a\": 0}", ""), "stands for byte 0");
        check_bad(load(&vocab, "#version: 0.2\nf i\nfish\n"), "line 3: \"fish\" is not two tokens");
        check_bad(load(&vocab, "f i s\n"), "line 1:");
        check_bad(load(&vocab, "\nq z\n"), "line 2: \"qz\" is not in the vocabulary");
        check_bad(load(&vocab, &merges.replace("i s", "\u{1} \u{2}")), "is not in the vocabulary");

        check_bad(CharTokenizer::from_json("{"), "line 1");
        check_bad(CharTokenizer::from_json("[]"), "format is missing");
        let doc = |kind: &str, rest: &str| {
            format!("{{\"format\": \"{FORMAT}\", \"kind\": \"{kind}\"{rest}}}")
        };
        check_bad(CharTokenizer::from_json(&doc("bpe", "")), "kind is \"bpe\", need \"char\"");
        check_bad(CharTokenizer::from_json(&doc("char", "")), "vocab is not a list");
        check_bad(
            CharTokenizer::from_json(&doc("char", ", \"vocab\": [\"a\", \"bc\"]")),
            "vocab[1]",
        );
        check_bad(
            CharTokenizer::from_json(&doc("char", ", \"vocab\": [\"a\", \"a\"]")),
            "'a' twice",
        );
        check_bad(
            BpeTokenizer::from_json(&doc("bpe", ", \"vocab\": [7]")),
            "vocab[0] is not a string",
        );
        let start = ", \"vocab\": [\"<UNK>\", \"</w>\", \"a\", \"b\"]";
        check_bad(BpeTokenizer::from_json(&doc("bpe", start)), "merges is not a list");
        check_bad(
            BpeTokenizer::from_json(&doc("bpe", &format!("{start}, \"merges\": [[\"a\"]]"))),
            "merges[0]",
        );
        check_bad(
            BpeTokenizer::from_json(&doc("bpe", &format!("{start}, \"merges\": [[\"a\", \"b\"]]"))),
            "\"ab\", which has no id",
        );
    }

    /// Damaged files are refused or read, but nothing panics.
    #[test]
    fn arbitrary_files_do_not_panic() {
        let (vocab, merges) = byte_bpe().to_gpt2();
        let json = byte_bpe().to_json();
        let mut rng = Rng::seed(12);
        let mut damage = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            for _ in 0..1 + rng.below(3) {
                let at = rng.below(bytes.len());
                match rng.below(3) {
                    0 => bytes[at] = rng.below(256) as u8,
                    1 => bytes.truncate(at + 1),
                    _ => bytes.extend_from_within(at..(at + 9).min(bytes.len())),
                }
            }
            String::from_utf8_lossy(&bytes).into_owned()
        };
        for _ in 0..300 {
            let loaded = [
                ByteBpeTokenizer::from_gpt2(&damage(&vocab), &merges),
                ByteBpeTokenizer::from_gpt2(&vocab, &damage(&merges)),
                ByteBpeTokenizer::from_json(&damage(&json)),
            ];
            for t in loaded.into_iter().flatten() {
                let ids = t.encode(TEXT).unwrap();
                assert_eq!(t.decode(&ids).unwrap(), TEXT);
            }
        }
    }
}

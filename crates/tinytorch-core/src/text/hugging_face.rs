//! `tokenizer.json`: the one file in which newer models bring their tokenizer, as far as it describes byte-level BPE.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use super::ByteBpeTokenizer;
use crate::{Error, Result, slots::text::Pair};

const FILE: &str = "tokenizer.json";

fn bad(detail: impl Into<String>) -> Error {
    Error::format(FILE, detail.into())
}

impl ByteBpeTokenizer {
    /// Returns the tokenizer that lies beside the weights of a published model: `vocab.json` and `merges.txt` if both are
    /// there, else `tokenizer.json`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if a file cannot be read, otherwise as [`from_gpt2`](Self::from_gpt2) and
    /// [`from_tokenizer_json`](Self::from_tokenizer_json).
    pub fn load_folder(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let [vocab, merges] = ["vocab.json", "merges.txt"].map(|name| folder.join(name));
        if vocab.exists() && merges.exists() {
            return Self::load_gpt2(vocab, merges);
        }
        let path = folder.join(FILE);
        let text = fs::read_to_string(&path).map_err(|e| Error::io("read", &path, e))?;
        Self::from_tokenizer_json(&text)
    }

    /// Returns the tokenizer in the contents of a `tokenizer.json`: byte-level BPE that cuts text as GPT-2 does.
    ///
    /// Tokens under `added_tokens` become special tokens.
    ///
    /// # Errors
    ///
    /// [`Error::Format`] naming what is wrong, or what the file asks for that is not done here: another model than BPE, a
    /// normalizer, another way of cutting text (Llama 3 has one), bytes that fall back to tokens of their own (Llama 2).
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::text::{ByteBpeTokenizer, Tokenizer};
    ///
    /// let ours = ByteBpeTokenizer::train(&["the cat, the hat"], 260)?.with_special(&["<|end|>"])?;
    /// let theirs = ByteBpeTokenizer::from_tokenizer_json(&ours.to_tokenizer_json())?;
    /// assert_eq!(theirs.encode("the hat")?, ours.encode("the hat")?);
    /// assert_eq!(theirs.special("<|end|>"), ours.special("<|end|>"));
    /// # Ok::<(), tinytorch_core::Error>(())
    /// ```
    pub fn from_tokenizer_json(text: &str) -> Result<Self> {
        let file: Value = serde_json::from_str(text).map_err(|e| bad(e.to_string()))?;
        let model =
            file.get("model").filter(|m| m.is_object()).ok_or_else(|| bad("there is no model"))?;
        check(&file, model)?;
        let tokens = tokens(&file, model)?;
        let merges = model["merges"].as_array().ok_or_else(|| bad("model.merges is not a list"))?;
        let merges = merges.iter().enumerate().map(merge).collect::<Result<Vec<_>>>()?;
        let first = |e: Error| e.to_string().lines().next().unwrap_or_default().to_owned();
        Self::from_parts(tokens, merges).map_err(|e| bad(first(e)))
    }

    /// Returns the tokenizer as the contents of a `tokenizer.json`.
    #[must_use]
    pub fn to_tokenizer_json(&self) -> String {
        let is_special = |token: &String| self.special(token).is_some();
        let (mut vocab, mut added) = (serde_json::Map::new(), Vec::new());
        for (id, token) in self.tokens().iter().enumerate() {
            if is_special(token) {
                added.push(serde_json::json!({"id": id, "content": token, "special": true}));
            }
            vocab.insert(token.clone(), id.into());
        }
        let bytes = serde_json::json!({
            "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
        });
        let merges: Vec<String> = self.merges().iter().map(|(a, b)| format!("{a} {b}")).collect();
        serde_json::json!({
            "version": "1.0",
            "added_tokens": added,
            "normalizer": null,
            "pre_tokenizer": bytes,
            "decoder": bytes,
            "model": {"type": "BPE", "byte_fallback": false, "vocab": vocab, "merges": merges},
        })
        .to_string()
    }
}

/// Refuses what would make other ids of a text than this crate does.
fn check(file: &Value, model: &Value) -> Result<()> {
    let kind = model.get("type").unwrap_or(&Value::Null);
    if !kind.is_null() && kind != "BPE" {
        return Err(bad(format!("model.type is {kind}, \"BPE\" is needed")));
    }
    if model["byte_fallback"] == true {
        return Err(bad("model.byte_fallback is true: this is no byte-level BPE"));
    }
    if file["normalizer"].as_object().is_some() {
        return Err(bad(format!("normalizer is {}, none is needed", file["normalizer"]["type"])));
    }
    let cut = &file["pre_tokenizer"];
    if cut["type"] != "ByteLevel" {
        let detail = format!(
            "pre_tokenizer is {}, \"ByteLevel\" is needed: other rules cut text in other places",
            cut["type"]
        );
        return Err(bad(detail));
    }
    for (name, value) in [("add_prefix_space", true), ("use_regex", false)] {
        if cut[name] == value {
            return Err(bad(format!("pre_tokenizer.{name} is {value}, {} is needed", !value)));
        }
    }
    Ok(())
}

/// The tokens in the order of their ids, added ones included.
fn tokens(file: &Value, model: &Value) -> Result<Vec<String>> {
    let vocab = model["vocab"].as_object().ok_or_else(|| bad("model.vocab is not an object"))?;
    let mut by_id = BTreeMap::new();
    let mut put = |token: &str, id: &Value| {
        let place = id.as_u64().ok_or_else(|| bad(format!("{token:?} has {id} as its id")))?;
        match by_id.insert(place, token.to_owned()) {
            Some(other) if other != token => {
                Err(bad(format!("{other:?} and {token:?} both have id {place}")))
            }
            _ => Ok(()),
        }
    };
    for (token, id) in vocab {
        put(token, id)?;
    }
    for (i, token) in file["added_tokens"].as_array().into_iter().flatten().enumerate() {
        let content = token["content"].as_str();
        let content = content.ok_or_else(|| bad(format!("added_tokens[{i}] has no content")))?;
        put(content, &token["id"])?;
    }
    match by_id.keys().zip(0..).find(|(id, place)| **id != *place) {
        Some((id, place)) => Err(bad(format!("no token has id {place}, and one has id {id}"))),
        None => Ok(by_id.into_values().collect()),
    }
}

/// A join: a text with a space between, or a list of two.
fn merge((i, value): (usize, &Value)) -> Result<Pair> {
    let pair = match value {
        Value::String(text) => text.split_once(' '),
        Value::Array(both) => match &both[..] {
            [Value::String(a), Value::String(b)] => Some((a.as_str(), b.as_str())),
            _ => None,
        },
        _ => None,
    };
    let (a, b) =
        pair.ok_or_else(|| bad(format!("model.merges[{i}] is {value}, not two tokens")))?;
    Ok((a.to_owned(), b.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "The cat sat; it's 10 o'clock in the café, naïve café.";

    fn ours() -> ByteBpeTokenizer {
        ByteBpeTokenizer::train(&[TEXT], 280).unwrap().with_special(&["<|end|>", "<pad>"]).unwrap()
    }

    #[test]
    fn a_file_gives_the_same_ids_with_joins_of_either_form() {
        let json = ours().to_tokenizer_json();
        let mut lists: Value = serde_json::from_str(&json).unwrap();
        for merge in lists["model"]["merges"].as_array_mut().unwrap() {
            let (a, b) = merge.as_str().unwrap().split_once(' ').unwrap();
            *merge = serde_json::json!([a, b]);
        }
        for json in [json, lists.to_string()] {
            let read = ByteBpeTokenizer::from_tokenizer_json(&json).unwrap();
            assert_eq!((read.tokens(), read.merges()), (ours().tokens(), ours().merges()));
            let text = format!("{TEXT}<|end|>");
            let ids = |t: &ByteBpeTokenizer| t.encode_with_special(&text).unwrap();
            assert_eq!(ids(&read), ids(&ours()));
        }
    }

    #[test]
    fn files_that_would_cut_otherwise_are_refused() {
        let json: Value = serde_json::from_str(&ours().to_tokenizer_json()).unwrap();
        for (at, value, says) in [
            ("/model", Value::Null, "no model"),
            ("/model/type", "Unigram".into(), "Unigram"),
            ("/model/byte_fallback", true.into(), "byte_fallback"),
            ("/model/vocab", Value::Null, "vocab"),
            ("/model/vocab/!", 7_000.into(), "no token has id 0"),
            ("/model/vocab/!", "x".into(), "as its id"),
            ("/model/merges", Value::Null, "merges"),
            ("/model/merges/3", 1.into(), "merges[3]"),
            ("/normalizer", serde_json::json!({"type": "NFC"}), "NFC"),
            ("/pre_tokenizer/type", "Sequence".into(), "Sequence"),
            ("/pre_tokenizer/add_prefix_space", true.into(), "add_prefix_space"),
            ("/pre_tokenizer/use_regex", false.into(), "use_regex"),
            ("/added_tokens/0/content", Value::Null, "added_tokens[0]"),
            ("/added_tokens/0/id", 0.into(), "both have id 0"),
        ] {
            let mut changed = json.clone();
            *changed.pointer_mut(at).unwrap() = value;
            let error = ByteBpeTokenizer::from_tokenizer_json(&changed.to_string()).unwrap_err();
            assert!(matches!(error, Error::Format { .. }), "{at}");
            assert!(error.to_string().contains(says), "{at}: {error}");
        }
        for text in ["", "[]", "{", "7"] {
            let read = ByteBpeTokenizer::from_tokenizer_json(text);
            assert!(matches!(read, Err(Error::Format { .. })), "{text}");
        }
    }
}

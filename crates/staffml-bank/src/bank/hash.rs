//! The fingerprint of a question and of a bank.
//!
//! Two people with equal bank hashes get the same variants, answers and distractors, bit for bit.
//! What only tells of a file's history (`updated`, `reviewed`, `authors`, `status`) does not enter, nor do comments,
//! the order of keys and line breaks within a string's trailing space.

use core::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use toml::{Table, Value};
use unicode_normalization::UnicodeNormalization as _;

use super::Bank;
use crate::model::Topic;
use crate::model::taxonomy::Track;
use crate::oracle::OracleId;

/// Version of the canonical form.
pub const CANON_VERSION: u32 = 1;

/// Keys of a template that do not enter its hash.
const HISTORY: [&str; 4] = ["updated", "reviewed", "authors", "status"];

/// Returns the SHA-256 of the canonical form of a template's file, in hexadecimal digits; nothing if it is no TOML.
#[must_use]
pub fn content_hash(text: &str) -> Option<String> {
    let mut table: Table = text.parse().ok()?;
    for key in HISTORY {
        table.remove(key);
    }
    Some(hex(canonical(&Value::Table(table)).as_bytes()))
}

/// Top-level keys that decide the numbers of a question.
const CORE: [&str; 11] = [
    "kind",
    "params",
    "require",
    "draw_if",
    "hidden",
    "decoys",
    "answer",
    "misconception",
    "parts",
    "options",
    "rubric",
];
/// Keys within them that are words only.
const WORDS: [&str; 7] = ["say", "ask", "text", "steps", "levels", "anchors", "about"];

/// Returns the SHA-256 of what decides the numbers of a template: its parameters, conditions, answers and wrong answers,
/// without their words. A change of it is a change of the major version, since seeds lead to other questions.
#[must_use]
pub fn core_hash(text: &str) -> Option<String> {
    let table: Table = text.parse().ok()?;
    let core = table.into_iter().filter(|(key, _)| CORE.contains(&key.as_str()));
    Some(hex(canonical(&without_words(Value::Table(core.collect()))).as_bytes()))
}

fn without_words(value: Value) -> Value {
    match value {
        Value::Table(table) => {
            let kept = table.into_iter().filter(|(key, _)| !WORDS.contains(&key.as_str()));
            Value::Table(kept.map(|(key, value)| (key, without_words(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(without_words).collect()),
        other => other,
    }
}

/// Returns the fingerprint of a bank together with an oracle.
pub(super) fn bank_hash(bank: &Bank, oracle: &OracleId) -> String {
    let mut lines: Vec<String> = bank
        .templates()
        .iter()
        .filter_map(|t| Some(format!("{} {}\n", t.id(), bank.content_hash(t.id())?)))
        .collect();
    lines.sort_unstable();
    let mut out = lines.concat();
    let topics: String = Topic::ALL
        .iter()
        .map(|topic| {
            let on: Vec<&str> =
                Track::ALL.iter().filter(|t| topic.applies_to(**t)).map(|t| t.name()).collect();
            format!("{topic} {} {}\n", topic.area(), on.join(","))
        })
        .collect();
    let _ = writeln!(out, "taxonomy {}", hex(topics.as_bytes()));
    for (path, text) in bank.sources.iter() {
        if !path.starts_with("q/") && path.ends_with(".toml") {
            let hash = content_hash(text).unwrap_or_else(|| hex(text.as_bytes()));
            let _ = writeln!(out, "{path} {hash}");
        }
    }
    let _ = writeln!(out, "canon {CANON_VERSION}\noracle {} {}", oracle.name, oracle.version);
    hex(out.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// JSON with sorted keys and without spaces; numbers in the shortest form that reads back, texts in NFC.
fn canonical(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let text: String = text.nfc().collect();
            let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
            serde_json::Value::String(lines.join("\n")).to_string()
        }
        Value::Integer(n) => n.to_string(),
        // A whole number is one whether it was written with a point or without.
        Value::Float(n) => n.to_string(),
        Value::Boolean(b) => b.to_string(),
        Value::Datetime(day) => format!("\"{day}\""),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Table(table) => {
            let mut keys: Vec<(&String, &Value)> = table.iter().collect();
            keys.sort_unstable_by_key(|(key, _)| *key);
            let entry = |(key, value): (&String, &Value)| {
                format!("{}:{}", serde_json::Value::String(key.clone()), canonical(value))
            };
            let entries: Vec<String> = keys.into_iter().map(entry).collect();
            format!("{{{}}}", entries.join(","))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Bank;
    use super::{content_hash, hex};
    use crate::oracle::{Builtin, Oracle as _};

    #[test]
    fn digests_are_those_of_the_standard() {
        // FIPS 180-4, example of one block.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(b"abc"), abc);
        // The canonical form of this table is {"a":1,"b":[2.5,"x"]}.
        let by_hand = hex(br#"{"a":1,"b":[2.5,"x"]}"#);
        assert_eq!(content_hash("b = [2.50, \"x\"]\na = 1 # one\n"), Some(by_hand));
        assert_eq!(content_hash("a = "), None);
    }

    #[test]
    fn history_and_form_do_not_count_but_content_does() {
        let text = include_str!("../../bank/q/memory/w02-flash-headroom.toml");
        let hash = content_hash(text);
        assert!(hash.is_some());
        for (from, to, same) in [
            ("status = \"draft\"", "status = \"review\"", true),
            ("updated = 2026-11-21", "updated = 2026-11-27", true),
            ("walls = [2]", "walls = [ 2 ] # one", true),
            ("time_s = 120\n", "", false),
            ("[512, 1024, 2048]", "[512, 1024, 4096]", false),
            ("Add what must be stored.", "Add what is stored.", false),
        ] {
            assert!(text.contains(from), "{from}");
            let other = content_hash(&text.replacen(from, to, 1));
            assert_eq!(other == hash, same, "{from} to {to}");
        }
    }

    #[test]
    fn a_bank_has_one_fingerprint() {
        let bank = Bank::embedded();
        let hash = bank.hash(&Builtin.id());
        assert_eq!(hash.len(), 64);
        assert_eq!(hash, Bank::embedded().hash(&Builtin.id()));
        let fewer = bank.only(&["w02-flash-headroom"]);
        assert_ne!(fewer.hash(&Builtin.id()), hash);
        let mut later = Builtin.id();
        later.version.push_str("-next");
        assert_ne!(bank.hash(&later), hash);
        assert_eq!(bank.content_hash("no-such-question"), None);
    }
}

//! Numbers in JSON that are not numbers of JSON.
//!
//! Python writes `NaN` and `Infinity` into JSON, which knows neither. A file with one of them should not fail at a byte offset but
//! at a field, so both travel as a text with a mark that no text of a valid submission begins with.

use serde::Serializer;
use serde_json::Value;

/// Begins a text that stands for a number which is not finite.
const MARK: char = '\u{0}';

/// Writes a number, or its mark if it is not finite.
pub(super) fn marked<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() {
        serializer.serialize_f64(*value)
    } else {
        serializer.collect_str(&format_args!("{MARK}{value}"))
    }
}

/// As [`marked`], for a number that is there.
pub(super) fn maybe_marked<S: Serializer>(
    value: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => marked(value, serializer),
        None => serializer.serialize_none(),
    }
}

/// As [`marked`], for several.
pub(super) fn all_marked<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    struct One(f64);
    impl serde::Serialize for One {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            marked(&self.0, serializer)
        }
    }
    serializer.collect_seq(values.iter().map(|v| One(*v)))
}

/// As [`all_marked`], for several that are there.
pub(super) fn maybe_all_marked<S: Serializer>(
    values: &Option<Vec<f64>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match values {
        Some(values) => all_marked(values, serializer),
        None => serializer.serialize_none(),
    }
}

/// Returns what a marked text stands for: `NaN`, `inf` or `-inf`.
pub(super) fn unmarked(value: &Value) -> Option<&str> {
    value.as_str()?.strip_prefix(MARK)
}

/// Returns the text with Python's words for numbers that are not finite, outside of quotes, replaced by marked texts.
pub(super) fn python_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut quoted, mut escaped, mut rest) = (false, false, text);
    while let Some(c) = rest.chars().next() {
        if !quoted {
            let words = [("NaN", "NaN"), ("-Infinity", "-inf"), ("Infinity", "inf")];
            if let Some((word, name)) = words.into_iter().find(|(word, _)| rest.starts_with(word)) {
                out.push_str("\"\\u0000");
                out.push_str(name);
                out.push('"');
                rest = &rest[word.len()..];
                continue;
            }
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_python_become_marks_outside_of_quotes() {
        let text = r#"{"a": NaN, "b NaN \" Infinity": [-Infinity, Infinity, 1]}"#;
        let value: Value = serde_json::from_str(&python_words(text)).unwrap();
        assert_eq!(unmarked(&value["a"]), Some("NaN"));
        let list = &value["b NaN \" Infinity"];
        assert_eq!(
            [unmarked(&list[0]), unmarked(&list[1]), unmarked(&list[2])],
            [Some("-inf"), Some("inf"), None]
        );
        assert_eq!(python_words("{\"x\": \"\\\\\", \"y\": 1}"), "{\"x\": \"\\\\\", \"y\": 1}");
    }
}

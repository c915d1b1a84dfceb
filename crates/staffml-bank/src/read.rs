//! Reads TOML files that people write: every mistake is collected, with its line.
//!
//! A [`Source`] is one file; a [`Table`] in it hands out typed values by key, records a [`Problem`] for each value
//! that is missing or of the wrong type, and finally names the keys nobody asked for.

use core::cell::RefCell;
use core::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Date;

use crate::problem::Problem;

/// Files are no larger than this.
const MAX_BYTES: usize = 64 * 1024;
/// Tables and lists nest no deeper than this; a question in parts with a decision needs seven.
const MAX_DEPTH: usize = 12;

/// A file being read, and what has been found in it.
#[derive(Debug)]
pub(crate) struct Source<'t> {
    path: String,
    text: &'t str,
    /// Places of line breaks: every value asks for its line, and counting from the top each time took half of reading.
    breaks: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
}

/// A value with the line it stands on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) line: usize,
}

/// A word from a closed list.
pub(crate) trait Keyword: Copy + Sized + 'static {
    /// What the list is called in a message.
    const WHAT: &'static str;
    /// All words.
    const ALL: &'static [(&'static str, Self)];
}

impl<'t> Source<'t> {
    pub(crate) fn new(path: &str, text: &'t str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at).collect();
        Self { path: path.to_owned(), text, breaks, problems: RefCell::default() }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Records a finding at a line.
    pub(crate) fn report(
        &self,
        code: &'static str,
        line: usize,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.problems.borrow_mut().push(Problem::new(code, &self.path, line, what, fix));
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }

    pub(crate) fn n_errors(&self) -> usize {
        self.problems.borrow().iter().filter(|p| !p.is_warning()).count()
    }

    fn line(&self, offset: usize) -> usize {
        1 + self.breaks.partition_point(|at| *at < offset)
    }

    fn too_deep(&self, line: usize) {
        let what = format!("tables and lists nest more than {MAX_DEPTH} deep");
        self.report("V-DEPTH", line, what, "flatten it");
    }

    /// Parses the text and hands its top-level table to `read`, which is not called if the file is unreadable.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Table<'_, '_>) -> Option<T>) -> Option<T> {
        if self.text.len() > MAX_BYTES {
            let what = format!("{} bytes; a bank file has at most {MAX_BYTES}", self.text.len());
            self.report("V-FILE-SIZE", 0, what, "split it");
            return None;
        }
        let (document, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let line = error.span().map_or(0, |span| self.line(span.start));
            // The parser has a limit of its own, far above ours.
            if error.message().contains("recurs") {
                self.too_deep(line);
            } else {
                self.report("V-TOML", line, error.message(), "correct the TOML");
            }
        }
        if !errors.is_empty() {
            return None;
        }
        let root = document.get_ref();
        if let Some(at) = root.iter().find_map(|(_, v)| deeper(v, MAX_DEPTH - 1)) {
            self.too_deep(self.line(at));
            return None;
        }
        let table = Table {
            source: self,
            table: document.get_ref(),
            line: 1,
            name: String::new(),
            seen: RefCell::default(),
        };
        let out = read(&table);
        table.finish();
        out
    }
}

/// A table of a file.
#[derive(Debug)]
pub(crate) struct Table<'s, 't> {
    source: &'s Source<'t>,
    table: &'s DeTable<'s>,
    line: usize,
    name: String,
    seen: RefCell<Vec<String>>,
}

impl<'s, 't> Table<'s, 't> {
    pub(crate) fn source(&self) -> &'s Source<'t> {
        self.source
    }

    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// The full name of a key, for messages.
    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn find(&self, key: &str) -> Option<(&'s DeValue<'s>, Range<usize>)> {
        self.seen.borrow_mut().push(key.to_owned());
        let (_, value) = self.table.iter().find(|(k, _)| k.get_ref() == key)?;
        Some((value.get_ref(), value.span()))
    }

    /// The keys, in the order of the file.
    pub(crate) fn keys(&self) -> Vec<At<String>> {
        let mut keys: Vec<(usize, String)> =
            self.table.iter().map(|(k, _)| (k.span().start, k.get_ref().to_string())).collect();
        keys.sort_unstable();
        keys.into_iter().map(|(at, value)| At { value, line: self.source.line(at) }).collect()
    }

    fn typed<T>(
        &self,
        key: &str,
        want: &str,
        read: impl FnOnce(&'s DeValue<'s>) -> Option<T>,
    ) -> Option<At<T>> {
        let (value, span) = self.find(key)?;
        let line = self.source.line(span.start);
        match read(value) {
            Some(value) => Some(At { value, line }),
            None => {
                let what = format!("`{}` is {}, not {want}", self.path(key), type_name(value));
                self.source.report("V-TYPE", line, what, format!("give {want}"));
                None
            }
        }
    }

    /// Returns `found`, recording a problem if the key is absent.
    pub(crate) fn need<T>(&self, key: &str, found: Option<T>) -> Option<T> {
        let absent = !self.table.iter().any(|(k, _)| k.get_ref() == key);
        if found.is_none() && absent {
            let what = format!("`{}` is missing", self.path(key));
            self.source.report("V-MISSING", self.line, what, "add it");
        }
        found
    }

    pub(crate) fn string(&self, key: &str) -> Option<At<String>> {
        self.typed(key, "a string", |v| v.as_str().map(str::to_owned))
    }

    pub(crate) fn need_string(&self, key: &str) -> Option<At<String>> {
        self.need(key, self.string(key))
    }

    pub(crate) fn boolean(&self, key: &str) -> Option<At<bool>> {
        self.typed(key, "true or false", DeValue::as_bool)
    }

    pub(crate) fn number(&self, key: &str) -> Option<At<f64>> {
        self.typed(key, "a number", number)
    }

    pub(crate) fn integer(&self, key: &str) -> Option<At<i64>> {
        self.typed(key, "a whole number", integer)
    }

    pub(crate) fn date(&self, key: &str) -> Option<At<Date>> {
        self.typed(key, "a date such as 2026-11-21", |v| {
            v.as_datetime().filter(|d| d.time.is_none()).and_then(|d| d.date)
        })
    }

    pub(crate) fn strings(&self, key: &str) -> Option<At<Vec<At<String>>>> {
        self.list(key, "strings", |v| v.as_str().map(str::to_owned))
    }

    pub(crate) fn numbers(&self, key: &str) -> Option<At<Vec<At<f64>>>> {
        self.list(key, "numbers", number)
    }

    /// A list whose elements are strings or numbers, as they are.
    pub(crate) fn scalars(&self, key: &str) -> Option<At<Vec<At<Scalar>>>> {
        self.list(key, "numbers or strings", scalar)
    }

    pub(crate) fn scalar(&self, key: &str) -> Option<At<Scalar>> {
        self.typed(key, "a number or a string", scalar)
    }

    fn list<T>(
        &self,
        key: &str,
        what: &str,
        read: impl Fn(&'s DeValue<'s>) -> Option<T>,
    ) -> Option<At<Vec<At<T>>>> {
        let array = self.typed(key, &format!("a list of {what}"), DeValue::as_array)?;
        let mut out = Vec::new();
        for item in array.value.iter() {
            let line = self.source.line(item.span().start);
            match read(item.get_ref()) {
                Some(value) => out.push(At { value, line }),
                None => {
                    let found = type_name(item.get_ref());
                    let message = format!("`{}` holds {found} among its {what}", self.path(key));
                    self.source.report("V-TYPE", line, message, format!("give {what}"));
                }
            }
        }
        Some(At { value: out, line: array.line })
    }

    pub(crate) fn table(&self, key: &str) -> Option<Self> {
        let found = self.typed(key, "a table", DeValue::as_table)?;
        Some(Self {
            source: self.source,
            table: found.value,
            line: found.line,
            name: self.path(key),
            seen: RefCell::default(),
        })
    }

    pub(crate) fn tables(&self, key: &str) -> Vec<Self> {
        let Some(array) = self.typed(key, "a list of tables", DeValue::as_array) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in array.value.iter() {
            let line = self.source.line(item.span().start);
            match item.get_ref().as_table() {
                Some(table) => out.push(Self {
                    source: self.source,
                    table,
                    line,
                    name: self.path(key),
                    seen: RefCell::default(),
                }),
                None => {
                    let what = format!("`{}` holds {}", self.path(key), type_name(item.get_ref()));
                    self.source.report("V-TYPE", line, what, "give tables");
                }
            }
        }
        out
    }

    /// Whether there is such a key; does not count as reading it.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.iter().any(|(k, _)| k.get_ref() == key)
    }

    pub(crate) fn keyword<K: Keyword>(&self, key: &str) -> Option<At<K>> {
        let word = self.string(key)?;
        self.word(key, &word).map(|value| At { value, line: word.line })
    }

    pub(crate) fn need_keyword<K: Keyword>(&self, key: &str) -> Option<K> {
        self.need(key, self.keyword(key)).map(|found| found.value)
    }

    pub(crate) fn keywords<K: Keyword>(&self, key: &str) -> Option<At<Vec<K>>> {
        let words = self.strings(key)?;
        let value = words.value.iter().filter_map(|word| self.word(key, word)).collect();
        Some(At { value, line: words.line })
    }

    fn word<K: Keyword>(&self, key: &str, word: &At<String>) -> Option<K> {
        let found = K::ALL.iter().find(|(name, _)| *name == word.value);
        if found.is_none() {
            let known: Vec<&str> = K::ALL.iter().map(|(name, _)| *name).collect();
            let near = nearest(&word.value, known.iter().copied());
            let fix = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.len() <= 15 => format!("one of {}", known.join(", ")),
                None => format!("take one of the {} known {}", known.len(), K::WHAT),
            };
            let what = format!("`{}`: `{}` is no {}", self.path(key), word.value, K::WHAT);
            self.source.report("V-ENUM", word.line, what, fix);
        }
        found.map(|(_, value)| *value)
    }

    /// Records a problem for every key that was never asked for.
    pub(crate) fn finish(&self) {
        let seen = self.seen.borrow();
        for key in self.keys() {
            if !seen.contains(&key.value) {
                let near = nearest(&key.value, seen.iter().map(String::as_str));
                let fix = near.map_or_else(
                    || "remove it".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                let what = format!("`{}` is not a key here", self.path(&key.value));
                self.source.report("V-UNKNOWN-KEY", key.line, what, fix);
            }
        }
    }
}

/// A number or a string.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    Number(f64),
    Text(String),
}

fn scalar(value: &DeValue<'_>) -> Option<Scalar> {
    number(value).map(Scalar::Number).or_else(|| value.as_str().map(|s| Scalar::Text(s.to_owned())))
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    value.as_integer().and_then(|i| i64::from_str_radix(i.as_str(), i.radix()).ok())
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    let text = match value {
        DeValue::Integer(i) if i.radix() == 10 => i.as_str(),
        DeValue::Float(f) => f.as_str(),
        _ => return None,
    };
    text.parse().ok().filter(|v: &f64| v.is_finite())
}

/// Where a value holds tables or lists more than `depth` deep.
fn deeper(value: &Spanned<DeValue<'_>>, depth: usize) -> Option<usize> {
    let inner: Vec<&Spanned<DeValue<'_>>> = match value.get_ref() {
        DeValue::Array(list) => list.iter().collect(),
        DeValue::Table(table) => table.iter().map(|(_, v)| v).collect(),
        _ => return None,
    };
    match depth.checked_sub(1) {
        None => Some(value.span().start),
        Some(left) => inner.into_iter().find_map(|v| deeper(v, left)),
    }
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Returns the word most like `text`, if one is like it at all.
pub(crate) fn nearest<'a>(text: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (text.len() / 3).max(1);
    let distance = |word: &str| match crate::quantity::edit_distance(text, word, limit) {
        None if text.len() >= 3 && word.starts_with(text) => Some(limit + 1),
        near => near,
    };
    words
        .into_iter()
        .filter_map(|word| Some((distance(word)?, word)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

//! Reads tables of TOML field by field and collects every mistake with its position.

use super::Problem;
use crate::near::nearest;
use crate::ranges::Range;
use crate::units::{Unit, parse_as};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The mistakes found so far in one text.
pub(super) struct Problems<'t> {
    text: &'t str,
    pub(super) list: Vec<Problem>,
}

impl<'t> Problems<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, list: Vec::new() }
    }

    /// Adds a mistake at a byte offset.
    pub(super) fn add(&mut self, offset: usize, message: impl Into<String>) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        self.list.push(Problem { line, column, message: message.into() });
    }
}

/// One table, with a note of which fields have been read.
pub(super) struct Reader<'a, 'i> {
    table: &'a DeTable<'i>,
    /// Where the table stands, for example `hardware.h100`.
    path: String,
    offset: usize,
    known: Vec<&'static str>,
}

impl<'a, 'i> Reader<'a, 'i> {
    /// Reads `value` as a table, or adds a mistake.
    pub(super) fn new(
        path: String,
        value: &'a Spanned<DeValue<'i>>,
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        let offset = value.span().start;
        match value.get_ref().as_table() {
            Some(table) => Some(Self { table, path, offset, known: Vec::new() }),
            None => {
                problems.add(offset, format!("{path}: expected a table, got {}", describe(value)));
                None
            }
        }
    }

    /// The field's value, which counts as read from now on.
    pub(super) fn take(&mut self, field: &'static str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.known.push(field);
        self.table.iter().find(|(key, _)| key.get_ref() == field).map(|(_, value)| value)
    }

    /// Every field with its name, for tables whose keys are free.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Spanned<DeValue<'i>>)> {
        self.table.iter().map(|(key, value)| (key.get_ref().as_ref(), value))
    }

    fn wrong(
        &self,
        field: &str,
        value: &Spanned<DeValue<'i>>,
        expected: &str,
        problems: &mut Problems<'_>,
    ) {
        let message =
            format!("{}.{field}: expected {expected}, got {}", self.path, describe(value));
        problems.add(value.span().start, message);
    }

    /// A text.
    pub(super) fn text(
        &mut self,
        field: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<String> {
        let value = self.take(field)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(field, value, "a text in quotes", problems);
        }
        text.map(String::from)
    }

    /// A list of texts; none if the field is absent.
    pub(super) fn texts(
        &mut self,
        field: &'static str,
        problems: &mut Problems<'_>,
    ) -> Vec<String> {
        let Some(value) = self.take(field) else { return Vec::new() };
        let texts: Option<Vec<String>> = value.get_ref().as_array().and_then(|array| {
            array.iter().map(|item| item.get_ref().as_str().map(String::from)).collect()
        });
        if texts.is_none() {
            self.wrong(field, value, "a list of texts", problems);
        }
        texts.unwrap_or_default()
    }

    /// An amount written with its unit.
    pub(super) fn amount<T: Unit>(
        &mut self,
        field: &'static str,
        range: Range,
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        let value = self.take(field)?;
        self.amount_of(field, value, range, problems)
    }

    /// As [`Reader::amount`], from a value already in hand.
    pub(super) fn amount_of<T: Unit>(
        &self,
        field: &str,
        value: &Spanned<DeValue<'i>>,
        range: Range,
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        let Some(text) = value.get_ref().as_str() else {
            let example = T::DIMENSION.example().unwrap_or("1 m");
            let family = T::DIMENSION.family().unwrap_or("an amount");
            self.wrong(
                field,
                value,
                &format!("{family} in quotes, for example \"{example}\""),
                problems,
            );
            return None;
        };
        let path = format!("{}.{field}", self.path);
        match parse_as(&path, text, T::DIMENSION) {
            Ok(quantity) if range.contains(quantity.value) => Some(T::from_base(quantity.value)),
            Ok(quantity) => {
                problems.add(value.span().start, format!("{path} must be {range}, got {quantity}"));
                None
            }
            Err(error) => {
                problems.add(value.span().start, error.to_string());
                None
            }
        }
    }

    /// A plain number.
    pub(super) fn number(
        &mut self,
        field: &'static str,
        range: Range,
        problems: &mut Problems<'_>,
    ) -> Option<f64> {
        let value = self.take(field)?;
        self.number_of(field, value, range, problems)
    }

    fn number_of(
        &self,
        field: &str,
        value: &Spanned<DeValue<'i>>,
        range: Range,
        problems: &mut Problems<'_>,
    ) -> Option<f64> {
        let Some(number) = plain(value.get_ref()) else {
            self.wrong(field, value, "a number without quotes", problems);
            return None;
        };
        if range.contains(number) {
            return Some(number);
        }
        problems.add(
            value.span().start,
            format!("{}.{field} must be {range}, got {number}", self.path),
        );
        None
    }

    /// A whole number of at least 1.
    pub(super) fn count(
        &mut self,
        field: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<u32> {
        let number = self.number(field, Range::COUNT_U32, problems)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range is that of u32"
        )]
        Some(number as u32)
    }

    /// Yes or no.
    pub(super) fn flag(
        &mut self,
        field: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<bool> {
        let value = self.take(field)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(field, value, "true or false", problems);
        }
        flag
    }

    /// Two numbers, the smaller first.
    pub(super) fn pair(
        &mut self,
        field: &'static str,
        range: Range,
        problems: &mut Problems<'_>,
    ) -> Option<(f64, f64)> {
        let value = self.take(field)?;
        let pair: Vec<&Spanned<DeValue<'i>>> =
            value.get_ref().as_array().into_iter().flat_map(|array| array.iter()).collect();
        let [low, high] = pair.as_slice() else {
            self.wrong(field, value, "two numbers, for example [2.5, 4.0]", problems);
            return None;
        };
        let low = self.number_of(field, low, range, problems)?;
        let high = self.number_of(field, high, range, problems)?;
        if low > high {
            problems.add(
                value.span().start,
                format!("{}.{field}: the smaller number comes first", self.path),
            );
            return None;
        }
        Some((low, high))
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(
        &mut self,
        field: &'static str,
        words: &[T],
        key: impl Fn(T) -> &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        let value = self.take(field)?;
        let text = value.get_ref().as_str();
        let found = words.iter().copied().find(|word| text == Some(key(*word)));
        if found.is_none() {
            let all: Vec<&str> = words.iter().map(|word| key(*word)).collect();
            self.wrong(field, value, &format!("one of {}", all.join(", ")), problems);
        }
        found
    }

    /// A table inside this one.
    pub(super) fn table(
        &mut self,
        field: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        let value = self.take(field)?;
        Reader::new(format!("{}.{field}", self.path), value, problems)
    }

    /// A mistake of the table as a whole.
    pub(super) fn complain(&self, message: &str, problems: &mut Problems<'_>) {
        problems.add(self.offset, format!("{}: {message}", self.path));
    }

    /// Adds a mistake for each field that nobody asked for.
    pub(super) fn finish(self, problems: &mut Problems<'_>) {
        for (key, _) in self.table.iter() {
            let name = key.get_ref().as_ref();
            if !self.known.contains(&name) {
                let near = nearest(name, self.known.iter().copied());
                let hint = near
                    .first()
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                problems
                    .add(key.span().start, format!("{}: unknown field `{name}`{hint}", self.path));
            }
        }
    }
}

/// The number of an integer or float.
fn plain(value: &DeValue<'_>) -> Option<f64> {
    let integer =
        value.as_integer().filter(|integer| integer.radix() == 10).map(|integer| integer.as_str());
    let text = integer.or_else(|| value.as_float().map(|float| float.as_str()))?;
    text.replace('_', "").parse().ok()
}

fn describe(value: &Spanned<DeValue<'_>>) -> String {
    match value.get_ref() {
        DeValue::String(text) => format!("the text {text:?}"),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(flag) => format!("{flag}"),
        DeValue::Datetime(_) => "a date".into(),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a table".into(),
    }
}

//! Reads a table field by field and collects every mistake with its place.

use super::{Entry, Node, Place, Problems, Value};
use crate::near::nearest;
use crate::ranges::Range;
use crate::units::{Quantity, Unit, parse, parse_as};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// One table, with a note of which fields have been read.
#[derive(Debug)]
pub struct Fields<'a, 't> {
    entries: &'a [Entry<'t>],
    /// Where the table stands, for example `hardware.h100`.
    path: String,
    place: Place,
    known: Vec<&'static str>,
}

impl<'a, 't> Fields<'a, 't> {
    /// Reads `value` as a table, or adds a mistake.
    pub fn new(
        path: impl Into<String>,
        value: &'a Node<'t>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let (path, place) = (path.into(), value.place);
        if let Some(entries) = value.entries() {
            return Some(Self { entries, path, place, known: Vec::new() });
        }
        problems.add(place, format!("{path}: expected a table, got {}", value.describe()));
        None
    }

    /// The field's value, which counts as read from now on.
    pub fn take(&mut self, field: &'static str) -> Option<&'a Node<'t>> {
        self.known.push(field);
        self.entries.iter().find(|entry| entry.key == field).map(|entry| &entry.node)
    }

    /// Every field with its name, for tables whose keys are free.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Node<'t>)> {
        self.entries.iter().map(|entry| (entry.key.as_ref(), &entry.node))
    }

    fn wrong(&self, field: &str, value: &Node<'t>, expected: &str, problems: &mut Problems) {
        let message =
            format!("{}.{field}: expected {expected}, got {}", self.path, value.describe());
        problems.add(value.place, message);
    }

    /// A text.
    pub fn text(&mut self, field: &'static str, problems: &mut Problems) -> Option<String> {
        let value = self.take(field)?;
        let text = value.text();
        if text.is_none() {
            self.wrong(field, value, "a text in quotes", problems);
        }
        text.map(String::from)
    }

    /// A list of texts; none if the field is absent.
    pub fn texts(&mut self, field: &'static str, problems: &mut Problems) -> Vec<String> {
        let Some(value) = self.take(field) else { return Vec::new() };
        let texts: Option<Vec<String>> = match &value.value {
            Value::List(items) => items.iter().map(|item| item.text().map(String::from)).collect(),
            _ => None,
        };
        if texts.is_none() {
            self.wrong(field, value, "a list of texts", problems);
        }
        texts.unwrap_or_default()
    }

    /// An amount written with its unit.
    pub fn amount<T: Unit>(
        &mut self,
        field: &'static str,
        range: Range,
        problems: &mut Problems,
    ) -> Option<T> {
        let value = self.take(field)?;
        self.amount_of(field, value, range, problems)
    }

    /// As [`Fields::amount`], from a value already in hand.
    pub fn amount_of<T: Unit>(
        &self,
        field: &str,
        value: &Node<'t>,
        range: Range,
        problems: &mut Problems,
    ) -> Option<T> {
        let Some(text) = value.text() else {
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
                problems.add(value.place, format!("{path} must be {range}, got {quantity}"));
                None
            }
            Err(error) => {
                problems.add(value.place, error.to_string());
                None
            }
        }
    }

    /// An amount of whatever dimension, for tables whose fields are free. A plain number has none.
    pub fn quantity_of(
        &self,
        field: &str,
        value: &Node<'t>,
        problems: &mut Problems,
    ) -> Option<Quantity> {
        let path = format!("{}.{field}", self.path);
        let quantity = match &value.value {
            Value::Number(number) => Quantity::number(*number),
            Value::Text(text) => match parse(text) {
                Ok(quantity) => quantity,
                Err(error) => {
                    problems.add(value.place, format!("{path}: {error}"));
                    return None;
                }
            },
            _ => {
                self.wrong(field, value, "a number, or an amount in quotes", problems);
                return None;
            }
        };
        if quantity.value.is_finite() {
            return Some(quantity);
        }
        problems.add(value.place, format!("{path} must be finite, got {quantity}"));
        None
    }

    /// Where the value of a field begins, if it is there.
    #[must_use]
    pub fn place_of(&self, field: &str) -> Option<Place> {
        self.entries.iter().find(|entry| entry.key == field).map(|entry| entry.node.place)
    }

    /// Where the table begins.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// A plain number.
    pub fn number(
        &mut self,
        field: &'static str,
        range: Range,
        problems: &mut Problems,
    ) -> Option<f64> {
        let value = self.take(field)?;
        self.number_of(field, value, range, problems)
    }

    fn number_of(
        &self,
        field: &str,
        value: &Node<'t>,
        range: Range,
        problems: &mut Problems,
    ) -> Option<f64> {
        let Value::Number(number) = value.value else {
            self.wrong(field, value, "a number without quotes", problems);
            return None;
        };
        if range.contains(number) {
            return Some(number);
        }
        problems.add(value.place, format!("{}.{field} must be {range}, got {number}", self.path));
        None
    }

    /// A whole number of at least 1.
    pub fn count(&mut self, field: &'static str, problems: &mut Problems) -> Option<u32> {
        let number = self.number(field, Range::COUNT_U32, problems)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range is that of u32"
        )]
        Some(number as u32)
    }

    /// A whole number of at least 0.
    pub fn whole(&mut self, field: &'static str, problems: &mut Problems) -> Option<u32> {
        let number = self.number(field, Range::WHOLE_U32, problems)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range is that of u32"
        )]
        Some(number as u32)
    }

    /// Yes or no.
    pub fn flag(&mut self, field: &'static str, problems: &mut Problems) -> Option<bool> {
        let value = self.take(field)?;
        if let Value::Flag(flag) = value.value {
            return Some(flag);
        }
        self.wrong(field, value, "true or false", problems);
        None
    }

    /// Two numbers, the smaller first.
    pub fn pair(
        &mut self,
        field: &'static str,
        range: Range,
        problems: &mut Problems,
    ) -> Option<(f64, f64)> {
        let value = self.take(field)?;
        let pair = match &value.value {
            Value::List(items) => items.as_slice(),
            _ => &[],
        };
        let [low, high] = pair else {
            self.wrong(field, value, "two numbers, for example [2.5, 4.0]", problems);
            return None;
        };
        let low = self.number_of(field, low, range, problems)?;
        let high = self.number_of(field, high, range, problems)?;
        if low > high {
            problems
                .add(value.place, format!("{}.{field}: the smaller number comes first", self.path));
            return None;
        }
        Some((low, high))
    }

    /// One of a few words.
    pub fn word<T: Copy>(
        &mut self,
        field: &'static str,
        words: &[T],
        key: impl Fn(T) -> &'static str,
        problems: &mut Problems,
    ) -> Option<T> {
        let value = self.take(field)?;
        let text = value.text();
        let found = words.iter().copied().find(|word| text == Some(key(*word)));
        if found.is_none() {
            let all: Vec<&str> = words.iter().map(|word| key(*word)).collect();
            self.wrong(field, value, &format!("one of {}", all.join(", ")), problems);
        }
        found
    }

    /// A table inside this one.
    pub fn table(&mut self, field: &'static str, problems: &mut Problems) -> Option<Self> {
        let value = self.take(field)?;
        Fields::new(format!("{}.{field}", self.path), value, problems)
    }

    /// A mistake of the table as a whole.
    pub fn complain(&self, message: &str, problems: &mut Problems) {
        problems.add(self.place, format!("{}: {message}", self.path));
    }

    /// Adds a mistake for each field that nobody asked for.
    pub fn finish(self, problems: &mut Problems) {
        for entry in self.entries {
            let name = entry.key.as_ref();
            if !self.known.contains(&name) {
                let near = nearest(name, self.known.iter().copied());
                let hint = near
                    .first()
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                problems.add(entry.place, format!("{}: unknown field `{name}`{hint}", self.path));
            }
        }
    }
}

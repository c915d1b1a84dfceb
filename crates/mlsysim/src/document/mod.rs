//! Files that people write, in TOML or YAML, as one tree whose every node knows its line and column.
//!
//! [`parse`] picks the syntax by the ending of the file's name; [`Fields`] reads a table field by field and collects
//! every mistake in [`Problems`], so that one run reports them all.

mod fields;
mod toml;
#[cfg(feature = "yaml")]
mod yaml;

pub use fields::Fields;

use crate::error::{Error, Result};
use crate::registry::Problem;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// How deep tables and lists may nest.
const DEEPEST: usize = 64;

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Place {
    /// The first character.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<'t> {
    /// Where it begins.
    pub place: Place,
    /// What it is.
    pub value: Value<'t>,
}

/// What a file can hold.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value<'t> {
    /// Nothing, which only YAML has.
    Empty,
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(Cow<'t, str>),
    /// A date or time, which only TOML has.
    Date(String),
    /// Values in order.
    List(Vec<Node<'t>>),
    /// Named values in the order of the file.
    Table(Vec<Entry<'t>>),
}

/// A named value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry<'t> {
    /// Its name.
    pub key: Cow<'t, str>,
    /// Where the name stands.
    pub place: Place,
    /// The value.
    pub node: Node<'t>,
}

impl<'t> Node<'t> {
    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The entries, if it is a table.
    #[must_use]
    pub fn entries(&self) -> Option<&[Entry<'t>]> {
        match &self.value {
            Value::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value in words, for messages.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Empty => "nothing".into(),
            Value::Flag(flag) => alloc::format!("{flag}"),
            Value::Number(number) => alloc::format!("the number {number}"),
            Value::Text(text) => alloc::format!("the text {text:?}"),
            Value::Date(_) => "a date".into(),
            Value::List(_) => "a list".into(),
            Value::Table(_) => "a table".into(),
        }
    }
}

/// The mistakes found so far in one file.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// No mistakes yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// Adds a mistake.
    pub fn add(&mut self, place: Place, message: impl Into<String>) {
        self.list.push(Problem { line: place.line, column: place.column, message: message.into() });
    }

    /// Adds mistakes that were collected apart.
    pub fn append(&mut self, mut other: Self) {
        self.list.append(&mut other.list);
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Ends the reading of `file`.
    ///
    /// # Errors
    ///
    /// [`Error::Records`] with every mistake in the order of the file, if there are any.
    pub fn finish(mut self, file: &str) -> Result<()> {
        if self.list.is_empty() {
            return Ok(());
        }
        self.list.sort_by_key(|problem| (problem.line, problem.column));
        Err(Error::Records { file: file.into(), problems: self.list })
    }
}

/// Reads a text: YAML if `file` ends in `.yaml`, `.yml` or `.json`, which is part of YAML; else TOML.
///
/// The result is a table, empty where the text is not one; mistakes are added to `problems`.
///
/// # Examples
///
/// ```
/// use mlsysim::document::{Fields, Problems, parse};
///
/// let mut problems = Problems::new();
/// let document = parse("plan.toml", "batch = 8\nprecision = 3", &mut problems);
/// let mut plan = Fields::new("plan", &document, &mut problems).expect("a table");
/// assert_eq!(plan.count("batch", &mut problems), Some(8));
/// assert_eq!(plan.text("precision", &mut problems), None);
/// plan.finish(&mut problems);
/// let message = problems.finish("plan.toml").unwrap_err().to_string();
/// assert_eq!(message, "plan.toml:2:13: plan.precision: expected a text in quotes, got the number 3");
/// ```
#[must_use]
pub fn parse<'t>(file: &str, text: &'t str, problems: &mut Problems) -> Node<'t> {
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    if ["yaml", "yml", "json"].iter().any(|yaml| ending.eq_ignore_ascii_case(yaml)) {
        return parse_yaml(text, problems);
    }
    toml::parse(text, problems)
}

/// Reads YAML text, as [`parse`].
#[cfg(feature = "yaml")]
fn parse_yaml<'t>(text: &'t str, problems: &mut Problems) -> Node<'t> {
    yaml::parse(text, problems)
}

/// Says that YAML is not built in.
#[cfg(not(feature = "yaml"))]
fn parse_yaml<'t>(_: &'t str, problems: &mut Problems) -> Node<'t> {
    problems.add(Place::START, "YAML needs the feature `yaml`; this build reads TOML");
    Node { place: Place::START, value: Value::Table(Vec::new()) }
}

#[cfg(test)]
mod tests;

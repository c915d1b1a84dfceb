//! TOML as a tree of nodes.

use super::{DEEPEST, Entry, Node, Place, Problems, Value};
use alloc::string::ToString;
use alloc::vec::Vec;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Turns byte offsets into places.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = core::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or("");
        Place { line, column: before.chars().count() + 1 }
    }
}

/// Reads a text. A mistake of syntax is reported and what can be read is returned.
pub(super) fn parse<'t>(text: &'t str, problems: &mut Problems) -> Node<'t> {
    let lines = Lines::new(text);
    let (document, mistakes) = DeTable::parse_recoverable(text);
    for mistake in mistakes {
        let at = mistake.span().map_or(0, |span| span.start);
        problems.add(lines.place(at), mistake.message());
    }
    let entries = table(document.into_inner(), &lines, 1, problems);
    Node { place: Place::START, value: Value::Table(entries) }
}

fn table<'t>(
    table: DeTable<'t>,
    lines: &Lines<'t>,
    depth: usize,
    problems: &mut Problems,
) -> Vec<Entry<'t>> {
    let mut entries: Vec<Entry<'t>> = table
        .into_iter()
        .map(|(key, value)| Entry {
            place: lines.place(key.span().start),
            key: key.into_inner(),
            node: node(value, lines, depth, problems),
        })
        .collect();
    entries.sort_by_key(|entry| entry.place);
    entries
}

fn node<'t>(
    value: Spanned<DeValue<'t>>,
    lines: &Lines<'t>,
    depth: usize,
    problems: &mut Problems,
) -> Node<'t> {
    let place = lines.place(value.span().start);
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            Value::Number(match number.radix() {
                10 => digits.parse().unwrap_or(f64::NAN),
                #[expect(clippy::cast_precision_loss, reason = "counts are checked to be exact")]
                radix => i64::from_str_radix(&digits, radix).map_or(f64::NAN, |n| n as f64),
            })
        }
        DeValue::Float(number) => {
            Value::Number(number.as_str().replace('_', "").parse().unwrap_or(f64::NAN))
        }
        DeValue::Boolean(flag) => Value::Flag(flag),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(_) | DeValue::Table(_) if depth >= DEEPEST => {
            problems.add(place, "nested too deeply");
            Value::Empty
        }
        DeValue::Array(items) => Value::List(
            items.into_iter().map(|item| node(item, lines, depth + 1, problems)).collect(),
        ),
        DeValue::Table(inner) => Value::Table(table(inner, lines, depth + 1, problems)),
    };
    Node { place, value }
}

//! YAML as a tree of nodes: plain values, lists and tables; no anchors, tags or second documents.

use super::{DEEPEST, Entry, Node, Place, Problems, Value};
use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

/// A list or table that is not closed yet.
struct Open<'t> {
    place: Place,
    what: Inside<'t>,
}

enum Inside<'t> {
    List(Vec<Node<'t>>),
    /// Entries, and the name whose value comes next.
    Table(Vec<Entry<'t>>, Option<(Cow<'t, str>, Place)>),
}

/// Reads a text. Reading ends at the first mistake of syntax; what was read until then is dropped.
pub(super) fn parse<'t>(text: &'t str, problems: &mut Problems) -> Node<'t> {
    let empty = || Node { place: Place::START, value: Value::Table(Vec::new()) };
    let root = match read(text, problems) {
        Ok(root) => root,
        Err((place, message)) => {
            problems.add(place, message);
            return empty();
        }
    };
    match root {
        None => empty(),
        Some(Node { value: Value::Empty, .. }) => empty(),
        Some(node) if node.entries().is_some() => node,
        Some(node) => {
            problems.add(node.place, format!("expected a table, got {}", node.describe()));
            empty()
        }
    }
}

type Mistake = (Place, alloc::string::String);

fn read<'t>(text: &'t str, problems: &mut Problems) -> Result<Option<Node<'t>>, Mistake> {
    let mut parser = Parser::new_from_str(text);
    let mut open: Vec<Open<'t>> = Vec::new();
    let mut root: Option<Node<'t>> = None;
    let mut documents = 0;
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| (place(*error.marker()), error.info().into()))?;
        let at = place(span.start);
        let closed = match event {
            Event::StreamEnd => break,
            Event::Nothing | Event::StreamStart | Event::DocumentEnd => continue,
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return Err((at, "a second document: one file holds one".into()));
                }
                continue;
            }
            Event::Alias(_) => {
                return Err((at, "references are not read: write the value out".into()));
            }
            Event::Scalar(text, style, anchor, tag) => {
                refuse_extras(anchor, tag.is_some(), at)?;
                Node { place: at, value: scalar(text, style) }
            }
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag)
                if open.len() >= DEEPEST =>
            {
                let _ = (anchor, tag);
                return Err((at, "nested too deeply".into()));
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_extras(anchor, tag.is_some(), at)?;
                open.push(Open { place: at, what: Inside::List(Vec::new()) });
                continue;
            }
            Event::MappingStart(anchor, tag) => {
                refuse_extras(anchor, tag.is_some(), at)?;
                open.push(Open { place: at, what: Inside::Table(Vec::new(), None) });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open { place, what: Inside::List(items) }) => {
                    Node { place, value: Value::List(items) }
                }
                Some(Open { place, what: Inside::Table(entries, _) }) => {
                    Node { place, value: Value::Table(entries) }
                }
                None => return Err((at, "the end of something that was not begun".into())),
            },
        };
        match open.last_mut() {
            Some(parent) => put(parent, closed, problems)?,
            None => root = Some(closed),
        }
    }
    Ok(root)
}

/// Puts a finished node into the list or table around it: as a name, or as a value.
fn put<'t>(parent: &mut Open<'t>, node: Node<'t>, problems: &mut Problems) -> Result<(), Mistake> {
    match &mut parent.what {
        Inside::List(items) => items.push(node),
        Inside::Table(entries, name) => match name.take() {
            Some((key, place)) => {
                if entries.iter().any(|entry| entry.key == key) {
                    problems.add(place, format!("`{key}` is given twice"));
                }
                entries.push(Entry { key, place, node });
            }
            None => {
                let key = match node.value {
                    Value::Text(key) => key,
                    Value::Number(number) => format!("{number}").into(),
                    Value::Flag(flag) => format!("{flag}").into(),
                    _ => return Err((node.place, "a name must be a text".into())),
                };
                *name = Some((key, node.place));
            }
        },
    }
    Ok(())
}

fn refuse_extras(anchor: usize, tagged: bool, at: Place) -> Result<(), Mistake> {
    if anchor != 0 {
        return Err((at, "anchors are not read: write the value out where it is used".into()));
    }
    if tagged {
        return Err((at, "tags are not read".into()));
    }
    Ok(())
}

/// The value of a scalar: what is quoted is a text; what is not may be a number, yes or no, or nothing.
fn scalar(text: Cow<'_, str>, style: ScalarStyle) -> Value<'_> {
    if !matches!(style, ScalarStyle::Plain) {
        return Value::Text(text);
    }
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Empty,
        "true" | "True" | "TRUE" => Value::Flag(true),
        "false" | "False" | "FALSE" => Value::Flag(false),
        ".nan" | ".NaN" | ".NAN" => Value::Number(f64::NAN),
        ".inf" | "+.inf" | ".Inf" | ".INF" => Value::Number(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Number(f64::NEG_INFINITY),
        plain => number(plain).map_or(Value::Text(text), Value::Number),
    }
}

/// A decimal number as YAML writes it: digits, a point, an exponent; underscores as in TOML.
fn number(text: &str) -> Option<f64> {
    let begins = text.trim_start_matches(['+', '-']);
    if !begins.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || !text
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E' | b'_'))
    {
        return None;
    }
    text.replace('_', "").parse().ok()
}

/// The parser counts columns from 0.
fn place(marker: Marker) -> Place {
    Place { line: marker.line(), column: marker.col() + 1 }
}

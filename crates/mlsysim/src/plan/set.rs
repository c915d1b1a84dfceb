//! Single values put into a plan from outside: `workload.batch_size=16`.

use crate::document::{Entry, Node, Place, Value};
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Puts the value of `key=value` into the tree; tables on the way are made if they are not there.
///
/// A value that reads as a number is one, `true` and `false` are flags, anything else is a text.
pub(super) fn set(root: &mut Node<'_>, assignment: &str) -> Result<(), String> {
    let Some((path, value)) = assignment.split_once('=') else {
        return Err(format!(
            "`{assignment}` sets nothing: write KEY=VALUE, such as workload.batch_size=16"
        ));
    };
    let path = path.trim();
    let mut node = root;
    for key in path.split('.') {
        if key.is_empty() {
            return Err(format!("`{path}` is not a field: write it like workload.batch_size"));
        }
        if node.value == Value::Empty {
            node.value = Value::Table(Vec::new());
        }
        let what = node.describe();
        let Value::Table(entries) = &mut node.value else {
            return Err(format!("`{path}`: `{key}` would be inside {what}, which has no fields"));
        };
        let index = entries.iter().position(|entry| entry.key == key).unwrap_or_else(|| {
            entries.push(Entry {
                key: Cow::Owned(key.into()),
                place: Place::START,
                node: Node { place: Place::START, value: Value::Empty },
            });
            entries.len() - 1
        });
        node = &mut entries[index].node;
    }
    if matches!(node.value, Value::Table(_) | Value::List(_)) {
        return Err(format!("`{path}` is {}, not a single value", node.describe()));
    }
    node.value = read(value.trim());
    Ok(())
}

fn read<'t>(text: &str) -> Value<'t> {
    match text {
        "true" => Value::Flag(true),
        "false" => Value::Flag(false),
        _ => match text.parse::<f64>() {
            // `inf` and `nan` are words here.
            Ok(number) if number.is_finite() => Value::Number(number),
            _ => Value::Text(Cow::Owned(text.into())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Node<'static> {
        Node { place: Place::START, value: Value::Table(Vec::new()) }
    }

    #[test]
    fn values_are_read_and_tables_made() {
        let mut root = table();
        set(&mut root, "workload.batch_size=16").unwrap();
        set(&mut root, "workload.batch_size = 32").unwrap();
        set(&mut root, "hardware.fabric_bandwidth=50 GB/s").unwrap();
        let workload = &root.entries().unwrap()[0];
        assert_eq!(workload.key, "workload");
        assert_eq!(workload.node.entries().unwrap()[0].node.value, Value::Number(32.0));
        let hardware = &root.entries().unwrap()[1];
        assert_eq!(hardware.node.entries().unwrap()[0].node.text(), Some("50 GB/s"));
    }

    #[test]
    fn what_cannot_be_set_is_refused() {
        let mut root = table();
        assert!(set(&mut root, "workload").is_err());
        assert!(set(&mut root, "a..b=1").is_err());
        set(&mut root, "a.b=1").unwrap();
        assert!(set(&mut root, "a=1").unwrap_err().contains("is a table"));
        assert!(set(&mut root, "a.b.c=1").unwrap_err().contains("inside the number 1"));
    }
}

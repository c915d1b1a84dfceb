//! Equal trees from both syntaxes, and places of mistakes.

use super::*;
use alloc::string::ToString;

fn places(file: &str, text: &str) -> (Node<'static>, Vec<String>) {
    let mut problems = Problems::new();
    let node =
        parse(file, alloc::boxed::Box::leak(String::from(text).into_boxed_str()), &mut problems);
    let list = problems.list.iter().map(ToString::to_string).collect();
    (node, list)
}

/// The values without their places.
fn bare(node: &Node<'_>) -> String {
    match &node.value {
        Value::Table(entries) => {
            let inside: Vec<String> =
                entries.iter().map(|e| alloc::format!("{}={}", e.key, bare(&e.node))).collect();
            alloc::format!("{{{}}}", inside.join(","))
        }
        Value::List(items) => {
            let inside: Vec<String> = items.iter().map(bare).collect();
            alloc::format!("[{}]", inside.join(","))
        }
        _ => node.describe(),
    }
}

const TOML: &str =
    "name = \"desk\"\nbatch = 8\n[peak]\nfp32 = \"1.2 TFLOP/s\"\nshare = [0.5, 1e3]\non = true\n";

#[test]
fn a_table_keeps_its_order_and_its_places() {
    let (node, problems) = places("a.toml", TOML);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(
        bare(&node),
        "{name=the text \"desk\",batch=the number 8,\
         peak={fp32=the text \"1.2 TFLOP/s\",share=[the number 0.5,the number 1000],on=true}}"
    );
    let entries = node.entries().unwrap();
    assert_eq!(entries[1].place, Place { line: 2, column: 1 });
    assert_eq!(entries[1].node.place, Place { line: 2, column: 9 });
    let inner = entries[2].node.entries().unwrap();
    assert_eq!(inner[0].node.place, Place { line: 4, column: 8 });
}

#[test]
fn columns_count_characters() {
    let (node, _) = places("a.toml", "a = \"µ\" # µ\nö = 1");
    // A bare key must be ASCII: the mistake stands in column 1, whatever its bytes.
    assert!(node.entries().unwrap().iter().any(|entry| entry.key == "a"));
    let (node, _) = places("a.toml", "a = {\"µµ\" = 1}");
    let inner = node.entries().unwrap()[0].node.entries().unwrap();
    assert_eq!(inner[0].node.place, Place { line: 1, column: 13 });
}

#[cfg(feature = "yaml")]
mod yaml {
    use super::*;

    #[test]
    fn both_syntaxes_give_the_same_tree() {
        let text = "# a comment\nname: desk\nbatch: 8\npeak:\n  fp32: 1.2 TFLOP/s\n  share: [0.5, 1e3]\n  on: true\n";
        let (yaml, problems) = places("a.yaml", text);
        assert!(problems.is_empty(), "{problems:?}");
        let (toml, _) = places("a.toml", TOML);
        assert_eq!(bare(&yaml), bare(&toml));
        let entries = yaml.entries().unwrap();
        assert_eq!(entries[0].place, Place { line: 2, column: 1 });
        assert_eq!(entries[1].node.place, Place { line: 3, column: 8 });
    }

    #[test]
    fn json_is_read_as_yaml() {
        let (node, problems) = places("a.json", "{\"a\": [1, null, \"2\"], \"b\": {\"c\": false}}");
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(bare(&node), "{a=[the number 1,nothing,the text \"2\"],b={c=false}}");
    }

    #[test]
    fn what_is_not_read_is_refused_with_its_place() {
        for (text, expected) in [
            ("a: &x 1\nb: *x", "1:4: anchors are not read: write the value out where it is used"),
            ("a: !!str 1", "1:4: tags are not read"),
            ("a: 1\na: 2", "2:1: `a` is given twice"),
            ("a: 1\n---\nb: 2", "2:1: a second document: one file holds one"),
            ("- 1", "1:1: expected a table, got a list"),
            ("? [1]\n: 2", "1:3: a name must be a text"),
        ] {
            let (_, problems) = places("a.yaml", text);
            assert_eq!(problems, [expected], "{text}");
        }
        let (_, problems) = places("a.yaml", "a: [1, 2\nb: 3");
        assert_eq!(problems.len(), 1, "{problems:?}");
        let (_, problems) = places("a.yaml", &"[".repeat(1000));
        assert_eq!(problems.len(), 1, "{problems:?}");
        let (empty, problems) = places("a.yaml", "# nothing\n");
        assert!(problems.is_empty() && empty.entries() == Some(&[]));
    }

    #[test]
    fn plain_words_are_texts() {
        let (node, _) = places("a.yaml", "a: 3.35 TB/s\nb: 1e\nc: +5\ne: 0x10\nf: .inf\ng: 1_000");
        assert_eq!(
            bare(&node),
            "{a=the text \"3.35 TB/s\",b=the text \"1e\",c=the number 5,e=the text \"0x10\",\
             f=the number inf,g=the number 1000}"
        );
    }
}

#[cfg(not(feature = "yaml"))]
#[test]
fn yaml_names_its_feature() {
    let (_, problems) = places("a.yaml", "a: 1");
    assert_eq!(problems, ["1:1: YAML needs the feature `yaml`; this build reads TOML"]);
}

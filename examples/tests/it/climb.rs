//! The climb with what people type by mistake: each mistake is named with its remedy, and nothing panics.
//!
//! The runs that get as far as the board find no cargo, so that no image is built: the climb has to say so and go on.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Digits as they ship with the crate that trains on them.
const DIGITS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/tinytorch-core/data/digits8.safetensors");

/// Runs the climb and types `input` at its prompt.
fn climb(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_climb"))
        .args(arguments)
        .env("PATH", "")
        .env_remove("CARGO")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the climb starts");
    // A run that ends before it reads closes the pipe; what it printed is what counts.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    child.wait_with_output().expect("the climb ends")
}

/// Checks the status and that every word of `said` is on standard error, without a panic.
#[track_caller]
fn refuses(arguments: &[&str], status: i32, said: &[&str]) {
    let done = climb(arguments, "");
    let error = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(status), "{arguments:?}: {error}");
    for word in said {
        assert!(error.contains(word), "{arguments:?} does not say `{word}`: {error}");
    }
    assert!(!error.contains("panicked"), "{error}");
}

/// A folder that is removed with the value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("climb-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder is writable");
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn json(path: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(path).expect("the report is there");
    serde_json::from_str(&text).expect("the report is JSON")
}

#[test]
fn wrong_usage_is_named_and_ends_with_two() {
    refuses(&["--board", "arduino"], 2, &["unknown board `arduino`", "nano33ble", "Usage: climb"]);
    refuses(&["--seed", "-1"], 2, &["-1", "0 to 4294967295"]);
    refuses(&["--seed", "4294967296"], 2, &["4294967296", "0 to 4294967295"]);
    refuses(&["--seed", "one"], 2, &["one", "0 to 4294967295"]);
    refuses(&["--model", "gpt"], 2, &["gpt", "mlp", "cnn"]);
    refuses(&["--sed", "1"], 2, &["--sed", "--seed"]);
}

#[test]
fn places_that_cannot_be_written_are_named_before_the_work() {
    let folder = Folder::new("places");
    let file = folder.file("file");
    std::fs::write(&file, "in the way").expect("writable");
    let below = format!("{file}/report.json");
    refuses(&["--json", &below], 2, &["--json", &below, "cannot write there"]);
    refuses(&["--json", &folder.0.display().to_string()], 2, &["cannot write there"]);
    refuses(&["--svg", &below], 2, &["--svg", &below, "cannot make the folder"]);
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), "in the way");
}

#[test]
fn damaged_digits_are_named() {
    let folder = Folder::new("digits");
    let absent = folder.file("absent");
    refuses(&["--digits", &absent], 1, &["--digits", &absent, "No such file"]);
    let whole = std::fs::read(Path::new(DIGITS)).expect("the digits ship with the crate");
    let (cut, report) = (folder.file("cut"), folder.file("report.json"));
    std::fs::write(&report, "an earlier report").expect("writable");
    // Nothing, half a length, half a header, and data cut at both ends of both arrays.
    for end in [0, 4, 40, 200, 2_000, whole.len() / 2, whole.len() - 1_797, whole.len() - 1] {
        std::fs::write(&cut, &whole[..end]).expect("writable");
        refuses(&["--digits", &cut, "--json", &report], 1, &["--digits", &cut, "safetensors"]);
    }
    assert_eq!(std::fs::read_to_string(&report).expect("still there"), "an earlier report");
    assert_eq!(std::fs::read_dir(&folder.0).expect("a folder").count(), 2, "no partial file stays");
}

#[test]
fn an_answer_that_says_nothing_is_asked_again() {
    let folder = Folder::new("answers");
    let report = folder.file("report.json");
    let done = climb(&["--ask", "--json", &report], "12 bananas\n0.154 ms\n");
    let text = String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&done.stderr));
    assert!(text.contains("unparsable: `bananas` is not a unit known here"), "{text}");
    let report = json(&report);
    assert_eq!(report["test"]["typed"], serde_json::json!(["12 bananas", "0.154 ms"]));
    assert_eq!(report["test"]["typed_right"], true);
    let emulated = &report["deploy"]["emulated"];
    assert_eq!(emulated["ran"], false);
    assert!(emulated["reason"].as_str().expect("why not").contains("`cargo` is missing"));
}

#[test]
fn a_wrong_answer_and_none_at_all_end_with_one() {
    let said = [
        ("3 GHz\n", "wrong-dimension: 3 GHz is a frequency; this question wants a time"),
        ("5 s\n", "wrong"),
        ("", "No answer."),
    ];
    for (input, said) in said {
        let done = climb(&["--ask"], input);
        let text = String::from_utf8_lossy(&done.stdout);
        assert_eq!(done.status.code(), Some(1), "{input}: {text}");
        assert!(text.contains(said), "{input}: {text}");
    }
}

#[test]
fn another_board_refuses_by_its_own_amounts() {
    let folder = Folder::new("small");
    let report = folder.file("report.json");
    let done = climb(&["--board", "microbit", "--json", &report], "");
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let refusal = &json(&report)["deploy"]["refusal"];
    let bytes = |name: &str| refusal[name].as_u64().expect("an amount");
    assert_eq!(bytes("need") - bytes("have"), bytes("short_by"), "{refusal}");
}

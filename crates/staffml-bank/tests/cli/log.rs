//! `staffml log`, `merge` and `import`: exit status, messages, a full disk.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const DATA: &str = include_str!("../golden/data/event_log_cases.json");

/// A folder of its own, removed at the end of the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("staffml-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for temporary files");
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a temporary file");
        path.display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn staffml(data: &Path, args: &[&str]) -> Output {
    let program =
        Command::new(env!("CARGO_BIN_EXE_staffml")).arg("--data").arg(data).args(args).output();
    program.expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn lines(list: &Value) -> String {
    let lines = list.as_array().expect("a list").iter();
    lines.map(|l| format!("{}\n", l.as_str().expect("a line"))).collect()
}

#[test]
fn two_devices_are_merged_and_verified() {
    let scratch = Scratch::new("merge");
    let cases: Value = serde_json::from_str(DATA).unwrap();
    let a = scratch.write("a.jsonl", &lines(&cases["device_a"]));
    let b = scratch.write("b.jsonl", &lines(&cases["device_b"]));
    let data = scratch.0.join("data");
    let first = staffml(&data, &["merge", &a]);
    assert_eq!(
        (first.status.code(), text(&first.stdout)),
        (Some(0), "3 events are new, 0 were known or erased here\n".to_owned())
    );
    let imported = staffml(&data, &["import", &b, "--json"]);
    assert!(text(&imported.stdout).contains("\"new\": 2"), "{}", text(&imported.stdout));
    let again = staffml(&data, &["log", "merge", &a]);
    assert_eq!(text(&again.stdout), "0 events are new, 3 were known or erased here\n");
    let verified = staffml(&data, &["log", "verify", "--json"]);
    let report: Value = serde_json::from_slice(&verified.stdout).unwrap();
    // Three, two, and the note on the import.
    assert_eq!(
        (verified.status.code(), &report["events"], &report["whole"]),
        (Some(0), &6.into(), &true.into())
    );
    let erased = staffml(&data, &["log", "erase", "01J000000000000000000000A2"]);
    assert_eq!(erased.status.code(), Some(0), "{}", text(&erased.stderr));
    let compacted = staffml(&data, &["log", "compact", "--erase"]);
    assert!(
        text(&compacted.stdout).ends_with("1 erased events removed\n"),
        "{}",
        text(&compacted.stdout)
    );
    let known = staffml(&data, &["merge", &a]);
    assert_eq!(text(&known.stdout), "0 events are new, 3 were known or erased here\n");
}

#[test]
fn damage_is_told_by_exit_status_6() {
    let scratch = Scratch::new("damage");
    let cases: Value = serde_json::from_str(DATA).unwrap();
    let bad = scratch.write("bad.jsonl", &lines(&cases["damaged"]["bad_crc"]));
    let torn = scratch.write("torn.jsonl", cases["damaged"]["torn_tail"].as_str().unwrap());
    let data = scratch.0.join("data");
    let output = staffml(&data, &["log", "verify", &bad]);
    assert_eq!(output.status.code(), Some(6));
    let out = text(&output.stdout);
    assert!(
        out.contains("bad.jsonl:2: E-LOG-CRC: not an event: its checksum says 20554694"),
        "{out}"
    );
    assert!(out.contains("bad.jsonl:3: E-LOG-CHAIN"), "{out}");
    assert!(out.contains("2 events: damaged; every event that is counted here is whole"), "{out}");
    let output = staffml(&data, &["log", "verify", &torn]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("W-LOG-TORN"));
    assert_eq!(staffml(&data, &["merge", &bad]).status.code(), Some(6));
    assert_eq!(staffml(&data, &["log", "verify"]).status.code(), Some(6), "the chain stays broken");
    assert_eq!(staffml(&data, &["log", "compact"]).status.code(), Some(0));
    assert_eq!(staffml(&data, &["log", "verify"]).status.code(), Some(0));
}

#[test]
fn what_cannot_be_read_is_named() {
    let scratch = Scratch::new("unreadable");
    let notes = scratch.write("notes.txt", "hello\n");
    for (args, status, message) in [
        (&["merge", "/nowhere/at/all"][..], 3, "there is neither a file nor a folder"),
        (&["merge", &notes], 3, "not one line of it is an event"),
        (&["log", "erase", "x"], 2, "26 letters and digits"),
        (&["log", "erase", "01J000000000000000000000A2"], 2, "there is no event 01J0"),
        (&["log", "fly"], 2, "fly"),
    ] {
        let output = staffml(&scratch.0.join("data"), args);
        assert_eq!(output.status.code(), Some(status), "{args:?}");
        assert!(text(&output.stderr).contains(message), "{args:?}: {}", text(&output.stderr));
    }
}

/// A limit on the size of files makes the system refuse a write half-way, as a full disk does.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_costs_the_event_and_nothing_before_it() {
    let scratch = Scratch::new("full");
    let cases: Value = serde_json::from_str(DATA).unwrap();
    let a = scratch.write("a.jsonl", &lines(&cases["device_a"]));
    let data = scratch.0.join("data");
    assert_eq!(staffml(&data, &["merge", &a]).status.code(), Some(0));
    let name = "01J000000000000000000000A1";
    let limited = |blocks: u32| {
        // The shell takes the limit and lets the signal that goes with it pass.
        let script =
            format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" --data \"$1\" log erase {name}");
        let mut command = Command::new("bash");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_staffml")]).arg(&data);
        command.output().expect("bash starts")
    };
    let mut refused = None;
    for _ in 0..20 {
        let output = limited(1); // one block of 1024 bytes
        if output.status.code() != Some(0) {
            refused = Some(output);
            break;
        }
    }
    let refused = refused.expect("the file reaches the limit");
    assert_eq!(refused.status.code(), Some(3));
    let message = text(&refused.stderr);
    assert!(
        message.contains("E-LOG-FULL") && message.contains("this event is not kept, all"),
        "{message}"
    );
    let verified = staffml(&data, &["log", "verify", "--json"]);
    let report: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!((verified.status.code(), &report["problems"]), (Some(0), &Value::Array(Vec::new())));
    let before = report["events"].as_u64().unwrap();
    assert_eq!(staffml(&data, &["log", "erase", name]).status.code(), Some(0), "room again");
    let report: Value =
        serde_json::from_slice(&staffml(&data, &["log", "verify", "--json"]).stdout).unwrap();
    assert_eq!(report["events"].as_u64().unwrap(), before + 1);
}

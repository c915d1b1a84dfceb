//! The program `staffml`: exit status, JSON schemas, messages.

mod author;
mod export;
mod kill;
mod log;
mod practice;

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn staffml(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_staffml"))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

/// Runs `staffml ask` with lines typed into it.
fn type_into(args: &[&str], lines: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_staffml"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("its input is a pipe");
    stdin.write_all(lines.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it writes UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", text(&output.stdout)))
}

const MINE: [&str; 4] = ["--given", "n=8970", "--given", "b=8 bit"];

#[test]
fn the_shipped_bank_checks_out() {
    let output = staffml(&["check", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let report = json(&output);
    assert_eq!(report["schema"], "staffml-check/1");
    assert_eq!((&report["errors"], &report["warnings"]), (&0.into(), &0.into()));
    assert!(report["templates"].as_array().unwrap().len() >= 16);
}

#[test]
fn the_bank_folder_reads_as_the_embedded_one() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/bank");
    let (own, given) = (staffml(&["list"]), staffml(&["list", "--bank", folder]));
    assert_eq!(text(&own.stdout), text(&given.stdout));
    assert_eq!(staffml(&["check", folder]).status.code(), Some(0));
}

#[test]
fn a_bank_with_mistakes_fails_the_check() {
    let folder = std::env::temp_dir().join(format!("staffml-bank-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("q/memory")).unwrap();
    let source = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/bank"));
    for file in ["bank.toml", "misconceptions.toml", "ids.txt"] {
        std::fs::copy(source.join(file), folder.join(file)).unwrap();
    }
    let name = "q/memory/w02-flash-for-weights.toml";
    let good = std::fs::read_to_string(source.join(name)).unwrap();
    std::fs::write(
        folder.join(name),
        good.replace("level = \"L1\"", "level = \"L9\"").replace("bits-bytes", "bit-bytes"),
    )
    .unwrap();
    let output = staffml(&["check", folder.to_str().unwrap()]);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let out = text(&output.stdout);
    assert!(
        out.contains("w02-flash-for-weights.toml:14: V-ENUM: `level`: `L9` is no level"),
        "{out}"
    );
    assert!(
        out.contains(
            "V-MISC-UNKNOWN: `bit-bytes` is not a known misconception; did you mean `bits-bytes`?"
        ),
        "{out}"
    );
}

#[test]
fn a_draw_shows_its_answer_only_on_request() {
    let plain = json(&staffml(&[&["draw", "w02-flash-for-weights", "--json"], &MINE[..]].concat()));
    assert_eq!(plain["schema"], "staffml-draw/1");
    assert_eq!(plain["params"]["n"], "8970");
    assert_eq!(plain.get("answer"), None);
    let full = json(&staffml(
        &[&["draw", "w02-flash-for-weights", "--json", "--solution"], &MINE[..]].concat(),
    ));
    assert_eq!(
        (&full["answer"], &full["unit"], &full["display"]),
        (&8.97.into(), &"kB".into(), &"8.97 kB".into())
    );
    let one = staffml(&["draw", "w01-gemm-time", "--seed", "5", "--solution"]);
    assert_eq!(one.stdout, staffml(&["draw", "w01-gemm-time", "--seed", "5", "--solution"]).stdout);
    assert!(
        text(&one.stdout).lines().all(|line| line.chars().count() <= 80),
        "{}",
        text(&one.stdout)
    );
}

#[test]
fn grading_tells_right_from_wrong_by_exit_status() {
    let grade = |answer: &str| {
        staffml(
            &[&["grade", "--id", "w02-flash-for-weights", "--json"], &MINE[..], &["--", answer]]
                .concat(),
        )
    };
    for (answer, status, verdict, code) in [
        ("8.97 kB", 0, "correct", ""),
        ("8970 bytes", 0, "correct", ""),
        ("71.76 kB", 1, "misconception", "bits-bytes"),
        ("12 bananas", 1, "unparsable", "E-Q-UNIT"),
        ("3 GHz", 1, "wrong-dimension", "dimension"),
        ("NaN GB", 1, "unparsable", "E-Q-NONFINITE"),
        ("", 1, "unparsable", "E-Q-EMPTY"),
    ] {
        let output = grade(answer);
        let out = json(&output);
        assert_eq!(out["schema"], "staffml-grade/1");
        assert_eq!((&out["verdict"], &out["code"]), (&verdict.into(), &code.into()), "{answer}");
        assert_eq!(output.status.code(), Some(status), "{answer}");
    }
    let long = "9".repeat(10_000);
    assert_eq!(json(&grade(&long))["code"], "E-Q-LONG");
}

#[test]
fn usage_errors_name_the_thing() {
    for (args, message) in [
        (&["draw", "w02-flash-for-weight"][..], "did you mean `w02-flash-for-weights`?"),
        (&["draw", "w02-flash-for-weights", "--given", "n"], "write NAME=VALUE"),
        (
            &["draw", "w02-flash-for-weights", "--given", "b=3 GHz"],
            "it is a frequency, not an amount of data",
        ),
        (&["draw", "w02-flash-for-weights", "--seed", "-1"], "--seed"),
        (&["draw", "w02-flash-for-weights", "--seed", "18446744073709551616"], "--seed"),
        (&["grade", "--id", "w02-flash-for-weights"], "ANSWER"),
        (&["fly"], "fly"),
    ] {
        let output = staffml(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(text(&output.stderr).contains(message), "{args:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_folder_that_is_none_is_a_matter_of_files() {
    let output = staffml(&["check", "/nowhere"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("it is not a folder"));
}

#[test]
fn asking_gives_hints_and_second_chances() {
    let args = [&["ask", "w02-flash-for-weights"], &MINE[..]].concat();
    let right = type_into(&args, "?\n12 bananas\n8.97\n8.97 kB\n");
    assert_eq!(right.status.code(), Some(0), "{}", text(&right.stdout));
    assert!(text(&right.stdout).contains("Turn the width of a weight into bytes first."));
    assert!(text(&right.stdout).contains("correct: right"));
    let wrong = type_into(&args, "71.76 kB\n");
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stdout).contains("That is the size in bits."));
    assert_eq!(type_into(&args, "k\n").status.code(), Some(1));
    assert_eq!(type_into(&args, "").status.code(), Some(1));
    let quiet = type_into(&[&args[..], &["--json"]].concat(), "8.97 kB\n");
    assert_eq!(json(&quiet)["schema"], "staffml-ask/1");
    assert_eq!(json(&quiet)["score"], 1.0);
}

/// Questions that are no single number are asked step by step, and nothing of it is kept.
#[test]
fn every_kind_of_question_can_be_asked() {
    let list = json(&staffml(&["list", "--json"]));
    let templates = list["templates"].as_array().expect("a list");
    for kind in ["numeric", "choice", "recall", "multi", "open"] {
        let template = templates.iter().find(|t| t["head"]["kind"] == kind).expect(kind);
        let id = template["head"]["id"].as_str().expect("an id");
        let given_up = type_into(&["ask", id, "--seed", "1"], &"k\n".repeat(12));
        assert_eq!(given_up.status.code(), Some(1), "{id}: {}", text(&given_up.stderr));
        assert!(!text(&given_up.stdout).is_empty());
    }
    let wrong = staffml(&["ask", "no-such-question"]);
    assert_eq!(wrong.status.code(), Some(2));
}

//! Sessions and reports of the program, typed into a pipe, each with a data folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::text;

/// A data folder that is removed in the end.
struct Data(PathBuf);

impl Data {
    fn new(name: &str) -> Self {
        let folder = format!("staffml-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(folder);
        std::fs::remove_dir_all(&path).ok();
        Self(path)
    }

    fn run(&self, args: &[&str], lines: &str) -> Output {
        use std::io::Write as _;
        let mut child = Command::new(env!("CARGO_BIN_EXE_staffml"))
            .args(args)
            .args(["--data", self.0.to_str().expect("a path of text")])
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("its input is a pipe");
        // The program may end before it has read everything.
        let _ = stdin.write_all(lines.as_bytes());
        drop(stdin);
        child.wait_with_output().expect("it ends")
    }

    /// Answers in the log.
    fn answers(&self) -> usize {
        let log = std::fs::read_dir(self.0.join("log")).expect("there is a log");
        let files = log.flatten().filter(|f| f.path().extension().is_some_and(|e| e == "jsonl"));
        files
            .map(|f| std::fs::read_to_string(f.path()).expect("it is text"))
            .map(|t| t.lines().filter(|l| l.contains("\"kind\":\"answer\"")).count())
            .sum()
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn lines_of_json(output: &Output) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    text(&output.stdout).lines().map(parse).collect()
}

#[test]
fn the_first_screen_says_what_this_is_and_where_data_lies() {
    let data = Data::new("first");
    let output = data.run(&[], "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let out = text(&output.stdout);
    assert!(out.contains("Your answers stay on this machine") && out.contains("staffml placement"));
    assert!(!data.0.exists(), "looking makes no files");
}

/// A bank of five numeric questions, so that typed lines fit whatever is drawn.
fn small_bank(folder: &Path) -> PathBuf {
    let (to, from) = (folder.join("bank"), Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/bank")));
    std::fs::create_dir_all(to.join("q/x")).expect("a folder");
    for file in ["bank.toml", "misconceptions.toml", "facts.toml", "ids.txt"] {
        std::fs::copy(from.join(file), to.join(file)).expect(file);
    }
    for (area, id) in [
        ("memory", "w02-flash-for-weights"),
        ("compute", "w01-gemm-time"),
        ("memory", "w02-weight-stream-time"),
        ("compute", "w02-ridge-point"),
        ("compute", "w01-conv-layer-flop"),
    ] {
        let file = from.join(format!("q/{area}/{id}.toml"));
        std::fs::copy(file, to.join(format!("q/x/{id}.toml"))).expect(id);
    }
    to
}

/// "Don't know" and on, so often that every session ends.
fn give_up() -> String {
    "k\n\n".repeat(60)
}

#[test]
fn a_practice_in_a_pipe_keeps_every_answer() {
    let data = Data::new("practice");
    let bank = small_bank(&data.0);
    let bank = ["--bank", bank.to_str().expect("a path of text")];
    let typed = "?\n= 2*3 GB in MB\nk\n\n12 bananas\nx\ny\nz\n3\n\ns\n7 kB\n";
    let args = ["practice", "--date", "2026-03-01", "--seed", "1", "-n", "4"];
    let output = data.run(&[&args[..], &bank].concat(), typed);
    // The input ends while an answer waits for its confidence: it is kept, and the session counts as left.
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    let out = text(&output.stdout);
    assert!(out.contains("= 6000 MB") && out.contains("Not known") && out.contains("bananas"));
    assert!(out.lines().all(|l| l.chars().count() <= 80), "{out}");
    assert!(!out.contains('\x1b'), "no color in a pipe");
    assert_eq!(data.answers(), 3);
    let args = ["review", "--date", "2026-03-03", "--json"];
    let due = data.run(&[&args[..], &bank].concat(), &give_up());
    assert_eq!(due.status.code(), Some(0), "{}", text(&due.stderr));
    let views = lines_of_json(&due);
    assert_eq!(views[0]["schema"], "staffml-session/1");
    assert_eq!(views[0]["stage"], "ask");
    assert!(
        views[0].to_string().contains("stem") && !views[0].to_string().contains("right_answer")
    );
    assert_eq!(views.last().unwrap()["stage"], "done");
    let reviewed = views.last().unwrap()["answered"].as_u64().unwrap();
    assert!((1..=3).contains(&reviewed));
    let args = ["progress", "--date", "2026-03-03", "--json"];
    let progress = data.run(&[&args[..], &bank].concat(), "");
    let progress: Value = serde_json::from_slice(&progress.stdout).unwrap();
    assert_eq!(progress["answers"].as_u64(), Some(3 + reviewed));
    assert_eq!(progress["streak"]["current"], 2);
}

#[test]
fn every_report_answers_with_and_without_a_log() {
    let data = Data::new("reports");
    let reports: [&[&str]; 8] = [
        &["progress"],
        &["stats", "--heat", "topic-level"],
        &["gaps", "--track", "cloud"],
        &["calibration"],
        &["history"],
        &["plan", "list"],
        &["plan", "show", "first-week"],
        &["settings"],
    ];
    for round in 0..2 {
        for report in reports {
            let plain = data.run(report, "");
            assert_eq!(plain.status.code(), Some(0), "{report:?}: {}", text(&plain.stderr));
            let out = text(&plain.stdout);
            assert!(!out.is_empty() && out.lines().all(|l| l.chars().count() <= 80), "{out}");
            let json = data.run(&[report, &["--json"]].concat(), "");
            let value: Value = serde_json::from_slice(&json.stdout).unwrap();
            assert!(value["schema"].as_str().unwrap().starts_with("staffml-"), "{report:?}");
        }
        if round == 0 {
            let typed = "1 GB\n5\n\n2 s\n4\n\n3 kB\n5\n\n";
            let output = data.run(&["practice", "-n", "3"], typed);
            assert!(matches!(output.status.code(), Some(0 | 5)), "{}", text(&output.stderr));
        }
    }
}

#[test]
fn the_same_day_gives_everybody_the_same_set() {
    let (one, two) = (Data::new("daily-a"), Data::new("daily-b"));
    let run = |data: &Data| {
        let args = ["daily", "--track", "cloud", "--date", "2026-03-01", "--json"];
        let output = data.run(&args, &"s\n".repeat(3)); // what a set holds does not depend on its answers
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let views = lines_of_json(&output);
        let asks = views.iter().filter(|v| v["stage"] == "ask");
        let mut asks: Vec<_> = asks.map(|v| (v["id"].clone(), v["seed"].clone())).collect();
        asks.dedup(); // a question of several parts has several views
        asks
    };
    let (a, b) = (run(&one), run(&two));
    assert_eq!((a.len(), &a), (3, &b));
}

#[test]
fn a_gauntlet_is_shared_by_its_code_and_resumed() {
    let data = Data::new("gauntlet");
    let output =
        data.run(&["gauntlet", "--track", "cloud", "--level", "L3", "--seed", "7"], "1 GB\n3\ns\n");
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    let out = text(&output.stdout);
    let code = out.split("--code").nth(1).and_then(|r| r.split_whitespace().next()).unwrap();
    assert!(out.contains("1/5") && out.contains(" left"), "{out}");
    let again = data.run(&["gauntlet", "--code", code, "--json"], &"k\n".repeat(60));
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    let bad = data.run(&["gauntlet", "--code", "0000-00000"], "");
    assert_eq!(bad.status.code(), Some(2));
    assert!(text(&bad.stderr).contains("no share code"), "{}", text(&bad.stderr));
    let none = data.run(&["gauntlet", "--resume"], "");
    assert_eq!(none.status.code(), Some(2));
    assert!(text(&none.stderr).contains("no gauntlet was left open"));
}

#[test]
fn a_plan_begins_and_asks_its_day() {
    let data = Data::new("plan");
    let start = data.run(&["plan", "start", "first-week", "--date", "2026-03-01"], "");
    assert_eq!(start.status.code(), Some(0), "{}", text(&start.stderr));
    assert!(text(&start.stdout).contains("day  1:"));
    let today = data.run(&["plan", "today", "--date", "2026-03-02"], "k\n\n");
    assert_eq!(today.status.code(), Some(5), "{}", text(&today.stderr));
    assert!(text(&today.stdout).contains("first week") || data.answers() == 1);
    let over = data.run(&["plan", "today", "--date", "2026-04-02"], "");
    assert!(text(&over.stdout).contains("is over"), "{}", text(&over.stdout));
    let unknown = data.run(&["plan", "start", "second-week"], "");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("first-week"));
}

#[test]
fn settings_are_checked_before_they_are_kept() {
    let data = Data::new("settings");
    for (args, part) in [
        (["settings", "retention", "0.2"], "0.70 to 0.97"),
        (["settings", "color", "on"], "known are"),
    ] {
        let output = data.run(&args, "");
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(part), "{}", text(&output.stderr));
    }
    assert_eq!(data.run(&["settings", "retention", "0.85"], "").status.code(), Some(0));
    let shown = data.run(&["settings", "--json"], "");
    let value: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(value["settings"]["retention"], 0.85);
    let few = data.run(&["optimize"], "");
    assert!(text(&few.stdout).contains("a fit needs 400"), "{}", text(&few.stdout));
}

#[test]
fn quiz_drill_and_placement_end_by_themselves() {
    let data = Data::new("sets");
    let many = "1\n\n2\n\n3\n\nk\n\n".repeat(12);
    let quiz = data.run(&["quiz", "--topic", "vram-budgeting", "--seed", "3"], &many);
    assert!(matches!(quiz.status.code(), Some(0 | 5)), "{}", text(&quiz.stderr));
    let drill = data.run(&["drill", "--family", "unit-scale", "-n", "2"], &give_up());
    assert_eq!(drill.status.code(), Some(0), "{}{}", text(&drill.stdout), text(&drill.stderr));
    let unknown = data.run(&["drill", "--family", "unit-scales"], "");
    assert_eq!(unknown.status.code(), Some(2));
    let placement = data.run(&["placement"], &"k\n".repeat(13));
    assert_eq!(placement.status.code(), Some(0), "{}", text(&placement.stderr));
    assert!(text(&placement.stdout).contains("Suggested level: L1"), "{}", text(&placement.stdout));
}

/// Ctrl-C while confidence is asked: the answer was given and counts; the session ends as if it had been left.
#[cfg(unix)]
#[test]
fn an_interrupted_session_keeps_the_answer_that_waits_for_its_confidence() {
    use std::io::{BufRead as _, BufReader, Write as _};

    for signal in ["-INT", "-TERM", "-HUP"] {
        let data = Data::new(&format!("interrupt{signal}"));
        let bank = small_bank(&data.0);
        let mut child = Command::new(env!("CARGO_BIN_EXE_staffml"))
            .args(["practice", "--json", "--bank", bank.to_str().expect("a path of text")])
            .args(["--data", data.0.to_str().expect("a path of text")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut input = child.stdin.take().expect("its input is a pipe");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is a pipe")).lines();
        let mut stage = || {
            let line = lines.next().expect("one more view").expect("text");
            let view: Value = serde_json::from_str(&line).expect("JSON");
            view["stage"].as_str().expect("a stage").to_owned()
        };
        assert_eq!(stage(), "ask");
        writeln!(input, "1.5 kB").expect("it reads");
        while stage() != "confidence" {
            writeln!(input, "1.5 s").expect("it reads"); // the question wants another kind of quantity
        }
        let kill = Command::new("kill").arg(signal).arg(child.id().to_string()).status();
        assert!(kill.expect("there is `kill`").success());
        assert_eq!(stage(), "done");
        assert_eq!(child.wait().expect("it ends").code(), Some(5), "{signal}");
        assert_eq!(data.answers(), 1, "{signal}");
        drop(input);
    }
}

#[test]
fn modes_of_reasoning_narrow_what_is_asked() {
    let data = Data::new("mode");
    let output = data.run(&["practice", "--json", "--mode", "concept-recall"], "q\n");
    let first = &lines_of_json(&output)[0];
    let list = data.run(&["list", "--json"], "");
    let all: Value = serde_json::from_slice(&list.stdout).expect("JSON");
    let of = |id: &Value| {
        let same = |t: &&Value| t["head"]["id"] == *id;
        all["templates"]
            .as_array()
            .expect("a list")
            .iter()
            .find(same)
            .expect("it is listed")
            .clone()
    };
    assert_eq!(of(&first["id"])["classification"]["mode"], "concept-recall");
    let wrong = data.run(&["practice", "--mode", "guessing"], "");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("known are concept-recall, napkin-math"));
}

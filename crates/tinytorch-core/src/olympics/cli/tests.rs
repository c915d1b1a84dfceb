//! Commands, statuses and files in a folder of their own.

use super::*;

/// Status, output and errors of a command line.
fn olympics(words: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = main(words.iter().map(|w| (*w).to_owned()), &mut out, &mut err);
    (status, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tinytorch-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn wrong_usage_is_answered_with_the_right_one() {
    for (line, says) in [
        ("", "make, validate, verify and rank"),
        ("run", "no command `run`"),
        ("make here", "not `here`"),
        ("make --prune 1.5", "from 0 to 0.99"),
        ("make --prune NaN", "from 0 to 0.99"),
        ("make --runs 1", "from 2 to 1000000"),
        ("make --fast", "no option `--fast`"),
        ("make --seed", "--seed needs a value"),
        ("validate", "needs a file"),
        ("verify", "needs one submission, 0 were given"),
        ("verify a b", "needs one submission, 2 were given"),
        ("rank .", "needs --event"),
        ("rank . --event sleeping", "no event `sleeping`"),
        ("rank --event all_around", "needs one folder"),
    ] {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (status, out, err) = olympics(&words);
        assert_eq!((status, out.as_str()), (2, ""), "{line}");
        assert!(err.starts_with("error: ") && err.contains(says), "{line}: {err}");
    }
    for line in [&["--help"][..], &["make", "-h"], &["rank", "--help"]] {
        assert_eq!(olympics(line), (0, HELP.to_owned(), String::new()));
    }
}

/// From `date -u -d @N`.
#[test]
fn seconds_become_dates() {
    for (seconds, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (1_709_251_199, "2024-02-29T23:59:59Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (1_777_777_777, "2026-05-03T03:09:37Z"),
    ] {
        assert_eq!(utc(seconds), text);
    }
}

/// The whole way: made, valid, verified, ranked; then edited by hand and found.
#[test]
fn a_submission_is_made_verified_ranked_and_caught() {
    let folder = Folder::new("olympics");
    let (mine, other) = (folder.path("mine"), folder.path("other"));
    let (status, out, err) =
        olympics(&["make", "--out", &mine, "--epochs", "4", "--runs", "20", "--student", "Ada"]);
    assert_eq!((status, err.as_str()), (0, ""), "{err}");
    assert!(out.contains("digits-mlp-small") && out.contains("times smaller"), "{out}");
    let file = folder.path("mine/submission.json");
    let (status, out, _) = olympics(&["validate", &file]);
    assert_eq!((status, out), (0, format!("{file}: valid, version 2\n")));
    let (status, out, err) = olympics(&["verify", &file]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    assert!(out.ends_with("verified\n") && out.matches(" agrees\n").count() == 9, "{out}");

    // Better accuracy, and improvements to match: valid on its face, but the model does not say so.
    fs::create_dir_all(&other).unwrap();
    let mut edited = Submission::read(&file).unwrap();
    let optimized = edited.optimized.as_mut().unwrap();
    optimized.metrics.accuracy = 1.0;
    edited.improvements = Some(super::super::Improvements::between(
        &edited.baseline.metrics,
        &edited.optimized.as_ref().unwrap().metrics,
    ));
    let forged = folder.path("other/submission.json");
    edited.write(&forged).unwrap();
    assert_eq!(olympics(&["validate", &forged]).0, 0);
    let (model, baseline) =
        (folder.path("mine/optimized.safetensors"), folder.path("mine/baseline.safetensors"));
    let words = ["verify", &forged, "--model", &model, "--baseline", &baseline, "--json"];
    let (status, out, _) = olympics(&words);
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, &found["verified"]), (1, &Value::Bool(false)));
    let differing: Vec<&Value> = found["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["outcome"] == "differs")
        .map(|c| &c["path"])
        .collect();
    assert_eq!(differing, ["optimized.metrics.accuracy"]);
    // Without its models nothing is verified.
    let (status, out, _) = olympics(&["verify", &forged]);
    assert_eq!(status, 1);
    assert!(out.contains("no model was given"), "{out}");

    // Edited without adding up: all faults at once.
    let text = fs::read_to_string(&file).unwrap();
    let broken = text.replacen("\"accuracy\"", "\"acuracy\"", 1);
    let broken = broken.replacen("\"latency_ms_mean\": ", "\"latency_ms_mean\": 2", 1);
    fs::write(folder.path("other/broken.json"), broken).unwrap();
    let (status, out, _) = olympics(&["validate", &folder.path("other/broken.json"), &file]);
    assert_eq!(status, 1);
    assert!(out.contains("baseline.metrics.acuracy\n    is 0."), "{out}");
    assert!(out.contains("baseline.metrics.accuracy\n    is missing"), "{out}");
    assert_eq!(olympics(&["verify", &folder.path("other/broken.json")]).0, 1);

    let (status, out, _) = olympics(&["rank", &folder.path(""), "--event", "accuracy_contest"]);
    assert_eq!(status, 0, "{out}");
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[1].starts_with("score: accuracy"), "{out}");
    assert!(lines[3].starts_with("   1  other/submission.json"), "{out}");
    assert!(lines[4].starts_with("   2  mine/submission.json"), "{out}");
    assert!(lines[5].contains("other/broken.json") && lines[5].contains("faults"), "{out}");
    let (status, out, _) =
        olympics(&["rank", &folder.path("mine"), "--event=memory_challenge", "--json"]);
    let board: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, &board["places"][0]["rank"]), (0, &json!(1)));
}

#[test]
fn what_cannot_be_read_or_written_is_named() {
    let folder = Folder::new("olympics-io");
    let nowhere = folder.path("nowhere");
    assert_eq!(olympics(&["validate", &nowhere]).0, 1);
    let (status, _, err) = olympics(&["verify", &nowhere]);
    assert!(status == 1 && err.contains("nowhere"), "{err}");
    let (status, _, err) = olympics(&["rank", &nowhere, "--event", "all_around"]);
    assert!(status == 1 && err.contains("nowhere"), "{err}");
    let (status, out, _) = olympics(&["rank", &folder.path(""), "--event", "all_around"]);
    assert!(status == 1 && out.contains("no submission"), "{out}");
    fs::write(folder.path("latin1.json"), [b'{', 0xe4, b'}']).unwrap();
    let (status, out, _) = olympics(&["validate", &folder.path("latin1.json")]);
    assert!(status == 1 && out.contains("UTF-8"), "{out}");
}

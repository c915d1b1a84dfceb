//! `staffml new`: a file with every key, a line in the register, and nothing overwritten.

use super::{Folder, ends, json, staffml, text};

const TOPIC: [&str; 6] = ["--topic", "vram-budgeting", "--level", "L1", "--track", "tinyml"];
const FILE: &str = "q/memory/weights-in-flash.toml";

fn fresh(folder: &Folder, id: &str, more: &[&str]) -> std::process::Output {
    folder.run(&[&["new", id, "--author", "ada", "--wall", "2"], &TOPIC[..], more].concat())
}

/// Codes that the check finds in the new file.
fn codes(folder: &Folder, file: &str) -> Vec<String> {
    let report = json(&folder.run(&["check", "--json"]));
    let problems = report["problems"].as_array().into_iter().flatten();
    let here = problems.filter(|p| p["file"] == file);
    here.filter_map(|p| p["code"].as_str().map(str::to_owned)).collect()
}

#[test]
fn a_new_question_says_what_is_still_missing() {
    for kind in ["numeric", "choice", "recall", "multi", "open"] {
        let folder = Folder::new(&format!("new-{kind}"), &[]);
        let made =
            fresh(&folder, "weights-in-flash", &["--kind", kind, "--eq", "memory.footprint"]);
        ends(&made, 0, "names what is still to be filled in");
        assert!(folder.read("ids.txt").lines().last().unwrap().starts_with("weights-in-flash\t"));
        let codes = codes(&folder, FILE);
        for code in ["V-TITLE", "V-TAKEAWAY"] {
            assert!(codes.iter().any(|c| c == code), "{kind}: {code} is not among {codes:?}");
        }
        // Form, names and classification are right from the start.
        for code in [
            "V-TOML",
            "V-UNKNOWN-KEY",
            "V-ENUM",
            "V-TYPE",
            "V-ID",
            "V-ID-REG",
            "V-ZONE-BLOOM",
            "V-MISSING",
        ] {
            assert!(!codes.iter().any(|c| c == code), "{kind}: {code} is among {codes:?}");
        }
        ends(&folder.run(&["fmt", "--check"]), 0, "0 would change");
    }
}

#[test]
fn a_filled_question_passes() {
    let folder = Folder::new("new-filled", &[]);
    fresh(&folder, "weights-in-flash", &["--eq", "memory.footprint"]);
    let edit = |from: &str, to: &str| folder.edit(FILE, from, to);
    edit("title = \"\"", "title = \"Weights in flash\"");
    edit(
        "stem = \"\"",
        "stem = \"A network has {parameters:,} weights of {width} each. How much flash do they take?\"",
    );
    edit(
        "takeaway = \"\"",
        "takeaway = \"The size of a model is the number of its weights times their width.\"",
    );
    let values = "values = []";
    let text_now = folder.read(FILE);
    let (n, width) = (text_now.find("[params.parameters]"), text_now.find("[params.width]"));
    assert!(n < width, "{text_now}");
    let many: Vec<String> = (1..=70).map(|n| (n * 1000).to_string()).collect();
    edit(values, &format!("values = [{}]", many.join(", ")));
    edit(values, "values = [1, 2, 4]");
    edit("plausible = []", "plausible = [1000, 300000]");
    edit("check = \"\"", "check = \"parameters*width\"");
    edit(
        "id = \"\"\nscale = {}\nsay = \"\"",
        "id = \"bits-bytes\"\nscale = { bytes = \"8\" }\nsay = \"That is the size in bits. A byte is eight of them.\"",
    );
    edit(
        "id = \"\"\nscale = {}\nsay = \"\"",
        "id = \"prefix-slip\"\nscale = { bytes = \"1000\" }\nsay = \"The digits are right, the prefix is not.\"",
    );
    let output = folder.run(&["check", "--full"]);
    ends(&output, 0, "0 errors, 0 warnings");
    ends(&folder.run(&["draw", "weights-in-flash", "--solution"]), 0, "weights of");
}

#[test]
fn nothing_is_overwritten_and_no_id_given_twice() {
    let folder = Folder::new("new-twice", &["memory/w02-flash-headroom"]);
    let before = folder.snapshot();
    ends(&fresh(&folder, "w02-flash-headroom", &[]), 2, "stands in ids.txt already");
    ends(&fresh(&folder, "No Id", &[]), 2, "`No Id` is no id");
    ends(&fresh(&folder, "../../outside", &[]), 2, "is no id");
    ends(&fresh(&folder, "some-question", &["--eq", "memory.footprnt"]), 2, "no equation");
    ends(&staffml(&[&["new", "some-question"], &TOPIC[..]].concat()), 2, "--bank DIR");
    ends(&folder.run(&["new", "some-question", "--topic", "x"]), 2, "known are");
    assert_eq!(folder.snapshot(), before);
    // A file that is in no register is left alone.
    folder.write("q/memory/some-question.toml", "mine");
    ends(&fresh(&folder, "some-question", &[]), 3, "it is left as it is");
    assert_eq!(folder.read("q/memory/some-question.toml"), "mine");
    assert!(!folder.read("ids.txt").contains("some-question"));
    let told = json(&fresh(&folder, "another-question", &["--json"]));
    assert_eq!(
        (&told["schema"], &told["id"]),
        (&"staffml-new/1".into(), &"another-question".into())
    );
    let twice = fresh(&folder, "another-question", &[]);
    ends(&twice, 2, "stands in ids.txt already");
    assert!(text(&twice.stdout).is_empty());
    // An older clock does not break the order of the register.
    ends(&fresh(&folder, "third-question", &["--date", "2020-01-01"]), 0, "wrote");
    let problems = json(&folder.run(&["check", "--json"]))["problems"].to_string();
    assert!(!problems.contains("V-ID-ORDER"), "{problems}");
}

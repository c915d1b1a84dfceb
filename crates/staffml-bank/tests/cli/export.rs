//! `staffml export`: what goes to standard output and to files.

use std::process::{Command, Output};

fn staffml(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_staffml")).args(args).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_target_writes_what_it_says() {
    let folder = std::env::temp_dir().join(format!("staffml-export-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (target, start) in [
        ("gift", "// Machine learning systems\n"),
        ("moodle-xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<quiz>"),
        ("anki", "#separator:tab\n"),
        ("markdown", "# Machine learning systems\n"),
        ("html", "<!doctype html>"),
        ("json", "{\n"),
    ] {
        let output = staffml(&["export", target, "--id", "w01-gemm-time", "-n", "2"]);
        assert_eq!(output.status.code(), Some(0), "{target}: {}", text(&output.stderr));
        assert!(text(&output.stdout).starts_with(start), "{target}");
        assert_eq!(
            output.stdout,
            staffml(&["export", target, "--id", "w01-gemm-time", "-n", "2"]).stdout
        );
    }
    let zip = folder.join("p.zip");
    let output = staffml(&[
        "export",
        "qti3",
        "--where",
        "area=memory",
        "-n",
        "1",
        "--out",
        zip.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(std::fs::read(&zip).unwrap().starts_with(b"PK\x03\x04"));
    let names = folder.join("names.txt");
    std::fs::write(&names, "\u{feff}Ada\n\nGrace\r\n").unwrap();
    let out = folder.join("quiz");
    let args = [
        "export",
        "quiz",
        "--seed",
        "7",
        "--id",
        "w01-gemm-time",
        "--students",
        names.to_str().unwrap(),
    ];
    let sheets = text(&staffml(&args).stdout);
    assert!(sheets.contains("Ada") && sheets.contains("Grace"), "{sheets}");
    let output = staffml(&[&args[..], &["--html", "--out", out.to_str().unwrap()]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let key = std::fs::read_to_string(out.join("key.html")).unwrap();
    assert!(
        key.contains("Key: Machine learning systems, seed 7") && out.join("quiz.html").exists()
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_cannot_be_exported_is_named() {
    for (args, status, message) in [
        (
            &["export", "gift", "--where", "area=memry"][..],
            2,
            "no area `memry`; did you mean `memory`?",
        ),
        (&["export", "gift", "--where", "shape=round"], 2, "no condition `shape`"),
        (&["export", "gift", "--where", "tag=no-such"], 2, "no tag `no-such`"),
        (&["export", "gift", "--where", "text=zzzzz"], 2, "no template fits all conditions"),
        (&["export", "qti3", "--id", "w01-gemm-time"], 2, "--out FILE.zip"),
        (&["export", "quiz", "--id", "w01-gemm-time"], 2, "--students"),
        (&["export", "quiz", "--students", "/nowhere"], 3, "cannot read /nowhere"),
        (
            &["export", "gift", "--id", "w01-gemm-time", "--out", "/nowhere/x"],
            3,
            "cannot write /nowhere/x",
        ),
        (
            &["export", "gift", "--id", "w01-gemm-time", "--seed", "18446744073709551615"],
            2,
            "take a smaller one",
        ),
        (&["export", "papyrus"], 2, "papyrus"),
    ] {
        let output = staffml(args);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(message), "{args:?}: {}", text(&output.stderr));
    }
    assert!(text(&staffml(&["export", "--help"]).stdout).contains("Examples:"));
}

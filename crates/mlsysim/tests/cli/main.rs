//! The program as a user types it: text, JSON and exit codes.
//!
//! `UPDATE_EXPECT=1 cargo test -p mlsysim --features cli --test cli` rewrites the expected output.

mod explain;
mod optimize;
mod plan;
mod scripts;
mod serve;
mod solve;
mod sweep;

use expect_test::{Expect, expect, expect_file};
use std::process::Command;

struct Run {
    code: i32,
    out: String,
    err: String,
}

fn mlsysim(args: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_mlsysim"))
        .args(args)
        .output()
        .expect("the program starts");
    Run {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

#[track_caller]
fn check(args: &[&str], code: i32, out: &Expect) {
    let run = mlsysim(args);
    assert_eq!((run.code, run.err.as_str()), (code, ""), "{args:?}");
    out.assert_eq(&run.out);
}

#[track_caller]
fn refused(args: &[&str], err: &Expect) {
    let run = mlsysim(args);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{args:?}");
    err.assert_eq(&run.err);
}

#[test]
fn evaluation_as_text() {
    check(
        &["eval", "--hardware", "h100", "--model", "llama3_8b", "--batch", "8"],
        0,
        &expect![[r#"
            Llama 3 8B, batch 8 on NVIDIA H100 SXM5 80 GB, fp16, reference convention

            time               6.958 ms      1150 results per second
              arithmetic       277.2 us      4 %
              memory traffic   6.628 ms      95 %
              fixed            330 us        5 %
            limited by         memory
            intensity          7.528 FLOP/B  ridge at 180 FLOP/B
            share of the peak  1.992 %
            energy             1.529 J
            memory             fits          needs 18.208 GB, has 85.899 GB
        "#]],
    );
}

#[test]
fn an_equation_solved() {
    check(
        &["walls", "memory.capacity", "need=300544 B", "capacity=256 KiB"],
        0,
        &expect![[r#"
        have         262.144 kB  Size of the memory without the reserve.
        fits         no          Whether the need fits.
        short_by     38.4 kB     What is missing; 0 if it fits.
        spare        0 B         What is left; 0 if it does not fit.
        utilization  1.14648     Need as a share of the memory.
    "#]],
    );
}

#[test]
fn json_documents_keep_their_shape() {
    for (name, code, args) in [
        ("eval", 0, &["eval", "--hardware", "nano33ble", "--model", "kws", "--json"][..]),
        (
            "eval_given",
            1,
            &[
                "eval",
                "--peak",
                "1 TFLOP/s",
                "--bandwidth",
                "10 GB/s",
                "--capacity",
                "1 GB",
                "--ops",
                "2 GFLOP",
                "--bytes",
                "2 GB",
                "--weights",
                "2 GB",
                "--json",
            ],
        ),
        (
            "solve",
            0,
            &[
                "walls",
                "roofline.attainable",
                "arithmetic_intensity=10 FLOP/B",
                "peak=312 TFLOP/s",
                "bandwidth=2 TB/s",
                "--json",
            ],
        ),
        ("hardware", 0, &["zoo", "hardware", "microbit", "--json"]),
    ] {
        let run = mlsysim(args);
        assert_eq!(run.code, code, "{name}: {}", run.err);
        let document: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
        assert!(document["schema"].as_str().is_some_and(|schema| schema.ends_with("/1")), "{name}");
        expect_file![format!("{}/tests/cli/{name}.json", env!("CARGO_MANIFEST_DIR"))]
            .assert_eq(&run.out);
    }
}

#[test]
fn a_wall_as_json_keeps_its_shape() {
    let run = mlsysim(&["walls", "2", "--json"]);
    let mut wall: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    // One equation shows the shape of all, however many there come to be.
    let equations = wall["equations"].as_array_mut().expect("a list");
    equations.retain(|equation| equation["id"] == "memory.step_time");
    expect_file![format!("{}/tests/cli/wall.json", env!("CARGO_MANIFEST_DIR"))]
        .assert_eq(&format!("{wall:#}\n"));
}

#[test]
fn all_walls_and_the_zoo_are_json_too() {
    for args in
        [&["walls", "--json"][..], &["zoo", "--json"], &["zoo", "models", "resnet50", "--json"]]
    {
        let run = mlsysim(args);
        assert_eq!(run.code, 0, "{}", run.err);
        let _: serde_json::Value = serde_json::from_str(&run.out).expect("one JSON document");
    }
    let walls: serde_json::Value =
        serde_json::from_str(&mlsysim(&["walls", "--json"]).out).expect("JSON");
    let built = walls["walls"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|wall| wall["built"] == true)
        .count();
    let known = mlsysim::walls::all().iter().filter(|w| w.status == mlsysim::walls::Status::Built);
    assert_eq!(built, known.count());
}

#[test]
fn exit_codes_say_what_happened() {
    let code = |args: &[&str]| mlsysim(args).code;
    assert_eq!(code(&["eval", "--hardware", "a100", "--model", "gpt2"]), 0);
    assert_eq!(code(&["eval", "--hardware", "t4", "--model", "llama3_70b"]), 1, "does not fit");
    assert_eq!(code(&["eval", "--hardware", "a100"]), 2, "no work given");
    assert_eq!(code(&["eval", "--hardware", "a100", "--model", "gpt2", "--max-time", "1 us"]), 3);
    assert_eq!(code(&["eval", "--hardware", "a100", "--model", "gpt2", "--max-time", "1 s"]), 0);
    assert_eq!(
        code(&["eval", "--hardware", "tpu_v5e", "--model", "gpt2", "--max-energy", "1 kWh"]),
        3,
        "unknown energy"
    );
    assert_eq!(code(&["walls", "23"]), 2);
    assert_eq!(code(&["--help"]), 0);
    assert_eq!(code(&["frobnicate"]), 2);
}

#[test]
fn wrong_calls_say_what_to_write() {
    refused(
        &["eval", "--hardware", "nano33bel", "--model", "kws"],
        &expect![[r#"
            mlsysim: unknown hardware `nano33bel`; did you mean nano33ble?
        "#]],
    );
    refused(
        &["eval", "--hardware", "lm3s6965", "--model", "kws", "--precision", "fp32"],
        &expect![[r#"
            mlsysim: Stellaris LM3S6965 evaluation board: no operation rate for fp32 is known; it has rates for int8
        "#]],
    );
    refused(
        &["eval", "--hardware", "h100", "--ops", "3 GHz", "--bytes", "1 GB"],
        &expect![[r#"
            mlsysim: --ops: `3 GHz` is events per time; expected operations, for example `3 GFLOP`
        "#]],
    );
    refused(
        &["eval", "--hardware", "h100", "--model", "gpt2", "--efficiency", "1.5"],
        &expect![[r#"
            mlsysim: compute.step_time: efficiency must be finite and from 0.000000001 to 1, got 1.5
        "#]],
    );
    refused(
        &["walls", "memory.step_time", "bytes_moved=16 Gb", "bandwidth=3", "speed"],
        &expect![[r#"
            mlsysim: bytes_moved: `16 Gb` is ambiguous, since `Gb` may be bits or bytes: write bit or B; expected data, for example `16 GiB`
            bandwidth: `3` has no unit; expected data per time, for example `3.35 TB/s`
            `speed` is not an input: write NAME=AMOUNT, such as bandwidth='2 TB/s'
        "#]],
    );
    refused(
        &["walls", "memory.step_time", "bytes_moved=16 GB"],
        &expect![[r#"
        mlsysim: memory.step_time: input `bandwidth` is missing; give data per time (for example `3.35 TB/s`)
    "#]],
    );
    refused(
        &["walls", "memory.steptime"],
        &expect![[r#"
        mlsysim: unknown equation `memory.steptime`; did you mean memory.step_time?
    "#]],
    );
    let run = mlsysim(&["walls", "2", "bandwidth=3 TB/s"]);
    let start = "mlsysim: inputs belong to an equation, not a wall: name one of memory.step_time, ";
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.starts_with(start), "{}", run.err);
    refused(
        &["zoo", "models", "lama3_8b"],
        &expect![[r#"
            mlsysim: unknown model `lama3_8b`; did you mean llama3_8b?
        "#]],
    );
}

#[test]
fn help_names_units() {
    let help = mlsysim(&["eval", "--help"]).out;
    for unit in ["[FLOP/s]", "[B/s]", "[B]", "[FLOP]", "[count]", "[s]", "[J]"] {
        assert!(help.contains(unit), "{unit} is missing in\n{help}");
    }
}

#[test]
fn records_of_ones_own_and_a_plot() {
    let folder = std::env::temp_dir().join(format!("mlsysim-cli-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let records = folder.join("mine.toml");
    let plot = folder.join("roofline.svg");
    std::fs::write(
        &records,
        "[hardware.desk]\npeak = \"1 TFLOP/s\"\nbandwidth = \"50 GB/s\"\ncapacity = \"32 GiB\"\n",
    )
    .expect("written");
    let (records, plot) = (records.display().to_string(), plot.display().to_string());
    let args = [
        "eval",
        "--records",
        &records,
        "--hardware",
        "desk",
        "--model",
        "resnet50",
        "--svg",
        &plot,
    ];
    let run = mlsysim(&args);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(std::fs::read_to_string(&plot).expect("the plot").contains("ResNet-50"));

    std::fs::write(folder.join("mine.toml"), "[hardware.desk]\npeek = 3\n").expect("written");
    let run = mlsysim(&args);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("mine.toml:2:1: hardware.desk: unknown field `peek`"), "{}", run.err);
    let unwritable = folder.join("none").join("plot.svg").display().to_string();
    let run = mlsysim(&["eval", "--hardware", "h100", "--model", "gpt2", "--svg", &unwritable]);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{}", run.err);
    std::fs::remove_dir_all(&folder).expect("removed");
}

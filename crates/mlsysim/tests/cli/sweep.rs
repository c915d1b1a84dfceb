//! `mlsysim sweep`: formats, conditions, mistakes.

use super::{check, mlsysim, refused};
use expect_test::expect;

#[test]
fn a_range_as_comma_separated_values() {
    check(
        &[
            "sweep",
            "memory.step_time",
            "bytes_moved=16 GB",
            "bandwidth=1TB/s..4TB/s:4",
            "--columns",
            "memory_time",
        ],
        0,
        &expect![[r#""#]],
    );
}

#[test]
fn the_best_rows_as_text() {
    let run = mlsysim(&[
        "sweep",
        "eval",
        "hardware=h100,a100",
        "model=llama3_8b",
        "batch=1..64:7:log",
        "--where",
        "fits",
        "--where",
        "time < 9 ms",
        "--sort",
        "throughput:desc",
        "--top",
        "3",
        "--columns",
        "time,throughput,bottleneck",
        "-o",
        "text",
    ]);
    assert_eq!(run.code, 0, "{}", run.err);
    expect![[r#""#]].assert_eq(&run.out);
    expect![[r#""#]].assert_eq(&run.err);
}

#[test]
fn one_document_and_one_line_an_object() {
    let args = [
        "sweep",
        "compute.step_time",
        "ops=3 TFLOP",
        "peak=100 TFLOP/s,300 TFLOP/s",
        "--columns",
        "compute_time",
        "-o",
    ];
    let with = |format: &'static str| {
        let mut args = args.to_vec();
        args.push(format);
        args
    };
    check(&with("json"), 0, &expect![[r#""#]]);
    check(&with("jsonl"), 0, &expect![[r#""#]]);
    check(&with("markdown"), 0, &expect![[r#""#]]);
}

#[test]
fn nothing_kept_is_a_negative_answer() {
    let run = mlsysim(&[
        "sweep",
        "memory.step_time",
        "bytes_moved=16 GB",
        "bandwidth=1TB/s",
        "--where",
        "memory_time < 1 us",
    ]);
    assert_eq!((run.code, run.out.lines().count()), (1, 1), "only the heading");
    assert!(run.err.contains("1 rejected by `memory_time < 1 us`, 1 by it alone"), "{}", run.err);
}

#[test]
fn every_mistake_of_a_sweep_is_told() {
    refused(
        &[
            "sweep",
            "eval",
            "hardware=h1000",
            "model=llama3_8b",
            "batch=0..3",
            "context=4 GB",
            "bandwidht=1 TB/s",
            "x",
        ],
        &expect![[r#""#]],
    );
    refused(
        &[
            "sweep",
            "memory.step_time",
            "bytes_moved=16 GB",
            "bandwidth=1TB/s",
            "--where",
            "memory_time < 3",
            "--sort",
            "tme",
        ],
        &expect![[r#""#]],
    );
    refused(&["sweep", "memory.step_tim", "bytes_moved=16 GB"], &expect![[r#""#]]);
    refused(
        &["sweep", "memory.step_time", "bytes_moved=16 GB", "bandwidth=1TB/s", "--columns", "time"],
        &expect![[r#""#]],
    );
    refused(
        &["sweep", "memory.step_time", "bytes_moved=16 GB", "bandwidth=1TB/s", "-o", "svg"],
        &expect![[r#""#]],
    );
}

#[test]
fn a_line_chart_names_its_axes() {
    let run = mlsysim(&[
        "sweep",
        "eval",
        "hardware=h100,a100",
        "model=llama3_8b",
        "batch=1..256:9:log",
        "--y",
        "throughput",
        "-o",
        "svg",
    ]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    for part in [
        ">batch (logarithmic)</text>",
        ">throughput (logarithmic)</text>",
        "hardware h100",
        "hardware a100",
        "model llama3_8b",
    ] {
        assert!(run.out.contains(part), "{part} is missing in\n{}", run.out);
    }
    assert_eq!(run.out.matches("<polyline").count(), 2);
}

#[test]
fn a_reader_that_stops_early_is_no_failure() {
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_mlsysim"))
        .args([
            "sweep",
            "memory.step_time",
            "bytes_moved=1GB..2GB:1000",
            "bandwidth=1TB/s..2TB/s:100",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("an end");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}

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
        &expect![[r#"
            bytes_moved [B],bandwidth [B/s],memory_time [s]
            16000000000,1000000000000,0.016
            16000000000,2000000000000,0.008
            16000000000,3000000000000,0.005333333333333333
            16000000000,4000000000000,0.004
        "#]],
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
    expect![[r#"
        hardware  model      batch  time       throughput  bottleneck
        h100      llama3_8b  16     7.7401 ms  2.0672 kHz  Memory
        h100      llama3_8b  8      6.9583 ms  1.1497 kHz  Memory
        h100      llama3_8b  4      6.5674 ms  609.06 Hz   Memory
    "#]]
    .assert_eq(&run.out);
    expect![[r#"
        mlsysim: 14 points, 5 kept, 3 shown
        0 rejected by `fits`, 0 by it alone
        9 rejected by `time < 9 ms`, 9 by it alone
    "#]]
    .assert_eq(&run.err);
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
    check(
        &with("json"),
        0,
        &expect![[r#"
        {
          "columns": [
            {
              "name": "ops",
              "type": "number",
              "unit": "FLOP",
              "values": [
                3000000000000.0,
                3000000000000.0
              ]
            },
            {
              "name": "peak",
              "type": "number",
              "unit": "FLOP/s",
              "values": [
                100000000000000.0,
                300000000000000.0
              ]
            },
            {
              "name": "compute_time",
              "type": "number",
              "unit": "s",
              "values": [
                0.06,
                0.02
              ]
            }
          ],
          "convention": "reference",
          "inputs": 2,
          "schema": "mlsysim.sweep/1",
          "statistics": {
            "conditions": [],
            "kept": 2,
            "points": 2,
            "refused": []
          },
          "target": "compute.step_time"
        }
    "#]],
    );
    check(
        &with("jsonl"),
        0,
        &expect![[r#"
        {"ops [FLOP]":3000000000000,"peak [FLOP/s]":100000000000000,"compute_time [s]":0.06}
        {"ops [FLOP]":3000000000000,"peak [FLOP/s]":300000000000000,"compute_time [s]":0.02}
    "#]],
    );
    check(
        &with("markdown"),
        0,
        &expect![[r#"
        | ops | peak | compute_time |
        | ---: | ---: | ---: |
        | 3 TFLOP | 100 TFLOP/s | 60 ms |
        | 3 TFLOP | 300 TFLOP/s | 20 ms |
    "#]],
    );
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
        &expect![[r#"
            mlsysim: hardware: unknown hardware `h1000`; did you mean h100?
            batch must be a whole number and from 1 to 4294967295, got 0
            context: `4 GB` is data; expected a plain number, for example `0.5`
            there is no input `bandwidht`; did you mean bandwidth?
            `x` is no axis: write NAME=VALUES, such as bandwidth=1TB/s..8TB/s:8 or batch=1,8,64
        "#]],
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
        &expect![[r#"
            mlsysim: `memory_time < 3`, column 13: cannot compare time (s) and a plain number
            `tme`, column 1: there is no column `tme`; there are bytes_moved, bandwidth, sustained_bandwidth, memory_time
        "#]],
    );
    refused(
        &["sweep", "memory.step_tim", "bytes_moved=16 GB"],
        &expect![[r#"
        mlsysim: unknown equation `memory.step_tim`; did you mean memory.step_time?
    "#]],
    );
    refused(
        &["sweep", "memory.step_time", "bytes_moved=16 GB", "bandwidth=1TB/s", "--columns", "time"],
        &expect![[r#"
            mlsysim: --columns: there is no column time; there are bytes_moved, bandwidth, sustained_bandwidth, memory_time
        "#]],
    );
    refused(
        &["sweep", "memory.step_time", "bytes_moved=16 GB", "bandwidth=1TB/s", "-o", "svg"],
        &expect![[r#"
            mlsysim: a line chart needs an axis of amounts that varies to the right; there are bytes_moved, bandwidth
        "#]],
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

//! `mlsysim solve`: an input found, one that cannot be, wrong questions.

use super::{check, mlsysim};
use expect_test::expect;

const QUESTION: [&str; 4] =
    ["solve", "memory.step_time", "bandwidth=1 GB/s..100 TB/s", "bytes_moved=16 GB"];

#[test]
fn a_bandwidth_for_a_time() {
    // 16 GB in 8 ms are 2 TB/s.
    check(
        &[&QUESTION[..], &["memory_time=8 ms"]].concat(),
        0,
        &expect![[r#"
            bandwidth = 2 TB/s gives memory_time = 8 ms
            memory_time falls with it.
        "#]],
    );
    let run = mlsysim(&[&QUESTION[..], &["memory_time=8 ms", "--json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(
        (json["schema"].as_str(), json["rising"].as_bool()),
        (Some("mlsysim.solve/1"), Some(false))
    );
    let value = json["value"]["value"].as_f64().expect("a number");
    assert!((value / 2e12 - 1.0).abs() < 1e-12, "{value}");
}

#[test]
fn a_target_out_of_reach_is_a_negative_answer() {
    let run = mlsysim(&[&QUESTION[..], &["memory_time=1 ns"]].concat());
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.contains("it is from 160 us to 16 s there"), "{}", run.err);
}

fn refused(args: &[&str]) -> String {
    let run = mlsysim(args);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{args:?}");
    run.err
}

#[test]
fn wrong_questions_are_told_together() {
    let mistakes = refused(&[&QUESTION[..], &["memory_time=8 GB", "speed=1", "nonsense"]].concat());
    for part in [
        "`nonsense` is not NAME=AMOUNT",
        "unknown name `speed`",
        "memory_time",
        "give a value to one output",
    ] {
        assert!(mistakes.contains(part), "{mistakes}");
    }
    assert!(refused(&["solve", "memory.step_tme"]).contains("did you mean memory.step_time"));
}

//! Verdicts by hand, and the laws of grading.

use proptest::prelude::*;

use super::{Class, Key, Remark, Reprompts, Tolerance};
use crate::quantity::{Quantity, Unit, format};

fn key(value: f64, unit: &str, rel: f64) -> Key {
    Key::new(value, unit, Tolerance::relative(rel)).unwrap()
}

#[track_caller]
fn check(key: &Key, text: &str, class: Class, code: &str) {
    let verdict = key.grade(text);
    assert_eq!(
        (verdict.class, verdict.code.as_ref()),
        (class, code),
        "{text:?}: {}",
        verdict.message
    );
}

#[test]
fn counts_are_exact() {
    let devices = key(21.0, "device", 0.0);
    check(&devices, "21 GPUs", Class::Correct, "");
    check(&devices, "21", Class::Correct, "kind-omitted");
    check(&devices, "21.4", Class::Incorrect, "");
    check(&devices, "22 nodes", Class::Incorrect, "");
    check(&devices, "21 tokens", Class::WrongDimension, "kind");
    check(&devices, "21k", Class::WrongUnit, "prefix-slip");
}

#[test]
fn factors_admit_both_ways() {
    let order = Key::new(1e21, "FLOP", Tolerance::Factor(3.0)).unwrap();
    check(&order, "2.9e21 FLOP", Class::Correct, "");
    check(&order, "3.4e20 FLOP", Class::Correct, "");
    check(&order, "2e22 FLOP", Class::Close, "near-miss");
    check(&order, "9e22 FLOP", Class::Incorrect, "");
    check(&order, "-1e21 FLOP", Class::Misconception, "sign-error");
}

#[test]
fn absolute_tolerance_counts_in_display_units() {
    let close = Key::new(0.5, "ms", Tolerance::Within { rel: 0.0, abs: 0.1 }).unwrap();
    check(&close, "600 µs", Class::Correct, "");
    check(&close, "0.75 ms", Class::Close, "near-miss");
    check(&close, "0.9 ms", Class::Incorrect, "");
}

#[test]
fn figures_can_be_asked_for() {
    let mut precise = key(4.794, "ms", 0.03);
    precise.min_sigfigs = Some(3);
    check(&precise, "4.8 ms", Class::Close, "precision");
    check(&precise, "4.80 ms", Class::Correct, "");
    assert_eq!(precise.display(), "4.79 ms");
}

#[test]
fn slips_are_told_apart() {
    check(&key(0.45, "", 0.02), "2.22", Class::Misconception, "inverted-ratio");
    check(&key(45.0, "%", 0.02), "0.45", Class::Correct, "");
    check(&key(45.0, "%", 0.02), "45", Class::WrongUnit, "percent-scale");
    check(&key(2.0, "h", 0.02), "2 min", Class::WrongUnit, "time-scale");
    check(&key(2.0, "GB/s", 0.02), "2 Gb/s", Class::Misconception, "bits-bytes");
    check(&key(150.0, "FLOP/B", 0.02), "150 FLOP/b", Class::Misconception, "bits-bytes");
    check(&key(5.0, "TOP/s", 0.02), "2.5 TOPS", Class::Misconception, "mac-vs-flop");
    check(&key(100.0, "GB", 0.05), "107.4 GB", Class::Close, "near-miss"); // 1.024³ hides in 2·5 %
    check(&key(0.0, "ms", 0.05), "1 ms", Class::Incorrect, "");
}

#[test]
fn a_declared_wrong_turn_comes_before_a_slip() {
    let weights = key(70.0, "GB", 0.02).wrong("precision-doubled", 560.0);
    check(&weights, "560 GB", Class::Misconception, "precision-doubled");
    let pair = key(100.0, "ms", 0.05).wrong("one-way", 200.0).wrong("no-overlap", 208.0);
    check(&pair, "206 ms", Class::Misconception, "no-overlap"); // the nearer of two
}

#[test]
fn messages_say_what_was_understood() {
    let weights = key(140.0, "GB", 0.02);
    assert_eq!(
        weights.grade("12 bananas").message,
        "`bananas` is not a unit known here; this question wants bytes, for example `2.4 KiB`"
    );
    assert_eq!(
        weights.grade("140").message,
        "140 of what? this question wants bytes, for example `2.4 KiB`"
    );
    let rate = key(3450.0, "token/s", 0.03);
    assert_eq!(
        rate.grade("3450 requests/s").message,
        "3450 requests/s counts requests; this question wants tokens per second, for example `2.4 token/s`"
    );
    assert_eq!(rate.grade("5 KB").remarks, [Remark::CapitalK]);
    let mut again = Reprompts::default();
    let mut asks = |text| again.ask_again(&weights.grade(text));
    assert!(!asks("3 GHz") && !asks("1 GB"));
    assert!(asks("") && asks("140") && asks("x") && asks("y") && !asks("z") && !asks("140"));
}

/// Units of one dimension.
const FAMILIES: [&[&str]; 5] = [
    &["B", "kB", "MB", "GB", "KiB", "MiB", "GiB", "bit", "Mbit", "bytes"],
    &["s", "ms", "µs", "min", "h", "days"],
    &["FLOP", "TFLOP", "MAC", "GOP"],
    &["GB/s", "Gbit/s", "Gbps", "MiB/s", "kB/ms"],
    &["FLOP/B", "FLOP/bit", "kFLOP/kB"],
];

proptest! {
    #[test]
    fn another_unit_gives_the_same_verdict(
        family in proptest::sample::select(&FAMILIES),
        a in 0..4usize,
        b in any::<proptest::sample::Index>(),
        value in 1e-3..1e6f64,
        ratio in proptest::sample::select(&[1.0, 1.01, -1.0, 0.965, 1.035, 0.5, 3.0, 7.0, 1000.0, 13.7]),
    ) {
        let key = key(value, family[a % family.len()], 0.02).wrong("one-way", value * 3.0);
        let answer = Quantity::new(value * ratio, &key.unit);
        let other = Unit::parse(b.get::<&str>(family)).unwrap();
        let here = key.grade(&format::exact(&answer, &key.unit));
        let there = key.grade(&format::exact(&answer, &other));
        prop_assert_eq!((here.class, &here.code), (there.class, &there.code), "{} {}", answer.value(), other);
    }

    #[test]
    fn the_displayed_answer_is_right(
        family in proptest::sample::select(&FAMILIES), a in 0..4usize, value in 1e-6..1e9f64,
        rel in proptest::sample::select(&[0.0, 0.0005, 0.005, 0.02, 0.03]),
    ) {
        let key = key(value, family[a % family.len()], rel);
        prop_assert!(key.grade(&key.display()).is_correct(), "{} for {}", key.display(), value);
    }

    #[test]
    fn grading_never_fails(text in "\\PC*", bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let key = key(140.0, "GB", 0.02);
        let _ = key.grade(&text);
        let _ = key.grade(&String::from_utf8_lossy(&bytes));
    }
}

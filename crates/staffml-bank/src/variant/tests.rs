//! Draws, survival, solutions, and values given by a caller.

use super::{Draw, Style, evaluate::survivors};
use crate::bank::Bank;
use crate::error::Error;
use crate::grade::{Class, Tolerance};
use crate::oracle::Builtin;

#[test]
fn equal_seeds_give_equal_variants() {
    let bank = Bank::embedded();
    for template in bank.templates() {
        let draw = |seed| bank.question(template.id(), &Builtin, &Draw::seed(seed)).unwrap();
        assert_eq!(draw(7).stem, draw(7).stem, "{}", template.id());
        assert_eq!(draw(7).solution(Style::Plain), draw(7).solution(Style::Plain));
        if template.computed().is_none() {
            continue; // only numbers vary without end
        }
        let stems: std::collections::BTreeSet<String> = (0..40).map(|s| draw(s).stem).collect();
        assert!(stems.len() > 25, "{}: {} different of 40", template.id(), stems.len());
    }
}

#[test]
fn colliding_wrong_answers_both_go() {
    let rel = Tolerance::relative(0.02);
    assert_eq!(survivors(100.0, &[200.0, 50.0], rel), [true, true]);
    assert_eq!(survivors(100.0, &[103.9, 50.0], rel), [false, true]); // 3.9 ≤ 2·0.02·103.9
    assert_eq!(survivors(100.0, &[104.3, 50.0], rel), [true, true]);
    assert_eq!(survivors(100.0, &[200.0, 204.0, 50.0], rel), [false, false, true]);
    // One that falls to the right answer takes nobody with it.
    assert_eq!(survivors(100.0, &[101.0, 105.0], rel), [false, true]);
    assert_eq!(survivors(21.0, &[20.0, 22.0, 22.0], Tolerance::Exact), [true, false, false]);
}

#[test]
fn a_caller_asks_about_its_own_numbers() {
    let bank = Bank::embedded();
    let draw = Draw::given()
        .text("flash", "1 MiB")
        .text("code", "96 KiB")
        .number("n", 300_544.0)
        .text("b", "1 B");
    let question = bank.instantiate("w02-flash-headroom", &Builtin, &draw).unwrap();
    assert!(question.stem.starts_with("A board has 1024 KiB of flash."), "{}", question.stem);
    assert!(question.stem.contains("300,544 weights of 8 bit"), "{}", question.stem);
    // 1,048,576 - 98,304 - 300,544
    assert!(question.grade("649728 bytes").is_correct());
    assert!(question.grade("634.5 KiB").is_correct());
    let forgot = question.grade("748032 B");
    assert_eq!(forgot.code, "runtime-ignored");
    assert_eq!(forgot.message, "That leaves the program out. Its 96 KiB lie in the same flash.");
    let diagnosis = question.diagnosis("runtime-ignored").unwrap();
    assert_eq!(diagnosis.right.as_deref(), Some("N = W + Q = 398.8 kB"));
    assert_eq!(diagnosis.wrong.as_deref(), Some("N = W = 300.5 kB"));
}

#[test]
fn a_worked_solution_ends_in_the_answer() {
    let bank = Bank::embedded();
    let draw = Draw::given().number("macs", 784_128.0).number("f", 64.0).number("r", 0.5);
    let question = bank.instantiate("w01-board-latency", &Builtin, &draw).unwrap();
    let expected = "\
Given
  A = 784.128 kMAC           multiply-accumulates of one inference
  r = 0.5 MAC                multiply-accumulates per cycle, sustained
  f = 64 MHz                 clock rate
1. How many cycles the work needs.
  n = A/r
    = 784.128 kMAC / 0.5 MAC
    = 1,568,000
2. How long that many cycles last.
  T = n/f
    = 1,568,000 / 64 MHz
    = 24.5 ms
Answer
  = 24.5 ms
";
    assert_eq!(question.solution(Style::Plain), expected);
    let markdown = question.solution(Style::Markdown);
    assert!(markdown.contains("`T = n/f = 1,568,000 / 64 MHz = 24.5 ms`"), "{markdown}");
    for text in [question.solution(Style::Plain), markdown] {
        let last = text.lines().last().unwrap();
        assert!(question.grade(last).is_correct(), "{last}");
    }
}

#[test]
fn conditions_hold_for_given_values_too() {
    let bank = Bank::embedded();
    let draw = Draw::given()
        .text("flash", "256 KiB")
        .text("code", "96 KiB")
        .number("n", 300_544.0)
        .number("b", 8.0);
    let error = bank.instantiate("w02-flash-headroom", &Builtin, &draw).unwrap_err();
    assert_eq!(
        error.to_string(),
        "w02-flash-headroom: the values flash = 256 KiB, code = 96 KiB, n = 300544, b = 8 bits do not satisfy \
         `n*b + code <= flash`"
    );
    let question = bank.instantiate("w02-flash-shortfall", &Builtin, &draw).unwrap();
    assert!(question.grade("136704 B").is_correct());
    assert_eq!(question.grade("-136704 B").code, "sign-error");
}

#[test]
fn bad_values_are_refused_by_name() {
    let bank = Bank::embedded();
    let fail = |draw: &Draw| bank.instantiate("w02-flash-for-weights", &Builtin, draw).unwrap_err();
    assert_eq!(
        fail(&Draw::given().number("weights", 1.0)).to_string(),
        "w02-flash-for-weights has no parameter `weights` to give; it takes n, b"
    );
    assert_eq!(
        fail(&Draw::given().text("b", "8 ms")).to_string(),
        "w02-flash-for-weights: parameter `b` cannot be `8 ms`: it is a time, not an amount of data"
    );
    assert_eq!(
        fail(&Draw::given().text("b", "8")).to_string(),
        "w02-flash-for-weights: parameter `b` cannot be `8`: give a unit, for example `8 bit`"
    );
    assert!(matches!(fail(&Draw::given().number("n", f64::NAN)), Error::BadValue { .. }));
    assert!(matches!(
        fail(&Draw::given().number("n", 1.0).number("n", 2.0)),
        Error::UnknownParam { .. }
    ));
    let device = bank.instantiate("w01-gemm-time", &Builtin, &Draw::given().text("hw", "Z80"));
    assert!(device.unwrap_err().to_string().contains("the registry has A100, B200"));
}

#[test]
fn partly_given_values_leave_the_rest_to_the_seed() {
    let bank = Bank::embedded();
    let free = bank.instantiate("w02-flash-for-weights", &Builtin, &Draw::seed(3)).unwrap();
    let fixed = bank
        .instantiate("w02-flash-for-weights", &Builtin, &Draw::seed(3).number("b", 16.0))
        .unwrap();
    assert_eq!(fixed.param("b").as_deref(), Some("16 bits"));
    assert_eq!(free.param("n"), fixed.param("n"));
}

#[test]
fn every_distractor_is_diagnosed_as_itself() {
    let bank = Bank::embedded();
    for template in bank.templates().iter().filter(|t| t.computed().is_some()) {
        for seed in 0..50 {
            let question = bank.instantiate(template.id(), &Builtin, &Draw::seed(seed)).unwrap();
            for turn in &question.wrong {
                let verdict = question.grade(&question.key.display_value(turn.value));
                assert_eq!(
                    (verdict.class, verdict.code.as_ref()),
                    (Class::Misconception, turn.id.as_str())
                );
                assert_eq!(verdict.message, turn.say);
                assert!(!turn.say.contains('{'), "{}", turn.say);
            }
        }
    }
}

//! Questions of every kind: options, cards, parts, decisions, texts.
#![expect(clippy::float_cmp, reason = "scores are quotients of small whole numbers, rounded once")]

use std::sync::Arc;

use super::{Draw, Form, Menu, Question, Style, question, share};
use crate::bank::Bank;
use crate::error::Error;
use crate::grade::{Class, Remark};
use crate::model::{Body, Template};
use crate::oracle::Builtin;

const HEAD: &str = r#"
format = 1
id = "m-test"
version = "1.0.0"
kind = "multi"
title = "Weights and cache"
status = "draft"
license = "MIT OR Apache-2.0"
origin = "original"
authors = ["builders-stack"]
created = 2026-11-27
updated = 2026-11-27
tracks = ["cloud"]
level = "L5"
area = "memory"
topic = "vram-budgeting"
zone = "design"
bloom = "evaluate"
mode = "tradeoff-analysis"
phase = "inference"
time_s = 300
takeaway = "Count the weights first, then what is left."
stem = "A device has {C} of memory for a model of {P} billion parameters with {L} layers, stored in 16 bits."
[params.C]
kind = "choice"
unit = "GB"
values = [40, 80, 141]
[params.P]
kind = "choice"
values = [7, 8, 13]
[params.L]
kind = "int"
min = 20
max = 60
"#;

const PARTS: &str = r#"
[[parts]]
id = "weights"
ask = "How much do the weights take?"
[parts.answer]
eq = "memory.footprint"
bind = { parameters = "P*1e9", width = "'2 B'" }
unit = "GB"
check = "2*P"
[[parts.misconception]]
id = "precision-doubled"
scale = { bytes = "2" }
say = "That takes four bytes for each parameter; 16 bits are two."
[[parts]]
id = "left"
ask = "How much memory is left beside them?"
[parts.answer]
eq = "memory.fit"
bind = { weights = "carry.weights", other = "'1 GB'", capacity = "C" }
output = "spare"
unit = "GB"
check = "C - 1 - carry.weights"
[[parts.misconception]]
id = "weights-ignored"
drop = ["need.weights"]
say = "That leaves the weights of {carry.weights} out of the account."
[[parts]]
id = "pick"
ask = "Which change frees the most memory?"
[parts.decision]
best = "max"
unit = "GB"
[[parts.decision.option]]
text = "weights in 8 bits"
value = "carry.weights/2"
check = "carry.weights/2"
misconception = "precision-ignored"
say = "That frees {got}, the best option {want}."
[[parts.decision.option]]
text = "a device with 10 GB more"
value = "'10 GB'"
misconception = "capacity-for-bandwidth"
say = "That frees {got}, the best option {want}."
"#;

/// A bank of one template in parts.
fn bank(parts: &str) -> (Bank, Vec<String>) {
    let text = format!("{HEAD}{parts}");
    let files = [
        ("bank.toml", include_str!("../../bank/bank.toml")),
        ("misconceptions.toml", include_str!("../../bank/misconceptions.toml")),
        ("ids.txt", "m-test\t2026-11-27\n"),
        ("q/m-test.toml", text.as_str()),
    ];
    let (bank, problems) = Bank::from_files(files);
    (bank, problems.iter().map(ToString::to_string).collect())
}

fn parted(c: f64, p: f64) -> Question {
    let (bank, problems) = bank(PARTS);
    assert_eq!(problems, Vec::<String>::new());
    let draw = Draw::given().number("C", c).number("P", p).number("L", 32.0);
    bank.question("m-test", &Builtin, &draw).unwrap()
}

fn graded(question: &Question, answers: &[&str]) -> Vec<(Class, String)> {
    let Form::Multi(parts) = &question.form else { panic!("{:?}", question.form) };
    let verdicts = parts.grade(&Builtin, answers);
    verdicts.into_iter().map(|v| (v.class, v.code.into_owned())).collect()
}

/// The letter of the option that begins with these words.
fn letter(question: &Question, start: &str) -> String {
    let Form::Multi(parts) = &question.form else { panic!("{:?}", question.form) };
    let menu = &parts.decision.as_ref().unwrap().menu;
    let place = menu.options.iter().position(|o| o.text.starts_with(start)).unwrap();
    Menu::letter(place).to_string()
}

#[test]
fn a_slip_is_charged_once() {
    // 13 billion parameters of two bytes: 26 GB; 80 - 1 - 26 = 53 GB are left.
    let question = parted(80.0, 13.0);
    let best = letter(&question, "weights");
    let right = graded(&question, &["26 GB", "53 GB", &best]);
    assert!(right.iter().all(|(class, code)| *class == Class::Correct && code.is_empty()));

    // Four bytes: 52 GB, and from there 80 - 1 - 52 = 27 GB.
    let slipped = graded(&question, &["52 GB", "27 GB", &best]);
    assert_eq!(slipped[0], (Class::Misconception, "precision-doubled".to_owned()));
    assert_eq!(slipped[1], (Class::Correct, "carried-forward".to_owned()));
    assert_eq!(slipped[2].0, Class::Correct);

    // Whoever slips and then still gives the right value is right as well.
    assert_eq!(graded(&question, &["52 GB", "53 GB"])[1], (Class::Correct, String::new()));
    // Neither by the right value nor by the learner's own.
    assert_eq!(graded(&question, &["52 GB", "33 GB"])[1].0, Class::Incorrect);
    // A wrong turn from the learner's own value is still recognized: nothing taken off.
    assert_eq!(graded(&question, &["52 GB", "79 GB"])[1].1, "weights-ignored");
    // Text that is no number carries nothing.
    let unread = graded(&question, &["two", "53 GB"]);
    assert_eq!((unread[0].0, unread[1].0), (Class::Unparsable, Class::Correct));
}

#[test]
fn a_decision_follows_the_learners_own_numbers() {
    // 8 billion parameters: 16 GB. Half of them is 8 GB, so the larger device frees more: 10 GB.
    let question = parted(80.0, 8.0);
    let (halve, device) = (letter(&question, "weights"), letter(&question, "a device"));
    assert_eq!(graded(&question, &["16 GB", "63 GB", &device])[2].0, Class::Correct);
    let wrong = graded(&question, &["16 GB", "63 GB", &halve]);
    assert_eq!(wrong[2], (Class::Misconception, "precision-ignored".to_owned()));
    // By 32 GB, half of the weights is 16 GB and the better option.
    let own = graded(&question, &["32 GB", "47 GB", &halve]);
    assert_eq!(own[2], (Class::Correct, "carried-forward".to_owned()));
    let Form::Multi(parts) = &question.form else { panic!("{:?}", question.form) };
    let verdicts = parts.grade(&Builtin, &["32 GB", "47 GB", &halve]);
    assert!(verdicts[2].remarks.contains(&Remark::CarriedForward));
    assert!((parts.score(&verdicts) - 2.0 / 3.0).abs() < 1e-15);
    assert_eq!(parts.score(&[]), 0.0);
}

#[test]
fn a_close_decision_is_not_asked() {
    // 9 billion parameters: halving frees 9 GB, the device 10 GB; a difference of 10 %.
    let (bank, _) = bank(PARTS);
    let draw = Draw::given().number("C", 80.0).number("P", 9.0).number("L", 32.0);
    let error = bank.question("m-test", &Builtin, &draw).unwrap_err();
    assert!(matches!(error, Error::Require { .. }), "{error}");
    assert!(error.to_string().contains("the two best options of `pick` differ by 15 %"), "{error}");
}

#[test]
fn parts_are_solved_one_after_the_other() {
    let question = parted(80.0, 13.0);
    assert_eq!(question.asks().len(), 3);
    let text = question.solution(Style::Plain);
    assert!(text.contains("2. How much memory is left beside them?"), "{text}");
    assert!(text.contains("= 53 GB"), "{text}");
    assert!(text.contains("weights in 8 bits: 13 GB"), "{text}");
    let right = format!("= {}. weights in 8 bits\n", letter(&question, "weights"));
    assert!(text.ends_with(&right), "{text}");
    assert_eq!(question.grade("26 GB"), None);
}

#[test]
fn mistakes_in_parts_are_told() {
    let codes = |from: &str, to: &str| {
        assert!(PARTS.contains(from), "{from:?} is not in the template");
        let problems = bank(&PARTS.replacen(from, to, 1)).1;
        problems.join("\n")
    };
    assert!(
        codes("\"carry.weights\", other", "\"carry.weight\", other").contains("of no earlier part")
    );
    assert!(codes("id = \"left\"", "id = \"weights\"").contains("V-PARTS: part `weights` twice"));
    assert!(codes("best = \"max\"", "best = \"most\"").contains("V-ENUM"));
    assert!(codes("value = \"'10 GB'\"", "").contains("V-OPTIONS"));
    assert!(
        codes("ask = \"How much do the weights take?\"", "ask = \"The weights take how much\"")
            .contains("V-PARTS")
    );
    assert!(codes("beside them?", "beside {carry.weights}?").contains("V-PLACEHOLDER"));
}

/// A choice made of a numeric template.
fn as_choice(id: &str) -> Arc<Template> {
    let bank = Bank::embedded();
    let mut template = Template::clone(bank.get(id).unwrap());
    let Body::Numeric(computed) = &template.body else { panic!("{id} is numeric") };
    template.body = Body::Choice(Arc::clone(computed));
    Arc::new(template)
}

#[test]
fn computed_options_give_nothing_away() {
    for id in ["w02-flash-headroom", "w01-gemm-time", "w02-ridge-point", "w02-flash-for-weights"] {
        let template = as_choice(id);
        let mut places = [0_u32; 4];
        for seed in 0..60 {
            let question = question(&template, &Builtin, &Draw::seed(seed)).unwrap();
            let Form::Choice(menu, Some(instance)) = &question.form else { panic!("{id}") };
            assert_eq!(menu.options.len(), 4, "{id}: {:?}", menu.lines());
            let right = &menu.options[menu.right()];
            assert!(instance.grade(&right.text).is_correct(), "{id}: {}", right.text);
            places[menu.right()] += 1;
            for (i, option) in menu.options.iter().enumerate() {
                let verdict = question.grade(&Menu::letter(i).to_string()).unwrap();
                assert_eq!(verdict.code, option.misconception);
                assert_eq!(verdict.is_correct(), i == menu.right());
                assert_eq!(question.grade(&option.text), Some(verdict.clone()));
                assert_eq!(question.grade(&(i + 1).to_string()), Some(verdict));
                let unit = |text: &str| text.split_once(' ').map(|(_, unit)| unit.to_owned());
                assert_eq!(unit(&option.text), unit(&right.text), "{id}: {:?}", menu.lines());
            }
        }
        // 15 are expected at each place; 60 fair draws leave 3 to 30 in all but one of 10⁴ runs.
        assert!(places.iter().all(|n| (3..=30).contains(n)), "{id}: {places:?}");
    }
}

#[test]
fn written_options_are_graded_by_letter() {
    let bank = Bank::embedded();
    let question = bank.question("c04-idle-multipliers", &Builtin, &Draw::seed(4)).unwrap();
    let Form::Choice(menu, None) = &question.form else { panic!("{:?}", question.form) };
    let right = Menu::letter(menu.right()).to_string();
    assert!(question.grade(&format!(" ({}) ", right.to_lowercase())).unwrap().is_correct());
    let wrong = menu.options.iter().position(|o| o.misconception == "all-over-link").unwrap();
    let verdict = question.grade(&Menu::letter(wrong).to_string()).unwrap();
    assert_eq!((verdict.class, verdict.code.as_ref()), (Class::Misconception, "all-over-link"));
    assert!(verdict.message.contains("stay on the device"));
    for text in ["", "E", "0", "7", "AB", "the weights", "🙂", "９"] {
        assert_eq!(question.grade(text).unwrap().code, "E-Q-OPTION", "{text:?}");
    }
    let solution = question.solution(Style::Plain);
    assert!(question.grade(solution.lines().last().unwrap()).unwrap().is_correct(), "{solution}");
}

#[test]
fn a_card_is_marked_by_its_reader() {
    let bank = Bank::embedded();
    let card = bank.question("r13-bytes-per-format", &Builtin, &Draw::seed(0)).unwrap();
    assert!(card.stem.starts_with("How many bytes"));
    assert!(card.solution(Style::Plain).starts_with("4, 2, 1, and half a byte."));
    assert!(card.grade("Yes").unwrap().is_correct());
    assert_eq!(card.grade("n").unwrap().class, Class::Incorrect);
    assert_eq!(card.grade("4, 2, 1").unwrap().code, "E-Q-CARD");
    assert!(matches!(
        bank.instantiate("r13-bytes-per-format", &Builtin, &Draw::seed(0)),
        Err(Error::NoNumber { .. })
    ));
}

#[test]
fn an_open_question_is_capped_by_its_figures() {
    let bank = Bank::embedded();
    let draw = Draw::given().text("hw", "H100").number("P", 13.0).text("itl", "50 ms");
    let question = bank.question("o02-assistant-on-one-device", &Builtin, &draw).unwrap();
    let Form::Open(essay) = &question.form else { panic!("{:?}", question.form) };
    assert!(essay.model_answer.contains("26 GB of 80 GB"), "{}", essay.model_answer);
    // 26 GB at 3.35 TB/s is 7.7612 ms; a text shows three figures of it.
    assert!(essay.model_answer.contains("reads all weights, 7.76 ms"), "{}", essay.model_answer);
    let right = essay.grade(&Builtin, &["26 GB", "7.76 ms"]);
    let wrong = essay.grade(&Builtin, &["26 GB", "62 ms"]);
    assert_eq!(wrong[1].code, "bits-bytes");
    let Body::Open(open) = &question.template.body else { panic!("it is open") };
    // Weights 2, 2, 1, 1 and two marks each: 12 in all.
    assert_eq!(essay.score(open, &[2, 2, 2, 2], &right), 1.0);
    assert_eq!(essay.score(open, &[2, 2, 2, 2], &wrong), 0.6);
    assert_eq!(essay.score(open, &[1, 0, 0, 1], &wrong), 3.0 / 12.0);
    assert_eq!(essay.score(open, &[2, 2, 2, 2], &right[..1]), 0.6);
    assert_eq!(share(&open.rows, &[9, 0, 0, 0]), 4.0 / 12.0);
    assert_eq!(share(&[], &[1]), 0.0);
}

#[test]
fn a_chain_keeps_its_thread() {
    let bank = Bank::embedded();
    for seed in 0..30 {
        let questions = bank.thread("flash-budget", &Builtin, seed).unwrap();
        assert_eq!(questions.len(), 2);
        for name in ["n", "b"] {
            assert_eq!(questions[0].param(name), questions[1].param(name), "{name}, seed {seed}");
        }
    }
    let error = bank.thread("flash-budge", &Builtin, 0).unwrap_err();
    assert!(error.to_string().ends_with("did you mean `flash-budget`?"), "{error}");
}

#[test]
fn both_paths_stand_side_by_side() {
    let bank = Bank::embedded();
    let draw = Draw::given().text("flash", "1 MiB").text("code", "96 KiB");
    let draw = draw.number("n", 300_544.0).text("b", "1 B");
    let question = bank.instantiate("w02-flash-headroom", &Builtin, &draw).unwrap();
    let text = question.comparison("runtime-ignored").unwrap();
    let expected = "\
right                                   yours
> N = W + Q = 398.8 kB                  > N = W = 300.5 kB
";
    assert_eq!(text, expected);
    assert!(question.comparison("decimal-binary").unwrap().contains("> "));
    assert_eq!(question.comparison("no-such-turn"), None);
}

//! The shipped bank passes; each kind of fault planted in a good template is found.

use super::{Fault, Options, audit, check};
use crate::bank::Bank;
use crate::model::Day;
use crate::oracle::Builtin;

const GOOD: &str = include_str!("../../bank/q/memory/w02-flash-headroom.toml");

/// Codes found in the headroom template after `from` was replaced by `to`.
fn codes(from: &str, to: &str) -> Vec<&'static str> {
    assert!(from.is_empty() || GOOD.contains(from), "{from:?} is not in the template");
    let text = GOOD.replacen(from, to, 1);
    let files = [
        ("bank.toml", include_str!("../../bank/bank.toml")),
        ("ids.txt", include_str!("../../bank/ids.txt")),
        ("misconceptions.toml", include_str!("../../bank/misconceptions.toml")),
        ("q/memory/w02-flash-headroom.toml", text.as_str()),
    ];
    let (bank, problems) = Bank::from_files(files);
    let report = check(&bank, &Builtin, Options::FAST);
    problems.iter().chain(&report.problems).map(|p| p.code).collect()
}

#[track_caller]
fn finds(code: &str, from: &str, to: &str) {
    let found = codes(from, to);
    assert!(found.contains(&code), "{code} is not among {found:?}");
}

#[test]
fn the_shipped_bank_passes() {
    let report = check(&Bank::embedded(), &Builtin, Options::FULL.seeds(100));
    let text: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert!(text.is_empty(), "{}", text.join("\n"));
}

#[test]
fn a_good_template_has_no_findings() {
    assert_eq!(codes("", ""), Vec::<&str>::new());
}

#[test]
fn a_wrong_key_is_found() {
    finds(
        "V-CROSS",
        "check = \"(flash - code)*1024 - n*b/8\"",
        "check = \"(flash - code)*1000 - n*b/8\"",
    );
    finds("V-CROSS", "weights = \"n*b\"", "weights = \"n*b*2\"");
}

#[test]
fn an_answer_of_the_wrong_dimension_is_found() {
    finds("V-ANSWER-DIM", "unit = \"B\"", "unit = \"ms\"");
    finds("E-EVAL", "other = \"code\"", "other = \"b*b\"");
}

#[test]
fn an_unreachable_answer_is_found() {
    finds("V-BIND-SHOWN", "The program without its model takes {code}.", "There is a program too.");
    finds("V-DECOY", "other = \"code\"", "other = \"'64 KiB'\"");
}

#[test]
fn an_implausible_answer_is_found() {
    finds("V-PLAUSIBLE", "plausible = [1000, 2000000]", "plausible = [1000, 2000]");
}

#[test]
fn wrong_answers_that_coincide_are_found() {
    finds("V-MISC-SAME", "drop = [\"need.other\"]", "set = { other = \"code\" }");
    finds("V-MISC-PAIR", "set = { weights = \"8*n*b\" }", "drop = [\"need.other\"]");
    finds("V-MISC-DROP", "drop = [\"need.other\"]", "drop = [\"need.capacity\"]");
    let seldom = "drop = [\"need.other\"]\nwhen = \"n < 1000\"";
    finds("V-MISC-WHEN", "drop = [\"need.other\"]", seldom);
    let always_same = "set = { other = \"code\" }\nwhen = \"n > 1000\"";
    finds("V-MISC-SAME", "drop = [\"need.other\"]", always_same);
    finds(
        "V-MISC-NODE",
        "scale = { capacity = \"1000/1024\"",
        "scale = { capacitance = \"1000/1024\"",
    );
}

#[test]
fn a_wrong_scaling_rule_is_found() {
    finds("V-SCALE", "output = \"spare\"", "output = \"spare\"\nscales = { n = 1 }");
}

#[test]
fn a_small_or_stuck_generator_is_found() {
    finds("V-SPACE", "step = 4000", "step = 480000");
    finds("W-GEN-LOW", "n*b + code <= 0.9*flash", "n*b + code <= 0.21*flash");
}

#[test]
fn a_generator_that_gives_up_is_found() {
    finds("E-GEN-EXHAUSTED", "n*b + code <= 0.9*flash", "n*b + code <= 0.1*flash");
    // Seldom usable is not never.
    let seldom = codes("n*b + code <= 0.9*flash", "n*b + code <= 0.21*flash");
    assert!(!seldom.contains(&"E-GEN-EXHAUSTED"), "{seldom:?}");
}

#[test]
fn a_rate_is_that_of_many_draws() {
    // Four of the first 20 draws are usable both times; of 400 they are 128, more than a quarter, and 92, fewer.
    let from = "n*b + code >= 0.2*flash";
    assert_eq!(codes(from, "n*b + code >= 0.35*flash"), Vec::<&str>::new());
    assert_eq!(codes(from, "n*b + code >= 0.45*flash"), ["W-GEN-LOW"]);
}

#[test]
fn circles_of_topics_are_found() {
    let edges = |list: &[(&str, &str, &str)]| {
        let edge = |(from, to, kind): &(&str, &str, &str)| {
            format!("[[edge]]\nfrom = \"{from}\"\nto = \"{to}\"\nkind = \"{kind}\"\n")
        };
        let text = format!("format = 1\n{}", list.iter().map(edge).collect::<String>());
        codes_beside("taxonomy.toml", &text)
    };
    let sound = ("tco-cost-modeling", "load-balancing", "prerequisite");
    assert_eq!(edges(&[sound]), []);
    // Back along the edges of the crate: kernel-fusion needs roofline-analysis, graph-compilation needs both.
    let back = ("graph-compilation", "roofline-analysis", "prerequisite");
    let found = edges(&[sound, back]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "V-TAX-CYCLE");
    assert_eq!(
        found[0].1,
        "roofline-analysis comes before itself: roofline-analysis -> kernel-fusion -> graph-compilation -> \
         roofline-analysis"
    );
    let own = edges(&[("load-balancing", "load-balancing", "prerequisite")]);
    assert_eq!(own[0].0, "V-TAX-CYCLE");
    let two = edges(&[sound, ("load-balancing", "tco-cost-modeling", "prerequisite")]);
    assert_eq!(two.iter().filter(|f| f.0 == "V-TAX-CYCLE").count(), 2, "{two:?}");
    // Only prerequisites have an order.
    assert_eq!(edges(&[("graph-compilation", "roofline-analysis", "related")]), []);
    assert_eq!(edges(&[sound, sound])[0].0, "V-TAX-TWICE");
    assert_eq!(edges(&[("load-balancin", "tco-cost-modeling", "prerequisite")])[0].0, "V-ENUM");
}

#[test]
fn deep_files_are_found() {
    let deep = |n: usize| {
        let nested = format!("reviewed = {}1{}\n\ntracks", "[".repeat(n), "]".repeat(n));
        codes("\ntracks", &nested)
    };
    assert_eq!(deep(11), ["V-TYPE"]);
    assert_eq!(deep(12), ["V-DEPTH"]);
    assert_eq!(deep(2000), ["V-DEPTH"]);
    let tables = "reviewed = { a = { b = { c = { d = { e = { f = { g = { h = { i = { j = { k = {} } } } } } } } } } } }";
    assert_eq!(codes("\ntracks", &format!("{tables}\ntracks")), ["V-DEPTH"]);
}

#[test]
fn a_level_that_the_structure_does_not_bear_is_found() {
    finds("W-LEVEL-FIT", "level = \"L2\"", "level = \"L5\"");
}

#[test]
fn unknown_names_are_found() {
    finds("V-ANSWER-EQ", "eq = \"memory.fit\"", "eq = \"memory.fits\"");
    finds("V-ANSWER-OUTPUT", "output = \"spare\"", "output = \"left\"");
    finds("V-ANSWER-BIND", "capacity = \"flash\"", "size = \"flash\"");
    finds("V-STEP-NODE", "spare = \"Take", "spares = \"Take");
    finds("V-PLACEHOLDER", "A board has {flash}", "A board has {flask}");
    finds("V-EXPR", "weights = \"n*b\"", "weights = \"n*c\"");
}

/// Codes found in a bank of the headroom template and another file.
fn codes_beside(path: &str, text: &str) -> Vec<(&'static str, String)> {
    let files = [
        ("bank.toml", include_str!("../../bank/bank.toml")),
        ("ids.txt", include_str!("../../bank/ids.txt")),
        ("misconceptions.toml", include_str!("../../bank/misconceptions.toml")),
        ("q/memory/w02-flash-headroom.toml", GOOD),
        (path, text),
    ];
    let (bank, problems) = Bank::from_files(files);
    let report = check(&bank, &Builtin, Options::FAST.threads(2));
    problems.iter().chain(&report.problems).map(|p| (p.code, p.what.clone())).collect()
}

#[test]
fn twins_are_found() {
    let twin = GOOD.replace("w02-flash-headroom", "w02-flash-shortfall");
    let found = codes_beside("q/memory/w02-flash-shortfall.toml", &twin);
    let codes: Vec<&str> = found.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, ["V-DUP", "W-DUP-TEXT"], "{found:?}");
    let other = include_str!("../../bank/q/memory/w02-flash-shortfall.toml");
    let found = codes_beside("q/memory/w02-flash-shortfall.toml", other);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn products_outside_the_registry_are_found() {
    finds("V-VENDOR", "A board has {flash}", "An STM32F4 board has {flash}");
    finds("V-VENDOR", "A board has {flash}", "A board by Nordic has {flash}");
    assert_eq!(codes("A board has {flash}", "An MCU board has {flash}"), Vec::<&str>::new());
}

#[test]
fn a_model_larger_than_its_machine_is_found() {
    let good = include_str!("../../bank/q/deployment/o02-assistant-on-one-device.toml");
    let path = "q/deployment/o02-assistant-on-one-device.toml";
    let whole = codes_beside(path, good);
    assert!(whole.is_empty(), "{whole:?}");
    let start = good.find("require = ").unwrap();
    let end = good.find("[params.hw]").unwrap();
    let bare = format!("{}{}", &good[..start], &good[end..]);
    assert_eq!(codes_beside(path, &bare)[0].0, "V-FITS");
    let excused = format!(
        "{}infeasible_ok = \"the question is what does not fit\"\n{}",
        &good[..start],
        &good[end..]
    );
    assert!(codes_beside(path, &excused).is_empty());
}

#[test]
fn options_that_tell_are_found() {
    let good = include_str!("../../bank/q/latency/c04-idle-multipliers.toml");
    let path = "q/latency/c04-idle-multipliers.toml";
    let whole = codes_beside(path, good);
    assert!(whole.is_empty(), "{whole:?}");
    let told =
        good.replace("for a single token\"", "for a single token, which is what bounds decoding\"");
    assert_eq!(codes_beside(path, &told)[0].0, "V-OPTION-TELL");
    let none = good.replace("right = true", "misconception = \"one-way\"");
    assert_eq!(codes_beside(path, &none)[0].0, "V-OPTIONS");
}

#[test]
fn faults_of_chains_are_found() {
    let chain = |from: &str, to: &str| {
        let good = include_str!("../../bank/chains/flash-budget.toml");
        assert!(good.contains(from), "{from:?}");
        let text = good.replacen(from, to, 1);
        let files = [
            ("bank.toml", include_str!("../../bank/bank.toml")),
            ("ids.txt", include_str!("../../bank/ids.txt")),
            ("misconceptions.toml", include_str!("../../bank/misconceptions.toml")),
            ("q/memory/w02-flash-headroom.toml", GOOD),
            (
                "q/memory/w02-flash-for-weights.toml",
                include_str!("../../bank/q/memory/w02-flash-for-weights.toml"),
            ),
            ("chains/flash-budget.toml", text.as_str()),
            ("plans/first-week.toml", include_str!("../../bank/plans/first-week.toml")),
        ];
        let (bank, problems) = Bank::from_files(files);
        let report = check(&bank, &Builtin, Options::FAST);
        problems.into_iter().chain(report.problems).map(|p| p.code).collect::<Vec<_>>()
    };
    assert_eq!(chain("", ""), Vec::<&str>::new());
    for (code, from, to) in [
        ("V-CHAIN-ID", "id = \"flash-budget\"", "id = \"flash\""),
        ("V-CHAIN-TRACK", "track = \"tinyml\"", "track = \"cloud\""),
        ("V-CHAIN-TOPIC", "topic = \"vram-budgeting\"", "topic = \"load-balancing\""),
        ("V-CHAIN-THREAD", "\"n\", \"b\"", "\"m\", \"b\""),
        ("V-CHAIN-THREAD", "\"n\", \"b\"", "\"code\""),
        ("V-CHAIN-TWICE", "\"n\", \"b\"", "\"n\", \"n\""),
        ("V-CHAIN-LENGTH", "\"w02-flash-for-weights\", ", ""),
        ("V-CHAIN-MEMBER", "w02-flash-for-weights", "w02-flash-for-weight"),
        (
            "V-CHAIN-LEVEL",
            "\"w02-flash-for-weights\", \"w02-flash-headroom\"",
            "\"w02-flash-headroom\", \"w02-flash-for-weights\"",
        ),
        ("V-PLAN", "id = \"flash-budget\"", "id = \"flash-budge\""),
    ] {
        let found = chain(from, to);
        assert!(found.contains(&code), "{code} is not among {found:?}");
    }
}

#[test]
fn planted_faults_are_caught() {
    // The whole bank is audited by `cargo xtask mutate-bank`; here eight templates of different build.
    let whole = Bank::embedded();
    let numeric: Vec<&str> = whole
        .templates()
        .iter()
        .filter(|t| matches!(t.body, crate::model::Body::Numeric(_)))
        .map(|t| t.id())
        .collect();
    let chosen: Vec<&str> = numeric.iter().copied().step_by(numeric.len() / 8).collect();
    let report = audit(&whole.only(&chosen), &Builtin, Options::FAST);
    assert_eq!(report.len(), Fault::ALL.len());
    for line in report {
        assert!(line.missed.is_empty() && line.unplanted.is_empty(), "{line:?}");
        assert!(line.caught >= 6, "{line:?}");
    }
}

#[test]
fn an_audit_tells_what_is_missed() {
    // Without its interval nobody can tell that an answer is absurd, without its closed form that the key is wrong.
    let blind = GOOD.replace("plausible = [1000, 2000000]\n", "");
    let blind = blind.replace("check = \"(flash - code)*1024 - n*b/8\"\n", "");
    let files = [
        ("bank.toml", include_str!("../../bank/bank.toml")),
        ("ids.txt", include_str!("../../bank/ids.txt")),
        ("misconceptions.toml", include_str!("../../bank/misconceptions.toml")),
        ("q/memory/w02-flash-headroom.toml", blind.as_str()),
    ];
    let report = audit(&Bank::from_files(files).0, &Builtin, Options::FAST);
    let missed: Vec<Fault> =
        report.iter().filter(|line| !line.missed.is_empty()).map(|line| line.fault).collect();
    assert_eq!(missed, [Fault::WrongKey, Fault::Absurd]);
}

#[test]
fn findings_do_not_depend_on_threads() {
    let bank = Bank::embedded();
    let one = check(&bank, &Builtin, Options::FAST);
    assert_eq!(one, check(&bank, &Builtin, Options::FAST.threads(3)));
}

#[test]
fn a_date_in_the_future_is_found() {
    let today = Day { year: 2026, month: 11, day: 20 };
    let report = check(&Bank::embedded(), &Builtin, Options::FAST.today(today));
    let others: Vec<_> = report.problems.iter().filter(|p| p.code != "V-DATE").collect();
    assert!(others.is_empty() && !report.problems.is_empty(), "{others:?}");
}

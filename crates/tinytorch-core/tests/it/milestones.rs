//! The milestones in their small versions: they pass, their reports hold what they promise, and a seed fixes every bit.

use tinytorch_core::milestones::{self, Findings, Id, Opts, Report};

fn quick(id: Id, seed: u64) -> Report {
    milestones::run(id, &Opts { seed, quick: true, ..Opts::default() }).unwrap()
}

/// Runs `id` on one, two and four threads, checks that the reports are equal, and returns one.
///
/// A report holds every loss and every probability it has drawn, so equality of two is equality of their bits.
fn on_any_threads(id: Id) -> Report {
    #[cfg(feature = "parallel")]
    {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| quick(id, 1))
        };
        let one = with(1);
        let expected = one.clone().without_times();
        assert_eq!(with(2).without_times(), expected, "{id} on two threads");
        assert_eq!(with(4).without_times(), expected, "{id} on four threads");
        one
    }
    #[cfg(not(feature = "parallel"))]
    quick(id, 1)
}

#[track_caller]
fn check(id: Id) -> Report {
    let report = on_any_threads(id);
    assert!(report.passed(), "{report}");
    assert_eq!((report.id, report.seed, report.quick, report.seconds), (id, 1, true, None));

    let text = report.to_string();
    assert_eq!(text.matches("\n  pass  ").count(), report.gates.len(), "{text}");
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["id"], id.about().code);
    assert_eq!((&json["passed"], &json["seconds"]), (&true.into(), &serde_json::Value::Null));
    for (gate, value) in report.gates.iter().zip(json["gates"].as_array().unwrap()) {
        assert_eq!((&value["name"], &value["passed"]), (&gate.name.into(), &true.into()));
        // The parser of this test reads decimals to the last bit but one.
        let near =
            |key: &str, x: f64| (value[key].as_f64().unwrap() - x).abs() <= f64::EPSILON * x.abs();
        assert!(near("measured", gate.measured), "{value}");
        assert!(near("threshold", gate.need.threshold()), "{value}");
    }
    assert!(!report.pictures().is_empty());
    for picture in report.pictures() {
        assert!(picture.name.starts_with(id.about().code), "{}", picture.name);
        assert!(picture.svg.starts_with("<svg ") && picture.svg.ends_with("</svg>\n"));
        assert!(!picture.svg.contains("NaN"), "{}", picture.name);
    }
    report
}

#[test]
fn perceptron() {
    let Findings::Perceptron(found) = check(Id::Perceptron).findings else { panic!() };
    // Five standard errors of a mean of 1,000 numbers between 0 and 1.
    assert!((found.random_mean - 0.5).abs() < 0.08, "{}", found.random_mean);
    assert!(found.gradient.curve.last() < found.gradient.curve.first());
}

#[test]
fn xor_crisis() {
    let report = check(Id::XorCrisis);
    assert_ne!(report.findings, quick(Id::XorCrisis, 2).findings, "another seed, other findings");
    let Findings::XorCrisis(found) = report.findings else { panic!() };
    // Whatever the weights: on a balanced set a line does hardly better than answering one half everywhere, ln 2.
    assert!(*found.xor.losses.last().unwrap() > 0.6 && *found.and.losses.last().unwrap() < 0.2);
}

#[test]
fn xor_solved() {
    let Findings::XorSolved(found) = check(Id::XorSolved).findings else { panic!() };
    assert_eq!((found.relu.len(), found.accuracy), (4, 1.0));
}

#[test]
fn digits() {
    let Findings::Digits(found) = check(Id::Digits).findings else { panic!() };
    assert_eq!((found.parameters, found.fast.losses.len()), (2_410, 5));
    assert!(found.slow.accuracy < found.fast.accuracy);
    assert_eq!(found.fast.accuracies.last(), Some(&found.fast.accuracy));
}

#[test]
fn convolutional_network() {
    let Findings::Cnn(found) = check(Id::Cnn).findings else { panic!() };
    let lost = found.cnn.run.accuracy - found.cnn.shifted.iter().sum::<f64>() / 4.0;
    assert_eq!((found.cnn.parameters, found.cnn.shift_loss()), (810, lost));
}

#[test]
fn transformer() {
    let Findings::Transformer(found) = check(Id::Transformer).findings else { panic!() };
    let [input, target, _] = &found.reverse.example;
    assert!(input.len() == 4 && input.chars().rev().eq(target.chars()));
    assert!(
        found.without_positions.losses.len() == 4,
        "a knocked-out network is not stopped early"
    );
}

#[test]
fn mlperf() {
    let Findings::Mlperf(found) = check(Id::Mlperf).findings else { panic!() };
    // 64·32 + 32 + 32·10 + 10 numbers of four bytes; in int8 a weight has one and a bias four.
    assert_eq!((found.parameters, found.bytes), (2_410, [9_640, 2_368 + 4 * 42]));
    // A product and a sum for each weight, a comparison for each hidden unit, an addition for each bias at most.
    assert!((2 * 2_368..=2 * 2_410 + 32).contains(&found.flops), "{}", found.flops);
    assert_eq!(
        (found.student.0, found.pruned.zeros, found.test_images),
        (64 * 16 + 16 + 170, 0.5, 360)
    );
    let times = found.times.unwrap();
    for figure in [times.f32, times.int8] {
        let [low, high] = figure.interval.unwrap();
        assert!(low <= figure.mean && figure.mean <= high && figure.median > 0.0 && figure.n == 5);
    }
}

#[test]
fn cache_of_keys_and_values() {
    let report = check(Id::KvCache);
    let bare = report.clone().without_times();
    assert_eq!((report.gates.len(), bare.gates.len(), bare.passed()), (4, 3, true));
    let Findings::KvCache(found) = report.findings else { panic!() };
    // 2·L·S·d numbers of four bytes.
    assert_eq!(found.cache_bytes, 2 * 2 * 256 * 64 * 4);
    let times = found.times.unwrap();
    assert_eq!((found.tokens, times.plain.len(), times.cached.len()), (48, 48, 48));
}

#[test]
fn language_model() {
    let Findings::Language(found) = check(Id::Language).findings else { panic!() };
    assert_eq!(found.letters, [4_063, 452]);
    assert_eq!((found.losses.len(), found.resumed.len()), (14, 7));
    let [beginning, new] = &found.sample;
    // The last letters before the tail, which the text goes on otherwise.
    let text = tinytorch_core::datasets::ALMANAC;
    assert!(text.contains(beginning) && text.find(beginning).unwrap() > 4_000, "{beginning}");
    assert_eq!((beginning.chars().count(), new.chars().count()), (16, 45));
}

//! Known samples, tables of distributions, and experiments with a known truth.

use super::{
    Bench, Drift, Energy, Environment, Goal, Report, Samples, Verdict, bootstrap, compare,
    compare_pairs, mann_whitney, pareto_front, t_quantile,
};
use crate::Rng;

fn samples(values: &[f64]) -> Samples {
    Samples::new(values.to_vec()).unwrap()
}

#[test]
fn known_samples_have_the_known_figures() {
    let s = samples(&[1.2, 3.1, 1.4, 1.3, 1.5, 1.1, 1.6]);
    assert!((s.mean() - 1.6).abs() < 1e-12);
    assert_eq!(s.median(), 1.4);
    // By hand: deviations -0.4 1.5 -0.2 -0.3 -0.1 -0.5 0, squares sum to 2.8, over 6.
    assert!((s.std().unwrap() - (2.8_f64 / 6.0).sqrt()).abs() < 1e-12);
    assert_eq!(s.quantile(0.0).unwrap(), 1.1);
    assert_eq!(s.quantile(1.0).unwrap(), 3.1);
    // Position 0.9·6 = 5.4 between 1.6 and 3.1.
    assert!((s.quantile(0.9).unwrap() - 2.2).abs() < 1e-12);
    assert_eq!(s.outliers(), [3.1]);
}

#[test]
fn one_sample_has_no_spread() {
    let s = samples(&[2.0]);
    assert_eq!(s.std(), None);
    assert_eq!(s.mean_interval(0.95).unwrap(), None);
    assert_eq!(s.summary().p99, 2.0);
}

#[test]
fn huge_samples_do_not_overflow() {
    let s = samples(&[1e308, 1.5e308, 1.7e308]);
    assert!(s.mean().is_finite() && s.std().unwrap().is_finite());
}

#[test]
fn bad_samples_are_refused() {
    for (values, what) in [(vec![], "empty"), (vec![1.0, f64::NAN], "NaN at position 1")] {
        let text = Samples::new(values).unwrap_err().to_string();
        assert!(text.starts_with(&format!("samples: values is {what}")), "{text}");
    }
    let s = samples(&[1.0, 2.0]);
    assert!(s.quantile(1.1).is_err() && s.quantile(f64::NAN).is_err());
    assert!(s.mean_interval(1.0).is_err());
    assert!(bootstrap(&s, Samples::mean, 0.95, 10, &mut Rng::seed(0)).is_err());
    assert!(Bench::new().samples(0).run(|| 0).is_err());
    assert!(compare(&samples(&[0.0]), &s).is_err());
    assert!(compare_pairs(&samples(&[1.0]), &s).is_err());
    assert!(Energy::modelled(-1.0, 0.0, 1.0, 1.0).is_err());
}

/// From the tables of Student (1908) as printed in any textbook, rounded to four figures.
#[test]
fn quantiles_of_student_are_those_of_the_tables() {
    for (freedom, p, want) in [
        (1.0, 0.975, 12.706),
        (2.0, 0.975, 4.303),
        (5.0, 0.975, 2.571),
        (10.0, 0.975, 2.228),
        (30.0, 0.975, 2.042),
        (10.0, 0.95, 1.812),
        (10.0, 0.995, 3.169),
        (1000.0, 0.975, 1.962),
    ] {
        let got = t_quantile(p, freedom).unwrap();
        // Half a unit of the last printed figure.
        assert!((got - want).abs() < 0.000_51, "{freedom} {p}: {got}");
        assert!((t_quantile(1.0 - p, freedom).unwrap() + got).abs() < 1e-9);
    }
    // One degree of freedom is Cauchy's distribution, whose quantile is tan(π(p − 1/2)).
    let cauchy = (core::f64::consts::PI * 0.499).tan();
    assert!((t_quantile(0.999, 1.0).unwrap() / cauchy - 1.0).abs() < 1e-9);
    assert!(t_quantile(0.0, 3.0).is_err() && t_quantile(0.5, 0.0).is_err());
}

/// Of intervals at 95 % about 95 in 100 hold the truth: 2,000 trials have a deviation of 0.5 points.
#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let mut rng = Rng::seed(3);
    let trials = 2000;
    let hits = (0..trials)
        .filter(|_| {
            let s = Samples::new((0..8).map(|_| 5.0 + rng.normal()).collect()).unwrap();
            s.mean_interval(0.95).unwrap().unwrap().contains(5.0)
        })
        .count();
    let share = hits as f64 / f64::from(trials);
    assert!((0.93..=0.97).contains(&share), "{share}");
}

/// All 20 arrangements of three and three, by hand: U = 0 in one of them, so two-sided 2/20.
#[test]
fn ranks_are_counted_exactly() {
    let (p, effect) = mann_whitney(&samples(&[1.0, 2.0, 3.0]), &samples(&[4.0, 5.0, 6.0]));
    assert!((p - 0.1).abs() < 1e-12);
    assert_eq!(effect, -1.0);
    // U = 1 or less in two arrangements of twenty: 4/20.
    let (p, _) = mann_whitney(&samples(&[1.0, 2.0, 4.0]), &samples(&[3.0, 5.0, 6.0]));
    assert!((p - 0.2).abs() < 1e-12);
    // Nothing but ties.
    let (p, effect) = mann_whitney(&samples(&[1.0; 4]), &samples(&[1.0; 4]));
    assert_eq!((p, effect), (1.0, 0.0));
}

/// The approximation must agree with the count where both can be had; textbooks switch at this size.
#[test]
fn the_normal_form_is_near_the_exact_one() {
    for u in 0..=400 {
        let (exact, near) =
            (super::compare::exact(20, 20, u), super::compare::approximate(20, 20, u as f64, 0.0));
        assert!((exact - near).abs() < 0.005, "{u}: {exact} {near}");
    }
}

fn noisy(rng: &mut Rng, n: usize, mean: f64) -> Samples {
    Samples::new((0..n).map(|_| mean * (1.0 + 0.05 * rng.normal()).max(0.5)).collect()).unwrap()
}

#[test]
fn a_slowdown_of_a_fifth_is_found() {
    let mut rng = Rng::seed(5);
    for _ in 0..100 {
        let (a, b) = (noisy(&mut rng, 15, 1.0), noisy(&mut rng, 15, 1.2));
        assert_eq!(compare(&a, &b).unwrap().verdict, Verdict::Slower);
        assert_eq!(compare(&b, &a).unwrap().verdict, Verdict::Faster);
        assert_eq!(compare_pairs(&a, &b).unwrap().verdict, Verdict::Slower);
    }
}

/// At 5 % an even comparison is called different in 5 of 100 trials; 600 trials have a deviation of 0.9 points.
#[test]
fn equal_programs_are_rarely_called_different() {
    let mut rng = Rng::seed(6);
    let trials = 600;
    let (mut plain, mut pairs) = (0, 0);
    for _ in 0..trials {
        let (a, b) = (noisy(&mut rng, 15, 1.0), noisy(&mut rng, 15, 1.0));
        let same = |v: Verdict| u32::from(v == Verdict::NoDifferenceShown);
        plain += same(compare(&a, &b).unwrap().verdict);
        pairs += same(compare_pairs(&a, &b).unwrap().verdict);
    }
    for calm in [plain, pairs] {
        assert!(f64::from(calm) / f64::from(trials) >= 0.92, "{calm} of {trials}");
    }
}

/// A machine that slows down by half under both programs hides a tenth from separate samples, not from pairs.
#[test]
fn pairs_see_through_a_drifting_machine() {
    let mut rng = Rng::seed(8);
    let drift = |i: usize| 1.0 + 0.5 * i as f64 / 19.0;
    let mut line = |speed: f64| -> Vec<f64> {
        (0..20).map(|i| speed * drift(i) * (1.0 + 0.01 * rng.normal())).collect()
    };
    let (a, b) = (samples(&line(1.0)), samples(&line(1.1)));
    let result = compare_pairs(&a, &b).unwrap();
    assert_eq!(result.verdict, Verdict::Slower);
    assert!(result.ratio_95.contains(1.1) && result.ratio_95.width() < 0.05, "{result:?}");
    assert!(matches!(super::run::drift(&a), Drift::Moved(ratio) if ratio > 1.2));
}

#[test]
fn bootstrap_is_repeatable_and_near_student() {
    let mut rng = Rng::seed(2);
    let s = Samples::new((0..60).map(|_| rng.normal()).collect()).unwrap();
    let again = |seed| bootstrap(&s, Samples::mean, 0.95, 4000, &mut Rng::seed(seed)).unwrap();
    assert_eq!(again(1), again(1));
    let student = s.mean_interval(0.95).unwrap().unwrap();
    // For 60 normal samples both forms agree to a few percent of the width.
    assert!((again(1).low - student.low).abs() < 0.1 * student.width());
    assert!((again(1).high - student.high).abs() < 0.1 * student.width());
}

#[test]
fn the_front_is_what_no_other_beats() {
    let candidates: Vec<Vec<f64>> =
        [[1.0, 5.0], [2.0, 4.0], [2.0, 4.0], [3.0, 4.0], [0.5, 9.0], [4.0, 1.0]]
            .iter()
            .map(|p| p.to_vec())
            .collect();
    let front = pareto_front(&candidates, &[Goal::Small, Goal::Small]).unwrap();
    assert_eq!(front, [0, 1, 2, 4, 5]);
    // With the first figure turned round its best candidate is the one with 4, which beats all others but itself.
    assert_eq!(pareto_front(&candidates, &[Goal::Large, Goal::Small]).unwrap(), [5]);
    assert!(pareto_front(&candidates, &[Goal::Small]).is_err());
    assert!(pareto_front(&[vec![f64::NAN]], &[Goal::Small]).is_err());
}

#[test]
fn a_longer_piece_of_work_takes_longer() {
    let work = |n: u64| (0..n).fold(1_u64, |h, i| core::hint::black_box(h ^ i).wrapping_mul(31));
    let bench = Bench::new().samples(9).warmup_ms(5).sample_time_ms(1);
    let short = bench.run(|| work(1_000)).unwrap();
    let long = bench.run(|| work(10_000)).unwrap();
    // Ten times the work. The fastest samples are those that nothing else disturbed.
    let ratio = long.seconds.sorted()[0] / short.seconds.sorted()[0];
    assert!((3.0..30.0).contains(&ratio), "{ratio}");
    assert!(short.iterations > long.iterations);
}

#[test]
fn a_failing_piece_of_work_ends_the_measurement() {
    let mut calls = 0;
    let result = Bench::new().try_run(|| {
        calls += 1;
        if calls == 3 { Samples::new(Vec::new()) } else { Samples::new(vec![1.0]) }
    });
    assert!(result.is_err());
    assert_eq!(calls, 3);
}

#[test]
fn reports_hold_every_row_whatever_its_name() {
    let mut report = Report::new("Two\nlines");
    report.add("a | b, \"c\"", "s", &samples(&[0.001, 0.002, 0.003]));
    report.add("one", "s", &samples(&[12.0]));
    let markdown = report.markdown();
    assert!(markdown.starts_with("# Two lines\n"), "{markdown}");
    assert!(markdown.contains("| a \\| b, \"c\" | 3 | 0.002000 |"), "{markdown}");
    assert!(markdown.contains("| one | 1 | 12.00 | 12.00, one sample | none |"), "{markdown}");
    let csv = report.csv();
    assert!(csv.contains("\"a | b, \"\"c\"\"\",s,3,"), "{csv}");
    assert_eq!(csv.lines().count(), 3);
    assert_eq!(Environment::read().entries().len(), 7);
}

//! The figures and the program of chapter 19. Times are drawn from a seed, never measured, so that the figures stay.

use tinytorch_core::{
    Rng,
    bench::{Samples, Verdict, t_quantile},
    slots::bench::{compare, confidence_interval},
};

use crate::chapter::Chapter;

fn program() -> tinytorch_core::Result<()> {
    use tinytorch_core::bench::{Bench, Samples, Verdict, compare};

    // Six times before a change and six after it, in milliseconds.
    let before = Samples::new(vec![10.1, 10.0, 10.3, 9.9, 10.2, 10.0])?;
    let after = Samples::new(vec![8.0, 8.2, 7.9, 8.1, 8.3, 8.0])?;
    let result = compare(&before, &after)?;
    assert_eq!((result.verdict, result.effect), (Verdict::Faster, 1.0));
    assert!(result.ratio_95.contains(0.8) && result.p < 0.01);
    // A program against itself: whatever the machine does meanwhile, the call says how sure it is.
    let measured =
        Bench::new().samples(5).warmup_ms(1).sample_time_ms(1).run(|| (0..999_u64).sum::<u64>())?;
    assert!(measured.seconds.median() > 0.0);
    Ok(())
}

#[test]
fn the_program_runs() {
    program().unwrap();
    if let Some(chapter) = Chapter::open("19-benchmarking.md") {
        chapter.shows_program_of(include_str!("chapters_benchmarking.rs"));
    }
}

#[test]
fn one_long_run() {
    let s = Samples::new(vec![1.2, 3.1, 1.4, 1.3, 1.5, 1.1, 1.6]).unwrap();
    let (mean, median, std) = (s.mean(), s.median(), s.std().unwrap());
    let without = Samples::new(vec![1.2, 1.4, 1.3, 1.5, 1.1, 1.6]).unwrap();
    let text = format!(
        "a mean of {mean:.2} ms, a median of {median:.2} ms and a deviation of {std:.2} ms; without the long run {:.2}, {:.2} and {:.2} ms",
        without.mean(),
        without.median(),
        without.std().unwrap()
    );
    println!("{text}");
    if let Some(chapter) = Chapter::open("19-benchmarking.md") {
        chapter.says(text);
    }
}

#[test]
fn coverage_of_intervals() {
    let trials = 10_000;
    let row = |n: usize| {
        let mut rng = Rng::seed(1908);
        let (mut student, mut normal) = (0, 0);
        for _ in 0..trials {
            let values: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
            let i = confidence_interval(&values, 0.95).unwrap().unwrap();
            let (middle, half) = (f64::midpoint(i.low, i.high), (i.high - i.low) / 2.0);
            let t = t_quantile(0.975, n as f64 - 1.0).unwrap();
            student += usize::from(i.contains(0.0));
            normal += usize::from(middle.abs() <= half / t * 1.96);
        }
        let percent = |hits: usize| 100.0 * hits as f64 / f64::from(trials);
        let t = t_quantile(0.975, n as f64 - 1.0).unwrap();
        // 10,000 trials have a deviation of 0.22 points.
        assert!((94.0..=96.0).contains(&percent(student)), "{n}");
        format!("| {n} | {t:.2} | {:.1} % | {:.1} % |", percent(student), percent(normal))
    };
    let rows = [3, 5, 10, 30].map(row);
    println!("{}", rows.join("\n"));
    if let Some(chapter) = Chapter::open("19-benchmarking.md") {
        chapter.says(rows.join("\n"));
    }
}

/// Times of a program: a base, noise of 3 % that only adds, and a hiccup in one run of twenty.
fn times(rng: &mut Rng, n: usize, base: f64) -> Vec<f64> {
    let mut run = || {
        let hiccup = if rng.uniform() < 0.05 { 3.0 } else { 1.0 };
        base * hiccup * (1.0 + 0.03 * rng.normal().abs())
    };
    (0..n).map(|_| run()).collect()
}

#[test]
fn what_a_comparison_finds() {
    let row = |slower: f64| {
        let found = [5, 10, 20, 40].map(|n| {
            let mut rng = Rng::seed(20);
            let (mut test, mut means) = (0, 0);
            for _ in 0..500 {
                let (a, b) = (times(&mut rng, n, 1.0), times(&mut rng, n, 1.0 + slower));
                test += usize::from(compare(&a, &b).unwrap().0 == Verdict::Slower);
                let mean = |v: &[f64]| v.iter().sum::<f64>();
                means += usize::from(mean(&b) > 1.05 * mean(&a));
            }
            (test as f64 / 5.0, means as f64 / 5.0)
        });
        let cells: Vec<String> = found.iter().map(|(test, _)| format!("{test:.0} %")).collect();
        let means = format!("{:.0} %", found[2].1);
        format!("| {:.0} % | {} | {means} |", 100.0 * slower, cells.join(" | "))
    };
    let rows = [0.0, 0.02, 0.05, 0.2].map(row);
    println!("{}", rows.join("\n"));
    if let Some(chapter) = Chapter::open("19-benchmarking.md") {
        chapter.says(rows.join("\n"));
    }
}

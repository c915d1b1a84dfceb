//! Checks of module 19. Nothing here looks at a clock: times are told, or drawn from a seed.

use core::cell::RefCell;

use super::{Figures, Interval, Tensor, Verdict, ask};
use crate::{
    Error, Result, Rng,
    course::{
        check::{Verdict as Check, equal, holds, refused, value},
        deferred,
        lesson::checks,
    },
};

/// Equal up to some roundings of numbers of this size.
fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * b.abs().max(1.0)
}

fn at(sorted: &[f64], share: f64, want: f64) -> Check {
    let got = ask::percentile(sorted, share);
    holds(format!("{sorted:?} at {share}"), got, &want.to_string(), |got| near(*got, want))
}

/// Known samples: deviations -0.4 1.5 -0.2 -0.3 -0.1 -0.5 0 from the mean 1.6 have squares that sum to 2.8.
const KNOWN: [f64; 7] = [1.2, 3.1, 1.4, 1.3, 1.5, 1.1, 1.6];

fn figure(values: &[f64], name: &str, of: fn(&Figures) -> f64, want: f64) -> Check {
    let input = format!("{name} of {values:?}");
    holds(input, ask::summarise(values).map(|f| of(&f)), &want.to_string(), |got| near(*got, want))
}

fn interval(values: &[f64], level: f64, [low, high]: [f64; 2]) -> Check {
    let got = ask::confidence_interval(values, level);
    let law = format!("Some({low} to {high})");
    // Quantiles of Student are computed to 1e-12.
    let same = |i: &Interval| (i.low - low).abs() < 1e-9 && (i.high - high).abs() < 1e-9;
    holds(format!("{values:?} at {level}"), got, &law, |got| got.as_ref().is_some_and(same))
}

/// What a measurement of `runs` calls after `warmup` others returns, and what happened in order. Run i lasts i + 2.
fn timed(warmup: usize, runs: usize, fails_at: usize) -> (Result<Vec<f64>>, String) {
    let log = RefCell::new(String::new());
    let (mut calls, mut readings, mut time) = (0, 0, 0.0);
    let mut work = || {
        log.borrow_mut().push('w');
        calls += 1;
        match calls == fails_at {
            true => Err(Error::MissingParameter { name: "work".to_owned() }),
            false => Ok(()),
        }
    };
    let mut now = || {
        log.borrow_mut().push('t');
        // A hundred pass between two runs.
        time += if readings % 2 == 1 { f64::from(readings / 2) + 2.0 } else { 100.0 };
        readings += 1;
        time
    };
    let got = ask::run_latency(&mut work, warmup, runs, &mut now);
    (got, log.into_inner())
}

/// The share of right answers when sample k is the number k and every sample is taken for what it is, and the sizes of the batches.
fn counted(labels: &[usize], samples: usize, batch: usize) -> (Result<f64>, Vec<usize>) {
    let mut sizes = Vec::new();
    let x = Tensor::from_vec((0..samples).map(|v| v as f32).collect(), [samples, 1]);
    let got = x.and_then(|x| {
        let mut predict = |x: &Tensor| {
            sizes.push(x.dims()[0]);
            Ok(x.to_vec_as::<f32>().iter().map(|v| *v as usize).collect())
        };
        ask::run_accuracy(&mut predict, &x, labels, batch)
    });
    (got, sizes)
}

/// Times of a program: a base, and noise of 3 % that only adds.
fn program(rng: &mut Rng, n: usize, base: f64) -> Vec<f64> {
    (0..n).map(|_| base * (1.0 + 0.03 * rng.normal().abs())).collect()
}

fn says(first: &[f64], second: &[f64], want: Verdict) -> Check {
    let got = ask::compare(first, second).map(|g| g.0);
    equal(format!("{first:?} against {second:?}"), got, want)
}

fn delta(first: &[f64], second: &[f64], want: f64) -> Check {
    let got = ask::compare(first, second).map(|g| g.1);
    let input = format!("Cliff's delta of {first:?} against {second:?}");
    holds(input, got, &want.to_string(), |got| near(*got, want))
}

const LOW: [f64; 8] = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7];
const HIGH: [f64; 8] = [2.0, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6, 2.7];

checks! {
    $ __course_m19 m19;
    percentile {
        between Hand 2 "two neighbours in proportion" => {
            at(&[10.0, 20.0, 30.0, 40.0], 0.5, 25.0)?;
            at(&[10.0, 20.0, 30.0, 40.0], 0.25, 17.5)?;
            at(&[1.0, 2.0, 4.0, 8.0, 16.0], 0.9, 12.8)
        };
        ends Hand 1 "0 is the smallest, 1 the largest" => {
            at(&[3.0, 5.0, 9.0], 0.0, 3.0)?;
            at(&[3.0, 5.0, 9.0], 1.0, 9.0)
        };
        one Hand 1 "a single value is every percentile" => at(&[7.0], 0.3, 7.0);
        exact Hand 1 "a position that is a value" => at(&[3.0, 5.0, 9.0], 0.5, 5.0);
        bad Error 1 "shares go from 0 to 1, and something must be there" => {
            refused!("a share of 1.5", ask::percentile(&[1.0, 2.0], 1.5), InvalidArgument)?;
            refused!("a share of -0.1", ask::percentile(&[1.0, 2.0], -0.1), InvalidArgument)?;
            refused!("a share of NaN", ask::percentile(&[1.0, 2.0], f64::NAN), InvalidArgument)?;
            refused!("no values", ask::percentile(&[], 0.5), InvalidArgument)
        };
    }
    summarise {
        mean Hand 1 "the sum divided by the number" => figure(&KNOWN, "mean", |f| f.mean, 1.6);
        median Hand 2 "the middle of sorted values, or between two" => {
            figure(&KNOWN, "median", |f| f.median, 1.4)?;
            figure(&[4.0, 1.0, 3.0, 10.0], "median", |f| f.median, 3.5)
        };
        deviation Hand 2 "squares are divided by n - 1" => {
            figure(&KNOWN, "deviation", |f| f.std.unwrap_or(f64::NAN), (2.8_f64 / 6.0).sqrt())
        };
        ends Hand 1 "smallest and largest" => {
            figure(&KNOWN, "smallest", |f| f.min, 1.1)?;
            figure(&KNOWN, "largest", |f| f.max, 3.1)
        };
        one Hand 1 "one value has no spread" => {
            equal("[2]", ask::summarise(&[2.0]), Figures { mean: 2.0, std: None, min: 2.0, median: 2.0, max: 2.0 })
        };
        far_away Property 2 "values far from 0 keep their spread" => {
            // Exact in f64: 2^30 + 0, 1, 2 have the deviation 1.
            let far = 1_073_741_824.0;
            figure(&[far, far + 1.0, far + 2.0], "deviation", |f| f.std.unwrap_or(f64::NAN), 1.0)
        };
        negative Hand 1 "values below 0 count as they are" => {
            figure(&[-3.0, -1.0, -2.0], "largest", |f| f.max, -1.0)?;
            figure(&[-3.0, -1.0, -2.0], "smallest", |f| f.min, -3.0)
        };
        bad Error 1 "no value and no number have no mean" => {
            refused!("no values", ask::summarise(&[]), InvalidArgument)?;
            refused!("a NaN", ask::summarise(&[1.0, f64::NAN]), InvalidArgument)?;
            refused!("an infinity", ask::summarise(&[f64::INFINITY, 1.0]), InvalidArgument)
        };
        in_the_library Systems 1 "Samples::summary runs on the slot" => {
            let samples = value("known samples", crate::bench::Samples::new(KNOWN.to_vec()))?;
            let median = samples.summary().median;
            // A summary cannot fail, so an error of the slot waits.
            equal("median of known samples", deferred().map(|()| median), 1.4)
        };
    }
    confidence_interval {
        // t(0.975, 2) = 4.302652729911; mean 2, deviation 1, root of 3.
        by_hand Hand 2 "mean and t times deviation over the root of n" => {
            let half = 4.302_652_729_911_275 / 3.0_f64.sqrt();
            interval(&[1.0, 2.0, 3.0], 0.95, [2.0 - half, 2.0 + half])
        };
        // One degree of freedom is Cauchy's distribution: t(0.75) = tan(π/4) = 1. Mean 5, deviation √2, root of 2.
        level Hand 2 "half of the rest lies on either side" => interval(&[4.0, 6.0], 0.5, [4.0, 6.0]);
        one Hand 1 "one value says nothing about the spread" => {
            equal("[3]", ask::confidence_interval(&[3.0], 0.95), None::<Interval>)
        };
        still Hand 1 "values without a spread have an interval without a width" => interval(&[2.0; 4], 0.95, [2.0, 2.0]);
        coverage Property 4 "of intervals at 95 % some 95 in 100 hold the truth" => {
            let mut rng = Rng::seed(1908);
            let mut hits = 0;
            for _ in 0..1000 {
                let values: Vec<f64> = (0..5).map(|_| 5.0 + rng.normal()).collect();
                let got = value("five normal values around 5", ask::confidence_interval(&values, 0.95))?;
                hits += usize::from(got.is_some_and(|i| i.low <= 5.0 && 5.0 <= i.high));
            }
            // 1,000 trials have a deviation of 0.7 points.
            holds("1,000 times five normal values: how many intervals hold the mean", Ok(hits), "930 to 970", |h| (930..=970).contains(h))
        };
        width Property 1 "four times as many values halve the interval" => {
            let width = |n: usize| {
                let values: Vec<f64> = (0..n).map(|i| if i % 2 == 0 { 1.0 } else { 3.0 }).collect();
                ask::confidence_interval(&values, 0.95).map(|i| i.map_or(f64::NAN, |i| i.high - i.low))
            };
            let (few, many) = (value("100 values", width(100))?, value("400 values", width(400))?);
            // Deviation and t change a little with n: 1.1 %.
            holds("widths of 100 and 400 values", Ok(few / many), "a ratio of 2", |r| (r - 2.0).abs() < 0.04)
        };
        bad Error 1 "levels lie between 0 and 1" => {
            refused!("a level of 1", ask::confidence_interval(&[1.0, 2.0], 1.0), InvalidArgument)?;
            refused!("a level of 95", ask::confidence_interval(&[1.0, 2.0], 95.0), InvalidArgument)?;
            refused!("no values", ask::confidence_interval(&[], 0.95), InvalidArgument)?;
            refused!("a NaN", ask::confidence_interval(&[1.0, f64::NAN], 0.95), InvalidArgument)
        };
    }
    run_latency {
        order Systems 3 "warm-up without the clock, then clock, work, clock" => {
            equal("3 calls of warm-up, 2 runs; w is work, t the clock", value("3 calls of warm-up, 2 runs", timed(3, 2, 0).0).map(|_| Ok(timed(3, 2, 0).1))?, "wwwtwttwt")
        };
        times Hand 2 "the difference of the two readings" => {
            equal("no warm-up, runs that last 2, 3, 4", timed(0, 3, 0).0, vec![2.0, 3.0, 4.0])
        };
        error Error 1 "what the work returns ends the measurement" => {
            refused!("work that fails in the warm-up", timed(2, 2, 1).0, MissingParameter)?;
            refused!("work that fails in a run", timed(1, 3, 3).0, MissingParameter)
        };
        none Error 1 "there must be runs" => refused!("no runs", timed(1, 0, 0).0, InvalidArgument);
    }
    run_accuracy {
        share Hand 2 "right answers divided by samples" => {
            equal("samples 0 to 4, labels 0 1 9 3 9, batches of 5", counted(&[0, 1, 9, 3, 9], 5, 5).0, 0.6)
        };
        // The first three and the last one: 4 of 7. Means of batches would give (1 + 0 + 1)/3.
        last_batch Hand 3 "samples count, not batches" => {
            let got = counted(&[0, 1, 2, 9, 9, 9, 6], 7, 3);
            holds("samples 0 to 6, labels 0 1 2 9 9 9 6, batches of 3", got.0, "4/7", |g| near(*g, 4.0 / 7.0))
        };
        batches Systems 2 "no more than a batch at once, all samples once" => {
            let got = counted(&[0; 7], 7, 3);
            value("7 samples, batches of 3", got.0)?;
            equal("7 samples, batches of 3: sizes", Ok(got.1), vec![3usize, 3, 1])?;
            let got = counted(&[0; 2], 2, 100);
            value("2 samples, batches of 100", got.0)?;
            equal("2 samples, batches of 100: sizes", Ok(got.1), vec![2usize])
        };
        none_right Hand 1 "nothing right is 0" => equal("two samples, both wrong", counted(&[5, 5], 2, 1).0, 0.0);
        bad Error 1 "samples, labels and batches fit" => {
            refused!("no samples", counted(&[], 0, 1).0, InvalidArgument)?;
            refused!("two samples, one label", counted(&[0], 2, 1).0, InvalidArgument)?;
            refused!("batches of 0", counted(&[0, 1], 2, 0).0, InvalidArgument)
        };
        answers Error 1 "an answer for each sample" => {
            let x = value("three samples", Tensor::from_vec(vec![0.0f32; 3], [3, 1]))?;
            let got = ask::run_accuracy(&mut |_| Ok(vec![0]), &x, &[0, 0, 0], 3);
            refused!("three samples, one answer", got, InvalidArgument)
        };
    }
    compare {
        faster Hand 1 "the second takes less" => says(&HIGH, &LOW, Verdict::Faster);
        slower Hand 1 "the second takes more" => says(&LOW, &HIGH, Verdict::Slower);
        too_few Hand 2 "of the 20 ways to divide six into three and three, two are as extreme: 10 %" => {
            says(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], Verdict::NoDifferenceShown)
        };
        same Hand 1 "equal times show nothing" => says(&[2.0; 9], &[2.0; 9], Verdict::NoDifferenceShown);
        // Wins 1 (3 over 2), losses 3 of four pairs.
        effect Hand 2 "wins of the first minus losses, divided by all pairs" => {
            delta(&[1.0, 3.0], &[2.0, 4.0], -0.5)?;
            delta(&[5.0, 6.0, 7.0], &[1.0, 2.0], 1.0)
        };
        // Pairs: 2-2 tie, 2-3 loss, 3-2 win, 3-3 tie; and 1-1 against 1-2: tie, loss, tie, loss.
        ties Hand 1 "equal values are neither wins nor losses" => {
            delta(&[2.0, 3.0], &[2.0, 3.0], 0.0)?;
            delta(&[1.0, 1.0], &[1.0, 2.0], -0.5)
        };
        one_hiccup Property 2 "a single long run makes no program slow" => {
            let mut slow = LOW;
            slow[7] = 900.0;
            says(&LOW, &slow, Verdict::NoDifferenceShown)
        };
        slowdown Property 3 "a fifth more time is found" => {
            let mut rng = Rng::seed(20);
            for trial in 0..30 {
                let (first, second) = (program(&mut rng, 20, 1.0), program(&mut rng, 20, 1.2));
                let got = ask::compare(&first, &second).map(|g| g.0);
                equal(format!("trial {trial}: 20 runs each, the second program 20 % slower"), got, Verdict::Slower)?;
            }
            Ok(())
        };
        equal_programs Property 4 "at 5 %, one comparison of equal programs in twenty may be wrong" => {
            // Of this stream ranks, means, medians mixed at random and Student's t each claim three at most.
            let mut rng = Rng::seed(48);
            let mut wrong = 0;
            for _ in 0..100 {
                let (first, second) = (program(&mut rng, 12, 1.0), program(&mut rng, 12, 1.0));
                let got = value("12 runs each of one program", ask::compare(&first, &second))?;
                wrong += usize::from(got.0 != Verdict::NoDifferenceShown);
            }
            holds("100 times 12 runs each of one program: differences claimed", Ok(wrong), "at most 6", |w| *w <= 6)
        };
        bad Error 1 "there must be times, and numbers" => {
            refused!("no times", ask::compare(&[], &[1.0]), InvalidArgument)?;
            refused!("no times", ask::compare(&[1.0], &[]), InvalidArgument)?;
            refused!("a NaN", ask::compare(&[1.0, 2.0], &[f64::NAN]), InvalidArgument)
        };
    }
}

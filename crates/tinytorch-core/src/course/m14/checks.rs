//! Checks of module 14.

use core::time::Duration;

use super::{Bound, LatencyStats, Metrics, Work, ask};
use crate::{
    DType, Error, Result, Rng, Tensor, count,
    course::{
        check::{Verdict, close, equal, fail, holds, refused, value},
        lesson::checks,
    },
    nn::{Conv2d, Flatten, Linear, MaxPool2d, Relu, Sequential},
    profile::{self, Machine, Row},
};

/// Shapes of parameters and how many numbers they hold.
fn parameters(shapes: &[&[usize]], n: usize) -> Verdict {
    equal(format!("{shapes:?}"), ask::count_parameters(shapes), n)
}

fn flops(work: Work, n: u64) -> Verdict {
    equal(format!("{work:?}"), ask::count_flops(work), n)
}

/// Operations of dense layers, `(inputs, outputs)`, on `rows` rows.
fn dense(rows: usize, layers: &[(usize, usize)], n: u64) -> Verdict {
    let one =
        |&(n_in, n_out): &(usize, usize)| ask::count_flops(Work::Linear { rows, n_in, n_out });
    let sum = layers.iter().map(one).sum::<Result<u64>>();
    equal(format!("{rows} rows through dense layers {layers:?}"), sum, n)
}

fn bytes(shape: &[usize], element: usize, n: usize) -> Verdict {
    equal(
        format!("shape {shape:?}, {element} bytes each"),
        ask::activation_bytes(shape, element),
        n,
    )
}

/// A small network of images and what it costs for two of them.
fn cost() -> Result<count::Cost> {
    let rng = &mut Rng::seed(0);
    let net = Sequential::new()
        .push(Conv2d::new(1, 8, 3, rng)?)
        .push(Relu)
        .push(MaxPool2d::new(2)?)
        .push(Flatten)
        .push(Linear::new(72, 10, rng)?);
    count::count(&net, &[2, 1, 8, 8])
}

const NET: &str = "conv 1 to 8, 3x3; relu; pool 2x2; flatten; linear 72 to 10; input [2, 1, 8, 8]";

/// Times and their figures, in the order of `LatencyStats::new`.
fn stats(times: &[f64], mean: f64, [min, median, p95, p99, max]: [f64; 5]) -> Verdict {
    let got = ask::latency_stats(times)
        .map(|s| [s.mean, s.min, s.median, s.p95, s.p99, s.max].map(|v| v as f32).to_vec());
    let want = [mean, min, median, p95, p99, max].map(|v| v as f32);
    close(format!("{times:?}: mean, min, median, p95, p99, max"), got, &want, 1e-6)
}

fn metrics(flops: u64, bytes: u64, seconds: f64, want: Metrics) -> Verdict {
    equal(
        format!("{flops} operations, {bytes} bytes, {seconds} s"),
        ask::derived_metrics(flops, bytes, seconds),
        want,
    )
}

/// A machine of 100 GFLOP/s and 10 GB/s has its ridge at 10 operations for each byte.
fn bound(intensity: f64, want: Bound) -> Verdict {
    equal(
        format!("{intensity} FLOP/B on 100 GFLOP/s and 10 GB/s"),
        ask::classify_bottleneck(intensity, 100e9, 10e9),
        want,
    )
}

/// What a slot returned where nothing can fail: its error waits for the next operation.
fn late(input: &str) -> Verdict {
    value(input, Tensor::from([1.0f32]).add_scalar(1.0)).map(|_| ())
}

checks! {
    $ __course_m14 m14;
    count_parameters {
        by_hand Hand 1 "the product of each shape, added up" => parameters(&[&[3, 4], &[4], &[2, 2, 2]], 12 + 4 + 8);
        mlp Golden 1 "weights and biases of 784-256-10" => {
            parameters(&[&[256, 784], &[256], &[10, 256], &[10]], 203_530)
        };
        scalar Hand 1 "a shape without axes is one number" => parameters(&[&[], &[5]], 6);
        nothing Hand 1 "no parameters, and one without elements" => {
            parameters(&[], 0)?;
            parameters(&[&[3, 0], &[2]], 2)
        };
        in_the_library Systems 1 "count::count runs on the slot" => {
            equal(NET, cost().map(|c| c.parameters()), 8 * 9 + 8 + 720 + 10)
        };
    }
    count_flops {
        linear Golden 2 "two operations for each product" => {
            flops(Work::Linear { rows: 1, n_in: 128, n_out: 64 }, 16_384)?;
            flops(Work::Linear { rows: 5, n_in: 3, n_out: 2 }, 60)
        };
        conv Golden 2 "two operations for each product of a window" => {
            // 32 images 3x224x224, 64 filters of 3x3, padded by 1.
            flops(Work::Conv2d { outputs: 32 * 64 * 224 * 224, window: 27 }, 5_549_064_192)
        };
        free Hand 1 "comparisons and copies are not counted" => flops(Work::Free, 0);
        gpt Golden 2 "more than 32 bits hold" => {
            // The dense layers of the 12 blocks of GPT-2 on 1,024 tokens, and its head.
            let block = [(768, 2304), (768, 768), (768, 3072), (3072, 768)];
            dense(1024, &block.repeat(12), 173_946_175_488)?;
            dense(1024, &[(768, 50_257)], 79_047_426_048)
        };
        in_the_library Systems 1 "count::count runs on the slot" => {
            equal(NET, cost().map(|c| c.flops()), 2u64 * 2 * (36 * 8 * 9 + 720))
        };
    }
    activation_bytes {
        by_hand Golden 2 "numbers times bytes" => {
            bytes(&[64, 224, 224], 4, 12_845_056)?;
            bytes(&[3, 5, 7], 2, 210)
        };
        small Hand 1 "one byte each" => bytes(&[10, 10], 1, 100);
        scalar Hand 1 "a shape without axes is one number" => bytes(&[], 8, 8);
        nothing Hand 1 "an axis without elements" => bytes(&[4, 0, 2], 4, 0);
        in_the_library Systems 1 "count::count runs on the slot" => {
            equal(NET, cost().map(|c| c.activation_bytes()), 4usize * 2 * (64 + 288 + 288 + 72 + 72 + 10))
        };
    }
    latency_stats {
        known Golden 3 "percentiles are interpolated in the sorted times" => {
            // Places 5.7 and 5.94 of seven, between 1.6 and 3.1.
            stats(&[1.2, 3.1, 1.4, 1.3, 1.5, 1.1, 1.6], 1.6, [1.1, 1.4, 2.65, 3.01, 3.1])
        };
        even Hand 1 "the median of an even number lies between two" => {
            stats(&[4.0, 1.0, 2.0, 3.0], 2.5, [1.0, 2.5, 3.85, 3.97, 4.0])
        };
        one Hand 1 "a single time is all of them" => stats(&[0.25], 0.25, [0.25; 5]);
        order Property 1 "the order of the times says nothing" => {
            let times: Vec<f64> = (0..50).map(|i| f64::from(i * 37 % 50)).collect();
            let mut turned = times.clone();
            turned.reverse();
            let got = ask::latency_stats(&times).and_then(|a| Ok((a, ask::latency_stats(&turned)?)));
            // 0 to 49 in some order: the 95th percentile at place 46.55.
            holds("0 to 49 mixed, and the same backwards", got, "twice the same, with p95 46.55", |(a, b)| {
                (a.mean - b.mean).abs() < 1e-9 && (a.median, a.p99, a.max) == (b.median, b.p99, b.max) && (a.p95 - 46.55).abs() < 1e-9
            })
        };
        none Error 1 "nothing measured, nothing to say" => refused!("no times", ask::latency_stats(&[]), InvalidArgument);
        bad Error 1 "a time is 0 or more" => {
            for times in [[1.0, f64::NAN], [f64::INFINITY, 1.0], [1.0, -0.5]] {
                refused!(format!("{times:?}"), ask::latency_stats(&times), InvalidArgument)?;
            }
            Ok(())
        };
        in_the_library Systems 1 "profile::measure_latency runs on the slot" => {
            let mut calls = 0;
            let got = profile::measure_latency(3, 9, || {
                calls += 1;
                Ok(())
            });
            let law = "figures in order, the mean between the ends";
            holds("9 calls after 3", got, law, |s: &LatencyStats| {
                let LatencyStats { mean, min, median, p95, p99, max } = *s;
                min <= median && median <= p95 && p95 <= p99 && p99 <= max && min <= mean && mean <= max
            })?;
            equal("9 calls after 3: calls", Ok::<_, Error>(calls), 12)
        };
    }
    derived_metrics {
        by_hand Hand 2 "divided by the time, in billions" => {
            metrics(6_000_000_000, 2_000_000_000, 0.5, Metrics::new(12.0, 4.0, Some(3.0)))
        };
        no_bytes Hand 1 "without traffic there is no intensity" => {
            metrics(1_000_000_000, 0, 1.0, Metrics::new(1.0, 0.0, None))?;
            metrics(0, 4_000_000_000, 2.0, Metrics::new(0.0, 2.0, Some(0.0)))
        };
        time Property 1 "twice the time is half the speed at the same intensity" => {
            let got = ask::derived_metrics(3 << 30, 1 << 30, 1.0).and_then(|a| Ok((a, ask::derived_metrics(3 << 30, 1 << 30, 2.0)?)));
            holds("3 GiFLOP and 1 GiB in 1 s and in 2 s", got, "half the speed, half the traffic, intensity 3", |(a, b)| {
                a.gflops == 2.0 * b.gflops && a.gigabytes_per_second == 2.0 * b.gigabytes_per_second && (a.intensity, b.intensity) == (Some(3.0), Some(3.0))
            })
        };
        no_time Error 1 "nothing takes no time" => {
            for seconds in [0.0, -1.0, f64::NAN, f64::INFINITY] {
                refused!(format!("{seconds} s"), ask::derived_metrics(1, 1, seconds), InvalidArgument)?;
            }
            Ok(())
        };
        in_the_library Systems 1 "tables of profile run on the slot" => {
            let input = "a row of a table: 8 GFLOP, 2 GB, 4 s";
            let row = Row { name: "matmul".into(), calls: 1, own: Duration::from_secs(4), flops: 8_000_000_000, unknown: 0, bytes: 2_000_000_000 };
            let got = (row.gflops(), row.gigabytes_per_second());
            late(input)?;
            equal(input, Ok(got), (Some(2.0), Some(0.5)))
        };
    }
    classify_bottleneck {
        by_hand Hand 2 "below the ridge memory is the lower roof" => {
            bound(1.0 / 12.0, Bound::Memory)?;
            bound(9.99, Bound::Memory)?;
            bound(10.01, Bound::Compute)?;
            bound(85.3, Bound::Compute)
        };
        ridge Hand 1 "at the ridge arithmetic is the limit" => bound(10.0, Bound::Compute);
        ends Hand 1 "no arithmetic, and no traffic" => {
            bound(0.0, Bound::Memory)?;
            bound(f64::INFINITY, Bound::Compute)
        };
        machines Property 1 "the same work on other machines" => {
            for (flops, bandwidth, want) in [(1e9, 1e9, Bound::Compute), (1e12, 1e9, Bound::Memory), (50e9, 25e9, Bound::Compute), (51e9, 25e9, Bound::Memory)] {
                equal(format!("2 FLOP/B on {flops} FLOP/s and {bandwidth} B/s"), ask::classify_bottleneck(2.0, flops, bandwidth), want)?;
            }
            Ok(())
        };
        bad Error 1 "a machine without figures has no ridge" => {
            for (intensity, flops, bandwidth) in
                [(-1.0, 1.0, 1.0), (f64::NAN, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, f64::NAN, 1.0), (1.0, 1.0, -1.0)]
            {
                let input = format!("{intensity} FLOP/B, {flops} FLOP/s, {bandwidth} B/s");
                refused!(input, ask::classify_bottleneck(intensity, flops, bandwidth), InvalidArgument)?;
            }
            Ok(())
        };
        in_the_library Systems 1 "Profile::roofline runs on the slot" => {
            let input = "a product of size 64 (10.7 FLOP/B) and a sum (0.08) under a ridge of 5";
            let a = value(input, Tensor::ones([64, 64], DType::F32))?;
            let (result, seen) = profile::trace(|| a.matmul(&a).and_then(|c| c.add(&a)));
            value(input, result)?;
            let placed = seen.roofline(&Machine::new(50e9, 10e9));
            late(input)?;
            let of = |name: &str| placed.iter().find(|p| p.row.name == name).map(|p| p.bound);
            match (of("matmul"), of("add")) {
                (Some(Bound::Compute), Some(Bound::Memory)) => Ok(()),
                got => Err(fail(input, "Compute and Memory", format!("{got:?}"), None)),
            }
        };
    }
}

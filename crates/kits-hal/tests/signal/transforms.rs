//! The transforms against their definition, and their laws.

use kits_hal::dsp::{Buffer, DspError, Parameter, rfft, rfft_q15};

use crate::{Random, oracle::dft};

const SIZES: [usize; 8] = [8, 16, 32, 64, 128, 256, 512, 1024];

fn spectrum(x: &[f32]) -> Vec<(f64, f64)> {
    let mut x = x.to_vec();
    let bins = rfft(&mut x).expect("a supported length");
    (0..bins.len())
        .map(|k| bins.get(k).expect("a bin"))
        .map(|(re, im)| (f64::from(re), f64::from(im)))
        .collect()
}

fn size(bins: impl IntoIterator<Item = (f64, f64)>) -> f64 {
    bins.into_iter().map(|(re, im)| re * re + im * im).sum::<f64>().sqrt()
}

fn difference(a: &[(f64, f64)], b: &[(f64, f64)]) -> f64 {
    size(a.iter().zip(b).map(|(a, b)| (a.0 - b.0, a.1 - b.1)))
}

#[test]
fn every_size_agrees_with_the_definition() {
    let mut random = Random(1);
    for n in SIZES {
        for scale in [1e-20, 1.0, 1e15] {
            let x: Vec<f32> = (0..n).map(|_| (scale * random.real()) as f32).collect();
            let wide: Vec<f64> = x.iter().copied().map(f64::from).collect();
            let exact = dft(&wide, n);
            // Ten stages, each adding about 2^-24 of the size in random directions.
            let error = difference(&spectrum(&x), &exact) / size(exact);
            assert!(error <= 3e-7, "{n}: {error:e}");
        }
    }
}

#[test]
fn energy_is_kept_sums_add_up_and_the_inverse_returns() {
    let mut random = Random(2);
    for n in SIZES {
        let [x, y] = [0, 1].map(|_| (0..n).map(|_| random.real() as f32).collect::<Vec<f32>>());
        let (fx, fy) = (spectrum(&x), spectrum(&y));
        // Parseval: inner bins stand for two.
        let energy: f64 = x.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
        let twice = |k: usize| if k == 0 || k == n / 2 { 1.0 } else { 2.0 };
        let power: f64 =
            fx.iter().enumerate().map(|(k, (re, im))| twice(k) * (re * re + im * im)).sum();
        assert!((power / n as f64 / energy - 1.0).abs() < 1e-6, "{n}");
        // Linearity; 3 and 0.5 make no rounding of their own worth mentioning.
        let mixed: Vec<f32> = x.iter().zip(&y).map(|(x, y)| 3.0 * x - 0.5 * y).collect();
        let sum: Vec<(f64, f64)> = fx
            .iter()
            .zip(&fy)
            .map(|(x, y)| (3.0 * x.0 - 0.5 * y.0, 3.0 * x.1 - 0.5 * y.1))
            .collect();
        assert!(difference(&spectrum(&mixed), &sum) < 1e-6 * size(sum.clone()), "{n}");
        // The inverse by definition, at some samples.
        for i in (0..n).step_by(n / 8) {
            let back: f64 = fx
                .iter()
                .enumerate()
                .map(|(k, (re, im))| {
                    let angle = core::f64::consts::TAU * (k * i % n) as f64 / n as f64;
                    twice(k) * (re * libm::cos(angle) - im * libm::sin(angle))
                })
                .sum();
            // N errors of 1e-7·√N, over N: far below 1e-5.
            assert!((back / n as f64 - f64::from(x[i])).abs() < 1e-5, "{i} of {n}");
        }
    }
}

#[test]
fn integers_agree_with_the_definition_as_far_as_they_are_rounded() {
    let mut random = Random(3);
    for n in SIZES {
        for loud in [20.0, 1000.0, 23_000.0] {
            // Pairs of at most 23 000 each stay in range.
            let x: Vec<i16> = (0..n).map(|_| (loud * random.real()) as i16).collect();
            let wide: Vec<f64> = x.iter().copied().map(f64::from).collect();
            let mut out = vec![0; n + 2];
            rfft_q15(&x, &mut out).expect("fitting lengths");
            let largest = wide.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
            for (k, (re, im)) in dft(&wide, n).into_iter().enumerate() {
                let got = [f64::from(out[2 * k]), f64::from(out[2 * k + 1])];
                let off = (got[0] - re / n as f64).hypot(got[1] - im / n as f64);
                // Six steps at most: each rounds to about a unit in both parts, of which a quarter or half survives
                // the next, and shortens by 1/8192.
                assert!(off <= 4.0 + largest * 6.0 / 8192.0, "{k} of {n} at {loud}: off by {off}");
            }
        }
    }
}

#[test]
fn other_lengths_are_refused_and_hostile_numbers_are_not() {
    for n in 0..1100 {
        let mut x = vec![0.5; n];
        let refused = DspError::Parameter { parameter: Parameter::Fft, found: 1000 * n as i64 };
        assert_eq!(rfft(&mut x).err(), (!SIZES.contains(&n)).then_some(refused));
        let long = vec![i16::MIN; n];
        for have in [0, n, n + 1, n + 2, n + 3] {
            let wrong =
                DspError::Length { buffer: Buffer::Output, need: n as u32 + 2, have: have as u32 };
            let expected = match (SIZES.contains(&n), have == n + 2) {
                (false, _) => Err(refused),
                (true, false) => Err(wrong),
                (true, true) => Ok(()),
            };
            assert_eq!(rfft_q15(&long, &mut vec![0; have]), expected, "{n} into {have}");
        }
    }
    for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN_POSITIVE] {
        let mut x = [odd; 64];
        let bins = rfft(&mut x).expect("a supported length");
        assert_eq!((bins.len(), bins.get(33)), (33, None));
        assert_eq!(bins.powers().len(), 33);
    }
}

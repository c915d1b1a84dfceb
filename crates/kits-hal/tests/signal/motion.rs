//! Filters and motion features against double precision and known laws.

use kits_hal::dsp::{
    Band, Buffer, Butterworth, DspError, Moments, Parameter, Spectral, SpectralConfig,
};

use crate::{Random, oracle::powers};

/// The gain of a filter at a frequency, from its sections: `|B(z)/A(z)|` on the unit circle.
fn gain(filter: &Butterworth, frequency: f64, rate: f64) -> f64 {
    let turn = core::f64::consts::TAU * frequency / rate;
    let at = |c: [f64; 3]| {
        let power = |k: f64| (libm::cos(k * turn), -libm::sin(k * turn));
        let [re, im] = [power(1.0), power(2.0)]
            .iter()
            .zip([c[1], c[2]])
            .fold([c[0], 0.0], |[re, im], (p, c)| [re + c * p.0, im + c * p.1]);
        re.hypot(im)
    };
    filter
        .sections()
        .iter()
        .map(|s| {
            let [a1, a2] = s.a.map(f64::from);
            at(s.b.map(f64::from)) / at([1.0, a1, a2])
        })
        .product()
}

#[test]
fn filters_have_the_gain_that_defines_them() {
    let rate = 100.0;
    for order in [2, 4, 6, 8] {
        for cutoff in [1.0, 7.0, 25.0, 43.0] {
            for band in [Band::Low, Band::High] {
                let filter = Butterworth::new(band, order, cutoff as f32, rate as f32).unwrap();
                let warp = |f: f64| libm::tan(core::f64::consts::PI * f / rate);
                for f in [0.01, 0.5, 3.0, cutoff, 20.0, 40.0, 49.0] {
                    // |H|² = 1/(1 + (w/w_c)^2n) for a low-pass, the inverse ratio for a high-pass.
                    let ratio = match band {
                        Band::Low => warp(f) / warp(cutoff),
                        _ => warp(cutoff) / warp(f),
                    };
                    let exact = (1.0 + libm::pow(ratio, 2.0 * order as f64)).sqrt().recip();
                    let found = gain(&filter, f, rate);
                    // Coefficients in f32: what a section lets through where all nearly cancels is off by 1e-7 over
                    // the square of the cut-off's distance from 0, 1e-7/(0.06²).
                    assert!(
                        (found - exact).abs() < 2e-4,
                        "{band:?} {order} {cutoff}: {found} at {f}, not {exact}"
                    );
                }
            }
        }
    }
}

#[test]
fn impossible_filters_are_refused() {
    let found = |order, cutoff, rate| match Butterworth::new(Band::Low, order, cutoff, rate) {
        Ok(_) => None,
        Err(DspError::Parameter { parameter, .. }) => Some(parameter),
        Err(other) => panic!("{other}"),
    };
    for order in (0..12).filter(|n| ![2, 4, 6, 8].contains(n)) {
        assert_eq!(found(order, 5.0, 50.0), Some(Parameter::Order));
    }
    for rate in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        assert_eq!(found(2, 5.0, rate), Some(Parameter::Rate));
    }
    for cutoff in [0.0, -5.0, 25.0, 30.0, f32::NAN, f32::INFINITY] {
        assert_eq!(found(2, cutoff, 50.0), Some(Parameter::Cutoff));
    }
    assert_eq!(found(8, 24.9, 50.0), None);
}

/// Mean, then central moments 2 to 4 of a series, in double precision.
fn moments(x: &[f64]) -> [f64; 4] {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    let of = |n| x.iter().map(|x| libm::pow(x - mean, n)).sum::<f64>() / x.len() as f64;
    [mean, of(2.0), of(3.0), of(4.0)]
}

fn shape(x: &[f64]) -> [f64; 2] {
    let [_, m2, m3, m4] = moments(x);
    [m3 / libm::pow(m2, 1.5), m4 / (m2 * m2) - 3.0]
}

#[test]
fn moments_agree_with_double_precision_and_constants_have_none() {
    let mut random = Random(8);
    for n in [2, 3, 17, 1000, 70_000] {
        let x: Vec<f32> = (0..n).map(|_| (10.0 + random.real()) as f32).collect();
        let exact = moments(&x.iter().copied().map(f64::from).collect::<Vec<f64>>());
        let m = Moments::of(&x);
        for (found, exact) in [m.mean, m.second, m.third, m.fourth].into_iter().zip(exact) {
            // Distances of up to 1 from a mean of 10 that is rounded to 1e-6.
            assert!((f64::from(found) - exact).abs() < 5e-6, "{n}: {found} is not {exact}");
        }
    }
    for constant in [&[][..], &[3.0], &[-7.5; 9], &[9.81; 333]] {
        let m = Moments::of(constant);
        assert_eq!((m.skewness().to_bits(), m.kurtosis().to_bits()), (0, 0));
    }
}

/// The features of one axis in double precision.
fn exact(config: &SpectralConfig, x: &[f64]) -> Vec<f64> {
    let filter = config.filter.filter(|(.., order)| *order > 0).map(|(band, cutoff, order)| {
        Butterworth::new(band, order, cutoff, config.rate).expect("checked before")
    });
    let mut x: Vec<f64> = x.iter().map(|x| x * f64::from(config.scale)).collect();
    for section in filter.iter().flat_map(Butterworth::sections) {
        // Direct form I, in f64 with the same coefficients.
        let ([b0, b1, b2], [a1, a2]) = (section.b.map(f64::from), section.a.map(f64::from));
        let (mut past, mut results) = ([0.0; 2], [0.0; 2]);
        for x in &mut x {
            let y = b0 * *x + b1 * past[0] + b2 * past[1] - a1 * results[0] - a2 * results[1];
            past = [*x, past[0]];
            results = [y, results[0]];
            *x = y;
        }
    }
    let [mean, ..] = moments(&x);
    x.iter_mut().for_each(|x| *x -= mean);
    let n = config.fft;
    let mut largest = vec![0.0_f64; n / 2 + 1];
    let step = if config.overlap { n / 2 } else { n };
    for start in (0..x.len()).step_by(step) {
        let part = &x[start..x.len().min(start + n)];
        for (most, power) in largest.iter_mut().zip(powers(part, n)) {
            *most = most.max(power / n as f64);
        }
    }
    let rms = (x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64).sqrt();
    let mut features = vec![rms];
    features.extend(shape(&x));
    features.extend(shape(&largest));
    let at = |cutoff: f32| f64::from(cutoff) * n as f64 / f64::from(config.rate);
    for (k, power) in largest.iter().enumerate().skip(1) {
        let shown = match config.filter {
            Some((Band::Low, cutoff, _)) => k <= (at(cutoff) + 0.5) as usize,
            Some((_, cutoff, _)) => k > (at(cutoff) - 0.5) as usize,
            None => true,
        };
        if shown {
            features.push(if config.log { libm::log10(*power) } else { *power });
        }
    }
    features
}

#[test]
fn features_agree_with_double_precision() {
    let mut random = Random(9);
    for round in 0..60 {
        let rate = random.pick(&[50.0, 62.5, 104.0]);
        // Cut-offs whose bin is not a half, where rounding would decide.
        let cutoff = random.pick(&[3.3, 9.1, 17.7]);
        let band = random.pick(&[Band::Low, Band::High]);
        let config = SpectralConfig {
            scale: random.pick(&[1.0, 0.25, -3.0]),
            filter: random
                .pick(&[None, Some(())])
                .map(|()| (band, cutoff, random.pick(&[0, 2, 6]))),
            overlap: random.below(2) == 0,
            log: random.below(2) == 0,
            ..SpectralConfig::new(rate, random.pick(&[8, 16, 64, 256]))
        };
        let spectral = Spectral::new(config).unwrap();
        let (axes, n) = (1 + random.below(3), 20 + random.below(300));
        let samples: Vec<f32> = (0..n * axes)
            .map(|i| (random.real() + 2.0 * libm::sin(i as f64 * 0.2) + 5.0) as f32)
            .collect();
        let mut out = vec![0.0; spectral.features() * axes];
        let mut scratch = vec![f32::NAN; spectral.scratch(n)];
        spectral.run(&samples, axes, &mut scratch, &mut out).unwrap();
        for (axis, found) in out.chunks(spectral.features()).enumerate() {
            let x: Vec<f64> =
                samples.iter().skip(axis).step_by(axes).copied().map(f64::from).collect();
            let exact = exact(&config, &x);
            assert_eq!(found.len(), exact.len(), "{round}: {config:?}");
            for (i, (f, e)) in found.iter().zip(exact).enumerate() {
                let tolerance = match i {
                    0..5 => 2e-4 * e.abs().max(1.0),
                    _ if config.log => 1e-3,
                    // Bins far below the largest hold what the filter's rounding left.
                    _ => 1e-4 * e.abs() + 1e-6,
                };
                assert!(
                    (f64::from(*f) - e).abs() <= tolerance,
                    "{round}, {i}: {f}, {e}; {config:?}"
                );
            }
        }
    }
}

#[test]
fn windows_that_do_not_fit_are_refused_and_hostile_ones_are_not() {
    let spectral = Spectral::new(SpectralConfig::new(62.5, 16)).unwrap();
    let (samples, mut scratch, mut out) = ([1.0; 300], [0.0; 125], [0.0; 39]);
    let length = |buffer, need, have| Err(DspError::Length { buffer, need, have });
    let run = |n: usize, axes, scratch: &mut [f32], out: &mut [f32]| {
        spectral.run(&samples[..n], axes, scratch, out)
    };
    assert_eq!(run(300, 3, &mut scratch, &mut out), Ok(()));
    assert_eq!(run(300, 3, &mut scratch[..124], &mut out), length(Buffer::Scratch, 125, 124));
    assert_eq!(run(299, 3, &mut scratch, &mut out), length(Buffer::Input, 297, 299));
    assert_eq!(run(0, 3, &mut scratch, &mut out), length(Buffer::Input, 3, 0));
    assert_eq!(run(300, 3, &mut scratch, &mut out[..38]), length(Buffer::Output, 39, 38));
    let axes = DspError::Parameter { parameter: Parameter::Axes, found: 0 };
    assert_eq!(run(300, 0, &mut scratch, &mut out), Err(axes));
    let mut random = Random(10);
    let odd = [f32::NAN, f32::INFINITY, f32::MIN, f32::MAX, 0.0, -1.0, 1e-42, 7.0];
    for _ in 0..3000 {
        let filter = (random.pick(&[Band::Low, Band::High]), random.pick(&odd), random.below(9));
        let config = SpectralConfig {
            scale: random.pick(&odd),
            filter: random.pick(&[None, Some(filter)]),
            overlap: random.below(2) == 0,
            log: random.below(2) == 0,
            ..SpectralConfig::new(random.pick(&odd), random.pick(&[0, 8, 64, 99, 1024, 4096]))
        };
        let Ok(spectral) = Spectral::new(config) else { continue };
        let samples: Vec<f32> = (0..60).map(|_| random.pick(&odd)).collect();
        let mut out = vec![0.0; spectral.features() * 2];
        let mut scratch = vec![0.0; spectral.scratch(30)];
        spectral.run(&samples, 2, &mut scratch, &mut out).unwrap();
    }
}

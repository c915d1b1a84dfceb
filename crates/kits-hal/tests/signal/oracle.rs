//! The features once more, in double precision and straight from their definitions.
//!
//! Nothing is shared with the library: the transform is the sum over all samples, filters are written out as matrices,
//! and every window of a normalisation is summed anew.

use core::f64::consts::{PI, TAU};

/// `|X_k|²` for `k` up to `n/2` of a signal filled up with zeros or cut to `n`.
pub(crate) fn powers(x: &[f64], n: usize) -> Vec<f64> {
    dft(x, n).into_iter().map(|(re, im)| re * re + im * im).collect()
}

/// `X_k = Σ x_i·exp(−2πj·k·i/n)` for `k` up to `n/2`.
pub(crate) fn dft(x: &[f64], n: usize) -> Vec<(f64, f64)> {
    let circle: Vec<(f64, f64)> = (0..n)
        .map(|i| TAU * i as f64 / n as f64)
        .map(|angle| (libm::cos(angle), libm::sin(angle)))
        .collect();
    let bin = |k: usize| {
        x.iter().take(n).enumerate().fold((0.0, 0.0), |(re, im), (i, x)| {
            let (c, s) = circle[k * i % n];
            (re + x * c, im - x * s)
        })
    };
    (0..=n / 2).map(bin).collect()
}

/// `Σ v_k·cos(π(2k + 1)i/2M)`.
fn dct(v: &[f64], i: usize) -> f64 {
    let m = v.len() as f64;
    let angle = |k: usize| PI * (2 * k + 1) as f64 * i as f64 / (2.0 * m);
    v.iter().enumerate().map(|(k, v)| v * libm::cos(angle(k))).sum()
}

fn mel(f: f64) -> f64 {
    1127.0 * libm::log1p(f / 700.0)
}

/// The weight of place `x` in a triangle.
fn triangle(x: f64, left: f64, peak: f64, right: f64) -> f64 {
    ((x - left) / (peak - left)).min((right - x) / (right - peak)).max(0.0)
}

/// `count` numbers at equal distances from `low` to `high`.
fn even(low: f64, high: f64, count: usize) -> Vec<f64> {
    (0..count).map(|j| low + (high - low) * j as f64 / (count - 1) as f64).collect()
}

fn apply(filters: &[Vec<f64>], spectrum: &[f64]) -> Vec<f64> {
    let sum = |f: &Vec<f64>| f.iter().zip(spectrum).map(|(w, x)| w * x).sum();
    filters.iter().map(sum).collect()
}

/// Triangles on the mel axis; the bin at 0 Hz counts in none.
fn mel_filters(n: usize, rate: f64, low: f64, high: f64, count: usize) -> Vec<Vec<f64>> {
    let edges = even(mel(low), mel(high), count + 2);
    let weight = |e: &[f64], k: usize| match k {
        0 => 0.0,
        _ => triangle(mel(k as f64 * rate / n as f64), e[0], e[1], e[2]),
    };
    edges.windows(3).map(|e| (0..=n / 2).map(|k| weight(e, k)).collect()).collect()
}

pub(crate) fn kws_mfcc(clip: &[f64]) -> Vec<f64> {
    let filters = mel_filters(512, 16_000.0, 20.0, 4000.0, 40);
    let largest = clip.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut all = Vec::new();
    for frame in clip.windows(480).step_by(320) {
        let window = |i: usize| 0.5 - 0.5 * libm::cos(TAU * i as f64 / 480.0);
        let x: Vec<f64> = frame.iter().enumerate().map(|(i, x)| x / largest * window(i)).collect();
        let magnitudes: Vec<f64> = powers(&x, 512).into_iter().map(f64::sqrt).collect();
        let logs: Vec<f64> =
            apply(&filters, &magnitudes).into_iter().map(|e| libm::log(e + 1e-6)).collect();
        all.extend((0..10).map(|i| dct(&logs, i) * (2.0_f64 / 40.0).sqrt()));
    }
    all
}

pub(crate) fn sww_lfbe(clip: &[f64]) -> Vec<f64> {
    let filters = mel_filters(1024, 16_000.0, 0.0, 8000.0, 40);
    let unit: Vec<f64> = clip.iter().map(|x| x / 32768.0).collect();
    let sharp: Vec<f64> = (0..unit.len())
        .map(|i| unit[i] - if i == 0 { 0.0 } else { 31.0 / 32.0 * unit[i - 1] })
        .collect();
    let mut all = Vec::new();
    for frame in sharp.windows(1024).step_by(512) {
        let window = |i: usize| 0.54 - 0.46 * libm::cos(TAU * i as f64 / 1023.0);
        let x: Vec<f64> = frame.iter().enumerate().map(|(i, x)| x * window(i)).collect();
        let power: Vec<f64> =
            powers(&x, 1024).into_iter().map(|p| (p / 1024.0).max(1e-30)).collect();
        let scaled = |e: f64| ((10.0 * libm::log10(e) + 52.0) / 64.0).clamp(0.0, 1.0);
        all.extend(apply(&filters, &power).into_iter().map(scaled));
    }
    all
}

pub(crate) fn ad_log_mel(clip: &[f64], count: usize) -> Vec<f64> {
    let slope = libm::log(6.4) / 27.0;
    let hertz = |m: f64| match m {
        ..15.0 => m * 200.0 / 3.0,
        _ => 1000.0 * libm::exp(slope * (m - 15.0)),
    };
    let top = 15.0 + libm::log(8.0) / slope;
    let edges: Vec<f64> = even(0.0, top, 130).into_iter().map(hertz).collect();
    let filters: Vec<Vec<f64>> = edges
        .windows(3)
        .map(|e| {
            let area = 2.0 / (e[2] - e[0]);
            (0..=512_u16)
                .map(|k| triangle(f64::from(k) * 15.625, e[0], e[1], e[2]) * area)
                .collect()
        })
        .collect();
    let mut all = Vec::new();
    for t in 0..count {
        let x: Vec<f64> = (0..1024)
            .map(|i| {
                let at = (512 * t + i) as i64 - 512;
                let last = clip.len() as i64 - 1;
                let at = if at > last { 2 * last - at.abs() } else { at.abs() };
                let window = 0.5 - 0.5 * libm::cos(TAU * i as f64 / 1024.0);
                clip[at as usize] / 32768.0 * window
            })
            .collect();
        let bands = apply(&filters, &powers(&x, 1024));
        all.extend(bands.into_iter().map(|e| 10.0 * libm::log10(e + 2.2e-16)));
    }
    all
}

/// What the adjustable mel blocks are told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Studio {
    pub(crate) frame: usize,
    pub(crate) stride: usize,
    pub(crate) fft: usize,
    pub(crate) filters: usize,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Studio {
    /// Energy of each frame, and energies of its bands.
    fn frames(&self, clip: &[f64]) -> Vec<(f64, Vec<f64>)> {
        let hertz = |m: f64| 700.0 * libm::expm1(m / 1127.0);
        let mut edges: Vec<f64> =
            even(mel(self.low), mel(self.high), self.filters + 2).into_iter().map(hertz).collect();
        edges[self.filters + 1] -= 0.001;
        let bins: Vec<f64> =
            edges.iter().map(|f| ((self.fft + 1) as f64 * f / 16_000.0).floor()).collect();
        let weight = |e: &[f64], k: usize| {
            let k = k as f64;
            if (k - e[1]).abs() < 0.5 {
                1.0
            } else if e[0] < k && k < e[1] {
                (k - e[0]) / (e[1] - e[0])
            } else if e[1] < k && k < e[2] {
                (e[2] - k) / (e[2] - e[1])
            } else {
                0.0
            }
        };
        let filters: Vec<Vec<f64>> =
            bins.windows(3).map(|e| (0..=self.fft / 2).map(|k| weight(e, k)).collect()).collect();
        let n = clip.len();
        let sharp: Vec<f64> = (0..n).map(|i| clip[i] - 0.98 * clip[(i + n - 1) % n]).collect();
        let something = |e: f64| if e == 0.0 { 1e-10 } else { e };
        let count = (n - (self.frame - self.stride.min(self.frame))) / self.stride;
        (0..count)
            .map_while(|t| sharp.get(t * self.stride..t * self.stride + self.frame))
            .map(|frame| {
                let power: Vec<f64> =
                    powers(frame, self.fft).iter().map(|p| p / self.fft as f64).collect();
                let bands = apply(&filters, &power).into_iter().map(something).collect();
                (something(power.iter().sum()), bands)
            })
            .collect()
    }

    pub(crate) fn mfcc(&self, clip: &[f64], coefficients: usize, window: usize) -> Vec<f64> {
        let m = self.filters as f64;
        let mut rows = Vec::new();
        for (energy, bands) in self.frames(clip) {
            let logs: Vec<f64> = bands.into_iter().map(libm::log).collect();
            let mut row: Vec<f64> =
                (0..coefficients).map(|i| dct(&logs, i) * (2.0 / m).sqrt()).collect();
            row[0] = libm::log(energy);
            rows.push(row);
        }
        if window > 0 {
            let means = around(&rows, window);
            for (row, (mean, _)) in rows.iter_mut().zip(means) {
                row.iter_mut().zip(mean).for_each(|(x, mean)| *x -= mean);
            }
            let spreads = around(&rows, window);
            for (row, (_, spread)) in rows.iter_mut().zip(spreads) {
                row.iter_mut().zip(spread).for_each(|(x, s)| *x /= s + 1e-10);
            }
        }
        rows.concat()
    }

    /// Before rounding to 256 steps.
    pub(crate) fn mfe(&self, clip: &[f64], floor: f64) -> Vec<f64> {
        let unit: Vec<f64> = clip.iter().map(|x| x / 32768.0).collect();
        let part = |e: f64| ((10.0 * libm::log10(e) - floor) / (12.0 - floor)).clamp(0.0, 1.0);
        self.frames(&unit).into_iter().flat_map(|(_, bands)| bands).map(part).collect()
    }
}

/// Mean and deviation of each column over a window around each row; the rows are mirrored at both ends.
fn around(rows: &[Vec<f64>], window: usize) -> Vec<(Vec<f64>, Vec<f64>)> {
    let n = rows.len() as i64;
    let half = (window / 2) as i64;
    let row = |t: i64| {
        let t = t.rem_euclid(2 * n);
        &rows[(if t < n { t } else { 2 * n - 1 - t }) as usize]
    };
    let column = |t: i64, c: usize| {
        let values: Vec<f64> = (t - half..=t + half).map(|t| row(t)[c]).collect();
        let mean = values.iter().sum::<f64>() / window as f64;
        let square = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / window as f64;
        (mean, square.sqrt())
    };
    let columns = rows.first().map_or(0, Vec::len);
    (0..n).map(|t| (0..columns).map(|c| column(t, c)).unzip()).collect()
}

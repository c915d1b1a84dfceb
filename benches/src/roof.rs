//! The machine's limits, measured: multiply-adds per second from registers, bytes per second from memory.
#![expect(
    unsafe_code,
    reason = "wide instructions are called after their presence has been checked"
)]

use core::hint::black_box;
use std::time::Instant;

use crate::case::Work;

/// What the machine can do at most, with all threads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Roof {
    /// Single-precision FLOP/s; a multiply-add counts two.
    pub flop_per_s: f64,
    /// Bytes per second, read and written.
    pub bytes_per_s: f64,
}

impl Roof {
    /// Measures both limits with `threads` threads, the best of several trials.
    #[must_use]
    pub fn measure(threads: usize) -> Self {
        Self {
            flop_per_s: best(9, || arithmetic(threads)),
            bytes_per_s: best(9, || traffic(threads)),
        }
    }

    /// Returns the seconds below which no program can do `work`: `max(FLOP / peak, bytes / bandwidth)`.
    ///
    /// Work that stays in the caches may beat the second term.
    #[must_use]
    pub fn seconds(&self, work: Work) -> f64 {
        (work.flop / self.flop_per_s).max(work.bytes / self.bytes_per_s)
    }
}

fn best(trials: u32, mut trial: impl FnMut() -> f64) -> f64 {
    (0..trials).map(|_| trial()).fold(0.0, f64::max)
}

/// Independent chains: enough to hide the latency of a multiply-add on two ports.
const CHAINS: usize = 12;
const LANES: usize = 16;
const TURNS: usize = 1_000_000;

/// Returns the FLOP/s of multiply-adds on registers.
fn arithmetic(threads: usize) -> f64 {
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| black_box(chains(black_box(0.5), black_box(0.25))));
        }
    });
    (2 * CHAINS * LANES * TURNS * threads) as f64 / start.elapsed().as_secs_f64()
}

fn chains(x: f32, y: f32) -> f32 {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the function needs AVX-512F, which the line above has found.
            return unsafe { chains_avx512(x, y) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the function needs AVX2 and FMA, which the line above has found.
            return unsafe { chains_avx2(x, y) };
        }
    }
    plain(x, y)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn chains_avx512(x: f32, y: f32) -> f32 {
    use core::arch::x86_64::{_mm512_fmadd_ps, _mm512_reduce_add_ps, _mm512_set1_ps};
    let (x, y) = (_mm512_set1_ps(x), _mm512_set1_ps(y));
    let mut sums = [y; CHAINS];
    for _ in 0..TURNS {
        for sum in &mut sums {
            *sum = _mm512_fmadd_ps(*sum, x, y);
        }
    }
    sums.iter().map(|sum| _mm512_reduce_add_ps(*sum)).sum()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn chains_avx2(x: f32, y: f32) -> f32 {
    // The array form: two registers per chain would spill, so twice the turns run on half the lanes.
    lanes::<8>(x, y, TURNS) + lanes::<8>(y, x, TURNS)
}

#[inline(always)]
fn lanes<const N: usize>(x: f32, y: f32, turns: usize) -> f32 {
    let mut sums = [[y; N]; CHAINS];
    for _ in 0..turns {
        for sum in &mut sums {
            *sum = sum.map(|s| s.mul_add(x, y));
        }
    }
    sums.as_flattened().iter().sum()
}

/// Multiply and add, for processors without a known fused form.
fn plain(x: f32, y: f32) -> f32 {
    let mut sums = [[y; LANES]; CHAINS];
    for _ in 0..TURNS {
        for sum in &mut sums {
            *sum = sum.map(|s| s * x + y);
        }
    }
    sums.as_flattened().iter().sum()
}

/// Floats per thread: far beyond the last cache.
const FLOATS: usize = 16 << 20;

/// Returns the bytes per second of `y += x`: two values read and one written per element.
fn traffic(threads: usize) -> f64 {
    let mut arrays: Vec<(Vec<f32>, Vec<f32>)> =
        (0..threads).map(|_| (vec![1.0; FLOATS / threads], vec![2.0; FLOATS / threads])).collect();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for (x, y) in &mut arrays {
            scope.spawn(|| y.iter_mut().zip(x).for_each(|(y, x)| *y += *x));
        }
    });
    let seconds = start.elapsed().as_secs_f64();
    black_box(&arrays);
    (3 * size_of::<f32>() * (FLOATS / threads) * threads) as f64 / seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_computes_the_same_fixed_point() {
        // s = s·x + y tends to y / (1 − x) = 0.5 for x = 0.5, y = 0.25, in each of the 192 chains.
        let expected = 0.5 * (CHAINS * LANES) as f32;
        assert_eq!(plain(0.5, 0.25), expected);
        assert_eq!(chains(0.5, 0.5) / chains(0.5, 0.25), 2.0);
    }

    #[test]
    fn the_slower_limit_counts() {
        let roof = Roof { flop_per_s: 100.0, bytes_per_s: 10.0 };
        assert_eq!(roof.seconds(Work { flop: 200.0, bytes: 10.0 }), 2.0);
        assert_eq!(roof.seconds(Work { flop: 200.0, bytes: 30.0 }), 3.0);
    }
}

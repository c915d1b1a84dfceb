//! What this machine can do, measured: the two numbers a roofline asks for.

use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

/// The best rates seen on one thread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peaks {
    /// int8 multiply-accumulates in 32-bit sums, counted as two operations each, in operations per second.
    pub int8_ops_per_s: f64,
    /// `f32` multiply-adds, counted as two operations each, in operations per second.
    pub f32_ops_per_s: f64,
    /// Bytes read from memory far larger than any cache, in bytes per second.
    pub bytes_per_s: f64,
}

/// Elements of the two vectors that stay in the first-level cache.
const NEAR: usize = 4_096;
/// Bytes of the buffer that fits into no cache.
pub const FAR: usize = 256 << 20;
/// Each rate is the best of this many trials: disturbances only ever slow a trial down.
const TRIALS: usize = 7;
const TRIAL: Duration = Duration::from_millis(15);

/// Measures the peaks of one thread in about half a second.
///
/// The loops are plain Rust for the build's own instruction set, as the kernels they are compared with.
#[must_use]
pub fn peaks() -> Peaks {
    let (a, b): (Vec<i8>, Vec<i8>) =
        (i8::MIN..=i8::MAX).cycle().map(|x| (x, x.wrapping_mul(37))).take(NEAR).unzip();
    let int8_ops_per_s = best(2.0 * NEAR as f64, || {
        black_box(dot_i8(black_box(&a), black_box(&b)));
    });
    let mut lanes = [1.0f32; 64];
    let rounds = 64;
    let f32_ops_per_s = best(2.0 * lanes.len() as f64 * f64::from(rounds), || {
        multiply_add(black_box(&mut lanes), rounds);
    });
    let far = vec![1u64; FAR / 8];
    let bytes_per_s = best(FAR as f64, || {
        black_box(sum(black_box(&far)));
    });
    Peaks { int8_ops_per_s, f32_ops_per_s, bytes_per_s }
}

/// Returns the best rate of `work`, each call of which does `amount`.
fn best(amount: f64, mut work: impl FnMut()) -> f64 {
    work();
    let trial = |_| {
        let start = Instant::now();
        let mut calls = 0.0;
        while calls < 1.0 || start.elapsed() < TRIAL {
            work();
            calls += 1.0;
        }
        amount * calls / start.elapsed().as_secs_f64()
    };
    (0..TRIALS).map(trial).fold(0.0, f64::max)
}

fn dot_i8(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// Runs `rounds` of `x = x·c + d` on 64 independent sums, enough to fill the pipeline at any vector width.
fn multiply_add(lanes: &mut [f32; 64], rounds: u32) {
    for _ in 0..rounds {
        for lane in lanes.iter_mut() {
            *lane = *lane * 0.999 + 0.001;
        }
    }
}

fn sum(far: &[u64]) -> u64 {
    far.iter().fold(0, |sum, x| sum.wrapping_add(*x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loops_compute_what_they_claim() {
        // 1·1 + 2·2 + ... + 10·10 = 385.
        let numbers: Vec<i8> = (1..=10).collect();
        assert_eq!(dot_i8(&numbers, &numbers), 385);
        assert_eq!(sum(&[1, 2, u64::MAX]), 2);
        let mut lanes = [0.0f32; 64];
        multiply_add(&mut lanes, 1);
        assert!((lanes[0] - 0.001).abs() < 1e-9);
    }
}

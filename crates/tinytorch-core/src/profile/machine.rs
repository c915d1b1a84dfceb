//! What this machine can do, measured.

use core::hint::black_box;
use std::{thread, time::Instant};

use crate::kernels::simd::{Fused, MulAdd, run_fused};

/// Sums that run side by side: enough to hide the latency of an instruction on two units of 512 bits.
const SUMS: usize = 16 * 16;
/// Joined multiplications and additions of each sum in a run.
const ROUNDS: usize = 100_000;
/// Runs, of which the best counts.
pub(super) const RUNS: usize = 5;
/// Elements of an array of the triad: three of them are far larger than any cache of a core.
const TRIAD: usize = 8 << 20;

/// Arithmetic and memory of this machine.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Machine {
    /// Threads that were busy.
    pub threads: usize,
    /// Single-precision operations in a second, a joined multiplication and addition being two.
    pub flops: f64,
    /// Bytes in a second that `a = b + s·c` reads and writes, 12 for each element (McCalpin, 1995, STREAM).
    pub bandwidth: f64,
}

impl Machine {
    /// Returns a machine with known figures: operations and bytes in a second.
    #[must_use]
    pub const fn new(flops: f64, bandwidth: f64) -> Self {
        Self { threads: 1, flops, bandwidth }
    }

    /// Measures `threads` threads (at least one) in about half a second. What else runs on the machine takes its share.
    #[must_use]
    pub fn probe(threads: usize) -> Self {
        let threads = threads.max(1);
        Self { threads, flops: flops(threads), bandwidth: bandwidth(threads) }
    }

    /// Returns the operations for each byte from which on arithmetic sets the pace: flops / bandwidth.
    #[must_use]
    pub fn ridge(&self) -> f64 {
        self.flops / self.bandwidth
    }

    /// Returns the most operations in a second at `intensity` operations for each byte.
    #[must_use]
    pub fn attainable(&self, intensity: f64) -> f64 {
        self.flops.min(intensity * self.bandwidth)
    }
}

/// Operations of one run of one thread.
pub(super) const RUN_FLOPS: usize = 2 * ROUNDS * SUMS;
/// Bytes that one run of all threads moves.
pub(super) const RUN_BYTES: usize = 12 * TRIAD;

/// A loop of joined multiplications and additions on registers.
struct Sums {
    rounds: usize,
    factor: f32,
}

impl Fused for Sums {
    type Out = f32;

    #[inline(always)]
    fn run<M: MulAdd>(self) -> f32 {
        let mut sums = [1.0_f32; SUMS];
        for _ in 0..self.rounds {
            for sum in &mut sums {
                *sum = M::mul_add(*sum, self.factor, 0.5_f32);
            }
        }
        sums.iter().sum()
    }
}

/// Best of the runs of all threads together.
fn best(threads: usize, work: impl Fn(usize) + Sync) -> f64 {
    let once = || {
        let begin = Instant::now();
        thread::scope(|scope| {
            for i in 1..threads {
                let work = &work;
                scope.spawn(move || work(i));
            }
            work(0);
        });
        begin.elapsed().as_secs_f64()
    };
    (0..RUNS).map(|_| once()).fold(f64::INFINITY, f64::min)
}

fn flops(threads: usize) -> f64 {
    let seconds = best(threads, |_| {
        black_box(run_fused(Sums { rounds: black_box(ROUNDS), factor: black_box(0.5) }));
    });
    (RUN_FLOPS * threads) as f64 / seconds
}

/// `a = b + s·c`, part by part.
struct Triad<'a>(&'a mut [f32], &'a [f32], &'a [f32], f32);

impl Fused for Triad<'_> {
    type Out = ();

    #[inline(always)]
    fn run<M: MulAdd>(self) {
        for ((a, b), c) in self.0.iter_mut().zip(self.1).zip(self.2) {
            *a = M::mul_add(self.3, *c, *b);
        }
    }
}

fn bandwidth(threads: usize) -> f64 {
    let (b, c) = (vec![1.0_f32; TRIAD], vec![2.0_f32; TRIAD]);
    let mut a = vec![0.0_f32; TRIAD];
    let part = TRIAD.div_ceil(threads);
    let mut least = f64::INFINITY;
    for _ in 0..RUNS {
        let begin = Instant::now();
        thread::scope(|scope| {
            for ((a, b), c) in a.chunks_mut(part).zip(b.chunks(part)).zip(c.chunks(part)) {
                scope.spawn(move || run_fused(Triad(a, b, c, black_box(3.0))));
            }
        });
        least = least.min(begin.elapsed().as_secs_f64());
        black_box(&a);
    }
    RUN_BYTES as f64 / least
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The loops do the work that is counted: each sum grows by a half in each round, and each element is `b + s·c`.
    #[test]
    fn every_counted_operation_is_done() {
        for rounds in [0, 1, 100] {
            let sum = run_fused(Sums { rounds, factor: 1.0 });
            assert_eq!(sum, SUMS as f32 * (1.0 + 0.5 * rounds as f32));
        }
        let (b, c) = ([1.0, -2.0, 0.5, 4.0, 0.0], [2.0, 1.0, 1.0, -1.0, 0.0]);
        let mut a = [f32::NAN; 5];
        run_fused(Triad(&mut a, &b, &c, 3.0));
        assert_eq!(a, [7.0, 1.0, 3.5, 1.0, 0.0]);
    }
}

//! What more threads give, measured.

use core::hint::black_box;
use std::time::Instant;

use crate::{Error, Result, bench::Samples};

use super::theory::{serial_share, some_threads};

const OP: &str = "strong_scaling";

/// More threads than this are taken for a mistake.
#[cfg(feature = "parallel")]
const MOST_THREADS: usize = 1024;

/// The same work with one number of threads.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ScalingPoint {
    /// Threads of the pool that the work ran in.
    pub threads: usize,
    /// Seconds of one call, one figure for each round.
    pub seconds: Samples,
    /// How many times as fast as with the first number of threads: the ratio of medians.
    pub speedup: f64,
    /// Speed-up for each thread, with the threads of the first point as one.
    pub efficiency: f64,
    /// Share of the work that was not divided ([`serial_share`]); `None` for the first point and unless that has one thread.
    pub serial: Option<f64>,
}

/// Runs `work` in pools of each number of threads, in turn, `rounds` times after one call that is not counted.
///
/// The size of the work stays the same: strong scaling. Operations of the library use the pool that they are called in.
///
/// # Errors
///
/// [`Error::InvalidArgument`] for no numbers of threads, 0 or more than 1,024 of them, no rounds, and without the feature
/// `parallel` for anything but one thread; the first error of `work`.
///
/// # Examples
///
/// ```
/// use tinytorch_core::{DType, Tensor, accel};
///
/// let a = Tensor::ones([96, 96], DType::F32)?;
/// let points = accel::strong_scaling(&[1], 3, || accel::matmul_parallel(&a, &a))?;
/// assert_eq!((points[0].threads, points[0].speedup), (1, 1.0));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn strong_scaling<R: Send>(
    threads: &[usize],
    rounds: usize,
    work: impl Fn() -> Result<R> + Sync,
) -> Result<Vec<ScalingPoint>> {
    if threads.is_empty() {
        return Err(Error::argument(OP, "threads", "empty", "at least one number of threads"));
    }
    if rounds == 0 {
        return Err(Error::argument(OP, "rounds", 0, "at least 1"));
    }
    let pools = threads.iter().map(|&n| Pool::new(n)).collect::<Result<Vec<_>>>()?;
    let once = || -> Result<f64> {
        let begin = Instant::now();
        black_box(work()?);
        Ok(begin.elapsed().as_secs_f64())
    };
    let mut seconds = vec![Vec::with_capacity(rounds); pools.len()];
    for round in 0..=rounds {
        for (pool, seconds) in pools.iter().zip(&mut seconds) {
            let time = pool.run(once)?;
            if round > 0 {
                // A step of the clock is more than nothing.
                seconds.push(time.max(1e-9));
            }
        }
    }
    let samples = seconds.into_iter().map(Samples::new).collect::<Result<Vec<_>>>()?;
    let first = samples[0].median();
    let point = |(i, (&n, seconds)): (usize, (&usize, Samples))| {
        let speedup = first / seconds.median();
        let serial = if i > 0 && threads[0] == 1 { serial_share(speedup, n).ok() } else { None };
        let efficiency = speedup * threads[0] as f64 / n as f64;
        ScalingPoint { threads: n, seconds, speedup, efficiency, serial }
    };
    Ok(threads.iter().zip(samples).enumerate().map(point).collect())
}

/// Threads to run in.
struct Pool {
    #[cfg(feature = "parallel")]
    pool: rayon::ThreadPool,
}

impl Pool {
    #[cfg(feature = "parallel")]
    fn new(threads: usize) -> Result<Self> {
        some_threads(OP, threads)?;
        if threads > MOST_THREADS {
            let need = format!("at most {MOST_THREADS}");
            return Err(Error::argument(OP, "threads", threads, need));
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(|e| {
            let got = format_args!("{threads}, which the system did not start: {e}");
            Error::argument(OP, "threads", got, "as many as the system can start")
        })?;
        Ok(Self { pool })
    }

    #[cfg(feature = "parallel")]
    fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        #[cfg(feature = "course")]
        let work = {
            let scope = crate::course::Scope::capture();
            move || scope.enter(work)
        };
        self.pool.install(work)
    }

    #[cfg(not(feature = "parallel"))]
    fn new(threads: usize) -> Result<Self> {
        some_threads(OP, threads)?;
        match threads {
            1 => Ok(Self {}),
            _ => Err(Error::argument(OP, "threads", threads, "1 without the feature `parallel`")),
        }
    }

    #[cfg(not(feature = "parallel"))]
    fn run<R>(&self, work: impl FnOnce() -> R) -> R {
        work()
    }
}

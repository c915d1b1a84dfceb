//! A long job on machines that fail, saved by checkpoints.

use super::{Law, Random};
use crate::error::{Error, Result};
use crate::ranges::Range;
use crate::units::{Quantity, Seconds};

/// A job that saves its state at an interval and resumes from the last save.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Job {
    /// Time of useful work the job takes without failures and saves.
    pub work: Seconds,
    /// Useful work between two saves.
    pub interval: Seconds,
    /// Time one save takes; the job stands still meanwhile.
    pub save: Seconds,
    /// Time from a failure until work resumes; failures meanwhile start it over.
    pub recovery: Seconds,
    /// Law of the times between failures, in seconds, counted anew after each failure.
    pub failures: Law,
}

/// What one run of a job saw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JobRun {
    /// Time until the job was done.
    pub elapsed: Seconds,
    /// Useful work over elapsed time.
    pub goodput: f64,
    /// Failures.
    pub failures: u64,
    /// Saves that were completed.
    pub saves: u64,
    /// Work done and lost again, with the saves that failed.
    pub lost: Seconds,
}

const OP: &str = "simulate.job";

/// Failures after which a run gives up: its interval is hopeless against its failures.
const MOST_FAILURES: u64 = 10_000_000;

/// Returns one run of a job.
///
/// # Cost
///
/// One sample per failure and one addition per save.
///
/// # Errors
///
/// - [`Error::OutOfRange`] for work or an interval that is not above 0, a negative save or recovery, or a senseless
///   law of failures.
/// - [`Error::Overflow`] if the job is not done after ten million failures.
///
/// # Examples
///
/// ```
/// use mlsysim::simulate::{Job, Law, run_job};
/// use mlsysim::units::Seconds;
///
/// // Ten hours of work, saved each hour for a minute, no failure in sight.
/// let job = Job {
///     work: Seconds(36_000.0),
///     interval: Seconds(3600.0),
///     save: Seconds(60.0),
///     recovery: Seconds(300.0),
///     failures: Law::Fixed(1e9),
/// };
/// let run = run_job(&job, 1)?;
/// assert_eq!((run.elapsed, run.saves), (Seconds(36_600.0), 10));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn run_job(job: &Job, seed: u64) -> Result<JobRun> {
    let must = |name: &'static str, range: Range, got: Seconds| {
        let refused = Error::OutOfRange { op: OP, name, range, got: got.into() };
        if range.contains(got.0) { Ok(()) } else { Err(refused) }
    };
    must("work", Range::POSITIVE, job.work)?;
    must("interval", Range::POSITIVE, job.interval)?;
    must("save", Range::NOT_NEGATIVE, job.save)?;
    must("recovery", Range::NOT_NEGATIVE, job.recovery)?;
    job.failures.check(OP)?;
    let mut random = Random::new(seed);
    let (mut elapsed, mut done, mut lost) = (0.0, 0.0, 0.0);
    let (mut failures, mut saves) = (0_u64, 0_u64);
    // Time left until the next failure.
    let mut left = job.failures.sample(&mut random);
    while done < job.work.0 {
        let segment = job.interval.0.min(job.work.0 - done);
        let whole = segment + job.save.0;
        if left >= whole {
            left -= whole;
            elapsed += whole;
            done += segment;
            saves += 1;
            continue;
        }
        elapsed += left;
        lost += left;
        loop {
            failures += 1;
            if failures > MOST_FAILURES {
                let got = Quantity::from(Seconds(elapsed));
                return Err(Error::Overflow { op: OP, name: "elapsed", got });
            }
            left = job.failures.sample(&mut random);
            if left >= job.recovery.0 {
                left -= job.recovery.0;
                elapsed += job.recovery.0;
                break;
            }
            elapsed += left;
        }
    }
    let (elapsed, lost) = (Seconds(elapsed), Seconds(lost));
    Ok(JobRun { elapsed, goodput: job.work / elapsed, failures, saves, lost })
}

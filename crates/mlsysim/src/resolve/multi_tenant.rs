//! How long jobs wait on a fleet: wall 16 asked about a fleet.

use crate::convention::Convention;
use crate::error::Result;
use crate::registry::Fleet;
use crate::trace::Recorder;
use crate::units::{Hertz, Seconds};
use crate::walls::fleet::multi_tenant::{Wait, WaitIn, WaitOut};
use crate::walls::solve_traced;

/// The jobs that share a fleet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jobs {
    /// Jobs that arrive per time.
    pub arrivals: Hertz,
    /// Mean time that a job runs.
    pub duration: Seconds,
    /// Accelerators of one job.
    pub width: u32,
    /// Standard deviation of the running time over its mean.
    pub variation: f64,
    /// Share of the accelerators that no waiting gang fits on.
    pub stranded: f64,
}

/// Resolves the queue in front of a fleet.
///
/// # Errors
///
/// As [`crate::walls::solve`].
pub fn multi_tenant<R: Recorder>(
    fleet: &Fleet,
    jobs: &Jobs,
    convention: Convention,
    trace: &mut R,
) -> Result<WaitOut> {
    let x = WaitIn {
        arrivals: jobs.arrivals,
        duration: jobs.duration,
        accelerators: fleet.accelerators(),
        width: f64::from(jobs.width),
        variation: jobs.variation,
        stranded: jobs.stranded,
    };
    solve_traced::<Wait, R>(&x, convention, trace)
}

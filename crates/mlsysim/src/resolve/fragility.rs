//! How often a fleet fails, and what that leaves of a job: wall 15 asked about a fleet.

use crate::convention::Convention;
use crate::error::Result;
use crate::registry::Fleet;
use crate::trace::Recorder;
use crate::units::Seconds;
use crate::walls::fleet::fragility::{FleetMtbf, FleetMtbfIn, Goodput, GoodputIn, GoodputOut};
use crate::walls::solve_traced;

const HOUR: f64 = 3600.0;

/// A job that checkpoints and restarts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Job {
    /// Length of the job.
    pub duration: Seconds,
    /// Time to write one checkpoint.
    pub checkpoint_time: Seconds,
    /// Time from a failure until the job runs again.
    pub recovery_time: Seconds,
}

impl Job {
    /// A job of a length, with a minute per checkpoint and five minutes per restart.
    #[must_use]
    pub const fn new(duration: Seconds) -> Self {
        Self { duration, checkpoint_time: Seconds(60.0), recovery_time: Seconds(300.0) }
    }
}

/// What failures do to a job on a fleet.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Fragility {
    /// Mean time between failures of the fleet.
    pub fleet_mtbf: Seconds,
    /// Failures, intervals, and the time left.
    pub job: GoodputOut,
}

/// Resolves a job on a fleet.
///
/// The fleet's own record of failures counts where it has one; the Python package ignores it.
///
/// # Errors
///
/// As [`crate::walls::solve`]; a node without parts that fail has no finite time between failures and is refused.
pub fn fragility<R: Recorder>(
    fleet: &Fleet,
    job: &Job,
    convention: Convention,
    trace: &mut R,
) -> Result<Fragility> {
    let measured = fleet.mtbf.filter(|_| convention == Convention::Reference);
    let fleet_mtbf = match measured {
        Some(mtbf) => mtbf,
        None => {
            let parts = FleetMtbfIn {
                accelerators: f64::from(fleet.node.accelerators),
                nics: f64::from(fleet.node.nics),
                psus: f64::from(fleet.node.series_psus()),
                nodes: f64::from(fleet.nodes),
                accelerator_mtbf: Seconds(50_000.0 * HOUR),
                nic_mtbf: Seconds(150_000.0 * HOUR),
                psu_mtbf: Seconds(100_000.0 * HOUR),
            };
            solve_traced::<FleetMtbf, R>(&parts, convention, trace)?.fleet_mtbf
        }
    };
    let x = GoodputIn {
        fleet_mtbf,
        duration: job.duration,
        checkpoint_time: job.checkpoint_time,
        recovery_time: job.recovery_time,
    };
    Ok(Fragility { fleet_mtbf, job: solve_traced::<Goodput, R>(&x, convention, trace)? })
}

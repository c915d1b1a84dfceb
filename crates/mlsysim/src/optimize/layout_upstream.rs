//! The layout search of the Python package: powers of two for two degrees, ranked by one scalar.
//!
//! It is here for people who compare with that package; [`super::layout`] searches everything and prices more.

use crate::convention::Convention;
use crate::error::Result;
use crate::precision::Precision;
use crate::registry::{Fleet, Model};
use crate::resolve::distributed::{self, Request};
use crate::trace::NoTrace;
use crate::units::{Hertz, Seconds};
use alloc::vec::Vec;

/// A layout and what it costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Devices that share a layer.
    pub tp: u32,
    /// Stages.
    pub pp: u32,
    /// Copies of the whole.
    pub dp: u32,
    /// Efficiency of the code times the share of the step that is work.
    pub mfu: f64,
    /// Sequences per second.
    pub throughput: Hertz,
    /// Time of one step.
    pub step_time: Seconds,
}

/// What the search of powers of two found.
#[derive(Debug, Clone, PartialEq)]
pub struct PowersOfTwo {
    /// The five best, best first.
    pub top: Vec<Candidate>,
    /// How many layouts were priced and fit.
    pub searched: usize,
}

/// Searches degrees of 1, 2, 4, … 512 as the Python package does; `None` if no layout fits.
///
/// `request` gives everything but the degrees; `max_tp` and `max_pp` bound them.
///
/// # Errors
///
/// As [`distributed::solve`] for inputs that no layout could mend.
pub fn powers_of_two(
    model: &Model,
    fleet: &Fleet,
    request: &Request,
    max_tp: Option<u32>,
    max_pp: Option<u32>,
) -> Result<Option<PowersOfTwo>> {
    const UPSTREAM: Convention = Convention::Upstream030;
    let devices = u64::from(fleet.nodes) * u64::from(fleet.node.accelerators);
    let max_tp = u64::from(max_tp.unwrap_or(fleet.node.accelerators));
    let max_pp = max_pp.map_or(devices, u64::from);
    let weights = model.weight_bytes(Precision::Fp16, UPSTREAM)?;
    let state = weights.0 * 2.0 + 12.0 * model.parameters.map_or(0.0, |n| n.0);
    let room = 0.9 * fleet.node.accelerator.capacity.0;
    let mut found = Vec::new();
    let powers = || (0..10_u32).map(|exponent| 1_u32 << exponent);
    for tp in powers().filter(|tp| u64::from(*tp) <= max_tp) {
        for pp in powers().filter(|pp| u64::from(*pp) <= max_pp) {
            let own = u64::from(tp) * u64::from(pp);
            if own > devices || devices % own != 0 {
                continue;
            }
            let Ok(dp) = u32::try_from(devices / own) else { continue };
            if state / (f64::from(tp) * f64::from(pp)) > room {
                continue;
            }
            let microbatches = if pp > 1 { (request.batch / dp).max(1) } else { 1 };
            let layout = Request { tp, pp, ep: 1, dp: None, microbatches, ..*request };
            let step = distributed::solve(model, fleet, &layout, UPSTREAM, &mut NoTrace)?;
            if step.replica.feasible() {
                found.push(Candidate {
                    tp,
                    pp,
                    dp,
                    mfu: step.scaling_efficiency * request.efficiency,
                    throughput: step.throughput,
                    step_time: step.step_time,
                });
            }
        }
    }
    let searched = found.len();
    // Stable, so that the first of equals in order of tp and pp stays first.
    found.sort_by(|a, b| b.mfu.total_cmp(&a.mfu));
    found.truncate(5);
    Ok(if found.is_empty() { None } else { Some(PowersOfTwo { top: found, searched }) })
}

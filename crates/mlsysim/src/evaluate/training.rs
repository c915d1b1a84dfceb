//! A training step on a fleet whose layout is named in full, in part, or not at all.
//!
//! What is not named is searched, and the fastest layout that fits is taken. Where none fits, that which needs the
//! least memory is priced, so that a report can say by how much.
//! A model without attention layers has no layouts to search: what is not named of it is 1, the rest are copies.
//! [`Convention::Upstream030`] searches nothing and does the same for every model.

use crate::composite::training_memory::Checkpointing;
use crate::composite::training_step::{Cluster, Layout, Plan, Tuning};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::optimize::layout::{Named, Space, search_named};
use crate::registry::{Fleet, Model, Recompute};
use crate::resolve::distributed::{self, Distributed, Request};
use crate::trace::Recorder;
use crate::units::{Bytes, Joules, Seconds};

/// A training step with its layout.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Trained {
    /// The layout.
    pub layout: Layout,
    /// Microbatches per step and device.
    pub microbatches: u32,
    /// Whether what is not named of the layout was searched.
    pub searched: bool,
    /// The step.
    pub step: Distributed,
    /// Useful operations as a share of the peak over the whole step.
    pub mfu: f64,
    /// All operations as a share of the peak over the whole step.
    pub hfu: f64,
    /// Energy of one step on all devices; `None` if their power is not known.
    pub energy: Option<Joules>,
}

impl Trained {
    /// Where the step's time goes: names and times that add up to it, zeros left out.
    #[must_use]
    pub fn parts(&self) -> alloc::vec::Vec<(&'static str, Seconds)> {
        let parts = match &self.step.estimate {
            Some(estimate) => estimate.breakdown.parts().to_vec(),
            None => {
                let (step, work) = (&self.step, self.step.replica.time);
                let messages = step.exposed_sync_time
                    + step.tensor_time
                    + step.expert_time
                    + step.transfer_time;
                let known = work + messages + step.bubble_time;
                alloc::vec![
                    ("work", work),
                    ("sync", step.exposed_sync_time),
                    ("tensor", step.tensor_time),
                    ("expert", step.expert_time),
                    ("transfer", step.transfer_time),
                    ("bubble", step.bubble_time),
                    ("straggler", (step.step_time - known).max(Seconds::ZERO)),
                ]
            }
        };
        parts.into_iter().filter(|(_, time)| *time > Seconds::ZERO).collect()
    }
}

/// Prices one training step of `model` on `fleet`, with what `named` leaves open of the layout found by search.
///
/// The degrees, microbatches, sharding and recomputation of `request` do not matter; `named` has them.
///
/// # Errors
///
/// - [`Error::LayoutNone`] if no layout is as named and divides both the devices and the model.
/// - As [`distributed::solve`].
pub fn train<R: Recorder>(
    model: &Model,
    fleet: &Fleet,
    request: &Request,
    named: &Named,
    convention: Convention,
    trace: &mut R,
) -> Result<Trained> {
    let is_searched = convention == Convention::Reference && model.family.is_transformer();
    let layout = if is_searched {
        find(&distributed::plan(model, fleet, request)?, named)?
    } else {
        by_default(fleet, request, named)
    };
    let own_batch = request.batch / layout.dp.max(1) / layout.ep.max(1);
    let microbatches = (own_batch / layout.micro_batch.max(1)).max(1);
    let request = Request {
        tp: layout.tp,
        pp: layout.pp,
        cp: layout.cp,
        ep: layout.ep,
        dp: named.dp,
        microbatches,
        interleave: layout.interleave,
        zero_stage: layout.zero_stage,
        recompute: match layout.checkpointing {
            Checkpointing::None => Recompute::None,
            Checkpointing::Selective => Recompute::Selective,
            Checkpointing::Full => Recompute::Full,
        },
        ..*request
    };
    let step = distributed::solve(model, fleet, &request, convention, trace)?;
    let layout = Layout { dp: step.dp, ..layout };
    let share = step.scaling_efficiency;
    let (mfu, hfu) = step.estimate.map_or_else(
        || (step.replica.mfu * share, step.replica.hfu * share),
        |estimate| (estimate.mfu, estimate.hfu),
    );
    let device = fleet.node.accelerator.device(request.precision, convention)?;
    let energy = device.power.map(|power| {
        let drawn = device.idle_share + (1.0 - device.idle_share) * hfu;
        Joules(power.0 * fleet.accelerators() * drawn * step.step_time.0)
    });
    Ok(Trained { layout, microbatches, searched: is_searched, step, mfu, hfu, energy })
}

/// The fastest layout that fits and is as named; if none fits, that which needs the least memory.
fn find(plan: &Plan, named: &Named) -> Result<Layout> {
    let space = Space::of(plan);
    let found = search_named(plan, &space, named)?;
    if let Some(best) = found.best() {
        return Ok(best.layout);
    }
    let endless = Cluster { capacity: Bytes(f64::MAX), ..*plan.cluster() };
    let tuning = Tuning { reserve: 0.0, ..*plan.tuning() };
    let endless = Plan::new(*plan.shape(), endless, tuning)?;
    let all = search_named(&endless, &space, named)?;
    // The front is ordered by time, so by falling memory.
    match all.front.last() {
        Some(smallest) => Ok(smallest.layout),
        None => Err(Error::LayoutNone {
            devices: u64::from(plan.cluster().devices),
            why: found.reasons(),
        }),
    }
}

/// What is named; copies of the whole where nothing is.
fn by_default(fleet: &Fleet, request: &Request, named: &Named) -> Layout {
    let one = |degree: Option<u32>| degree.unwrap_or(1);
    let [tp, pp, cp, ep] = [named.tp, named.pp, named.cp, named.ep].map(one);
    let own = [tp, pp, cp, ep]
        .into_iter()
        .fold(1_u64, |own, degree| own.saturating_mul(u64::from(degree)))
        .max(1);
    let devices = u64::from(fleet.nodes) * u64::from(fleet.node.accelerators);
    let dp = named.dp.unwrap_or_else(|| u32::try_from(devices / own).unwrap_or(u32::MAX));
    let own_batch = (request.batch / dp.max(1) / ep.max(1)).max(1);
    Layout {
        tp,
        pp,
        cp,
        ep,
        dp,
        micro_batch: named.micro_batch.unwrap_or(own_batch),
        interleave: one(named.interleave),
        zero_stage: named.zero_stage.unwrap_or(0),
        checkpointing: named.checkpointing.unwrap_or(Checkpointing::None),
        sequence_parallel: true,
    }
}

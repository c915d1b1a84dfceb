//! The best division of a training step over devices, by looking at all of them.
//!
//! Every divisor is tried for the tensor, pipeline, context, expert and data degree and for the microbatch, with every
//! interleaving, recomputation and sharding stage. What does not fit in memory is no answer.
//! A layout is left unpriced only if it cannot matter: its arithmetic alone takes as long as a layout already found
//! that also needs no more memory. That bound leaves out terms which are never negative, so what is pruned is proven
//! not to be better; the result is that of pricing everything.

use crate::composite::training_memory::Checkpointing;
use crate::composite::training_step::{Layout, Plan, StepEstimate, Work, price};
use crate::error::Result;
use crate::trace::NoTrace;
use crate::units::{Bytes, Seconds};
use alloc::vec::Vec;
use core::fmt;

mod named;

pub use named::Named;

/// The largest degrees to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Devices that share a layer.
    pub max_tp: u32,
    /// Stages.
    pub max_pp: u32,
    /// Devices that share a sequence.
    pub max_cp: u32,
    /// Devices among which experts are divided.
    pub max_ep: u32,
    /// Sequences of one microbatch.
    pub max_micro_batch: u32,
    /// Parts of each stage that take turns.
    pub max_interleave: u32,
    /// Stage of sharding over the copies.
    pub max_zero_stage: u8,
}

impl Space {
    /// Everything that the model's seams allow, with layers shared inside a node and sequences whole.
    #[must_use]
    pub const fn of(plan: &Plan) -> Self {
        let shape = plan.shape();
        Self {
            max_tp: plan.cluster().node_devices,
            max_pp: shape.layers,
            max_cp: 1,
            max_ep: shape.experts,
            max_micro_batch: u32::MAX,
            max_interleave: u32::MAX,
            max_zero_stage: 3,
        }
    }
}

/// Why a layout was not priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// It is not what was settled before the search.
    Named,
    /// A degree is larger than asked for.
    Cap,
    /// The tensor degree does not divide the heads.
    Heads,
    /// There are more stages than layers.
    Layers,
    /// The expert degree does not divide the experts.
    Experts,
    /// The context degree does not divide the sequence.
    Tokens,
    /// The batch does not split over the copies.
    Batch,
    /// The microbatches do not fill the turns of interleaved stages.
    Turns,
    /// The fullest device would hold more than it can.
    Memory,
    /// Its arithmetic alone takes as long as a layout already found that needs no more memory.
    Bound,
}

impl Reason {
    /// Every reason, in the order in which they are looked at.
    pub const ALL: [Self; 10] = [
        Self::Named,
        Self::Cap,
        Self::Heads,
        Self::Layers,
        Self::Experts,
        Self::Tokens,
        Self::Batch,
        Self::Turns,
        Self::Memory,
        Self::Bound,
    ];
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Named => "not as settled before the search",
            Self::Cap => "a degree is larger than asked for",
            Self::Heads => "the tensor degree does not divide the heads",
            Self::Layers => "more stages than layers",
            Self::Experts => "the expert degree does not divide the experts",
            Self::Tokens => "the context degree does not divide the sequence",
            Self::Batch => "the batch does not split over the copies",
            Self::Turns => "the microbatches do not fill the turns of interleaved stages",
            Self::Memory => "does not fit in memory",
            Self::Bound => "cannot beat a layout already found",
        })
    }
}

/// A layout and its price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Priced {
    /// The layout.
    pub layout: Layout,
    /// Its price.
    pub estimate: StepEstimate,
}

/// A division of the devices that was dropped as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// Devices that share a layer.
    pub tp: u32,
    /// Stages.
    pub pp: u32,
    /// Devices that share a sequence.
    pub cp: u32,
    /// Devices among which experts are divided.
    pub ep: u32,
    /// Copies of the whole.
    pub dp: u32,
    /// Why.
    pub reason: Reason,
}

/// What a search found, and what it left out and why.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Search {
    /// The layouts that no other beats in both time and memory, fastest first.
    pub front: Vec<Priced>,
    /// The time that no layout can go below.
    pub least_time: Seconds,
    /// Ways to write the devices as a product of five degrees.
    pub divisions: u64,
    /// Those dropped as a whole.
    pub dropped: Vec<Dropped>,
    /// Layouts of the other divisions.
    pub layouts: u64,
    /// Layouts priced.
    pub priced: u64,
    /// Layouts left out, by [`Reason::ALL`].
    pub pruned: [u64; Reason::ALL.len()],
}

impl Search {
    /// The fastest layout; of equally fast ones that which needs the least memory. `None` if nothing fits.
    #[must_use]
    pub fn best(&self) -> Option<&Priced> {
        self.front.first()
    }

    /// Layouts left out for one reason.
    #[must_use]
    pub fn pruned_for(&self, reason: Reason) -> u64 {
        self.pruned[reason as usize]
    }

    /// Whether a layout already found is as good as any of that time and memory.
    fn beats(&self, time: f64, memory: Bytes) -> bool {
        self.front.iter().any(|p| p.estimate.step_time.0 <= time && p.estimate.memory <= memory)
    }

    fn offer(&mut self, priced: Priced) {
        let (time, memory) = (priced.estimate.step_time, priced.estimate.memory);
        if !self.beats(time.0, memory) {
            self.front.retain(|p| p.estimate.step_time < time || p.estimate.memory < memory);
            self.front.push(priced);
        }
    }
}

/// Searches every layout of `plan` inside `space`.
///
/// # Cost
///
/// About the number of layouts times the cost of looking at their memory; the front is the only thing kept.
///
/// # Errors
///
/// [`crate::Error::Overflow`] if a layout's time or memory does not fit a 64-bit float.
///
/// # Examples
///
/// ```
/// use mlsysim::composite::training_step::{Cluster, Plan, Shape, Tuning};
/// use mlsysim::optimize::layout::{Space, search};
/// use mlsysim::units::{Bytes, BytesPerSecond, FlopPerSecond, Params};
///
/// let shape = Shape::dense(32, 4096, 32, Params(6.7e9));
/// let device = (FlopPerSecond(312e12), BytesPerSecond(2e12), Bytes(80e9));
/// let cluster = Cluster::new(16, 8, device, BytesPerSecond(300e9), BytesPerSecond(25e9));
/// let plan = Plan::new(shape, cluster, Tuning { batch: 64, ..Tuning::default() })?;
/// let found = search(&plan, &Space::of(&plan))?;
/// let best = found.best().expect("16 devices hold it");
/// assert!(best.estimate.step_time >= found.least_time);
/// assert!(best.estimate.fits);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn search(plan: &Plan, space: &Space) -> Result<Search> {
    search_named(plan, space, &Named::default())
}

/// As [`search`], among the layouts that are as `named`, even where that is outside of `space`.
///
/// # Errors
///
/// As [`search`].
pub fn search_named(plan: &Plan, space: &Space, named: &Named) -> Result<Search> {
    let space = &named.widen(space);
    let mut found = Search {
        front: Vec::new(),
        least_time: plan.least_time(),
        divisions: 0,
        dropped: Vec::new(),
        layouts: 0,
        priced: 0,
        pruned: [0; Reason::ALL.len()],
    };
    let devices = plan.cluster().devices;
    for tp in divisors(devices) {
        for pp in divisors(devices / tp) {
            for cp in divisors(devices / tp / pp) {
                for ep in divisors(devices / tp / pp / cp) {
                    let dp = devices / tp / pp / cp / ep;
                    let layout = Layout { tp, pp, cp, ep, ..Layout::copies(dp) };
                    found.divisions += 1;
                    match misfit(plan, space, named, &layout) {
                        Some(reason) => {
                            found.dropped.push(Dropped { tp, pp, cp, ep, dp, reason });
                        }
                        None => division(plan, space, named, layout, &mut found)?,
                    }
                }
            }
        }
    }
    found.front.sort_by(|a, b| a.estimate.step_time.0.total_cmp(&b.estimate.step_time.0));
    Ok(found)
}

/// Why a division is none, if so.
fn misfit(plan: &Plan, space: &Space, named: &Named, layout: &Layout) -> Option<Reason> {
    let Layout { tp, pp, cp, ep, dp, .. } = *layout;
    let (shape, tuning) = (plan.shape(), plan.tuning());
    let copies = u64::from(dp) * u64::from(ep);
    let capped = tp > space.max_tp || pp > space.max_pp || cp > space.max_cp || ep > space.max_ep;
    let checks = [
        (!named.allows_division(layout), Reason::Named),
        (capped, Reason::Cap),
        (!shape.heads.is_multiple_of(tp), Reason::Heads),
        (pp > shape.layers, Reason::Layers),
        (shape.experts > 1 && !shape.experts.is_multiple_of(ep), Reason::Experts),
        (!tuning.seq_len.is_multiple_of(cp), Reason::Tokens),
        (!u64::from(tuning.batch).is_multiple_of(copies), Reason::Batch),
    ];
    checks.into_iter().find(|(fails, _)| *fails).map(|(_, reason)| reason)
}

/// Looks at every microbatch, interleaving, recomputation and sharding of one division.
fn division(
    plan: &Plan,
    space: &Space,
    named: &Named,
    layout: Layout,
    found: &mut Search,
) -> Result<()> {
    const KEEP: [Checkpointing; 3] =
        [Checkpointing::None, Checkpointing::Selective, Checkpointing::Full];
    let own_batch = plan.tuning().batch / layout.dp / layout.ep;
    let stage_layers = plan.shape().layers / layout.pp;
    let stages = u64::from(space.max_zero_stage.min(3)) + 1;
    let room = plan.cluster().capacity * (1.0 - plan.tuning().reserve);
    for micro_batch in divisors(own_batch).filter(|size| *size <= space.max_micro_batch) {
        let microbatches = own_batch / micro_batch;
        for interleave in divisors(stage_layers).filter(|parts| *parts <= space.max_interleave) {
            if interleave > 1 && layout.pp == 1 {
                // One stage has no turns to take.
                continue;
            }
            found.layouts += 3 * stages;
            if interleave > 1 && !microbatches.is_multiple_of(layout.pp) {
                found.pruned[Reason::Turns as usize] += 3 * stages;
                continue;
            }
            for checkpointing in KEEP {
                for zero_stage in 0..=space.max_zero_stage.min(3) {
                    let layout =
                        Layout { micro_batch, interleave, zero_stage, checkpointing, ..layout };
                    if !named.allows_parts(&layout) {
                        found.pruned[Reason::Named as usize] += 1;
                        continue;
                    }
                    let work = Work::new(plan, &layout, microbatches);
                    let memory = work.memory();
                    if memory > room {
                        found.pruned[Reason::Memory as usize] += 1;
                        continue;
                    }
                    // A little less, so that rounding cannot make the bound exceed the price.
                    let bound = work.least_time(plan, &layout, microbatches) * (1.0 - 1e-12);
                    if found.beats(bound, memory) {
                        found.pruned[Reason::Bound as usize] += 1;
                        continue;
                    }
                    found.priced += 1;
                    let estimate = price(plan, &layout, microbatches, &work, &mut NoTrace)?;
                    found.offer(Priced { layout, estimate });
                }
            }
        }
    }
    Ok(())
}

/// The divisors of `n`, ascending.
fn divisors(n: u32) -> impl Iterator<Item = u32> + Clone {
    let mut small = Vec::new();
    let mut large = Vec::new();
    let mut divisor = 1;
    while u64::from(divisor) * u64::from(divisor) <= u64::from(n) {
        if n.is_multiple_of(divisor) {
            small.push(divisor);
            if n / divisor != divisor {
                large.push(n / divisor);
            }
        }
        divisor += 1;
    }
    small.into_iter().chain(large.into_iter().rev())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divisors_are_those_that_divide() {
        for n in [1_u32, 2, 12, 36, 97, 4096] {
            let by_trial: Vec<u32> = (1..=n).filter(|d| n % d == 0).collect();
            assert_eq!(divisors(n).collect::<Vec<_>>(), by_trial);
        }
    }
}

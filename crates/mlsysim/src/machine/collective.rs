//! Time of a collective inside one node.
//!
//! Ring algorithms pass a message on in steps; each step costs a hop. Small messages go by a protocol with little
//! latency and a small share of the bandwidth, large ones by one that fills a pipeline first; a library takes the faster.
//!
//! ```text
//! T = t_b + S · t_h · (1 + r · M/(M + 32 KiB)) + min(V/(B·l), (V + V_0)/B)
//! B = BW · e · (1 − g/n)
//! ```
//!
//! `S` steps and `V` bytes that each member sends: all-reduce `2(n−1)` and `2(n−1)/n·M`, all-gather and reduce-scatter
//! `n−1` and `(n−1)/n·M`, all-to-all sends to all peers at once. Switches that add up messages themselves save an
//! all-reduce part of its bytes. Sources: Thakur, Rabenseifner and Gropp, "Optimization of Collective Communication
//! Operations in MPICH" (2005); Hu and others, "Demystifying NCCL" (2025), protocols.
//!
//! Limits: members of one node, alike, with one link each to a switch or a shared bus.

use super::{Calibration, Machine, positive};
use crate::error::{Error, Result};
use crate::ranges::Range;
use crate::units::Quantity;

/// What the members do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Collective {
    /// Everybody ends with the sum.
    AllReduce,
    /// Everybody ends with the parts of all.
    AllGather,
    /// Everybody ends with their part of the sum.
    ReduceScatter,
    /// Everybody ends with a part of everybody.
    AllToAll,
}

/// The constants of the model, section `task.collective` of the calibration.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Constants {
    /// Time of a hop over the family's kernel time.
    pub hop: f64,
    /// Time of one more peer in an all-to-all over the family's kernel time.
    pub peer: f64,
    /// How much longer latency is for messages above some 32 KiB.
    pub rise: f64,
    /// Share of the bandwidth of the protocol for small messages.
    pub low_latency_share: f64,
    /// Bytes that fill the pipeline of the other protocol.
    pub pipeline_bytes: f64,
    /// Share of the bandwidth that a group of one more would save, all but all-reduce.
    pub gap: f64,
    /// The same for all-reduce.
    pub reduce_gap: f64,
    /// Share of the saved bytes that switches with their own arithmetic turn into time.
    pub switch_share: f64,
}

impl Constants {
    /// Reads the section.
    ///
    /// # Errors
    ///
    /// As [`Calibration::constant`].
    pub fn read(calibration: &Calibration) -> Result<Self> {
        let get = |name| calibration.constant("collective", name);
        Ok(Self {
            hop: get("hop")?,
            peer: get("peer")?,
            rise: get("rise")?,
            low_latency_share: get("low_latency_share")?,
            pipeline_bytes: get("pipeline_bytes")?,
            gap: get("gap")?,
            reduce_gap: get("reduce_gap")?,
            switch_share: get("switch_share")?,
        })
    }
}

/// Message size around which the latency rises.
const RISE_AT: f64 = 32_768.0;

/// Families whose node switches add up messages.
const SWITCHES_THAT_ADD: [&str; 2] = ["hopper", "blackwell"];

/// Fewest members for which a library lets the switch add.
const SWITCH_MEMBERS: f64 = 8.0;

/// Bandwidth that a group of `members` reaches, bytes per second and member.
///
/// # Errors
///
/// [`Error::OutOfRange`] if the machine has no link.
pub fn bandwidth(
    machine: &Machine<'_>,
    collective: Collective,
    members: f64,
    constants: &Constants,
) -> Result<f64> {
    let link = positive("machine.collective", "link", machine.link().unwrap_or(0.0))?;
    let gap = match collective {
        Collective::AllReduce => constants.reduce_gap,
        _ => constants.gap,
    };
    Ok(link * machine.generation.link_efficiency * (1.0 - gap.min(1.0) / members))
}

/// The time of a collective over `members` of `bytes` (the whole buffer) on one node, s.
///
/// # Errors
///
/// Fewer than one member, bytes that are not above zero and finite, or a machine without a link.
pub fn time(
    machine: &Machine<'_>,
    collective: Collective,
    members: f64,
    bytes: f64,
    constants: &Constants,
) -> Result<f64> {
    const OP: &str = "machine.collective";
    let bytes = positive(OP, "bytes", bytes)?;
    if !(members.is_finite() && members >= 1.0) {
        return Err(Error::OutOfRange {
            op: OP,
            name: "members",
            range: Range::COUNT_U32,
            got: Quantity::number(members),
        });
    }
    if members <= 1.0 {
        return Ok(0.0);
    }
    let others = members - 1.0;
    let kernel = machine.generation.kernel_time;
    let (steps, mut sent) = match collective {
        Collective::AllReduce => (2.0 * others, 2.0 * others / members * bytes),
        _ => (others, others / members * bytes),
    };
    if collective == Collective::AllReduce
        && members >= SWITCH_MEMBERS
        && machine.hardware.architecture.as_deref().is_some_and(|a| SWITCHES_THAT_ADD.contains(&a))
    {
        // A switch that adds wants each byte once, and sends each sum back once.
        let saved = sent - bytes * (1.0 + 1.0 / members);
        sent -= constants.switch_share * saved.max(0.0);
    }
    let hop = match collective {
        Collective::AllToAll => constants.peer,
        _ => constants.hop,
    };
    let latency = kernel * (1.0 + steps * hop) * (1.0 + constants.rise * bytes / (bytes + RISE_AT));
    let bandwidth = bandwidth(machine, collective, members, constants)?;
    let low_latency = sent / (bandwidth * constants.low_latency_share);
    let pipelined = (sent + constants.pipeline_bytes) / bandwidth;
    Ok(latency + low_latency.min(pipelined))
}

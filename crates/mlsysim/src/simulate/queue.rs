//! First come, first served, by several equal servers.

use super::{Law, Random, Summary};
use crate::error::{Error, Result};
use crate::ranges::Range;
use crate::units::Quantity;
use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

/// A queue in front of equal servers (G/G/c).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Queue {
    /// Law of the gaps between arrivals, in seconds.
    pub gaps: Law,
    /// Law of the service times, in seconds.
    pub service: Law,
    /// Servers.
    pub servers: u32,
    /// Customers of the run; the first tenth warms up and is not counted.
    pub customers: u32,
}

/// What a run of a queue saw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueueRun {
    /// Seconds until service begins.
    pub wait: Summary,
    /// Seconds until service ends.
    pub sojourn: Summary,
    /// Share of the servers' time that was service.
    pub utilization: f64,
}

const OP: &str = "simulate.queue";

/// A time that is never NaN, in order.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Instant(f64);

impl Eq for Instant {}

impl PartialOrd for Instant {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Instant {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Returns what the customers of one run waited.
///
/// An overloaded queue is simulated all the same: its waits grow as long as the run lasts.
///
/// # Cost
///
/// One sample of each law and one heap operation per customer.
///
/// # Errors
///
/// [`Error::OutOfRange`] for a senseless law, no servers or no customers.
///
/// # Examples
///
/// ```
/// use mlsysim::simulate::{Law, Queue, run_queue};
///
/// // Customers every 2 s, served in 1 s: nobody waits.
/// let calm = Queue { gaps: Law::Fixed(2.0), service: Law::Fixed(1.0), servers: 1, customers: 100 };
/// let run = run_queue(&calm, 1)?;
/// assert_eq!((run.wait.max, run.sojourn.mean), (0.0, 1.0));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn run_queue(queue: &Queue, seed: u64) -> Result<QueueRun> {
    queue.gaps.check(OP)?;
    queue.service.check(OP)?;
    at_least_one("servers", queue.servers)?;
    at_least_one("customers", queue.customers)?;
    let mut random = Random::new(seed);
    let warm_up = queue.customers / 10;
    let counted = (queue.customers - warm_up) as usize;
    let (mut waits, mut sojourns) = (Vec::with_capacity(counted), Vec::with_capacity(counted));
    // Servers that have never worked are not in the heap, so that their number costs nothing.
    let mut free_at: BinaryHeap<Reverse<Instant>> = BinaryHeap::new();
    let (mut now, mut busy, mut last) = (0.0, 0.0, 0.0_f64);
    for customer in 0..queue.customers {
        now += queue.gaps.sample(&mut random);
        let service = queue.service.sample(&mut random);
        let begin = if free_at.len() < queue.servers as usize {
            now
        } else {
            free_at.pop().map_or(now, |Reverse(Instant(free))| free.max(now))
        };
        free_at.push(Reverse(Instant(begin + service)));
        busy += service;
        last = last.max(begin + service);
        if customer >= warm_up {
            waits.push(begin - now);
            sojourns.push(begin - now + service);
        }
    }
    let utilization = if last > 0.0 { busy / (last * f64::from(queue.servers)) } else { 0.0 };
    Ok(QueueRun { wait: Summary::of(&waits), sojourn: Summary::of(&sojourns), utilization })
}

fn at_least_one(name: &'static str, got: u32) -> Result<()> {
    let (range, got) = (Range::COUNT_U32, Quantity::number(f64::from(got)));
    if range.contains(got.value) {
        Ok(())
    } else {
        Err(Error::OutOfRange { op: OP, name, range, got })
    }
}

//! Walls 4, 5 and 7 together: how many machines a service of a model needs.

use super::batching::{Requests, batching};
use super::serving::{Serve, serving};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::ranges::Range;
use crate::registry::{Hardware, Model};
use crate::trace::{NoTrace, Recorder};
use crate::units::{Hertz, Quantity, Seconds};
use crate::walls::node::serving::{Replicas, ReplicasIn, ServiceLimit};
use crate::walls::solve_traced;

/// Requests to be answered in time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// Requests per second.
    pub arrival_rate: Hertz,
    /// Time within which 99 of 100 requests are to be answered in full.
    pub target: Seconds,
    /// Lengths of the prompts, and how requests share a machine.
    pub requests: Requests,
    /// Tokens of an answer, which come on top of the prompt.
    pub output_tokens: u32,
    /// Most machines that may run.
    pub max_replicas: u32,
    /// Standard deviation of the request time over its mean.
    pub service_cv: f64,
}

impl Demand {
    /// Answers of 128 tokens to prompts of up to 2 048, with random lengths, on up to 1 024 machines.
    #[must_use]
    pub const fn new(arrival_rate: Hertz, target: Seconds) -> Self {
        Self {
            arrival_rate,
            target,
            requests: Requests::new(2048),
            output_tokens: 128,
            max_replicas: 1024,
            service_cv: 1.0,
        }
    }
}

/// The machines that a service needs.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ServingCapacity {
    /// Whether the target is met.
    pub feasible: bool,
    /// Fewest machines that meet it; the most allowed if none does.
    pub replicas: f64,
    /// Requests per second that they can answer.
    pub capacity: Hertz,
    /// Requests per second that one can answer.
    pub replica_rate: Hertz,
    /// Share of the capacity that is used; infinite without any.
    pub utilization: f64,
    /// Time that 99 of 100 requests do not pass; infinite if the machines do not keep up.
    pub p99_latency: Seconds,
    /// Wait that 99 of 100 requests do not pass.
    pub p99_wait: Seconds,
    /// Mean time of a request that does not wait.
    pub request_time: Seconds,
    /// Requests that one machine runs side by side.
    pub slots: f64,
    /// Time to the first token: of one prompt; upstream of a full batch.
    pub ttft: Seconds,
    /// Time between tokens in a full house.
    pub itl: Seconds,
    /// What keeps the service from its target.
    pub limit: ServiceLimit,
}

/// Returns how many machines answer `demand` for `model` in time.
///
/// - [`Convention::Reference`]: a machine is as many servers of one queue as requests fit side by side. A request takes
///   its own prompt, the prompts of those that take the places beside it while it runs, and its tokens:
///   `s = A·TTFT + G·ITL`.
/// - [`Convention::Upstream030`]: a machine is one server with the token rate of the full house; the time of a request
///   is that of a full batch that starts together.
///
/// # Errors
///
/// - [`Error::OutOfRange`] for an answer of 0 tokens, no machines, a rate that is negative or a target of 0.
/// - As [`batching`] and [`serving`].
pub fn serving_capacity<R: Recorder>(
    model: &Model,
    machine: &Hardware,
    demand: &Demand,
    convention: Convention,
    trace: &mut R,
) -> Result<ServingCapacity> {
    let upstream = convention == Convention::Upstream030;
    let output_tokens = f64::from(demand.output_tokens);
    check("output_tokens", Range::COUNT, output_tokens)?;
    check("arrival_rate", Range::POSITIVE, demand.arrival_rate.0)?;
    check("target", Range::POSITIVE, demand.target.0)?;
    check("max_replicas", Range::COUNT_U16, f64::from(demand.max_replicas))?;
    check("service_cv", Range::NOT_NEGATIVE, demand.service_cv)?;
    let requests = with_answers(&demand.requests, demand.output_tokens, upstream);
    let house = batching(model, machine, &requests, convention, &mut NoTrace)?;
    let slots = house.paged_requests.max(1.0);
    let prompt = demand.requests.mean_tokens.unwrap_or(f64::from(demand.requests.max_seq_len));
    let request = Serve {
        batch: whole(if upstream { slots } else { 1.0 }),
        precision: requests.precision,
        kv_precision: requests.kv_precision,
        efficiency: requests.efficiency,
        ..Serve::new(whole(libm::floor(prompt)))
    };
    let served = serving(model, machine, &request, convention)?;
    let itl = if upstream { served.itl } else { house.itl };
    let (ttft, request_time, replica_rate) = if upstream {
        let rate = Hertz(house.throughput.0 / output_tokens);
        (served.ttft, served.ttft + itl * output_tokens, rate)
    } else {
        let time = served.ttft * slots + itl * output_tokens;
        (served.ttft, time, slots / time)
    };
    let nothing = ServingCapacity {
        feasible: false,
        replicas: f64::from(demand.max_replicas),
        capacity: Hertz::ZERO,
        replica_rate: Hertz::ZERO,
        utilization: f64::INFINITY,
        p99_latency: Seconds(f64::INFINITY),
        p99_wait: Seconds(f64::INFINITY),
        request_time,
        slots,
        ttft,
        itl,
        limit: ServiceLimit::Memory,
    };
    if !house.feasible || !served.feasible {
        return Ok(nothing);
    }
    if replica_rate <= Hertz::ZERO {
        return Ok(ServingCapacity { limit: ServiceLimit::Capacity, ..nothing });
    }
    let x = ReplicasIn {
        arrival_rate: demand.arrival_rate,
        target: demand.target,
        request_time,
        slots,
        max_replicas: f64::from(demand.max_replicas),
        service_cv: demand.service_cv,
        replica_rate,
    };
    let out = solve_traced::<Replicas, _>(&x, convention, trace)?;
    Ok(ServingCapacity {
        feasible: out.feasible,
        replicas: out.replicas,
        capacity: out.capacity,
        replica_rate: out.rate,
        utilization: out.utilization,
        p99_latency: out.p99_latency,
        p99_wait: out.p99_wait,
        request_time,
        slots,
        ttft,
        itl,
        limit: out.limit,
    })
}

/// The requests as memory sees them: prompts with their answers. Upstream forgets the answers.
fn with_answers(requests: &Requests, output_tokens: u32, upstream: bool) -> Requests {
    if upstream {
        return *requests;
    }
    let longest = requests.max_seq_len.saturating_add(output_tokens);
    let prompt = requests.mean_tokens.unwrap_or(f64::from(requests.max_seq_len));
    let mean = (prompt + f64::from(output_tokens)).min(f64::from(longest));
    Requests {
        max_seq_len: longest,
        mean_tokens: Some(mean),
        prompt_share: (prompt / mean).clamp(0.0, 1.0),
        ..*requests
    }
}

fn check(name: &'static str, range: Range, number: f64) -> Result<()> {
    if range.contains(number) {
        return Ok(());
    }
    let got = Quantity::number(number);
    Err(Error::OutOfRange { op: "serving_capacity", name, range, got })
}

/// A count of at least 1 that is known to be whole.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float stops at the ends of the integer, which is what a length may be"
)]
fn whole(number: f64) -> u32 {
    number.max(1.0) as u32
}

//! How many replicas a service needs so that 99 of 100 requests are answered in time.

use super::COUNTING;
use crate::convention::Convention;
use crate::trace::{Recorder, Value};
use crate::units::{Hertz, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, labels, record};
use crate::walls::node::tail_latency::queue::{Service, Wait};
use crate::walls::node::tail_latency::{DEAN, ERLANG};

labels! {
    /// What keeps a service from its target.
    pub enum ServiceLimit {
        /// Nothing: the target is met.
        Feasible = "Feasible",
        /// The model does not fit, or no request beside it.
        Memory = "Memory",
        /// The replicas allowed do not keep up.
        Capacity = "Capacity",
        /// They keep up, but requests wait too long.
        TailLatency = "Tail Latency",
        /// A request takes too long even when it never waits.
        BaseLatency = "Base Latency",
    }
}

record! {
    /// Requests, a replica, and a target.
    pub struct ReplicasIn {
        /// Requests per second.
        arrival_rate: Hertz, "λ", NOT_NEGATIVE;
        /// Time within which 99 of 100 requests are to be answered.
        target: Seconds, "T*", POSITIVE;
        /// Mean time of a request that does not wait.
        request_time: Seconds, "s", POSITIVE;
        /// Requests that one replica runs side by side.
        slots: f64, "A", COUNT_U16, default 1.0;
        /// Most replicas that may run.
        max_replicas: f64, "r_max", COUNT_U16, default 1024.0;
        /// Standard deviation of the request time over its mean.
        service_cv: f64, "v", NOT_NEGATIVE, default 1.0;
        /// Requests per second of one replica in upstream's sense; 0 for slots over request time.
        replica_rate: Hertz, "q_r", NOT_NEGATIVE, default 0.0;
    }
}

record! {
    /// The replicas and how they do.
    pub struct ReplicasOut {
        /// Whether the target is met.
        feasible: bool, "ok", SHARE;
        /// Fewest replicas that meet the target; the most allowed if none does.
        replicas: f64, "r", NOT_NEGATIVE;
        /// Requests per second that they can answer.
        capacity: Hertz, "r·q_r", NOT_NEGATIVE;
        /// Requests per second of one replica.
        rate: Hertz, "q_r", NOT_NEGATIVE;
        /// Share of that which is used.
        utilization: f64, "ρ", UNBOUNDED;
        /// Wait that 99 of 100 requests do not pass; infinite if the replicas do not keep up.
        p99_wait: Seconds, "w_99", UNBOUNDED;
        /// Time that 99 of 100 requests do not pass.
        p99_latency: Seconds, "T_99", UNBOUNDED;
        /// What keeps the service from its target.
        limit: ServiceLimit, "limit", COUNT_OR_NONE;
    }
}

/// The equation `serving.replicas`.
///
/// A replica with `A` slots is `A` servers of one queue, so the service is a queue with `r·A` servers; upstream takes
/// a replica for one server that is `A` times as fast.
///
/// # Cost
///
/// The latency falls with every replica, so the fewest are found by bisection: one solution of
/// [`crate::walls::node::tail_latency::Queue`] for each doubling of `r_max`.
#[derive(Debug, Clone, Copy)]
pub struct Replicas;

impl Equation for Replicas {
    type In = ReplicasIn;
    type Out = ReplicasOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "serving.replicas",
        wall: 4,
        also: &[5, 7],
        question: "How many replicas answer 99 of 100 requests in time?",
        formula: "least r with T_99 of a queue with r × A servers ≤ T*",
        source: ERLANG,
        inputs: ReplicasIn::FIELDS,
        outputs: ReplicasOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &ReplicasIn, convention: Convention, trace: &mut R) -> ReplicasOut {
        let upstream = convention == Convention::Upstream030;
        let service = Farm::of(x, upstream);
        trace.computed(
            "rate",
            "q_r",
            service.rate,
            "A / s",
            &["slots", "request_time", "replica_rate"],
            COUNTING,
        );
        // No number of replicas makes a request faster than one that never waits.
        let hopeless = !upstream && service.alone() > x.target;
        let found = if hopeless { None } else { service.fewest(x.max_replicas) };
        let replicas = found.unwrap_or(x.max_replicas);
        const SEARCH: &[&str] = &[
            "arrival_rate",
            "target",
            "request_time",
            "slots",
            "max_replicas",
            "service_cv",
            "rate",
        ];
        trace.computed("replicas", "r", replicas, "least r with T_99(r) ≤ T*", SEARCH, ERLANG);
        trace.computed(
            "feasible",
            "ok",
            Value::Flag(found.is_some()),
            "T_99(r) ≤ T*",
            &["replicas", "target"],
            COUNTING,
        );
        let capacity = service.rate * replicas;
        trace.computed("capacity", "r·q_r", capacity, "r × q_r", &["replicas", "rate"], COUNTING);
        let utilization = x.arrival_rate / capacity;
        trace.computed(
            "utilization",
            "ρ",
            utilization,
            "λ / (r × q_r)",
            &["arrival_rate", "capacity"],
            COUNTING,
        );
        let (p99_wait, p99_latency) = service.times(replicas);
        const QUEUE: &[&str] =
            &["arrival_rate", "request_time", "slots", "replicas", "service_cv", "rate"];
        trace.computed(
            "p99_wait",
            "w_99",
            p99_wait,
            "max(0, ln(C / 0.01)) × s / (r × A − λ × s) × (1 + v²) / 2",
            QUEUE,
            ERLANG,
        );
        trace.computed("p99_latency", "T_99", p99_latency, "t with P(T > t) = 0.01", QUEUE, DEAN);
        let limit = match (found, hopeless, p99_latency.0.is_finite()) {
            (Some(_), ..) => ServiceLimit::Feasible,
            (None, true, _) => ServiceLimit::BaseLatency,
            (None, false, true) => ServiceLimit::TailLatency,
            (None, false, false) => ServiceLimit::Capacity,
        };
        trace.computed(
            "limit",
            "limit",
            limit,
            "Base Latency if T_99 without wait > T*; Capacity if ρ ≥ 1; else Tail Latency",
            &["feasible", "p99_latency", "utilization", "target"],
            COUNTING,
        );
        ReplicasOut {
            feasible: found.is_some(),
            replicas,
            capacity,
            rate: service.rate,
            utilization,
            p99_wait,
            p99_latency,
            limit,
        }
    }
}

/// Replicas of one kind before one stream of requests.
struct Farm {
    arrivals: Hertz,
    target: Seconds,
    request_time: Seconds,
    /// Time that a request occupies one server of the queue, and servers per replica.
    server_time: Seconds,
    servers: f64,
    cv: f64,
    rate: Hertz,
    upstream: bool,
}

impl Farm {
    #[inline]
    fn of(x: &ReplicasIn, upstream: bool) -> Self {
        let own = x.slots / x.request_time;
        let rate = if upstream && x.replica_rate > Hertz::ZERO { x.replica_rate } else { own };
        let (server_time, servers) =
            if upstream { (1.0 / rate, 1.0) } else { (x.request_time, x.slots) };
        Self {
            arrivals: x.arrival_rate,
            target: x.target,
            request_time: x.request_time,
            server_time,
            servers,
            cv: x.service_cv,
            rate,
            upstream,
        }
    }

    /// Time that 99 of 100 requests do not pass if none ever waits.
    fn alone(&self) -> Seconds {
        let idle = Wait { probability: 0.0, rate: 1.0 };
        self.request_time * idle.sojourn(&Service::of(self.cv), 0.01)
    }

    /// Wait and latency that 99 of 100 requests do not pass.
    fn times(&self, replicas: f64) -> (Seconds, Seconds) {
        const FOREVER: Seconds = Seconds(f64::INFINITY);
        let (servers, load) = (replicas * self.servers, self.arrivals * self.server_time);
        if load >= servers || load.is_nan() {
            return (FOREVER, FOREVER);
        }
        let wait = Wait::of(servers, load, (1.0 + self.cv * self.cv) / 2.0);
        let waited = self.server_time * wait.quantile(0.01);
        let latency = if self.upstream {
            waited + self.request_time
        } else {
            self.server_time * wait.sojourn(&Service::of(self.cv), 0.01)
        };
        (waited, latency)
    }

    /// The fewest replicas, up to `most`, whose latency is at most the target.
    fn fewest(&self, most: f64) -> Option<f64> {
        let enough = |replicas: f64| self.times(replicas).1 <= self.target;
        if !enough(most) {
            return None;
        }
        let (mut too_few, mut fit) = (0.0, most);
        while fit - too_few > 1.0 {
            let middle = libm::floor((too_few + fit) / 2.0);
            if enough(middle) {
                fit = middle;
            } else {
                too_few = middle;
            }
        }
        Some(fit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    fn example() -> ReplicasIn {
        ReplicasIn {
            arrival_rate: Hertz(50.0),
            target: Seconds(10.0),
            request_time: Seconds(2.0),
            slots: 8.0,
            max_replicas: 64.0,
            service_cv: 1.0,
            replica_rate: Hertz(0.0),
        }
    }

    #[test]
    fn the_fewest_are_those_of_a_scan() {
        for (target, cv) in [(9.3, 1.0), (9.5, 1.0), (12.0, 1.0), (2.5, 0.0), (20.0, 2.0)] {
            let x = ReplicasIn { target: Seconds(target), service_cv: cv, ..example() };
            for convention in [Convention::Reference, Convention::Upstream030] {
                let out = solve::<Replicas>(&x, convention).unwrap();
                let farm = Farm::of(&x, convention == Convention::Upstream030);
                let scan = (1..=64).map(f64::from).find(|r| farm.times(*r).1 <= farm.target);
                assert_eq!(
                    out.feasible.then_some(out.replicas),
                    scan,
                    "{target} {cv} {convention}"
                );
            }
        }
        // 50 requests a second of 2 s keep 100 slots busy, so 13 replicas of 8 at least.
        assert!(solve::<Replicas>(&example(), Convention::Reference).unwrap().replicas >= 13.0);
    }

    #[test]
    fn what_limits_is_named() {
        let limit = |x: &ReplicasIn| solve::<Replicas>(x, Convention::Reference).unwrap().limit;
        assert_eq!(limit(&example()), ServiceLimit::Feasible);
        // An exponential request of mean 2 s takes 2 × ln 100 = 9.2 s in one of 100 cases.
        let hurried = ReplicasIn { target: Seconds(9.2), ..example() };
        assert_eq!(limit(&hurried), ServiceLimit::BaseLatency);
        assert_eq!(limit(&ReplicasIn { max_replicas: 12.0, ..example() }), ServiceLimit::Capacity);
        let crowded = ReplicasIn { max_replicas: 13.0, target: Seconds(9.22), ..example() };
        assert_eq!(limit(&crowded), ServiceLimit::TailLatency);
    }
}

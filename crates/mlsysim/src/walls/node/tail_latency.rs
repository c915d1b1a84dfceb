//! Wall 7, tail latency: the slowest requests decide, and queues and fan-out make them.
//!
//! Requests arrive at random, wait until one of `c` replicas is free, and are served.
//! The mean hides what users see: at high load most of the time in the system is waiting, and a request that asks many
//! machines waits for the slowest of them.
//! The queue of memoryless arrivals and service (M/M/c) is exact here; other spreads use the approximation of Allen
//! and Cunneen for the wait and a service time that matches two moments.
//! It knows no batching inside a replica, no retries and no load that varies over the day.

mod fan_out;
mod hedge;
mod quantile;
pub(crate) mod queue;
mod single;

pub use fan_out::{FanOut, FanOutIn, FanOutOut, leaf_quantile};
pub use hedge::{Hedge, HedgeIn, HedgeOut};
pub use quantile::{Quantile, QuantileIn, QuantileOut};
pub use single::{MeanWaitIn, MeanWaitOut, MeanWaits};

use self::queue::{Service, Wait};
use crate::convention::Convention;
use crate::error::Result;
use crate::trace::{Recorder, Value};
use crate::units::{Hertz, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, record, solve};

pub(crate) const ERLANG: &str = "Erlang (1917), Solution of some problems in the theory of probabilities of significance in automatic telephone exchanges";
pub(crate) const ALLEN: &str =
    "Allen (1990), Probability, Statistics and Queueing Theory, section 5.3 (Allen-Cunneen)";
pub(crate) const DEAN: &str = "Dean & Barroso (2013), The Tail at Scale, CACM 56(2)";
const COUNTING: &str = "counting";

/// Returns the latencies of requests that wait for one of `servers` replicas, with random arrivals and service.
///
/// `P(T > t) = e^(−μt)·(1 + C·(1 − e^(−μt(c−1−a)))/(c − 1 − a))` with the service rate `μ`, the offered load `a = λ/μ`
/// and Erlang's probability of waiting `C`; the quantiles are where that tail is 50 % and 1 %.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] unless `arrival_rate` and `service_time` are at least 0 and finite, and `servers` a
///   whole number from 1 to 4 294 967 295.
/// - [`crate::Error::Overflow`] if a result is not a number.
///
/// # Cost
///
/// That of [`Queue`].
///
/// # Examples
///
/// ```
/// use mlsysim::units::{Hertz, Seconds};
/// use mlsysim::walls::node::tail_latency;
///
/// // One server, 5 requests a second of 0.1 s each: an exponential time of mean 0.2 s in the system.
/// let out = tail_latency::latencies(Hertz(5.0), Seconds(0.1), 1.0)?;
/// assert!((out.p99_latency.0 - 0.2 * 100.0_f64.ln()).abs() < 1e-12);
/// assert!(!tail_latency::latencies(Hertz(11.0), Seconds(0.1), 1.0)?.stable);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn latencies(arrival_rate: Hertz, service_time: Seconds, servers: f64) -> Result<QueueOut> {
    let x = QueueIn { arrival_rate, service_time, servers, service_cv: 1.0, arrival_cv: 1.0 };
    solve::<Queue>(&x, Convention::Reference)
}

record! {
    /// A queue before equal servers.
    pub struct QueueIn {
        /// Requests per second.
        arrival_rate: Hertz, "λ", NOT_NEGATIVE;
        /// Mean time that one request occupies a server.
        service_time: Seconds, "s", NOT_NEGATIVE;
        /// Servers that work side by side.
        servers: f64, "c", COUNT_U32, default 1.0;
        /// Standard deviation of the service time over its mean.
        service_cv: f64, "v", NOT_NEGATIVE, default 1.0;
        /// Standard deviation of the time between arrivals over its mean.
        arrival_cv: f64, "v_a", NOT_NEGATIVE, default 1.0;
    }
}

record! {
    /// How long requests wait and how long they take.
    pub struct QueueOut {
        /// Servers that the requests would keep busy.
        offered_load: f64, "a", NOT_NEGATIVE;
        /// Offered load per server.
        utilization: f64, "ρ", NOT_NEGATIVE;
        /// Whether the servers keep up.
        stable: bool, "stable", SHARE;
        /// Probability that a request has to wait.
        wait_probability: f64, "C", SHARE;
        /// Mean wait over all requests.
        mean_wait: Seconds, "W", UNBOUNDED;
        /// Wait that 99 of 100 requests do not pass.
        p99_wait: Seconds, "w_99", UNBOUNDED;
        /// Time from arrival to answer that half of the requests do not pass.
        p50_latency: Seconds, "T_50", UNBOUNDED;
        /// Time from arrival to answer that 99 of 100 requests do not pass.
        p99_latency: Seconds, "T_99", UNBOUNDED;
        /// 99th percentile of the wait over five service times.
        wait_ratio: f64, "w_99/5s", UNBOUNDED;
    }
}

/// The equation `tail_latency.queue`.
///
/// # Cost
///
/// One sum of at most `c + 1` terms, some `90·√c` for many servers, and two times some five steps of Newton's method
/// with three exponentials each. No allocation.
#[derive(Debug, Clone, Copy)]
pub struct Queue;

impl Equation for Queue {
    type In = QueueIn;
    type Out = QueueOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "tail_latency.queue",
        wall: 7,
        also: &[],
        question: "How long do requests take that wait for one of several servers?",
        formula: "P(T > t) = e^(−μt) × (1 + C × (1 − e^(−μt(c−1−a))) / (c − 1 − a)), for v = v_a = 1",
        source: ERLANG,
        inputs: QueueIn::FIELDS,
        outputs: QueueOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &QueueIn, convention: Convention, trace: &mut R) -> QueueOut {
        let upstream = convention == Convention::Upstream030;
        let q = Load::of(x.arrival_rate, x.service_time, x.servers, upstream);
        trace.computed(
            "offered_load",
            "a",
            q.offered,
            "λ × s",
            &["arrival_rate", "service_time"],
            COUNTING,
        );
        let utilization = if upstream && !q.stable { 1.0 } else { q.utilization };
        trace.computed(
            "utilization",
            "ρ",
            utilization,
            "a / c",
            &["offered_load", "servers"],
            COUNTING,
        );
        trace.computed(
            "stable",
            "stable",
            Value::Flag(q.stable),
            "ρ < 1",
            &["utilization"],
            COUNTING,
        );
        let spread = spread(x.service_cv, x.arrival_cv, upstream);
        let t = Times::of(&q, x, spread, upstream);
        t.record(trace);
        let wait_ratio = match (q.stable, upstream) {
            (true, _) => t.p99_wait_in_services / 5.0,
            (false, true) => 1.0,
            (false, false) => f64::INFINITY,
        };
        trace.computed(
            "wait_ratio",
            "w_99/5s",
            wait_ratio,
            "w_99 / (5 × s)",
            &["p99_wait", "service_time"],
            "mlsysim 0.3.0 (Python)",
        );
        QueueOut {
            offered_load: q.offered,
            utilization,
            stable: q.stable,
            wait_probability: t.probability,
            mean_wait: t.mean_wait,
            p99_wait: t.p99_wait,
            p50_latency: t.p50,
            p99_latency: t.p99,
            wait_ratio,
        }
    }
}

/// The load on a queue's servers.
pub(crate) struct Load {
    pub(crate) offered: f64,
    pub(crate) utilization: f64,
    pub(crate) stable: bool,
}

impl Load {
    /// Upstream calls a queue unstable whose service takes no time.
    #[inline]
    pub(crate) fn of(arrivals: Hertz, service: Seconds, servers: f64, upstream: bool) -> Self {
        let offered = arrivals * service;
        let stable = offered < servers && !(upstream && service <= Seconds::ZERO);
        Self { offered, utilization: offered / servers, stable }
    }
}

/// `(v_a² + v²)/2`: how much longer than with memoryless arrivals and service the wait is.
#[inline]
pub(crate) fn spread(service_cv: f64, arrival_cv: f64, upstream: bool) -> f64 {
    let arrivals = if upstream { 1.0 } else { arrival_cv * arrival_cv };
    (arrivals + service_cv * service_cv) / 2.0
}

/// Waits and latencies of one queue.
struct Times {
    probability: f64,
    mean_wait: Seconds,
    p99_wait: Seconds,
    p99_wait_in_services: f64,
    p50: Seconds,
    p99: Seconds,
}

impl Times {
    #[inline]
    fn of(q: &Load, x: &QueueIn, spread: f64, upstream: bool) -> Self {
        const FOREVER: Seconds = Seconds(f64::INFINITY);
        if !q.stable {
            return Self {
                probability: 1.0,
                mean_wait: FOREVER,
                p99_wait: FOREVER,
                p99_wait_in_services: f64::INFINITY,
                p50: FOREVER,
                p99: FOREVER,
            };
        }
        let wait = Wait::of(x.servers, q.offered, spread);
        let p99_wait_in_services = wait.quantile(0.01);
        let (p50, p99) = if upstream {
            (1.0 + wait.quantile(0.5), 1.0 + p99_wait_in_services)
        } else {
            let service = Service::of(x.service_cv);
            (wait.sojourn(&service, 0.5), wait.sojourn(&service, 0.01))
        };
        let s = x.service_time;
        Self {
            probability: wait.probability,
            mean_wait: s * wait.mean(),
            p99_wait: s * p99_wait_in_services,
            p99_wait_in_services,
            p50: s * p50,
            p99: s * p99,
        }
    }

    #[inline]
    fn record<R: Recorder>(&self, trace: &mut R) {
        const BOTH: &[&str] = &["offered_load", "servers"];
        const WAIT: &[&str] = &[
            "wait_probability",
            "offered_load",
            "servers",
            "service_time",
            "service_cv",
            "arrival_cv",
        ];
        trace.computed(
            "wait_probability",
            "C",
            self.probability,
            "c × B / (c − a × (1 − B)), 1/B = Σ_i (c)_i / a^i",
            BOTH,
            ERLANG,
        );
        trace.computed(
            "mean_wait",
            "W",
            self.mean_wait,
            "C × s / (c − a) × (v_a² + v²) / 2",
            WAIT,
            ALLEN,
        );
        trace.computed(
            "p99_wait",
            "w_99",
            self.p99_wait,
            "max(0, ln(C / 0.01)) × s / (c − a) × (v_a² + v²) / 2",
            WAIT,
            ALLEN,
        );
        trace.computed("p50_latency", "T_50", self.p50, "t with P(T > t) = 0.5", WAIT, ERLANG);
        trace.computed("p99_latency", "T_99", self.p99, "t with P(T > t) = 0.01", WAIT, DEAN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_memoryless_server_by_hand() {
        // M/M/1 at λ = 5, s = 0.1 s: the time in the system is exponential with mean s/(1 − ρ) = 0.2 s.
        let out = latencies(Hertz(5.0), Seconds(0.1), 1.0).unwrap();
        // 0.2 × ln 100 = 0.921 034 037 197 618 3 and 0.2 × ln 2; one rounding of the solved time.
        assert!((out.p99_latency.0 - 0.921_034_037_197_618_3).abs() < 1e-14);
        assert!((out.p50_latency.0 - 0.138_629_436_111_989_06).abs() < 1e-14);
        assert!((out.mean_wait.0 - 0.1).abs() < 1e-15);
        assert!((out.wait_probability - 0.5).abs() < 1e-15);
        // Upstream adds the mean service to the quantile of the wait: 0.2 × ln 50 + 0.1.
        let x = QueueIn {
            arrival_rate: Hertz(5.0),
            service_time: Seconds(0.1),
            servers: 1.0,
            service_cv: 1.0,
            arrival_cv: 1.0,
        };
        let old = solve::<Queue>(&x, Convention::Upstream030).unwrap();
        assert!((old.p99_latency.0 - 0.882_404_601_085_629_3).abs() < 1e-14);
    }

    #[test]
    fn an_overloaded_queue_tells_its_load() {
        let out = latencies(Hertz(30.0), Seconds(0.1), 2.0).unwrap();
        assert!(!out.stable);
        assert!((out.utilization - 1.5).abs() < 1e-15);
        assert_eq!((out.p99_latency, out.wait_ratio), (Seconds(f64::INFINITY), f64::INFINITY));
        let x = QueueIn {
            arrival_rate: Hertz(30.0),
            service_time: Seconds(0.1),
            servers: 2.0,
            service_cv: 1.0,
            arrival_cv: 1.0,
        };
        let old = solve::<Queue>(&x, Convention::Upstream030).unwrap();
        assert_eq!((old.utilization, old.wait_ratio), (1.0, 1.0));
    }

    #[test]
    fn service_without_time_takes_none() {
        let out = latencies(Hertz(100.0), Seconds(0.0), 1.0).unwrap();
        assert!(out.stable);
        assert_eq!((out.p99_latency, out.utilization), (Seconds(0.0), 0.0));
    }

    #[test]
    fn constant_service_is_served_after_its_wait() {
        // M/D/1 at ρ = 0.9: mean wait ρ/(1−ρ)·s/2 = 4.5 s, which is exact (Pollaczek & Khinchine).
        let x = QueueIn {
            arrival_rate: Hertz(0.9),
            service_time: Seconds(1.0),
            servers: 1.0,
            service_cv: 0.0,
            arrival_cv: 1.0,
        };
        let out = solve::<Queue>(&x, Convention::Reference).unwrap();
        assert!((out.mean_wait.0 - 4.5).abs() < 1e-13);
        // 1 + ln(0.9/0.01)·5
        assert!((out.p99_latency.0 - (1.0 + 5.0 * libm::log(90.0))).abs() < 1e-12);
    }
}

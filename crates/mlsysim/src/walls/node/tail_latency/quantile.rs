//! Any quantile of the time that a request spends in a queue with several memoryless servers.

use super::queue::{Service, Wait};
use super::{ERLANG, Load};
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{Hertz, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

record! {
    /// A memoryless queue, and which share of its requests is asked for.
    pub struct QuantileIn {
        /// Requests per second.
        arrival_rate: Hertz, "λ", NOT_NEGATIVE;
        /// Mean time that one request occupies a server.
        service_time: Seconds, "s", NOT_NEGATIVE;
        /// Servers that work side by side.
        servers: f64, "c", COUNT_U32, default 1.0;
        /// Share of the requests that the time is to cover.
        quantile: f64, "q", SHARE, default 0.99;
    }
}

record! {
    /// The time that the share of requests does not pass.
    pub struct QuantileOut {
        /// Probability that a request has to wait.
        wait_probability: f64, "C", SHARE;
        /// Mean wait over all requests; infinite if the servers do not keep up.
        mean_wait: Seconds, "W", UNBOUNDED;
        /// Mean time from arrival to answer.
        mean_latency: Seconds, "T", UNBOUNDED;
        /// Time from arrival to answer that the share of requests does not pass.
        latency: Seconds, "T_q", UNBOUNDED;
    }
}

/// The equation `tail_latency.quantile`.
#[derive(Debug, Clone, Copy)]
pub struct Quantile;

impl Equation for Quantile {
    type In = QuantileIn;
    type Out = QuantileOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "tail_latency.quantile",
        wall: 7,
        also: &[],
        question: "Within which time is a given share of the requests answered?",
        formula: "P(T > T_q) = 1 − q, with T of an M/M/c queue",
        source: ERLANG,
        inputs: QuantileIn::FIELDS,
        outputs: QuantileOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &QuantileIn, convention: Convention, trace: &mut R) -> QuantileOut {
        let upstream = convention == Convention::Upstream030;
        let q = Load::of(x.arrival_rate, x.service_time, x.servers, upstream);
        let late = 1.0 - x.quantile;
        let (probability, wait, latency) = if q.stable {
            let wait = Wait::of(x.servers, q.offered, 1.0);
            let latency = if upstream {
                1.0 + wait.quantile(late)
            } else {
                wait.sojourn(&Service::of(1.0), late)
            };
            (wait.probability, x.service_time * wait.mean(), scaled(latency, x.service_time))
        } else {
            (1.0, Seconds(f64::INFINITY), Seconds(f64::INFINITY))
        };
        const QUEUE: &[&str] = &["arrival_rate", "service_time", "servers"];
        trace.computed(
            "wait_probability",
            "C",
            probability,
            "c × B / (c − a × (1 − B)), a = λ × s",
            QUEUE,
            ERLANG,
        );
        trace.computed(
            "mean_wait",
            "W",
            wait,
            "C × s / (c − λ × s)",
            &["wait_probability", "arrival_rate", "service_time", "servers"],
            ERLANG,
        );
        let mean_latency = wait + x.service_time;
        trace.computed(
            "mean_latency",
            "T",
            mean_latency,
            "W + s",
            &["mean_wait", "service_time"],
            ERLANG,
        );
        trace.computed(
            "latency",
            "T_q",
            latency,
            "t with P(T > t) = 1 − q",
            &["wait_probability", "arrival_rate", "service_time", "servers", "quantile"],
            ERLANG,
        );
        QuantileOut { wait_probability: probability, mean_wait: wait, mean_latency, latency }
    }
}

/// A number of service times; none of them takes no time however many.
fn scaled(services: f64, service: Seconds) -> Seconds {
    if service > Seconds::ZERO { service * services } else { Seconds::ZERO }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn the_limit_of_equal_rates_by_hand() {
        // c = 2, a = 1: P(T > t) = e^(−t)·(1 + t/3), with C = 1/3. At t = 2: e^(−2)·5/3.
        let late = libm::exp(-2.0) * 5.0 / 3.0;
        let x = QuantileIn {
            arrival_rate: Hertz(1.0),
            service_time: Seconds(1.0),
            servers: 2.0,
            quantile: 1.0 - late,
        };
        let out = solve::<Quantile>(&x, Convention::Reference).unwrap();
        assert!((out.latency.0 - 2.0).abs() < 1e-14, "{:?}", out.latency);
        assert!((out.mean_wait.0 - 1.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn all_requests_have_no_bound_and_none_take_no_time() {
        let x = QuantileIn {
            arrival_rate: Hertz(1.0),
            service_time: Seconds(0.5),
            servers: 1.0,
            quantile: 1.0,
        };
        let all = solve::<Quantile>(&x, Convention::Reference).unwrap();
        assert_eq!(all.latency, Seconds(f64::INFINITY));
        let none = solve::<Quantile>(&QuantileIn { quantile: 0.0, ..x }, Convention::Reference);
        assert_eq!(none.unwrap().latency, Seconds(0.0));
    }
}

//! Mean waits before one server, from how busy it is and how much service and arrivals vary.

use super::ALLEN;
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::Seconds;
use crate::walls::equation::{Equation, EquationInfo, Record, record};

const KINGMAN: &str = "Kingman (1961), The single server queue in heavy traffic";

record! {
    /// One server and how it is used.
    pub struct MeanWaitIn {
        /// Share of its time that the server is busy.
        utilization: f64, "ρ", NOT_NEGATIVE;
        /// Mean time that one request occupies the server.
        service_time: Seconds, "s", NOT_NEGATIVE;
        /// Standard deviation of the service time over its mean.
        service_cv: f64, "v", NOT_NEGATIVE, default 1.0;
        /// Standard deviation of the time between arrivals over its mean.
        arrival_cv: f64, "v_a", NOT_NEGATIVE, default 1.0;
    }
}

record! {
    /// How long requests wait on average.
    pub struct MeanWaitOut {
        /// Mean wait with random arrivals; infinite if the server does not keep up.
        random_wait: Seconds, "W_M", UNBOUNDED;
        /// Mean wait with arrivals that vary as stated, approximately.
        mean_wait: Seconds, "W_G", UNBOUNDED;
    }
}

/// The equation `tail_latency.mean_wait`.
#[derive(Debug, Clone, Copy)]
pub struct MeanWaits;

impl Equation for MeanWaits {
    type In = MeanWaitIn;
    type Out = MeanWaitOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "tail_latency.mean_wait",
        wall: 7,
        also: &[16],
        question: "How long do requests wait for one server whose service times vary?",
        formula: "W_M = ρ / (1 − ρ) × s × (1 + v²) / 2; W_G = ρ / (1 − ρ) × s × (v_a² + v²) / 2",
        source: KINGMAN,
        inputs: MeanWaitIn::FIELDS,
        outputs: MeanWaitOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &MeanWaitIn, _: Convention, trace: &mut R) -> MeanWaitOut {
        let variance = x.service_cv * x.service_cv;
        let busy = if x.utilization < 1.0 {
            x.service_time * (x.utilization / (1.0 - x.utilization))
        } else {
            Seconds(f64::INFINITY)
        };
        let stretched = |spread: f64| if spread > 0.0 { busy * spread } else { Seconds::ZERO };
        let random_wait = stretched(0.5 * (1.0 + variance));
        trace.computed(
            "random_wait",
            "W_M",
            random_wait,
            "ρ / (1 − ρ) × s × (1 + v²) / 2",
            &["utilization", "service_time", "service_cv"],
            "Pollaczek (1930) and Khinchine (1932): the mean wait of an M/G/1 queue",
        );
        // Evenly spaced requests of equal size never meet, however busy the server is.
        let mean_wait = stretched(0.5 * (x.arrival_cv * x.arrival_cv + variance));
        trace.computed(
            "mean_wait",
            "W_G",
            mean_wait,
            "ρ / (1 − ρ) × s × (v_a² + v²) / 2",
            &["utilization", "service_time", "service_cv", "arrival_cv"],
            ALLEN,
        );
        MeanWaitOut { random_wait, mean_wait }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn constant_service_halves_the_wait() {
        // ρ/(1−ρ) = 4 at 80 %: 4 × 0.1 s for memoryless service, half of it for constant service.
        let x = MeanWaitIn {
            utilization: 0.8,
            service_time: Seconds(0.1),
            service_cv: 0.0,
            arrival_cv: 0.0,
        };
        let out = solve::<MeanWaits>(&x, Convention::Reference).unwrap();
        assert!((out.random_wait.0 - 0.2).abs() < 1e-15);
        assert_eq!(out.mean_wait, Seconds(0.0));
        let full = MeanWaitIn { utilization: 1.0, arrival_cv: 1.0, ..x };
        let out = solve::<MeanWaits>(&full, Convention::Reference).unwrap();
        assert_eq!(out.random_wait, Seconds(f64::INFINITY));
    }
}

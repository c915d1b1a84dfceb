//! Wall 16, multi-tenant: a shared cluster makes jobs wait long before it is full.
//!
//! Jobs arrive at random and need a gang of accelerators each; as many run at once as gangs fit.
//! Waiting follows from the load alone: at 90 % utilization it is several times that at 60 %.
//! The model has one queue in order of arrival and jobs of one width; priorities and backfilling change who waits,
//! and mixed widths strand accelerators, for which `stranded` stands.

use crate::convention::Convention;
use crate::error::Result;
use crate::formulas::queueing::raw;
use crate::trace::{Recorder, Value};
use crate::units::{Hertz, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, record, solve};

const QUEUE: &str = "Erlang (1917) for M/M/c, with (1+c²)/2 of Pollaczek (1930) and Khinchine (1932) for other service times: Lee & Longton (1959)";
const LITTLE: &str =
    "Little (1961), A proof for the queuing formula L = λW, Operations Research 9(3)";
const GANGS: &str = "Jeon et al. (2019), Analysis of large-scale multi-tenant GPU clusters for DNN training workloads, USENIX ATC";

/// Returns how long jobs of `width` accelerators wait on a shared cluster.
///
/// `W = C(a, c) / (c/d − λ) × (1 + v²)/2` with `c = ⌊n/width⌋` gangs.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] unless arrivals are at least 0, the duration is above 0, and the counts are whole
///   numbers of at least 1.
/// - [`crate::Error::Overflow`] if a result does not fit a 64-bit float.
///
/// # Source
///
/// Erlang (1917); Lee & Longton (1959); Jeon et al. (2019), USENIX ATC.
///
/// # Examples
///
/// ```
/// use mlsysim::units::{Hertz, Seconds};
/// use mlsysim::walls::fleet::multi_tenant;
///
/// // 8 accelerators for jobs of 8: one at a time, busy three quarters of the time.
/// let q = multi_tenant::wait(Hertz(0.75 / 1000.0), Seconds(1000.0), 8.0, 8.0)?;
/// // M/M/1: ρ/(1−ρ) services.
/// assert!((q.wait.0 - 3000.0).abs() < 1e-9);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn wait(arrivals: Hertz, duration: Seconds, accelerators: f64, width: f64) -> Result<WaitOut> {
    let x = WaitIn { arrivals, duration, accelerators, width, variation: 1.0, stranded: 0.0 };
    solve::<Wait>(&x, Convention::Reference)
}

record! {
    /// A cluster and its jobs.
    pub struct WaitIn {
        /// Jobs that arrive per time.
        arrivals: Hertz, "λ", NOT_NEGATIVE;
        /// Mean time that a job runs.
        duration: Seconds, "d", POSITIVE;
        /// Accelerators of the cluster.
        accelerators: f64, "n", LOOP, default 1.0;
        /// Accelerators of one job.
        width: f64, "w", LOOP, default 1.0;
        /// Standard deviation of the running time over its mean.
        variation: f64, "v", NOT_NEGATIVE, default 1.0;
        /// Share of the accelerators that no waiting gang fits on.
        stranded: f64, "φ", SHARE, default 0.0;
    }
}

record! {
    /// How the queue behaves.
    pub struct WaitOut {
        /// Jobs that run at once.
        gangs: f64, "c", NOT_NEGATIVE;
        /// Load over capacity; 1 or more means that the queue grows without end.
        utilization: f64, "ρ", UNBOUNDED;
        /// Whether the queue stays finite.
        stable: bool, "ρ<1", SHARE;
        /// Probability that an arriving job waits.
        waiting_probability: f64, "C", SHARE;
        /// Mean wait.
        wait: Seconds, "W", UNBOUNDED;
        /// Mean number of waiting jobs.
        queue_length: f64, "L", UNBOUNDED;
    }
}

/// The equation `multi_tenant.wait`.
///
/// The Python package has one server for the whole cluster and jobs of equal length.
#[derive(Debug, Clone, Copy)]
pub struct Wait;

impl Equation for Wait {
    type In = WaitIn;
    type Out = WaitOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "multi_tenant.wait",
        wall: 16,
        also: &[],
        question: "How long does a job wait on a shared cluster?",
        formula: "W = C / (c/d − λ) × (1 + v²)/2",
        source: QUEUE,
        inputs: WaitIn::FIELDS,
        outputs: WaitOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &WaitIn, convention: Convention, trace: &mut R) -> WaitOut {
        let (gangs, variation, how) = match convention {
            Convention::Reference => (
                // A quotient that should be whole may round just below.
                libm::floor(x.accelerators * (1.0 - x.stranded) / x.width + 1e-9),
                x.variation,
                "⌊n × (1−φ) / w⌋",
            ),
            Convention::Upstream030 => (1.0, 0.0, "1"),
        };
        trace.computed("gangs", "c", gangs, how, &["accelerators", "stranded", "width"], GANGS);
        let load = x.duration.0 * x.arrivals.0;
        let utilization = if load > 0.0 { load / gangs } else { 0.0 };
        trace.computed(
            "utilization",
            "ρ",
            utilization,
            "λ·d / c",
            &["arrivals", "duration", "gangs"],
            LITTLE,
        );
        let stable = utilization < 1.0;
        trace.computed("stable", "ρ<1", Value::Flag(stable), "ρ < 1", &["utilization"], QUEUE);
        let waiting_probability = match (stable, gangs > 0.0) {
            (true, true) => raw::erlang_c(load, gangs),
            (true, false) => 0.0,
            (false, _) => 1.0,
        };
        trace.computed(
            "waiting_probability",
            "C",
            waiting_probability,
            "Erlang's C of a = λ·d on c servers",
            &["arrivals", "duration", "gangs"],
            QUEUE,
        );
        // In units of the duration first: C / (c − a) services, as M/M/c has, then the spread of service times.
        let services = if waiting_probability > 0.0 && stable {
            waiting_probability / (gangs - load) * (0.5 + 0.5 * variation * variation)
        } else {
            0.0
        };
        let wait = if stable { x.duration * services } else { Seconds(f64::INFINITY) };
        trace.computed(
            "wait",
            "W",
            wait,
            "C / (c/d − λ) × (1 + v²)/2",
            &["waiting_probability", "gangs", "duration", "arrivals", "variation"],
            QUEUE,
        );
        let queue_length = if stable { load * services } else { f64::INFINITY };
        trace.computed("queue_length", "L", queue_length, "λ × W", &["arrivals", "wait"], LITTLE);
        WaitOut { gangs, utilization, stable, waiting_probability, wait, queue_length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: WaitIn = WaitIn {
        arrivals: Hertz(0.5),
        duration: Seconds(1.0),
        accelerators: 16.0,
        width: 8.0,
        variation: 1.0,
        stranded: 0.0,
    };

    #[test]
    fn the_package_is_one_server_with_equal_jobs() {
        // M/D/1 at ρ = 1/2: ρ/(2(1−ρ)) = 1/2 service, ρ²/(2(1−ρ)) = 1/4 job.
        let out = solve::<Wait>(&X, Convention::Upstream030).unwrap();
        assert_eq!((out.wait, out.queue_length, out.utilization), (Seconds(0.5), 0.25, 0.5));
    }

    #[test]
    fn two_gangs_by_hand() {
        // a = 1/2, c = 2: p_0 = 1/(1 + 1/2 + 1/8/(3/4)) = 3/5, C = 1/6 × 3/5 = 1/10, W = C/(2 − 1/2) = 1/15.
        let out = solve::<Wait>(&X, Convention::Reference).unwrap();
        assert!((out.waiting_probability - 0.1).abs() < 1e-15);
        assert!((out.wait.0 - 1.0 / 15.0).abs() < 1e-15);
        // Twice the spread: (1 + 4)/2 times the wait.
        let spread = solve::<Wait>(&WaitIn { variation: 2.0, ..X }, Convention::Reference).unwrap();
        assert!((spread.wait.0 - 2.5 / 15.0).abs() < 1e-15);
    }

    #[test]
    fn jobs_that_do_not_fit_wait_for_ever() {
        let wide = WaitIn { width: 17.0, ..X };
        let out = solve::<Wait>(&wide, Convention::Reference).unwrap();
        assert_eq!((out.gangs, out.stable, out.wait), (0.0, false, Seconds(f64::INFINITY)));
        // A third stranded leaves one gang of 8 on 16.
        let stranded = WaitIn { stranded: 1.0 / 3.0, ..X };
        let out = solve::<Wait>(&stranded, Convention::Reference).unwrap();
        assert_eq!((out.gangs, out.stable), (1.0, true));
    }
}

//! Wall 15, fragility: what one part does rarely, a fleet does all day.
//!
//! Every part that stops a node adds its failure rate; every node that stops the job adds its own.
//! Between failures the job writes checkpoints, and a failure costs the work since the last one and a restart.
//! Checkpoints too often or too rarely both waste time; the best interval lies between.
//! Failures are taken to be independent and without memory, which bursts after a software update are not.

use crate::convention::Convention;
use crate::error::Result;
use crate::formulas::reliability::raw;
use crate::trace::Recorder;
use crate::units::{Hertz, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, record, solve};

const RATES: &str =
    "Barlow & Proschan (1975), Statistical theory of reliability and life testing, ch. 2";
const YOUNG: &str =
    "Young (1974), A first order approximation to the optimum checkpoint interval, CACM 17(9)";
const DALY: &str = "Daly (2006), A higher order estimate of the optimum checkpoint interval for restart dumps, FGCS 22(3)";
const HOUR: f64 = 3600.0;

/// Returns what failures leave of a job whose fleet fails every `mtbf` on average.
///
/// The interval between checkpoints is the best one: `(1 − τ/M) × e^((τ+δ)/M) = 1`.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] unless `mtbf` is above 0 and the other times are at least 0, all finite.
/// - [`crate::Error::Overflow`] if a result does not fit a 64-bit float.
///
/// # Source
///
/// Daly (2006), A higher order estimate of the optimum checkpoint interval for restart dumps, FGCS 22(3).
///
/// # Examples
///
/// ```
/// use mlsysim::units::Seconds;
/// use mlsysim::walls::fleet::fragility;
///
/// // A day on a fleet that fails every 8 hours: three failures are expected.
/// let job = fragility::goodput(Seconds(28_800.0), Seconds(86_400.0), Seconds(60.0), Seconds(300.0))?;
/// assert_eq!(job.expected_failures, 3.0);
/// // Young: √(2 × 60 × 28,800) s.
/// assert!((job.young_interval.0 - 1859.03).abs() < 0.01);
/// // First order: 1 − √(2 × 60 / 28,800) − 300/28,800.
/// assert!((job.first_order_goodput - 0.92503).abs() < 1e-5);
/// assert!(job.goodput > job.first_order_goodput);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn goodput(
    mtbf: Seconds,
    duration: Seconds,
    checkpoint_time: Seconds,
    recovery_time: Seconds,
) -> Result<GoodputOut> {
    let x = GoodputIn { fleet_mtbf: mtbf, duration, checkpoint_time, recovery_time };
    solve::<Goodput>(&x, Convention::Reference)
}

record! {
    /// The parts of a fleet.
    pub struct FleetMtbfIn {
        /// Accelerators of one node.
        accelerators: f64, "n_a", COUNT_OR_NONE;
        /// Network cards of one node.
        nics: f64, "n_n", COUNT_OR_NONE, default 0.0;
        /// Power supplies of one node of which none may fail.
        psus: f64, "n_p", COUNT_OR_NONE, default 0.0;
        /// Nodes of the fleet.
        nodes: f64, "k", COUNT, default 1.0;
        /// Mean time between failures of an accelerator.
        accelerator_mtbf: Seconds, "M_a", POSITIVE, default 50_000.0 * HOUR;
        /// Mean time between failures of a network card.
        nic_mtbf: Seconds, "M_n", POSITIVE, default 150_000.0 * HOUR;
        /// Mean time between failures of a power supply.
        psu_mtbf: Seconds, "M_p", POSITIVE, default 100_000.0 * HOUR;
    }
}

record! {
    /// How often the fleet fails.
    pub struct FleetMtbfOut {
        /// Failures of one node per time.
        node_failure_rate: Hertz, "λ", NOT_NEGATIVE;
        /// Mean time between failures of one node; infinite without parts.
        node_mtbf: Seconds, "M_node", UNBOUNDED;
        /// Mean time between failures of the fleet; infinite without parts.
        fleet_mtbf: Seconds, "M", UNBOUNDED;
    }
}

/// The equation `fragility.fleet_mtbf`.
#[derive(Debug, Clone, Copy)]
pub struct FleetMtbf;

impl Equation for FleetMtbf {
    type In = FleetMtbfIn;
    type Out = FleetMtbfOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "fragility.fleet_mtbf",
        wall: 15,
        also: &[],
        question: "How long does a fleet of many parts run between failures?",
        formula: "M = 1 / (k × (n_a/M_a + n_n/M_n + n_p/M_p))",
        source: RATES,
        inputs: FleetMtbfIn::FIELDS,
        outputs: FleetMtbfOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &FleetMtbfIn, _: Convention, trace: &mut R) -> FleetMtbfOut {
        let node_failure_rate = Hertz(
            x.accelerators / x.accelerator_mtbf.0 + x.nics / x.nic_mtbf.0 + x.psus / x.psu_mtbf.0,
        );
        trace.computed(
            "node_failure_rate",
            "λ",
            node_failure_rate,
            "n_a/M_a + n_n/M_n + n_p/M_p",
            &["accelerators", "accelerator_mtbf", "nics", "nic_mtbf", "psus", "psu_mtbf"],
            RATES,
        );
        let node_mtbf = 1.0 / node_failure_rate;
        trace.computed("node_mtbf", "M_node", node_mtbf, "1/λ", &["node_failure_rate"], RATES);
        let fleet_mtbf = node_mtbf / x.nodes;
        trace.computed("fleet_mtbf", "M", fleet_mtbf, "M_node/k", &["node_mtbf", "nodes"], RATES);
        FleetMtbfOut { node_failure_rate, node_mtbf, fleet_mtbf }
    }
}

record! {
    /// A job on a fleet that fails now and then.
    pub struct GoodputIn {
        /// Mean time between failures of the fleet.
        fleet_mtbf: Seconds, "M", POSITIVE;
        /// Length of the job.
        duration: Seconds, "T", NOT_NEGATIVE;
        /// Time to write one checkpoint.
        checkpoint_time: Seconds, "δ", NOT_NEGATIVE, default 60.0;
        /// Time from a failure until the job runs again.
        recovery_time: Seconds, "R", NOT_NEGATIVE, default 300.0;
    }
}

record! {
    /// What failures leave of the job.
    pub struct GoodputOut {
        /// Probability of at least one failure.
        failure_probability: f64, "P", SHARE;
        /// Failures to expect.
        expected_failures: f64, "T/M", NOT_NEGATIVE;
        /// Interval between checkpoints that loses least to first order.
        young_interval: Seconds, "τ_Y", NOT_NEGATIVE;
        /// Work between two checkpoints.
        optimal_interval: Seconds, "τ", NOT_NEGATIVE;
        /// Share of time that writing checkpoints takes, to first order.
        checkpoint_share: f64, "δ/τ_Y", NOT_NEGATIVE;
        /// Share of time that repeating lost work takes, to first order.
        rework_share: f64, "τ_Y/2M", NOT_NEGATIVE;
        /// Share of time that restarts take, to first order.
        recovery_share: f64, "R/M", NOT_NEGATIVE;
        /// Share of time that does lasting work, to first order.
        first_order_goodput: f64, "g_1", SHARE;
        /// Share of time that does lasting work.
        goodput: f64, "g", SHARE;
    }
}

/// The equation `fragility.goodput`.
///
/// The Python package takes Young's interval and leaves the repeated work out of its goodput.
#[derive(Debug, Clone, Copy)]
pub struct Goodput;

impl Equation for Goodput {
    type In = GoodputIn;
    type Out = GoodputOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "fragility.goodput",
        wall: 15,
        also: &[19],
        question: "Which share of its time does a job on a failing fleet make progress?",
        formula: "g = τ / (M × e^(R/M) × (e^((τ+δ)/M) − 1)) at the best τ",
        source: DALY,
        inputs: GoodputIn::FIELDS,
        outputs: GoodputOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &GoodputIn, convention: Convention, trace: &mut R) -> GoodputOut {
        let (mtbf, write, restart) = (x.fleet_mtbf, x.checkpoint_time, x.recovery_time);
        let failure_probability = raw::failure_probability(mtbf, x.duration);
        trace.computed(
            "failure_probability",
            "P",
            failure_probability,
            "1 − e^(−T/M)",
            &["duration", "fleet_mtbf"],
            RATES,
        );
        let expected_failures = x.duration / mtbf;
        trace.computed(
            "expected_failures",
            "T/M",
            expected_failures,
            "T / M",
            &["duration", "fleet_mtbf"],
            RATES,
        );
        let young_interval = raw::young_interval(write, mtbf);
        trace.computed(
            "young_interval",
            "τ_Y",
            young_interval,
            "√(2·δ·M)",
            &["checkpoint_time", "fleet_mtbf"],
            YOUNG,
        );
        let (optimal_interval, how) = match convention {
            Convention::Reference => {
                (raw::best_interval(write, mtbf), "τ with (1 − τ/M) × e^((τ+δ)/M) = 1")
            }
            Convention::Upstream030 => (young_interval, "τ_Y"),
        };
        trace.computed(
            "optimal_interval",
            "τ",
            optimal_interval,
            how,
            &["checkpoint_time", "fleet_mtbf", "young_interval"],
            DALY,
        );
        // δ/τ_Y = √(δ/2M) = τ_Y/2M, which also holds for checkpoints that take no time.
        let checkpoint_share = libm::sqrt(write / mtbf / 2.0);
        trace.computed(
            "checkpoint_share",
            "δ/τ_Y",
            checkpoint_share,
            "√(δ/2M)",
            &["checkpoint_time", "fleet_mtbf"],
            YOUNG,
        );
        let rework_share = checkpoint_share;
        trace.computed(
            "rework_share",
            "τ_Y/2M",
            rework_share,
            "√(δ/2M)",
            &["checkpoint_time", "fleet_mtbf"],
            YOUNG,
        );
        let recovery_share = restart / mtbf;
        trace.computed(
            "recovery_share",
            "R/M",
            recovery_share,
            "R / M",
            &["recovery_time", "fleet_mtbf"],
            DALY,
        );
        let left = 1.0 - checkpoint_share - rework_share - recovery_share;
        let first_order_goodput = left.max(0.0);
        trace.computed(
            "first_order_goodput",
            "g_1",
            first_order_goodput,
            "max(0, 1 − δ/τ_Y − τ_Y/2M − R/M)",
            &["checkpoint_share", "rework_share", "recovery_share"],
            YOUNG,
        );
        let (goodput, how) = match convention {
            Convention::Reference => (
                raw::exact_goodput(write, optimal_interval, mtbf, restart),
                "τ / (M × e^(R/M) × (e^((τ+δ)/M) − 1))",
            ),
            Convention::Upstream030 => ((left + rework_share).max(0.0), "max(0, 1 − δ/τ_Y − R/M)"),
        };
        trace.computed(
            "goodput",
            "g",
            goodput,
            how,
            &["optimal_interval", "checkpoint_time", "fleet_mtbf", "recovery_time"],
            DALY,
        );
        GoodputOut {
            failure_probability,
            expected_failures,
            young_interval,
            optimal_interval,
            checkpoint_share,
            rework_share,
            recovery_share,
            first_order_goodput,
            goodput,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_their_rates() {
        // 8/50,000 + 8/150,000 + 2/100,000 per hour = 7/30,000; 10 nodes fail ten times as often.
        let x = FleetMtbfIn {
            accelerators: 8.0,
            nics: 8.0,
            psus: 2.0,
            nodes: 10.0,
            accelerator_mtbf: Seconds(50_000.0 * HOUR),
            nic_mtbf: Seconds(150_000.0 * HOUR),
            psu_mtbf: Seconds(100_000.0 * HOUR),
        };
        let out = solve::<FleetMtbf>(&x, Convention::Reference).unwrap();
        let expected = 30_000.0 / 7.0 * HOUR / 10.0;
        // Five roundings.
        assert!((out.fleet_mtbf.0 / expected - 1.0).abs() < 1e-15);
        let none = FleetMtbfIn { accelerators: 0.0, nics: 0.0, psus: 0.0, ..x };
        let none = solve::<FleetMtbf>(&none, Convention::Reference).unwrap();
        assert_eq!(none.fleet_mtbf, Seconds(f64::INFINITY));
    }

    #[test]
    fn the_package_leaves_the_rework_out() {
        let x = GoodputIn {
            fleet_mtbf: Seconds(20_000.0),
            duration: Seconds(1e5),
            checkpoint_time: Seconds(100.0),
            recovery_time: Seconds(400.0),
        };
        // √(δ/2M) = √(100/40,000) = 0.05, R/M = 0.02.
        let upstream = solve::<Goodput>(&x, Convention::Upstream030).unwrap();
        assert!((upstream.goodput - 0.93).abs() < 1e-15);
        assert_eq!(upstream.optimal_interval, Seconds(2000.0));
        let reference = solve::<Goodput>(&x, Convention::Reference).unwrap();
        assert!((reference.first_order_goodput - 0.88).abs() < 1e-15);
        // Exact at Young's interval: 0.1 / (e^0.105 − 1) × e^−0.02, by hand 0.1 / 0.110711 × 0.980199 = 0.885369;
        // the best interval is a little better.
        assert!(reference.goodput > 0.88536 && reference.goodput < 0.8860, "{}", reference.goodput);
        assert!(reference.optimal_interval.0 < 2000.0);
    }

    #[test]
    fn free_checkpoints_and_hopeless_fleets() {
        let x = GoodputIn {
            fleet_mtbf: Seconds(100.0),
            duration: Seconds(10.0),
            checkpoint_time: Seconds(0.0),
            recovery_time: Seconds(100.0),
        };
        let free = solve::<Goodput>(&x, Convention::Reference).unwrap();
        assert!((free.goodput - libm::exp(-1.0)).abs() < 1e-15);
        let hopeless = GoodputIn { checkpoint_time: Seconds(1e6), ..x };
        let hopeless = solve::<Goodput>(&hopeless, Convention::Reference).unwrap();
        assert_eq!((hopeless.goodput, hopeless.first_order_goodput), (0.0, 0.0));
        assert_eq!(hopeless.optimal_interval, Seconds(100.0));
    }
}

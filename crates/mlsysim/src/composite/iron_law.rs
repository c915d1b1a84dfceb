//! The iron law: what a faster part is worth to the whole.
//!
//! A step is memory time, compute time and overhead.
//! Speeding up one of them leaves the others; the naive expectation multiplies the factors and is wrong.

use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::Seconds;
use crate::walls::equation::{Equation, EquationInfo, Record, record};

record! {
    /// The three times of a step and two upgrades.
    pub struct IronLawIn {
        /// Time that memory traffic takes.
        memory_time: Seconds, "m", NOT_NEGATIVE;
        /// Time that arithmetic takes.
        compute_time: Seconds, "c", NOT_NEGATIVE;
        /// Time that neither explains.
        overhead: Seconds, "o", NOT_NEGATIVE;
        /// Factor by which memory becomes faster.
        memory_speedup: f64, "s_m", POSITIVE, default 1.0;
        /// Factor by which arithmetic becomes faster.
        compute_speedup: f64, "s_c", POSITIVE, default 1.0;
    }
}

record! {
    /// The step before and after.
    pub struct IronLawOut {
        /// Step time if nothing overlaps.
        sequential_time: Seconds, "T_seq", NOT_NEGATIVE;
        /// Step time if traffic and arithmetic overlap fully.
        overlapped_time: Seconds, "T_ovl", NOT_NEGATIVE;
        /// Memory time after the upgrade.
        upgraded_memory_time: Seconds, "m'", NOT_NEGATIVE;
        /// Compute time after the upgrade.
        upgraded_compute_time: Seconds, "c'", NOT_NEGATIVE;
        /// Step time after the upgrade if nothing overlaps.
        upgraded_sequential_time: Seconds, "T_seq'", NOT_NEGATIVE;
        /// Step time after the upgrade if traffic and arithmetic overlap fully.
        upgraded_overlapped_time: Seconds, "T_ovl'", NOT_NEGATIVE;
        /// What multiplying the factors would promise.
        naive_upgraded_time: Seconds, "T_naive", NOT_NEGATIVE;
        /// Share of the sequential time that the upgrade saves; negative for a downgrade.
        sequential_reduction: f64, "r", ANY;
    }
}

/// The equation `iron_law.upgrade`.
#[derive(Debug, Clone, Copy)]
pub struct IronLaw;

const SOURCE: &str = "Amdahl (1967), Validity of the single processor approach, AFIPS";

impl Equation for IronLaw {
    type In = IronLawIn;
    type Out = IronLawOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "iron_law.upgrade",
        wall: 1,
        also: &[2, 3],
        question: "What does a faster memory or a faster unit do to the whole step?",
        formula: "T_seq = m + c + o; T_ovl = max(m, c) + o",
        source: SOURCE,
        inputs: IronLawIn::FIELDS,
        outputs: IronLawOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &IronLawIn, _: Convention, trace: &mut R) -> IronLawOut {
        let sequential_time = x.memory_time + x.compute_time + x.overhead;
        trace.computed("sequential_time", "T_seq", sequential_time, "m + c + o", PARTS, SOURCE);
        let overlapped_time = x.memory_time.max(x.compute_time) + x.overhead;
        trace.computed("overlapped_time", "T_ovl", overlapped_time, "max(m, c) + o", PARTS, SOURCE);
        let memory = x.memory_time / x.memory_speedup;
        trace.computed(
            "upgraded_memory_time",
            "m'",
            memory,
            "m / s_m",
            &["memory_time", "memory_speedup"],
            SOURCE,
        );
        let compute = x.compute_time / x.compute_speedup;
        trace.computed(
            "upgraded_compute_time",
            "c'",
            compute,
            "c / s_c",
            &["compute_time", "compute_speedup"],
            SOURCE,
        );
        let upgraded_sequential_time = memory + compute + x.overhead;
        trace.computed(
            "upgraded_sequential_time",
            "T_seq'",
            upgraded_sequential_time,
            "m' + c' + o",
            UPGRADED,
            SOURCE,
        );
        let upgraded_overlapped_time = memory.max(compute) + x.overhead;
        trace.computed(
            "upgraded_overlapped_time",
            "T_ovl'",
            upgraded_overlapped_time,
            "max(m', c') + o",
            UPGRADED,
            SOURCE,
        );
        let naive = sequential_time / (x.memory_speedup * x.compute_speedup);
        trace.computed(
            "naive_upgraded_time",
            "T_naive",
            naive,
            "T_seq / (s_m × s_c)",
            &["sequential_time", "memory_speedup", "compute_speedup"],
            SOURCE,
        );
        // Nothing to save in a step that takes no time.
        let reduction = if sequential_time > Seconds::ZERO {
            1.0 - upgraded_sequential_time / sequential_time
        } else {
            0.0
        };
        trace.computed(
            "sequential_reduction",
            "r",
            reduction,
            "1 − T_seq' / T_seq",
            &["upgraded_sequential_time", "sequential_time"],
            SOURCE,
        );
        IronLawOut {
            sequential_time,
            overlapped_time,
            upgraded_memory_time: memory,
            upgraded_compute_time: compute,
            upgraded_sequential_time,
            upgraded_overlapped_time,
            naive_upgraded_time: naive,
            sequential_reduction: reduction,
        }
    }
}

const PARTS: &[&str] = &["memory_time", "compute_time", "overhead"];
const UPGRADED: &[&str] = &["upgraded_memory_time", "upgraded_compute_time", "overhead"];

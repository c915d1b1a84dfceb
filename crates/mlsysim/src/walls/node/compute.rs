//! Wall 1, compute: a machine cannot do arithmetic faster than its units allow.
//!
//! The peak rate is a property of the machine, the operations a property of the work.
//! Between them stands the efficiency `η`, the share of the peak that real code reaches.
//! The bound ignores memory traffic; the memory wall is its counterpart and the roofline takes the larger.

use crate::convention::Convention;
use crate::error::Result;
use crate::trace::Recorder;
use crate::units::{Flop, FlopPerSecond, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, record, solve};
use crate::workload::Workload;

/// Returns the least time one step of `work` takes when arithmetic alone limits it.
///
/// `T = OPs / (Peak × η)`, with `OPs` in FLOP, `Peak` in FLOP/s and `η` dimensionless.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] unless the operations are at least 0, `peak` is above 0, both finite, and
///   `efficiency` is from 1e-9 to 1.
/// - [`crate::Error::Overflow`] if the time does not fit a 64-bit float.
///
/// # Source
///
/// Williams, Waterman & Patterson (2009), "Roofline", CACM 52(4).
///
/// # Examples
///
/// ```
/// use mlsysim::units::{Bytes, Flop, FlopPerSecond, Seconds};
/// use mlsysim::{WorkloadSpec, walls::node::compute};
///
/// let step = WorkloadSpec { ops: Flop(3e12), bytes_moved: Bytes(0.0), ..WorkloadSpec::default() };
/// assert_eq!(compute::step_time(&step, FlopPerSecond(3e14), 0.5)?, Seconds(0.02));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn step_time(work: &impl Workload, peak: FlopPerSecond, efficiency: f64) -> Result<Seconds> {
    let x = ComputeIn { ops: work.ops(), peak, efficiency };
    Ok(solve::<StepTime>(&x, Convention::Reference)?.compute_time)
}

record! {
    /// What the compute wall needs.
    pub struct ComputeIn {
        /// Operations of one step.
        ops: Flop, "OPs", NOT_NEGATIVE;
        /// Rate of the machine's arithmetic units in the number format used.
        peak: FlopPerSecond, "Peak", POSITIVE;
        /// Share of the peak that the code reaches.
        efficiency: f64, "η", EFFICIENCY, default 0.5;
    }
}

record! {
    /// What the compute wall gives.
    pub struct ComputeOut {
        /// Rate that the code reaches.
        sustained_peak: FlopPerSecond, "Peak·η", POSITIVE;
        /// Least time of one step.
        compute_time: Seconds, "T_c", NOT_NEGATIVE;
    }
}

/// The equation `compute.step_time`.
#[derive(Debug, Clone, Copy)]
pub struct StepTime;

const SOURCE: &str = "Williams, Waterman & Patterson (2009), Roofline, CACM 52(4)";

impl Equation for StepTime {
    type In = ComputeIn;
    type Out = ComputeOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "compute.step_time",
        wall: 1,
        also: &[],
        question: "How long does one step take if arithmetic alone limits it?",
        formula: "T_c = OPs / (Peak × η)",
        source: SOURCE,
        inputs: ComputeIn::FIELDS,
        outputs: ComputeOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &ComputeIn, _: Convention, trace: &mut R) -> ComputeOut {
        let sustained_peak = x.peak * x.efficiency;
        trace.computed(
            "sustained_peak",
            "Peak·η",
            sustained_peak,
            "Peak × η",
            &["peak", "efficiency"],
            SOURCE,
        );
        let compute_time = x.ops / sustained_peak;
        trace.computed(
            "compute_time",
            "T_c",
            compute_time,
            "OPs / Peak·η",
            &["ops", "sustained_peak"],
            SOURCE,
        );
        ComputeOut { sustained_peak, compute_time }
    }
}

//! Wall 9, transformation: raw samples must become tensors before the accelerator can use them.
//!
//! Decoding and augmenting run on the host's processor, beside the accelerator's step.
//! The longer of the two sets the pace, and whatever the host lacks the accelerator waits.
//! More workers help until the cores are used up or the serial part of collation is all that is left.
//! Memory bandwidth of the host and contention between workers are not modeled.

use crate::convention::Convention;
use crate::error::Result;
use crate::trace::{Recorder, Value};
use crate::units::{Bytes, BytesPerSecond, Hertz, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, record, solve};

const SOURCE: &str =
    "Murray et al. (2021), tf.data: A Machine Learning Data Processing Framework, VLDB 14(12)";
const AMDAHL: &str = "Amdahl (1967), Validity of the single processor approach, AFIPS";

/// Returns the time that `workers` processes take to prepare a batch, and whether the accelerator waits.
///
/// `T = B / r × (σ + (1 − σ) / n)` with the rate `r` of one worker in samples per second, the serial share `σ` and
/// `n = min(workers, cores)`.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] unless counts are whole and at least 1, the rate is above 0, the share from 0 to 1.
/// - [`crate::Error::Overflow`] if a time does not fit a 64-bit float.
///
/// # Source
///
/// Murray et al. (2021), "tf.data"; Amdahl (1967) for the serial part.
///
/// # Examples
///
/// ```
/// use mlsysim::units::{Hertz, Seconds};
/// use mlsysim::walls::data::transformation::{WorkersIn, workers};
///
/// // 256 images at 100 images/s from each of 8 workers: 0.32 s, while the accelerator needs 0.16 s.
/// let x = WorkersIn {
///     batch: 256.0,
///     workers: 8.0,
///     cores: 32.0,
///     worker_rate: Hertz(100.0),
///     serial_share: 0.0,
///     step_time: Seconds(0.16),
/// };
/// let out = workers(&x)?;
/// assert_eq!((out.transform_time, out.accelerator_utilization), (Seconds(0.32), 0.5));
/// assert_eq!(out.workers_needed, 16.0);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn workers(x: &WorkersIn) -> Result<WorkersOut> {
    solve::<Workers>(x, Convention::Reference)
}

record! {
    /// A batch to prepare at a known rate of bytes.
    pub struct BatchIn {
        /// Samples in a batch.
        batch: f64, "B", COUNT;
        /// Bytes of one raw sample.
        sample: Bytes, "s", NOT_NEGATIVE;
        /// Bytes per second that the whole host transforms.
        throughput: BytesPerSecond, "r", POSITIVE;
        /// Time of one step of the accelerator.
        step_time: Seconds, "T_a", NOT_NEGATIVE;
    }
}

record! {
    /// The batch beside the step.
    pub struct BatchOut {
        /// Time to prepare one batch.
        transform_time: Seconds, "T", NOT_NEGATIVE;
        /// Whether preparing takes longer than the step.
        is_bottleneck: bool, "slow", SHARE;
        /// Share of the time that the accelerator works; 0 if neither takes time.
        accelerator_utilization: f64, "u", SHARE;
        /// Time with the wait over time without; infinite if the step takes none.
        slowdown: f64, "f", UNBOUNDED;
    }
}

/// The equation `transformation.batch`.
#[derive(Debug, Clone, Copy)]
pub struct Batch;

impl Equation for Batch {
    type In = BatchIn;
    type Out = BatchOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "transformation.batch",
        wall: 9,
        also: &[],
        question: "Does preparing a batch take longer than the accelerator's step?",
        formula: "T = B × s / r; u = T_a / max(T, T_a)",
        source: SOURCE,
        inputs: BatchIn::FIELDS,
        outputs: BatchOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &BatchIn, _: Convention, trace: &mut R) -> BatchOut {
        let transform_time = x.sample * x.batch / x.throughput;
        let reads: &'static [&'static str] = &["batch", "sample", "throughput"];
        trace.computed("transform_time", "T", transform_time, "B × s / r", reads, SOURCE);
        let Pace { is_bottleneck, accelerator_utilization, slowdown } =
            pace(transform_time, x.step_time, trace);
        BatchOut { transform_time, is_bottleneck, accelerator_utilization, slowdown }
    }
}

/// How the host's time compares with the accelerator's.
struct Pace {
    is_bottleneck: bool,
    accelerator_utilization: f64,
    slowdown: f64,
}

#[inline]
fn pace<R: Recorder>(transform: Seconds, step: Seconds, trace: &mut R) -> Pace {
    let reads: &'static [&'static str] = &["transform_time", "step_time"];
    let is_bottleneck = transform > step;
    let flag = Value::Flag(is_bottleneck);
    trace.computed("is_bottleneck", "slow", flag, "T > T_a", reads, SOURCE);
    let longer = transform.max(step);
    let accelerator_utilization = if longer > Seconds::ZERO { step / longer } else { 0.0 };
    let formula = "T_a / max(T, T_a)";
    trace.computed("accelerator_utilization", "u", accelerator_utilization, formula, reads, SOURCE);
    let slowdown = if step > Seconds::ZERO { longer / step } else { f64::INFINITY };
    trace.computed("slowdown", "f", slowdown, "max(T, T_a) / T_a", reads, SOURCE);
    Pace { is_bottleneck, accelerator_utilization, slowdown }
}

record! {
    /// A batch to prepare by workers that share it.
    pub struct WorkersIn {
        /// Samples in a batch.
        batch: f64, "B", COUNT;
        /// Worker processes.
        workers: f64, "n_w", COUNT;
        /// Cores of the host.
        cores: f64, "n_c", COUNT;
        /// Samples per second that one worker prepares alone.
        worker_rate: Hertz, "r", POSITIVE;
        /// Share of a worker's time that only one worker at a time can spend, such as collation.
        serial_share: f64, "σ", SHARE, default 0.0;
        /// Time of one step of the accelerator.
        step_time: Seconds, "T_a", NOT_NEGATIVE;
    }
}

record! {
    /// The batch beside the step, and the workers that would do.
    pub struct WorkersOut {
        /// Workers that have a core.
        workers_used: f64, "n", COUNT;
        /// Time to prepare one batch.
        transform_time: Seconds, "T", NOT_NEGATIVE;
        /// Whether preparing takes longer than the step.
        is_bottleneck: bool, "slow", SHARE;
        /// Share of the time that the accelerator works; 0 if neither takes time.
        accelerator_utilization: f64, "u", SHARE;
        /// Time with the wait over time without; infinite if the step takes none.
        slowdown: f64, "f", UNBOUNDED;
        /// Fewest workers with which the accelerator does not wait; infinite if none are enough.
        workers_needed: f64, "n*", UNBOUNDED;
    }
}

/// The equation `transformation.workers`.
#[derive(Debug, Clone, Copy)]
pub struct Workers;

impl Equation for Workers {
    type In = WorkersIn;
    type Out = WorkersOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "transformation.workers",
        wall: 9,
        also: &[],
        question: "How many workers prepare batches as fast as the accelerator takes them?",
        formula: "T = B / r × (σ + (1 − σ) / min(n_w, n_c))",
        source: SOURCE,
        inputs: WorkersIn::FIELDS,
        outputs: WorkersOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &WorkersIn, _: Convention, trace: &mut R) -> WorkersOut {
        let workers_used = if x.workers <= x.cores { x.workers } else { x.cores };
        let reads: &'static [&'static str] = &["workers", "cores"];
        trace.computed("workers_used", "n", workers_used, "min(n_w, n_c)", reads, SOURCE);
        let alone = x.batch / x.worker_rate.0;
        let parallel = 1.0 - x.serial_share;
        let transform_time = Seconds(alone * (x.serial_share + parallel / workers_used));
        let reads: &'static [&'static str] =
            &["batch", "worker_rate", "serial_share", "workers_used"];
        let formula = "B / r × (σ + (1 − σ) / n)";
        trace.computed("transform_time", "T", transform_time, formula, reads, AMDAHL);
        let Pace { is_bottleneck, accelerator_utilization, slowdown } =
            pace(transform_time, x.step_time, trace);
        // What the serial part leaves of the step, as a share of one worker's time.
        let left = x.step_time.0 / alone - x.serial_share;
        let workers_needed = if parallel <= 0.0 && left >= 0.0 {
            1.0
        } else if left > 0.0 {
            libm::ceil(parallel / left).max(1.0)
        } else {
            f64::INFINITY
        };
        let reads: &'static [&'static str] = &["batch", "worker_rate", "serial_share", "step_time"];
        let formula = "⌈(1 − σ) / (T_a × r / B − σ)⌉";
        trace.computed("workers_needed", "n*", workers_needed, formula, reads, AMDAHL);
        WorkersOut {
            workers_used,
            transform_time,
            is_bottleneck,
            accelerator_utilization,
            slowdown,
            workers_needed,
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    reason = "small whole numbers and their quotients by powers of two are exact"
)]
mod tests {
    use super::*;

    fn prepared(transform: f64, step: f64) -> BatchOut {
        let x = BatchIn {
            batch: 1.0,
            sample: Bytes(transform),
            throughput: BytesPerSecond(1.0),
            step_time: Seconds(step),
        };
        solve::<Batch>(&x, Convention::Reference).unwrap()
    }

    #[test]
    fn the_longer_sets_the_pace() {
        let slow = prepared(3.0, 2.0);
        assert!(slow.is_bottleneck);
        assert_eq!((slow.accelerator_utilization, slow.slowdown), (2.0 / 3.0, 1.5));
        let fast = prepared(1.0, 2.0);
        assert_eq!((fast.accelerator_utilization, fast.slowdown), (1.0, 1.0));
    }

    #[test]
    fn steps_without_time() {
        let never = prepared(1.0, 0.0);
        assert_eq!((never.accelerator_utilization, never.slowdown), (0.0, f64::INFINITY));
        let nothing = prepared(0.0, 0.0);
        assert_eq!(nothing.accelerator_utilization, 0.0);
        assert!(!nothing.is_bottleneck);
    }

    #[test]
    fn the_serial_part_bounds_the_workers() {
        let run = |step: f64| {
            let x = WorkersIn {
                batch: 100.0,
                workers: 64.0,
                cores: 9.0,
                worker_rate: Hertz(100.0),
                serial_share: 0.1,
                step_time: Seconds(step),
            };
            workers(&x).unwrap()
        };
        // 1 s alone; nine cores: 0.1 + 0.9 / 9 = 0.2 s.
        assert_eq!(run(0.2).workers_used, 9.0);
        assert!((run(0.2).transform_time.0 - 0.2).abs() < 1e-15);
        // 0.9 / (0.4 − 0.1) = 3 workers; at 0.1 s the serial part alone fills the step.
        assert_eq!(run(0.4).workers_needed, 3.0);
        assert_eq!(run(0.1).workers_needed, f64::INFINITY);
    }
}

//! Wall 19, checkpoint: saving the state of a training run stops it, or at least takes its storage.
//!
//! A checkpoint holds weights, optimizer state and master copies; writers share the file system up to its limit.
//! A synchronous write blocks the run until it ends. An asynchronous one blocks only while memory is copied, unless
//! the next checkpoint is due before the last is written.

use crate::convention::Convention;
use crate::error::Result;
use crate::trace::{Recorder, Value};
use crate::units::{Bytes, BytesPerParam, BytesPerSecond, Params, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, record, solve};

const WRITE: &str = "Eisenman et al. (2022), Check-N-Run: a checkpointing system for training deep learning recommendation models, NSDI";
const PIPELINE: &str = "Mohan, Phanishayee & Chidambaram (2021), CheckFreq: frequent, fine-grained DNN checkpointing, FAST";
/// Write time above which storage is called the bottleneck: a convention of the Python package.
const PATIENCE: Seconds = Seconds(60.0);

/// Returns what synchronous checkpoints of `size` written at `bandwidth` after every `interval` of work cost.
///
/// `b = t / (τ + t)`
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] unless size and interval are at least 0 and the bandwidth is above 0, all finite.
/// - [`crate::Error::Overflow`] if a result does not fit a 64-bit float.
///
/// # Source
///
/// Eisenman et al. (2022), Check-N-Run, NSDI.
///
/// # Examples
///
/// ```
/// use mlsysim::units::{Bytes, BytesPerSecond, Seconds};
/// use mlsysim::walls::operations::checkpoint;
///
/// // 1 TB at 10 GB/s takes 100 s; after 900 s of work that is a tenth of the time.
/// let out = checkpoint::write(Bytes(1e12), BytesPerSecond(10e9), Seconds(900.0))?;
/// assert_eq!(out.write_time, Seconds(100.0));
/// assert_eq!(out.blocked_share, 0.1);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn write(size: Bytes, bandwidth: BytesPerSecond, interval: Seconds) -> Result<CheckpointOut> {
    let x = CheckpointIn {
        parameters: Params(size.0),
        state_width: BytesPerParam(1.0),
        stored_share: 1.0,
        writer_bandwidth: bandwidth,
        writers: 1.0,
        limit: bandwidth,
        interval,
        overlap: 0.0,
        snapshot_time: Seconds::ZERO,
    };
    solve::<Write>(&x, Convention::Reference)
}

record! {
    /// State, storage and how often it is saved.
    pub struct CheckpointIn {
        /// Parameters of the model.
        parameters: Params, "N", NOT_NEGATIVE;
        /// Bytes saved per parameter.
        state_width: BytesPerParam, "b", NOT_NEGATIVE, default 14.0;
        /// Share of these bytes that is written, after differences and compression.
        stored_share: f64, "q", SHARE, default 1.0;
        /// Bandwidth of one writer.
        writer_bandwidth: BytesPerSecond, "β", POSITIVE;
        /// Writers at the same time.
        writers: f64, "w", COUNT, default 1.0;
        /// Bandwidth that the file system gives to all.
        limit: BytesPerSecond, "β_max", POSITIVE, default 500e9;
        /// Work between two checkpoints.
        interval: Seconds, "τ", NOT_NEGATIVE, default 4.0 * 3600.0;
        /// Share of the write during which training goes on; 1 for an asynchronous one.
        overlap: f64, "ω", SHARE, default 0.0;
        /// Time to copy the state before an asynchronous write.
        snapshot_time: Seconds, "t_s", NOT_NEGATIVE, default 0.0;
    }
}

record! {
    /// What a checkpoint costs.
    pub struct CheckpointOut {
        /// Bytes of one checkpoint.
        size: Bytes, "M", NOT_NEGATIVE;
        /// Bandwidth of all writers together.
        write_bandwidth: BytesPerSecond, "β_w", POSITIVE;
        /// Time to write one.
        write_time: Seconds, "t", NOT_NEGATIVE;
        /// Time that training stands still for one.
        blocked_time: Seconds, "t_b", NOT_NEGATIVE;
        /// Time standing still over time at work; infinite if there is no work between checkpoints.
        overhead: f64, "t_b/τ", UNBOUNDED;
        /// Share of all time that training stands still.
        blocked_share: f64, "b", NOT_NEGATIVE;
        /// Whether a write takes more than a minute.
        storage_bound: bool, "t>60s", SHARE;
    }
}

/// The equation `checkpoint.write`.
///
/// The Python package divides the write by the interval alone, which exceeds 1 for slow storage.
#[derive(Debug, Clone, Copy)]
pub struct Write;

impl Equation for Write {
    type In = CheckpointIn;
    type Out = CheckpointOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "checkpoint.write",
        wall: 19,
        also: &[],
        question: "How long does a checkpoint take, and which share of the time does it block?",
        formula: "t = N·b·q / min(β·w, β_max); b = t_b / (τ + t_b)",
        source: WRITE,
        inputs: CheckpointIn::FIELDS,
        outputs: CheckpointOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(
        x: &CheckpointIn,
        convention: Convention,
        trace: &mut R,
    ) -> CheckpointOut {
        let reference = convention == Convention::Reference;
        let stored = if reference { x.stored_share } else { 1.0 };
        let size = x.state_width * x.parameters * stored;
        trace.computed(
            "size",
            "M",
            size,
            "N × b × q",
            &["parameters", "state_width", "stored_share"],
            WRITE,
        );
        let write_bandwidth = (x.writer_bandwidth * x.writers).min(x.limit);
        trace.computed(
            "write_bandwidth",
            "β_w",
            write_bandwidth,
            "min(β × w, β_max)",
            &["writer_bandwidth", "writers", "limit"],
            WRITE,
        );
        let write_time = size / write_bandwidth;
        trace.computed(
            "write_time",
            "t",
            write_time,
            "M / β_w",
            &["size", "write_bandwidth"],
            WRITE,
        );
        let (blocked_time, how) = if reference {
            // What overlaps must end before the next checkpoint.
            let hidden = (write_time * x.overlap).min(x.interval);
            (write_time - hidden + x.snapshot_time * x.overlap, "t − min(ω·t, τ) + ω·t_s")
        } else {
            (write_time, "t")
        };
        trace.computed(
            "blocked_time",
            "t_b",
            blocked_time,
            how,
            &["write_time", "interval", "overlap", "snapshot_time"],
            PIPELINE,
        );
        let overhead = if blocked_time.0 > 0.0 { blocked_time / x.interval } else { 0.0 };
        trace.computed(
            "overhead",
            "t_b/τ",
            overhead,
            "t_b / τ",
            &["blocked_time", "interval"],
            PIPELINE,
        );
        let (blocked_share, how) = if reference {
            // As 1/(1 + τ/t), so that a sum too large for a float does not matter.
            let share = if overhead > 0.0 { 1.0 / (1.0 + 1.0 / overhead) } else { 0.0 };
            (share, "t_b / (τ + t_b)")
        } else if x.interval.0 > 0.0 {
            (write_time / x.interval, "t / τ")
        } else {
            (1.0, "1")
        };
        trace.computed(
            "blocked_share",
            "b",
            blocked_share,
            how,
            &["blocked_time", "interval"],
            WRITE,
        );
        let storage_bound = write_time > PATIENCE;
        trace.computed(
            "storage_bound",
            "t>60s",
            Value::Flag(storage_bound),
            "t > 60 s",
            &["write_time"],
            WRITE,
        );
        CheckpointOut {
            size,
            write_bandwidth,
            write_time,
            blocked_time,
            overhead,
            blocked_share,
            storage_bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: CheckpointIn = CheckpointIn {
        parameters: Params(1e9),
        state_width: BytesPerParam(14.0),
        stored_share: 1.0,
        writer_bandwidth: BytesPerSecond(1e9),
        writers: 1.0,
        limit: BytesPerSecond(5e9),
        interval: Seconds(7.0),
        overlap: 0.0,
        snapshot_time: Seconds(1.0),
    };

    #[test]
    fn a_share_never_exceeds_the_whole() {
        // 14 s of writing after 7 s of work.
        let reference = solve::<Write>(&X, Convention::Reference).unwrap();
        assert!((reference.blocked_share - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!((reference.overhead, reference.write_time), (2.0, Seconds(14.0)));
        let upstream = solve::<Write>(&X, Convention::Upstream030).unwrap();
        assert_eq!((upstream.blocked_share, upstream.write_time), (2.0, Seconds(14.0)));
    }

    #[test]
    fn overlapped_writes_block_while_they_copy_or_are_late() {
        // 7 s late and 1 s of copying.
        let late = CheckpointIn { overlap: 1.0, ..X };
        assert_eq!(
            solve::<Write>(&late, Convention::Reference).unwrap().blocked_time,
            Seconds(8.0)
        );
        let in_time = CheckpointIn { interval: Seconds(99.0), ..late };
        let out = solve::<Write>(&in_time, Convention::Reference).unwrap();
        assert_eq!(out.blocked_time, Seconds(1.0));
        assert!((out.blocked_share - 0.01).abs() < 1e-17);
    }

    #[test]
    fn writers_share_the_limit_and_differences_are_smaller() {
        let many = CheckpointIn { writers: 8.0, stored_share: 0.5, ..X };
        let out = solve::<Write>(&many, Convention::Reference).unwrap();
        assert_eq!((out.write_bandwidth, out.write_time), (BytesPerSecond(5e9), Seconds(1.4)));
        let nothing = CheckpointIn { parameters: Params(0.0), interval: Seconds(0.0), ..X };
        let out = solve::<Write>(&nothing, Convention::Reference).unwrap();
        assert_eq!((out.overhead, out.blocked_share), (0.0, 0.0));
    }
}

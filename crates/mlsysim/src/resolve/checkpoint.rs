//! What saving a model's training state costs on a machine: wall 19 asked about records.

use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::near::nearest;
use crate::registry::{Hardware, Model};
use crate::trace::Recorder;
use crate::units::{BytesPerParam, BytesPerSecond, Seconds};
use crate::walls::operations::checkpoint::{CheckpointIn, CheckpointOut, Write};
use crate::walls::solve_traced;

/// How a run saves its state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Saving {
    /// Bytes saved per parameter.
    pub state_width: BytesPerParam,
    /// Share of these bytes that is written, after differences and compression.
    pub stored_share: f64,
    /// Work between two checkpoints.
    pub interval: Seconds,
    /// Writers at the same time.
    pub writers: u32,
    /// Bandwidth that the file system gives to all.
    pub limit: BytesPerSecond,
    /// Share of the write during which training goes on; 1 for an asynchronous one.
    pub overlap: f64,
    /// Time to copy the state before an asynchronous write.
    pub snapshot_time: Seconds,
}

impl Default for Saving {
    /// Weights and Adam's state in full, every four hours of work, by one writer.
    fn default() -> Self {
        Self {
            state_width: BytesPerParam(14.0),
            stored_share: 1.0,
            interval: Seconds(4.0 * 3600.0),
            writers: 1,
            limit: BytesPerSecond(500e9),
            overlap: 0.0,
            snapshot_time: Seconds::ZERO,
        }
    }
}

/// Bytes per parameter by optimizer: 16-bit weights with a 32-bit copy and two moments, or one 32-bit copy.
const WIDTHS: [(&str, f64); 3] = [("adam", 14.0), ("adamw", 14.0), ("sgd", 4.0)];

/// Returns the bytes that a checkpoint holds per parameter under an optimizer, whatever the case of its name.
///
/// The Python package knows `adam` and takes every other name for `sgd`.
///
/// # Errors
///
/// [`Error::UnknownEntry`] under [`Convention::Reference`] if the optimizer is none of `adam`, `adamw` and `sgd`.
///
/// # Examples
///
/// ```
/// use mlsysim::{Convention, resolve::checkpoint::state_width, units::BytesPerParam};
///
/// // 2 bytes of weights, and 4 each of the copy and both moments.
/// assert_eq!(state_width("AdamW", Convention::Reference)?, BytesPerParam(14.0));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn state_width(optimizer: &str, convention: Convention) -> Result<BytesPerParam> {
    let known = |name: &str| {
        WIDTHS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, width)| *width)
    };
    match convention {
        Convention::Reference => known(optimizer).map(BytesPerParam).ok_or_else(|| {
            let near = nearest(optimizer, WIDTHS.iter().map(|(name, _)| *name));
            Error::UnknownEntry { what: "optimizer", name: optimizer.into(), near }
        }),
        Convention::Upstream030 => {
            Ok(BytesPerParam(if optimizer.eq_ignore_ascii_case("adam") { 14.0 } else { 4.0 }))
        }
    }
}

/// Resolves what a checkpoint of a model on a machine costs.
///
/// # Errors
///
/// - [`Error::ModelIncomplete`] if the model's parameters are not recorded, or, under [`Convention::Reference`], the
///   storage of the machine, for which the Python package takes 1 GB/s.
/// - Else as [`crate::walls::solve`].
pub fn checkpoint<R: Recorder>(
    model: &Model,
    machine: &Hardware,
    saving: &Saving,
    convention: Convention,
    trace: &mut R,
) -> Result<CheckpointOut> {
    let parameters = model.parameters.ok_or_else(|| Error::ModelIncomplete {
        model: model.name.clone(),
        what: "the number of parameters",
        remedy: "give parameters",
    })?;
    let writer_bandwidth = match (machine.storage, convention) {
        (Some(storage), _) => storage.bandwidth,
        (None, Convention::Upstream030) => BytesPerSecond(1e9),
        (None, Convention::Reference) => {
            return Err(Error::ModelIncomplete {
                model: machine.name.clone(),
                what: "the bandwidth of its storage",
                remedy: "give storage, or call the wall with a bandwidth",
            });
        }
    };
    let x = CheckpointIn {
        parameters,
        state_width: saving.state_width,
        stored_share: saving.stored_share,
        writer_bandwidth,
        writers: f64::from(saving.writers),
        limit: saving.limit,
        interval: saving.interval,
        overlap: saving.overlap,
        snapshot_time: saving.snapshot_time,
    };
    solve_traced::<Write, R>(&x, convention, trace)
}

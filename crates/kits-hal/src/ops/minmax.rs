//! MAXIMUM, MINIMUM and RELU6: comparisons of bytes with equal quantization.

use super::{Task, binary, output::Output, table};

pub(super) fn max(task: &mut Task<'_, '_>) -> Option<()> {
    binary::each(task, Ord::max)
}

pub(super) fn min(task: &mut Task<'_, '_>) -> Option<()> {
    binary::each(task, Ord::min)
}

/// Clamps every element to the record's limits.
pub(super) fn clamp(task: &mut Task<'_, '_>) -> Option<()> {
    let output = Output::of(&task.op);
    table::map(task, |x| Some(output.clamp(x.into())))
}

//! Module 05: samples, orders, batches.

use core::ops::Range;

use crate::{Result, Rng, Tensor, slots::data as slot};

#[cfg(feature = "course")]
use crate::course::{
    defer, deferred,
    m05::{hook, slot as student},
    wrong,
};

/// Sample `index` of aligned tensors.
pub(crate) fn tensor_dataset_get(tensors: &[Tensor], index: usize) -> Result<Vec<Tensor>> {
    #[cfg(feature = "course")]
    {
        deferred()?;
        if let Some(out) = hook::tensor_dataset_get(tensors, index)? {
            return Ok(out);
        }
    }
    slot::tensor_dataset_get(tensors, index)
}

/// The order of an epoch. An error of a student's slot is reported with the first batch.
pub(crate) fn epoch_order(n: usize, rng: Option<&mut Rng>) -> Vec<usize> {
    #[cfg(feature = "course")]
    let mut rng = rng;
    #[cfg(feature = "course")]
    match hook::epoch_order(n, rng.as_deref_mut()) {
        Ok(Some(order)) if order.len() == n && order.iter().all(|&i| i < n) => return order,
        Ok(Some(order)) => defer(wrong(
            student::epoch_order,
            format!("returned {} places, {n} below {n} are needed", order.len()),
        )),
        Ok(None) => {}
        Err(error) => defer(error),
    }
    slot::epoch_order(n, rng)
}

/// Where the batches begin and end. An error of a student's slot is reported with the first batch.
pub(crate) fn batch_ranges(n: usize, batch_size: usize, drop_last: bool) -> Vec<Range<usize>> {
    #[cfg(feature = "course")]
    match hook::batch_ranges(n, batch_size, drop_last) {
        Ok(Some(ranges)) if ranges.iter().all(|r| r.start < r.end && r.end <= n) => return ranges,
        Ok(Some(ranges)) => defer(wrong(
            student::batch_ranges,
            format!("returned {ranges:?}, which are not parts of {n} samples"),
        )),
        Ok(None) => {}
        Err(error) => defer(error),
    }
    slot::batch_ranges(n, batch_size, drop_last)
}

/// Samples as one batch.
pub(crate) fn collate(samples: &[Vec<Tensor>]) -> Result<Vec<Tensor>> {
    #[cfg(feature = "course")]
    {
        deferred()?;
        if let Some(out) = hook::collate(samples)? {
            return Ok(out);
        }
    }
    slot::collate(samples)
}

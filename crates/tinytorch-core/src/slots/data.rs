//! Module 05, Data loading: one sample, the order of an epoch, its cuts, and the stacking of a batch.

use core::ops::Range;

use crate::{Error, Result, Rng, Tensor};

/// Returns sample `index` of aligned tensors: the `index`-th slice of each along its first axis.
///
/// # Errors
///
/// [`Error::IndexOutOfRange`] if there are not that many samples.
pub fn tensor_dataset_get(tensors: &[Tensor], index: usize) -> Result<Vec<Tensor>> {
    tensors.iter().map(|t| t.select(0, index as isize)).collect()
}

/// Returns the order in which the `n` samples of one epoch are visited: shuffled if there is a generator.
#[must_use]
pub fn epoch_order(n: usize, rng: Option<&mut Rng>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    if let Some(rng) = rng {
        rng.shuffle(&mut order);
    }
    order
}

/// Returns where the batches of an epoch of `n` samples begin and end; the last one may be short or be dropped.
#[must_use]
pub fn batch_ranges(n: usize, batch_size: usize, drop_last: bool) -> Vec<Range<usize>> {
    let step = batch_size.max(1);
    let end = if drop_last { n - n % step } else { n };
    (0..end).step_by(step).map(|start| start..(start + step).min(end)).collect()
}

/// Returns samples as one batch: the k-th tensors of all samples stacked along a new first axis.
///
/// # Errors
///
/// [`Error::InvalidArgument`] for no samples or samples of different lengths, [`Error::ShapeMismatch`] for tensors
/// that differ in shape.
pub fn collate(samples: &[Vec<Tensor>]) -> Result<Vec<Tensor>> {
    let Some(first) = samples.first() else {
        return Err(Error::argument("collate", "batch", "empty", "at least one sample"));
    };
    if let Some(odd) = samples.iter().find(|s| s.len() != first.len()) {
        let got = format!("samples of {} and {} tensors", first.len(), odd.len());
        return Err(Error::argument(
            "collate",
            "batch",
            got,
            "samples of the same number of tensors",
        ));
    }
    (0..first.len())
        .map(|k| {
            let parts: Vec<&Tensor> = samples.iter().map(|s| &s[k]).collect();
            Tensor::stack(&parts, 0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_every_sample_once() {
        assert_eq!(batch_ranges(7, 3, false), [0..3, 3..6, 6..7]);
        assert_eq!(batch_ranges(7, 3, true), [0..3, 3..6]);
        assert_eq!(batch_ranges(6, 3, true), [0..3, 3..6]);
        assert!(batch_ranges(2, 3, true).is_empty());
        assert!(batch_ranges(0, 3, false).is_empty());
    }

    #[test]
    fn order_is_a_permutation_that_changes() {
        let mut rng = Rng::seed(0);
        let (a, b) = (epoch_order(50, Some(&mut rng)), epoch_order(50, Some(&mut rng)));
        let mut sorted = a.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, epoch_order(50, None));
        assert_ne!(a, b);
        assert_eq!(a, epoch_order(50, Some(&mut Rng::seed(0))));
    }
}

//! Module 05, Data loading: one sample, the order of an epoch, its cuts, and the stacking of a batch.

mod checks;
mod mutants;

use core::ops::Range;

use super::{Module, lesson::lesson};
use crate::{
    Rng, Tensor,
    data::{Dataset, TensorDataset},
    slots::data as plain,
};

/// A dataset of inputs and targets that somebody else wrote.
pub type Pairs = Box<dyn Dataset<Item = [Tensor; 2]> + Send + Sync>;

lesson! {
    /// How samples become batches.
    DataLesson, m05, 5;

    /// Returns sample `index`: the `index`-th slice of each tensor along its first axis. An index that is too large is an error.
    core fn tensor_dataset_get(tensors: &[Tensor], index: usize) -> Vec<Tensor>,
        hint "Tensor::select(0, index) is one slice",
        plain::tensor_dataset_get(tensors, index);
    /// Returns the order in which `n` samples are visited: 0 to n - 1, shuffled if there is a generator.
    core fn epoch_order(n: usize, rng: Option<&mut Rng>) -> Vec<usize>,
        hint "Rng::shuffle puts a list in a random order",
        Ok(plain::epoch_order(n, rng));
    /// Returns where the batches of `n` samples begin and end; the last one may be short, or be dropped.
    core fn batch_ranges(n: usize, batch_size: usize, drop_last: bool) -> Vec<Range<usize>>,
        hint "start at every multiple of the batch size; no batch ends after n",
        Ok(plain::batch_ranges(n, batch_size, drop_last));
    /// Returns samples as one batch: the k-th tensors of all samples stacked along a new first axis. No samples, or samples of
    /// different lengths, are an `Error::InvalidArgument`.
    core fn collate(samples: &[Vec<Tensor>]) -> Vec<Tensor>,
        hint "Tensor::stack(&parts, 0) once for each place in a sample",
        plain::collate(samples);
    /// Returns a dataset of pairs: sample `i` is slice `i` of both tensors. First axes of different lengths are an
    /// `Error::InvalidArgument`, samples from the length on an `Error::IndexOutOfRange`.
    given fn dataset(tensors: [Tensor; 2]) -> Pairs,
        hint "a struct of your own that implements data::Dataset, in a Box",
        TensorDataset::new(tensors).map(|data| Box::new(data) as Pairs);
}

pub(super) const MODULE: Module = Module {
    number: 5,
    id: "m05",
    name: "DataLoader",
    tier: "foundations",
    lesson: "DataLesson",
    prerequisites: &[1],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 3,
};

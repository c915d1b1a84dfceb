//! Seeded mistakes of module 05.

use super::{DataLesson, Dataset, Pairs, Range, Rng, Tensor, TensorDataset, plain};
use crate::{Result, course::lesson::mutants};

/// A dataset that finds another sample than it is asked for.
struct Odd {
    data: TensorDataset,
    len: usize,
    at: fn(usize, usize) -> usize,
}

impl Dataset for Odd {
    type Item = [Tensor; 2];

    fn len(&self) -> usize {
        self.len
    }

    fn get(&self, index: usize) -> Result<[Tensor; 2]> {
        self.data.get((self.at)(index, self.data.len().max(1)))
    }
}

fn odd(tensors: [Tensor; 2], more: usize, at: fn(usize, usize) -> usize) -> Result<Pairs> {
    let data = TensorDataset::new(tensors)?;
    let len = data.len() + more;
    Ok(Box::new(Odd { data, len, at }))
}

mutants! {
    DataLesson;
    fn tensor_dataset_get(tensors: &[Tensor], index: usize) -> Vec<Tensor> {
        "returns the next sample" => {
            let n = tensors.first().and_then(|t| t.dims().first().copied()).unwrap_or(1).max(1);
            plain::tensor_dataset_get(tensors, index)?;
            plain::tensor_dataset_get(tensors, (index + 1) % n)?
        },
        "counts from the end" => {
            let n = tensors.first().and_then(|t| t.dims().first().copied()).unwrap_or(1);
            plain::tensor_dataset_get(tensors, index)?;
            plain::tensor_dataset_get(tensors, n - 1 - index)?
        },
        "always returns the first sample" => {
            plain::tensor_dataset_get(tensors, index)?;
            plain::tensor_dataset_get(tensors, 0)?
        },
        "wraps around instead of refusing" => {
            let n = tensors.first().and_then(|t| t.dims().first().copied()).unwrap_or(1).max(1);
            plain::tensor_dataset_get(tensors, index % n)?
        },
        "leaves out the last tensor" => plain::tensor_dataset_get(&tensors[..tensors.len().saturating_sub(1)], index)?,
        "keeps the first axis" => {
            let slices = plain::tensor_dataset_get(tensors, index)?;
            slices.iter().map(|t| t.unsqueeze(0)).collect::<crate::Result<_>>()?
        },
    }
    fn epoch_order(n: usize, rng: Option<&mut Rng>) -> Vec<usize> {
        "never shuffles" => plain::epoch_order(n, rng.filter(|_| false)),
        "always shuffles" => match rng {
            Some(rng) => plain::epoch_order(n, Some(rng)),
            None => plain::epoch_order(n, Some(&mut Rng::seed(0))),
        },
        "draws with repetition" => match rng {
            Some(rng) => (0..n).map(|_| rng.below(n.max(1))).collect(),
            None => (0..n).collect(),
        },
        "uses a generator of its own" => match rng {
            Some(_) => plain::epoch_order(n, Some(&mut Rng::seed(0))),
            None => (0..n).collect(),
        },
        "leaves out the last sample" => plain::epoch_order(n.saturating_sub(1), rng),
        "counts from 1" => plain::epoch_order(n, rng).into_iter().map(|i| i + 1).collect(),
    }
    fn batch_ranges(n: usize, batch_size: usize, drop_last: bool) -> Vec<Range<usize>> {
        "always keeps the short batch" => { let _ = drop_last; plain::batch_ranges(n, batch_size, false) },
        "always drops the short batch" => { let _ = drop_last; plain::batch_ranges(n, batch_size, true) },
        "lets the last batch end after the last sample" => {
            plain::batch_ranges(n, batch_size, drop_last).into_iter().map(|r| r.start..r.start + batch_size).collect()
        },
        "includes the end" => plain::batch_ranges(n, batch_size, drop_last).into_iter().map(|r| r.start..r.end + 1).collect(),
        "drops the last batch even if it is full" => {
            let mut out = plain::batch_ranges(n, batch_size, drop_last);
            if drop_last && n.is_multiple_of(batch_size.max(1)) { out.pop(); }
            out
        },
        "leaves out the first batch" => plain::batch_ranges(n, batch_size, drop_last).into_iter().skip(1).collect(),
    }
    fn collate(samples: &[Vec<Tensor>]) -> Vec<Tensor> {
        "joins along the first axis instead of adding one" => {
            let stacked = plain::collate(samples)?;
            let joined = stacked.iter().map(|t| match t.dims() {
                [n, m, rest @ ..] => t.reshape([&[n * m], rest].concat()),
                _ => Ok(t.clone()),
            });
            joined.collect::<crate::Result<_>>()?
        },
        "stacks along the last axis" => {
            plain::collate(samples)?;
            let first = samples.first().map_or(0, Vec::len);
            let stack = |k: usize| {
                let parts: Vec<&Tensor> = samples.iter().map(|s| &s[k]).collect();
                Tensor::stack(&parts, -1)
            };
            (0..first).map(stack).collect::<crate::Result<_>>()?
        },
        "reverses the samples" => {
            let turned: Vec<Vec<Tensor>> = samples.iter().rev().cloned().collect();
            plain::collate(&turned)?
        },
        "reverses the tensors of a sample" => plain::collate(samples)?.into_iter().rev().collect(),
        "returns nothing for no samples" => if samples.is_empty() { Vec::new() } else { plain::collate(samples)? },
        "cuts every sample to the shortest" => {
            let n = samples.iter().map(Vec::len).min().unwrap_or(0);
            let cut: Vec<Vec<Tensor>> = samples.iter().map(|s| s[..n].to_vec()).collect();
            plain::collate(&cut)?
        },
    }
    fn dataset(tensors: [Tensor; 2]) -> Pairs {
        "returns the next sample" => odd(tensors, 0, |i, n| if i < n { (i + 1) % n } else { i })?,
        "counts from the end" => odd(tensors, 0, |i, n| if i < n { n - 1 - i } else { i })?,
        "wraps around instead of refusing" => odd(tensors, 0, |i, n| i % n)?,
        "counts one sample too many" => odd(tensors, 1, |i, _| i)?,
        "cuts the longer tensor" => {
            let n = tensors.iter().filter_map(|t| t.dims().first().copied()).min().unwrap_or(0);
            let [x, y] = tensors;
            Box::new(TensorDataset::new([x.narrow(0, 0, n)?, y.narrow(0, 0, n)?])?)
        },
    }
}

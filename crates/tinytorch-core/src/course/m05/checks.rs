//! Checks of module 05.

use super::{Range, ask};
use crate::{
    Result, Rng, Tensor,
    course::{
        check::{Verdict, equal, holds, refused, value},
        lesson::checks,
    },
    data::DataLoader,
};

/// Shapes and elements, to compare.
fn plain(tensors: Result<Vec<Tensor>>) -> Result<Vec<(Vec<usize>, Vec<f64>)>> {
    Ok(tensors?.iter().map(|t| (t.dims().to_vec(), t.to_vec_as::<f64>())).collect())
}

/// Four samples of two features and their labels.
fn samples() -> [Tensor; 2] {
    let x = [[0.0f32, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0]];
    [Tensor::from(x), Tensor::from([10i64, 11, 12, 13])]
}

fn batches(n: usize, size: usize, drop_last: bool, out: &[Range<usize>]) -> Verdict {
    equal(
        format!("{n} samples, batches of {size}, drop_last {drop_last}"),
        ask::batch_ranges(n, size, drop_last),
        out.to_vec(),
    )
}

fn sample(x: [f32; 2], label: i64) -> Vec<Tensor> {
    vec![Tensor::from(x), Tensor::scalar(label)]
}

/// Elements of both halves of a sample.
fn pair(sample: Result<[Tensor; 2]>) -> Result<Vec<f64>> {
    Ok(sample?.iter().flat_map(Tensor::to_vec_as::<f64>).collect())
}

checks! {
    $ __course_m05 m05;
    tensor_dataset_get {
        by_hand Hand 2 "the features and the label of one sample belong together" => {
            let out = vec![(vec![2], vec![4.0, 5.0]), (vec![], vec![12.0])];
            equal("sample 2 of four", plain(ask::tensor_dataset_get(&samples(), 2)), out)?;
            let out = vec![(vec![2], vec![0.0, 1.0]), (vec![], vec![10.0])];
            equal("sample 0 of four", plain(ask::tensor_dataset_get(&samples(), 0)), out)
        };
        too_large Error 1 "there is no sample 4 of four" => {
            refused!("sample 4 of four", ask::tensor_dataset_get(&samples(), 4), IndexOutOfRange)
        };
    }
    epoch_order {
        in_order Hand 1 "without a generator nothing is shuffled" => {
            equal("5 samples, no generator", ask::epoch_order(5, None), vec![0, 1, 2, 3, 4])
        };
        everyone_once Property 2 "every sample once per epoch" => {
            let got = ask::epoch_order(50, Some(&mut Rng::seed(4)));
            holds("50 samples, seed 4", got, "each of 0 to 49 once, in another order", |order| {
                let mut sorted = order.clone();
                sorted.sort_unstable();
                sorted.iter().copied().eq(0..50) && sorted != *order
            })
        };
        epochs_differ Property 2 "draw from the generator you are given" => {
            let mut rng = Rng::seed(4);
            let first = value("50 samples, seed 4", ask::epoch_order(50, Some(&mut rng)))?;
            let second = ask::epoch_order(50, Some(&mut rng));
            holds("the next epoch", second, "another order", |order| *order != first)?;
            let again = ask::epoch_order(50, Some(&mut Rng::seed(4)));
            equal("seed 4 again", again, first.clone())?;
            holds("seed 5", ask::epoch_order(50, Some(&mut Rng::seed(5))), "another order", |order| *order != first)
        };
    }
    batch_ranges {
        by_hand Hand 2 "the last batch may be short" => {
            batches(7, 3, false, &[0..3, 3..6, 6..7])?;
            batches(6, 3, false, &[0..3, 3..6])
        };
        dropped Hand 2 "only a short batch is dropped" => {
            batches(7, 3, true, &[0..3, 3..6])?;
            batches(6, 3, true, &[0..3, 3..6])?;
            let got = ask::batch_ranges(2, 3, true);
            holds("2 samples, batches of 3, drop_last true", got, "no batch", Vec::is_empty)
        };
    }
    collate {
        by_hand Hand 2 "one new axis in front, samples in order" => {
            let out = vec![(vec![2, 2], vec![1.0, 2.0, 3.0, 4.0]), (vec![2], vec![7.0, 8.0])];
            equal("[1, 2] labelled 7 and [3, 4] labelled 8", plain(ask::collate(&[sample([1.0, 2.0], 7), sample([3.0, 4.0], 8)])), out)
        };
        nothing Error 1 "a batch holds at least one sample" => refused!("no samples", ask::collate(&[]), InvalidArgument);
        ragged Error 1 "samples have the same number of tensors" => {
            let odd = vec![Tensor::from([3.0f32, 4.0])];
            refused!("samples of 2 and 1 tensors", ask::collate(&[sample([1.0, 2.0], 7), odd]), InvalidArgument)
        };
    }
    dataset {
        by_hand Hand 1 "sample i is slice i of both tensors" => {
            let input = "x [[0, 1], [2, 3], [4, 5], [6, 7]], y [10, 11, 12, 13]";
            let data = value(input, ask::dataset(samples()))?;
            equal(format!("{input}: length"), Ok(data.len()), 4usize)?;
            equal(format!("{input}: sample 2"), pair(data.get(2)), vec![4.0f64, 5.0, 12.0])?;
            equal(format!("{input}: sample 0"), pair(data.get(0)), vec![0.0f64, 1.0, 10.0])
        };
        lengths Error 1 "inputs and targets are as many" => {
            let [x, _] = samples();
            refused!("4 inputs, 2 targets", ask::dataset([x, Tensor::from([1i64, 2])]).map(|d| d.len()), InvalidArgument)
        };
        end Error 1 "no sample after the last" => {
            let data = value("4 samples", ask::dataset(samples()))?;
            refused!("sample 4 of 4", pair(data.get(4)), IndexOutOfRange)
        };
        in_a_loader Systems 1 "a loader visits every sample once" => {
            let input = "batches of 3 of 4 samples: targets";
            let data = value(input, ask::dataset(samples()))?;
            let mut loader = value(input, DataLoader::builder(data).batch_size(3).build())?;
            let batches: Result<Vec<Vec<i64>>> = loader.epoch().map(|batch| Ok(batch?[1].to_vec_as::<i64>())).collect();
            equal(input, batches, vec![vec![10i64, 11, 12], vec![13]])
        };
    }
}

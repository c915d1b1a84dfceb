//! Batches: every sample once, labels with their inputs, orders that a seed fixes.

use tinytorch_core::{
    DType, Error, Result, Rng, Tensor,
    data::{Concat, DataLoader, Dataset, DatasetExt, Subset, TensorDataset, random_split},
};

/// Samples whose label is ten times their input.
fn pairs(n: u32) -> TensorDataset {
    let x: Vec<f32> = (0..n).map(|i| i as f32).collect();
    let y: Vec<i64> = (0..n).map(|i| 10 * i64::from(i)).collect();
    let n = n as usize;
    TensorDataset::new([Tensor::from_vec(x, [n, 1]).unwrap(), Tensor::from_vec(y, [n]).unwrap()])
        .unwrap()
}

/// The inputs of one epoch in order, batch by batch, after checking their labels.
fn epoch(loader: &mut DataLoader<TensorDataset>) -> Vec<Vec<f32>> {
    let batch = |batch: Result<[Tensor; 2]>| {
        let [x, y] = batch.unwrap();
        let (x, y) = (x.to_vec::<f32>().unwrap(), y.to_vec::<i64>().unwrap());
        assert!(x.iter().zip(&y).all(|(&x, &y)| f64::from(x) * 10.0 == y as f64), "{x:?} {y:?}");
        x
    };
    loader.epoch().map(batch).collect()
}

fn shuffled(seed: u64) -> DataLoader<TensorDataset> {
    DataLoader::builder(pairs(23)).batch_size(5).shuffle(Rng::seed(seed)).build().unwrap()
}

#[test]
fn every_sample_once_and_the_last_batch_short() {
    let mut loader = shuffled(1);
    let batches = epoch(&mut loader);
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 5, 5, 3]);
    assert_eq!(loader.len(), 5);
    let mut all = batches.concat();
    all.sort_by(f32::total_cmp);
    assert_eq!(all, (0..23_u8).map(f32::from).collect::<Vec<_>>());
}

#[test]
fn orders_repeat_with_the_seed_and_change_with_the_epoch() {
    let (mut a, mut b) = (shuffled(4), shuffled(4));
    let first = epoch(&mut a);
    assert_eq!(first, epoch(&mut b));
    assert_ne!(first, epoch(&mut a));
    assert_ne!(first, epoch(&mut shuffled(5)));
}

#[test]
fn without_shuffling_the_order_is_that_of_the_data() {
    let mut loader = DataLoader::builder(pairs(4)).batch_size(3).build().unwrap();
    assert_eq!(epoch(&mut loader), [vec![0.0, 1.0, 2.0], vec![3.0]]);
    let mut loader = DataLoader::builder(pairs(4)).batch_size(3).drop_last(true).build().unwrap();
    assert_eq!((epoch(&mut loader), loader.len()), (vec![vec![0.0, 1.0, 2.0]], 1));
    let mut none = DataLoader::builder(pairs(2)).batch_size(3).drop_last(true).build().unwrap();
    assert!(none.is_empty() && epoch(&mut none).is_empty());
}

#[test]
fn a_batch_gets_a_new_first_axis() {
    let x = Tensor::zeros([4, 2, 3], DType::F32).unwrap();
    let mut loader =
        DataLoader::builder(TensorDataset::new([x]).unwrap()).batch_size(3).build().unwrap();
    let shapes: Vec<Vec<usize>> = loader.epoch().map(|b| b.unwrap()[0].dims().to_vec()).collect();
    assert_eq!(shapes, [[3, 2, 3], [1, 2, 3]]);
}

#[test]
fn subsets_see_their_samples() {
    let set = Subset::new(pairs(9), vec![7, 2, 7]).unwrap();
    assert_eq!(set.len(), 3);
    assert_eq!(set.get(0).unwrap()[1].item::<i64>().unwrap(), 70);
    assert!(matches!(set.get(3), Err(Error::IndexOutOfRange { index: 3, size: 3, .. })));
    let err = Subset::new(pairs(9), vec![0, 9]).unwrap_err();
    assert!(matches!(err, Error::IndexOutOfRange { index: 9, size: 9, position: 1, .. }), "{err}");
}

#[test]
fn bad_input_is_refused_with_its_values() {
    let err = DataLoader::builder(pairs(3)).batch_size(0).build().unwrap_err();
    assert!(err.to_string().contains("batch_size is 0"), "{err}");
    let (a, b) =
        (Tensor::zeros([3, 1], DType::F32).unwrap(), Tensor::zeros([4], DType::F32).unwrap());
    let message = TensorDataset::new([a, b]).unwrap_err().to_string();
    assert!(message.contains("[3, 1]") && message.contains("[4]"), "{message}");
    assert!(TensorDataset::new([Tensor::scalar(1.0_f32)]).is_err());
    assert!(TensorDataset::new([]).is_err());
    assert!(matches!(pairs(3).get(3), Err(Error::IndexOutOfRange { index: 3, size: 3, .. })));
}

/// Samples of different shapes cannot become one batch; the message shows both.
#[test]
fn ragged_samples_are_refused() {
    struct Ragged;
    impl Dataset for Ragged {
        type Item = [Tensor; 1];
        fn len(&self) -> usize {
            2
        }
        fn get(&self, index: usize) -> Result<[Tensor; 1]> {
            Ok([Tensor::zeros([index + 2], DType::F32)?])
        }
    }
    let mut loader = DataLoader::builder(Ragged).build().unwrap();
    let message = loader.epoch().next().unwrap().unwrap_err().to_string();
    assert!(message.contains("[2]") && message.contains("[3]"), "{message}");
}

/// Batches, errors and their places are the same whoever makes the batches.
#[test]
fn workers_change_nothing() {
    let epochs = |workers: usize, prefetch: usize| {
        let mut loader = DataLoader::builder(pairs(23))
            .batch_size(3)
            .shuffle(Rng::seed(4))
            .augment(Rng::seed(5), |[x, y], rng| {
                // A whole number below 1000 tells which draw this was; the label goes along.
                let draw = rng.below(1000) as f64;
                Ok([
                    x.add_scalar(draw)?,
                    y.to_dtype(DType::F64)?.add_scalar(10.0 * draw)?.to_dtype(DType::I64)?,
                ])
            })
            .workers(workers)
            .prefetch(prefetch)
            .build()
            .unwrap();
        let two = [epoch(&mut loader), epoch(&mut loader)];
        (two, loader.rng().cloned(), loader.augment_rng().cloned())
    };
    let plain = epochs(0, 2);
    assert_ne!(plain.0[0], plain.0[1]);
    for (workers, prefetch) in [(1, 2), (4, 2), (4, 0), (3, 1), (50, 5)] {
        assert_eq!(epochs(workers, prefetch), plain, "{workers} workers, {prefetch} ahead");
    }
}

/// Sample 4 is an error, sample 9 a panic.
struct Faulty;

impl Dataset for Faulty {
    type Item = [Tensor; 1];

    fn len(&self) -> usize {
        12
    }

    fn get(&self, index: usize) -> Result<[Tensor; 1]> {
        match index {
            4 => Err(Error::Format { format: "faulty", detail: "four".into() }),
            9 => panic!("sample {index} is broken"),
            _ => Ok([Tensor::scalar(index as f32)]),
        }
    }
}

#[test]
fn errors_and_panics_arrive_in_place_of_their_batch() {
    for workers in [0, 1, 4] {
        let mut loader =
            DataLoader::builder(Faulty).batch_size(3).workers(workers).build().unwrap();
        let batches: Vec<_> = loader.epoch().collect();
        assert_eq!(batches.len(), 4);
        assert!(matches!(batches[1], Err(Error::Format { format: "faulty", .. })), "{workers}");
        let panic = batches[3].as_ref().unwrap_err().to_string();
        assert!(panic.contains("sample 9 is broken"), "{panic}");
        let last = batches[2].as_ref().unwrap()[0].to_vec::<f32>().unwrap();
        assert_eq!(last, [6.0, 7.0, 8.0]);
        // An epoch that is left early ends its threads, which hold the dataset.
        let mut epoch = loader.epoch();
        assert_eq!(epoch.len(), 4);
        let _ = epoch.next();
        assert_eq!(epoch.len(), 3);
    }
}

/// The threads of an epoch are gone when it is dropped: nobody else holds the dataset then.
#[test]
fn an_epoch_left_early_lets_its_threads_go() {
    let set = std::sync::Arc::new(pairs(500));
    let mut loader =
        DataLoader::builder(set.clone()).batch_size(1).workers(4).prefetch(1).build().unwrap();
    let mut epoch = loader.epoch();
    assert!(epoch.next().is_some());
    drop(epoch);
    drop(loader);
    assert_eq!(std::sync::Arc::strong_count(&set), 1);
}

#[test]
fn batches_can_be_made_by_hand() {
    // Sums instead of stacks.
    let mut loader = DataLoader::builder(pairs(5))
        .batch_size(2)
        .collate(|samples| {
            let mut sum = samples[0].clone();
            for [x, y] in &samples[1..] {
                sum = [sum[0].add(x)?, y.clone()];
            }
            Ok(sum)
        })
        .workers(2)
        .build()
        .unwrap();
    let sums: Vec<f32> = loader.epoch().map(|b| b.unwrap()[0].item::<f32>().unwrap()).collect();
    assert_eq!(sums, [1.0, 5.0, 4.0]);
}

#[test]
fn datasets_are_joined_mapped_and_split() {
    let joined = Concat::new(vec![pairs(2), pairs(0), pairs(3)]);
    let labels = |d: &dyn Dataset<Item = i64>| -> Vec<i64> {
        (0..d.len()).map(|i| d.get(i).unwrap()).collect()
    };
    let mapped = (&joined).map(|[_, y]| y.item::<i64>());
    assert_eq!(labels(&mapped), [0, 10, 0, 10, 20]);
    assert!(matches!(joined.get(5), Err(Error::IndexOutOfRange { index: 5, size: 5, .. })));
    let all = pairs(10);
    let split = |seed| -> Vec<Vec<i64>> {
        let parts = random_split(&all, &[7, 0, 3], &mut Rng::seed(seed)).unwrap();
        parts.into_iter().map(|part| labels(&part.map(|[_, y]| y.item::<i64>()))).collect()
    };
    let parts = split(1);
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [7, 0, 3]);
    let mut every = parts.concat();
    every.sort_unstable();
    assert_eq!(every, (0..10).map(|i| 10 * i).collect::<Vec<_>>());
    assert_eq!(parts, split(1));
    assert_ne!(parts, split(2));
    for lengths in [&[7, 2][..], &[11], &[usize::MAX, 11], &[]] {
        let message = random_split(&all, lengths, &mut Rng::seed(0)).unwrap_err().to_string();
        assert!(message.contains("10 samples"), "{message}");
    }
}

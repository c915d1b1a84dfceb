//! Batches: every sample once, labels with their inputs, orders that a seed fixes.

use tinytorch_core::{
    DType, Error, Result, Rng, Tensor,
    data::{DataLoader, Dataset, Subset, TensorDataset},
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

//! The figures and the program of chapter 05.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::{collections::BTreeSet, sync::Arc};

use tinytorch_core::{
    DType, Rng, Tensor,
    data::{
        DataLoader, Dataset, TensorDataset,
        transforms::{Compose, RandomCrop, RandomHorizontalFlip, Transform},
    },
};

use crate::chapter::{Chapter, grouped};

#[rustfmt::skip]
fn program() -> tinytorch_core::Result<()> {
    use tinytorch_core::data::{DataLoader, DatasetExt, TensorDataset, transforms::{RandomHorizontalFlip, Transform}};
    use tinytorch_core::{DType, Rng, Tensor};

    let images = Tensor::arange(0.0, 80.0, 1.0, DType::F32)?.reshape([10, 1, 2, 4])?;
    let labels = Tensor::arange(0.0, 10.0, 1.0, DType::I64)?;
    let set = TensorDataset::new([images, labels])?.map(|[x, y]| Ok([x.div_scalar(80.0)?, y]));
    let flip = RandomHorizontalFlip::new(0.5)?;
    let loader = DataLoader::builder(set).batch_size(4).shuffle(Rng::seed(1)).workers(2);
    let mut loader = loader.augment(Rng::seed(2), move |[x, y], rng| Ok([flip.apply(&x, rng)?, y])).build()?;
    let mut seen = 0;
    for batch in loader.epoch() {
        let [x, y] = batch?;
        assert_eq!(x.dims()[1..], [1, 2, 4]);
        seen += y.numel();
    }
    assert_eq!(seen, 10);
    Ok(())
}

#[test]
fn the_program_runs() {
    program().unwrap();
    if let Some(chapter) = Chapter::open("05-data.md") {
        chapter.shows_program_of(include_str!("chapters_data.rs"));
    }
}

/// Images whose samples are counted when they are read.
struct Counted(Arc<AtomicUsize>);

impl Dataset for Counted {
    type Item = [Tensor; 1];

    fn len(&self) -> usize {
        32 * 40
    }

    fn get(&self, _: usize) -> tinytorch_core::Result<[Tensor; 1]> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok([Tensor::zeros([3, 32, 32], DType::F32)?])
    }
}

#[test]
fn figures() {
    let digits = || {
        let x = Tensor::zeros([1_437, 1], DType::F32).unwrap();
        DataLoader::builder(TensorDataset::new([x]).unwrap()).batch_size(32)
    };
    let sizes: Vec<usize> =
        digits().build().unwrap().epoch().map(|b| b.unwrap()[0].numel()).collect();
    let full = digits().drop_last(true).build().unwrap().len();

    let read = Arc::new(AtomicUsize::new(0));
    let mut loader = DataLoader::builder(Counted(read.clone())).workers(4).build().unwrap();
    let mut epoch = loader.epoch();
    let wait = |samples: usize| {
        for _ in 0..2_000 {
            if read.load(Ordering::SeqCst) >= samples {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(50)); // would they go on?
        read.load(Ordering::SeqCst)
    };
    let ahead = wait(12 * 32) / 32;
    let batch = epoch.next().unwrap().unwrap()[0].nbytes();
    assert_eq!(wait(13 * 32), 13 * 32, "one taken, one more made");
    drop(epoch);

    let x = Tensor::arange(1.0, 1025.0, 1.0, DType::F32).unwrap().reshape([1, 32, 32]).unwrap();
    let (crop, mut rng) = (RandomCrop::new([32, 32], 4), Rng::seed(1));
    let both =
        Compose::new(vec![Box::new(RandomHorizontalFlip::new(0.5).unwrap()), Box::new(crop)]);
    // 4,000 draws miss one of 162 with a chance of 162·(161/162)^4000 < 3e-9.
    let mut different = |t: &dyn Transform| {
        let draw = |_| t.apply(&x, &mut rng).unwrap().to_vec_as::<i64>();
        (0..4_000).map(draw).collect::<BTreeSet<_>>().len()
    };
    let (places, images) = (different(&crop), different(&both));

    let Some(chapter) = Chapter::open("05-data.md") else { return };
    chapter.says(format!(
        "1,437 digits in batches of 32 are {} batches, the last of {}, or {full} full ones",
        sizes.len(),
        sizes[sizes.len() - 1]
    ));
    chapter.says(format!("{} bytes for a million", grouped(1_000_000 * size_of::<usize>())));
    chapter.says(format!(
        "takes {} bytes, the 50,000 images of such a set {}",
        grouped(batch),
        grouped(batch / 32 * 50_000)
    ));
    chapter.says(format!(
        "{ahead} with 4 workers and the usual 2, or {} bytes",
        grouped(ahead * batch)
    ));
    chapter.says(format!("has {places} places"));
    chapter.says(format!("one image becomes {images}."));
}

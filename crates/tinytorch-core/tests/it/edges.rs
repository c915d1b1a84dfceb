//! Corners that reviews found: a step size of 0 at the end of a schedule, sizes near the largest number, lengths that lie.

use tinytorch_core::{
    DType, Error, Param, Result, Rng, Tensor,
    data::{
        Concat, DataLoader, Dataset, TensorDataset, random_split,
        transforms::{RandomCrop, Transform},
    },
    nn::{CrossEntropyLoss, Linear, ModuleExt},
    optim::{
        AdaGrad, AdaGradOpts, Adam, AdamOpts, Lion, LionOpts, Optimizer, RmsProp, RmsPropOpts, Sgd,
        SgdOpts,
        lr::{Cosine, WarmupCosine},
    },
    train::Trainer,
};

/// Schedules may fall to 0, where parameters stay; PyTorch's do too.
#[test]
fn a_schedule_that_ends_at_zero_does_not_end_the_run() {
    let x = Tensor::from([[0.0_f32], [1.0], [2.0], [3.0]]);
    let y = Tensor::from([0_i64, 0, 1, 1]);
    let set = TensorDataset::new([x, y]).unwrap();
    let mut loader = DataLoader::builder(set).batch_size(2).build().unwrap();
    let model = Linear::new(1, 2, &mut Rng::seed(0)).unwrap();
    let mut sgd = Sgd::new(model.parameters(), SgdOpts::default()).unwrap();
    let loss = CrossEntropyLoss::new();
    let cosine = Cosine::new(0.1, 0.0, 4).unwrap();
    let values = || -> Vec<f32> {
        model.parameters().iter().flat_map(|p| p.tensor().to_vec::<f32>().unwrap()).collect()
    };
    let mut trainer = Trainer::new(&model, &mut sgd, &loss).schedule_steps(&cosine);
    trainer.fit(&mut loader, 2, &mut ()).unwrap(); // 4 steps, down to the last above 0
    let settled = values();
    trainer.fit(&mut loader, 2, &mut ()).unwrap();
    assert_eq!(values(), settled);
    let warm = WarmupCosine::new(0.1, 0.0, 1, 2).unwrap();
    let mut trainer = Trainer::new(&model, &mut sgd, &loss).schedule_epochs(&warm);
    trainer.fit(&mut loader, 3, &mut ()).unwrap();
}

#[test]
fn a_step_size_of_zero_moves_nothing_in_any_rule() {
    type Make = fn(Vec<Param>) -> Result<Box<dyn Optimizer>>;
    let rules: [Make; 5] = [
        |p| Ok(Box::new(Sgd::new(p, SgdOpts { momentum: 0.9, ..SgdOpts::default() })?)),
        |p| Ok(Box::new(Adam::new(p, AdamOpts::adamw())?)),
        |p| Ok(Box::new(RmsProp::new(p, RmsPropOpts::default())?)),
        |p| Ok(Box::new(AdaGrad::new(p, AdaGradOpts::default())?)),
        |p| Ok(Box::new(Lion::new(p, LionOpts { weight_decay: 0.1, ..LionOpts::default() })?)),
    ];
    for make in rules {
        let p = Param::new(Tensor::from([1.0_f64, -2.0])).unwrap();
        let mut rule = make(vec![p.clone()]).unwrap();
        rule.set_lr(0.0).unwrap();
        rule.step_with(&[Some(Tensor::from([0.5_f64, 0.25]))]).unwrap();
        assert_eq!(p.tensor().to_vec::<f64>().unwrap(), [1.0, -2.0]);
        for bad in [-0.1, f64::NAN, f64::INFINITY] {
            let error = rule.set_lr(bad).unwrap_err();
            assert!(matches!(error, Error::InvalidArgument { name: "lr", .. }), "{error}");
        }
    }
}

#[test]
fn crops_of_any_size_and_padding_return() {
    let image = Tensor::ones([1, 2, 3], DType::F32).unwrap();
    for size in [[0, 1], [0, 0], [1, usize::MAX], [usize::MAX, 1], [1, 1]] {
        for padding in [0, 1, usize::MAX / 2, usize::MAX] {
            // Either outcome is fine; what counts is that there is one.
            match RandomCrop::new(size, padding).apply(&image, &mut Rng::seed(0)) {
                Ok(cut) => assert_eq!(cut.dims()[1..], size),
                Err(error) => assert_eq!(error.to_string().lines().count(), 3, "{error}"),
            }
        }
    }
}

/// A dataset that claims more samples than there are numbers for two of.
#[derive(Debug, Clone)]
struct Endless;

impl Dataset for Endless {
    type Item = [Tensor; 1];

    fn len(&self) -> usize {
        usize::MAX
    }

    fn get(&self, index: usize) -> Result<[Tensor; 1]> {
        Ok([Tensor::scalar(index as f64)])
    }
}

#[test]
fn lengths_beyond_counting_do_not_wrap() {
    let both = Concat::new(vec![Endless, Endless]);
    assert_eq!(both.len(), usize::MAX);
    assert!(both.get(3).is_ok());
    let error = random_split(both, &[usize::MAX, 1], &mut Rng::seed(0)).unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { name: "lengths", .. }), "{error}");
}

//! Several ranks against one, and ranks that fail.

use core::time::Duration;
use std::{
    sync::{Arc, Condvar, Mutex},
    thread,
};

use super::*;
use crate::{
    DType, Error, Rng, Tensor,
    autograd::{Grads, Op, Saved},
    data::{DataLoader, TensorDataset},
    nn::{CrossEntropyLoss, Linear, Loss, Module, ModuleExt, Relu, Sequential},
    optim::{Adam, AdamOpts, Optimizer, Sgd, SgdOpts},
};

/// Runs `f` on `size` ranks, one thread each; a rank that panics is an `Err`.
fn on<T: Send + 'static>(
    size: usize,
    f: impl Fn(Arc<dyn Communicator>) -> T + Send + Sync + 'static,
) -> Vec<thread::Result<T>> {
    let f = Arc::new(f);
    let start = |comm| {
        let f = f.clone();
        thread::spawn(move || f(Arc::new(comm)))
    };
    let ranks: Vec<_> = threads(size).unwrap().into_iter().map(start).collect();
    ranks.into_iter().map(thread::JoinHandle::join).collect()
}

fn all<T: Send + 'static>(
    size: usize,
    f: impl Fn(Arc<dyn Communicator>) -> T + Send + Sync + 'static,
) -> Vec<T> {
    on(size, f).into_iter().map(|rank| rank.expect("no rank panics")).collect()
}

// ----------------------------------------------------------------------------------------------------------------------
// Exchanges

#[test]
fn sums_and_broadcasts_are_those_of_the_formula() {
    for size in [1, 2, 3, 5] {
        let found = all(size, move |comm| {
            let mut out = Vec::new();
            for round in 0..20_u8 {
                let rank = comm.rank() as f32;
                let mut values = [1.0, rank, rank * f32::from(round)];
                comm.all_reduce_sum(&mut values).unwrap();
                let mut bytes = [comm.rank() as u8, round];
                comm.broadcast(&mut bytes, usize::from(round) % size).unwrap();
                comm.barrier().unwrap();
                out.push((values, bytes));
            }
            out
        });
        let n = size as f32;
        for (round, got) in found[0].iter().enumerate() {
            let sum = n * (n - 1.0) / 2.0;
            assert_eq!(got.0, [n, sum, sum * round as f32]);
            assert_eq!(got.1, [(round % size) as u8, round as u8]);
        }
        assert!(found.iter().all(|rank| *rank == found[0]));
    }
}

/// The contract for the single rank, which needs no thread.
#[test]
fn alone_is_a_communicator_of_one() {
    let mut values = [1.5, -2.0];
    Alone.all_reduce_sum(&mut values).unwrap();
    assert_eq!((values, Alone.rank(), Alone.size()), ([1.5, -2.0], 0, 1));
    Alone.barrier().unwrap();
    Alone.broadcast(&mut [1], 0).unwrap();
    assert!(matches!(Alone.broadcast(&mut [1], 1), Err(Error::Communication { .. })));
    assert!(matches!(threads(0), Err(Error::InvalidArgument { .. })));
}

#[test]
fn ranks_that_do_not_agree_or_leave_are_named() {
    let errors = all(3, |comm| match comm.rank() {
        2 => comm.barrier().unwrap_err(),
        _ => comm.all_reduce_sum(&mut [1.0; 4]).unwrap_err(),
    });
    assert!(errors[0].to_string().contains("rank 2 wanted a barrier"), "{}", errors[0]);
    assert!(errors[2].to_string().contains("rank 0 wanted a sum of 4 numbers"), "{}", errors[2]);
    assert_eq!(errors[0].to_string().lines().count(), 3);

    let errors = all(2, |comm| (comm.rank() == 0).then(|| comm.barrier().unwrap_err()));
    assert!(errors[0].as_ref().unwrap().to_string().contains("rank 1 is gone: it has finished"));
    let errors = on(2, |comm| {
        assert_eq!(comm.rank(), 0, "the panic of this test");
        comm.barrier().unwrap_err().to_string()
    });
    assert!(errors[0].as_ref().unwrap().contains("rank 1 is gone: its thread panicked"));
}

// ----------------------------------------------------------------------------------------------------------------------
// Training

/// 37 samples in batches of 8: the last one has 5, which 2, 3 and 4 ranks cannot share equally.
fn data() -> TensorDataset {
    let rng = &mut Rng::seed(7);
    let x = Tensor::randn([37, 6], DType::F32, rng).unwrap();
    let y: Vec<i64> = (0..37).map(|i| i * i % 3).collect();
    TensorDataset::new([x, Tensor::from_vec(y, [37]).unwrap()]).unwrap()
}

fn model(seed: u64) -> Sequential {
    let rng = &mut Rng::seed(seed);
    Sequential::new()
        .push(Linear::new(6, 10, rng).unwrap())
        .push(Relu)
        .push(Linear::new(10, 8, rng).unwrap())
        .push(Relu)
        .push(Linear::new(8, 3, rng).unwrap())
}

fn loader(batch: usize) -> DataLoader<TensorDataset> {
    DataLoader::builder(data()).batch_size(batch).shuffle(Rng::seed(3)).build().unwrap()
}

fn adam(model: &dyn Module) -> Adam {
    let opts = AdamOpts { lr: 0.01, ..AdamOpts::default() };
    Adam::new(model.parameters(), opts).unwrap()
}

/// Losses of four epochs and the parameters at the end, on `comm`.
fn curve(comm: Arc<dyn Communicator>, bytes: usize, batch: usize) -> (Vec<f64>, Vec<Vec<f32>>) {
    // Only the weights of rank 0 count.
    let model = model(1 + comm.rank() as u64);
    let mut adam = adam(&model);
    let mut parallel = DataParallel::with_buckets(comm, &model, bytes).unwrap();
    let mut loader = loader(batch);
    let mut losses = Vec::new();
    for _ in 0..4 {
        for batch in loader.epoch() {
            let loss = &CrossEntropyLoss::new();
            losses.push(parallel.step(&model, loss, &batch.unwrap(), &mut adam).unwrap());
        }
    }
    (losses, values(&model))
}

fn values(model: &dyn Module) -> Vec<Vec<f32>> {
    model.parameters().iter().map(|p| p.tensor().to_vec::<f32>().unwrap()).collect()
}

/// The same without anything of this module.
fn plain(batch: usize) -> (Vec<f64>, Vec<Vec<f32>>) {
    let model = model(1);
    let mut adam = adam(&model);
    let mut loader = loader(batch);
    let mut losses = Vec::new();
    for _ in 0..4 {
        for batch in loader.epoch() {
            let [x, y] = batch.unwrap();
            let loss = CrossEntropyLoss::new().loss(&model.forward(&x).unwrap(), &y).unwrap();
            adam.zero_grad();
            loss.backward().unwrap();
            adam.step().unwrap();
            losses.push(loss.to_f64().unwrap());
        }
    }
    (losses, values(&model))
}

#[test]
fn one_rank_takes_the_steps_of_a_plain_loop_to_the_bit() {
    for bytes in [0, 100, 1 << 20] {
        assert_eq!(curve(Arc::new(Alone), bytes, 8), plain(8), "{bytes}");
    }
}

#[test]
fn any_number_of_ranks_has_the_curve_of_one_up_to_the_order_of_sums() {
    // 36 of 37: batches of one sample leave most ranks without a share.
    for batch in [8, 36] {
        let (want, _) = plain(batch);
        for size in [2, 3, 4] {
            for bytes in [0, 300, 1 << 20] {
                let ranks = all(size, move |comm| curve(comm, bytes, batch));
                assert!(ranks.iter().all(|rank| *rank == ranks[0]), "all ranks have the same bits");
                for (got, want) in ranks[0].0.iter().zip(&want) {
                    // Twenty steps: each rounds sums of at most 36 numbers of size 1 another way, and Adam divides by
                    // gradients that can be small.
                    assert!(
                        (got - want).abs() < 2e-4,
                        "{size} ranks, {bytes} bytes: {got}, {want}"
                    );
                }
            }
        }
    }
}

/// A model of which a part is not used: its parameters stay, and nobody waits for their gradients.
#[derive(Debug)]
struct Half(Linear, Linear);

impl Module for Half {
    fn forward(&self, x: &Tensor) -> crate::Result<Tensor> {
        self.0.forward(x)
    }

    fn visit(&self, visitor: &mut dyn crate::nn::Visitor) {
        crate::nn::visit_child(visitor, "used", &self.0);
        crate::nn::visit_child(visitor, "unused", &self.1);
    }

    fn name(&self) -> &'static str {
        "Half"
    }
}

#[test]
fn parameters_without_gradient_stay() {
    let ranks = all(2, |comm| {
        let rng = &mut Rng::seed(1);
        let model = Half(Linear::new(6, 3, rng).unwrap(), Linear::new(4, 4, rng).unwrap());
        let before = values(&model);
        let opts = AdamOpts { weight_decay: 0.1, ..AdamOpts::default() };
        let mut adam = Adam::new(model.parameters(), opts).unwrap();
        let mut parallel = DataParallel::with_buckets(comm, &model, 0).unwrap();
        assert_eq!(parallel.buckets(), 4);
        let batch = loader(8).epoch().next().unwrap().unwrap();
        parallel.step(&model, &CrossEntropyLoss::new(), &batch, &mut adam).unwrap();
        (before, values(&model))
    });
    for (before, after) in ranks {
        assert!(before[..2].iter().zip(&after).all(|(b, a)| b != a));
        assert_eq!(before[2..], after[2..]);
    }
}

/// Identity whose backward pass waits until a sum has begun.
#[derive(Debug)]
struct Waits(Arc<(Mutex<bool>, Condvar)>);

impl Op for Waits {
    fn name(&self) -> &'static str {
        "waits"
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> crate::Result<Tensor> {
        Ok(inputs[0].detach())
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> crate::Result<Grads> {
        let (begun, changed) = &*self.0;
        let begun = begun.lock().unwrap();
        let (begun, _) =
            changed.wait_timeout_while(begun, Duration::from_secs(20), |b| !*b).unwrap();
        assert!(*begun, "no bucket left while the backward pass was running");
        Ok([grad.clone()].into())
    }
}

/// Says when the first sum begins.
struct Listening(Arc<(Mutex<bool>, Condvar)>);

impl Communicator for Listening {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn all_reduce_sum(&self, values: &mut [f32]) -> crate::Result<()> {
        // The comparison of models at the start is none of them.
        if values.len() > 16 {
            *self.0.0.lock().unwrap() = true;
            self.0.1.notify_all();
        }
        Ok(())
    }

    fn broadcast(&self, _: &mut [u8], _: usize) -> crate::Result<()> {
        Ok(())
    }

    fn barrier(&self) -> crate::Result<()> {
        Ok(())
    }

    fn abort(&self, _: &str) {}
}

#[test]
fn buckets_leave_while_the_backward_pass_is_running() {
    let begun = Arc::new((Mutex::new(false), Condvar::new()));
    let rng = &mut Rng::seed(1);
    let waits = begun.clone();
    let model = Sequential::new()
        .push(Linear::new(6, 10, rng).unwrap())
        .push_fn("waits", move |x| Tensor::apply(Waits(waits.clone()), &[x]))
        .push(Linear::new(10, 3, rng).unwrap());
    let mut sgd = Sgd::new(model.parameters(), SgdOpts::default()).unwrap();
    let comm = Arc::new(Listening(begun));
    let mut parallel = DataParallel::with_buckets(comm, &model, 0).unwrap();
    let batch = loader(8).epoch().next().unwrap().unwrap();
    parallel.step(&model, &CrossEntropyLoss::new(), &batch, &mut sgd).unwrap();
}

// ----------------------------------------------------------------------------------------------------------------------
// What does not fit

#[test]
fn models_that_differ_are_refused_by_every_rank() {
    let errors = all(3, |comm| {
        let rng = &mut Rng::seed(1);
        let model = Linear::new(6, 3 + comm.rank() / 2, rng).unwrap();
        DataParallel::new(comm, &model).unwrap_err()
    });
    for error in errors {
        assert!(error.to_string().contains("differ in a name, a shape or a type"), "{error}");
    }
}

#[test]
fn batches_types_and_optimizers_that_do_not_fit_are_refused() {
    let double = Linear::new(2, 2, &mut Rng::seed(1)).unwrap();
    double.to_dtype(DType::F64).unwrap();
    let error = DataParallel::new(Arc::new(Alone), &double).unwrap_err();
    assert!(matches!(error, Error::DTypeUnsupported { .. }));
    let (one, other) = (model(1), model(2));
    let mut parallel = DataParallel::new(Arc::new(Alone), &one).unwrap();
    let [x, y] = loader(8).epoch().next().unwrap().unwrap();
    let loss = CrossEntropyLoss::new();
    let mut step = |batch: &[Tensor; 2], optimizer: &mut dyn Optimizer| {
        parallel.step(&one, &loss, batch, optimizer).unwrap_err()
    };
    let empty = [x.narrow(0, 0, 0).unwrap(), y.narrow(0, 0, 0).unwrap()];
    assert!(matches!(step(&empty, &mut adam(&one)), Error::InvalidArgument { .. }));
    let short = [x.clone(), y.narrow(0, 0, 3).unwrap()];
    assert!(matches!(step(&short, &mut adam(&one)), Error::InvalidArgument { .. }));
    assert!(matches!(step(&[x, y], &mut adam(&other)), Error::InvalidArgument { .. }));
    // An error in the middle of a step is another matter: the other ranks are no longer where this one is.
    struct Fails;
    impl Loss for Fails {
        fn loss(&self, _: &Tensor, _: &Tensor) -> crate::Result<Tensor> {
            Err(Error::argument("fails", "loss", "none", "one"))
        }
    }
    let batch = loader(8).epoch().next().unwrap().unwrap();
    let error = parallel.step(&one, &Fails, &batch, &mut adam(&one)).unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { op: "fails", .. }), "{error}");
    let error = parallel.step(&one, &loss, &batch, &mut adam(&one)).unwrap_err();
    assert!(error.to_string().contains("an earlier step has failed"), "{error}");
}

/// A rank dies in the third step, another one's loss fails: everybody hears of it, and what rank 0 saved goes on as if nothing had
/// happened.
#[cfg(feature = "safetensors")]
#[test]
fn a_run_whose_rank_dies_ends_with_an_error_and_goes_on_from_its_checkpoint() {
    use crate::train::Checkpoint;

    /// Cross entropy that ends the rank after some calls.
    struct Mortal(Mutex<usize>, bool);

    impl Loss for Mortal {
        fn loss(&self, output: &Tensor, target: &Tensor) -> crate::Result<Tensor> {
            let mut left = self.0.lock().unwrap();
            if *left == 0 {
                assert!(!self.1, "the death of this test");
                return Err(Error::argument("mortal", "age", "too high", "lower"));
            }
            *left -= 1;
            drop(left);
            CrossEntropyLoss::new().loss(output, target)
        }
    }

    let (want, want_values) = {
        let mut ranks = all(2, |comm| {
            let model = model(1);
            let mut adam = adam(&model);
            let mut parallel = DataParallel::new(comm, &model).unwrap();
            let run = Run { epochs: 2, ..Run::default() };
            let loss = CrossEntropyLoss::new();
            let losses = parallel.fit(&model, &loss, &mut adam, &mut loader(8), &run).unwrap();
            (losses, values(&model))
        });
        ranks.remove(0)
    };
    for panics in [true, false] {
        // The eighth step is in the second epoch.
        for (every, age) in [(2, 2), (0, 7)] {
            let name = format!("tinytorch-mortal-{every}-{panics}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            let save = Save { path: path.clone(), every };
            let ends = on(3, move |comm| {
                let model = model(1);
                let mut adam = adam(&model);
                let age = if comm.rank() == 2 { age } else { usize::MAX };
                let mortal = Mortal(Mutex::new(age), panics);
                let mut parallel = DataParallel::with_buckets(comm, &model, 100).unwrap();
                let run = Run { epochs: 2, save: Some(&save), ..Run::default() };
                parallel.fit(&model, &mortal, &mut adam, &mut loader(8), &run).unwrap_err()
            });
            assert_eq!(ends[2].is_err(), panics);
            for end in &ends[..2] {
                let error = end.as_ref().unwrap().to_string();
                assert!(error.contains("rank 2 is gone"), "{error}");
            }
            let saved = Checkpoint::read(&path).unwrap();
            std::fs::remove_file(&path).unwrap();
            assert_eq!(saved.counter("steps").unwrap(), age as u64);
            // Two ranks go on; the first steps were taken by three, whose sums are in another order.
            let ranks = all(2, move |comm| {
                let model = model(9);
                let mut adam = adam(&model);
                let mut parallel = DataParallel::new(comm, &model).unwrap();
                let run = Run { epochs: 2, from: Some(&saved), save: None };
                let loss = CrossEntropyLoss::new();
                let losses = parallel.fit(&model, &loss, &mut adam, &mut loader(8), &run).unwrap();
                (losses, values(&model))
            });
            let (losses, end) = &ranks[0];
            assert_eq!(losses.len(), want.len() - age);
            for (got, want) in losses.iter().zip(&want[age..]) {
                assert!((got - want).abs() < 1e-4, "{got}, {want}");
            }
            let (end, want_values) = (end.concat(), want_values.concat());
            let apart = end.iter().zip(want_values).map(|(a, b)| (a - b).abs());
            assert!(apart.fold(0.0, f32::max) < 1e-3);
        }
    }
}

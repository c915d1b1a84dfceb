//! Networks with convolutions, batch normalization and pooling: the same bits on any threads, and digits read.

use tinytorch_core::{
    DType, Rng, Tensor,
    nn::{
        BatchNorm2d, Conv2d, CrossEntropyLoss, Flatten, Linear, Loss, MaxPool2d, Module, ModuleExt,
        Relu, Sequential,
    },
    optim::{Adam, AdamOpts, Optimizer},
};

/// Two blocks of convolution, normalization and pooling, and a linear layer, for images of `size` by `size`.
fn network(channels: usize, maps: usize, size: usize, rng: &mut Rng) -> Sequential {
    let block = |n_in, n_out, rng: &mut Rng| {
        Sequential::new()
            .push(Conv2d::new(n_in, n_out, 3, rng).unwrap().with_same_padding().unwrap())
            .push(BatchNorm2d::new(n_out).unwrap())
            .push(Relu)
            .push(MaxPool2d::new(2).unwrap())
    };
    Sequential::new()
        .push(block(channels, maps, rng))
        .push(block(maps, 2 * maps, rng))
        .push(Flatten)
        .push(Linear::new(2 * maps * (size / 4) * (size / 4), 10, rng).unwrap())
}

/// A network in training, with a batch large enough that convolutions, pooling, sums and products are all shared out.
struct Run {
    model: Sequential,
    adam: Adam,
    x: Tensor,
    ids: Tensor,
}

impl Run {
    fn new(seed: u64) -> Self {
        let model = network(3, 16, 16, &mut Rng::seed(seed));
        let adam = Adam::new(model.parameters(), AdamOpts::default()).unwrap();
        let x = Tensor::randn([48, 3, 16, 16], DType::F32, &mut Rng::seed(99)).unwrap();
        let ids = Tensor::from_vec((0..48_i64).map(|i| i % 10).collect(), [48]).unwrap();
        Self { model, adam, x, ids }
    }

    /// Takes steps and returns every bit of their losses, and then of parameters and statistics.
    fn steps(&mut self, n: usize) -> Vec<u32> {
        let mut bits = Vec::new();
        for _ in 0..n {
            let logits = self.model.forward(&self.x).unwrap();
            let loss = CrossEntropyLoss::new().loss(&logits, &self.ids).unwrap();
            self.adam.zero_grad();
            loss.backward().unwrap();
            self.adam.step().unwrap();
            bits.push(loss.item::<f32>().unwrap().to_bits());
        }
        let state = self.model.state_dict();
        let floats = state.values().filter(|t| t.dtype() == DType::F32);
        bits.extend(floats.flat_map(|t| t.to_vec::<f32>().unwrap()).map(f32::to_bits));
        bits
    }
}

fn three_steps() -> Vec<u32> {
    Run::new(5).steps(3)
}

#[test]
fn two_runs_have_the_same_bits() {
    let first = three_steps();
    assert_eq!(first, three_steps());
    assert_ne!(first[0], first[2], "the steps change the loss");
}

#[test]
#[cfg(feature = "parallel")]
fn the_number_of_threads_does_not_matter() {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(three_steps)
    };
    let one = with(1);
    assert!(one == with(2), "two threads");
    assert!(one == with(4), "four threads");
}

#[test]
#[cfg(feature = "safetensors")]
fn a_resumed_run_has_the_bits_of_one_that_never_stopped() {
    use tinytorch_core::train::Checkpoint;

    let (mut whole, mut resumed) = (Run::new(5), Run::new(6));
    whole.steps(2);
    let file = Checkpoint::of(&whole.model, &whole.adam).unwrap().to_bytes();
    let file = Checkpoint::from_bytes(&file).unwrap();
    file.restore(&resumed.model, &mut resumed.adam).unwrap();
    assert!(whole.steps(2) == resumed.steps(2), "statistics and moments travel with the weights");
    let seen = |run: &Run| run.model.state_dict()["0.1.num_batches_tracked"].clone();
    assert_eq!(seen(&whole).item::<i64>().unwrap(), 4);
    assert_eq!(seen(&resumed).item::<i64>().unwrap(), 4);
}

#[test]
fn looking_at_a_network_does_not_change_it() {
    let mut run = Run::new(5);
    run.steps(1);
    let before = run.steps(0);
    run.model.train(false);
    let alone = run.model.forward(&run.x.narrow(0, 7, 1).unwrap()).unwrap();
    let among = run.model.forward(&run.x).unwrap().narrow(0, 7, 1).unwrap();
    // Products of another size may round in another order: logits of size 1, sums of 256 terms.
    let difference = alone.sub(&among).unwrap().abs().unwrap().amax(.., false).unwrap();
    assert!(difference.item::<f32>().unwrap() < 1e-5, "{difference}");
    assert!(before == run.steps(0), "evaluation moves no statistics");
}

/// Trains on every digit but each fifth, as the reference curves do, and returns the share of the others read.
#[cfg(feature = "safetensors")]
fn accuracy(seed: u64, epochs: usize) -> f64 {
    let rng = &mut Rng::seed(seed);
    let [images, labels] = tinytorch_core::datasets::digits().unwrap().to_tensors().unwrap();
    let rows =
        |keep: &dyn Fn(i64) -> bool| -> Vec<i64> { (0..1797).filter(|&i| keep(i)).collect() };
    let pick = |rows: &[i64]| {
        let rows = Tensor::from_slice(rows, [rows.len()]).unwrap();
        (images.index_select(0, &rows).unwrap(), labels.index_select(0, &rows).unwrap())
    };
    let model = network(1, 8, 8, rng);
    let mut adam =
        Adam::new(model.parameters(), AdamOpts { lr: 0.01, ..AdamOpts::default() }).unwrap();
    let mut train = rows(&|i| i % 5 != 4);
    for _ in 0..epochs {
        rng.shuffle(&mut train);
        for batch in train.chunks(32) {
            let (x, y) = pick(batch);
            let loss = CrossEntropyLoss::new().loss(&model.forward(&x).unwrap(), &y).unwrap();
            adam.zero_grad();
            loss.backward().unwrap();
            adam.step().unwrap();
        }
    }
    model.train(false);
    let (x, y) = pick(&rows(&|i| i % 5 == 4));
    let read = model.forward(&x).unwrap().argmax(1, false).unwrap().eq(&y).unwrap();
    read.to_dtype(DType::F64).unwrap().mean(.., false).unwrap().item().unwrap()
}

/// The gate of the fourth milestone is 90 %; ten equally likely answers would give 10 %.
#[test]
#[cfg(feature = "safetensors")]
fn a_network_with_two_convolutions_reads_digits() {
    let share = accuracy(1, 3);
    assert!(share >= 0.9, "{share}");
}

//! A network of 16 blocks: what checkpoints save, and what they cost.

use core::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use std::{thread, time::Instant};

use tinytorch_core::{DType, Param, Result, Rng, Tensor, autograd::checkpoint, ops::GeluKind};

use crate::allocator::peak_of;

const BLOCKS: usize = 16;
/// The last blocks are needed first in the backward pass: computing them again would save nothing for long.
const PLAIN_AT_THE_END: usize = 4;
const WIDTH: usize = 32;
const ROWS: usize = 192;

/// `x + W₂·dropout(gelu(W₁·x))`
#[derive(Clone)]
struct Block {
    up: Param,
    down: Param,
}

/// How often the blocks ran.
static RUNS: AtomicUsize = AtomicUsize::new(0);

impl Block {
    fn new(rng: &mut Rng) -> Self {
        let mut draw = |shape: [usize; 2]| {
            let w = Tensor::randn(shape, DType::F32, rng).unwrap().mul_scalar(0.05).unwrap();
            Param::new(w).unwrap()
        };
        Self { up: draw([4 * WIDTH, WIDTH]), down: draw([WIDTH, 4 * WIDTH]) }
    }

    fn forward(&self, x: &Tensor, rng: &mut Rng) -> Result<Tensor> {
        RUNS.fetch_add(1, Ordering::Relaxed);
        let h = x.linear(&self.up.tensor(), None)?.gelu(GeluKind::Tanh)?;
        // One coin for each hidden unit: the mask is small beside what it multiplies.
        let half = Tensor::full([4 * WIDTH], 0.5, DType::F32)?;
        let keep = Tensor::rand([4 * WIDTH], DType::F32, rng)?.gt(&half)?.to_dtype(DType::F32)?;
        x.add(&h.mul(&keep)?.linear(&self.down.tensor(), None)?)
    }
}

/// One forward and one backward pass; returns the bits of the loss and of all gradients.
fn step(blocks: &[Block], x: &Tensor, checkpointed: usize) -> Vec<u32> {
    let mut rng = Rng::seed(5);
    let mut h = x.clone();
    for (n, block) in blocks.iter().enumerate() {
        h = if n < checkpointed {
            let block = block.clone();
            checkpoint(move |i, rng| block.forward(&i[0], rng), &[&h], &mut rng).unwrap()
        } else {
            block.forward(&h, &mut rng).unwrap()
        };
    }
    let loss = h.square().unwrap().mean(.., false).unwrap();
    drop(h);
    loss.backward().unwrap();
    let mut bits = vec![loss.item::<f32>().unwrap().to_bits()];
    for p in blocks.iter().flat_map(|b| [&b.up, &b.down]) {
        bits.extend(p.grad().unwrap().to_vec::<f32>().unwrap().into_iter().map(f32::to_bits));
        p.zero_grad();
    }
    bits
}

/// How often each measurement is made.
const TIMES: usize = 5;

/// The result of `f` and its smallest peak. Each time on a new thread: an old one has buffers of former results at hand.
fn least_peak<R: Send>(f: impl Fn() -> R + Sync) -> (R, usize) {
    let once = || thread::scope(|scope| scope.spawn(|| peak_of(&f)).join().unwrap());
    let (mut out, mut least) = once();
    for _ in 1..TIMES {
        let (again, peak) = once();
        (out, least) = (again, least.min(peak));
    }
    (out, least)
}

/// The shortest run.
fn shortest(f: impl Fn()) -> Duration {
    let time = |()| {
        let start = Instant::now();
        f();
        start.elapsed()
    };
    [(); TIMES].map(time).into_iter().min().unwrap()
}

pub(crate) fn checkpoints_halve_the_peak_of_sixteen_blocks() {
    let mut rng = Rng::seed(4);
    let blocks: Vec<Block> = (0..BLOCKS).map(|_| Block::new(&mut rng)).collect();
    let x = Tensor::randn([ROWS, WIDTH], DType::F32, &mut rng).unwrap();
    let (plain, plain_peak) = least_peak(|| step(&blocks, &x, 0));
    RUNS.store(0, Ordering::Relaxed);
    let (saving, saving_peak) = least_peak(|| step(&blocks, &x, BLOCKS - PLAIN_AT_THE_END));
    // The cost: each block with a checkpoint runs once more.
    assert_eq!(RUNS.load(Ordering::Relaxed), TIMES * (BLOCKS + BLOCKS - PLAIN_AT_THE_END));
    assert!(plain == saving, "loss or gradients differ");
    assert!(
        2 * saving_peak <= plain_peak,
        "{saving_peak} bytes with checkpoints, {plain_peak} without"
    );
    let time_plain = shortest(|| drop(step(&blocks, &x, 0)));
    let time_saving = shortest(|| drop(step(&blocks, &x, BLOCKS - PLAIN_AT_THE_END)));
    eprintln!(
        "peak {plain_peak} B plain, {saving_peak} B with checkpoints: {:.2} of it; time {:.2} of it",
        saving_peak as f64 / plain_peak as f64,
        time_saving.as_secs_f64() / time_plain.as_secs_f64()
    );
}

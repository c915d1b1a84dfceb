//! Attention by tiles: memory that grows with the sequence, not with its square.

use std::thread;

use tinytorch_core::{
    DType, Rng, Tensor,
    autograd::{GradOpts, grad},
    ops::attention::{Mask, attention_weights, flash_attention},
};

use crate::allocator::peak_of;

const HEADS: usize = 2;
const WIDTH: usize = 16;
const RUNS: usize = 20;

/// The smallest and the largest peak of a forward and a backward pass over `len` positions.
///
/// How many threads hold tiles at one time is for the scheduler to say: the largest of many runs is that of all threads.
fn peaks(len: usize, tiled: bool) -> (usize, usize) {
    let (inputs, few) = (Inputs::of(len), Inputs::of(64));
    // Each time on a new thread: an old one has buffers of former results at hand. Products keep a scratch space as large
    // as the second-level cache for each thread, whatever their sizes; the pass over few positions makes it.
    let once = |_| {
        let fresh = || {
            few.pass(tiled);
            peak_of(|| inputs.pass(tiled)).1
        };
        thread::scope(|scope| scope.spawn(fresh).join().unwrap())
    };
    let peaks: Vec<usize> = (0..RUNS).map(once).collect();
    (*peaks.iter().min().unwrap(), *peaks.iter().max().unwrap())
}

/// Queries, keys, values and the gradient of the result.
struct Inputs([Tensor; 3], Tensor);

impl Inputs {
    fn of(len: usize) -> Self {
        let mut rng = Rng::seed(3);
        let mut draw = || {
            let x = Tensor::randn([1, HEADS, len, WIDTH], DType::F32, &mut rng).unwrap();
            x.requiring_grad().unwrap()
        };
        let inputs = [draw(), draw(), draw()];
        let seed = Tensor::ones(inputs[0].shape(), DType::F32).unwrap();
        Self(inputs, seed)
    }

    /// The three gradients.
    fn pass(&self, tiled: bool) -> Vec<Option<Tensor>> {
        let Self([q, k, v], seed) = self;
        let out = if tiled {
            flash_attention(q, k, v, Mask::Causal, None).unwrap()
        } else {
            attention_weights(q, k, Mask::Causal, None).unwrap().matmul(v).unwrap()
        };
        let opts = GradOpts { seeds: vec![seed.clone()], ..GradOpts::default() };
        grad(&[&out], &[q, k, v], opts).unwrap()
    }
}

pub(crate) fn tiles_need_memory_for_rows_alone() {
    let [plain_512, plain] = [512, 1024].map(|len| peaks(len, false).0);
    let [tiled_512, tiled] = [512, 1024].map(|len| peaks(len, true).1);
    let scores = HEADS * 1024 * 1024 * size_of::<f32>();
    eprintln!(
        "attention over 1024: {plain} B plain, {tiled} B by tiles; over 512: {plain_512} and {tiled_512}"
    );
    // Scores and weights at the least exist at one time on the plain path, and they are four times as many.
    assert!(plain > 2 * scores && 10 * plain > 35 * plain_512, "{plain} and {plain_512}");
    // Result and three gradients, each as large as the queries; one number per query; the tiles of each thread. The
    // dots of the backward pass, the nodes of the graph and the harness fit into as much again.
    let rows = HEADS * 1024 * (4 * WIDTH + 1) * size_of::<f32>();
    let tiles = 2 * HEADS * 64 * 64 * size_of::<f32>();
    assert!(tiled < rows + 2 * tiles, "{tiled} of {rows} and {tiles}");
    assert!(tiled < 2 * tiled_512, "{tiled} and {tiled_512}");
}

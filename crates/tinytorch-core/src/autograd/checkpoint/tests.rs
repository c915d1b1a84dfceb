//! Against plain calls: the same gradients, the same random numbers, and an error where that could not be.

use core::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::{
    DType, Param,
    autograd::{GradOpts, GraphView, grad, no_grad},
};

/// A residual block with dropout.
#[derive(Clone)]
struct Block {
    up: Param,
    bias: Param,
    down: Param,
}

const WIDTH: usize = 6;

impl Block {
    fn new(rng: &mut Rng) -> Self {
        let mut draw = |shape: &[usize]| {
            let w = Tensor::randn(shape, DType::F32, rng).unwrap().mul_scalar(0.3).unwrap();
            Param::new(w).unwrap()
        };
        Self { up: draw(&[8, WIDTH]), bias: draw(&[8]), down: draw(&[WIDTH, 8]) }
    }

    fn forward(&self, x: &Tensor, rng: &mut Rng) -> Result<Tensor> {
        let h = x
            .linear(&self.up.tensor(), Some(&self.bias.tensor()))?
            .gelu(crate::ops::GeluKind::Tanh)?;
        let half = Tensor::full(h.shape(), 0.5, DType::F32)?;
        let keep = Tensor::rand(h.shape(), DType::F32, rng)?.gt(&half)?.to_dtype(DType::F32)?;
        x.add(&h.mul(&keep)?.mul_scalar(2.0)?.linear(&self.down.tensor(), None)?)
    }

    fn params(&self) -> [&Param; 3] {
        [&self.up, &self.bias, &self.down]
    }
}

fn blocks(n: usize) -> Vec<Block> {
    let mut rng = Rng::seed(1);
    (0..n).map(|_| Block::new(&mut rng)).collect()
}

fn input() -> Tensor {
    Tensor::randn([5, WIDTH], DType::F32, &mut Rng::seed(2)).unwrap()
}

/// Bits of the loss, of all gradients, and the state of the generator after a step.
fn step(
    blocks: &[Block],
    x: &Tensor,
    call: fn(&Block, &Tensor, &mut Rng) -> Result<Tensor>,
) -> Vec<u64> {
    let mut rng = Rng::seed(3);
    let mut h = x.clone();
    for block in blocks {
        h = call(block, &h, &mut rng).unwrap();
    }
    let loss = h.square().unwrap().mean(.., false).unwrap();
    loss.backward().unwrap();
    let bits = |t: &Tensor| t.to_vec_as::<f64>().into_iter().map(f64::to_bits).collect::<Vec<_>>();
    let mut out = bits(&loss);
    for p in blocks.iter().flat_map(Block::params) {
        out.extend(bits(&p.grad().expect("every parameter is used")));
        p.zero_grad();
    }
    if let Some(g) = x.grad() {
        out.extend(bits(&g));
        x.zero_grad();
    }
    out.extend(rng.state());
    out
}

fn plain(block: &Block, x: &Tensor, rng: &mut Rng) -> Result<Tensor> {
    block.forward(x, rng)
}

fn kept_back(block: &Block, x: &Tensor, rng: &mut Rng) -> Result<Tensor> {
    let block = block.clone();
    checkpoint(move |i, rng| block.forward(&i[0], rng), &[x], rng)
}

/// A part inside a part.
fn nested(block: &Block, x: &Tensor, rng: &mut Rng) -> Result<Tensor> {
    let block = block.clone();
    checkpoint(move |i, rng| kept_back(&block, &i[0], rng)?.tanh(), &[x], rng)
}

fn nested_plain(block: &Block, x: &Tensor, rng: &mut Rng) -> Result<Tensor> {
    block.forward(x, rng)?.tanh()
}

#[test]
fn gradients_equal_those_of_a_plain_call() {
    let blocks = blocks(4);
    for x in [input(), input().requiring_grad().unwrap()] {
        assert_eq!(step(&blocks, &x, plain), step(&blocks, &x, kept_back));
        assert_eq!(step(&blocks, &x, nested_plain), step(&blocks, &x, nested));
    }
}

#[test]
fn only_the_inputs_and_results_are_kept() {
    let blocks = blocks(3);
    let held = |call: fn(&Block, &Tensor, &mut Rng) -> Result<Tensor>| {
        let (mut h, mut rng) = (input(), Rng::seed(3));
        for block in &blocks {
            h = call(block, &h, &mut rng).unwrap();
        }
        let graph = GraphView::of(&h);
        let names: Vec<&str> =
            graph.nodes().iter().map(|n| n.op).filter(|n| *n != "leaf").collect();
        (names.join(" "), graph.held_bytes())
    };
    // Three inputs and the last result, 5 rows each.
    assert_eq!(held(kept_back), ("checkpoint checkpoint checkpoint".to_owned(), 4 * 5 * WIDTH * 4));
    assert!(held(plain).1 > 4 * held(kept_back).1);
}

#[test]
fn captured_tensors_receive_gradients() {
    let x = Tensor::from([2.0f64]).requiring_grad().unwrap();
    let before = x.square().unwrap(); // a result that the part captures
    let inner = before.clone();
    let y = checkpoint(move |i, _| i[0].mul(&inner), &[&x], &mut Rng::seed(0)).unwrap();
    // y = x·x², used once more outside: x³ + x².
    y.add(&before).unwrap().sum(.., false).unwrap().backward().unwrap();
    assert_eq!(x.grad().unwrap().to_vec::<f64>().unwrap(), [3.0 * 4.0 + 4.0]);
}

#[test]
fn gradients_of_gradients_pass() {
    let x = Tensor::from([1.5f64]).requiring_grad().unwrap();
    let w = Param::new(Tensor::from([2.0f64])).unwrap();
    let inner = w.clone();
    let f = move |i: &[Tensor], _: &mut Rng| i[0].pow_scalar(3.0)?.mul(&inner.tensor());
    let y = checkpoint(f, &[&x], &mut Rng::seed(0)).unwrap();
    let opts = GradOpts { create_graph: true, ..GradOpts::default() };
    let first = grad(&[&y], &[&x], opts).unwrap().remove(0).unwrap();
    assert_eq!(first.to_vec::<f64>().unwrap(), [3.0 * 2.25 * 2.0]);
    first.backward().unwrap();
    assert_eq!(x.grad().unwrap().to_vec::<f64>().unwrap(), [6.0 * 1.5 * 2.0]);
    assert_eq!(w.grad().unwrap().to_vec::<f64>().unwrap(), [3.0 * 2.25]);
}

#[test]
fn the_generator_advances_once() {
    let draw = |i: &[Tensor], rng: &mut Rng| i[0].mul_scalar(rng.uniform());
    let x = Tensor::from([1.0f64]).requiring_grad().unwrap();
    let (mut a, mut b) = (Rng::seed(9), Rng::seed(9));
    let y = checkpoint(draw, &[&x], &mut a).unwrap();
    let factor = b.uniform();
    assert_eq!(a, b);
    y.backward().unwrap();
    assert_eq!(a, b, "the backward pass has a generator of its own");
    assert_eq!(x.grad().unwrap().item::<f64>().unwrap(), factor);
}

#[test]
fn changed_parameters_are_noticed() {
    let block = Block::new(&mut Rng::seed(1));
    let y = kept_back(&block, &input(), &mut Rng::seed(3)).unwrap().sum(.., false).unwrap();
    block.bias.update::<f32, _>(|b| b[0] += 1.0).unwrap();
    assert!(matches!(y.backward(), Err(Error::SavedTensorModified { op: "checkpoint" })));
}

#[test]
fn hidden_changes_are_noticed() {
    let calls = AtomicUsize::new(0);
    let f = move |i: &[Tensor], _: &mut Rng| {
        i[0].mul_scalar(calls.fetch_add(1, Ordering::Relaxed) as f64)
    };
    let x = Tensor::from([1.0f64]).requiring_grad().unwrap();
    let y = checkpoint(f, &[&x], &mut Rng::seed(0)).unwrap();
    let error = y.backward().unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { op: "checkpoint", name: "f", .. }), "{error}");
    assert!(x.grad().is_none());
}

#[test]
fn nan_is_no_change() {
    let x = Tensor::from([-1.0f64, 4.0]).requiring_grad().unwrap();
    let y = checkpoint(|i, _| i[0].sqrt(), &[&x], &mut Rng::seed(0)).unwrap();
    y.sum(.., false).unwrap().backward().unwrap();
    assert_eq!(x.grad().unwrap().to_vec::<f64>().unwrap()[1], 0.25);
}

#[test]
fn without_recording_it_is_a_plain_call() {
    let x = Tensor::from([1.0f64]).requiring_grad().unwrap();
    let f = |i: &[Tensor], _: &mut Rng| i[0].exp();
    assert!(!no_grad(|| checkpoint(f, &[&x], &mut Rng::seed(0))).unwrap().requires_grad());
    assert!(!checkpoint(f, &[&x.detach()], &mut Rng::seed(0)).unwrap().requires_grad());
    let error = checkpoint(|i, _| i[0].reshape([7]), &[&x], &mut Rng::seed(0)).unwrap_err();
    assert!(
        matches!(error, Error::ShapeMismatch { .. } | Error::InvalidArgument { .. }),
        "{error}"
    );
}

#[test]
fn a_released_part_is_an_error() {
    let x = Tensor::from([1.0f64]).requiring_grad().unwrap();
    let y = checkpoint(|i, _| i[0].exp(), &[&x], &mut Rng::seed(0)).unwrap();
    y.backward_with(None, true).unwrap();
    y.backward().unwrap();
    assert_eq!(x.grad().unwrap().item::<f64>().unwrap(), 2.0 * 1f64.exp());
    assert!(matches!(y.backward(), Err(Error::GraphReleased { op: "checkpoint" })));
}

#[test]
fn long_chains_need_no_stack() {
    let work = || {
        let x = Tensor::from([1.0f32]).requiring_grad().unwrap();
        let mut h = x.clone();
        for _ in 0..20_000 {
            // Each part captures the one before instead of receiving it.
            let before = h.clone();
            h = checkpoint(move |_, _| before.add_scalar(1.0), &[], &mut Rng::seed(0)).unwrap();
        }
        h.backward_with(None, true).unwrap();
        assert_eq!(x.grad().unwrap().item::<f32>().unwrap(), 1.0);
        drop(h);
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(work).unwrap().join().unwrap();
}

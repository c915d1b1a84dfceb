//! The figures and the program of chapter 06.

use std::collections::BTreeMap;

use tinytorch_core::{
    DType, Param, Rng, Tensor,
    autograd::{GraphView, checkpoint, no_grad},
    ops::CrossEntropyOpts,
};

use crate::chapter::{Chapter, grouped};

fn program() -> tinytorch_core::Result<()> {
    use tinytorch_core::{
        Tensor,
        autograd::{GradOpts, grad, hvp},
    };

    // Gradients add up in the leaves.
    let x = Tensor::from([1.0f64, 2.0]).requiring_grad()?;
    let y = x.mul(&x)?.sum(.., false)?;
    y.backward()?;
    assert_eq!(x.grad().expect("a leaf").to_vec::<f64>()?, [2.0, 4.0]);
    // Or they are returned, and can be differentiated again.
    let cube = x.pow_scalar(3.0)?.sum(.., false)?;
    let opts = GradOpts { create_graph: true, ..GradOpts::default() };
    let slope = grad(&[&cube], &[&x], opts)?.remove(0).expect("x is used");
    slope.sum(.., false)?.backward()?; // adds 6x
    assert_eq!(x.grad().expect("a leaf").to_vec::<f64>()?, [8.0, 16.0]);
    // A product with the matrix of second derivatives, without the matrix.
    let v = Tensor::from([1.0f64, 0.0]);
    let (_, product) = hvp(|i| i[0].pow_scalar(3.0)?.sum(.., false), &[x.detach()], &[v])?;
    assert_eq!(product[0].to_vec::<f64>()?, [6.0, 0.0]);
    Ok(())
}

#[test]
fn the_program_runs() {
    program().unwrap();
    if let Some(chapter) = Chapter::open("06-autograd.md") {
        chapter.shows_program_of(include_str!("chapters_autograd.rs"));
    }
}

const WIDTHS: [usize; 4] = [784, 512, 256, 10];
const BATCH: usize = 128;

fn layers(widths: &[usize]) -> Vec<[Param; 2]> {
    let mut rng = Rng::seed(1);
    let mut draw = |shape: &[usize]| {
        let w = Tensor::randn(shape, DType::F32, &mut rng).unwrap().mul_scalar(0.05).unwrap();
        Param::new(w).unwrap()
    };
    widths.windows(2).map(|w| [draw(&[w[1], w[0]]), draw(&[w[1]])]).collect()
}

/// The loss of the network of the chapter.
fn loss(layers: &[[Param; 2]]) -> Tensor {
    let mut h = Tensor::randn([BATCH, WIDTHS[0]], DType::F32, &mut Rng::seed(2)).unwrap();
    for (n, [w, b]) in layers.iter().enumerate() {
        h = h.linear(&w.tensor(), Some(&b.tensor())).unwrap();
        if n + 1 < layers.len() {
            h = h.relu().unwrap();
        }
    }
    let target = Tensor::zeros([BATCH], DType::I64).unwrap();
    h.cross_entropy(&target, &CrossEntropyOpts::default()).unwrap()
}

#[test]
fn memory_of_a_step() {
    let Some(chapter) = Chapter::open("06-autograd.md") else { return };
    let layers = layers(&WIDTHS);
    let loss_now = loss(&layers);
    let graph = GraphView::of(&loss_now);
    let mut by_op: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for node in graph.nodes().iter().filter(|n| n.op != "leaf") {
        let entry = by_op.entry(node.op).or_default();
        entry.0 += 1;
        entry.1 += node.saved_bytes;
    }
    for (op, (count, bytes)) in by_op {
        chapter.says(format!("| `{op}` | {count} | {} |", grouped(bytes)));
    }
    chapter.says(format!("{} bytes in all", grouped(graph.held_bytes())));
    let parameters: usize = layers.iter().flatten().map(Param::numel).sum();
    chapter.says(format!(
        "{} parameters of {} bytes",
        grouped(parameters),
        grouped(4 * parameters)
    ));
    // The parameters are there anyway; what a pass adds is the rest.
    let weights: usize = layers.iter().skip(1).map(|[w, _]| 4 * w.numel()).sum();
    chapter
        .says(format!("{} bytes that only training needs", grouped(graph.held_bytes() - weights)));
    let without = no_grad(|| loss(&layers));
    assert!(GraphView::of(&without).nodes().is_empty());

    // 2·M·K·N operations for each product.
    let products: Vec<usize> = WIDTHS.windows(2).map(|w| 2 * BATCH * w[0] * w[1]).collect();
    let forward: usize = products.iter().sum();
    // Two products back for each one forward, but nobody wants the gradient of the images.
    let backward = 2 * forward - products[0];
    chapter.says(format!("{} operations forward", grouped(forward)));
    chapter.says(format!(
        "{} backward, {:.2} times",
        grouped(backward),
        backward as f64 / forward as f64
    ));
}

#[test]
fn a_doubling_chain_takes_one_visit_per_node() {
    let x = Tensor::from([1.0f64]).requiring_grad().unwrap();
    let mut h = x.clone();
    for _ in 0..8 {
        h = h.add(&h).unwrap();
    }
    let nodes = GraphView::of(&h).nodes().len();
    h.backward().unwrap();
    let slope = x.grad().unwrap().item::<f64>().unwrap();
    // A recursion without memory visits a node once for each way to it: 2⁰ + 2¹ + .. + 2⁸.
    let visits: usize = (0..=8).map(|n| 1 << n).sum();
    assert_eq!(slope, 256.0);
    if let Some(chapter) = Chapter::open("06-autograd.md") {
        chapter.says(format!(
            "gradient {slope} after {nodes} visits; a recursion without memory makes {visits}"
        ));
    }
}

#[test]
fn what_checkpoints_keep() {
    let Some(chapter) = Chapter::open("06-autograd.md") else { return };
    let layers = layers(&[256; 17]);
    let held = |checkpointed: bool| {
        let mut rng = Rng::seed(0);
        let mut h = Tensor::randn([BATCH, 256], DType::F32, &mut rng).unwrap();
        for [w, b] in layers.clone() {
            let block = move |i: &[Tensor], _: &mut Rng| {
                i[0].linear(&w.tensor(), Some(&b.tensor()))?
                    .gelu(tinytorch_core::ops::GeluKind::Exact)
            };
            h = if checkpointed {
                checkpoint(block, &[&h], &mut rng).unwrap()
            } else {
                block(&[h], &mut rng).unwrap()
            };
        }
        GraphView::of(&h).held_bytes()
    };
    // Weights that the plain graph keeps for its rules are there in either case.
    let weights = layers.iter().skip(1).map(|[w, _]| 4 * w.numel()).sum::<usize>();
    let (plain, saving) = (held(false) - weights, held(true));
    chapter.says(format!(
        "{} bytes of activations without checkpoints, {} with",
        grouped(plain),
        grouped(saving)
    ));
}

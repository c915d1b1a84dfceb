//! Each fast path against the plain algorithm it stands for.

use super::*;
use crate::{
    Rng, Shape, Tensor, slots,
    tensor::{View, position},
};

/// Whole numbers up to 4: sums and products are exact in any order.
fn whole(shape: &[usize], seed: u64) -> Tensor {
    let (n, mut rng) = (shape.iter().product::<usize>(), Rng::seed(seed));
    Tensor::from_vec((0..n).map(|_| rng.below(9) as f64 - 4.0).collect(), shape).unwrap()
}

/// A tensor as it is, transposed, and with every second position of its first axis.
fn layouts(x: &Tensor) -> [Tensor; 3] {
    [x.clone(), x.transpose(0, -1).unwrap(), x.slice(0, 0..99, 2).unwrap()]
}

#[test]
fn arithmetic() {
    for a in layouts(&whole(&[7, 5, 3], 1)) {
        let b = whole(a.dims(), 2).add_scalar(9.0).unwrap();
        for op in [Arithmetic::Add, Arithmetic::Sub, Arithmetic::Mul, Arithmetic::Div] {
            let (a, b) = (a.typed::<f64>(), b.typed::<f64>());
            assert_eq!(
                elementwise_binary(op, a, b).unwrap(),
                slots::tensor::elementwise_binary(op, a, b),
                "{op:?}"
            );
        }
    }
}

#[test]
fn reductions() {
    for x in layouts(&whole(&[4, 6, 5], 3)) {
        for marks in 0..8u8 {
            let mask: Vec<bool> = (0..3).map(|a| marks >> a & 1 == 1).collect();
            let axes: Vec<usize> = (0..3).filter(|&a| mask[a]).collect();
            let x = x.typed::<f64>();
            assert_eq!(reduce_sum(x, &mask).unwrap(), slots::tensor::reduce_sum(x, &axes));
            assert_eq!(reduce_mean(x, &mask).unwrap(), slots::tensor::reduce_mean(x, &axes));
            assert_eq!(reduce_max(x, &mask).unwrap(), slots::tensor::reduce_max(x, &axes));
        }
    }
}

#[test]
fn products_of_batches() {
    for (l, r) in [
        (&[5, 4][..], &[4, 6][..]),
        (&[3, 5, 4], &[3, 4, 6]),
        (&[2, 1, 5, 4], &[3, 4, 6]),
        (&[33, 20, 25], &[25, 30]),
    ] {
        let (a, b) = (whole(l, 4), whole(r, 5));
        let plan = matmul_check(a.shape(), b.shape()).unwrap();
        let full = |t: &Tensor, rows: usize, cols: usize| {
            t.broadcast_to(&Shape::new(&[&plan.batch[..], &[rows, cols]].concat()).unwrap())
                .unwrap()
        };
        let (a, b) = (full(&a, plan.m, plan.k), full(&b, plan.k, plan.n));
        let got = matmul(&plan, a.typed::<f64>(), b.typed::<f64>()).unwrap();
        let batch = plan.batch.rank();
        for (index, got) in got.chunks(plan.m * plan.n).enumerate() {
            let one = |t: &Tensor| -> (usize, [usize; 2]) {
                let at = position(index, &t.dims()[..batch], &t.strides()[..batch]);
                (at, [t.strides()[batch], t.strides()[batch + 1]])
            };
            let ((i, sa), (j, sb)) = (one(&a), one(&b));
            let (va, vb) = (a.typed::<f64>(), b.typed::<f64>());
            let x = View { data: &va.data[i..], shape: &[plan.m, plan.k], strides: &sa };
            let y = View { data: &vb.data[j..], shape: &[plan.k, plan.n], strides: &sb };
            assert_eq!(got, slots::tensor::matmul(x, y), "{l:?} {r:?} at {index}");
        }
    }
}

#[test]
fn dense_layers() {
    let (x, bias) = (whole(&[6, 4], 6), whole(&[5], 7));
    for w in [whole(&[5, 4], 8), whole(&[4, 5], 8).t().unwrap()] {
        for bias in [None, Some(bias.as_slice::<f64>().unwrap())] {
            let got =
                linear_forward([6, 4, 5], x.as_slice::<f64>().unwrap(), w.typed::<f64>(), bias)
                    .unwrap();
            assert_eq!(
                got,
                slots::layers::linear_forward(x.typed::<f64>(), w.typed::<f64>(), bias)
            );
        }
    }
}

#[test]
fn activations_and_lookups() {
    for x in layouts(&whole(&[4, 6, 5], 9)) {
        let v = x.typed::<f64>();
        assert_eq!(relu(v).unwrap(), slots::activations::relu(v));
        assert_eq!(
            crate::no_grad(|| relu_backward(v, v)).unwrap(),
            slots::autograd::relu_backward(v, v)
        );
    }
    let table = whole(&[5, 3], 10);
    let (table, ids) = (table.as_slice::<f64>().unwrap(), [4, 0, 4, 2]);
    assert_eq!(
        embedding_forward(table, 3, &ids).unwrap(),
        slots::embedding::embedding_forward(table, 3, &ids)
    );
}

#[test]
fn class_losses() {
    let (x, ids) = (whole(&[6, 4], 11), [0i64, 3, -100, 1, 2, 2]);
    let target = Tensor::from(ids);
    let loss = x.cross_entropy(&target, &crate::ops::CrossEntropyOpts::default()).unwrap();
    let plain = slots::losses::cross_entropy(x.typed::<f64>(), &ids, -100);
    // The same terms, added in another order.
    assert!((loss.item::<f64>().unwrap() - plain).abs() < 1e-14);
    let (p, t) = (whole(&[6], 12), whole(&[6], 13));
    let mse = p.mse_loss(&t, crate::ops::Reduction::Mean).unwrap().item::<f64>().unwrap();
    assert_eq!(mse, slots::losses::mse(p.typed::<f64>(), t.typed::<f64>()));
}

#[test]
fn rows_of_transformers() {
    let (x, w, b) = (whole(&[6, 5], 14), whole(&[5], 15), whole(&[5], 16));
    let slice = |t: &Tensor| t.to_vec::<f64>().unwrap();
    let (x, w, b) = (slice(&x), slice(&w), slice(&b));
    let norm = crate::kernels::norm::RowNorm { len: 5, eps: 1e-5, centered: true };
    let (got, ..) = layer_norm(&norm, &x, Some(&w), Some(&b)).unwrap();
    let plain = slots::transformer::layer_norm(&x, 5, Some(&w), Some(&b), 1e-5);
    assert!(got.iter().zip(&plain).all(|(g, p)| (g - p).abs() < 1e-14));
}

//! Seeded mistakes of module 06.

use super::{AutogradLesson, Dag, View, plain};
use crate::{
    course::lesson::mutants,
    slots::tensor::{matmul, reduce_sum, row_major_strides},
};

/// Cuts or pads to the length of an array of this shape.
fn sized(mut values: Vec<f32>, shape: &[usize]) -> Vec<f32> {
    values.resize(shape.iter().product(), 0.0);
    values
}

fn scaled(values: Vec<f32>, by: f32) -> Vec<f32> {
    values.into_iter().map(|v| v * by).collect()
}

/// A view with its two axes exchanged.
fn flipped<'a>(v: View<'a>, shape: &'a mut [usize; 2], strides: &'a mut [usize; 2]) -> View<'a> {
    (*shape, *strides) = ([v.shape[1], v.shape[0]], [v.strides[1], v.strides[0]]);
    View { data: v.data, shape, strides }
}

/// `grad` times the elements of `by`, summed to `shape`.
fn product(grad: View<'_>, by: View<'_>, shape: &[usize]) -> Vec<f32> {
    let data: Vec<f32> = grad.iter().zip(by.iter()).map(|(g, v)| g * v).collect();
    let strides = row_major_strides(grad.shape);
    plain::reduce_broadcast_grad(
        View { data: &data, shape: grad.shape, strides: &strides[..grad.rank()] },
        shape,
    )
}

/// A product with operands of sizes that need not fit: what does not exist is 0.
fn loose(a: View<'_>, b: View<'_>, [m, n]: [usize; 2]) -> Vec<f32> {
    let at = |v: View<'_>, i, j| v.get(&[i, j]).unwrap_or(0.0);
    let k = a.shape[1];
    (0..m * n).map(|o| (0..k).map(|p| at(a, o / n, p) * at(b, p, o % n)).sum()).collect()
}

fn breadth_first(graph: &Dag, roots: &[usize]) -> Vec<usize> {
    let mut order = roots.to_vec();
    let mut seen: Vec<bool> = (0..graph.len()).map(|n| roots.contains(&n)).collect();
    let mut at = 0;
    while let Some(&node) = order.get(at) {
        for &input in graph.inputs(node) {
            if !core::mem::replace(&mut seen[input], true) {
                order.push(input);
            }
        }
        at += 1;
    }
    order
}

mutants! {
    AutogradLesson;
    fn reduce_broadcast_grad(grad: View<'_>, shape: &[usize]) -> Vec<f32> {
        "cuts the gradient instead of summing it" => sized(grad.to_vec(), shape),
        "sums over leading axes only" => {
            let lead: Vec<usize> = (0..grad.rank() - shape.len()).collect();
            sized(reduce_sum(grad, &lead), shape)
        },
        "sums over axes of size 1 only" => {
            let lead = grad.rank() - shape.len();
            let ones: Vec<usize> = (lead..grad.rank()).filter(|&a| shape[a - lead] == 1).collect();
            sized(reduce_sum(grad, &ones), shape)
        },
        "averages instead of summing" => {
            let n = shape.iter().product::<usize>().max(1) as f32 / grad.numel().max(1) as f32;
            scaled(plain::reduce_broadcast_grad(grad, shape), n)
        },
        "sums over everything" => {
            let all: Vec<usize> = (0..grad.rank()).collect();
            let sum = reduce_sum(grad, &all)[0];
            sized(vec![sum; shape.iter().product()], shape)
        },
        "aligns the shapes at the left" => {
            let axes: Vec<usize> = (0..grad.rank()).filter(|&a| shape.get(a).is_none_or(|&d| d == 1)).collect();
            sized(reduce_sum(grad, &axes), shape)
        },
    }
    fn add_backward(grad: View<'_>, a: &[usize], b: &[usize]) -> (Vec<f32>, Vec<f32>) {
        "does not sum over repeated axes" => (sized(grad.to_vec(), a), sized(grad.to_vec(), b)),
        "gives the right side the negative gradient" => {
            let (x, y) = plain::add_backward(grad, a, b);
            (x, scaled(y, -1.0))
        },
        "exchanges the two gradients" => { let (x, y) = plain::add_backward(grad, a, b); (y, x) },
        "halves the gradients" => {
            let (x, y) = plain::add_backward(grad, a, b);
            (scaled(x, 0.5), scaled(y, 0.5))
        },
        "gives the right side nothing" => (plain::add_backward(grad, a, b).0, sized(Vec::new(), b)),
    }
    fn mul_backward(grad: View<'_>, a: View<'_>, a_shape: &[usize], b: View<'_>, b_shape: &[usize]) -> (Vec<f32>, Vec<f32>) {
        "gives each side its own value" => (product(grad, a, a_shape), product(grad, b, b_shape)),
        "exchanges the two gradients" => (product(grad, a, b_shape), product(grad, b, a_shape)),
        "forgets the other side" =>
            (plain::reduce_broadcast_grad(grad, a_shape), plain::reduce_broadcast_grad(grad, b_shape)),
        "forgets the incoming gradient" => {
            let (one, zeros) = ([1.0], vec![0; grad.rank()]);
            let ones = View { data: &one, shape: grad.shape, strides: &zeros };
            (product(ones, b, a_shape), product(ones, a, b_shape))
        },
        "does not sum over repeated axes" => {
            let cut = |by: View<'_>, shape: &[usize]| sized(product(grad, by, grad.shape), shape);
            (cut(b, a_shape), cut(a, b_shape))
        },
        "doubles both gradients" => (scaled(product(grad, b, a_shape), 2.0), scaled(product(grad, a, b_shape), 2.0)),
    }
    fn matmul_backward(grad: View<'_>, a: View<'_>, b: View<'_>) -> (Vec<f32>, Vec<f32>) {
        "leaves out the transpose of b" => {
            let (_, db) = plain::matmul_backward(grad, a, b);
            (loose(grad, b, [a.shape[0], a.shape[1]]), db)
        },
        "leaves out the transpose of a" => {
            let (da, _) = plain::matmul_backward(grad, a, b);
            (da, loose(a, grad, [b.shape[0], b.shape[1]]))
        },
        "exchanges the two gradients" => { let (da, db) = plain::matmul_backward(grad, a, b); (db, da) },
        "returns the gradient of a transposed" => {
            let (_, db) = plain::matmul_backward(grad, a, b);
            let (mut shape, mut strides) = ([0; 2], [0; 2]);
            (matmul(b, flipped(grad, &mut shape, &mut strides)), db)
        },
        "returns the gradient of b transposed" => {
            let (da, _) = plain::matmul_backward(grad, a, b);
            let (mut shape, mut strides) = ([0; 2], [0; 2]);
            (da, matmul(flipped(grad, &mut shape, &mut strides), a))
        },
        "divides the gradient of b by the number of rows" => {
            let (da, db) = plain::matmul_backward(grad, a, b);
            (da, scaled(db, 1.0 / a.shape[0] as f32))
        },
    }
    fn sum_backward(grad: View<'_>, shape: &[usize], axes: &[usize]) -> Vec<f32> {
        "divides by the number of terms" => {
            let n: usize = axes.iter().map(|&a| shape[a]).product();
            scaled(plain::sum_backward(grad, shape, axes), 1.0 / n as f32)
        },
        "gives the gradient to the first term only" => {
            let all = plain::sum_backward(grad, shape, axes);
            let first = |n: usize| {
                let at = |a: usize| n / shape[a + 1..].iter().product::<usize>() % shape[a];
                axes.iter().all(|&a| at(a) == 0)
            };
            all.into_iter().enumerate().map(|(n, v)| if first(n) { v } else { 0.0 }).collect()
        },
        "repeats the gradient in blocks of the wrong axis" => {
            let g = grad.to_vec();
            let n: usize = shape.iter().product();
            (0..n).map(|at| g[at * g.len() / n.max(1)]).collect()
        },
        "repeats the whole gradient end to end" => {
            let g = grad.to_vec();
            (0..shape.iter().product()).map(|at: usize| g[at % g.len()]).collect()
        },
        "returns ones" => vec![1.0; shape.iter().product()],
        "multiplies by the number of terms" => {
            let n: usize = axes.iter().map(|&a| shape[a]).product();
            scaled(plain::sum_backward(grad, shape, axes), n as f32)
        },
    }
    fn relu_backward(grad: View<'_>, x: View<'_>) -> Vec<f32> {
        "lets the gradient through everywhere" => grad.to_vec(),
        "lets the gradient through at the kink" =>
            grad.iter().zip(x.iter()).map(|(g, x)| if x >= 0.0 { g } else { 0.0 }).collect(),
        "blocks where it should pass" =>
            grad.iter().zip(x.iter()).map(|(g, x)| if x > 0.0 { 0.0 } else { g }).collect(),
        "returns the slope without the gradient" => x.iter().map(|x| f32::from(u8::from(x > 0.0))).collect(),
        "multiplies by the input" => grad.iter().zip(x.iter()).map(|(g, x)| if x > 0.0 { g * x } else { 0.0 }).collect(),
        "looks at the sign of the gradient" => grad.iter().map(|g| if g > 0.0 { g } else { 0.0 }).collect(),
    }
    fn topological_order(graph: &Dag, roots: &[usize]) -> Vec<usize> {
        "goes breadth first" => breadth_first(graph, roots),
        "returns the inputs first" => plain::topological_order(graph, roots).into_iter().rev().collect(),
        "goes by the numbers of the nodes" => (0..graph.len()).collect(),
        "starts from the first root only" => plain::topological_order(graph, roots.get(..1).unwrap_or(&[])),
        "leaves out the roots" => {
            plain::topological_order(graph, roots).into_iter().filter(|n| !roots.contains(n)).collect()
        },
        "follows the first input of each node only" => {
            let (mut order, mut seen) = (Vec::new(), vec![false; graph.len()]);
            for &root in roots {
                let mut at = Some(root);
                while let Some(node) = at.filter(|&n| !seen[n]) {
                    seen[node] = true;
                    order.push(node);
                    at = graph.inputs(node).first().copied();
                }
            }
            order
        },
    }
    fn accumulate(acc: &mut [f32], grad: &[f32]) -> () {
        "replaces what has arrived" => acc.copy_from_slice(grad),
        "keeps only the first arrival" => { let _ = (acc, grad); },
        "subtracts" => acc.iter_mut().zip(grad).for_each(|(a, g)| *a -= g),
        "averages the two" => acc.iter_mut().zip(grad).for_each(|(a, g)| *a = (*a + g) / 2.0),
        "keeps the larger one" => acc.iter_mut().zip(grad).for_each(|(a, g)| *a = a.max(*g)),
    }
}

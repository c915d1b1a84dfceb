//! Checks of module 06.

use super::{Dag, ask};
use crate::{
    Tensor,
    course::{
        arrays::Array,
        check::{Verdict, close, equal, holds, value},
        lesson::checks,
    },
};

fn reduced(grad: &Array, shape: &[usize], out: &[f32]) -> Verdict {
    close(
        format!("gradient {grad} to shape {shape:?}"),
        ask::reduce_broadcast_grad(grad.view(), shape),
        out,
        0.0,
    )
}

fn added(grad: &Array, a: &[usize], b: &[usize], out: [&[f32]; 2]) -> Verdict {
    let input = format!("gradient {grad}, operands {a:?} and {b:?}");
    let (da, db) = value(&input, ask::add_backward(grad.view(), a, b))?;
    close(format!("{input}, left side"), Ok(da), out[0], 0.0)?;
    close(format!("{input}, right side"), Ok(db), out[1], 0.0)
}

fn summed(grad: &Array, shape: &[usize], axes: &[usize], out: &[f32]) -> Verdict {
    let input = format!("gradient {grad} of a sum over axes {axes:?} of shape {shape:?}");
    close(input, ask::sum_backward(grad.view(), shape, axes), out, 0.0)
}

fn graph(inputs: &[&[usize]]) -> Dag {
    let mut dag = Dag::default();
    inputs.iter().for_each(|i| {
        dag.push(i.iter().copied());
    });
    dag
}

/// Every reachable node once, users before inputs.
fn ordered(dag: &Dag, roots: &[usize], reachable: usize) -> Verdict {
    let edges: Vec<_> = (0..dag.len()).map(|n| (n, dag.inputs(n))).collect();
    let input = format!("node and inputs {edges:?}, roots {roots:?}");
    holds(
        input,
        ask::topological_order(dag, roots),
        "each reachable node once, before its inputs",
        |order| {
            let at = |n: usize| order.iter().position(|&o| o == n);
            let mut once = order.clone();
            once.sort_unstable();
            once.dedup();
            once.len() == order.len()
                && order.len() == reachable
                && roots.iter().all(|&r| at(r).is_some())
                && order
                    .iter()
                    .all(|&n| n < dag.len() && dag.inputs(n).iter().all(|&i| at(n) < at(i)))
        },
    )
}

checks! {
    $ __course_m06 m06;
    reduce_broadcast_grad {
        missing_axis Hand 2 "sum over axes that the operand does not have" => {
            reduced(&Array::count(&[2, 3]), &[3], &[3.0, 5.0, 7.0])?;
            reduced(&Array::count(&[2, 2, 2]), &[], &[28.0])
        };
        size_one Hand 2 "sum over axes where the operand has size 1" => {
            reduced(&Array::count(&[2, 3]), &[2, 1], &[3.0, 12.0])?;
            reduced(&Array::count(&[2, 3]), &[1, 3], &[3.0, 5.0, 7.0])
        };
        both Hand 1 "both at once, aligned at the right" => {
            reduced(&Array::count(&[2, 3, 2]), &[3, 1], &[0.0 + 1.0 + 6.0 + 7.0, 2.0 + 3.0 + 8.0 + 9.0, 4.0 + 5.0 + 10.0 + 11.0])
        };
        same_shape Hand 1 "nothing was repeated: nothing is summed" => reduced(&Array::count(&[2, 2]), &[2, 2], &[0.0, 1.0, 2.0, 3.0]);
    }
    add_backward {
        same_shape Hand 2 "the gradient passes to both sides unchanged" => {
            added(&Array::new(&[2.0, -3.0], &[2]), &[2], &[2], [&[2.0, -3.0], &[2.0, -3.0]])
        };
        broadcast Hand 2 "a repeated side collects the gradients of all its copies" => {
            added(&Array::count(&[2, 3]), &[2, 3], &[3], [&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], &[3.0, 5.0, 7.0]])
        };
        in_the_library Systems 1 "backward of a sum of tensors uses the rule" => {
            let b = value("b", Tensor::from([1.0f32, 2.0]).requiring_grad())?;
            let a = value("a", Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]).requiring_grad())?;
            value("a + b", a.add(&b).and_then(|y| y.sum(.., false)).and_then(|y| y.backward()))?;
            close("gradient of b in sum(a + b), a [2, 2], b [2]", Ok(b.grad().map_or(Vec::new(), |g| g.to_vec_as::<f32>())), &[2.0, 2.0], 0.0)?;
            // The numbers alone could come from elsewhere.
            added(&Array::new(&[1.0; 4], &[2, 2]), &[2, 2], &[2], [&[1.0; 4], &[2.0, 2.0]])
        };
    }
    mul_backward {
        by_hand Hand 3 "g·b for the left side, g·a for the right" => {
            let (g, a, b) = (Array::new(&[1.0, 2.0], &[2]), Array::new(&[3.0, 4.0], &[2]), Array::new(&[5.0, -6.0], &[2]));
            let input = format!("gradient {g}, a {a}, b {b}");
            let (da, db) = value(&input, ask::mul_backward(g.view(), a.view(), &[2], b.view(), &[2]))?;
            close(format!("{input}, left side"), Ok(da), &[5.0, -12.0], 0.0)?;
            close(format!("{input}, right side"), Ok(db), &[3.0, 8.0], 0.0)
        };
        broadcast Hand 2 "multiply first, then sum over the repeated axes" => {
            let (g, a) = (Array::new(&[1.0, 2.0, 3.0, 4.0], &[2, 2]), Array::new(&[1.0, -1.0, 2.0, 5.0], &[2, 2]));
            let b = Array::new(&[10.0, 100.0], &[2]).strided(&[2, 2], &[0, 1]);
            let input = format!("gradient {g}, a {a}, b of shape [2] expanded to {b}");
            let (da, db) = value(&input, ask::mul_backward(g.view(), a.view(), &[2, 2], b.view(), &[2]))?;
            close(format!("{input}, left side"), Ok(da), &[10.0, 200.0, 30.0, 400.0], 0.0)?;
            close(format!("{input}, right side"), Ok(db), &[7.0, 18.0], 0.0)
        };
    }
    matmul_backward {
        by_hand Hand 3 "grad·bᵀ and aᵀ·grad" => {
            let (g, a, b) = (Array::new(&[1.0, 10.0], &[1, 2]), Array::new(&[2.0, 3.0, 4.0], &[1, 3]), Array::count(&[3, 2]));
            let input = format!("gradient {g}, a {a}, b {b}");
            let (da, db) = value(&input, ask::matmul_backward(g.view(), a.view(), b.view()))?;
            close(format!("{input}, left side"), Ok(da), &[10.0, 32.0, 54.0], 0.0)?;
            close(format!("{input}, right side"), Ok(db), &[2.0, 20.0, 3.0, 30.0, 4.0, 40.0], 0.0)
        };
        square Hand 2 "in square matrices a missing transpose does not show in the shapes" => {
            let (g, a, b) = (Array::new(&[1.0, 2.0, 3.0, 4.0], &[2, 2]), Array::new(&[0.0, 1.0, 2.0, 3.0], &[2, 2]), Array::new(&[1.0, 5.0, 2.0, 7.0], &[2, 2]));
            let input = format!("gradient {g}, a {a}, b {b}");
            let (da, db) = value(&input, ask::matmul_backward(g.view(), a.view(), b.view()))?;
            close(format!("{input}, left side"), Ok(da), &[11.0, 16.0, 23.0, 34.0], 0.0)?;
            close(format!("{input}, right side"), Ok(db), &[6.0, 8.0, 10.0, 14.0], 0.0)
        };
    }
    sum_backward {
        by_hand Hand 2 "every term of a sum receives its whole gradient" => {
            let g = Array::new(&[10.0, 20.0], &[2]);
            summed(&g, &[2, 3], &[1], &[10.0, 10.0, 10.0, 20.0, 20.0, 20.0])?;
            summed(&g, &[3, 2], &[0], &[10.0, 20.0, 10.0, 20.0, 10.0, 20.0])
        };
        two_axes Hand 1 "the kept axis may stand in the middle" => {
            summed(&Array::new(&[5.0, 7.0], &[2]), &[2, 2, 2], &[0, 2], &[5.0, 5.0, 7.0, 7.0, 5.0, 5.0, 7.0, 7.0])
        };
        everything Hand 1 "a sum over all axes has one gradient" => summed(&Array::new(&[3.0], &[]), &[2, 2], &[0, 1], &[3.0; 4]);
    }
    relu_backward {
        by_hand Hand 2 "the gradient passes where the input is above 0" => {
            let (g, x) = (Array::new(&[1.0, -2.0, 3.0, 4.0], &[4]), Array::new(&[-5.0, 5.0, 0.0, 0.5], &[4]));
            close(format!("gradient {g}, x {x}"), ask::relu_backward(g.view(), x.view()), &[0.0, -2.0, 0.0, 4.0], 0.0)
        };
        views Hand 1 "pairs of elements in row-major order, whatever the strides" => {
            let (g, x) = (Array::new(&[1.0, 2.0, 3.0, 4.0], &[2, 2]), Array::new(&[1.0, -1.0, 1.0, 1.0], &[2, 2]).transposed());
            let got = ask::relu_backward(g.view(), x.view());
            close(format!("gradient {g}, x {x}"), got, &[1.0, 2.0, 0.0, 4.0], 0.0)
        };
    }
    topological_order {
        diamond Property 2 "a node may be visited only when all its users have been" => {
            ordered(&graph(&[&[1, 2], &[3], &[3], &[]]), &[0], 4)?;
            // Node 2 is used by 0 and by 1; breadth first would visit it too early.
            ordered(&graph(&[&[2, 1], &[2], &[3], &[]]), &[0], 4)
        };
        unreachable Property 1 "a node that no root depends on has no gradient" => {
            ordered(&graph(&[&[1, 1], &[], &[0], &[1]]), &[0], 2)
        };
        two_roots Property 1 "all roots count, also one that another depends on" => {
            ordered(&graph(&[&[2], &[2, 0], &[]]), &[0, 1], 3)
        };
        deep Systems 2 "a chain of 100 000 nodes must not overflow the stack" => {
            let mut dag = Dag::default();
            for n in 0..100_000usize {
                dag.push((n < 99_999).then_some(n + 1));
            }
            holds("a chain of 100000 nodes", ask::topological_order(&dag, &[0]), "the nodes in order", |o| o.iter().copied().eq(0..100_000))
        };
    }
    accumulate {
        by_hand Hand 2 "add, element by element" => {
            let mut acc = [1.0, -2.0, 0.5];
            value("[1, -2, 0.5] and [10, 20, 30]", ask::accumulate(&mut acc, &[10.0, 20.0, 30.0]))?;
            equal("[1, -2, 0.5] and [10, 20, 30]", Ok(acc), [11.0, 18.0, 30.5])
        };
        twice Property 1 "each arrival adds" => {
            let mut acc = [0.0];
            for _ in 0..3 {
                value("three times 1.5", ask::accumulate(&mut acc, &[1.5]))?;
            }
            equal("three times 1.5", Ok(acc), [4.5])
        };
    }
}

//! Module 06, Autograd: the rules of the basic operations and the order in which they are applied.

use super::tensor::{matmul, reduce_sum, row_major_strides};
use crate::nostd::prelude::*;
use crate::tensor::{Real, View};

/// Returns the gradient of an operand that was broadcast: the sum of `grad` over the axes it was repeated along.
///
/// Missing leading axes are summed away; axes where `shape` has size 1 are summed and kept.
#[must_use]
pub fn reduce_broadcast_grad<T: Real>(grad: View<'_, T>, shape: &[usize]) -> Vec<T> {
    let lead = grad.rank() - shape.len();
    let repeated = |a: usize| a < lead || (shape[a - lead] == 1 && grad.shape[a] != 1);
    let axes: Vec<usize> = (0..grad.rank()).filter(|&a| repeated(a)).collect();
    reduce_sum(grad, &axes)
}

/// Returns the gradients of `a + b`: `grad` for both, summed to the shapes of the operands.
#[must_use]
pub fn add_backward<T: Real>(grad: View<'_, T>, a: &[usize], b: &[usize]) -> (Vec<T>, Vec<T>) {
    (reduce_broadcast_grad(grad, a), reduce_broadcast_grad(grad, b))
}

/// Returns the gradients of `a · b` for operands expanded to the shape of `grad`: `grad·b` and `grad·a`.
///
/// `a_shape` and `b_shape` are the shapes before expansion.
#[must_use]
pub fn mul_backward<T: Real>(
    grad: View<'_, T>,
    (a, a_shape): (View<'_, T>, &[usize]),
    (b, b_shape): (View<'_, T>, &[usize]),
) -> (Vec<T>, Vec<T>) {
    let strides = row_major_strides(grad.shape);
    let product = |x: View<'_, T>, shape: &[usize]| {
        let data: Vec<T> = grad.iter().zip(x.iter()).map(|(g, x)| g * x).collect();
        reduce_broadcast_grad(
            View { data: &data, shape: grad.shape, strides: &strides[..grad.rank()] },
            shape,
        )
    };
    (product(b, a_shape), product(a, b_shape))
}

/// Returns the gradients of the matrix product `a·b`: `grad·bᵀ` and `aᵀ·grad`.
///
/// # Shapes
///
/// `grad: [m, n]`, `a: [m, k]`, `b: [k, n]`; results `[m, k]` and `[k, n]`.
#[must_use]
pub fn matmul_backward<T: Real>(
    grad: View<'_, T>,
    a: View<'_, T>,
    b: View<'_, T>,
) -> (Vec<T>, Vec<T>) {
    fn t<'a, T>(v: &View<'a, T>, shape: &'a [usize], strides: &'a [usize]) -> View<'a, T> {
        View { data: v.data, shape, strides }
    }
    let swap = |s: &[usize]| if let &[x, y] = s { [y, x] } else { [0, 0] };
    let (bs, bt) = (swap(b.shape), swap(b.strides));
    let (as_, at) = (swap(a.shape), swap(a.strides));
    (matmul(grad, t(&b, &bs, &bt)), matmul(t(&a, &as_, &at), grad))
}

/// Returns the gradient of a sum: each element that was added receives the gradient of its sum.
///
/// `axes` are the axes that were summed over, `shape` the shape before; `grad` has the kept axes only.
#[must_use]
pub fn sum_backward<T: Real>(grad: View<'_, T>, shape: &[usize], axes: &[usize]) -> Vec<T> {
    let kept = (0..shape.len()).filter(|a| !axes.contains(a));
    let mut strides = vec![0; shape.len()];
    kept.zip(grad.strides).for_each(|(a, &s)| strides[a] = s);
    View { data: grad.data, shape, strides: &strides }.to_vec()
}

/// Returns the gradient of `max(x, 0)`: `grad` where `x > 0`, otherwise 0, also at the kink.
#[must_use]
pub fn relu_backward<T: Real>(grad: View<'_, T>, x: View<'_, T>) -> Vec<T> {
    grad.iter().zip(x.iter()).map(|(g, x)| if x > T::ZERO { g } else { T::ZERO }).collect()
}

/// Adds `grad` to what has arrived so far.
pub fn accumulate<T: Real>(acc: &mut [T], grad: &[T]) {
    acc.iter_mut().zip(grad).for_each(|(a, &g)| *a += g);
}

/// A directed graph without cycles: node `n` was computed from the nodes `inputs(n)`.
#[derive(Debug, Clone, Default)]
pub struct Dag {
    starts: Vec<usize>,
    targets: Vec<usize>,
}

impl Dag {
    /// Adds the next node with the nodes it depends on and returns its number. Dependencies may be added later.
    pub fn push(&mut self, inputs: impl IntoIterator<Item = usize>) -> usize {
        self.starts.push(self.targets.len());
        self.targets.extend(inputs);
        self.starts.len() - 1
    }

    /// Returns the number of nodes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// True without nodes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Returns the nodes that node `n` was computed from.
    #[must_use]
    pub fn inputs(&self, n: usize) -> &[usize] {
        let end = self.starts.get(n + 1).copied().unwrap_or(self.targets.len());
        self.starts.get(n).map_or(&[], |&s| &self.targets[s..end])
    }
}

/// Returns every node reachable from `roots`, each once, and each before all nodes it was computed from.
///
/// That is the order in which gradients flow: when a node is reached, all its users have contributed. Depth-first
/// post-order, reversed, with a stack of its own instead of recursion, so that the depth of the graph is no limit.
#[must_use]
pub fn topological_order(graph: &Dag, roots: &[usize]) -> Vec<usize> {
    let mut order = Vec::with_capacity(graph.len());
    let mut seen = vec![false; graph.len()];
    let mut stack = Vec::new(); // (node, how many of its inputs were visited)
    for &root in roots {
        if !core::mem::replace(&mut seen[root], true) {
            stack.push((root, 0));
        }
        while let Some((node, next)) = stack.pop() {
            if let Some(&input) = graph.inputs(node).get(next) {
                stack.push((node, next + 1));
                if !core::mem::replace(&mut seen[input], true) {
                    stack.push((input, 0));
                }
            } else {
                order.push(node);
            }
        }
    }
    order.reverse();
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_come_before_inputs() {
        // 0 <- 1, 2; 1 <- 3; 2 <- 3; 3 <- 4; 5 is not reachable.
        let mut g = Dag::default();
        for inputs in [vec![1, 2], vec![3], vec![3, 3], vec![4], vec![], vec![0]] {
            g.push(inputs);
        }
        let order = topological_order(&g, &[0]);
        let at = |n| order.iter().position(|&o| o == n);
        assert_eq!(order.len(), 5);
        assert_eq!(at(5), None);
        for n in 0..5 {
            for i in g.inputs(n) {
                assert!(at(n) < at(*i), "{n} after its input {i}");
            }
        }
    }

    #[test]
    fn depth_is_no_limit() {
        let mut g = Dag::default();
        for n in 0..200_000 {
            g.push((n < 199_999).then_some(n + 1));
        }
        assert_eq!(topological_order(&g, &[0]), (0..200_000).collect::<Vec<_>>());
    }
}

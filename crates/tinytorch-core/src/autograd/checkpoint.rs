//! Trading time for memory: a part of the forward pass whose intermediate results are computed again when they are needed.

use alloc::sync::Arc;

use super::{
    Grads, Node, Op, Saved, derive::entries, engine::grad_up_to, is_recording, node::next_number,
    set_recording,
};
use crate::nostd::collections::HashSet;
use crate::nostd::prelude::*;
use crate::{Error, Result, Rng, Tensor, few::Few, tensor::each_type};

/// The part as one operation. Its inputs are the given ones, then everything else that requires a gradient.
struct Checkpoint<F> {
    f: F,
    rng: Rng,           // as it was before the forward pass
    given: usize,       // number of inputs that were passed
    versions: Vec<u64>, // of the parameters among the other inputs, in order
}

/// Returns `f(inputs, rng)`, without keeping what the operations inside `f` need for the backward pass: that runs `f`
/// again.
///
/// Between the passes only the inputs and the result stay in memory, instead of every intermediate result. The
/// backward pass gives `f` a generator in the state that `rng` had, so that dropout draws the same mask; `rng` itself
/// advances once. Gradients flow to the inputs, to the parameters that `f` uses, and to other tensors it captures. Calls
/// nest, and gradients of gradients work.
///
/// # Numerics
///
/// Gradients equal those of a plain call bit for bit. Only for a tensor that is used several times inside `f` and also
/// elsewhere does the order of additions differ.
///
/// `f` must depend on nothing else that changes: another result in the second run is an error.
///
/// # Cost
///
/// One more run of `f`: about a third of a training step, where a backward pass costs two forward passes.
///
/// # Errors
///
/// Whatever `f` returns. In the backward pass also [`Error::SavedTensorModified`] if a parameter was updated since, and
/// [`Error::InvalidArgument`] if `f` gives another result than before.
///
/// # Source
///
/// Chen et al. (2016), "Training Deep Nets with Sublinear Memory Cost".
///
/// # Examples
///
/// ```
/// use tinytorch_core::{DType, Param, Rng, Tensor, autograd::checkpoint};
///
/// let w = Param::new(Tensor::from([[0.5f32, -1.0], [2.0, 0.25]]))?;
/// let x = Tensor::from([[1.0f32, 2.0]]).requiring_grad()?;
/// let (inner, mut rng) = (w.clone(), Rng::seed(7));
/// let block = move |i: &[Tensor], rng: &mut Rng| {
///     let noise = Tensor::rand([1, 2], DType::F32, rng)?;
///     i[0].matmul(&inner.tensor())?.tanh()?.mul(&noise)
/// };
/// checkpoint(block, &[&x], &mut rng)?.sum(.., false)?.backward()?;
/// assert!(x.grad().is_some() && w.grad().is_some());
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[track_caller]
pub fn checkpoint<F>(f: F, inputs: &[&Tensor], rng: &mut Rng) -> Result<Tensor>
where
    F: Fn(&[Tensor], &mut Rng) -> Result<Tensor> + Send + Sync + 'static,
{
    let before = rng.clone();
    let given: Vec<Tensor> = inputs.iter().map(|&t| t.clone()).collect();
    if !is_recording() {
        return f(&given, rng);
    }
    // The graph of this run shows what the result depends on; then it is dropped, with all that it keeps.
    let start = next_number();
    let local = run(&f, &given, false, rng)?;
    let others = outside(&local.1, &local.0, start);
    let mut out = local.1.detach();
    drop(local);
    let needs = inputs
        .iter()
        .enumerate()
        .fold(0u64, |needs, (i, t)| needs | u64::from(t.requires_grad()) << i.min(63));
    let needs = needs | u64::from(!others.is_empty()) << 63;
    if needs == 0 || !out.dtype().is_float() {
        return Ok(out);
    }
    let mut saved = Saved::new(needs);
    given.iter().for_each(|t| saved.keep(t));
    saved.keep(&out);
    let versions = others.iter().filter_map(|n| n.version()).collect();
    let op = Checkpoint { f, rng: before, given: given.len(), versions };
    let nodes: Few<_> =
        inputs.iter().map(|t| t.node().cloned()).chain(others.into_iter().map(Some)).collect();
    let node = Node::of(Box::new(op), nodes, saved, &out);
    out.set_node(Some(node));
    Ok(out)
}

/// Runs `f` from tensors with nodes of their own and returns these and the result.
fn run(
    f: &impl Fn(&[Tensor], &mut Rng) -> Result<Tensor>,
    inputs: &[Tensor],
    joined: bool,
    rng: &mut Rng,
) -> Result<(Vec<Tensor>, Tensor)> {
    let _on = set_recording(true);
    let own = inputs
        .iter()
        .map(|x| {
            if x.requires_grad() {
                Ok(entries(core::slice::from_ref(x), joined)?.remove(0))
            } else {
                Ok(x.clone())
            }
        })
        .collect::<Result<Vec<_>>>()?;
    let y = f(&own, rng)?;
    Ok((own, y))
}

/// The nodes that `y` depends on and that were there before number `start`, and all leaves, without those of `own`.
fn outside(y: &Tensor, own: &[Tensor], start: u64) -> Vec<Arc<Node>> {
    let mut seen: HashSet<*const Node> =
        own.iter().filter_map(Tensor::node).map(Arc::as_ptr).collect();
    let mut found = Vec::new();
    let mut waiting: Vec<&Arc<Node>> = y.node().into_iter().collect();
    while let Some(node) = waiting.pop() {
        if !seen.insert(Arc::as_ptr(node)) {
            continue;
        }
        if node.op().is_none() || node.number() < start {
            found.push(node.clone());
        } else {
            waiting.extend(node.inputs().iter().flatten());
        }
    }
    found
}

impl<F> Op for Checkpoint<F>
where
    F: Fn(&[Tensor], &mut Rng) -> Result<Tensor> + Send + Sync + 'static,
{
    fn name(&self) -> &'static str {
        "checkpoint"
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let given: Vec<Tensor> = inputs.iter().map(|&t| t.clone()).collect();
        (self.f)(&given, &mut self.rng.clone())
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let create_graph = is_recording();
        let Some(node) = saved.node() else {
            return Err(Error::GraphReleased { op: self.name() });
        };
        let others: Vec<Arc<Node>> =
            node.inputs()[self.given..].iter().flatten().cloned().collect();
        if !others.iter().filter_map(|n| n.version()).eq(self.versions.iter().copied()) {
            return Err(Error::SavedTensorModified { op: self.name() });
        }
        let given = (0..self.given).map(|i| saved.get(i).cloned()).collect::<Result<Vec<_>>>()?;
        let (own, y) = run(&self.f, &given, create_graph, &mut self.rng.clone())?;
        if !same_bits(&y, saved.get(self.given)?) {
            return Err(Error::argument(
                "checkpoint",
                "f",
                "a function with another result in the backward pass than in the forward pass",
                "a function of its inputs, of parameters and of the generator it is given alone",
            ));
        }
        if !y.requires_grad() {
            return Ok(Grads::default());
        }
        let needed: Vec<bool> = given.iter().map(Tensor::requires_grad).collect();
        let mut targets: Vec<Arc<Node>> = own
            .iter()
            .zip(&needed)
            .filter(|(_, n)| **n)
            .filter_map(|(t, _)| t.node().cloned())
            .collect();
        targets.extend(others);
        drop(own);
        let mut found = grad_up_to(&y, grad, &targets, create_graph)?.into_iter();
        let mut next = || found.next().flatten();
        let mut grads: Vec<Option<Tensor>> =
            needed.iter().map(|&n| if n { next() } else { None }).collect();
        grads.extend(found);
        Ok(grads.into_iter().collect())
    }
}

/// True if the tensors agree bit by bit, in shape and element type too. Unlike `==`, NaN agrees with itself.
fn same_bits(a: &Tensor, b: &Tensor) -> bool {
    a.same_values(b)
        || (a.shape() == b.shape()
            && a.dtype() == b.dtype()
            && each_type!(a.dtype(), T => {
                let bits = |t: &Tensor| {
                    t.typed::<T>().to_vec().into_iter().map(|v| crate::tensor::Element::to_f64(v).to_bits())
                        .collect::<Vec<_>>()
                };
                bits(a) == bits(b)
            }))
}

#[cfg(test)]
mod tests;

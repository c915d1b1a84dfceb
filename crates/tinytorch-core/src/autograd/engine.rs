//! The backward pass.

use alloc::sync::Arc;

use super::{Node, anomaly, set_recording};
use crate::nostd::collections::HashMap;
use crate::nostd::prelude::*;
use crate::{DType, Error, Param, Result, Shape, Tensor, dispatch, ops::support::real_type};

/// Options of [`grad`]. The default is one scalar output and first-order gradients.
#[derive(Debug, Clone, Default)]
pub struct GradOpts {
    /// Gradient of each output, in order; empty means 1 for each, which needs scalar outputs.
    pub seeds: Vec<Tensor>,
    /// Record the pass itself, so that the gradients can be differentiated again. Implies `retain_graph`.
    pub create_graph: bool,
    /// Keep what the operations saved, so that another pass can follow.
    pub retain_graph: bool,
    /// Return `None` for inputs the outputs do not depend on, instead of an error.
    pub allow_unused: bool,
}

/// Returns the gradient of the sum of `outputs` with respect to each of `inputs`, without touching any `.grad()`.
///
/// The inputs may be leaves or intermediate results.
///
/// # Errors
///
/// - [`Error::NoGraph`] if an output or input has no graph.
/// - [`Error::ShapeMismatch`] or [`Error::InvalidArgument`] for seeds that do not fit, or a missing seed of a
///   non-scalar output.
/// - [`Error::UnusedInput`] for an input without influence, unless allowed.
/// - [`Error::GraphReleased`], [`Error::SavedTensorModified`], [`Error::NotDifferentiable`] as met on the way.
///
/// # Examples
///
/// The second derivative of `x³` is `6x`:
///
/// ```
/// use tinytorch_core::{Tensor, autograd::{GradOpts, grad}};
///
/// let x = Tensor::scalar(2.0f64).requiring_grad()?;
/// let y = x.mul(&x)?.mul(&x)?;
/// let opts = GradOpts { create_graph: true, ..GradOpts::default() };
/// let first = grad(&[&y], &[&x], opts)?.remove(0).expect("x is used");
/// let second = grad(&[&first], &[&x], GradOpts::default())?.remove(0).expect("x is used");
/// assert_eq!((first.item::<f64>()?, second.item::<f64>()?), (12.0, 12.0));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn grad(
    outputs: &[&Tensor],
    inputs: &[&Tensor],
    opts: GradOpts,
) -> Result<Vec<Option<Tensor>>> {
    let GradOpts { seeds, create_graph, retain_graph, allow_unused } = opts;
    if !seeds.is_empty() && seeds.len() != outputs.len() {
        let need = format!("empty or one tensor for each of the {} outputs", outputs.len());
        return Err(Error::argument("grad", "seeds", format!("{} tensors", seeds.len()), need));
    }
    let mut seeds = seeds.into_iter();
    let roots =
        outputs.iter().map(|t| root("grad", t, seeds.next())).collect::<Result<Vec<_>>>()?;
    let targets = inputs
        .iter()
        .map(|t| t.node().cloned().ok_or(Error::NoGraph { op: "grad" }))
        .collect::<Result<Vec<_>>>()?;
    let pass = Pass {
        create_graph,
        retain_graph: retain_graph || create_graph,
        targets: Some(&targets),
        stops: false,
    };
    let out = pass.collect(roots, &targets)?;
    match out.iter().position(Option::is_none) {
        Some(position) if !allow_unused => Err(Error::UnusedInput { position }),
        _ => Ok(out),
    }
}

/// Returns the gradient of `sum(output · seed)` for each of `targets`, as if these were the leaves of the graph.
pub(crate) fn grad_up_to(
    output: &Tensor,
    seed: &Tensor,
    targets: &[Arc<Node>],
    create_graph: bool,
) -> Result<Vec<Option<Tensor>>> {
    let root = root("backward", output, Some(seed.clone()))?;
    let pass =
        Pass { create_graph, retain_graph: create_graph, targets: Some(targets), stops: true };
    pass.collect(vec![root], targets)
}

impl Tensor {
    /// Adds the gradient of this scalar to `.grad()` of every leaf it depends on, and releases the graph.
    ///
    /// # Errors
    ///
    /// As [`Self::backward_with`]; [`Error::InvalidArgument`] unless the tensor has exactly one element.
    pub fn backward(&self) -> Result<()> {
        self.backward_with(None, false)
    }

    /// Adds the gradient of `sum(self · seed)` to `.grad()` of every leaf, and of every tensor that
    /// [`Self::retain_grad`] was called on. The graph is released unless `retain_graph`.
    ///
    /// If anything fails, no gradient has changed.
    ///
    /// # Errors
    ///
    /// - [`Error::NoGraph`] if nothing was recorded for this tensor.
    /// - [`Error::InvalidArgument`] if there is no seed and more than one element.
    /// - [`Error::ShapeMismatch`] or [`Error::DTypeMismatch`] if the seed is not like the tensor.
    /// - [`Error::GraphReleased`] if an earlier pass released a part of the graph.
    /// - [`Error::SavedTensorModified`] if a parameter was updated since the forward pass.
    /// - [`Error::NotDifferentiable`] if an operation on the way has no rule.
    pub fn backward_with(&self, seed: Option<&Self>, retain_graph: bool) -> Result<()> {
        self.backward_heard(seed, retain_graph, &mut |_, _| Ok(()))
    }

    /// As [`backward`](Self::backward), and calls `ready(i, gradient)` as soon as this loss's gradient of `params[i]` is
    /// complete, while those of operations further back are still to come: time in which it can already be sent somewhere.
    ///
    /// # Errors
    ///
    /// As [`backward`](Self::backward), and what `ready` returns. No gradient has changed then.
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::{Param, Tensor};
    ///
    /// let (a, b) = (Param::new(Tensor::scalar(2.0_f32))?, Param::new(Tensor::scalar(3.0_f32))?);
    /// let mut heard = Vec::new();
    /// a.tensor().mul(&b.tensor())?.backward_each(&[a.clone(), b.clone()], &mut |i, grad| {
    ///     heard.push((i, grad.item::<f32>()?));
    ///     Ok(())
    /// })?;
    /// heard.sort_by_key(|(i, _)| *i);
    /// assert_eq!(heard, [(0, 3.0), (1, 2.0)]);
    /// assert_eq!(a.grad().unwrap().item::<f32>()?, 3.0);
    /// # Ok::<(), tinytorch_core::Error>(())
    /// ```
    pub fn backward_each(
        &self,
        params: &[Param],
        ready: &mut dyn FnMut(usize, &Self) -> Result<()>,
    ) -> Result<()> {
        let leaves: HashMap<usize, usize> =
            params.iter().enumerate().map(|(i, param)| (param.leaf_address(), i)).collect();
        self.backward_heard(None, false, &mut |node, grad| match leaves
            .get(&Arc::as_ptr(node).addr())
        {
            Some(&i) => ready(i, grad),
            None => Ok(()),
        })
    }

    fn backward_heard(
        &self,
        seed: Option<&Self>,
        retain_graph: bool,
        heard: &mut Heard<'_>,
    ) -> Result<()> {
        let root = root("backward", self, seed.cloned())?;
        let found = Pass { create_graph: false, retain_graph, targets: None, stops: false }
            .run(vec![root], heard)?;
        let _mode = set_recording(false);
        for (node, grad) in found {
            node.update_grad(|before| match before {
                Some(before) => add(before, &grad),
                None => Ok(grad.contiguous()),
            })?;
        }
        Ok(())
    }

    /// Returns a leaf with the same elements: gradients will be collected for it.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`] unless the elements are floats.
    #[track_caller]
    pub fn requiring_grad(&self) -> Result<Self> {
        if !self.dtype().is_float() {
            return Err(Error::dtype("requiring_grad", self.dtype(), "f32, f64, f16 or bf16"));
        }
        let leaf = Node::leaf(*self.shape(), self.dtype());
        Ok(Self::from_data(self.data().clone(), Some(leaf)))
    }

    /// Returns the same elements without their graph.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self::from_data(self.data().clone(), None)
    }

    /// True if operations on this tensor are recorded.
    #[must_use]
    pub fn requires_grad(&self) -> bool {
        self.node().is_some()
    }

    /// True if no operation made this tensor: it was created, or detached.
    #[must_use]
    pub fn is_leaf(&self) -> bool {
        self.node().is_none_or(|n| n.op().is_none())
    }

    /// Returns the gradient collected so far: on leaves, and where [`Self::retain_grad`] was called.
    #[must_use]
    pub fn grad(&self) -> Option<Self> {
        self.node()?.grad()
    }

    /// Forgets the collected gradient.
    pub fn zero_grad(&self) {
        if let Some(node) = self.node() {
            node.set_grad(None);
        }
    }

    /// Asks for the gradient of an intermediate result to be kept in `.grad()`.
    pub fn retain_grad(&self) {
        if let Some(node) = self.node() {
            node.keep_grad();
        }
    }
}

/// Pairs an output with its seed.
fn root(op: &'static str, output: &Tensor, seed: Option<Tensor>) -> Result<(Arc<Node>, Tensor)> {
    let node = output.node().ok_or(Error::NoGraph { op })?.clone();
    let seed = match seed {
        Some(seed) => {
            check_like(op, &seed, output.shape(), output.dtype())?;
            seed
        }
        None if output.numel() == 1 => output.ones_like()?,
        None => {
            let got = format!("missing for an output of shape {}", output.shape());
            return Err(Error::argument(
                op,
                "seed",
                got,
                "a tensor like the output, unless that has one element",
            ));
        }
    };
    Ok((node, seed))
}

fn check_like(op: &'static str, grad: &Tensor, shape: &Shape, dtype: DType) -> Result<()> {
    if grad.shape() != shape {
        return Err(Error::shapes(
            op,
            (grad.shape(), shape),
            "the shape of a gradient differs from the shape of its tensor",
            "a gradient holds one number for each element of its tensor",
            "sum a broadcast gradient over the axes that were repeated",
        ));
    }
    if grad.dtype() != dtype {
        return Err(Error::DTypeMismatch { op, lhs: grad.dtype(), rhs: dtype });
    }
    Ok(())
}

/// Hashes a pointer by one multiplication.
#[cfg(feature = "std")]
#[derive(Default)]
pub(crate) struct PointerHasher(u64);

#[cfg(feature = "std")]
impl core::hash::Hasher for PointerHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only pointers are hashed");
    }

    fn write_usize(&mut self, x: usize) {
        // Fibonacci hashing; the low bits of a pointer are always zero.
        self.0 = (x as u64 >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }
}

/// Is told of a node whose gradient is complete.
type Heard<'a> = dyn FnMut(&Arc<Node>, &Tensor) -> Result<()> + 'a;

struct Pass<'a> {
    create_graph: bool,
    retain_graph: bool,
    /// Nodes whose gradients are wanted; `None` means every node that keeps its gradient.
    targets: Option<&'a [Arc<Node>]>,
    /// Do not look behind the targets.
    stops: bool,
}

impl Pass<'_> {
    /// The gradients of the targets in their order; `None` where nothing arrived.
    fn collect(
        &self,
        roots: Vec<(Arc<Node>, Tensor)>,
        targets: &[Arc<Node>],
    ) -> Result<Vec<Option<Tensor>>> {
        let mut out = vec![None; targets.len()];
        for (node, grad) in self.run(roots, &mut |_, _| Ok(()))? {
            for (slot, _) in out.iter_mut().zip(targets).filter(|(_, t)| Arc::ptr_eq(t, &node)) {
                *slot = Some(grad.clone());
            }
        }
        Ok(out)
    }

    /// The targets with their gradients; `heard` is told of each as soon as it is complete.
    fn run(
        &self,
        roots: Vec<(Arc<Node>, Tensor)>,
        heard: &mut Heard<'_>,
    ) -> Result<Vec<(Arc<Node>, Tensor)>> {
        let (nodes, dag, roots) = discover(roots, |node| self.stops && self.is_target(node));
        let root_ids: Vec<usize> = roots.iter().map(|r| r.0).collect();
        let order = dispatch::topological_order(&dag, &root_ids)?;
        let wanted = self.wanted(&nodes, &dag, &order);
        let runs =
            |id: usize| nodes[id].op().is_some() && dag.inputs(id).iter().any(|&i| wanted[i]);
        if let Some(&id) =
            order.iter().find(|&&id| wanted[id] && runs(id) && nodes[id].is_released())
        {
            return Err(Error::GraphReleased { op: nodes[id].name() });
        }
        let _mode = set_recording(self.create_graph);
        let mut grads: Vec<Option<Tensor>> = vec![None; nodes.len()];
        for (id, seed) in roots {
            anomaly::check_seed(&nodes[id], &seed)?;
            arrive(&mut grads[id], seed)?;
        }
        let mut found = Vec::new();
        for &id in &order {
            let node = &nodes[id];
            let Some(grad) = grads[id].take().filter(|_| wanted[id]) else { continue };
            if self.is_target(node) {
                heard(node, &grad)?;
                found.push((node.clone(), grad.clone()));
            }
            let Some(op) = node.op().filter(|_| runs(id)) else { continue };
            let saved = node.saved(self.retain_graph)?.unpack(node, self.create_graph)?;
            #[cfg(feature = "std")]
            let mut out = crate::profile::backward(op, &saved, &grad)?;
            #[cfg(not(feature = "std"))]
            let mut out = op.backward(&saved, &grad)?;
            anomaly::check(node, &out)?;
            drop((saved, grad));
            let mut ids = dag.inputs(id).iter();
            for (position, input) in node.inputs().iter().enumerate() {
                let Some(input) = input else { continue };
                let id = *ids.next().unwrap_or(&0);
                if let (true, Some(grad)) = (wanted[id], out.take(position)) {
                    check_like(op.name(), &grad, input.shape(), input.dtype())?;
                    arrive(&mut grads[id], grad)?;
                }
            }
        }
        Ok(found)
    }

    fn is_target(&self, node: &Arc<Node>) -> bool {
        match self.targets {
            Some(targets) => targets.iter().any(|t| Arc::ptr_eq(t, node)),
            None => node.keeps_grad(),
        }
    }

    /// Marks the nodes that lie on a way to a target.
    fn wanted(&self, nodes: &[Arc<Node>], dag: &dispatch::Dag, order: &[usize]) -> Vec<bool> {
        if self.targets.is_none() {
            return vec![true; nodes.len()];
        }
        let mut wanted = vec![false; nodes.len()];
        for &id in order.iter().rev() {
            wanted[id] = self.is_target(&nodes[id]) || dag.inputs(id).iter().any(|&i| wanted[i]);
        }
        wanted
    }
}

#[cfg(feature = "std")]
type Ids = HashMap<usize, usize, core::hash::BuildHasherDefault<PointerHasher>>;
#[cfg(not(feature = "std"))]
type Ids = HashMap<usize, usize>;

type Discovered = (Vec<Arc<Node>>, dispatch::Dag, Vec<(usize, Tensor)>);

/// Numbers every node reachable from the roots, breadth first, without looking behind the nodes that `ends` names.
fn discover(roots: Vec<(Arc<Node>, Tensor)>, ends: impl Fn(&Arc<Node>) -> bool) -> Discovered {
    let mut ids = Ids::default();
    let mut nodes: Vec<Arc<Node>> = Vec::with_capacity(32);
    let mut number = |node: &Arc<Node>, nodes: &mut Vec<Arc<Node>>| {
        *ids.entry(Arc::as_ptr(node).addr()).or_insert_with(|| {
            nodes.push(node.clone());
            nodes.len() - 1
        })
    };
    let roots = roots.into_iter().map(|(node, seed)| (number(&node, &mut nodes), seed)).collect();
    let mut dag = dispatch::Dag::default();
    while let Some(node) = nodes.get(dag.len()).cloned() {
        let inputs = if ends(&node) { &[] } else { node.inputs() };
        dag.push(inputs.iter().flatten().map(|input| number(input, &mut nodes)));
    }
    (nodes, dag, roots)
}

/// Adds a gradient to what has arrived at a node.
fn arrive(at: &mut Option<Tensor>, grad: Tensor) -> Result<()> {
    *at = Some(match at.take() {
        None => grad,
        Some(sum) => add(sum, &grad)?,
    });
    Ok(())
}

/// Returns `sum + grad`, in place where nobody else sees `sum`.
fn add(mut sum: Tensor, grad: &Tensor) -> Result<Tensor> {
    #[cfg(feature = "course")]
    if let Some(out) = dispatch::accumulated_by_student(&sum, grad)? {
        return Ok(out);
    }
    if !super::is_recording()
        && matches!(sum.dtype(), DType::F32 | DType::F64)
        && grad.is_contiguous()
    {
        let done = real_type!(sum.dtype(), T => match sum.unique_mut::<T>() {
            Some(acc) => {
                dispatch::accumulate(acc, grad.as_slice::<T>()?);
                true
            }
            None => false,
        });
        if done {
            return Ok(sum);
        }
    }
    sum.add(grad)
}

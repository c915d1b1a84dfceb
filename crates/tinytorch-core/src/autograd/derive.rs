//! Derivatives of functions: products with Jacobians and Hessians, and these matrices themselves for small problems.
//!
//! The functions here take the function to differentiate and the point; [`grad`](super::grad) takes results that
//! already exist. All are exact: differences play no part.
//!
//! If an input requires a gradient, or the function uses a parameter, the results are recorded in turn, unless
//! [`no_grad`](super::no_grad) is in force: a penalty on a Jacobian can be trained on. Otherwise they carry no graph.

use alloc::sync::Arc;

use super::{GradOpts, Grads, Node, Op, Saved, grad, is_recording, set_recording};
use crate::nostd::collections::HashSet;
use crate::nostd::prelude::*;
use crate::{Error, Result, Shape, Tensor, ops::support::same_dtype};

/// The same tensor under a node of its own: where derivatives of a function begin.
struct Entry;

impl Op for Entry {
    fn name(&self) -> &'static str {
        "entry"
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        Ok(inputs[0].clone())
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([grad.clone()].into())
    }
}

/// Returns tensors with the elements of `inputs` that each have a place of their own in a graph: joined to the graph of
/// the input if `joined`, leaves otherwise.
pub(super) fn entries(inputs: &[Tensor], joined: bool) -> Result<Vec<Tensor>> {
    let entry = |x: &Tensor| {
        if joined && x.requires_grad() { Tensor::apply(Entry, &[x]) } else { x.requiring_grad() }
    };
    inputs.iter().map(entry).collect()
}

/// A function evaluated at a point, ready for passes.
struct Evaluated {
    entries: Vec<Tensor>,
    y: Tensor,
    /// Whether what follows from the result must be recorded.
    connected: bool,
}

fn evaluate(
    op: &'static str,
    f: impl FnOnce(&[Tensor]) -> Result<Tensor>,
    inputs: &[Tensor],
) -> Result<Evaluated> {
    let outer = is_recording();
    let _on = set_recording(true);
    let entries = entries(inputs, outer)?;
    let y = f(&entries)?;
    if !y.dtype().is_float() {
        return Err(Error::dtype(op, y.dtype(), "f32, f64, f16 or bf16 as the result of f"));
    }
    let connected = outer && reaches_beyond(&y, &entries);
    Ok(Evaluated { entries, y, connected })
}

/// True if `y` depends on something recorded other than through leaves among `entries`.
fn reaches_beyond(y: &Tensor, entries: &[Tensor]) -> bool {
    let own: HashSet<*const Node> = entries
        .iter()
        .filter_map(|e| e.node().filter(|n| n.op().is_none()))
        .map(Arc::as_ptr)
        .collect();
    let mut seen = HashSet::new();
    let mut waiting: Vec<&Arc<Node>> = y.node().into_iter().collect();
    while let Some(node) = waiting.pop() {
        if own.contains(&Arc::as_ptr(node)) || !seen.insert(Arc::as_ptr(node)) {
            continue;
        }
        if node.op().is_none() {
            return true;
        }
        waiting.extend(node.inputs().iter().flatten());
    }
    false
}

impl Evaluated {
    /// Gradients of `sum(y · seed)` at the entries; zeros where `y` does not depend on one.
    fn pull(&self, seed: &Tensor, create_graph: bool, retain_graph: bool) -> Result<Vec<Tensor>> {
        let found = if self.y.requires_grad() {
            let refs: Vec<&Tensor> = self.entries.iter().collect();
            let seeds = vec![seed.clone()];
            let opts = GradOpts { seeds, create_graph, retain_graph, allow_unused: true };
            grad(&[&self.y], &refs, opts)?
        } else {
            vec![None; self.entries.len()]
        };
        found
            .into_iter()
            .zip(&self.entries)
            .map(|(g, e)| g.map_or_else(|| e.zeros_like(), Ok))
            .collect()
    }

    fn release(&self, t: Tensor) -> Tensor {
        if self.connected { t } else { t.detach() }
    }
}

/// Checks that `directions` are like `points`.
fn check_directions(op: &'static str, points: &[Tensor], directions: &[Tensor]) -> Result<()> {
    if points.len() != directions.len() {
        let need = format!("one tensor for each of the {} inputs", points.len());
        return Err(Error::argument(op, "v", format!("{} tensors", directions.len()), need));
    }
    points.iter().zip(directions).try_for_each(|(x, v)| check_like(op, v, x))
}

fn check_like(op: &'static str, v: &Tensor, x: &Tensor) -> Result<()> {
    same_dtype(op, v, x)?;
    if v.shape() == x.shape() {
        return Ok(());
    }
    Err(Error::shapes(
        op,
        (v.shape(), x.shape()),
        "the direction has another shape than what it is a direction of",
        "a direction holds one number for each element of its tensor",
        "build it with zeros_like, ones_like or the shape of the tensor",
    ))
}

/// Returns `f(inputs)` and the products `vᵀ·J`, one for each input: the gradient of `sum(f(inputs) · v)`.
///
/// One backward pass, whatever the size of the inputs.
///
/// # Shapes
///
/// `v` as the result of `f`, the products as the inputs.
///
/// # Errors
///
/// [`Error::ShapeMismatch`] or [`Error::DTypeMismatch`] unless `v` is like the result;
/// [`Error::DTypeUnsupported`] unless inputs and result are floats; whatever `f` or its rules return.
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Tensor, autograd::vjp};
///
/// let x = Tensor::from([2.0f64, 3.0]);
/// let (y, g) = vjp(|i| i[0].square(), &[x], &Tensor::from([1.0f64, 10.0]))?;
/// assert_eq!(y.to_vec::<f64>()?, [4.0, 9.0]);
/// assert_eq!(g[0].to_vec::<f64>()?, [4.0, 60.0]); // 2x · v
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn vjp(
    f: impl FnOnce(&[Tensor]) -> Result<Tensor>,
    inputs: &[Tensor],
    v: &Tensor,
) -> Result<(Tensor, Vec<Tensor>)> {
    let at = evaluate("vjp", f, inputs)?;
    check_like("vjp", v, &at.y)?;
    let products = at.pull(v, at.connected, false)?;
    Ok((at.release(at.y.clone()), products))
}

/// Returns `f(inputs)` and the product `J·v`: how the result changes when the inputs move along `v`.
///
/// `vᵀ·J` is linear in its `v`; the derivative of that linear map is `J`. So two backward passes give what a forward
/// pass with pairs of numbers would give.
///
/// # Shapes
///
/// `v` one tensor like each input, the product as the result of `f`.
///
/// # Errors
///
/// [`Error::InvalidArgument`], [`Error::ShapeMismatch`] or [`Error::DTypeMismatch`] unless `v` is like the inputs;
/// [`Error::DTypeUnsupported`] unless inputs and result are floats; whatever `f` or its rules return.
///
/// # Source
///
/// The two passes: J. Townsend (2017), "A new trick for calculating Jacobian vector products".
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Tensor, autograd::jvp};
///
/// let (x, v) = (Tensor::from([2.0f64, 3.0]), Tensor::from([1.0f64, 10.0]));
/// let (_, product) = jvp(|i| i[0].square()?.sum(.., false), &[x], &[v])?;
/// assert_eq!(product.item::<f64>()?, 64.0); // 2·2·1 + 2·3·10
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn jvp(
    f: impl FnOnce(&[Tensor]) -> Result<Tensor>,
    inputs: &[Tensor],
    v: &[Tensor],
) -> Result<(Tensor, Tensor)> {
    check_directions("jvp", inputs, v)?;
    let at = evaluate("jvp", f, inputs)?;
    let _on = set_recording(true);
    let u = at.y.zeros_like()?.requiring_grad()?;
    let pulled = at.pull(&u, true, true)?;
    let product = weighted(&pulled, v, &[&u], at.connected)?.remove(0);
    let product = product.map_or_else(|| at.y.zeros_like(), Ok)?;
    Ok((at.release(at.y.clone()), at.release(product)))
}

/// Gradients of `Σ outputs · v` for `targets`, leaving out outputs that are constant.
fn weighted(
    outputs: &[Tensor],
    v: &[Tensor],
    targets: &[&Tensor],
    create_graph: bool,
) -> Result<Vec<Option<Tensor>>> {
    let varying = || outputs.iter().zip(v).filter(|(out, _)| out.requires_grad());
    let seeds: Vec<Tensor> = varying().map(|(_, v)| v.clone()).collect();
    if seeds.is_empty() {
        return Ok(vec![None; targets.len()]);
    }
    let outputs: Vec<&Tensor> = varying().map(|(out, _)| out).collect();
    let opts = GradOpts { seeds, create_graph, allow_unused: true, ..GradOpts::default() };
    grad(&outputs, targets, opts)
}

/// Returns the value of a scalar function and the products `H·v` of its matrix of second derivatives, one for each input.
///
/// The matrix itself is never built: the cost is that of two backward passes.
///
/// # Shapes
///
/// `v` one tensor like each input, the products likewise.
///
/// # Errors
///
/// [`Error::InvalidArgument`] unless `f` returns one element; otherwise as [`jvp`].
///
/// # Source
///
/// Pearlmutter (1994), "Fast Exact Multiplication by the Hessian".
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Tensor, autograd::hvp};
///
/// let (x, v) = (Tensor::from([2.0f64, 3.0]), Tensor::from([1.0f64, 10.0]));
/// let (value, product) = hvp(|i| i[0].pow_scalar(3.0)?.sum(.., false), &[x], &[v])?;
/// assert_eq!(value.item::<f64>()?, 35.0);
/// assert_eq!(product[0].to_vec::<f64>()?, [12.0, 180.0]); // 6x · v
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn hvp(
    f: impl FnOnce(&[Tensor]) -> Result<Tensor>,
    inputs: &[Tensor],
    v: &[Tensor],
) -> Result<(Tensor, Vec<Tensor>)> {
    check_directions("hvp", inputs, v)?;
    let at = evaluate("hvp", f, inputs)?;
    check_scalar("hvp", &at.y)?;
    let _on = set_recording(true);
    let slopes = at.pull(&at.y.ones_like()?, true, true)?;
    let refs: Vec<&Tensor> = at.entries.iter().collect();
    let products = weighted(&slopes, v, &refs, at.connected)?
        .into_iter()
        .zip(inputs)
        .map(|(p, x)| Ok(at.release(p.map_or_else(|| x.zeros_like(), Ok)?)));
    let products = products.collect::<Result<_>>()?;
    Ok((at.release(at.y.clone()), products))
}

fn check_scalar(op: &'static str, y: &Tensor) -> Result<()> {
    if y.numel() == 1 {
        return Ok(());
    }
    let got = format!("a function with a result of shape {}", y.shape());
    Err(Error::argument(op, "f", got, "a function with a result of one element"))
}

/// Returns the matrices of first derivatives of `f`, one for each input.
///
/// One backward pass for each element of the result: for small problems.
///
/// # Shapes
///
/// With a result of shape `R`, the matrix of an input of shape `X` has the shape `[R.., X..]`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if that shape has too many axes; otherwise as [`vjp`].
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Tensor, autograd::jacobian};
///
/// let x = Tensor::from([2.0f64, 3.0]);
/// let j = jacobian(|i| i[0].mul(&i[0].sum(.., true)?), &[x])?; // xᵢ·Σx
/// assert_eq!(j[0].to_vec::<f64>()?, [7.0, 2.0, 3.0, 8.0]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn jacobian(
    f: impl FnOnce(&[Tensor]) -> Result<Tensor>,
    inputs: &[Tensor],
) -> Result<Vec<Tensor>> {
    let at = evaluate("jacobian", f, inputs)?;
    let shapes: Vec<Shape> = inputs
        .iter()
        .map(|x| Shape::new(&[at.y.dims(), x.dims()].concat()))
        .collect::<Result<_>>()?;
    let n = at.y.numel();
    let mut rows: Vec<Vec<Tensor>> = inputs.iter().map(|_| Vec::with_capacity(n)).collect();
    for k in 0..n {
        let mut unit = vec![0.0; n];
        unit[k] = 1.0;
        let seed = Tensor::from_vec(unit, at.y.shape())?.to_dtype(at.y.dtype())?;
        for (rows, row) in rows.iter_mut().zip(at.pull(&seed, at.connected, true)?) {
            rows.push(row);
        }
    }
    let stack = |(rows, (shape, x)): (Vec<Tensor>, (&Shape, &Tensor))| {
        if rows.is_empty() {
            return Tensor::zeros(*shape, x.dtype());
        }
        Tensor::stack(&rows.iter().collect::<Vec<_>>(), 0)?.reshape(shape)
    };
    rows.into_iter().zip(shapes.iter().zip(inputs)).map(stack).collect()
}

/// Returns the matrix of second derivatives of a scalar function of one tensor.
///
/// One backward pass through the recorded gradient for each element of `x`: for small problems.
///
/// # Shapes
///
/// `x: X`, result `[X.., X..]`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] unless `f` returns one element, or if the result has too many axes; otherwise as [`vjp`].
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Tensor, autograd::hessian};
///
/// let x = Tensor::from([2.0f64, 3.0]);
/// let h = hessian(|x| x.prod(0, false)?.square(), &x)?; // (x₀·x₁)²
/// assert_eq!(h.to_vec::<f64>()?, [18.0, 24.0, 24.0, 8.0]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn hessian(f: impl FnOnce(&Tensor) -> Result<Tensor>, x: &Tensor) -> Result<Tensor> {
    let slope = |inputs: &[Tensor]| {
        let y = f(&inputs[0])?;
        check_scalar("hessian", &y)?;
        if !y.requires_grad() {
            return inputs[0].zeros_like();
        }
        let opts = GradOpts {
            seeds: vec![y.ones_like()?],
            create_graph: true,
            allow_unused: true,
            ..GradOpts::default()
        };
        grad(&[&y], &[&inputs[0]], opts)?.remove(0).map_or_else(|| inputs[0].zeros_like(), Ok)
    };
    Ok(jacobian(slope, core::slice::from_ref(x))?.remove(0))
}

#[cfg(test)]
mod tests;

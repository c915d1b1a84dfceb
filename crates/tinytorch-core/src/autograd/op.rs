//! The seam between operations and the graph.

use super::{Grads, Node, Saved, set_recording};
use crate::nostd::prelude::*;
use crate::{Error, Result, Tensor, few::Few};

/// A differentiable operation, built in or your own.
///
/// `forward` computes the result and keeps what `backward` will need. `backward` receives the gradient of the result
/// and returns one gradient per input, in order and in the shape of that input. Write it with tensor
/// operations: then gradients of gradients work without further effort.
///
/// An operation that leaves out `backward` still runs; a gradient through it is [`Error::NotDifferentiable`].
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Result, Tensor, autograd::{Grads, Op, Saved}};
///
/// struct Cube;
///
/// impl Op for Cube {
///     fn name(&self) -> &'static str {
///         "cube"
///     }
///
///     fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
///         saved.keep(inputs[0]);
///         inputs[0].mul(inputs[0])?.mul(inputs[0])
///     }
///
///     fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
///         let x = saved.get(0)?;
///         Ok([grad.mul(&x.mul(x)?.mul_scalar(3.0)?)?].into()) // 3 x² g
///     }
/// }
///
/// let x = Tensor::from([2.0f32]).requiring_grad()?;
/// Tensor::apply(Cube, &[&x])?.backward()?;
/// assert_eq!(x.grad().expect("a leaf of the graph").to_vec::<f32>()?, [12.0]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub trait Op: Send + Sync + 'static {
    /// Name for messages and graph drawings.
    fn name(&self) -> &'static str;

    /// Computes the result. Tensor operations used inside are not recorded.
    ///
    /// # Errors
    ///
    /// Whatever makes the operation undefined for these inputs.
    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor>;

    /// Returns the arithmetic operations of the forward pass by the rules of [`profile`](crate::profile): two for a product of a
    /// sum of products, one for an element of a sum or a function, none for comparisons and copies. `None`, the default, means that
    /// they are unknown, or the sum of the operations used inside.
    fn flops(&self, inputs: &[&Tensor], out: &Tensor) -> Option<u64> {
        let _ = (inputs, out);
        None
    }

    /// As [`flops`](Self::flops), for the rule of the backward pass.
    fn backward_flops(&self, saved: &Saved, grad: &Tensor) -> Option<u64> {
        let _ = (saved, grad);
        None
    }

    /// Returns the gradient of each input, given the gradient of the result; `None` where [`Saved::needs`] is false.
    ///
    /// # Errors
    ///
    /// The default is [`Error::NotDifferentiable`].
    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let _ = (saved, grad);
        Err(Error::NotDifferentiable { op: self.name() })
    }
}

impl Tensor {
    /// Applies an operation and records it if an input requires a gradient.
    ///
    /// Integer and bool results never carry a graph.
    ///
    /// # Errors
    ///
    /// What the operation's `forward` returns.
    #[track_caller]
    pub fn apply(op: impl Op, inputs: &[&Self]) -> Result<Self> {
        let mut needs = 0u64;
        if super::is_recording() {
            for (i, t) in inputs.iter().enumerate() {
                needs |= u64::from(t.node().is_some()) << i.min(63);
            }
        }
        let mut saved = Saved::new(needs);
        let mut out = {
            let _off = set_recording(false);
            #[cfg(feature = "std")]
            {
                crate::profile::forward(&op, inputs, || op.forward(inputs, &mut saved))?
            }
            #[cfg(not(feature = "std"))]
            op.forward(inputs, &mut saved)?
        };
        #[cfg(feature = "course")]
        crate::course::deferred()?;
        // No closure here: the location of the caller does not pass through one.
        let node = if needs != 0 && out.dtype().is_float() {
            let inputs: Few<_> = inputs.iter().map(|t| t.node().cloned()).collect();
            Some(Node::of(Box::new(op), inputs, saved, &out))
        } else {
            None
        };
        out.set_node(node);
        Ok(out)
    }
}

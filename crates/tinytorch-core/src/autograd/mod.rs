//! Automatic differentiation.
//!
//! While recording is on, every operation with an input that requires a gradient leaves a node: the operation, its
//! inputs, and the tensors its rule needs. [`Tensor::backward`] walks the nodes from a result back to the leaves,
//! each once and after all its users, and adds what arrives to the leaves' gradients. [`grad`] returns gradients
//! instead of storing them, and can record the pass itself, so that gradients of gradients work.
//!
//! On these stand [`vjp`], [`jvp`], [`hvp`], [`jacobian`] and [`hessian`] for functions, [`checkpoint`] to trade time for
//! memory, [`GraphView`] to look at a graph, [`detect_anomaly`] to find where NaN begins, and [`gradcheck`] to hold a
//! rule against differences.
//!
//! [`Tensor::backward`]: crate::Tensor::backward

mod anomaly;
mod check;
mod checkpoint;
mod derive;
mod engine;
mod grads;
mod mode;
mod node;
mod op;
mod param;
mod saved;
mod view;

pub use anomaly::detect_anomaly;
pub use check::{GradCheck, gradcheck};
pub use checkpoint::checkpoint;
pub use derive::{hessian, hvp, jacobian, jvp, vjp};
pub use engine::{GradOpts, grad};
pub use grads::Grads;
pub(crate) use mode::set_recording;
pub use mode::{NoGradGuard, is_recording, no_grad, no_grad_guard};
pub(crate) use node::Node;
pub use op::Op;
pub use param::Param;
pub use saved::Saved;
#[cfg(feature = "std")]
pub(crate) use view::json_text;
pub use view::{GraphView, NodeView};

#[cfg(test)]
mod tests;

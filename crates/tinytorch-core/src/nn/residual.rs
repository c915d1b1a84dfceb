//! A network beside which its input goes on.

use super::{Kind, Module, Sequential, Visitor, visit_child};
use crate::{Result, Tensor};

/// y = x + f(x), where f is a chain of modules that keeps the shape.
///
/// # Source
///
/// He, Zhang, Ren and Sun (2015), "Deep Residual Learning for Image Recognition".
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{Module, Relu, Residual, Sequential};
/// use tinytorch_core::Tensor;
///
/// let layer = Residual::new(Sequential::new().push(Relu));
/// assert_eq!(layer.forward(&Tensor::from([[-1.0_f32, 2.0]]))?.to_vec::<f32>()?, [-1.0, 4.0]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Residual {
    inner: Sequential,
}

impl Residual {
    /// Returns the sum of an input and what `inner` makes of it.
    #[must_use]
    pub fn new(inner: Sequential) -> Self {
        Self { inner }
    }

    /// Returns the chain.
    #[must_use]
    pub fn inner(&self) -> &Sequential {
        &self.inner
    }
}

impl Module for Residual {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.add(&self.inner.forward(x)?)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visit_child(visitor, "inner", &self.inner);
    }

    fn name(&self) -> &'static str {
        "Residual"
    }

    fn kind(&self) -> Kind<'_> {
        Kind::Residual(self)
    }
}

//! Layers without parameters that act on every element.

use super::{Kind, Module, Visitor};
use crate::{Result, Tensor};

/// The rectifier: max(x, 0) of every element, with gradient 0 at 0.
#[derive(Debug, Clone, Copy, Default)]
pub struct Relu;

impl Module for Relu {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.relu()
    }

    fn visit(&self, _visitor: &mut dyn Visitor) {}

    fn name(&self) -> &'static str {
        "Relu"
    }

    fn kind(&self) -> Kind<'_> {
        Kind::Relu
    }
}

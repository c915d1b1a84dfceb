//! From an image to a row of numbers.

use super::{Kind, Module, Visitor};
use crate::{Error, Result, Tensor};

/// Makes one axis of all axes after the first: [N, C, H, W] becomes [N, C·H·W].
#[derive(Debug, Clone, Copy, Default)]
pub struct Flatten;

impl Module for Flatten {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let [n, rest @ ..] = x.dims() else {
            return Err(Error::argument("flatten", "rank", 0, "at least 1: a batch of samples"));
        };
        x.reshape([*n, rest.iter().product()])
    }

    fn visit(&self, _visitor: &mut dyn Visitor) {}

    fn name(&self) -> &'static str {
        "Flatten"
    }

    fn kind(&self) -> Kind<'_> {
        Kind::Flatten
    }
}

//! The two-layer networks inside a transformer block.

use super::{Dropout, Init, Linear, Module, Visitor, attention::linear, visit_child};
use crate::{Result, Rng, Tensor, dispatch};

/// `fc2(gelu(fc1 x))`, with the tanh form of GELU, then dropout.
///
/// # Shapes
///
/// `[.., width]` to the same, through `[.., hidden]`.
#[derive(Debug)]
pub struct Mlp {
    fc1: Linear,
    fc2: Linear,
    dropout: Dropout,
}

impl Mlp {
    /// Returns a network of this width with `hidden` units between, usually four times the width.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for a size of 0 or a dropout outside 0..1.
    pub fn new(width: usize, hidden: usize, dropout: f64, rng: &mut Rng) -> Result<Self> {
        Ok(Self {
            fc1: Linear::new(width, hidden, rng)?,
            fc2: Linear::new(hidden, width, rng)?,
            dropout: Dropout::new(dropout, rng)?,
        })
    }
}

impl Module for Mlp {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        dispatch::mlp_forward(x, &|x| self.fc1.forward(x), &|x| self.fc2.forward(x), &|x| {
            self.dropout.forward(x)
        })
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visit_child(visitor, "fc1", &self.fc1);
        visit_child(visitor, "fc2", &self.fc2);
        visit_child(visitor, "dropout", &self.dropout);
    }

    fn name(&self) -> &'static str {
        "Mlp"
    }
}

/// `down(silu(gate x) · up x)`, without biases.
///
/// # Shapes
///
/// `[.., width]` to the same, through `[.., hidden]`.
///
/// # Source
///
/// Shazeer (2020), "GLU Variants Improve Transformer".
#[derive(Debug)]
pub struct SwiGlu {
    gate: Linear,
    up: Linear,
    down: Linear,
}

impl SwiGlu {
    /// Returns a network of this width with `hidden` gated units.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for a size of 0.
    pub fn new(width: usize, hidden: usize, rng: &mut Rng) -> Result<Self> {
        let mut plain = |n_in, n_out| linear(n_in, n_out, false, Init::LecunNormal, rng);
        Ok(Self {
            gate: plain(width, hidden)?,
            up: plain(width, hidden)?,
            down: plain(hidden, width)?,
        })
    }
}

impl Module for SwiGlu {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let gate = self.gate.forward(x)?.silu()?; // [.., hidden]
        self.down.forward(&gate.mul(&self.up.forward(x)?)?)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visit_child(visitor, "gate", &self.gate);
        visit_child(visitor, "up", &self.up);
        visit_child(visitor, "down", &self.down);
    }

    fn name(&self) -> &'static str {
        "SwiGlu"
    }
}

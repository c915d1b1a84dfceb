//! Normalization of the last axis, with and without centering.

use super::{Module, Visitor};
use crate::{DType, Param, Result, Tensor};

/// Layer normalization of the last axis: (x − mean)/√(var + ε)·weight + bias.
///
/// # Shapes
///
/// `[.., width]` to the same.
///
/// # Source
///
/// Ba, Kiros and Hinton (2016), "Layer Normalization".
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{LayerNorm, Module};
/// use tinytorch_core::Tensor;
///
/// let y = LayerNorm::new(2)?.with_eps(0.0).forward(&Tensor::from([[1.0_f32, 3.0]]))?;
/// assert_eq!(y.to_vec::<f32>()?, [-1.0, 1.0]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct LayerNorm {
    weight: Param,
    bias: Param,
    eps: f64,
}

impl LayerNorm {
    /// Returns a layer of this width with weight 1, bias 0 and ε = 1e-5.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) if the width is too large for a tensor.
    pub fn new(width: usize) -> Result<Self> {
        let weight = Param::new(Tensor::ones([width], DType::F32)?)?;
        Ok(Self { weight, bias: Param::new(Tensor::zeros([width], DType::F32)?)?, eps: 1e-5 })
    }

    /// Returns the layer with another ε.
    #[must_use]
    pub fn with_eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }
}

impl Module for LayerNorm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (w, b) = (self.weight.tensor(), self.bias.tensor());
        x.layer_norm(w.dims(), Some(&w), Some(&b), self.eps)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.param("weight", &self.weight);
        visitor.param("bias", &self.bias);
    }

    fn name(&self) -> &'static str {
        "LayerNorm"
    }
}

/// Root-mean-square normalization of the last axis: x/√(mean x² + ε)·weight.
///
/// # Shapes
///
/// `[.., width]` to the same.
///
/// # Source
///
/// Zhang and Sennrich (2019), "Root Mean Square Layer Normalization".
#[derive(Debug, Clone)]
pub struct RmsNorm {
    weight: Param,
    eps: f64,
}

impl RmsNorm {
    /// Returns a layer of this width with weight 1 and ε = 1e-6.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) if the width is too large for a tensor.
    pub fn new(width: usize) -> Result<Self> {
        Ok(Self { weight: Param::new(Tensor::ones([width], DType::F32)?)?, eps: 1e-6 })
    }

    /// Returns the layer with another ε.
    #[must_use]
    pub fn with_eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }
}

impl Module for RmsNorm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let w = self.weight.tensor();
        x.rms_norm(w.dims(), Some(&w), self.eps)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.param("weight", &self.weight);
    }

    fn name(&self) -> &'static str {
        "RmsNorm"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, nn::ModuleExt};

    #[test]
    fn rows_have_mean_0_and_variance_1_or_mean_square_1() {
        let x: Vec<f32> = (0..64).map(|i| (i as f32 * 0.7).sin() * 3.0 + 2.0).collect();
        let x = Tensor::from_vec(x, [2, 32]).unwrap();
        let y = LayerNorm::new(32).unwrap().forward(&x).unwrap().to_vec_as::<f64>();
        let z = RmsNorm::new(32).unwrap().forward(&x).unwrap().to_vec_as::<f64>();
        let square = |row: &[f64]| row.iter().map(|v| v * v).sum::<f64>() / 32.0;
        for (y, z) in y.chunks(32).zip(z.chunks(32)) {
            // ε is 1e-5 of a variance above 1; the sums of 32 numbers carry a few f32 roundings.
            assert!(y.iter().sum::<f64>().abs() / 32.0 < 1e-6);
            assert!((square(y) - 1.0).abs() < 2e-5 && (square(z) - 1.0).abs() < 2e-5);
        }
    }

    #[test]
    fn parameters_and_a_width_that_does_not_fit() {
        assert_eq!(LayerNorm::new(8).unwrap().num_parameters(), 16);
        assert_eq!(RmsNorm::new(8).unwrap().num_parameters(), 8);
        let x = Tensor::ones([2, 7], DType::F32).unwrap();
        assert!(matches!(LayerNorm::new(8).unwrap().forward(&x), Err(Error::ShapeMismatch { .. })));
    }
}

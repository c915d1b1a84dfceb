//! The fully connected layer.

use super::{Init, Kind, Module, Visitor};
use crate::{Error, Param, Result, Rng, Tensor};

/// A fully connected layer: y = x·Wᵀ + b.
///
/// # Shapes
///
/// x: `[.., in]`, W: `[out, in]` (PyTorch's layout), b: `[out]`; y: `[.., out]`.
///
/// # Cost
///
/// 2·in·out operations for each row of x; in·out + out parameters.
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{Linear, Module};
/// use tinytorch_core::Tensor;
///
/// let weight = Tensor::from_vec(vec![1.0_f32, 0.0, -1.0, 2.0, 2.0, 2.0], [2, 3])?;
/// let bias = Tensor::from_vec(vec![10.0_f32, -20.0], [2])?;
/// let layer = Linear::from_tensors(weight, Some(bias))?;
/// let y = layer.forward(&Tensor::from_vec(vec![1.0_f32, 2.0, 3.0], [1, 3])?)?;
/// assert_eq!(y.to_vec::<f32>()?, [8.0, -8.0]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Linear {
    weight: Param,
    bias: Option<Param>,
}

impl Linear {
    /// Returns a layer with normal weights of variance 1/in and a bias of zeros.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the sizes are 0 or too large for a tensor.
    pub fn new(n_in: usize, n_out: usize, rng: &mut Rng) -> Result<Self> {
        Self::with_init(n_in, n_out, Init::LecunNormal, rng)
    }

    /// Returns a layer whose first weights and bias follow `init`.
    ///
    /// # Errors
    ///
    /// As [`Linear::new`].
    pub fn with_init(n_in: usize, n_out: usize, init: Init, rng: &mut Rng) -> Result<Self> {
        if n_in == 0 || n_out == 0 {
            let got = format_args!("{n_in} to {n_out}");
            return Err(Error::argument("linear", "size", got, "at least 1 on both sides"));
        }
        Self::from_tensors(init.weight([n_out, n_in], rng)?, Some(init.bias(n_out, n_in, rng)?))
    }

    /// Returns a layer with these weights `[out, in]` and this bias `[out]`.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] if the shapes do not fit each other; [`Error::DTypeMismatch`] or
    /// [`Error::DTypeUnsupported`] unless both are floats of one type.
    pub fn from_tensors(weight: Tensor, bias: Option<Tensor>) -> Result<Self> {
        let [n_out, _] = *weight.dims() else {
            return Err(Error::argument(
                "linear",
                "weight",
                format_args!("of shape {}", weight.shape()),
                "of shape [out, in]",
            ));
        };
        if let Some(bias) = &bias {
            if *bias.dims() != [n_out] {
                return Err(Error::shapes(
                    "linear",
                    (weight.dims(), bias.dims()),
                    format!("the bias does not have {n_out} elements"),
                    "a weight [out, in] goes with a bias [out]",
                    "check which of the two is transposed or belongs to another layer",
                ));
            }
            if bias.dtype() != weight.dtype() {
                return Err(Error::DTypeMismatch {
                    op: "linear",
                    lhs: weight.dtype(),
                    rhs: bias.dtype(),
                });
            }
        }
        Ok(Self { weight: Param::new(weight)?, bias: bias.map(Param::new).transpose()? })
    }

    /// Returns the layer without its bias.
    #[must_use]
    pub fn without_bias(self) -> Self {
        Self { bias: None, ..self }
    }

    /// Returns the weight, [out, in].
    #[must_use]
    pub fn weight(&self) -> &Param {
        &self.weight
    }

    /// Returns the bias, `[out]`.
    #[must_use]
    pub fn bias(&self) -> Option<&Param> {
        self.bias.as_ref()
    }

    /// Returns the numbers of inputs and outputs.
    #[must_use]
    pub fn sizes(&self) -> (usize, usize) {
        let shape = self.weight.shape();
        (shape[1], shape[0])
    }
}

impl Module for Linear {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.linear(&self.weight.tensor(), self.bias.as_ref().map(Param::tensor).as_ref())
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.param("weight", &self.weight);
        if let Some(bias) = &self.bias {
            visitor.param("bias", bias);
        }
    }

    fn name(&self) -> &'static str {
        "Linear"
    }

    fn kind(&self) -> Kind<'_> {
        Kind::Linear(self)
    }
}

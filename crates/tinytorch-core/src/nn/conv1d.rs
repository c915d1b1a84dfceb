//! The convolution layer over signals.

use super::{
    Init, Module, Visitor,
    conv::{check, check_bias, positive, same},
};
use crate::{Error, Param, Result, Rng, Tensor, ops::Conv2dOpts};

const OP: &str = "conv1d";

/// A layer of filters that slide along a signal.
///
/// `y[n, o, i] = b[o] + Σ w[o, c, u] · x[n, c, i·s + u·d − p]` with stride s, dilation d and padding p.
///
/// # Shapes
///
/// x: `[N, C, L]`, w: `[out, C/groups, k]` (PyTorch's layout), b: `[out]`; y: `[N, out, L']` with
/// L' = ⌊(L + 2p − d·(k − 1) − 1)/s⌋ + 1.
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{Conv1d, Module};
/// use tinytorch_core::Tensor;
///
/// let difference = Conv1d::from_tensors(Tensor::from([[[-1.0_f32, 1.0]]]), None)?;
/// let y = difference.forward(&Tensor::from([[[1.0_f32, 4.0, 9.0, 16.0]]]))?;
/// assert_eq!(y.to_vec::<f32>()?, [3.0, 5.0, 7.0]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Conv1d {
    weight: Param,
    bias: Option<Param>,
    opts: Conv2dOpts, // of each pair the second number
    extra: usize,     // zeros after the end, on top of the padding
}

impl Conv1d {
    /// Returns `n_out` filters of `kernel` elements over `n_in` channels, with normal weights of variance 2/fan_in and a
    /// bias of zeros.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a size is 0 or too large for a tensor.
    pub fn new(n_in: usize, n_out: usize, kernel: usize, rng: &mut Rng) -> Result<Self> {
        Self::with_init(n_in, n_out, kernel, 1, Init::HeNormal, rng)
    }

    /// Returns a layer whose channels fall into `groups` that do not see each other, and whose first weights and bias
    /// follow `init`.
    ///
    /// # Errors
    ///
    /// As [`Conv1d::new`], and if the groups do not divide both numbers of channels.
    pub fn with_init(
        n_in: usize,
        n_out: usize,
        kernel: usize,
        groups: usize,
        init: Init,
        rng: &mut Rng,
    ) -> Result<Self> {
        let opts = Conv2dOpts { groups, ..Conv2dOpts::default() };
        check(OP, [n_in, n_out], &[kernel], &opts)?;
        let weight = Param::new(init.weight([n_out, n_in / groups, kernel], rng)?)?;
        let bias = Some(Param::new(init.bias(n_out, n_in / groups * kernel, rng)?)?);
        Ok(Self { weight, bias, opts, extra: 0 })
    }

    /// Returns a layer with these filters `[out, in, k]` and this bias `[out]`, at stride 1 without padding.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] or [`Error::ShapeMismatch`] if the shapes do not fit; [`Error::DTypeMismatch`] or
    /// [`Error::DTypeUnsupported`] unless both are floats of one type.
    pub fn from_tensors(weight: Tensor, bias: Option<Tensor>) -> Result<Self> {
        if weight.rank() != 3 {
            let got = format!("of shape {}", weight.shape());
            return Err(Error::argument(OP, "weight", got, "of shape [out, in, k]"));
        }
        check_bias(OP, &weight, weight.dims()[0], bias.as_ref())?;
        let (weight, bias) = (Param::new(weight)?, bias.map(Param::new).transpose()?);
        Ok(Self { weight, bias, opts: Conv2dOpts::default(), extra: 0 })
    }

    /// Returns the layer without its bias.
    #[must_use]
    pub fn without_bias(self) -> Self {
        Self { bias: None, ..self }
    }

    /// Returns the layer with this step between windows.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `stride` is 0.
    pub fn with_stride(mut self, stride: usize) -> Result<Self> {
        self.opts.stride = positive(OP, "stride", [1, stride])?;
        Ok(self)
    }

    /// Returns the layer with this many zeros added at both ends.
    #[must_use]
    pub fn with_padding(mut self, padding: usize) -> Self {
        (self.opts.padding, self.extra) = ([0, padding], 0);
        self
    }

    /// Returns the layer with as many zeros as keep the length of a signal; an odd one goes to the end.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless the stride is 1.
    pub fn with_same_padding(mut self) -> Result<Self> {
        let kernel = [1, self.weight.shape()[2]];
        let (padding, [_, extra]) = same(OP, kernel, &self.opts)?;
        (self.opts.padding, self.extra) = (padding, extra);
        Ok(self)
    }

    /// Returns the layer with this distance between neighbouring elements of a filter. Same padding is asked for again.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `dilation` is 0.
    pub fn with_dilation(mut self, dilation: usize) -> Result<Self> {
        self.opts.dilation = positive(OP, "dilation", [1, dilation])?;
        Ok(self)
    }

    /// Returns the filters, `[out, C/groups, k]`.
    #[must_use]
    pub fn weight(&self) -> &Param {
        &self.weight
    }

    /// Returns the bias, `[out]`.
    #[must_use]
    pub fn bias(&self) -> Option<&Param> {
        self.bias.as_ref()
    }
}

impl Module for Conv1d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let bias = self.bias.as_ref().map(Param::tensor);
        let conv = |x: &Tensor| x.conv1d(&self.weight.tensor(), bias.as_ref(), &self.opts);
        if self.extra > 0 && x.rank() == 3 {
            conv(&x.pad(&[[0, self.extra]], 0.0)?)
        } else {
            conv(x)
        }
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.param("weight", &self.weight);
        if let Some(bias) = &self.bias {
            visitor.param("bias", bias);
        }
    }

    fn name(&self) -> &'static str {
        "Conv1d"
    }
}

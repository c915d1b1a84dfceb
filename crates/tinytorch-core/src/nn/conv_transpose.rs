//! The layer that spreads each position over a window.

use super::{
    Init, Module, Visitor,
    conv::{IntoPair, check, check_bias, positive},
};
use crate::{Error, Param, Result, Rng, Tensor, ops::Conv2dOpts};

const OP: &str = "conv_transpose2d";

/// A transposed convolution: each pixel of the input paints a filter into the output.
///
/// It is the adjoint of [`Conv2d`](super::Conv2d) with the same filters, and the usual way from a small image to a large
/// one.
///
/// # Shapes
///
/// x: `[N, C, H, W]`, w: `[C, out/groups, kh, kw]` (PyTorch's layout), b: `[out]`; y: `[N, out, H', W']` with
/// H' = (H − 1)·s − 2p + d·(kh − 1) + output_padding + 1.
///
/// # Source
///
/// Dumoulin and Visin (2016), "A guide to convolution arithmetic for deep learning".
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{ConvTranspose2d, Module};
/// use tinytorch_core::Tensor;
///
/// // Every pixel becomes a block of 2x2.
/// let enlarge = ConvTranspose2d::from_tensors(Tensor::from([[[[1.0_f32, 1.0], [1.0, 1.0]]]]), None)?;
/// let y = enlarge.with_stride(2)?.forward(&Tensor::from([[[[1.0_f32, 2.0]]]]))?;
/// assert_eq!(y.to_vec::<f32>()?, [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ConvTranspose2d {
    weight: Param,
    bias: Option<Param>,
    opts: Conv2dOpts,
    output_padding: [usize; 2],
}

impl ConvTranspose2d {
    /// Returns `n_out` square filters over `n_in` channels, with normal weights of variance 2/(n_out·kernel²) and a bias
    /// of zeros.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a size is 0 or too large for a tensor.
    pub fn new(n_in: usize, n_out: usize, kernel: usize, rng: &mut Rng) -> Result<Self> {
        Self::with_opts(n_in, n_out, [kernel; 2], Conv2dOpts::default(), Init::HeNormal, rng)
    }

    /// Returns a layer with all options, whose first weights and bias follow `init`; its fan_in counts the second axis of
    /// the weight, as in PyTorch.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a size, the stride or the dilation is 0, or the groups do not divide both numbers of
    /// channels.
    pub fn with_opts(
        n_in: usize,
        n_out: usize,
        kernel: [usize; 2],
        opts: Conv2dOpts,
        init: Init,
        rng: &mut Rng,
    ) -> Result<Self> {
        check(OP, [n_in, n_out], &kernel, &opts)?;
        let [kh, kw] = kernel;
        let group_out = n_out / opts.groups;
        let weight = Param::new(init.weight([n_in, group_out, kh, kw], rng)?)?;
        let bias = Some(Param::new(init.bias(n_out, group_out * kh * kw, rng)?)?);
        Ok(Self { weight, bias, opts, output_padding: [0; 2] })
    }

    /// Returns a layer with these filters `[in, out, kh, kw]` and this bias `[out]`, at stride 1 without padding.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] or [`Error::ShapeMismatch`] if the shapes do not fit; [`Error::DTypeMismatch`] or
    /// [`Error::DTypeUnsupported`] unless both are floats of one type.
    pub fn from_tensors(weight: Tensor, bias: Option<Tensor>) -> Result<Self> {
        if weight.rank() != 4 {
            let got = format!("of shape {}", weight.shape());
            return Err(Error::argument(OP, "weight", got, "of shape [in, out, kh, kw]"));
        }
        check_bias(OP, &weight, weight.dims()[1], bias.as_ref())?;
        let (weight, bias) = (Param::new(weight)?, bias.map(Param::new).transpose()?);
        Ok(Self { weight, bias, opts: Conv2dOpts::default(), output_padding: [0; 2] })
    }

    /// Returns the layer without its bias.
    #[must_use]
    pub fn without_bias(self) -> Self {
        Self { bias: None, ..self }
    }

    /// Returns the layer with this distance between the windows of neighbouring pixels.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a distance is 0.
    pub fn with_stride(mut self, stride: impl IntoPair) -> Result<Self> {
        self.opts.stride = positive(OP, "stride", stride.into_pair())?;
        Ok(self)
    }

    /// Returns the layer with this many rows and columns cut off on every side.
    #[must_use]
    pub fn with_padding(mut self, padding: impl IntoPair) -> Self {
        self.opts.padding = padding.into_pair();
        self
    }

    /// Returns the layer with rows and columns added at the far ends, where several sizes have the same convolution. They
    /// must be fewer than the stride or the dilation, which the forward pass checks.
    #[must_use]
    pub fn with_output_padding(mut self, padding: impl IntoPair) -> Self {
        self.output_padding = padding.into_pair();
        self
    }

    /// Returns the filters, `[in, out/groups, kh, kw]`.
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

impl Module for ConvTranspose2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let bias = self.bias.as_ref().map(Param::tensor);
        x.conv_transpose2d(&self.weight.tensor(), bias.as_ref(), &self.opts, self.output_padding)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.param("weight", &self.weight);
        if let Some(bias) = &self.bias {
            visitor.param("bias", bias);
        }
    }

    fn name(&self) -> &'static str {
        "ConvTranspose2d"
    }
}

//! The convolution layer.

use super::{Init, Kind, Module, Visitor};
use crate::{Error, Param, Result, Rng, Tensor, dispatch, ops::Conv2dOpts};

const OP: &str = "conv2d";

/// A layer of filters that slide over an image.
///
/// `y[n, o, i, j] = b[o] + Σ w[o, c, u, v] · x[n, c, i·s + u − p, j·s + v − p]` with stride s and padding p.
///
/// # Shapes
///
/// x: `[N, C, H, W]`, w: `[out, C/groups, kh, kw]` (PyTorch's layout), b: `[out]`; y: `[N, out, H', W']` with
/// H' = ⌊(H + 2p − d·(kh − 1) − 1)/s⌋ + 1.
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{Conv2d, Module};
/// use tinytorch_core::{DType, Rng, Tensor};
///
/// let conv = Conv2d::new(1, 8, 3, &mut Rng::seed(0))?;
/// assert_eq!(conv.forward(&Tensor::zeros([2, 1, 8, 8], DType::F32)?)?.dims(), [2, 8, 6, 6]);
/// let same = conv.with_padding(1);
/// assert_eq!(same.forward(&Tensor::zeros([2, 1, 8, 8], DType::F32)?)?.dims(), [2, 8, 8, 8]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Conv2d {
    weight: Param,
    bias: Option<Param>,
    opts: Conv2dOpts,
}

impl Conv2d {
    /// Returns `n_out` square filters over `n_in` channels, with normal weights of variance 2/fan_in and a bias of zeros.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a size is 0 or too large for a tensor.
    pub fn new(n_in: usize, n_out: usize, kernel: usize, rng: &mut Rng) -> Result<Self> {
        Self::with_opts(n_in, n_out, [kernel; 2], Conv2dOpts::default(), Init::HeNormal, rng)
    }

    /// Returns a layer with all options, whose first weights and bias follow `init`.
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
        if n_in == 0 || n_out == 0 || kernel.contains(&0) {
            let got = format!("{n_in} to {n_out} channels with a kernel {kernel:?}");
            return Err(Error::argument(OP, "size", got, "at least 1 everywhere"));
        }
        check(n_in, n_out, &opts)?;
        let [kh, kw] = kernel;
        let weight = init.weight([n_out, n_in / opts.groups, kh, kw], rng)?;
        let bias = init.bias(n_out, n_in / opts.groups * kh * kw, rng)?;
        Ok(Self { weight: Param::new(weight)?, bias: Some(Param::new(bias)?), opts })
    }

    /// Returns a layer with these filters `[out, in, kh, kw]` and this bias `[out]`, at stride 1 without padding.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] or [`Error::ShapeMismatch`] if the shapes do not fit; [`Error::DTypeMismatch`] or
    /// [`Error::DTypeUnsupported`] unless both are floats of one type.
    pub fn from_tensors(weight: Tensor, bias: Option<Tensor>) -> Result<Self> {
        let [n_out, _, _, _] = *weight.dims() else {
            let got = format!("of shape {}", weight.shape());
            return Err(Error::argument(OP, "weight", got, "of shape [out, in, kh, kw]"));
        };
        if let Some(bias) = &bias {
            if *bias.dims() != [n_out] {
                return Err(Error::shapes(
                    OP,
                    (weight.dims(), bias.dims()),
                    format!("the bias does not have {n_out} elements"),
                    "a weight [out, in, kh, kw] goes with a bias [out]",
                    "take the bias of the same layer as the weight",
                ));
            }
            if bias.dtype() != weight.dtype() {
                return Err(Error::DTypeMismatch {
                    op: OP,
                    lhs: weight.dtype(),
                    rhs: bias.dtype(),
                });
            }
        }
        let opts = Conv2dOpts::default();
        Ok(Self { weight: Param::new(weight)?, bias: bias.map(Param::new).transpose()?, opts })
    }

    /// Returns the layer without its bias.
    #[must_use]
    pub fn without_bias(self) -> Self {
        Self { bias: None, ..self }
    }

    /// Returns the layer with this step between windows, both ways.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `stride` is 0.
    pub fn with_stride(mut self, stride: usize) -> Result<Self> {
        if stride == 0 {
            return Err(Error::argument(OP, "stride", stride, "at least 1"));
        }
        self.opts.stride = [stride; 2];
        Ok(self)
    }

    /// Returns the layer with this many zeros added on every side.
    #[must_use]
    pub fn with_padding(mut self, padding: usize) -> Self {
        self.opts.padding = [padding; 2];
        self
    }

    /// Returns the filters, [out, C/groups, kh, kw].
    #[must_use]
    pub fn weight(&self) -> &Param {
        &self.weight
    }

    /// Returns the bias, `[out]`.
    #[must_use]
    pub fn bias(&self) -> Option<&Param> {
        self.bias.as_ref()
    }

    /// Returns stride, padding, dilation and groups.
    #[must_use]
    pub fn opts(&self) -> &Conv2dOpts {
        &self.opts
    }

    /// Returns height and width of the filters.
    #[must_use]
    pub fn kernel(&self) -> [usize; 2] {
        let shape = self.weight.shape();
        [shape[2], shape[3]]
    }

    /// Returns height and width of the output for an image of `size`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if no window fits.
    pub fn output_size(&self, size: [usize; 2]) -> Result<[usize; 2]> {
        let (k, o) = (self.kernel(), &self.opts);
        let along = |a: usize| {
            dispatch::conv2d_output_size(
                OP,
                size[a],
                k[a],
                o.stride[a],
                o.padding[a],
                o.dilation[a],
            )
        };
        Ok([along(0)?, along(1)?])
    }
}

fn check(n_in: usize, n_out: usize, opts: &Conv2dOpts) -> Result<()> {
    for (name, values) in [("stride", opts.stride), ("dilation", opts.dilation)] {
        if values.contains(&0) {
            return Err(Error::argument(OP, name, format!("{values:?}"), "at least 1 both ways"));
        }
    }
    let g = opts.groups;
    if g == 0 || !n_in.is_multiple_of(g) || !n_out.is_multiple_of(g) {
        let got = format!("{g} for {n_in} to {n_out} channels");
        return Err(Error::argument(OP, "groups", got, "a divisor of both numbers of channels"));
    }
    Ok(())
}

impl Module for Conv2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.conv2d(&self.weight.tensor(), self.bias.as_ref().map(Param::tensor).as_ref(), &self.opts)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.param("weight", &self.weight);
        if let Some(bias) = &self.bias {
            visitor.param("bias", bias);
        }
    }

    fn name(&self) -> &'static str {
        "Conv2d"
    }

    fn kind(&self) -> Kind<'_> {
        Kind::Conv2d(self)
    }
}

//! The convolution layer over images, and what all convolution layers share.

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
/// let even = Conv2d::new(1, 8, 4, &mut Rng::seed(0))?.with_same_padding()?;
/// assert_eq!(even.forward(&Tensor::zeros([2, 1, 8, 8], DType::F32)?)?.dims(), [2, 8, 8, 8]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Conv2d {
    weight: Param,
    bias: Option<Param>,
    opts: Conv2dOpts,
    extra: [usize; 2], // zeros after the last row and column, on top of the padding
}

/// One number for both axes of an image, or one for each: height, then width.
pub trait IntoPair {
    /// Returns the numbers for height and width.
    fn into_pair(self) -> [usize; 2];
}

impl IntoPair for usize {
    fn into_pair(self) -> [usize; 2] {
        [self; 2]
    }
}

impl IntoPair for [usize; 2] {
    fn into_pair(self) -> [usize; 2] {
        self
    }
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
        check(OP, [n_in, n_out], &kernel, &opts)?;
        let [kh, kw] = kernel;
        let weight = init.weight([n_out, n_in / opts.groups, kh, kw], rng)?;
        let bias = init.bias(n_out, n_in / opts.groups * kh * kw, rng)?;
        let (weight, bias) = (Param::new(weight)?, Some(Param::new(bias)?));
        Ok(Self { weight, bias, opts, extra: [0; 2] })
    }

    /// Returns a layer with these filters `[out, in, kh, kw]` and this bias `[out]`, at stride 1 without padding.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] or [`Error::ShapeMismatch`] if the shapes do not fit; [`Error::DTypeMismatch`] or
    /// [`Error::DTypeUnsupported`] unless both are floats of one type.
    pub fn from_tensors(weight: Tensor, bias: Option<Tensor>) -> Result<Self> {
        if weight.rank() != 4 {
            let got = format!("of shape {}", weight.shape());
            return Err(Error::argument(OP, "weight", got, "of shape [out, in, kh, kw]"));
        }
        check_bias(OP, &weight, weight.dims()[0], bias.as_ref())?;
        let opts = Conv2dOpts::default();
        let (weight, bias) = (Param::new(weight)?, bias.map(Param::new).transpose()?);
        Ok(Self { weight, bias, opts, extra: [0; 2] })
    }

    /// Returns a layer with the options of this one and other tensors, as for [`from_tensors`](Self::from_tensors).
    ///
    /// # Errors
    ///
    /// As [`from_tensors`](Self::from_tensors).
    pub fn with_tensors(&self, weight: Tensor, bias: Option<Tensor>) -> Result<Self> {
        let like = Self::from_tensors(weight, bias)?;
        let [n_out, n_in] = [like.weight.shape().dims()[0], like.weight.shape().dims()[1]];
        check(OP, [n_in * self.opts.groups, n_out], &like.kernel(), &self.opts)?;
        Ok(Self { opts: self.opts, extra: self.extra, ..like })
    }

    /// Returns the layer without its bias.
    #[must_use]
    pub fn without_bias(self) -> Self {
        Self { bias: None, ..self }
    }

    /// Returns the layer with this step between windows: one number, or one for each axis.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a step is 0.
    pub fn with_stride(mut self, stride: impl IntoPair) -> Result<Self> {
        self.opts.stride = positive(OP, "stride", stride.into_pair())?;
        Ok(self)
    }

    /// Returns the layer with this many zeros added on every side: one number, or one for each axis.
    #[must_use]
    pub fn with_padding(mut self, padding: impl IntoPair) -> Self {
        self.opts.padding = padding.into_pair();
        self.extra = [0; 2];
        self
    }

    /// Returns the layer with as many zeros as keep the size of an image. Where their number is odd, one more goes after
    /// the image than before it, as in PyTorch.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless the stride is 1.
    pub fn with_same_padding(mut self) -> Result<Self> {
        let kernel = self.kernel();
        (self.opts.padding, self.extra) = same(OP, kernel, &self.opts)?;
        Ok(self)
    }

    /// Returns the layer with this distance between neighbouring elements of a filter. Same padding is asked for again.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a distance is 0.
    pub fn with_dilation(mut self, dilation: impl IntoPair) -> Result<Self> {
        self.opts.dilation = positive(OP, "dilation", dilation.into_pair())?;
        Ok(self)
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
                size[a].saturating_add(self.extra[a]),
                k[a],
                o.stride[a],
                o.padding[a],
                o.dilation[a],
            )
        };
        Ok([along(0)?, along(1)?])
    }
}

/// Refuses a 0, with the name of what it was for.
pub(super) fn positive(
    op: &'static str,
    name: &'static str,
    values: [usize; 2],
) -> Result<[usize; 2]> {
    if values.contains(&0) {
        return Err(Error::argument(op, name, format!("{values:?}"), "at least 1 both ways"));
    }
    Ok(values)
}

/// Padding on both sides that keeps a size at stride 1, and what must be added at the end where that is odd.
pub(super) fn same(
    op: &'static str,
    kernel: [usize; 2],
    opts: &Conv2dOpts,
) -> Result<([usize; 2], [usize; 2])> {
    if opts.stride != [1; 2] {
        let got = format!("{:?}", opts.stride);
        return Err(Error::argument(op, "stride", got, "1 for padding that keeps the size"));
    }
    let total = [0, 1].map(|a| opts.dilation[a].saturating_mul(kernel[a].saturating_sub(1)));
    Ok((total.map(|n| n / 2), total.map(|n| n % 2)))
}

/// Checks sizes and groups of a layer before its weights are drawn.
pub(super) fn check(
    op: &'static str,
    [n_in, n_out]: [usize; 2],
    kernel: &[usize],
    opts: &Conv2dOpts,
) -> Result<()> {
    if n_in == 0 || n_out == 0 || kernel.contains(&0) {
        let got = format!("{n_in} to {n_out} channels with a kernel {kernel:?}");
        return Err(Error::argument(op, "size", got, "at least 1 everywhere"));
    }
    positive(op, "stride", opts.stride)?;
    positive(op, "dilation", opts.dilation)?;
    let g = opts.groups;
    if g == 0 || !n_in.is_multiple_of(g) || !n_out.is_multiple_of(g) {
        let got = format!("{g} for {n_in} to {n_out} channels");
        return Err(Error::argument(op, "groups", got, "a divisor of both numbers of channels"));
    }
    Ok(())
}

/// Checks that a bias belongs to `maps` maps and has the type of the weight.
pub(super) fn check_bias(
    op: &'static str,
    weight: &Tensor,
    maps: usize,
    bias: Option<&Tensor>,
) -> Result<()> {
    let Some(bias) = bias else { return Ok(()) };
    if *bias.dims() != [maps] {
        return Err(Error::shapes(
            op,
            (weight.dims(), bias.dims()),
            format!("the bias does not have {maps} elements"),
            "a bias has one number for each output channel of the weight",
            "take the bias of the same layer as the weight",
        ));
    }
    if bias.dtype() != weight.dtype() {
        return Err(Error::DTypeMismatch { op, lhs: weight.dtype(), rhs: bias.dtype() });
    }
    Ok(())
}

impl Module for Conv2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let bias = self.bias.as_ref().map(Param::tensor);
        let conv = |x: &Tensor| x.conv2d(&self.weight.tensor(), bias.as_ref(), &self.opts);
        match self.extra {
            [0, 0] => conv(x),
            [h, w] if x.rank() == 4 => conv(&x.pad(&[[0, h], [0, w]], 0.0)?),
            _ => conv(x), // which names the rank
        }
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
        // What counts or exports a Conv2d reads its options, which do not hold padding on one side only.
        if self.extra == [0; 2] { Kind::Conv2d(self) } else { Kind::Other(self.name()) }
    }
}

//! Pooling layers that take the largest value.

use super::{Kind, Module, Visitor};
use crate::{Error, Result, Tensor, dispatch, ops::Pool2dOpts};

const OP: &str = "max_pool2d";

/// Keeps the largest value of each window of an image.
///
/// # Shapes
///
/// x: [N, C, H, W]; y: [N, C, H', W'] with H' = ⌊(H + 2p − k)/s⌋ + 1. The gradient goes to the first largest value.
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{MaxPool2d, Module};
/// use tinytorch_core::Tensor;
///
/// let x = Tensor::from_vec(vec![1.0_f32, 7.0, 3.0, 2.0], [1, 1, 2, 2])?;
/// assert_eq!(MaxPool2d::new(2)?.forward(&x)?.item::<f32>()?, 7.0);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct MaxPool2d {
    opts: Pool2dOpts,
}

impl MaxPool2d {
    /// Returns square windows that do not overlap.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `kernel` is 0.
    pub fn new(kernel: usize) -> Result<Self> {
        Self::with_opts(Pool2dOpts::square(kernel))
    }

    /// Returns a layer with all options.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the kernel or the stride is 0, or the padding more than half of the kernel.
    pub fn with_opts(opts: Pool2dOpts) -> Result<Self> {
        Ok(Self { opts: check(OP, opts)? })
    }

    /// Returns the layer with this step between windows: one number, or one for each axis.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a step is 0.
    pub fn with_stride(self, stride: impl super::IntoPair) -> Result<Self> {
        Self::with_opts(Pool2dOpts { stride: stride.into_pair(), ..self.opts })
    }

    /// Returns kernel, stride and padding.
    #[must_use]
    pub fn opts(&self) -> &Pool2dOpts {
        &self.opts
    }

    /// Returns height and width of the output for an image of `size`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if no window fits.
    pub fn output_size(&self, size: [usize; 2]) -> Result<[usize; 2]> {
        let o = &self.opts;
        let along = |a: usize| {
            dispatch::conv2d_output_size(OP, size[a], o.kernel[a], o.stride[a], o.padding[a], 1)
        };
        Ok([along(0)?, along(1)?])
    }
}

/// Checks the options of a pooling layer.
pub(super) fn check(op: &'static str, opts: Pool2dOpts) -> Result<Pool2dOpts> {
    for (name, values) in [("kernel", opts.kernel), ("stride", opts.stride)] {
        if values.contains(&0) {
            return Err(Error::argument(op, name, format!("{values:?}"), "at least 1 both ways"));
        }
    }
    if (0..2).any(|a| opts.padding[a] > opts.kernel[a] / 2) {
        let need = format!("at most half of the kernel {:?}", opts.kernel);
        return Err(Error::argument(op, "padding", format!("{:?}", opts.padding), need));
    }
    Ok(opts)
}

impl Module for MaxPool2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.max_pool2d(&self.opts)
    }

    fn visit(&self, _visitor: &mut dyn Visitor) {}

    fn name(&self) -> &'static str {
        "MaxPool2d"
    }

    fn kind(&self) -> Kind<'_> {
        Kind::MaxPool2d(self)
    }
}

/// Keeps the largest value of each window of a signal.
///
/// # Shapes
///
/// x: `[N, C, L]`; y: `[N, C, L']` with L' = ⌊(L + 2p − k)/s⌋ + 1. The gradient goes to the first largest value.
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{MaxPool1d, Module};
/// use tinytorch_core::Tensor;
///
/// let y = MaxPool1d::new(2)?.forward(&Tensor::from([[[1.0_f32, 7.0, 3.0, 2.0]]]))?;
/// assert_eq!(y.to_vec::<f32>()?, [7.0, 3.0]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct MaxPool1d {
    opts: Pool2dOpts,
}

impl MaxPool1d {
    const OP: &'static str = "max_pool1d";

    /// Returns windows that do not overlap.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `kernel` is 0.
    pub fn new(kernel: usize) -> Result<Self> {
        Self::with_opts(kernel, kernel, 0)
    }

    /// Returns windows of `kernel` elements every `stride`, with `padding` positions at both ends that never win.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the kernel or the stride is 0, or the padding more than half of the kernel.
    pub fn with_opts(kernel: usize, stride: usize, padding: usize) -> Result<Self> {
        let opts = Pool2dOpts { kernel: [1, kernel], stride: [1, stride], padding: [0, padding] };
        Ok(Self { opts: check(Self::OP, opts)? })
    }
}

impl Module for MaxPool1d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if x.rank() != 3 {
            let got = format!("of shape {}", x.shape());
            return Err(Error::argument(
                Self::OP,
                "input",
                got,
                "[N, C, L]; add axes with unsqueeze",
            ));
        }
        x.unsqueeze(2)?.max_pool2d(&self.opts)?.squeeze(2) // through [N, C, 1, L]
    }

    fn visit(&self, _visitor: &mut dyn Visitor) {}

    fn name(&self) -> &'static str {
        "MaxPool1d"
    }
}

//! The pooling layer.

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
        for (name, values) in [("kernel", opts.kernel), ("stride", opts.stride)] {
            if values.contains(&0) {
                return Err(Error::argument(
                    OP,
                    name,
                    format!("{values:?}"),
                    "at least 1 both ways",
                ));
            }
        }
        if (0..2).any(|a| opts.padding[a] > opts.kernel[a] / 2) {
            let need = format!("at most half of the kernel {:?}", opts.kernel);
            return Err(Error::argument(OP, "padding", format!("{:?}", opts.padding), need));
        }
        Ok(Self { opts })
    }

    /// Returns the layer with this step between windows, both ways.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `stride` is 0.
    pub fn with_stride(self, stride: usize) -> Result<Self> {
        Self::with_opts(Pool2dOpts { stride: [stride; 2], ..self.opts })
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

//! Pooling layers that take means.

use super::{Kind, Module, Visitor, pool};
use crate::{Error, Result, Tensor, ops::Pool2dOpts};

/// Replaces each window of an image by its mean.
///
/// # Shapes
///
/// x: `[N, C, H, W]`; y: `[N, C, H', W']` with H' = ⌊(H + 2p − k)/s⌋ + 1.
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{AvgPool2d, Module};
/// use tinytorch_core::Tensor;
///
/// let x = Tensor::from([[[[1.0_f32, 7.0], [3.0, 5.0]]]]);
/// assert_eq!(AvgPool2d::new(2)?.forward(&x)?.item::<f32>()?, 4.0);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct AvgPool2d {
    opts: Pool2dOpts,
    count_padding: bool,
}

impl AvgPool2d {
    /// Returns square windows that do not overlap.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `kernel` is 0.
    pub fn new(kernel: usize) -> Result<Self> {
        Self::with_opts(Pool2dOpts::square(kernel))
    }

    /// Returns a layer with all options; the zeros of the padding count as elements.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the kernel or the stride is 0, or the padding more than half of the kernel.
    pub fn with_opts(opts: Pool2dOpts) -> Result<Self> {
        Ok(Self { opts: pool::check("avg_pool2d", opts)?, count_padding: true })
    }

    /// Returns the layer whose means divide by the elements of the image inside a window, not by all of the window.
    #[must_use]
    pub fn without_counting_padding(self) -> Self {
        Self { count_padding: false, ..self }
    }

    /// Returns the options.
    #[must_use]
    pub fn opts(&self) -> &Pool2dOpts {
        &self.opts
    }

    /// Returns whether the zeros of the padding count as elements.
    #[must_use]
    pub fn counts_padding(&self) -> bool {
        self.count_padding
    }
}

impl Module for AvgPool2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.avg_pool2d(&self.opts, self.count_padding)
    }

    fn visit(&self, _visitor: &mut dyn Visitor) {}

    fn name(&self) -> &'static str {
        "AvgPool2d"
    }

    fn kind(&self) -> Kind<'_> {
        Kind::AvgPool2d(self)
    }
}

/// Takes means over windows chosen so that the output has a given size, whatever the size of the image.
///
/// Size 1 is the mean of each channel ("global average pooling"), after which a linear layer needs to know the number of
/// channels only.
///
/// # Shapes
///
/// `[N, C, H, W]` to `[N, C, size[0], size[1]]`.
///
/// # Source
///
/// Lin, Chen and Yan (2013), "Network In Network", for size 1.
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{AdaptiveAvgPool2d, Module};
/// use tinytorch_core::Tensor;
///
/// let x = Tensor::from([[[[1.0_f32, 2.0, 3.0], [4.0, 5.0, 9.0]]]]);
/// assert_eq!(AdaptiveAvgPool2d::new(1)?.forward(&x)?.item::<f32>()?, 4.0);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct AdaptiveAvgPool2d {
    size: [usize; 2],
}

impl AdaptiveAvgPool2d {
    /// Returns a layer for outputs of this size: one number, or height and width.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the size is 0.
    pub fn new(size: impl super::IntoPair) -> Result<Self> {
        let size = size.into_pair();
        if size.contains(&0) {
            let got = format!("{size:?}");
            return Err(Error::argument(
                "adaptive_avg_pool2d",
                "size",
                got,
                "at least 1 both ways",
            ));
        }
        Ok(Self { size })
    }

    /// Returns height and width of the output.
    #[must_use]
    pub fn size(&self) -> [usize; 2] {
        self.size
    }
}

impl Module for AdaptiveAvgPool2d {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.adaptive_avg_pool2d(self.size)
    }

    fn visit(&self, _visitor: &mut dyn Visitor) {}

    fn name(&self) -> &'static str {
        "AdaptiveAvgPool2d"
    }

    fn kind(&self) -> Kind<'_> {
        Kind::AdaptiveAvgPool2d(self)
    }
}

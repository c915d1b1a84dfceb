//! How wrong an answer is, as one number to make smaller.

use crate::{
    Result, Tensor,
    ops::{CrossEntropyOpts, Reduction},
};

/// A measure of error between the outputs of a network and what they should have been.
pub trait Loss {
    /// Returns the loss of a batch as a scalar, smaller for better outputs.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) and its kin if outputs and targets do not belong together.
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor>;
}

impl<L: Loss + ?Sized> Loss for &L {
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        (**self).loss(output, target)
    }
}

/// Cross entropy of logits `[N, C]` with class numbers `[N]`: the mean of −ln softmax(logits)\[target\].
///
/// Guessing C classes at random costs ln C; certainty about the right one costs 0.
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{CrossEntropyLoss, Loss};
/// use tinytorch_core::Tensor;
///
/// let logits = Tensor::from_vec(vec![0.0_f64; 10], [1, 10])?;
/// let loss = CrossEntropyLoss::new().loss(&logits, &Tensor::from_vec(vec![3_i64], [1])?)?;
/// assert!((loss.to_f64()? - 10.0_f64.ln()).abs() < 1e-12);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct CrossEntropyLoss {
    opts: CrossEntropyOpts,
}

impl CrossEntropyLoss {
    /// Returns the plain loss.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves out samples whose target is `class`; −100 unless set.
    #[must_use]
    pub fn ignore_index(mut self, class: i64) -> Self {
        self.opts.ignore_index = class;
        self
    }

    /// Spreads the share `smoothing` of every target evenly over all classes.
    #[must_use]
    pub fn label_smoothing(mut self, smoothing: f64) -> Self {
        self.opts.label_smoothing = smoothing;
        self
    }

    /// Weighs each sample by the weight of its class, `[C]`; the mean divides by the weights used.
    #[must_use]
    pub fn weight(mut self, weight: Tensor) -> Self {
        self.opts.weight = Some(weight);
        self
    }

    /// Returns the sum or all losses instead of the mean.
    #[must_use]
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.opts.reduction = reduction;
        self
    }
}

impl Loss for CrossEntropyLoss {
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        output.cross_entropy(target, &self.opts)
    }
}

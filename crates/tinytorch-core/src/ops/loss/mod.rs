//! Losses: from predictions and targets to one number to make smaller.

mod classes;
mod distance;

pub use classes::CrossEntropyOpts;

use crate::{Error, Result, Tensor};

/// How the losses of the elements become one result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Reduction {
    /// Their mean.
    #[default]
    Mean,
    /// Their sum.
    Sum,
    /// Their sum divided by the size of the first axis: what one sample of a batch costs.
    BatchMean,
    /// All of them, in the shape they have.
    None,
}

impl Reduction {
    #[track_caller]
    pub(crate) fn apply(self, losses: &Tensor) -> Result<Tensor> {
        match self {
            Self::Mean => losses.mean(.., false),
            Self::Sum => losses.sum(.., false),
            Self::BatchMean => losses.sum(.., false)?.div_scalar(batch(losses)),
            Self::None => Ok(losses.clone()),
        }
    }
}

/// The size of the first axis; a scalar is one sample.
fn batch(losses: &Tensor) -> f64 {
    losses.dims().first().map_or(1.0, |&n| n as f64)
}

/// Predictions and targets must have one shape: broadcasting here is nearly always a mistake.
fn same_shape(op: &'static str, prediction: &Tensor, target: &Tensor) -> Result<()> {
    if prediction.shape() == target.shape() {
        return Ok(());
    }
    Err(Error::shapes(
        op,
        (prediction.shape(), target.shape()),
        "prediction and target have different shapes",
        "a loss compares element with element; a silent broadcast would compare everything with everything",
        "reshape the target to the shape of the prediction",
    ))
}

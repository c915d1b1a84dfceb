//! Modules 05 and 07: whole datasets and optimizers, where somebody else may have written the type.

use crate::{
    Param, Result, Tensor,
    data::{Dataset, TensorDataset},
    optim::{Adam, AdamOpts, Optimizer, Sgd, SgdOpts},
};

#[cfg(feature = "course")]
use crate::course::{m05, m07};

/// A dataset of inputs and targets.
pub(crate) fn dataset(
    tensors: [Tensor; 2],
) -> Result<Box<dyn Dataset<Item = [Tensor; 2]> + Send + Sync>> {
    #[cfg(feature = "course")]
    if let Some(out) = m05::hook::dataset(tensors.clone())? {
        return Ok(out);
    }
    Ok(Box::new(TensorDataset::new(tensors)?))
}

/// Gradient descent.
pub(crate) fn sgd(params: Vec<Param>, opts: SgdOpts) -> Result<Box<dyn Optimizer>> {
    #[cfg(feature = "course")]
    if let Some(out) = m07::hook::sgd(params.clone(), opts)? {
        return Ok(out);
    }
    Ok(Box::new(Sgd::new(params, opts)?))
}

/// Adam.
pub(crate) fn adam(params: Vec<Param>, opts: AdamOpts) -> Result<Box<dyn Optimizer>> {
    #[cfg(feature = "course")]
    if let Some(out) = m07::hook::adam(params.clone(), opts)? {
        return Ok(out);
    }
    Ok(Box::new(Adam::new(params, opts)?))
}

//! Weights that are set to zero, and kept there.

use alloc::collections::BTreeMap;

use crate::nostd::prelude::*;
use crate::{
    DType, Error, Param, Result, dispatch,
    nn::{Module, ModuleExt},
};

use super::share;

const OP: &str = "prune";

/// How many weights are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sparsity {
    /// Weights that are zero.
    pub zeros: usize,
    /// All weights.
    pub weights: usize,
}

impl Sparsity {
    /// Returns the share of zeros; 0 for no weights.
    #[must_use]
    pub fn share(self) -> f64 {
        if self.weights == 0 { 0.0 } else { self.zeros as f64 / self.weights as f64 }
    }
}

/// Over which weights the smallest ones are sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All layers together: a layer of small weights loses more than its share.
    Global,
    /// Each layer loses the same share.
    PerLayer,
}

/// The weights of a network that pruning looks at: parameters of at least two axes, by name. Biases and the scales of norms are
/// few and are spared.
fn weights(model: &(impl Module + ?Sized)) -> Vec<(String, Param)> {
    model.named_parameters().into_iter().filter(|(_, p)| p.shape().rank() >= 2).collect()
}

fn typed(param: &Param) -> Result<()> {
    if param.dtype() == DType::F32 {
        return Ok(());
    }
    Err(Error::dtype(OP, param.dtype(), "f32"))
}

fn values(param: &Param) -> Result<Vec<f32>> {
    typed(param)?;
    param.tensor().detach().to_vec::<f32>()
}

/// Counts the zeros of the weights of `model`: parameters of at least two axes.
///
/// # Errors
///
/// [`Error::DTypeUnsupported`] unless the weights are `f32`.
pub fn sparsity(model: &(impl Module + ?Sized)) -> Result<Sparsity> {
    let tensors = weights(model)
        .into_iter()
        .map(|(_, param)| typed(&param).map(|()| param.tensor().detach()))
        .collect::<Result<Vec<_>>>()?;
    let views: Vec<_> = tensors.iter().map(|t| t.typed::<f32>()).collect();
    dispatch::sparsity(&views)
}

/// Which weights of a network may differ from zero.
///
/// Training moves every weight; after each step of the optimizer [`apply`](Mask::apply) puts the pruned ones back to zero.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    kept: BTreeMap<String, (Param, Vec<bool>)>,
}

impl Mask {
    /// Returns the mask that keeps what is not zero now.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`] unless the weights are `f32`.
    pub fn of_zeros(model: &(impl Module + ?Sized)) -> Result<Self> {
        let mut kept = BTreeMap::new();
        for (name, param) in weights(model) {
            let mask = values(&param)?.iter().map(|v| *v != 0.0).collect();
            kept.insert(name, (param, mask));
        }
        Ok(Self { kept })
    }

    /// Sets every weight that is not kept to zero.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeMismatch`] if the weights have got another type since.
    pub fn apply(&self) -> Result<()> {
        for (param, mask) in self.kept.values() {
            param.update::<f32, _>(|values| {
                for (value, keep) in values.iter_mut().zip(mask) {
                    if !keep {
                        *value = 0.0;
                    }
                }
            })?;
        }
        Ok(())
    }

    /// Returns how many weights are pruned.
    #[must_use]
    pub fn sparsity(&self) -> Sparsity {
        let masks = || self.kept.values().flat_map(|(_, mask)| mask);
        Sparsity { zeros: masks().filter(|k| !**k).count(), weights: masks().count() }
    }
}

/// Sets the `target` share of the weights of `model` to zero, those of the smallest magnitude, and returns the mask of the rest.
///
/// Exactly `round(target·n)` weights become zero; of equal magnitudes the earlier ones go first, in the order of
/// [`named_parameters`](ModuleExt::named_parameters). Biases are untouched.
///
/// # Errors
///
/// - [`Error::InvalidArgument`] if `target` is outside 0 to 1, or a weight is not finite.
/// - [`Error::DTypeUnsupported`] unless the weights are `f32`. Nothing has changed then.
///
/// # Examples
///
/// ```
/// use tinytorch_core::compress::{Scope, magnitude_prune, sparsity};
/// use tinytorch_core::nn::{Linear, Relu, Sequential};
/// use tinytorch_core::Rng;
///
/// let rng = &mut Rng::seed(0);
/// let model = Sequential::new().push(Linear::new(64, 32, rng)?).push(Relu).push(Linear::new(32, 10, rng)?);
/// magnitude_prune(&model, 0.5, Scope::Global)?;
/// assert_eq!(sparsity(&model)?.zeros, (64 * 32 + 32 * 10) / 2);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn magnitude_prune(model: &(impl Module + ?Sized), target: f64, scope: Scope) -> Result<Mask> {
    share(OP, "target", target)?;
    let layers = weights(model);
    let values = layers.iter().map(|(_, p)| values(p)).collect::<Result<Vec<_>>>()?;
    for ((name, _), values) in layers.iter().zip(&values) {
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            let got = format!("{} at {name}[{at}]", values[at]);
            return Err(Error::argument(OP, "weights", got, "finite"));
        }
    }
    let masks = match scope {
        Scope::Global => {
            let mut all = kept(&values.concat(), target)?.into_iter();
            values.iter().map(|v| all.by_ref().take(v.len()).collect()).collect()
        }
        Scope::PerLayer => {
            values.iter().map(|v| kept(v, target)).collect::<Result<Vec<Vec<bool>>>>()?
        }
    };
    let kept = layers.into_iter().zip(masks).map(|((name, p), mask)| (name, (p, mask))).collect();
    let mask = Mask { kept };
    mask.apply()?;
    Ok(mask)
}

/// Which weights stay: of equal magnitudes the earlier ones go first.
fn kept(weights: &[f32], target: f64) -> Result<Vec<bool>> {
    let (threshold, mut ties) = dispatch::magnitude_threshold(weights, target)?;
    let stays = |w: &f32| match w.abs() {
        size if size < threshold => false,
        size if size == threshold && ties > 0 => {
            ties -= 1;
            false
        }
        _ => true,
    };
    Ok(weights.iter().map(stays).collect())
}

/// Keeps the `n` largest of every `m` neighbouring weights of a row (2 of 4 is what sparse tensor cores take), sets the others to
/// zero, and returns the mask. A rest of fewer than `m` weights at the end of a row keeps at most `n`.
///
/// # Errors
///
/// - [`Error::InvalidArgument`] unless 1 ≤ n ≤ m.
/// - [`Error::DTypeUnsupported`] unless the weights are `f32`.
pub fn n_of_m(model: &(impl Module + ?Sized), n: usize, m: usize) -> Result<Mask> {
    if n == 0 || n > m {
        let got = format!("{n} of {m}");
        return Err(Error::argument("n_of_m", "pattern", got, "at least 1 and at most m of m"));
    }
    let mut kept = BTreeMap::new();
    for (name, param) in weights(model) {
        let values = values(&param)?;
        let row = param.shape().dims()[1..].iter().product::<usize>().max(1);
        let mut mask = vec![false; values.len()];
        for start in (0..values.len()).step_by(row) {
            let end = (start + row).min(values.len());
            for group in (start..end).step_by(m) {
                let mut places: Vec<usize> = (group..(group + m).min(end)).collect();
                places.sort_by(|&a, &b| values[b].abs().total_cmp(&values[a].abs()));
                places.into_iter().take(n).for_each(|at| mask[at] = true);
            }
        }
        kept.insert(name, (param, mask));
    }
    let mask = Mask { kept };
    mask.apply()?;
    Ok(mask)
}

/// How the share of zeros grows while a network is trained: fast at first, when many weights are superfluous, slowly at the end.
///
/// s(t) = end + (start − end)·(1 − (t − begin)/(over))³ (Zhu & Gupta, 2017, To prune, or not to prune).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cubic {
    /// Share before the first step of pruning.
    pub start: f64,
    /// Share at the end.
    pub end: f64,
    /// Step at which pruning begins.
    pub begin: u64,
    /// Steps that it takes.
    pub over: u64,
}

impl Cubic {
    /// Returns the share of zeros that a network should have after `step` steps.
    #[must_use]
    pub fn at(&self, step: u64) -> f64 {
        if step <= self.begin {
            return self.start;
        }
        let done = ((step - self.begin) as f64 / self.over.max(1) as f64).min(1.0);
        self.end + (self.start - self.end) * (1.0 - done).powi(3)
    }
}

//! Averages of parameters over training time.

use crate::{Error, Param, Result, Tensor, nn::StateDict, no_grad};

/// Keeps a running average of parameters: s ← d·s + (1 − d)·p after every step, beginning as the parameters are.
///
/// The average of the last 1/(1 − d) or so steps often generalizes better than the parameters themselves, because the noise of
/// single batches cancels.
///
/// # Source
///
/// Polyak & Juditsky (1992), "Acceleration of stochastic approximation by averaging", with exponential weights.
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Param, Tensor, optim::ExponentialMovingAverage};
///
/// let p = Param::new(Tensor::from([4.0_f64]))?;
/// let mut average = ExponentialMovingAverage::new(vec![p.clone()], 0.75)?;
/// p.load(&Tensor::from([8.0_f64]))?;
/// average.update()?;
/// assert_eq!(average.averages()[0].to_vec::<f64>()?, [5.0]); // ¾·4 + ¼·8
/// let during = average.apply(|| p.tensor().to_vec::<f64>())?;
/// assert_eq!((during, p.tensor().to_vec::<f64>()?), (vec![5.0], vec![8.0]));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug)]
pub struct ExponentialMovingAverage {
    params: Vec<Param>,
    averages: Vec<Tensor>,
    decay: f64,
}

impl ExponentialMovingAverage {
    /// Returns the average of `params`, so far their present values.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless `decay` is at least 0 and below 1.
    pub fn new(params: Vec<Param>, decay: f64) -> Result<Self> {
        if !(0.0..1.0).contains(&decay) {
            let need = "at least 0 and below 1";
            return Err(Error::argument("moving average", "decay", decay, need));
        }
        let averages = params.iter().map(|p| p.tensor().detach()).collect();
        Ok(Self { params, averages, decay })
    }

    /// Takes in the present values; call it after every optimizer step.
    ///
    /// # Errors
    ///
    /// None for parameters, which are floats.
    pub fn update(&mut self) -> Result<()> {
        no_grad(|| {
            for (average, param) in self.averages.iter_mut().zip(&self.params) {
                let new = param.tensor().detach().mul_scalar(1.0 - self.decay)?;
                *average = average.mul_scalar(self.decay)?.add(&new)?;
            }
            Ok(())
        })
    }

    /// Returns the averages in the order of the parameters.
    #[must_use]
    pub fn averages(&self) -> &[Tensor] {
        &self.averages
    }

    /// Runs `f` while the parameters hold their averages, and then gives them their own values back, even after a panic.
    ///
    /// # Errors
    ///
    /// What `f` returns.
    pub fn apply<R>(&self, f: impl FnOnce() -> Result<R>) -> Result<R> {
        struct Back<'a>(&'a [Param], Vec<Tensor>);
        impl Drop for Back<'_> {
            fn drop(&mut self) {
                for (param, own) in self.0.iter().zip(&self.1) {
                    // Cannot fail: these are the values of this very parameter.
                    let _ = param.load(own);
                }
            }
        }
        let own = self.params.iter().map(|p| p.tensor().detach()).collect();
        let _back = Back(&self.params, own);
        for (param, average) in self.params.iter().zip(&self.averages) {
            param.load(average)?;
        }
        f()
    }

    /// Returns the averages as `0.average`, `1.average`, .. for a checkpoint.
    #[must_use]
    pub fn state_dict(&self) -> StateDict {
        let named = self.averages.iter().enumerate();
        named.map(|(i, t)| (format!("{i}.average"), t.clone())).collect()
    }

    /// Continues from saved averages. Nothing changes unless all fit.
    ///
    /// # Errors
    ///
    /// [`Error::MissingParameter`], [`Error::UnexpectedParameter`], [`Error::ShapeMismatch`] or [`Error::DTypeMismatch`].
    pub fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        let mut loaded = Vec::with_capacity(self.params.len());
        for (i, param) in self.params.iter().enumerate() {
            let name = format!("{i}.average");
            let Some(average) = state.get(&name) else {
                return Err(Error::MissingParameter { name });
            };
            super::state::check_like("moving average", average, param)?;
            loaded.push(average.detach());
        }
        let known = |name: &str| (0..loaded.len()).any(|i| name == format!("{i}.average"));
        if let Some(name) = state.keys().find(|name| !known(name)) {
            return Err(Error::UnexpectedParameter { name: name.clone() });
        }
        self.averages = loaded;
        Ok(())
    }
}

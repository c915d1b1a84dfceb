//! Dropout: random zeros while training.

use super::{Mode, Module, Visitor};
use crate::nostd::sync::{Mutex, PoisonError};
use crate::{Error, Result, Rng, Tensor, dispatch};

/// Zeroes each element with probability p while training, and divides the others by 1 − p.
///
/// The division keeps the expected value, so that evaluation, which changes nothing, needs no correction. The
/// layer owns its random numbers: two layers from one seed drop the same elements in the same order.
///
/// # Source
///
/// Srivastava et al. (2014), "Dropout: A Simple Way to Prevent Neural Networks from Overfitting"; scaled in training.
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{Dropout, Module, ModuleExt};
/// use tinytorch_core::{DType, Rng, Tensor};
///
/// let layer = Dropout::new(0.5, &mut Rng::seed(1))?;
/// let x = Tensor::ones([1_000], DType::F32)?;
/// assert!(layer.forward(&x)?.to_vec::<f32>()?.iter().all(|&v| v == 0.0 || v == 2.0));
/// layer.train(false);
/// assert!(layer.forward(&x)?.same_values(&x));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Dropout {
    p: f64,
    mode: Mode,
    rng: Mutex<Rng>,
}

impl Dropout {
    /// Returns a layer that drops with probability `p`; its random numbers are split off `rng`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless 0 ≤ p ≤ 1.
    pub fn new(p: f64, rng: &mut Rng) -> Result<Self> {
        if !(0.0..=1.0).contains(&p) {
            return Err(Error::argument("dropout", "p", p, "between 0 and 1"));
        }
        Ok(Self { p, mode: Mode::default(), rng: Mutex::new(rng.split()) })
    }

    /// Returns the probability of a zero.
    #[must_use]
    pub fn p(&self) -> f64 {
        self.p
    }

    /// Returns whether the layer changes anything now: it trains, and p is not 0.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.p > 0.0 && self.mode.is_training()
    }
}

impl Module for Dropout {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        dispatch::dropout_forward(x, self.p, self.mode.is_training(), &mut rng)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.mode(&self.mode);
    }

    fn name(&self) -> &'static str {
        "Dropout"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DType, nn::ModuleExt};

    #[test]
    fn share_of_zeros_mean_and_gradient() {
        let layer = Dropout::new(0.3, &mut Rng::seed(4)).unwrap();
        let x = Tensor::ones([100_000], DType::F64).unwrap().requiring_grad().unwrap();
        let y = layer.forward(&x).unwrap();
        let values = y.to_vec::<f64>().unwrap();
        let zeros = values.iter().filter(|v| **v == 0.0).count() as f64;
        // Five standard deviations of a binomial count: 5·√(100,000·0.3·0.7) = 725.
        assert!((zeros - 30_000.0).abs() < 725.0, "{zeros}");
        assert!(values.iter().all(|&v| v == 0.0 || v == 1.0 / 0.7));
        y.sum(.., false).unwrap().backward().unwrap();
        assert_eq!(x.grad().unwrap().to_vec::<f64>().unwrap(), values, "the mask is the gradient");
    }

    #[test]
    fn nothing_passes_at_1_and_the_gradient_is_0() {
        let layer = Dropout::new(1.0, &mut Rng::seed(4)).unwrap();
        let x = Tensor::from([1.0_f64, -2.0]).requiring_grad().unwrap();
        let y = layer.forward(&x).unwrap();
        assert_eq!(y.to_vec::<f64>().unwrap(), [0.0, 0.0]);
        y.sum(.., false).unwrap().backward().unwrap();
        assert_eq!(x.grad().unwrap().to_vec::<f64>().unwrap(), [0.0, 0.0]);
    }

    #[test]
    fn seeds_repeat_calls_differ_and_evaluation_is_the_identity() {
        let make = || Dropout::new(0.5, &mut Rng::seed(9)).unwrap();
        let (a, b) = (make(), make());
        let x = Tensor::ones([256], DType::F32).unwrap();
        let first = a.forward(&x).unwrap();
        assert!(first.same_values(&b.forward(&x).unwrap()));
        assert!(!first.same_values(&a.forward(&x).unwrap()));
        a.train(false);
        assert!(a.forward(&x).unwrap().same_values(&x));
        for p in [-0.1, 1.1, f64::NAN] {
            assert!(matches!(
                Dropout::new(p, &mut Rng::seed(0)),
                Err(Error::InvalidArgument { name: "p", .. })
            ));
        }
    }
}

//! Losses of real-valued predictions and of probabilities.

use super::{Reduction, same_shape};
use crate::{Error, Result, Tensor};

/// Probabilities are kept this far from 0 and 1, where the logarithm is infinite.
const PROBABILITY_MARGIN: f64 = 1e-7;

impl Tensor {
    /// Returns the squared error `(self - target)²`, reduced.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] unless both have one shape; [`Error::DTypeMismatch`]; [`Error::DTypeUnsupported`].
    #[track_caller]
    pub fn mse_loss(&self, target: &Self, reduction: Reduction) -> Result<Self> {
        same_shape("mse_loss", self, target)?;
        #[cfg(feature = "course")]
        if reduction == Reduction::Mean
            && let Some(loss) = crate::dispatch::mse(self, target)?
        {
            return Ok(loss);
        }
        reduction.apply(&self.sub(target)?.square()?)
    }

    /// Returns the absolute error `|self - target|`, reduced.
    ///
    /// # Errors
    ///
    /// As [`Self::mse_loss`].
    #[track_caller]
    pub fn l1_loss(&self, target: &Self, reduction: Reduction) -> Result<Self> {
        same_shape("l1_loss", self, target)?;
        reduction.apply(&self.sub(target)?.abs()?)
    }

    /// Returns the Huber loss, reduced: `d²/2` for errors `d` up to `delta`, `delta·(d - delta/2)` beyond.
    ///
    /// # Errors
    ///
    /// As [`Self::mse_loss`]; [`Error::InvalidArgument`] unless `delta > 0`.
    #[track_caller]
    pub fn huber_loss(&self, target: &Self, delta: f64, reduction: Reduction) -> Result<Self> {
        same_shape("huber_loss", self, target)?;
        if delta.is_nan() || delta <= 0.0 {
            return Err(Error::argument("huber_loss", "delta", delta, "positive"));
        }
        let d = self.sub(target)?.abs()?;
        let m = d.clamp(None, delta)?;
        reduction.apply(&m.mul(&d.sub(&m.mul_scalar(0.5)?)?)?) // m·(d - m/2), m = min(d, δ)
    }

    /// Returns the binary cross entropy `-t·ln p - (1-t)·ln(1-p)` of probabilities, reduced. Probabilities are moved
    /// into `[1e-7, 1 - 1e-7]` first; prefer [`Self::bce_with_logits_loss`].
    ///
    /// # Errors
    ///
    /// As [`Self::mse_loss`].
    #[track_caller]
    pub fn bce_loss(&self, target: &Self, reduction: Reduction) -> Result<Self> {
        same_shape("bce_loss", self, target)?;
        let p = self.clamp(PROBABILITY_MARGIN, 1.0 - PROBABILITY_MARGIN)?;
        let yes = target.mul(&p.log()?)?;
        let no = target.rsub_scalar(1.0)?.mul(&p.rsub_scalar(1.0)?.log()?)?;
        reduction.apply(&yes.add(&no)?.neg()?)
    }

    /// Returns the binary cross entropy of logits, reduced: exact for any finite logit. `pos_weight` multiplies the loss
    /// of positive targets and broadcasts.
    ///
    /// # Errors
    ///
    /// As [`Self::mse_loss`].
    #[track_caller]
    pub fn bce_with_logits_loss(
        &self,
        target: &Self,
        pos_weight: Option<&Self>,
        reduction: Reduction,
    ) -> Result<Self> {
        same_shape("bce_with_logits_loss", self, target)?;
        let yes = self.log_sigmoid()?; // ln σ(x)
        let no = self.neg()?.log_sigmoid()?; // ln(1 - σ(x))
        let yes = match pos_weight {
            Some(w) => yes.mul(w)?,
            None => yes,
        };
        let sum = target.mul(&yes)?.add(&target.rsub_scalar(1.0)?.mul(&no)?)?;
        reduction.apply(&sum.neg()?)
    }

    /// Returns the divergence `Σ p·(ln p - ln q)` of `q`, given as logarithms in `self`, from the distribution `p`. The
    /// sum is divided by the first axis if `batch_mean`. Terms with `p = 0` are 0.
    ///
    /// # Errors
    ///
    /// As [`Self::mse_loss`]; [`Error::InvalidArgument`] for scalars.
    #[track_caller]
    pub fn kl_div_loss(&self, p: &Self, batch_mean: bool) -> Result<Self> {
        same_shape("kl_div_loss", self, p)?;
        let &[batch, ..] = self.dims() else {
            return Err(Error::argument(
                "kl_div_loss",
                "self",
                "a scalar",
                "a batch of distributions",
            ));
        };
        let zero = p.detach().eq(&p.detach().zeros_like()?)?;
        let ln_p = p.masked_fill(&zero, 1.0)?.log()?;
        let sum = p.mul(&ln_p.sub(&self.masked_fill(&zero, 0.0)?)?)?.sum(.., false)?;
        if batch_mean { sum.div_scalar(batch as f64) } else { Ok(sum) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autograd::{GradCheck, gradcheck};

    fn value(t: Result<Tensor>) -> f64 {
        t.unwrap().item::<f64>().unwrap()
    }

    #[test]
    fn hand_values() {
        let p = Tensor::from([1.0f64, 2.0, 4.0]);
        let t = Tensor::from([1.0f64, 0.0, 1.0]);
        assert_eq!(value(p.mse_loss(&t, Reduction::Sum)), 13.0);
        assert_eq!(value(p.mse_loss(&t, Reduction::Mean)), 13.0 / 3.0);
        assert_eq!(value(p.l1_loss(&t, Reduction::Mean)), 5.0 / 3.0);
        assert_eq!(value(p.huber_loss(&t, 1.0, Reduction::Sum)), 1.5 + 2.5);
        let q = Tensor::from([0.5f64]);
        assert_eq!(
            value(q.bce_loss(&Tensor::from([1.0f64]), Reduction::Sum)),
            core::f64::consts::LN_2
        );
        let x = Tensor::from([0.0f64]);
        let weighted = x.bce_with_logits_loss(
            &Tensor::from([1.0f64]),
            Some(&Tensor::from([3.0f64])),
            Reduction::Sum,
        );
        assert_eq!(value(weighted), 3.0 * core::f64::consts::LN_2);
    }

    #[test]
    fn gradients() {
        let p = Tensor::from([[0.2f64, 0.7], [0.4, 0.9]]);
        let t = Tensor::from([[0.0f64, 1.0], [0.3, 0.5]]);
        let two = [p, t];
        for f in [
            (|i: &[Tensor]| i[0].mse_loss(&i[1], Reduction::Mean))
                as fn(&[Tensor]) -> Result<Tensor>,
            |i| i[0].l1_loss(&i[1], Reduction::Sum),
            |i| i[0].huber_loss(&i[1], 0.3, Reduction::None),
            |i| i[0].bce_loss(&i[1], Reduction::Mean),
            |i| i[0].bce_with_logits_loss(&i[1], None, Reduction::Mean),
        ] {
            gradcheck(f, &two, GradCheck::default()).unwrap();
        }
    }

    #[test]
    fn logits_of_any_size_give_finite_losses() {
        let x = Tensor::from([1e4f32, -1e4, 0.0]).requiring_grad().unwrap();
        let loss = x
            .bce_with_logits_loss(&Tensor::from([0.0f32, 1.0, 0.5]), None, Reduction::Sum)
            .unwrap();
        assert_eq!(loss.item::<f32>().unwrap(), 2e4 + core::f32::consts::LN_2);
        loss.backward().unwrap();
        assert_eq!(x.grad().unwrap().to_vec::<f32>().unwrap(), [1.0, -1.0, 0.0]);
    }

    #[test]
    fn shapes_are_not_broadcast() {
        let p = Tensor::zeros([32, 4], crate::DType::F32).unwrap();
        let t = Tensor::zeros([4], crate::DType::F32).unwrap();
        assert!(matches!(
            p.mse_loss(&t, Reduction::Mean),
            Err(Error::ShapeMismatch { op: "mse_loss", .. })
        ));
    }
}

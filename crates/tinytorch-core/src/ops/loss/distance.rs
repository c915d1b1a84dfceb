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

    /// Returns the smooth absolute error, reduced: `d²/(2·beta)` for errors `d` up to `beta`, `d - beta/2` beyond. It is
    /// the Huber loss divided by its width; 0 gives the absolute error.
    ///
    /// # Errors
    ///
    /// As [`Self::mse_loss`]; [`Error::InvalidArgument`] unless `beta ≥ 0`.
    #[track_caller]
    pub fn smooth_l1_loss(&self, target: &Self, beta: f64, reduction: Reduction) -> Result<Self> {
        same_shape("smooth_l1_loss", self, target)?;
        if beta.is_nan() || beta < 0.0 {
            return Err(Error::argument("smooth_l1_loss", "beta", beta, "at least 0"));
        }
        if beta == 0.0 {
            return self.l1_loss(target, reduction);
        }
        self.huber_loss(target, beta, reduction)?.div_scalar(beta)
    }

    /// Returns the divergence `p·(ln p - ln q)` of `q`, given as logarithms in `self`, from the distribution `p`, reduced.
    /// Terms with `p = 0` are 0. Of the reductions only [`Reduction::BatchMean`] and [`Reduction::Sum`] give the
    /// divergence of distributions; [`Reduction::Mean`] divides by the number of classes too.
    ///
    /// # Errors
    ///
    /// As [`Self::mse_loss`].
    #[track_caller]
    pub fn kl_div_loss(&self, p: &Self, reduction: Reduction) -> Result<Self> {
        same_shape("kl_div_loss", self, p)?;
        let zero = p.detach().eq(&p.detach().zeros_like()?)?;
        let ln_p = p.masked_fill(&zero, 1.0)?.log()?;
        reduction.apply(&p.mul(&ln_p.sub(&self.masked_fill(&zero, 0.0)?)?)?)
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
        // Errors 0, 2 and 3: within 2 a parabola of height 2/2, beyond it 3 - 2/2.
        assert_eq!(value(p.smooth_l1_loss(&t, 2.0, Reduction::Sum)), 1.0 + 2.0);
        assert_eq!(value(p.smooth_l1_loss(&t, 0.0, Reduction::Sum)), 5.0);
        assert_eq!(value(p.mse_loss(&t, Reduction::BatchMean)), 13.0 / 3.0);
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
            |i| i[0].smooth_l1_loss(&i[1], 0.3, Reduction::None),
            |i| i[0].mse_loss(&i[1], Reduction::BatchMean),
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
    fn divergences_by_hand() {
        // KL((1/2, 1/2) ‖ (1/4, 3/4)) = ln 2/2 + ln(2/3)/2; a class of probability 0 costs nothing.
        let q = Tensor::from([[0.25_f64, 0.75], [0.25, 0.75]]).log().unwrap();
        let p = Tensor::from([[0.5_f64, 0.5], [1.0, 0.0]]);
        let first = 0.5 * 2.0_f64.ln() + 0.5 * (2.0_f64 / 3.0).ln();
        let total = first + 4.0_f64.ln();
        for (reduction, want) in [
            (Reduction::Sum, total),
            (Reduction::BatchMean, total / 2.0),
            (Reduction::Mean, total / 4.0),
        ] {
            // Three roundings of numbers below 2.
            assert!((value(q.kl_div_loss(&p, reduction)) - want).abs() < 1e-15);
        }
        let all = q.kl_div_loss(&p, Reduction::None).unwrap();
        assert_eq!((all.dims(), all.to_vec::<f64>().unwrap()[3]), (&[2, 2][..], 0.0));
    }

    #[test]
    fn widths_without_sense_are_named() {
        let x = Tensor::from([1.0_f64]);
        for width in [-1.0, f64::NAN] {
            assert!(matches!(
                x.smooth_l1_loss(&x, width, Reduction::Mean),
                Err(Error::InvalidArgument { name: "beta", .. })
            ));
            assert!(matches!(
                x.huber_loss(&x, width, Reduction::Mean),
                Err(Error::InvalidArgument { name: "delta", .. })
            ));
        }
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

//! How wrong an answer is, as one number to make smaller.
//!
//! Every loss is a small value with its options; the mean over all elements is the default, and
//! [`Reduction`] gives the sum or all losses instead.

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

/// What losses over classes have in common: the same options.
macro_rules! over_classes {
    ($($Loss:ident)*) => {$(
        impl $Loss {
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

            /// Weighs each sample by the weight of its class, `[C]`; the mean divides by the weights used.
            #[must_use]
            pub fn weight(mut self, weight: Tensor) -> Self {
                self.opts.weight = Some(weight);
                self
            }

            /// Sets how the losses of the samples become one result.
            #[must_use]
            pub fn reduction(mut self, reduction: Reduction) -> Self {
                self.opts.reduction = reduction;
                self
            }
        }
    )*};
}

over_classes!(CrossEntropyLoss NllLoss);

impl CrossEntropyLoss {
    /// Spreads the share `smoothing` of every target evenly over all classes.
    #[must_use]
    pub fn label_smoothing(mut self, smoothing: f64) -> Self {
        self.opts.label_smoothing = smoothing;
        self
    }
}

impl Loss for CrossEntropyLoss {
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        output.cross_entropy(target, &self.opts)
    }
}

/// Declares a loss with a reduction: documentation, type, further fields with their defaults, and the formula.
macro_rules! losses {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty = $default:expr),* } by $reduction:ident
        => |$loss:ident, $output:ident, $target:ident| $body:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            reduction: Reduction,
            $($field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { reduction: Reduction::$reduction, $($field: $default,)* }
            }
        }

        impl $name {
            /// Returns the loss with its default options.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }

            /// Sets how the losses of the elements become one result.
            #[must_use]
            pub fn reduction(mut self, reduction: Reduction) -> Self {
                self.reduction = reduction;
                self
            }
        }

        impl Loss for $name {
            fn loss(&self, $output: &Tensor, $target: &Tensor) -> Result<Tensor> {
                let $loss = self;
                $body
            }
        }
    )+};
}

losses! {
    /// The squared error (output − target)², for numbers with normal errors.
    ///
    /// Its gradient 2·(output − target)/N grows with the error: a few outliers rule the rest.
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::nn::{Loss, MseLoss};
    /// use tinytorch_core::Tensor;
    ///
    /// let loss = MseLoss::new().loss(&Tensor::from([1.0_f64, 5.0]), &Tensor::from([0.0_f64, 2.0]))?;
    /// assert_eq!(loss.item::<f64>()?, 5.0); // (1 + 9)/2
    /// # Ok::<(), tinytorch_core::Error>(())
    /// ```
    MseLoss {} by Mean => |loss, output, target| output.mse_loss(target, loss.reduction);

    /// The absolute error |output − target|: every element pulls with the same force, whatever its error.
    L1Loss {} by Mean => |loss, output, target| output.l1_loss(target, loss.reduction);

    /// The Huber loss: d²/2 for errors d up to δ = 1, δ·(d − δ/2) beyond. Outliers pull no harder than δ.
    ///
    /// # Source
    ///
    /// Huber (1964), "Robust Estimation of a Location Parameter".
    HuberLoss { delta: f64 = 1.0 } by Mean
        => |loss, output, target| output.huber_loss(target, loss.delta, loss.reduction);

    /// The Huber loss divided by its width β = 1: d²/(2β) for errors d up to β, d − β/2 beyond.
    ///
    /// # Source
    ///
    /// Girshick (2015), "Fast R-CNN".
    SmoothL1Loss { beta: f64 = 1.0 } by Mean
        => |loss, output, target| output.smooth_l1_loss(target, loss.beta, loss.reduction);

    /// The binary cross entropy −t·ln p − (1 − t)·ln(1 − p) of probabilities, kept within `[1e-7, 1 − 1e-7]`.
    ///
    /// [`BceWithLogitsLoss`] is exact where this one stops.
    BceLoss {} by Mean => |loss, output, target| output.bce_loss(target, loss.reduction);

    /// The binary cross entropy of logits x, max(x, 0) − x·t + ln(1 + e^−|x|): exact for any finite number.
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::nn::{BceWithLogitsLoss, Loss};
    /// use tinytorch_core::Tensor;
    ///
    /// let loss = BceWithLogitsLoss::new();
    /// let wrong = loss.loss(&Tensor::from([1000.0_f64]), &Tensor::from([0.0_f64]))?;
    /// assert_eq!(wrong.item::<f64>()?, 1000.0); // through a probability it would be -ln 0
    /// # Ok::<(), tinytorch_core::Error>(())
    /// ```
    BceWithLogitsLoss { pos_weight: Option<Tensor> = None } by Mean
        => |loss, output, target| {
            output.bce_with_logits_loss(target, loss.pos_weight.as_ref(), loss.reduction)
        };

    /// The divergence p·(ln p − ln q) of outputs ln q from target distributions p, summed over the classes and averaged
    /// over the batch: how many nats worse a code for q is where p holds.
    ///
    /// # Source
    ///
    /// Kullback and Leibler (1951), "On Information and Sufficiency".
    KlDivLoss { log_target: bool = false } by BatchMean => |loss, output, target| {
        if loss.log_target {
            return output.kl_div_loss(&target.exp()?, loss.reduction);
        }
        output.kl_div_loss(target, loss.reduction)
    };
}

impl HuberLoss {
    /// Sets the error δ from which on the loss is straight; it must be positive when the loss is taken.
    #[must_use]
    pub fn delta(self, delta: f64) -> Self {
        Self { delta, ..self }
    }
}

impl SmoothL1Loss {
    /// Sets the error β from which on the loss is straight; 0 gives the absolute error.
    #[must_use]
    pub fn beta(self, beta: f64) -> Self {
        Self { beta, ..self }
    }
}

impl BceWithLogitsLoss {
    /// Multiplies the loss of positive targets by `weight`, which broadcasts over the batch: above 1 finds more of them.
    #[must_use]
    pub fn pos_weight(self, weight: Tensor) -> Self {
        Self { pos_weight: Some(weight), ..self }
    }
}

impl KlDivLoss {
    /// Takes targets as logarithms too.
    #[must_use]
    pub fn log_target(self, log_target: bool) -> Self {
        Self { log_target, ..self }
    }
}

/// The negative log-likelihood −output\[target\] of log-probabilities `[N, C]` with class numbers `[N]`.
///
/// After [`LogSoftmax`](super::LogSoftmax) it is the cross entropy.
#[derive(Debug, Clone, Default)]
pub struct NllLoss {
    opts: CrossEntropyOpts,
}

impl Loss for NllLoss {
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        output.nll_loss(target, &self.opts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Error,
        autograd::{GradCheck, gradcheck},
        nn::{LogSoftmax, Module},
    };

    fn value(loss: &dyn Loss, output: &Tensor, target: &Tensor) -> f64 {
        loss.loss(output, target).unwrap().item::<f64>().unwrap()
    }

    #[test]
    fn hand_values_with_every_option() {
        use Reduction::{BatchMean, Mean, None, Sum};
        // Errors 1, 0, -3.
        let (y, t) = (Tensor::from([[1.0_f64, 2.0, -2.0]]), Tensor::from([[0.0_f64, 2.0, 1.0]]));
        assert_eq!(value(&MseLoss::new(), &y, &t), 10.0 / 3.0);
        assert_eq!(value(&MseLoss::new().reduction(Sum), &y, &t), 10.0);
        assert_eq!(value(&L1Loss::new(), &y, &t), 4.0 / 3.0);
        assert_eq!(value(&L1Loss::new().reduction(BatchMean), &y, &t), 4.0);
        assert_eq!(value(&HuberLoss::new().reduction(Sum), &y, &t), 0.5 + 2.5);
        assert_eq!(value(&HuberLoss::new().delta(2.0).reduction(Sum), &y, &t), 0.5 + 4.0);
        assert_eq!(value(&SmoothL1Loss::new().reduction(Sum), &y, &t), 0.5 + 2.5);
        assert_eq!(value(&SmoothL1Loss::new().beta(2.0).reduction(Sum), &y, &t), 0.25 + 2.0);
        assert_eq!(value(&SmoothL1Loss::new().beta(0.0), &y, &t), 4.0 / 3.0);
        let all = MseLoss::new().reduction(None).loss(&y, &t).unwrap();
        assert_eq!(all.to_vec::<f64>().unwrap(), [1.0, 0.0, 9.0]);
        assert_eq!(value(&MseLoss::new().reduction(Mean), &y, &t), 10.0 / 3.0);
    }

    #[test]
    fn yes_and_no_by_hand() {
        let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-15, "{got} {want}");
        let (p, t) = (Tensor::from([0.25_f64, 0.5]), Tensor::from([1.0_f64, 0.0]));
        // -ln(1/4) and -ln(1/2).
        near(value(&BceLoss::new(), &p, &t), 1.5 * 2.0_f64.ln());
        let logits = Tensor::from([-(3.0_f64.ln()), 0.0]); // of the same probabilities
        near(value(&BceWithLogitsLoss::new(), &logits, &t), 1.5 * 2.0_f64.ln());
        let heavy = BceWithLogitsLoss::new().pos_weight(Tensor::from([3.0_f64]));
        near(value(&heavy, &logits, &t), 3.5 * 2.0_f64.ln());
        // Certain and wrong: the margin of 1e-7 bounds the loss of probabilities.
        let wrong = value(&BceLoss::new(), &Tensor::from([0.0_f64]), &Tensor::from([1.0_f64]));
        near(wrong, -(1e-7_f64.ln()));
    }

    #[test]
    fn classes_by_hand() {
        let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-15, "{got} {want}");
        let p = Tensor::from([[0.5_f64, 0.25, 0.25], [0.125, 0.125, 0.75]]);
        let (ln_p, ids) = (p.log().unwrap(), Tensor::from([1_i64, 0]));
        let ln2 = core::f64::consts::LN_2;
        near(value(&NllLoss::new(), &ln_p, &ids), 2.5 * ln2); // 2·ln 2 and 3·ln 2
        let weights = Tensor::from([3.0_f64, 1.0, 9.0]);
        near(value(&NllLoss::new().weight(weights), &ln_p, &ids), (2.0 + 9.0) / 4.0 * ln2);
        near(value(&NllLoss::new().ignore_index(1), &ln_p, &ids), 3.0 * ln2);
        near(value(&NllLoss::new().reduction(Reduction::Sum), &ln_p, &ids), 5.0 * ln2);
        let ce = CrossEntropyLoss::new();
        near(value(&ce, &ln_p, &ids), 2.5 * ln2); // log-probabilities are logits of themselves
        // Smoothing takes 30 % of the weight and spreads it: 0.7·(true) + 0.3·(mean over classes).
        let mean = |row: [f64; 3]| -(row[0].ln() + row[1].ln() + row[2].ln()) / 3.0;
        let smooth =
            0.7 * 2.5 * ln2 + 0.15 * (mean([0.5, 0.25, 0.25]) + mean([0.125, 0.125, 0.75]));
        near(value(&ce.label_smoothing(0.3), &ln_p, &ids), smooth);
    }

    #[test]
    fn divergence_of_logarithms() {
        let q = Tensor::from([[0.25_f64, 0.75]]).log().unwrap();
        let p = Tensor::from([[0.5_f64, 0.5]]);
        let want = 0.5 * 2.0_f64.ln() + 0.5 * (2.0_f64 / 3.0).ln();
        for got in [
            value(&KlDivLoss::new(), &q, &p),
            value(&KlDivLoss::new().log_target(true), &q, &p.log().unwrap()),
            2.0 * value(&KlDivLoss::new().reduction(Reduction::Mean), &q, &p),
        ] {
            assert!((got - want).abs() < 1e-15, "{got} {want}");
        }
    }

    #[test]
    fn gradients() {
        let y = Tensor::from([[0.2_f64, 0.7, 0.4], [0.4, 0.9, 0.3]]);
        let t = Tensor::from([[0.1_f64, 0.8, 0.5], [0.3, 0.5, 0.6]]);
        let losses: [Box<dyn Loss>; 8] = [
            Box::new(MseLoss::new()),
            Box::new(L1Loss::new()),
            Box::new(HuberLoss::new().delta(0.15)),
            Box::new(SmoothL1Loss::new().beta(0.15)),
            Box::new(BceLoss::new()),
            Box::new(BceWithLogitsLoss::new().reduction(Reduction::Sum)),
            Box::new(KlDivLoss::new()),
            Box::new(KlDivLoss::new().log_target(true)),
        ];
        for (n, loss) in losses.iter().enumerate() {
            let two = [y.clone(), t.clone()];
            gradcheck(|i| loss.loss(&i[0], &i[1]), &two, GradCheck::default())
                .unwrap_or_else(|e| panic!("loss {n}: {e}"));
        }
        let ids = Tensor::from([2_i64, 0]);
        let nll = |i: &[Tensor]| NllLoss::new().loss(&LogSoftmax::default().forward(&i[0])?, &ids);
        gradcheck(nll, &[y], GradCheck::default()).unwrap();
    }

    #[test]
    fn targets_that_do_not_fit_are_named() {
        let (y, t) = (Tensor::from([[0.5_f64, 0.5]]), Tensor::from([0.5_f64, 0.5]));
        let losses: [(&str, Box<dyn Loss>); 7] = [
            ("mse_loss", Box::new(MseLoss::new())),
            ("l1_loss", Box::new(L1Loss::new())),
            ("huber_loss", Box::new(HuberLoss::new())),
            ("smooth_l1_loss", Box::new(SmoothL1Loss::new())),
            ("bce_loss", Box::new(BceLoss::new())),
            ("bce_with_logits_loss", Box::new(BceWithLogitsLoss::new())),
            ("kl_div_loss", Box::new(KlDivLoss::new())),
        ];
        for (name, loss) in losses {
            match loss.loss(&y, &t).unwrap_err() {
                e @ Error::ShapeMismatch { op, .. } => {
                    assert_eq!((op, e.to_string().lines().count()), (name, 3));
                }
                other => panic!("{name}: {other}"),
            }
        }
        let no_class = NllLoss::new().loss(&y, &Tensor::from([2_i64])).unwrap_err();
        assert_eq!(no_class.to_string().lines().count(), 3);
        assert!(matches!(
            HuberLoss::new().delta(0.0).loss(&y, &y),
            Err(Error::InvalidArgument { name: "delta", .. })
        ));
    }
}

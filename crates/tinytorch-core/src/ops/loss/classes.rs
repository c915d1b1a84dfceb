//! Losses of class predictions.

use super::{Reduction, batch};
use crate::{
    DType, Error, Result, Shape, Tensor,
    autograd::{Grads, Op, Saved, is_recording},
    dispatch::{self, Targets},
    ops::support::{on_floats, real_type, same_dtype},
};

/// Options of the class losses.
#[derive(Debug, Clone)]
pub struct CrossEntropyOpts {
    /// Targets with this value do not count. Default -100.
    pub ignore_index: i64,
    /// Share of the target that is spread evenly over all classes, from 0 (default) to 1.
    pub label_smoothing: f64,
    /// Weight of each class; a weighted mean divides by the weights that were used.
    pub weight: Option<Tensor>,
    /// How the losses of the samples become one result.
    pub reduction: Reduction,
}

impl Default for CrossEntropyOpts {
    fn default() -> Self {
        Self { ignore_index: -100, label_smoothing: 0.0, weight: None, reduction: Reduction::Mean }
    }
}

/// `-Σ q·w·ln softmax(x)` with `q` from the targets.
struct CrossEntropy {
    target: Tensor,
    opts: CrossEntropyOpts,
}

impl CrossEntropy {
    /// Moves the class axis last: `[N, C, d..]` becomes rows of `C`.
    fn class_last(x: &Tensor) -> Result<Tensor> {
        let axis = class_axis(x.shape());
        let mut out = x.clone();
        for a in axis..x.rank() - 1 {
            out = out.transpose(a as isize, a as isize + 1)?;
        }
        Ok(out)
    }

    /// The adjoint of [`Self::class_last`].
    fn class_back(x: &Tensor) -> Result<Tensor> {
        let axis = class_axis(x.shape());
        let mut out = x.clone();
        for a in (axis..x.rank() - 1).rev() {
            out = out.transpose(a as isize, a as isize + 1)?;
        }
        Ok(out)
    }

    fn targets(&self, classes: usize) -> Result<Targets> {
        let ids = self.target.to_vec::<i64>()?;
        for (position, &index) in
            ids.iter().enumerate().filter(|(_, t)| **t != self.opts.ignore_index)
        {
            if !(0..classes as i64).contains(&index) {
                return Err(Error::IndexOutOfRange {
                    op: "cross_entropy",
                    index,
                    size: classes,
                    position,
                });
            }
        }
        Ok(Targets {
            ids,
            ignore: self.opts.ignore_index,
            weight: self.opts.weight.as_ref().map(Tensor::to_vec_as::<f64>),
            smoothing: self.opts.label_smoothing,
            classes,
        })
    }

    /// The factor that turns a sum of sample losses into the result.
    fn scale(&self, targets: &Targets) -> f64 {
        match self.opts.reduction {
            Reduction::Mean => targets.total_weight().recip(),
            Reduction::BatchMean => batch(&self.target).recip(),
            Reduction::Sum | Reduction::None => 1.0,
        }
    }
}

impl Op for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }

    fn flops(&self, inputs: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(4 * inputs[0].numel() as u64)
    }

    fn backward_flops(&self, saved: &Saved, _: &Tensor) -> Option<u64> {
        Some(3 * saved.get(0).ok()?.numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let rows = Self::class_last(inputs[0])?;
        let targets = self.targets(rows.dims()[rows.rank() - 1])?;
        saved.keep(inputs[0]);
        let mut log_p = None;
        let losses = on_floats("cross_entropy", &[&rows], |t| {
            Ok(real_type!(t[0].dtype(), T => {
                let lp = dispatch::log_softmax(t[0].typed::<T>(), rows.rank() - 1)?;
                let losses = dispatch::cross_entropy(&lp, &targets);
                log_p = Some(Tensor::own(lp, *rows.shape()));
                Tensor::own(losses, *self.target.shape())
            }))
        })?;
        if let Some(log_p) = log_p {
            saved.keep(&log_p);
        }
        #[cfg(feature = "course")]
        if self.opts.reduction == Reduction::Mean
            && let Some(loss) = dispatch::mean_cross_entropy(&rows, &targets)?
        {
            return Tensor::full((), f64::from(loss), losses.dtype());
        }
        match self.opts.reduction {
            Reduction::None => Ok(losses),
            // Dividing by the total keeps the order of operations of the definition: sum, then one division.
            Reduction::Mean => losses.sum(.., false)?.div_scalar(targets.total_weight()),
            Reduction::BatchMean => losses.sum(.., false)?.div_scalar(batch(&self.target)),
            Reduction::Sum => losses.sum(.., false),
        }
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let log_p = saved.get(1)?;
        let targets = self.targets(log_p.dims()[log_p.rank() - 1])?;
        let scale = self.scale(&targets);
        if is_recording() {
            return Ok([self.recorded(saved.get(0)?, grad, &targets, scale)?].into());
        }
        // log_p is f32 for 16-bit logits.
        let rows = grad.to_dtype(log_p.dtype())?.contiguous();
        let dx = real_type!(log_p.dtype(), T => {
            let dx = dispatch::cross_entropy_backward(log_p.typed::<T>().data, rows.as_slice::<T>()?, &targets, scale);
            Tensor::own(dx, *log_p.shape())
        });
        Ok([Self::class_back(&dx)?.to_dtype(grad.dtype())?].into())
    }
}

impl CrossEntropy {
    /// The gradient `(softmax·Σ q·w - q·w)·g` as recorded operations.
    fn recorded(&self, x: &Tensor, grad: &Tensor, targets: &Targets, scale: f64) -> Result<Tensor> {
        let rows = Self::class_last(x)?;
        let qw = Tensor::from_vec(targets.dense(), rows.shape())?.to_dtype(x.dtype())?;
        let p = rows.softmax(-1)?;
        let slope = p.mul(&qw.sum(-1, true)?)?.sub(&qw)?.mul_scalar(scale)?;
        let g = if grad.rank() == 0 { grad.clone() } else { grad.unsqueeze(-1)? };
        Self::class_back(&slope.mul(&g)?)
    }
}

/// Axis 1 for batches, axis 0 for a single sample.
fn class_axis(shape: &Shape) -> usize {
    usize::from(shape.rank() > 1)
}

/// Checks shapes, types and options of a class loss.
fn check(op: &'static str, x: &Tensor, target: &Tensor, opts: &CrossEntropyOpts) -> Result<()> {
    if x.rank() == 0 {
        return Err(Error::argument(op, "logits", "a scalar", "[N, C], [N, C, d..] or [C]"));
    }
    let classes = x.dims()[class_axis(x.shape())];
    let want = x.shape().remove(class_axis(x.shape()));
    if *target.shape() != want {
        return Err(Error::shapes(
            op,
            (x.shape(), target.shape()),
            format!("the target should be {want}"),
            "the target has the axes of the logits [N, C, d..] without the class axis",
            "pass class ids, not one-hot rows; soft targets have their own loss",
        ));
    }
    if target.dtype() != DType::I64 {
        return Err(Error::dtype(op, target.dtype(), "i64 for class ids"));
    }
    if !(0.0..=1.0).contains(&opts.label_smoothing) {
        return Err(Error::argument(
            op,
            "label_smoothing",
            opts.label_smoothing,
            "between 0 and 1",
        ));
    }
    if let Some(w) = opts.weight.as_ref().filter(|w| w.dims() != [classes]) {
        return Err(Error::argument(
            op,
            "weight",
            format!("of shape {}", w.shape()),
            format!("[{classes}], one per class"),
        ));
    }
    opts.weight.as_ref().map_or(Ok(()), |w| same_dtype(op, x, w))
}

impl Tensor {
    /// Returns `-ln softmax(self)[target]`, reduced: the loss of logits against class ids.
    ///
    /// # Shapes
    ///
    /// `self: [N, C]` or `[N, C, d..]` or `[C]`, `target` (`i64`) the same without the class axis.
    ///
    /// # Numerics
    ///
    /// Through log-softmax: finite for any finite logits. If every target is ignored the mean is NaN, since it has no
    /// terms.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`], [`Error::InvalidArgument`] or [`Error::DTypeUnsupported`] for operands and options that
    /// do not fit; [`Error::IndexOutOfRange`] for a target that is no class and not ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::{Tensor, ops::CrossEntropyOpts};
    ///
    /// let logits = Tensor::from([[0.0f64, 0.0], [0.0, 0.0]]);
    /// let loss = logits.cross_entropy(&Tensor::from([0i64, 1]), &CrossEntropyOpts::default())?;
    /// assert_eq!(loss.item::<f64>()?, 2.0f64.ln());
    /// # Ok::<(), tinytorch_core::Error>(())
    /// ```
    #[track_caller]
    pub fn cross_entropy(&self, target: &Self, opts: &CrossEntropyOpts) -> Result<Self> {
        check("cross_entropy", self, target, opts)?;
        Self::apply(CrossEntropy { target: target.detach(), opts: opts.clone() }, &[self])
    }

    /// Returns `-self[target]`, reduced: the loss of log-probabilities against class ids. `label_smoothing` is not used.
    ///
    /// # Shapes
    ///
    /// As [`Self::cross_entropy`].
    ///
    /// # Errors
    ///
    /// As [`Self::cross_entropy`].
    #[track_caller]
    pub fn nll_loss(&self, target: &Self, opts: &CrossEntropyOpts) -> Result<Self> {
        check("nll_loss", self, target, opts)?;
        let axis = class_axis(self.shape()) as isize;
        let ignored = target.eq(&Self::scalar(opts.ignore_index))?;
        let ids = target.masked_fill(&ignored, 0.0)?;
        let picked =
            self.gather(axis, &ids.unsqueeze(axis)?)?.squeeze(axis)?.masked_fill(&ignored, 0.0)?;
        let used = ignored.logical_not()?.to_dtype(self.dtype())?;
        let used = match &opts.weight {
            Some(w) => {
                used.mul(&w.index_select(0, &ids.reshape([ids.numel()])?)?.reshape(ids.shape())?)?
            }
            None => used,
        };
        let losses = picked.mul(&used)?.neg()?;
        match opts.reduction {
            Reduction::Mean => losses.sum(.., false)?.div(&used.sum(.., false)?),
            other => other.apply(&losses),
        }
    }

    /// Returns `-Σ target·ln softmax(self)` over the class axis, reduced over the samples: the loss of logits against
    /// probabilities.
    ///
    /// # Shapes
    ///
    /// `self` and `target`: `[N, C]` or `[N, C, d..]` or `[C]`.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`]; [`Error::DTypeMismatch`]; [`Error::DTypeUnsupported`]; [`Error::InvalidArgument`] for a
    /// scalar.
    #[track_caller]
    pub fn cross_entropy_soft(&self, target: &Self, reduction: Reduction) -> Result<Self> {
        super::same_shape("cross_entropy_soft", self, target)?;
        if self.rank() == 0 {
            return Err(Error::argument(
                "cross_entropy_soft",
                "logits",
                "a scalar",
                "[N, C], [N, C, d..] or [C]",
            ));
        }
        let axis = class_axis(self.shape()) as isize;
        reduction.apply(&target.mul(&self.log_softmax(axis)?)?.sum(axis, false)?.neg()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        autograd::{GradCheck, GradOpts, grad, gradcheck},
        slots,
    };

    fn logits() -> Tensor {
        Tensor::from([[0.2f64, -1.0, 0.7], [1.5, 0.0, -0.4], [0.1, 0.1, 0.1], [2.0, -2.0, 0.5]])
    }

    #[test]
    fn agrees_with_the_plain_form() {
        let (x, ids) = (logits(), [2i64, 0, 1, -100]);
        let leaf = x.requiring_grad().unwrap();
        let loss = leaf.cross_entropy(&Tensor::from(ids), &CrossEntropyOpts::default()).unwrap();
        let plain = slots::losses::cross_entropy(x.typed::<f64>(), &ids, -100);
        assert!((loss.item::<f64>().unwrap() - plain).abs() < 1e-15);
        loss.backward().unwrap();
        let plain = slots::losses::cross_entropy_backward(x.typed::<f64>(), &ids, -100);
        let got = leaf.grad().unwrap().to_vec::<f64>().unwrap();
        assert!(got.iter().zip(&plain).all(|(a, b)| (a - b).abs() < 1e-16), "{got:?} {plain:?}");
    }

    #[test]
    fn every_option_has_the_right_gradient_and_the_recorded_rule_agrees() {
        let target = Tensor::from([2i64, 0, 1, -100]);
        for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None, Reduction::BatchMean] {
            for smoothing in [0.0, 0.2] {
                for weight in [None, Some(Tensor::from([0.5f64, 2.0, 1.0]))] {
                    let opts = CrossEntropyOpts {
                        label_smoothing: smoothing,
                        weight,
                        reduction,
                        ..Default::default()
                    };
                    let f = |i: &[Tensor]| i[0].cross_entropy(&target, &opts);
                    gradcheck(f, &[logits()], GradCheck::default()).unwrap();
                    let x = logits().requiring_grad().unwrap();
                    let y = x.cross_entropy(&target, &opts).unwrap().sum(.., false).unwrap();
                    let both = [false, true].map(|create_graph| {
                        let opts =
                            GradOpts { create_graph, retain_graph: true, ..GradOpts::default() };
                        grad(&[&y], &[&x], opts)
                            .unwrap()
                            .remove(0)
                            .unwrap()
                            .to_vec::<f64>()
                            .unwrap()
                    });
                    assert!(both[0].iter().zip(&both[1]).all(|(a, b)| (a - b).abs() < 1e-15));
                }
            }
        }
    }

    #[test]
    fn a_class_axis_in_the_middle() {
        let x = Tensor::from_vec((0..24).map(|i| (f64::from(i) * 0.7).sin()).collect(), [2, 3, 4])
            .unwrap();
        let target = Tensor::from([[0i64, 2, 1, 0], [1, 1, 2, 0]]);
        let f = |i: &[Tensor]| i[0].cross_entropy(&target, &CrossEntropyOpts::default());
        gradcheck(f, core::slice::from_ref(&x), GradCheck::default()).unwrap();
        let nll =
            x.log_softmax(1).unwrap().nll_loss(&target, &CrossEntropyOpts::default()).unwrap();
        assert!(
            (nll.item::<f64>().unwrap() - f(&[x]).unwrap().item::<f64>().unwrap()).abs() < 1e-15
        );
    }

    #[test]
    fn bad_targets_are_named() {
        let x = logits();
        let at = |ids: [i64; 4]| x.cross_entropy(&Tensor::from(ids), &CrossEntropyOpts::default());
        assert!(matches!(
            at([0, 3, 0, 0]),
            Err(Error::IndexOutOfRange { index: 3, size: 3, position: 1, .. })
        ));
        assert!(matches!(
            at([0, 0, -1, 0]),
            Err(Error::IndexOutOfRange { index: -1, position: 2, .. })
        ));
        assert!(at([-100; 4]).unwrap().item::<f64>().unwrap().is_nan());
        let one_hot = Tensor::from([[1i64, 0, 0]; 4]);
        assert!(matches!(
            x.cross_entropy(&one_hot, &CrossEntropyOpts::default()),
            Err(Error::ShapeMismatch { .. })
        ));
    }
}

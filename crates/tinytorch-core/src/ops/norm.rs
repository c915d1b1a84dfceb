//! Normalization layers as operations.

use crate::nostd::prelude::*;
use crate::{
    DType, Error, Result, Tensor,
    autograd::{Grads, Op, Saved, is_recording},
    dispatch,
    kernels::norm::RowNorm,
    ops::{
        broadcast::sum_to,
        support::{on_floats, real_type, same_dtype},
    },
};

/// Normalization over the last axes, with optional weight and bias.
#[derive(Debug, Clone, Copy)]
struct NormOp {
    rows: RowNorm,
    axes: usize,
    has_weight: bool,
}

impl NormOp {
    fn parts<'a>(
        &self,
        inputs: &[&'a Tensor],
    ) -> (&'a Tensor, Option<&'a Tensor>, Option<&'a Tensor>) {
        let weight = self.has_weight.then(|| inputs[1]);
        (inputs[0], weight, inputs.get(1 + usize::from(self.has_weight)).copied())
    }

    /// The rule as tensor operations, with the statistics taken from `x` again, so that they are differentiated too.
    fn recorded(
        &self,
        x: &Tensor,
        w: Option<&Tensor>,
        grad: &Tensor,
        saved: &Saved,
    ) -> Result<Grads> {
        let axes: Vec<usize> = (x.rank() - self.axes..x.rank()).collect();
        let centered = if self.rows.centered { x.sub(&x.mean(&axes, true)?)? } else { x.clone() };
        let rstd = centered.square()?.mean(&axes, true)?.add_scalar(self.rows.eps)?.rsqrt()?;
        let hat = centered.mul(&rstd)?;
        let h = w.map_or_else(|| Ok(grad.clone()), |w| grad.mul(w))?;
        let mut inner = h.sub(&hat.mul(&h.mul(&hat)?.mean(&axes, true)?)?)?;
        if self.rows.centered {
            inner = inner.sub(&h.mean(&axes, true)?)?;
        }
        let dx = rstd.mul(&inner)?;
        let dw = match w {
            Some(_) => saved.input_shape(1).map(|s| sum_to(&grad.mul(&hat)?, s)).transpose()?,
            None => None,
        };
        let db = saved
            .input_shape(1 + usize::from(self.has_weight))
            .map(|s| sum_to(grad, s))
            .transpose()?;
        Ok(if self.has_weight { [Some(dx), dw, db].into() } else { [Some(dx), db].into() })
    }
}

impl Op for NormOp {
    fn name(&self) -> &'static str {
        if self.rows.centered { "layer_norm" } else { "rms_norm" }
    }

    fn flops(&self, _: &[&Tensor], out: &Tensor) -> Option<u64> {
        Some(7 * out.numel() as u64)
    }

    fn backward_flops(&self, _: &Saved, grad: &Tensor) -> Option<u64> {
        Some(13 * grad.numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let mut statistics = None;
        let y = on_floats(self.name(), inputs, |t| {
            let (x, w, b) = self.parts(t);
            let (x, w, b) = (x.contiguous(), w.map(Tensor::contiguous), b.map(Tensor::contiguous));
            Ok(real_type!(x.dtype(), T => {
                let w = w.as_ref().map(|w| w.as_slice::<T>()).transpose()?;
                let b = b.as_ref().map(|b| b.as_slice::<T>()).transpose()?;
                let (y, mean, rstd) = dispatch::layer_norm(&self.rows, x.as_slice::<T>()?, w, b)?;
                let n = crate::Shape::new(&[mean.len()])?;
                statistics = Some((Tensor::own(mean, n), Tensor::own(rstd, n)));
                Tensor::own(y, *x.shape())
            }))
        })?;
        if let Some((mean, rstd)) = statistics {
            saved.keep(inputs[0]);
            saved.keep(&mean);
            saved.keep(&rstd);
            saved.keep_if(self.has_weight, inputs[usize::from(self.has_weight)]);
        }
        Ok(y)
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let x = saved.get(0)?;
        let w = self.has_weight.then(|| saved.get(3)).transpose()?;
        if is_recording() {
            return self.recorded(x, w, grad, saved);
        }
        let dtype = saved.get(1)?.dtype(); // f32 for 16-bit inputs
        let wide = |t: &Tensor| t.cast(dtype).contiguous();
        let (x, g, w) = (wide(x), wide(grad), w.map(wide));
        let back = |t: Tensor| t.cast(grad.dtype());
        let (dx, dw, db) = real_type!(dtype, T => {
            let w = w.as_ref().map(|w| w.as_slice::<T>()).transpose()?;
            let statistics = (saved.get(1)?.as_slice::<T>()?, saved.get(2)?.as_slice::<T>()?);
            let (dx, dw, db) = self.rows.backward(x.as_slice::<T>()?, g.as_slice::<T>()?, w, statistics);
            let tail = crate::Shape::new(&x.dims()[x.rank() - self.axes..])?;
            (Tensor::own(dx, *x.shape()), Tensor::own(dw, tail), Tensor::own(db, tail))
        });
        let (dx, dw, db) = (Some(back(dx)), Some(back(dw)), Some(back(db)));
        Ok(if self.has_weight { [dx, dw, db].into() } else { [dx, db].into() })
    }
}

/// How batch normalization runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNormOpts {
    /// Use the statistics of the batch; otherwise the running ones.
    pub training: bool,
    /// Share of the batch in the new running statistics. Default 0.1.
    pub momentum: f64,
    /// Added to the variance, inside the root. Default 1e-5.
    pub eps: f64,
}

impl Default for BatchNormOpts {
    fn default() -> Self {
        Self { training: true, momentum: 0.1, eps: 1e-5 }
    }
}

impl Tensor {
    /// Returns `(x - mean)/√(var + eps)·weight + bias`, with the mean and the biased variance taken over the last axes,
    /// whose sizes are `normalized`.
    ///
    /// # Shapes
    ///
    /// `self: [.., normalized..]`, `weight` and `bias`: `normalized`.
    ///
    /// # Numerics
    ///
    /// Two passes, pairwise; 16-bit inputs in `f32`.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] unless the shapes fit; [`Error::DTypeMismatch`]; [`Error::DTypeUnsupported`].
    ///
    /// # Source
    ///
    /// Ba, Kiros & Hinton (2016), "Layer Normalization".
    #[track_caller]
    pub fn layer_norm(
        &self,
        normalized: &[usize],
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Result<Self> {
        self.norm_rows("layer_norm", normalized, weight, bias, (eps, true))
    }

    /// Returns `x/√(mean(x²) + eps)·weight`, with the mean taken over the last axes, whose sizes are `normalized`.
    ///
    /// # Shapes
    ///
    /// `self: [.., normalized..]`, `weight: normalized`.
    ///
    /// # Errors
    ///
    /// As [`Self::layer_norm`].
    ///
    /// # Source
    ///
    /// Zhang & Sennrich (2019), "Root Mean Square Layer Normalization".
    #[track_caller]
    pub fn rms_norm(&self, normalized: &[usize], weight: Option<&Self>, eps: f64) -> Result<Self> {
        self.norm_rows("rms_norm", normalized, weight, None, (eps, false))
    }

    #[track_caller]
    fn norm_rows(
        &self,
        op: &'static str,
        normalized: &[usize],
        weight: Option<&Self>,
        bias: Option<&Self>,
        (eps, centered): (f64, bool),
    ) -> Result<Self> {
        let mismatch = |other: &[usize], detail: String| {
            Error::shapes(
                op,
                (self.shape(), other),
                detail,
                "the normalized sizes are those of the last axes, and weight and bias have exactly them",
                "check the width the layer was built for",
            )
        };
        if normalized.is_empty() || !self.dims().ends_with(normalized) {
            return Err(mismatch(normalized, format!("the last axes are not {normalized:?}")));
        }
        let mut inputs = vec![self];
        for (name, part) in [("weight", weight), ("bias", bias)] {
            if let Some(part) = part {
                same_dtype(op, self, part)?;
                if part.dims() != normalized {
                    return Err(mismatch(
                        part.shape(),
                        format!("the {name} is not {normalized:?}"),
                    ));
                }
                inputs.push(part);
            }
        }
        let rows = RowNorm { len: normalized.iter().product(), eps, centered };
        Self::apply(NormOp { rows, axes: normalized.len(), has_weight: weight.is_some() }, &inputs)
    }

    /// Returns the channels normalized in groups: mean and variance are taken over the channels of a group and all
    /// positions of one sample.
    ///
    /// # Shapes
    ///
    /// `self: [N, C, ..]`, `weight` and `bias`: `[C]`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the groups do not divide the channels or there are fewer than two axes;
    /// [`Error::ShapeMismatch`]; [`Error::DTypeMismatch`]; [`Error::DTypeUnsupported`].
    ///
    /// # Source
    ///
    /// Wu & He (2018), "Group Normalization".
    #[track_caller]
    pub fn group_norm(
        &self,
        groups: usize,
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Result<Self> {
        let &[n, c, ..] = self.dims() else {
            return Err(Error::argument(
                "group_norm",
                "self",
                format!("of shape {}", self.shape()),
                "[N, C, ..]",
            ));
        };
        if groups == 0 || c % groups != 0 {
            return Err(Error::argument(
                "group_norm",
                "groups",
                groups,
                format!("a divisor of the {c} channels"),
            ));
        }
        let len = c / groups * self.dims()[2..].iter().product::<usize>();
        let y = self
            .reshape([n, groups, len])?
            .layer_norm(&[len], None, None, eps)?
            .reshape(self.shape())?;
        y.per_channel("group_norm", weight, bias)
    }

    /// Returns the channels normalized over the batch and all positions, with the running mean and variance after this
    /// batch: `new = (1 - momentum)·running + momentum·batch`. The batch is normalized with the biased variance, the
    /// running one is unbiased. Outside training the running statistics normalize and stay as they are.
    ///
    /// # Shapes
    ///
    /// `self: [N, C, ..]`, everything else `[C]`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for fewer than two axes, or for training with one value per channel;
    /// [`Error::ShapeMismatch`]; [`Error::DTypeMismatch`]; [`Error::DTypeUnsupported`].
    ///
    /// # Source
    ///
    /// Ioffe & Szegedy (2015), "Batch Normalization".
    #[track_caller]
    pub fn batch_norm(
        &self,
        (weight, bias): (Option<&Self>, Option<&Self>),
        (running_mean, running_var): (&Self, &Self),
        opts: &BatchNormOpts,
    ) -> Result<(Self, Self, Self)> {
        let op = "batch_norm";
        let &[_, c, ..] = self.dims() else {
            return Err(Error::argument(
                op,
                "self",
                format!("of shape {}", self.shape()),
                "[N, C, ..]",
            ));
        };
        if !self.dtype().is_float() {
            return Err(Error::dtype(op, self.dtype(), "f32, f64, f16 or bf16"));
        }
        for running in [running_mean, running_var] {
            self.check_channels(op, running)?;
        }
        if self.dtype().is_half() {
            let wide = |t: &Self| t.to_dtype(DType::F32);
            let (w, b) = (weight.map(wide).transpose()?, bias.map(wide).transpose()?);
            let running = (wide(running_mean)?, wide(running_var)?);
            let (y, mean, var) =
                wide(self)?.batch_norm((w.as_ref(), b.as_ref()), (&running.0, &running.1), opts)?;
            return Ok((
                y.to_dtype(self.dtype())?,
                mean.to_dtype(self.dtype())?,
                var.to_dtype(self.dtype())?,
            ));
        }
        let column = |t: &Self| -> Result<Self> {
            let mut shape = vec![1; self.rank() - 1];
            shape[0] = c;
            t.reshape(&shape)
        };
        if !opts.training {
            let rstd = running_var.add_scalar(opts.eps)?.rsqrt()?;
            let y = self.sub(&column(running_mean)?)?.mul(&column(&rstd)?)?;
            return Ok((
                y.per_channel(op, weight, bias)?,
                running_mean.clone(),
                running_var.clone(),
            ));
        }
        let count = self.numel() / c.max(1);
        if count < 2 {
            let need = "more than one value per channel: their variance is needed";
            return Err(Error::argument(op, "self", format!("of shape {}", self.shape()), need));
        }
        let axes: Vec<usize> = (0..self.rank()).filter(|&a| a != 1).collect();
        let mean = self.mean(&axes, true)?;
        let centered = self.sub(&mean)?;
        let var = centered.square()?.mean(&axes, true)?;
        let y = centered.mul(&var.add_scalar(opts.eps)?.rsqrt()?)?;
        let blend = |running: &Self, batch: &Self, factor: f64| -> Result<Self> {
            let batch = batch.detach().reshape([c])?.mul_scalar(opts.momentum * factor)?;
            running.detach().mul_scalar(1.0 - opts.momentum)?.add(&batch)
        };
        let unbiased = count as f64 / (count - 1) as f64;
        Ok((
            y.per_channel(op, weight, bias)?,
            blend(running_mean, &mean, 1.0)?,
            blend(running_var, &var, unbiased)?,
        ))
    }

    #[track_caller]
    fn check_channels(&self, op: &'static str, t: &Self) -> Result<()> {
        same_dtype(op, self, t)?;
        if t.dims() == [self.dims()[1]] {
            return Ok(());
        }
        Err(Error::shapes(
            op,
            (self.shape(), t.shape()),
            format!("{} channels", self.dims()[1]),
            "weight, bias and statistics have one number per channel",
            "check the number of channels the layer was built for",
        ))
    }

    /// Multiplies and shifts each channel.
    #[track_caller]
    fn per_channel(
        &self,
        op: &'static str,
        weight: Option<&Self>,
        bias: Option<&Self>,
    ) -> Result<Self> {
        let mut shape = vec![1; self.rank() - 1];
        shape[0] = self.dims()[1];
        let mut out = self.clone();
        if let Some(w) = weight {
            self.check_channels(op, w)?;
            out = out.mul(&w.reshape(&shape)?)?;
        }
        if let Some(b) = bias {
            self.check_channels(op, b)?;
            out = out.add(&b.reshape(&shape)?)?;
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autograd::{GradCheck, GradOpts, grad, gradcheck};

    fn wave(shape: &[usize], step: f64) -> Tensor {
        let n: usize = shape.iter().product();
        Tensor::from_vec((0..n).map(|i| (i as f64 * step).sin() + 0.2).collect(), shape).unwrap()
    }

    fn unit(n: usize) -> Tensor {
        Tensor::ones([n], crate::DType::F64).unwrap()
    }

    #[test]
    fn rows_have_mean_0_and_variance_1() {
        let x = wave(&[40, 50], 0.37).mul_scalar(1e3).unwrap().add_scalar(1e6).unwrap();
        let y = x.layer_norm(&[50], None, None, 0.0).unwrap();
        let mean = y
            .mean(-1, false)
            .unwrap()
            .abs()
            .unwrap()
            .amax(.., false)
            .unwrap()
            .item::<f64>()
            .unwrap();
        let var = y
            .var(-1, 0, false)
            .unwrap()
            .sub_scalar(1.0)
            .unwrap()
            .abs()
            .unwrap()
            .amax(.., false)
            .unwrap();
        assert!(mean < 1e-9 && var.item::<f64>().unwrap() < 1e-9);
        let z = x.rms_norm(&[50], None, 0.0).unwrap().square().unwrap().mean(-1, false).unwrap();
        assert!(z.to_vec::<f64>().unwrap().iter().all(|v| (v - 1.0).abs() < 1e-12));
    }

    #[test]
    fn gradients() {
        let inputs = [wave(&[3, 2, 4], 0.7), wave(&[2, 4], 0.9), wave(&[2, 4], 1.1)];
        let check = GradCheck::default();
        gradcheck(|i| i[0].layer_norm(&[2, 4], Some(&i[1]), Some(&i[2]), 1e-5), &inputs, check)
            .unwrap();
        gradcheck(|i| i[0].layer_norm(&[2, 4], None, Some(&i[2]), 1e-5), &inputs, check).unwrap();
        gradcheck(|i| i[0].layer_norm(&[4], None, None, 1e-5), &inputs[..1], check).unwrap();
        gradcheck(|i| i[0].rms_norm(&[2, 4], Some(&i[1]), 1e-5), &inputs, check).unwrap();
        let inputs = [wave(&[3, 4, 2, 2], 0.7), wave(&[4], 0.9), wave(&[4], 1.1)];
        gradcheck(|i| i[0].group_norm(2, Some(&i[1]), Some(&i[2]), 1e-5), &inputs, check).unwrap();
        for training in [true, false] {
            let opts = BatchNormOpts { training, ..BatchNormOpts::default() };
            let running = (Tensor::zeros([4], crate::DType::F64).unwrap(), unit(4));
            let f = |i: &[Tensor]| {
                Ok(i[0].batch_norm((Some(&i[1]), Some(&i[2])), (&running.0, &running.1), &opts)?.0)
            };
            gradcheck(f, &inputs, check).unwrap();
        }
    }

    #[test]
    fn the_recorded_rule_agrees() {
        let x = wave(&[70, 6], 0.7).requiring_grad().unwrap();
        let (w, b) =
            (wave(&[6], 0.9).requiring_grad().unwrap(), wave(&[6], 1.1).requiring_grad().unwrap());
        for y in [x.layer_norm(&[6], Some(&w), Some(&b), 1e-5), x.rms_norm(&[6], Some(&w), 1e-5)] {
            let y = y.unwrap().tanh().unwrap().sum(.., false).unwrap();
            let both = [false, true].map(|create_graph| {
                let opts = GradOpts {
                    create_graph,
                    retain_graph: true,
                    allow_unused: true,
                    ..GradOpts::default()
                };
                grad(&[&y], &[&x, &w, &b], opts).unwrap()
            });
            for (a, b) in
                both[0].iter().zip(&both[1]).filter_map(|(a, b)| a.as_ref().zip(b.as_ref()))
            {
                let difference = a
                    .sub(b)
                    .unwrap()
                    .abs()
                    .unwrap()
                    .amax(.., false)
                    .unwrap()
                    .item::<f64>()
                    .unwrap();
                assert!(difference < 1e-13, "{difference}");
            }
        }
    }

    #[test]
    fn shapes_are_checked() {
        let x = wave(&[2, 4], 1.0);
        assert!(matches!(x.layer_norm(&[3], None, None, 1e-5), Err(Error::ShapeMismatch { .. })));
        assert!(matches!(x.layer_norm(&[], None, None, 1e-5), Err(Error::ShapeMismatch { .. })));
        assert!(matches!(
            x.layer_norm(&[4], Some(&unit(3)), None, 1e-5),
            Err(Error::ShapeMismatch { .. })
        ));
        assert!(matches!(
            x.group_norm(3, None, None, 1e-5),
            Err(Error::InvalidArgument { name: "groups", .. })
        ));
        let one = (unit(4), unit(4));
        let single = wave(&[1, 4], 1.0).batch_norm(
            (None, None),
            (&one.0, &one.1),
            &BatchNormOpts::default(),
        );
        assert!(matches!(single, Err(Error::InvalidArgument { .. })));
    }
}

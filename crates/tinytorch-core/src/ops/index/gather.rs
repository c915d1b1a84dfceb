//! Gather and scatter: one index per element.

use super::checked;
use crate::nostd::prelude::*;
use crate::{
    Error, Result, Shape, Tensor,
    autograd::{Grads, Op, Saved},
    ops::support::{number_type, on_numbers, same_dtype},
    tensor::{Number, View, each_type, position},
};

/// Where each element of a tensor of shape `index` lies in a row-major tensor of shape `shape`, when its position along
/// `axis` is taken from `index`.
fn places(index: &[usize], index_shape: &Shape, shape: &Shape, axis: usize) -> Vec<usize> {
    let strides = crate::dispatch::row_major_strides(shape);
    let step = strides[axis];
    let mut along = strides;
    along[axis] = 0;
    let rank = shape.rank();
    index
        .iter()
        .enumerate()
        .map(|(n, &i)| position(n, index_shape, &along[..rank]) + i * step)
        .collect()
}

/// Checks that an index tensor lies inside the other axes of `x` and returns the places it names.
fn resolve(op: &'static str, x: &Shape, axis: usize, index: &Tensor) -> Result<Vec<usize>> {
    let fits = index.rank() == x.rank()
        && index.dims().iter().zip(x.iter()).enumerate().all(|(a, (i, d))| a == axis || i <= d);
    if !fits {
        return Err(Error::shapes(
            op,
            (x, index.shape()),
            "the index has another rank, or is larger on an axis other than the indexed one",
            "there is one index per element; it selects only along the named axis",
            "expand or slice the index to the sizes of the tensor on all other axes",
        ));
    }
    let ids = checked(op, index, x[axis])?;
    Ok(places(&ids, index.shape(), x, axis))
}

/// `out[.., i, ..] = x[.., index[.., i, ..], ..]`
struct Gather {
    axis: usize,
    index: Tensor,
}

impl Op for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let x = inputs[0];
        let places = resolve("gather", x.shape(), self.axis, &self.index)?;
        Ok(each_type!(x.dtype(), T => {
            let data = x.typed::<T>().to_contiguous();
            Tensor::own(places.iter().map(|&p| data[p]).collect(), *self.index.shape())
        }))
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let Some(shape) = saved.input_shape(0) else { return Ok([None].into()) };
        let zeros = Tensor::zeros(shape, grad.dtype())?;
        Ok([zeros.scatter_add(self.axis as isize, &self.index, grad)?].into())
    }
}

/// `x` with `out[.., index[.., i, ..], ..] = src[.., i, ..]`, or `+=`.
struct Scatter {
    axis: usize,
    index: Tensor,
    add: bool,
}

impl Op for Scatter {
    fn name(&self) -> &'static str {
        if self.add { "scatter_add" } else { "scatter" }
    }

    fn flops(&self, inputs: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(if self.add { inputs[1].numel() as u64 } else { 0 })
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let op = self.name();
        let places = resolve(op, inputs[0].shape(), self.axis, &self.index)?;
        if !self.add {
            let (x, src) = (inputs[0], inputs[1]);
            return Ok(each_type!(x.dtype(), T => {
                let mut out = x.typed::<T>().to_vec();
                part(src.typed::<T>(), self.index.shape()).iter().zip(&places).for_each(|(&v, &p)| out[p] = v);
                Tensor::own(out, *x.shape())
            }));
        }
        on_numbers(op, inputs, |t| {
            Ok(number_type!(t[0].dtype(), T => {
                let mut out = t[0].typed::<T>().to_vec();
                let src = part(t[1].typed::<T>(), self.index.shape());
                src.iter().zip(&places).for_each(|(&v, &p)| out[p] = out[p].plus(v));
                Tensor::own(out, *t[0].shape())
            }))
        })
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let axis = self.axis as isize;
        let dx = match saved.input_shape(0) {
            None => None,
            Some(_) if self.add => Some(grad.clone()),
            // What was overwritten receives nothing.
            Some(_) => Some(grad.scatter(
                axis,
                &self.index,
                &Tensor::zeros(self.index.shape(), grad.dtype())?,
            )?),
        };
        let dsrc = match saved.input_shape(1) {
            None => None,
            Some(full) => {
                let mut g = grad.gather(axis, &self.index)?;
                for a in 0..full.rank() {
                    let missing = full[a] - g.dims()[a];
                    g = if missing > 0 { g.pad_end(a, missing)? } else { g };
                }
                Some(g)
            }
        };
        Ok([dx, dsrc].into())
    }
}

/// The leading corner of a view, row-major.
fn part<'a, T: Copy>(v: View<'a, T>, shape: &'a Shape) -> alloc::borrow::Cow<'a, [T]> {
    View { shape, ..v }.to_contiguous()
}

impl Tensor {
    /// Returns `out[.., i, ..] = self[.., index[.., i, ..], ..]` along `axis`.
    ///
    /// # Shapes
    ///
    /// `index` (`i64`) has the rank of `self` and at most its size on every other axis; the result has the shape of `index`.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`], [`Error::ShapeMismatch`], [`Error::IndexOutOfRange`], or
    /// [`Error::DTypeUnsupported`] for an index that is not `i64`.
    #[track_caller]
    pub fn gather(&self, axis: isize, index: &Self) -> Result<Self> {
        let axis = self.shape().axis("gather", axis)?;
        Self::apply(Gather { axis, index: index.detach() }, &[self])
    }

    /// Returns a copy of `self` with `out[.., index[.., i, ..], ..] = src[.., i, ..]` along `axis`. If two elements go to
    /// one place, the later one stays.
    ///
    /// # Errors
    ///
    /// As [`Self::gather`]; [`Error::DTypeMismatch`]; `src` must cover the shape of `index`.
    #[track_caller]
    pub fn scatter(&self, axis: isize, index: &Self, src: &Self) -> Result<Self> {
        self.scatter_with("scatter", axis, index, src, false)
    }

    /// Returns a copy of `self` with `src[.., i, ..]` added to `out[.., index[.., i, ..], ..]` along `axis`. Repeated
    /// places accumulate, in row-major order of `src`.
    ///
    /// # Errors
    ///
    /// As [`Self::scatter`]; [`Error::DTypeUnsupported`] for truth values.
    #[track_caller]
    pub fn scatter_add(&self, axis: isize, index: &Self, src: &Self) -> Result<Self> {
        self.scatter_with("scatter_add", axis, index, src, true)
    }

    #[track_caller]
    fn scatter_with(
        &self,
        op: &'static str,
        axis: isize,
        index: &Self,
        src: &Self,
        add: bool,
    ) -> Result<Self> {
        let axis = self.shape().axis(op, axis)?;
        same_dtype(op, self, src)?;
        let covers =
            src.rank() == index.rank() && src.dims().iter().zip(index.dims()).all(|(s, i)| s >= i);
        if !covers {
            return Err(Error::shapes(
                op,
                (src.shape(), index.shape()),
                "the source does not cover the index",
                "each index takes the source element at its own position",
                "give index and source one shape",
            ));
        }
        Self::apply(Scatter { axis, index: index.detach(), add }, &[self, src])
    }

    /// Zeros behind the end of an axis.
    #[track_caller]
    fn pad_end(&self, axis: usize, count: usize) -> Result<Self> {
        let zeros = Self::zeros(self.shape().with(axis, count), self.dtype())?;
        Self::cat(&[self, &zeros], axis as isize)
    }
}

//! Parts of a tensor along one axis.

use core::ops::Range;

use crate::nostd::prelude::*;
use crate::{
    Error, Result, Shape, Tensor,
    autograd::{Grads, Op, Saved},
    kernels::{par, recycle::buffer},
    tensor::{Element, each_type},
};

/// Every `step`-th position of an axis from `start` on, as a view.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slice {
    pub(super) axis: usize,
    pub(super) start: usize,
    pub(super) len: usize,
    pub(super) step: usize,
}

impl Op for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let Self { axis, start, len, step } = *self;
        Ok(inputs[0].with_layout(inputs[0].layout().slice(axis, start, len, step)))
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let dx =
            saved.input_shape(0).map(|&full| Tensor::apply(Place { part: *self, full }, &[grad]));
        Ok([dx.transpose()?].into())
    }
}

/// The adjoint of [`Slice`]: the elements in their places among zeros.
#[derive(Debug, Clone, Copy)]
struct Place {
    part: Slice,
    full: Shape,
}

impl Op for Place {
    fn name(&self) -> &'static str {
        "place"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let x = inputs[0];
        let Slice { axis, start, len, step } = self.part;
        let inner: usize = self.full[axis + 1..].iter().product();
        let plane = self.full[axis] * inner;
        Ok(each_type!(x.dtype(), T => {
            let mut out = buffer::<T>(self.full.numel());
            let part = x.typed::<T>().to_contiguous();
            let zero = <T as Element>::from_i64(0);
            // Whole planes, some thousand elements at a time.
            let planes = (par::BLOCK / plane.max(1)).max(1);
            par::blocks(&mut out, planes * plane, self.full.numel() >= par::GRAIN, |at, out| {
                for (n, out) in out.chunks_mut(plane).enumerate() {
                    let part = &part[(at / plane + n) * len * inner..][..len * inner];
                    if step == 1 {
                        let (before, rest) = out.split_at_mut(start * inner);
                        let (inside, after) = rest.split_at_mut(len * inner);
                        before.fill(zero);
                        inside.copy_from_slice(part);
                        after.fill(zero);
                        continue;
                    }
                    out.fill(zero);
                    for (i, row) in part.chunks(inner.max(1)).enumerate() {
                        out[(start + i * step) * inner..][..inner].copy_from_slice(row);
                    }
                }
            });
            Tensor::own(out, self.full)
        }))
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([Tensor::apply(self.part, &[grad])?].into())
    }
}

impl Tensor {
    /// Returns a view of the `len` positions of `axis` from `start` on.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::InvalidArgument`] if the range leaves the axis.
    #[track_caller]
    pub fn narrow(&self, axis: isize, start: usize, len: usize) -> Result<Self> {
        let a = self.shape().axis("narrow", axis)?;
        let size = self.dims()[a];
        if start.checked_add(len).is_none_or(|end| end > size) {
            let got = format!("{start} and {len} more");
            return Err(Error::argument(
                "narrow",
                "range",
                got,
                format!("inside axis {axis} of size {size}"),
            ));
        }
        if (start, len) == (0, size) {
            return Ok(self.clone());
        }
        Self::apply(Slice { axis: a, start, len, step: 1 }, &[self])
    }

    /// Returns a view of every `step`-th position of `axis` in `range`. Negative ends count from the end of the axis;
    /// ends outside the axis are moved to its ends.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::InvalidArgument`] if `step` is 0.
    #[track_caller]
    pub fn slice(&self, axis: isize, range: Range<isize>, step: usize) -> Result<Self> {
        let a = self.shape().axis("slice", axis)?;
        if step == 0 {
            return Err(Error::argument("slice", "step", step, "at least 1"));
        }
        let size = self.dims()[a] as isize;
        let place = |i: isize| if i < 0 { i.saturating_add(size).max(0) } else { i.min(size) };
        let (start, end) = (place(range.start), place(range.end));
        let len = (end - start).max(0) as usize;
        Self::apply(
            Slice { axis: a, start: start as usize, len: len.div_ceil(step), step },
            &[self],
        )
    }

    /// Returns a view of one position of `axis`, without that axis. Negative positions count from the end.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::IndexOutOfRange`].
    #[track_caller]
    pub fn select(&self, axis: isize, index: isize) -> Result<Self> {
        let a = self.shape().axis("select", axis)?;
        let size = self.dims()[a];
        let at = if index < 0 { index.saturating_add(size as isize) } else { index };
        if !(0..size as isize).contains(&at) {
            return Err(Error::IndexOutOfRange {
                op: "select",
                index: index as i64,
                size,
                position: 0,
            });
        }
        Self::apply(Slice { axis: a, start: at as usize, len: 1, step: 1 }, &[self])?.squeeze(axis)
    }

    /// Returns views of consecutive parts of `axis` with the given lengths, which must add up to its size.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::InvalidArgument`] if the lengths do not add up.
    #[track_caller]
    pub fn split(&self, lengths: &[usize], axis: isize) -> Result<Vec<Self>> {
        let size = self.dims()[self.shape().axis("split", axis)?];
        if lengths.iter().try_fold(0usize, |s, &n| s.checked_add(n)) != Some(size) {
            return Err(Error::argument(
                "split",
                "lengths",
                format!("{lengths:?}"),
                format!("a list that adds up to {size}"),
            ));
        }
        let mut start = 0;
        lengths
            .iter()
            .map(|&len| {
                start += len;
                self.narrow(axis, start - len, len)
            })
            .collect()
    }

    /// Returns views of consecutive parts of `axis` with `length` positions each; the last may have fewer.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::InvalidArgument`] if `length` is 0.
    #[track_caller]
    pub fn split_every(&self, length: usize, axis: isize) -> Result<Vec<Self>> {
        let size = self.dims()[self.shape().axis("split_every", axis)?];
        if length == 0 {
            return Err(Error::argument("split_every", "length", length, "at least 1"));
        }
        (0..size).step_by(length).map(|at| self.narrow(axis, at, length.min(size - at))).collect()
    }

    /// Returns at most `chunks` views of equal length along `axis`; the last may be shorter.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::InvalidArgument`] if `chunks` is 0.
    #[track_caller]
    pub fn chunk(&self, chunks: usize, axis: isize) -> Result<Vec<Self>> {
        let size = self.dims()[self.shape().axis("chunk", axis)?];
        if chunks == 0 {
            return Err(Error::argument("chunk", "chunks", chunks, "at least 1"));
        }
        self.split_every(size.div_ceil(chunks).max(1), axis)
    }
}

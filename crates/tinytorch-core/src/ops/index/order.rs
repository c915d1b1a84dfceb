//! Sorting.

use core::cmp::Ordering;

use crate::nostd::prelude::*;
use crate::{DType, Error, Result, Tensor, ops::support::number_type};

impl Tensor {
    /// Returns the positions that put the elements along `axis` in order, as `i64`. Equal elements keep their order;
    /// NaN counts as largest.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::DTypeUnsupported`] for truth values.
    #[track_caller]
    pub fn argsort(&self, axis: isize, descending: bool) -> Result<Self> {
        let axis = self.shape().axis("argsort", axis)?;
        let n = self.dims()[axis];
        let wide;
        let x = match self.dtype() {
            DType::Bool => return Err(Error::dtype("argsort", DType::Bool, "a number")),
            d if d.is_half() => {
                wide = self.cast(DType::F32);
                &wide
            }
            _ => self,
        };
        // One line after the other, the sorted axis last.
        let lines: Vec<i64> = number_type!(x.dtype(), T => {
            let last = x.transpose(axis as isize, -1)?;
            let data = last.typed::<T>().to_contiguous();
            data.chunks(n.max(1)).flat_map(|line| sorted(line, descending)).collect()
        });
        let mut shape = x.shape().to_vec();
        shape.swap(axis, x.rank() - 1);
        Ok(Self::from_vec(lines, &shape)?.transpose(axis as isize, -1)?.contiguous())
    }

    /// Returns the elements along `axis` in order, and where they came from. Equal elements keep their order.
    ///
    /// # Errors
    ///
    /// As [`Self::argsort`].
    #[track_caller]
    pub fn sort(&self, axis: isize, descending: bool) -> Result<(Self, Self)> {
        let index = self.argsort(axis, descending)?;
        Ok((self.gather(axis, &index)?, index))
    }

    /// Returns the `k` largest (or smallest) elements along `axis`, in order, and where they came from.
    ///
    /// # Errors
    ///
    /// As [`Self::argsort`]; [`Error::InvalidArgument`] if `k` exceeds the size of the axis.
    #[track_caller]
    pub fn topk(&self, k: usize, axis: isize, largest: bool) -> Result<(Self, Self)> {
        let size = self.dims()[self.shape().axis("topk", axis)?];
        if k > size {
            return Err(Error::argument(
                "topk",
                "k",
                k,
                format!("at most {size}, the size of axis {axis}"),
            ));
        }
        let index = self.argsort(axis, largest)?.narrow(axis, 0, k)?.contiguous();
        Ok((self.gather(axis, &index)?, index))
    }
}

fn sorted<T: PartialOrd + Copy>(line: &[T], descending: bool) -> Vec<i64> {
    let nan = |v: &T| v.partial_cmp(v).is_none();
    let order = |a: &T, b: &T| a.partial_cmp(b).unwrap_or_else(|| nan(a).cmp(&nan(b)));
    let mut index: Vec<i64> = (0..line.len() as i64).collect();
    index.sort_by(|&i, &j| {
        let order: Ordering = order(&line[i as usize], &line[j as usize]);
        if descending { order.reverse() } else { order }
    });
    index
}

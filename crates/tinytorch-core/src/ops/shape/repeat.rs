//! Repeating and rotating.

use crate::nostd::prelude::*;
use crate::{Error, Result, Tensor, ops::support::check_room, tensor::MAX_RANK};

impl Tensor {
    /// Returns the tensor repeated `repeats[a]` times along each axis as whole blocks; new axes may stand in front.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for fewer repeats than axes, or more than the largest rank.
    #[track_caller]
    pub fn repeat(&self, repeats: &[usize]) -> Result<Self> {
        if repeats.len() < self.rank() || repeats.len() > MAX_RANK {
            let need = format!("{} to {MAX_RANK} numbers", self.rank());
            return Err(Error::argument("repeat", "repeats", format!("{repeats:?}"), need));
        }
        let lead = repeats.len() - self.rank();
        let dims = [&vec![1; lead][..], self.dims()].concat();
        let full: Vec<usize> =
            dims.iter().zip(repeats).map(|(d, &n)| d.saturating_mul(n)).collect();
        check_room("repeat", &full)?;
        if full.contains(&0) {
            return self.reshape([-1])?.narrow(0, 0, 0)?.reshape(full);
        }
        let mut out = self.reshape(dims)?;
        for (axis, &n) in repeats.iter().enumerate().filter(|(_, n)| **n != 1) {
            // [.., d, ..] to [.., n·d, ..]: repeat a front part of the axis product, which is one plain axis here.
            out = Self::cat(&vec![&out; n], axis as isize)?;
        }
        Ok(out)
    }

    /// Returns the tensor with each position along `axis` repeated `repeats` times in a row.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::InvalidArgument`] at a size that no memory holds.
    #[track_caller]
    pub fn repeat_interleave(&self, repeats: usize, axis: isize) -> Result<Self> {
        let a = self.shape().axis("repeat_interleave", axis)?;
        let total = self.dims()[a].saturating_mul(repeats);
        check_room("repeat_interleave", &[total])?;
        check_room("repeat_interleave", &self.shape().with(a, total))?;
        let size = self.dims()[a] as i64;
        let positions: Vec<i64> =
            (0..size).flat_map(|i| core::iter::repeat_n(i, repeats)).collect();
        let n = positions.len();
        self.index_select(axis, &Self::from_vec(positions, [n])?)
    }

    /// Returns the tensor rotated along `axis`: what leaves at the end comes back at the front. Negative shifts rotate
    /// the other way.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`].
    #[track_caller]
    pub fn roll(&self, shift: isize, axis: isize) -> Result<Self> {
        let size = self.dims()[self.shape().axis("roll", axis)?];
        if size == 0 {
            return Ok(self.clone());
        }
        let cut = size - shift.rem_euclid(size as isize) as usize;
        Self::cat(&[&self.narrow(axis, cut, size - cut)?, &self.narrow(axis, 0, cut)?], axis)
    }
}

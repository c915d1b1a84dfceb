//! FULLY_CONNECTED, and the product of one window with all filters that convolutions share.

use super::{
    dot::total,
    finish::{Finish, SECTION},
    form::Form,
};
use crate::ops::{Task, place};

/// Filters of equal length, one after the other, and what turns their sums into bytes.
#[derive(Clone, Copy)]
pub(super) struct Filters<'m> {
    /// The filters of all channels.
    pub(super) weights: &'m [i8],
    /// Length of one filter.
    pub(super) len: usize,
    pub(super) finish: Finish<'m>,
}

impl Filters<'_> {
    /// Writes the outputs of channels `first..` for one window; `skew` is subtracted from each sum.
    ///
    /// `sums` is working memory.
    #[inline]
    pub(super) fn apply<F: Form>(
        &self,
        window: &[i8],
        first: usize,
        skew: i32,
        sums: &mut [i32; SECTION],
        out: &mut [i8],
    ) -> Option<()> {
        let mut rest = self.weights.get(first.wrapping_mul(self.len)..)?;
        let mut channel = first;
        for out in out.chunks_mut(SECTION) {
            let sums = sums.get_mut(..out.len())?;
            sums.fill(0);
            if F::rows(window, rest, self.len, sums).is_none() {
                // The window has zeros behind it, and the last row ends with the file.
                sums.fill(0);
                F::rows(window.get(..self.len)?, rest, self.len, sums)?;
            }
            // Behind the last section nothing is left.
            rest = rest.get(self.len.wrapping_mul(SECTION)..).unwrap_or(&[]);
            if skew != 0 {
                for sum in &mut *sums {
                    *sum = sum.wrapping_sub(skew);
                }
            }
            self.finish.write::<F>(channel, sums, out)?;
            channel = channel.wrapping_add(SECTION);
        }
        Some(())
    }
}

#[inline(never)]
pub(super) fn run<F: Form>(task: &mut Task<'_, '_>) -> Option<()> {
    let c_out = usize::from(*task.y.dims.last()?);
    let (x, y) = (task.x_place(), task.y_place());
    let rows = y.len.checked_div(c_out)?;
    let c_in = x.len.checked_div(rows)?;
    let filters = Filters {
        weights: task.weights(c_in.checked_mul(c_out)?)?,
        len: c_in,
        finish: Finish::of(task)?,
    };
    let weight_zero = *task.op.aux.first()?;
    let mut block = [0_i8; SECTION];
    let mut sums = [0_i32; SECTION];
    for row in 0..rows {
        let mut first = 0_usize;
        while first < c_out {
            let block = block.get_mut(..c_out.saturating_sub(first).min(SECTION))?;
            let x = place::run(task.mem, x.at.wrapping_add(row.wrapping_mul(c_in)), c_in)?;
            let skew = if weight_zero == 0 { 0 } else { total(x).wrapping_mul(weight_zero) };
            filters.apply::<F>(x, first, skew, &mut sums, block)?;
            let at = row.wrapping_mul(c_out).wrapping_add(first);
            place::store(task.mem, y.at.wrapping_add(at), block)?;
            first = first.wrapping_add(block.len());
        }
    }
    Some(())
}

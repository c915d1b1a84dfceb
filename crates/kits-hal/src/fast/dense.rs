//! FULLY_CONNECTED, and the product of one window with all filters that convolutions share.

use super::{
    dot::total,
    finish::{Finish, SECTION},
    form::Form,
    simd::times,
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
        let mut channel = first;
        for out in out.chunks_mut(SECTION) {
            let sums = sums.get_mut(..out.len())?;
            sums.fill(0);
            self.sum::<F>(window, channel, skew, sums)?;
            self.finish.write::<F>(channel, sums, out)?;
            channel = channel.wrapping_add(SECTION);
        }
        Some(())
    }

    /// Adds the products of channels `first..` for one window, less `skew`, to sums of 0.
    #[inline]
    fn sum<F: Form>(&self, window: &[i8], first: usize, skew: i32, sums: &mut [i32]) -> Option<()> {
        let weights = self.weights.get(first.wrapping_mul(self.len)..)?;
        if F::rows(window, weights, self.len, sums).is_none() {
            // The window has zeros behind it, and the last row ends with the file.
            sums.fill(0);
            F::rows(window.get(..self.len)?, weights, self.len, sums)?;
        }
        if skew != 0 {
            for sum in sums {
                *sum = sum.wrapping_sub(skew);
            }
        }
        Some(())
    }

    /// As [`Filters::apply`] for all channels of two windows.
    #[inline(never)]
    pub(super) fn apply_two<F: Form>(
        &self,
        windows: [&[i8]; 2],
        sums: &mut [[i32; SECTION]; 2],
        [out, also]: [&mut [i8]; 2],
    ) -> Option<()> {
        let mut rest = self.weights;
        let mut first = 0_usize;
        for (out, also) in out.chunks_mut(SECTION).zip(also.chunks_mut(SECTION)) {
            let n = out.len();
            for sums in sums.iter_mut() {
                sums.get_mut(..n)?.fill(0);
            }
            if F::rows_two(windows, rest, self.len, n, sums).is_none() {
                // As above.
                *sums = [[0; SECTION]; 2];
                let [one, two] = windows.map(|window| window.get(..self.len));
                F::rows_two([one?, two?], rest, self.len, n, sums)?;
            }
            rest = rest.get(self.len.wrapping_mul(SECTION)..).unwrap_or(&[]);
            let [sums, more] = &*sums;
            self.finish.write::<F>(first, sums, out)?;
            self.finish.write::<F>(first, more, also)?;
            first = first.wrapping_add(SECTION);
        }
        Some(())
    }
}

#[inline(never)]
pub(super) fn run<F: Form>(task: &mut Task<'_, '_>) -> Option<()> {
    let c_out = usize::from(*task.y.dims.last()?);
    let (x, y) = (task.x_place(), task.y_place());
    // A division is a call on small processors, and most layers have one row.
    let (rows, c_in) = if y.len == c_out {
        (1, x.len)
    } else {
        let rows = y.len.checked_div(c_out)?;
        (rows, x.len.checked_div(rows)?)
    };
    let filters = Filters {
        weights: task.weights(times(c_in, c_out)?)?,
        len: c_in,
        finish: Finish::of(task)?,
    };
    let weight_zero = *task.op.aux.first()?;
    for row in 0..rows {
        let mut first = 0_usize;
        while first < c_out {
            let n = c_out.saturating_sub(first).min(SECTION);
            let x = place::run(task.mem, x.at.wrapping_add(row.wrapping_mul(c_in)), c_in)?;
            let skew = if weight_zero == 0 { 0 } else { total(x).wrapping_mul(weight_zero) };
            let mut sums = [0_i32; SECTION];
            let sums = sums.get_mut(..n)?;
            filters.sum::<F>(x, first, skew, sums)?;
            let at = y.at.wrapping_add(row.wrapping_mul(c_out)).wrapping_add(first);
            filters.finish.write::<F>(first, sums, place::run_mut(task.mem, at, n)?)?;
            first = first.wrapping_add(n);
        }
    }
    Some(())
}

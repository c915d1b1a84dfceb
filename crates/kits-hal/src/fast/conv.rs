//! CONV_2D: four output channels at a time.
//!
//! A window of a pointwise convolution lies in the image as it is. A small or scattered window
//! (few bytes per row, skipped columns, groups) is gathered into scratch memory first; a large one
//! is used row by row, where each row of taps lies next to the other in the image.

use super::{
    dense::Filters,
    dot::{dot4, total},
};
use crate::ops::{Channels, Output, Task, Window, place, place::store};

struct Conv<'m> {
    window: Window,
    filters: Filters<'m>,
    /// Channels of one filter.
    c_filter: usize,
    /// Output channels of one group.
    per_group: usize,
    /// What a tap outside the image reads.
    zero: i8,
}

#[expect(clippy::cast_possible_truncation, reason = "the zero point of an int8 tensor")]
pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let window = Window::of(task);
    let c_filter = usize::try_from(*task.op.aux.first()?).ok()?;
    let groups = window.c_in.checked_div(c_filter)?;
    let len = window.rows.taps.checked_mul(window.columns.taps)?.checked_mul(c_filter)?;
    let conv = Conv {
        window,
        filters: Filters {
            weights: task.weights(len.checked_mul(window.c_out)?)?,
            len,
            channels: Channels::of(&task.model, &task.op)?,
            output: Output::of(&task.op),
        },
        c_filter,
        per_group: window.c_out.checked_div(groups)?,
        zero: task.op.in_zero as i8,
    };
    let gathers = task.op.gathers(window.c_in);
    let (x, y) = (task.x_place(), task.y_place());
    let (pixel, scratch) = task.scratch.split_at_mut_checked(window.c_out)?;
    let gathered = scratch.get_mut(..if gathers { len } else { 0 })?;
    let pointwise = window.rows.taps == 1 && window.columns.taps == 1 && groups == 1;
    window.each(|p, b, row, column| {
        let x = x.view(task.mem)?;
        if pointwise {
            // Windows of one tap are always inside.
            let at = conv.pixel_at(b, window.rows.at(row, 0)?, window.columns.at(column, 0)?);
            conv.filters.apply(place::run(x, at, len)?, 0, 0, pixel)?;
        } else if gathers {
            for (group, out) in pixel.chunks_mut(conv.per_group.max(1)).enumerate() {
                let first = group.wrapping_mul(conv.c_filter);
                conv.gather(x, [b, row, column], first, gathered)?;
                let channel = group.wrapping_mul(conv.per_group);
                conv.filters.apply(gathered, channel, 0, out)?;
            }
        } else {
            conv.by_rows(x, b, row, column, pixel)?;
        }
        store(task.mem, y.at.wrapping_add(p.wrapping_mul(window.c_out)), pixel)
    })
}

impl Conv<'_> {
    /// Returns the position of an image pixel in the input.
    #[inline]
    fn pixel_at(&self, b: usize, i: usize, j: usize) -> usize {
        let w = &self.window;
        b.wrapping_mul(w.rows.input)
            .wrapping_add(i)
            .wrapping_mul(w.columns.input)
            .wrapping_add(j)
            .wrapping_mul(w.c_in)
    }

    /// Copies the window at batch, row and column into `to`: channels `first..` of every tap.
    fn gather(
        &self,
        x: &[i8],
        [b, row, column]: [usize; 3],
        first: usize,
        to: &mut [i8],
    ) -> Option<()> {
        let w = &self.window;
        let mut taps = to.chunks_mut(self.c_filter.max(1));
        for t in 0..w.rows.taps {
            let i = w.rows.at(row, t);
            for u in 0..w.columns.taps {
                let tap = taps.next()?;
                match (i, w.columns.at(column, u)) {
                    (Some(i), Some(j)) => {
                        let at = self.pixel_at(b, i, j).wrapping_add(first);
                        for (to, from) in tap.iter_mut().zip(place::run(x, at, self.c_filter)?) {
                            *to = *from;
                        }
                    }
                    _ => tap.fill(self.zero),
                }
            }
        }
        Some(())
    }

    /// Computes one pixel from the rows of its window, without copying them.
    fn by_rows(
        &self,
        x: &[i8],
        b: usize,
        row: usize,
        column: usize,
        out: &mut [i8],
    ) -> Option<()> {
        let mut channel = 0_usize;
        for out in out.chunks_mut(4) {
            // The last block may have fewer channels: repeat one and drop the result.
            let last = out.len().checked_sub(1)?;
            let filter = |k: usize| {
                let at = channel.wrapping_add(k.min(last)).wrapping_mul(self.filters.len);
                place::run(self.filters.weights, at, self.filters.len)
            };
            let filters = [filter(0)?, filter(1)?, filter(2)?, filter(3)?];
            let sums = self.rows4(x, b, row, column, filters)?;
            if let Ok(four) = <&mut [i8; 4]>::try_from(&mut *out) {
                *four = self.filters.finish4(channel, sums)?;
            } else {
                for (k, (out, sum)) in out.iter_mut().zip(sums).enumerate() {
                    *out = self.filters.finish(channel.wrapping_add(k), sum)?;
                }
            }
            channel = channel.wrapping_add(4);
        }
        Some(())
    }

    /// Returns the sums of four filters over one window.
    #[inline]
    fn rows4(
        &self,
        x: &[i8],
        b: usize,
        row: usize,
        column: usize,
        mut filters: [&[i8]; 4],
    ) -> Option<[i32; 4]> {
        let w = &self.window;
        let taps_len = w.columns.taps.wrapping_mul(w.c_in);
        let (from, to) = w.columns.inside(column);
        let left = from.wrapping_mul(w.c_in);
        let inside = to.saturating_sub(from).wrapping_mul(w.c_in);
        let right = taps_len.wrapping_sub(left).wrapping_sub(inside);
        let j = w.columns.at(column, from);
        let zero = i32::from(self.zero);
        let mut sums = [0_i32; 4];
        for t in 0..w.rows.taps {
            let mut taps: [&[i8]; 4] = [&[]; 4];
            for (filter, taps) in filters.iter_mut().zip(&mut taps) {
                (*taps, *filter) = filter.split_at_checked(taps_len)?;
            }
            let (Some(i), Some(j)) = (w.rows.at(row, t), j) else {
                for (sum, taps) in sums.iter_mut().zip(taps) {
                    *sum = sum.wrapping_add(total(taps).wrapping_mul(zero));
                }
                continue;
            };
            if left != 0 || right != 0 {
                for (sum, taps) in sums.iter_mut().zip(&mut taps) {
                    let (outside, rest) = taps.split_at_checked(left)?;
                    let (kept, more) = rest.split_at_checked(inside)?;
                    let outside = total(outside).wrapping_add(total(more));
                    *sum = sum.wrapping_add(outside.wrapping_mul(zero));
                    *taps = kept;
                }
            }
            let products = dot4(place::run(x, self.pixel_at(b, i, j), inside)?, taps)?;
            for (sum, product) in sums.iter_mut().zip(products) {
                *sum = sum.wrapping_add(product);
            }
        }
        Some(sums)
    }
}

//! CONV_2D: four output channels at a time.
//!
//! A window of a pointwise convolution lies in the image as it is. A small or scattered window
//! (few bytes per row, skipped columns, groups) is gathered into scratch memory first; a large one
//! is used row by row, where each row of taps lies next to the other in the image.

use super::{
    dense::Filters,
    dot::total,
    finish::{Finish, SECTION},
    form::Form,
};
use crate::ops::{Task, Window, place, place::store};

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
#[inline(never)]
pub(super) fn run<F: Form>(task: &mut Task<'_, '_>) -> Option<()> {
    let window = Window::of(task);
    let c_filter = usize::try_from(*task.op.aux.first()?).ok()?;
    let groups = window.c_in.checked_div(c_filter)?;
    let len = window.rows.taps.checked_mul(window.columns.taps)?.checked_mul(c_filter)?;
    let conv = Conv {
        window,
        filters: Filters {
            weights: task.weights_and(len.checked_mul(window.c_out)?, F::GROUP)?,
            len,
            finish: Finish::of(task)?,
        },
        c_filter,
        per_group: window.c_out.checked_div(groups)?,
        zero: task.op.in_zero as i8,
    };
    let gathers = task.op.gathers(window.c_in, task.model.first_bytes());
    let (x, y) = (task.x_place(), task.y_place());
    let (pixel, scratch) = task.scratch.split_at_mut_checked(window.c_out)?;
    // Zeros behind the window: whole groups are faster, and what they are multiplied with does not matter.
    let gathered = scratch.get_mut(..if gathers { len.next_multiple_of(F::GROUP) } else { 0 })?;
    if let Some(behind) = gathered.get_mut(len..) {
        behind.fill(0);
    }
    let pointwise = window.rows.taps == 1 && window.columns.taps == 1 && groups == 1;
    let mut sums = [0_i32; SECTION];
    window.each(|p, b, row, column| {
        let x = x.view(task.mem)?;
        if pointwise {
            // Windows of one tap are always inside.
            let at = conv.pixel_at(b, window.rows.at(row, 0)?, window.columns.at(column, 0)?);
            conv.filters.apply::<F>(place::run(x, at, len)?, 0, 0, &mut sums, pixel)?;
        } else if gathers {
            for (group, out) in pixel.chunks_mut(conv.per_group.max(1)).enumerate() {
                let first = group.wrapping_mul(conv.c_filter);
                conv.gather(x, [b, row, column], first, gathered.get_mut(..len)?)?;
                let channel = group.wrapping_mul(conv.per_group);
                conv.filters.apply::<F>(gathered, channel, 0, &mut sums, out)?;
            }
        } else {
            conv.by_rows::<F>(x, [b, row, column], &mut sums, pixel)?;
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
    #[inline(never)]
    fn gather(
        &self,
        x: &[i8],
        [b, row, column]: [usize; 3],
        first: usize,
        to: &mut [i8],
    ) -> Option<()> {
        let w = &self.window;
        let taps_len = w.columns.taps.wrapping_mul(self.c_filter);
        let (from, end) = w.columns.inside(column);
        let (left, inside) = (
            from.wrapping_mul(self.c_filter),
            end.saturating_sub(from).wrapping_mul(self.c_filter),
        );
        // Taps that lie next to each other in the image are copied at once.
        let rows = self.c_filter == w.c_in && w.columns.dilation == 1;
        let step = w.columns.dilation.wrapping_mul(w.c_in);
        let whole = inside == taps_len;
        let start = w.columns.at(column, from);
        for (t, taps) in to.chunks_exact_mut(taps_len.max(1)).enumerate() {
            let (Some(i), Some(j)) = (w.rows.at(row, t), start) else {
                taps.fill(self.zero);
                continue;
            };
            let mut at = self.pixel_at(b, i, j).wrapping_add(first);
            let taps = if whole {
                taps
            } else {
                let (outside, rest) = taps.split_at_mut_checked(left)?;
                let (taps, more) = rest.split_at_mut_checked(inside)?;
                for outside in [outside, more] {
                    if !outside.is_empty() {
                        outside.fill(self.zero);
                    }
                }
                taps
            };
            if rows {
                copy(taps, place::run(x, at, inside)?);
            } else {
                for tap in taps.chunks_mut(self.c_filter.max(1)) {
                    copy(tap, place::run(x, at, self.c_filter)?);
                    at = at.wrapping_add(step);
                }
            }
        }
        Some(())
    }

    /// Computes one pixel from the rows of its window, without copying them.
    #[inline(never)]
    fn by_rows<F: Form>(
        &self,
        x: &[i8],
        [b, row, column]: [usize; 3],
        sums: &mut [i32; SECTION],
        out: &mut [i8],
    ) -> Option<()> {
        let w = &self.window;
        let (from, end) = w.columns.inside(column);
        let left = from.wrapping_mul(w.c_in);
        let inside = end.saturating_sub(from).wrapping_mul(w.c_in);
        let taps_len = w.columns.taps.wrapping_mul(w.c_in);
        let mut first = 0_usize;
        for out in out.chunks_mut(SECTION) {
            let sums = sums.get_mut(..out.len())?;
            sums.fill(0);
            let mut taps = self.filters.weights.get(first.wrapping_mul(self.filters.len)..)?;
            for t in 0..w.rows.taps {
                match (w.rows.at(row, t), w.columns.at(column, from)) {
                    (Some(i), Some(j)) => {
                        let x = place::run(x, self.pixel_at(b, i, j), inside)?;
                        F::rows(x, taps.get(left..)?, self.filters.len, sums)?;
                        self.add_outside(taps, 0, left, sums)?;
                        let right = left.wrapping_add(inside);
                        self.add_outside(taps, right, taps_len.wrapping_sub(right), sums)?;
                    }
                    _ => self.add_outside(taps, 0, taps_len, sums)?,
                }
                taps = taps.get(taps_len..)?;
            }
            self.filters.finish.write::<F>(first, sums, out)?;
            first = first.wrapping_add(SECTION);
        }
        Some(())
    }

    /// Adds the products of taps that all read the zero point: `n` of them from `at`.
    #[inline(never)]
    fn add_outside(&self, taps: &[i8], at: usize, n: usize, sums: &mut [i32]) -> Option<()> {
        if n == 0 || self.zero == 0 {
            return Some(());
        }
        let mut at = at;
        for sum in sums {
            let all = total(place::run(taps, at, n)?);
            *sum = sum.wrapping_add(all.wrapping_mul(self.zero.into()));
            at = at.wrapping_add(self.filters.len);
        }
        Some(())
    }
}

/// Copies a few bytes, in words.
///
/// Compilers turn a plain loop into a call of `memcpy`, which takes longer than the copy.
#[inline]
fn copy(to: &mut [i8], from: &[i8]) {
    let zero = core::hint::black_box(0_u32);
    let ((to, to_rest), (from, from_rest)) = (to.as_chunks_mut::<4>(), from.as_chunks::<4>());
    for (to, from) in to.iter_mut().zip(from) {
        let word = u32::from_ne_bytes(from.map(i8::cast_unsigned)) | zero;
        *to = word.to_ne_bytes().map(u8::cast_signed);
    }
    let zero = zero.to_ne_bytes()[0].cast_signed();
    for (to, from) in to_rest.iter_mut().zip(from_rest) {
        *to = *from | zero;
    }
}

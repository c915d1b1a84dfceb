//! CONV_2D: some output channels of one pixel or of two at a time.
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

/// Bytes of a second pixel and its window that are computed outside of scratch memory.
const NEAR: usize = 128;

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
    let window = Window::of(task).in_one_row();
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
    let pointwise = window.rows.taps == 1 && window.columns.taps == 1 && groups == 1;
    let gathers = task.op.gathers(window.c_in, task.model.first_bytes());
    let (x, y) = (task.x_place(), task.y_place());
    // Zeros behind the window: whole groups are faster, and what they are multiplied with does not matter.
    let room = if gathers { len.next_multiple_of(F::GROUP) } else { 0 };
    let (pixel, rest) = task.scratch.split_at_mut_checked(window.c_out)?;
    let (gathered, rest) = rest.split_at_mut_checked(room)?;
    // A second pixel and its window: on the stack, or in scratch memory that another operator needs.
    let mut near = [0_i8; NEAR];
    let both = window.c_out.checked_add(room)?;
    let second = if F::PAIRS && groups == 1 {
        near.get_mut(..both).or_else(|| rest.get_mut(..both))
    } else {
        None
    };
    let pairs = second.is_some();
    let n = if pairs { window.c_out } else { 0 };
    let (next_pixel, next_gathered) = second.unwrap_or_default().split_at_mut_checked(n)?;
    for behind in [&mut *gathered, &mut *next_gathered] {
        if let Some(behind) = behind.get_mut(len..) {
            behind.fill(0);
        }
    }
    let mut sums = [[0_i32; SECTION]; 2];
    let mut to = y.at;
    let mut compute = |b: usize, row: usize, column: usize, two: bool| {
        let x = x.view(task.mem)?;
        let at = [b, row, column];
        let next = [b, row, column.wrapping_add(1)];
        let out = [&mut *pixel, &mut *next_pixel];
        // Windows of one tap are always inside, and lie in the image as they are.
        let spot = |[b, row, column]: [usize; 3]| {
            let at = conv.pixel_at(b, window.rows.at(row, 0)?, window.columns.at(column, 0)?);
            place::run(x, at, len)
        };
        if !pointwise && !gathers {
            conv.by_rows::<F>(x, at, two, &mut sums, out)?;
        } else if two {
            let windows = if pointwise {
                [spot(at)?, spot(next)?]
            } else {
                conv.gather(x, at, 0, gathered.get_mut(..len)?)?;
                conv.gather(x, next, 0, next_gathered.get_mut(..len)?)?;
                [&*gathered, &*next_gathered]
            };
            conv.filters.apply_two::<F>(windows, &mut sums, out)?;
        } else {
            for (group, out) in pixel.chunks_mut(conv.per_group.max(1)).enumerate() {
                let first = group.wrapping_mul(conv.c_filter);
                let window = if pointwise {
                    spot(at)?
                } else {
                    conv.gather(x, at, first, gathered.get_mut(..len)?)?;
                    &*gathered
                };
                let channel = group.wrapping_mul(conv.per_group);
                conv.filters.apply::<F>(window, channel, 0, &mut sums[0], out)?;
            }
        }
        store(task.mem, to, pixel)?;
        to = to.wrapping_add(window.c_out);
        if two {
            store(task.mem, to, next_pixel)?;
            to = to.wrapping_add(window.c_out);
        }
        Some(())
    };
    for b in 0..window.batch {
        for row in 0..window.rows.output {
            let mut column = 0_usize;
            while column < window.columns.output {
                let next = column.wrapping_add(1);
                let two = pairs
                    && next < window.columns.output
                    && (pointwise || gathers || window.columns.alike(column, next));
                compute(b, row, column, two)?;
                column = if two { next.wrapping_add(1) } else { next };
            }
        }
    }
    Some(())
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
        if rows && whole {
            let first_row = w.rows.at(row, 0);
            let last_row = w.rows.at(row, w.rows.taps.wrapping_sub(1));
            if let (Some(i), Some(_), Some(j)) = (first_row, last_row, start) {
                let line = w.columns.input.wrapping_mul(w.c_in).wrapping_mul(w.rows.dilation);
                let mut at = self.pixel_at(b, i, j);
                for taps in to.chunks_exact_mut(taps_len.max(1)) {
                    copy(taps, place::run(x, at, taps_len)?);
                    at = at.wrapping_add(line);
                }
                return Some(());
            }
        }
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
                copy_part(taps, place::run(x, at, inside)?);
            } else {
                for tap in taps.chunks_mut(self.c_filter.max(1)) {
                    copy_part(tap, place::run(x, at, self.c_filter)?);
                    at = at.wrapping_add(step);
                }
            }
        }
        Some(())
    }

    /// Computes one pixel from the rows of its window, without copying them, or two whose windows are cut off alike.
    #[inline(never)]
    fn by_rows<F: Form>(
        &self,
        x: &[i8],
        [b, row, column]: [usize; 3],
        two: bool,
        sums: &mut [[i32; SECTION]; 2],
        [out, also]: [&mut [i8]; 2],
    ) -> Option<()> {
        let w = &self.window;
        let (from, end) = w.columns.inside(column);
        let left = from.wrapping_mul(w.c_in);
        let inside = end.saturating_sub(from).wrapping_mul(w.c_in);
        let taps_len = w.columns.taps.wrapping_mul(w.c_in);
        let step = w.columns.stride.wrapping_mul(w.c_in);
        let mut first = 0_usize;
        while first < w.c_out {
            let n = w.c_out.wrapping_sub(first).min(SECTION);
            let count = if two { 2 } else { 1 };
            for sums in sums.iter_mut().take(count) {
                sums.get_mut(..n)?.fill(0);
            }
            let mut taps = self.filters.weights.get(first.wrapping_mul(self.filters.len)..)?;
            for t in 0..w.rows.taps {
                match (w.rows.at(row, t), w.columns.at(column, from)) {
                    (Some(i), Some(j)) => {
                        let at = self.pixel_at(b, i, j);
                        let run = place::run(x, at, inside)?;
                        let weights = taps.get(left..)?;
                        if two {
                            // Windows that are cut off alike are not cut off here.
                            let next = place::run(x, at.wrapping_add(step), inside)?;
                            F::rows_two([run, next], weights, self.filters.len, n, sums)?;
                        } else {
                            let sums = sums[0].get_mut(..n)?;
                            F::rows(run, weights, self.filters.len, sums)?;
                            self.add_outside(taps, 0, left, sums)?;
                            let right = left.wrapping_add(inside);
                            self.add_outside(taps, right, taps_len.wrapping_sub(right), sums)?;
                        }
                    }
                    _ => {
                        for sums in sums.iter_mut().take(count) {
                            self.add_outside(taps, 0, taps_len, sums.get_mut(..n)?)?;
                        }
                    }
                }
                taps = taps.get(taps_len..)?;
            }
            let end = first.wrapping_add(n);
            let [sums, more] = &*sums;
            self.filters.finish.write::<F>(first, sums, out.get_mut(first..end)?)?;
            if two {
                self.filters.finish.write::<F>(first, more, also.get_mut(first..end)?)?;
            }
            first = end;
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

/// As [`copy`], where a call is better than a longer program.
#[inline(never)]
fn copy_part(to: &mut [i8], from: &[i8]) {
    copy(to, from);
}

/// Copies a few bytes, in words.
///
/// Compilers turn a plain loop into a call of `memcpy`, which takes longer than the copy.
#[inline]
fn copy(to: &mut [i8], from: &[i8]) {
    let zero = core::hint::black_box(0_u32);
    if cfg!(kits_thumb1) {
        // These cores load words only from their places.
        let words = (bytemuck::try_cast_slice_mut::<i8, u32>(to), bytemuck::try_cast_slice::<i8, u32>(from));
        if let (Ok(to), Ok(from)) = words {
            for (to, from) in to.iter_mut().zip(from) {
                *to = *from | zero;
            }
            return;
        }
    }
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

//! CONV_2D: `y[o] = clamp(requant(bias[o] + Σ w[o]·x) + z_out)`, taps outside the image read `z_in`.
//!
//! The input zero point is folded into the bias when a model is converted, so the sum runs over
//! plain products. Channels may be split into groups: with `C_filter` channels per filter there
//! are `C_in / C_filter` groups, and output channel `o` belongs to group `o / (C_out / groups)`.

use super::{
    Task,
    output::{Channels, Output},
    place::store,
    window::Window,
};

struct Conv<'m> {
    window: Window,
    /// Channels of one filter.
    c_filter: usize,
    /// Output channels of one group.
    per_group: usize,
    /// What a tap outside the image reads.
    zero: i32,
    weights: &'m [i8],
    channels: Channels<'m>,
    output: Output,
}

pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let window = Window::of(task);
    let c_filter = usize::try_from(*task.op.aux.first()?).ok()?;
    let groups = window.c_in.checked_div(c_filter)?;
    let filter = window.rows.taps.checked_mul(window.columns.taps)?.checked_mul(c_filter)?;
    let conv = Conv {
        window,
        c_filter,
        per_group: window.c_out.checked_div(groups)?,
        zero: task.op.in_zero.into(),
        weights: task.weights(filter.checked_mul(window.c_out)?)?,
        channels: Channels::of(&task.model, &task.op)?,
        output: Output::of(&task.op),
    };
    let (x, y) = (task.x_place(), task.y_place());
    let pixel = task.scratch.get_mut(..window.c_out)?;
    window.each(|p, b, row, column| {
        conv.pixel(x.view(task.mem)?, b, row, column, pixel)?;
        store(task.mem, y.at.wrapping_add(p.wrapping_mul(window.c_out)), pixel)
    })
}

impl Conv<'_> {
    /// Computes all channels of one output pixel.
    fn pixel(&self, x: &[i8], b: usize, row: usize, column: usize, out: &mut [i8]) -> Option<()> {
        let w = &self.window;
        let filter = w.rows.taps.wrapping_mul(w.columns.taps).wrapping_mul(self.c_filter);
        for (o, (out, filter)) in
            out.iter_mut().zip(self.weights.chunks_exact(filter.max(1))).enumerate()
        {
            let (bias, m, s) = self.channels.at(o)?;
            let first = o.checked_div(self.per_group)?.wrapping_mul(self.c_filter);
            let sum = self.sum(x, b, row, column, filter, first)?;
            *out = self.output.requantize(bias.wrapping_add(sum), m, s);
        }
        Some(())
    }

    /// Sums weight times input over all taps of one filter, whose channels start at `first`.
    fn sum(
        &self,
        x: &[i8],
        b: usize,
        row: usize,
        column: usize,
        filter: &[i8],
        first: usize,
    ) -> Option<i32> {
        let w = &self.window;
        let image = b.wrapping_mul(w.rows.input);
        let row_len = w.columns.input.wrapping_mul(w.c_in);
        let taps_len = w.columns.taps.wrapping_mul(self.c_filter);
        // Neighboring taps are neighbors in memory, too, unless channels or columns are skipped.
        let contiguous = w.columns.dilation == 1 && self.c_filter == w.c_in;
        let (from, to) = w.columns.inside(column);
        let mut sum = 0_i32;
        for (t, taps) in filter.chunks_exact(taps_len.max(1)).enumerate() {
            let Some(i) = w.rows.at(row, t) else {
                sum = sum.wrapping_add(total(taps).wrapping_mul(self.zero));
                continue;
            };
            let at = image.wrapping_add(i).wrapping_mul(row_len);
            let x = x.get(at..at.wrapping_add(row_len))?;
            if contiguous {
                let inside = from.wrapping_mul(w.c_in)..to.wrapping_mul(w.c_in);
                let mut outside = 0_i32;
                if inside.len() < taps.len() {
                    outside = total(taps.get(..inside.start)?);
                    outside = outside.wrapping_add(total(taps.get(inside.end..)?));
                }
                let taps = taps.get(inside)?;
                if !taps.is_empty() {
                    let at = w.columns.at(column, from)?.wrapping_mul(w.c_in);
                    sum = sum.wrapping_add(dot(taps, x.get(at..at.wrapping_add(taps.len()))?));
                }
                sum = sum.wrapping_add(outside.wrapping_mul(self.zero));
            } else {
                for (t, tap) in taps.chunks_exact(self.c_filter.max(1)).enumerate() {
                    sum = sum.wrapping_add(match w.columns.at(column, t) {
                        Some(j) => {
                            let at = j.wrapping_mul(w.c_in).wrapping_add(first);
                            dot(tap, x.get(at..at.wrapping_add(tap.len()))?)
                        }
                        None => total(tap).wrapping_mul(self.zero),
                    });
                }
            }
        }
        Some(sum)
    }
}

/// Returns `Σ a·b`. The order of the sum is free: the model's check bounds every partial sum.
#[inline]
pub(super) fn dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).fold(0, |sum: i32, (&a, &b)| {
        sum.wrapping_add(i32::from(a).wrapping_mul(i32::from(b)))
    })
}

/// Returns `Σ a`.
#[inline]
pub(super) fn total(a: &[i8]) -> i32 {
    a.iter().fold(0, |sum: i32, &a| sum.wrapping_add(a.into()))
}

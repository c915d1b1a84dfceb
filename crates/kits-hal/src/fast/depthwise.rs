//! DEPTHWISE_CONV_2D: a block of channels at a time, its sums in registers.

use crate::ops::{Channels, Output, Task, Window, place::store};

/// Channels of a block: as many sums as fit into registers.
const LANES: usize = if super::dot::VECTORS { 16 } else { 4 };

struct Depthwise<'m> {
    window: Window,
    multiplier: usize,
    /// What a tap outside the image reads.
    zero: i8,
    weights: &'m [i8],
    channels: Channels<'m>,
    output: Output,
}

/// The part of a window that lies inside the image, for one output pixel.
struct Span {
    /// First and end of the rows and of the columns of taps inside.
    rows: (usize, usize),
    columns: (usize, usize),
    /// Position in the input of the pixel under the first tap inside.
    at: usize,
}

#[expect(clippy::cast_possible_truncation, reason = "the zero point of an int8 tensor")]
pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let window = Window::of(task);
    let taps = window.rows.taps.checked_mul(window.columns.taps)?;
    let kernel = Depthwise {
        window,
        multiplier: task.op.multiplier.into(),
        zero: task.op.in_zero as i8,
        weights: task.weights(taps.checked_mul(window.c_out)?)?,
        channels: Channels::of(&task.model, &task.op)?,
        output: Output::of(&task.op),
    };
    let (x, y) = (task.x_place(), task.y_place());
    let pixel = task.scratch.get_mut(..window.c_out)?;
    window.each(|p, b, row, column| {
        kernel.pixel(x.view(task.mem)?, &kernel.span(b, row, column), pixel)?;
        store(task.mem, y.at.wrapping_add(p.wrapping_mul(window.c_out)), pixel)
    })
}

impl Depthwise<'_> {
    fn span(&self, b: usize, row: usize, column: usize) -> Span {
        let w = &self.window;
        let (rows, columns) = (w.rows.inside(row), w.columns.inside(column));
        // A dilated window may straddle a small image without touching it; nothing is read then.
        let i = w.rows.at(row, rows.0).unwrap_or(0);
        let j = w.columns.at(column, columns.0).unwrap_or(0);
        let line = b.wrapping_mul(w.rows.input).wrapping_add(i).wrapping_mul(w.columns.input);
        Span { rows, columns, at: line.wrapping_add(j).wrapping_mul(w.c_in) }
    }

    fn pixel(&self, x: &[i8], span: &Span, out: &mut [i8]) -> Option<()> {
        let (blocks, rest) = out.as_chunks_mut::<LANES>();
        let mut first = 0_usize;
        for out in blocks {
            self.block(x, span, first, out)?;
            first = first.wrapping_add(LANES);
        }
        for out in rest {
            self.block::<1>(x, span, first, core::array::from_mut(out))?;
            first = first.wrapping_add(1);
        }
        Some(())
    }

    /// Computes the channels `first..first + N`.
    #[inline]
    fn block<const N: usize>(
        &self,
        x: &[i8],
        span: &Span,
        first: usize,
        out: &mut [i8; N],
    ) -> Option<()> {
        let sums = if self.multiplier == 1 {
            self.sums(span, first, |at| x.get(at.wrapping_add(first)..)?.first_chunk().copied())?
        } else {
            // Neighboring channels share an input: the block reads a few, each several times.
            let mut sources = [0_usize; N];
            for (l, source) in sources.iter_mut().enumerate() {
                *source = first.wrapping_add(l).checked_div(self.multiplier)?;
            }
            self.sums(span, first, |at| {
                let mut values = [0; N];
                for (value, &source) in values.iter_mut().zip(&sources) {
                    *value = *x.get(at.wrapping_add(source))?;
                }
                Some(values)
            })?
        };
        for (l, (out, sum)) in out.iter_mut().zip(sums).enumerate() {
            let (bias, m, s) = self.channels.at(first.wrapping_add(l))?;
            *out = self.output.requantize(bias.wrapping_add(sum), m, s);
        }
        Some(())
    }

    /// Sums weight times input for `N` channels; `load` returns their inputs at a pixel.
    #[inline]
    fn sums<const N: usize>(
        &self,
        span: &Span,
        first: usize,
        load: impl Fn(usize) -> Option<[i8; N]>,
    ) -> Option<[i32; N]> {
        let w = &self.window;
        let tap_row = w.columns.taps.wrapping_mul(w.c_out);
        let pixel_row = w.rows.dilation.wrapping_mul(w.columns.input).wrapping_mul(w.c_in);
        let pixel_step = w.columns.dilation.wrapping_mul(w.c_in);
        let mut sums = [0_i32; N];
        let mut line = span.at;
        let mut taps = self.tap_at(span.rows.0, span.columns.0).wrapping_add(first);
        for _ in span.rows.0..span.rows.1 {
            let (mut pixel, mut tap) = (line, taps);
            for _ in span.columns.0..span.columns.1 {
                add(&mut sums, self.weights.get(tap..)?.first_chunk()?, &load(pixel)?);
                pixel = pixel.wrapping_add(pixel_step);
                tap = tap.wrapping_add(w.c_out);
            }
            line = line.wrapping_add(pixel_row);
            taps = taps.wrapping_add(tap_row);
        }
        if span.rows != (0, w.rows.taps) || span.columns != (0, w.columns.taps) {
            self.add_outside(span, first, &mut sums)?;
        }
        Some(sums)
    }

    /// Adds the taps outside the image, which all read the zero point.
    fn add_outside<const N: usize>(
        &self,
        span: &Span,
        first: usize,
        sums: &mut [i32; N],
    ) -> Option<()> {
        for t in 0..self.window.rows.taps {
            for u in 0..self.window.columns.taps {
                let inside = (span.rows.0..span.rows.1).contains(&t)
                    && (span.columns.0..span.columns.1).contains(&u);
                if !inside {
                    let at = self.tap_at(t, u).wrapping_add(first);
                    add(sums, self.weights.get(at..)?.first_chunk()?, &[self.zero; N]);
                }
            }
        }
        Some(())
    }

    /// Returns the position of a tap's weights.
    #[inline]
    fn tap_at(&self, t: usize, u: usize) -> usize {
        t.wrapping_mul(self.window.columns.taps).wrapping_add(u).wrapping_mul(self.window.c_out)
    }
}

/// Adds the products of `N` weights and inputs.
#[inline]
fn add<const N: usize>(sums: &mut [i32; N], weights: &[i8; N], inputs: &[i8; N]) {
    for ((sum, &w), &x) in sums.iter_mut().zip(weights).zip(inputs) {
        *sum = sum.wrapping_add(i32::from(w).wrapping_mul(i32::from(x)));
    }
}

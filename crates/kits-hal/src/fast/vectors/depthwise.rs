//! DEPTHWISE_CONV_2D on vectors: all taps of a window at once, as many channels as a section has.
//!
//! The taps of a window inside the image lie at the same distances from each other for every pixel. A window at the border is
//! copied first, with zero points for the taps outside, so that it takes the same path.

use super::{conv::keep, outputs::Outputs};
use crate::{
    fast::{
        finish::SECTION,
        simd::mve::{self, Taps},
    },
    ops::{Task, Window, place},
};

/// The most taps of a window.
const MOST: usize = 25;

struct Depthwise<'m> {
    window: Window,
    zero: i8,
    weights: &'m [i8],
    outputs: Outputs<'m>,
    /// Taps in the image.
    inside: Taps<MOST>,
    /// Taps in a copied window.
    copied: Taps<MOST>,
}

/// Working memory.
struct Work {
    sums: [i32; SECTION],
    /// The taps of a window, a section apart.
    copied: [[i8; SECTION]; MOST],
}

/// Returns `None` without having written anything for large windows and for channels that share an input.
#[expect(clippy::cast_possible_truncation, reason = "the zero point of an int8 tensor")]
#[inline(never)]
pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let window = Window::of(task);
    let (rows, columns) = (window.rows, window.columns);
    let taps = rows.taps.checked_mul(columns.taps)?;
    if task.op.multiplier != 1 || taps > MOST {
        return None;
    }
    let at = |tap: usize| {
        let t = tap.checked_div(columns.taps).unwrap_or(0);
        let u = tap.wrapping_sub(t.wrapping_mul(columns.taps));
        let line = t.wrapping_mul(rows.dilation).wrapping_mul(columns.input);
        line.wrapping_add(u.wrapping_mul(columns.dilation)).wrapping_mul(window.c_in)
    };
    let kernel = Depthwise {
        window,
        zero: task.op.in_zero as i8,
        weights: task.weights(taps.checked_mul(window.c_out)?)?,
        outputs: Outputs::of(task)?,
        inside: Taps::of((0..taps).map(at)),
        copied: Taps::of((0..taps).map(|tap| tap.wrapping_mul(SECTION))),
    };
    let (x, y) = (task.x_place(), task.y_place());
    let pixel = task.scratch.get_mut(..window.c_out)?;
    let mut work = Work { sums: [0; SECTION], copied: [[0; SECTION]; MOST] };
    let mut to = y.at;
    let (last_row, last_column) = (rows.taps.checked_sub(1)?, columns.taps.checked_sub(1)?);
    for b in 0..window.batch {
        for row in 0..rows.output {
            // Between two taps inside all are.
            let (top, bottom) = (rows.at(row, 0), rows.at(row, last_row));
            for column in 0..columns.output {
                let x = x.view(task.mem)?;
                let (left, right) = (columns.at(column, 0), columns.at(column, last_column));
                if let (Some(i), Some(_), Some(j), Some(_)) = (top, bottom, left, right) {
                    let x = x.get(kernel.pixel_at(b, i, j)..)?;
                    if window.c_out <= SECTION {
                        // All is read before a byte is written.
                        kernel.add(x, &kernel.inside, 0, window.c_out, &mut work.sums)?;
                        let out = place::run_mut(task.mem, to, window.c_out)?;
                        kernel.outputs.write(0, &mut work.sums, out)?;
                        to = to.wrapping_add(window.c_out);
                        continue;
                    }
                    kernel.within(x, &mut work.sums, pixel)?;
                } else {
                    kernel.border(x, [b, row, column], &mut work, pixel)?;
                }
                keep(task.mem, to, pixel)?;
                to = to.wrapping_add(window.c_out);
            }
        }
    }
    Some(())
}

impl Depthwise<'_> {
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

    /// Makes the sums those of the `n` channels from number `first`.
    #[inline]
    fn add(
        &self,
        x: &[i8],
        taps: &Taps<MOST>,
        first: usize,
        n: usize,
        sums: &mut [i32; SECTION],
    ) -> Option<()> {
        mve::columns(x, taps, self.weights.get(first..)?, self.window.c_out, n, sums)
    }

    /// Computes the pixel whose window begins with `x`.
    #[inline]
    fn within(&self, x: &[i8], sums: &mut [i32; SECTION], out: &mut [i8]) -> Option<()> {
        let mut first = 0_usize;
        for out in out.chunks_mut(SECTION) {
            self.add(x.get(first..)?, &self.inside, first, out.len(), sums)?;
            self.outputs.write(first, sums, out)?;
            first = first.wrapping_add(SECTION);
        }
        Some(())
    }

    /// Computes a pixel with taps outside the image.
    #[inline(never)]
    fn border(&self, x: &[i8], at: [usize; 3], work: &mut Work, out: &mut [i8]) -> Option<()> {
        let Work { sums, copied } = work;
        let mut first = 0_usize;
        for out in out.chunks_mut(SECTION) {
            self.copy(x, at, first, out.len(), copied)?;
            self.add(copied.as_flattened(), &self.copied, first, out.len(), sums)?;
            self.outputs.write(first, sums, out)?;
            first = first.wrapping_add(SECTION);
        }
        Some(())
    }

    /// Copies `n` channels from number `first` of all taps inside, and zero points for the others.
    #[inline]
    fn copy(
        &self,
        x: &[i8],
        [b, row, column]: [usize; 3],
        first: usize,
        n: usize,
        copied: &mut [[i8; SECTION]; MOST],
    ) -> Option<()> {
        let w = &self.window;
        let (from, end) = w.columns.inside(column);
        let all = w.rows.taps.wrapping_mul(w.columns.taps);
        copied.get_mut(..all)?.as_flattened_mut().fill(self.zero);
        for (t, taps) in copied.chunks_mut(w.columns.taps.max(1)).enumerate().take(w.rows.taps) {
            let Some(i) = w.rows.at(row, t) else { continue };
            let (Some(j), Some(taps)) = (w.columns.at(column, from), taps.get_mut(from..end)) else {
                continue;
            };
            let x = x.get(self.pixel_at(b, i, j).wrapping_add(first)..)?;
            // Taps that are a section apart, of which each is a line.
            let step = w.columns.dilation.wrapping_mul(w.c_in);
            mve::spread(x, step, taps, n)?;
        }
        Some(())
    }
}

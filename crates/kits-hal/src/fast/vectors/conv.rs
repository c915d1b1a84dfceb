//! CONV_2D on vectors: a window lies in one piece before it is multiplied.
//!
//! A window of one tap lies in the image as it is. Any other is copied to the stack first, as many of its lines at a time as fit
//! there: a vector loop over all of them saves more than the copy takes.

use super::outputs::Outputs;
use crate::{
    fast::{finish::SECTION, simd::mve},
    ops::{Task, Window, mem::Mem, place},
};

/// Bytes of a window that are copied at a time.
const MOST: usize = 320;

/// Batch, row and column of a pixel.
type Place = [usize; 3];

struct Conv<'m> {
    window: Window,
    zero: i8,
    weights: &'m [i8],
    outputs: Outputs<'m>,
    /// A window has one tap.
    single: bool,
    /// Bytes of all taps in a line.
    line: usize,
    /// Bytes of a filter.
    len: usize,
    /// Bytes of a line of the image.
    pitch: usize,
    /// Lines that are copied at a time.
    together: usize,
}

/// Working memory.
struct Work {
    /// All zero between two pixels.
    sums: [i32; SECTION],
    copied: [i8; MOST],
}

/// Returns `None` without having written anything for channels in groups and very long lines.
#[expect(clippy::cast_possible_truncation, reason = "the zero point of an int8 tensor")]
#[inline(never)]
pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let window = Window::of(task);
    let (rows, columns) = (window.rows, window.columns);
    let line = columns.taps.checked_mul(window.c_in)?;
    let single = rows.taps == 1 && columns.taps == 1;
    let grouped = usize::try_from(*task.op.aux.first()?) != Ok(window.c_in);
    if grouped || (line > MOST && !single) {
        return None;
    }
    let len = rows.taps.checked_mul(line)?;
    let conv = Conv {
        window,
        zero: task.op.in_zero as i8,
        weights: task.weights(len.checked_mul(window.c_out)?)?,
        outputs: Outputs::of(task)?,
        single,
        line,
        len,
        pitch: columns.input.checked_mul(window.c_in)?,
        together: MOST.checked_div(line)?.min(rows.taps),
    };
    let (x, y) = (task.x_place(), task.y_place());
    let pixel = task.scratch.get_mut(..window.c_out)?;
    let mut work = Work { sums: [0; SECTION], copied: [0; MOST] };
    let mut to = y.at;
    let last = (rows.taps.checked_sub(1)?, columns.taps.checked_sub(1)?);
    let dense = columns.dilation == 1;
    for b in 0..window.batch {
        for row in 0..rows.output {
            // Between two taps inside all are.
            let top = rows.at(row, last.0).and(rows.at(row, 0)).filter(|_| dense);
            for column in 0..columns.output {
                let left = columns.at(column, last.1).and(columns.at(column, 0));
                let at = match (top, left) {
                    (Some(i), Some(j)) => Some(conv.pixel_at(b, i, j)),
                    _ => None,
                };
                let x = x.view(task.mem)?;
                let place = ([b, row, column], at);
                if window.c_out <= SECTION {
                    // All is read before a byte is written.
                    let sums = conv.sums(x, place, 0, window.c_out, &mut work)?;
                    conv.outputs.write(0, sums, place::run_mut(task.mem, to, window.c_out)?)?;
                } else {
                    let mut first = 0_usize;
                    for out in pixel.chunks_mut(SECTION) {
                        let sums = conv.sums(x, place, first, out.len(), &mut work)?;
                        conv.outputs.write(first, sums, out)?;
                        first = first.wrapping_add(SECTION);
                    }
                    keep(task.mem, to, pixel)?;
                }
                to = to.wrapping_add(window.c_out);
            }
        }
    }
    Some(())
}

/// Stores a pixel.
#[inline]
pub(super) fn keep(mem: &mut Mem<'_>, at: usize, pixel: &[i8]) -> Option<()> {
    mve::copy(pixel, place::run_mut(mem, at, pixel.len())?);
    Some(())
}

impl Conv<'_> {
    /// Returns the position of an image pixel in the input.
    #[inline]
    fn pixel_at(&self, b: usize, i: usize, j: usize) -> usize {
        let w = &self.window;
        let line = b.wrapping_mul(w.rows.input).wrapping_add(i).wrapping_mul(self.pitch);
        line.wrapping_add(j.wrapping_mul(w.c_in))
    }

    /// Returns the sums of the `n` channels from number `first` of a pixel.
    #[inline]
    fn sums<'w>(
        &self,
        x: &[i8],
        (place, at): (Place, Option<usize>),
        first: usize,
        n: usize,
        work: &'w mut Work,
    ) -> Option<&'w mut [i32]> {
        let sums = work.sums.get_mut(..n)?;
        let weights = self.weights.get(first.wrapping_mul(self.len)..)?;
        if self.single {
            // Windows of one tap are always inside.
            mve::multiply(place::run(x, at?, self.len)?, weights, self.len, sums)?;
            return Some(sums);
        }
        let taps = self.window.rows.taps;
        if self.together == taps {
            let copied = work.copied.get_mut(..self.len)?;
            if first == 0 {
                self.gather(x, place, at, 0, copied)?;
            }
            mve::multiply(copied, weights, self.len, sums)?;
            return Some(sums);
        }
        let mut t = 0_usize;
        while t < taps {
            let lines = taps.wrapping_sub(t).min(self.together);
            let copied = work.copied.get_mut(..lines.wrapping_mul(self.line))?;
            self.gather(x, place, at, t, copied)?;
            mve::multiply(copied, weights.get(t.wrapping_mul(self.line)..)?, self.len, sums)?;
            t = t.wrapping_add(lines);
        }
        Some(sums)
    }

    /// Copies lines of a window, from tap `t` on, as many as fill `to`; `at` is where the window begins if all of it is inside.
    #[inline]
    fn gather(
        &self,
        x: &[i8],
        place: Place,
        at: Option<usize>,
        t: usize,
        to: &mut [i8],
    ) -> Option<()> {
        let Some(at) = at else { return self.gather_some(x, place, t, to) };
        let pitch = self.pitch.wrapping_mul(self.window.rows.dilation);
        mve::lines(x.get(at.wrapping_add(pitch.wrapping_mul(t))..)?, pitch, to, self.line)
    }

    /// As [`Conv::gather`] where some taps are outside or columns are skipped.
    #[inline(never)]
    fn gather_some(
        &self,
        x: &[i8],
        [b, row, column]: Place,
        t: usize,
        to: &mut [i8],
    ) -> Option<()> {
        let w = &self.window;
        to.fill(self.zero);
        let (from, end) = w.columns.inside(column);
        for (t, line) in (t..).zip(to.chunks_exact_mut(self.line.max(1))) {
            let Some(i) = w.rows.at(row, t) else { continue };
            if w.columns.dilation == 1 && from < end {
                let inside = from.wrapping_mul(w.c_in)..end.wrapping_mul(w.c_in);
                let x = x.get(self.pixel_at(b, i, w.columns.at(column, from)?)..)?;
                mve::copy(x, line.get_mut(inside)?);
                continue;
            }
            let taps = line.chunks_exact_mut(w.c_in.max(1)).enumerate();
            for (u, tap) in taps.take(end).skip(from) {
                mve::copy(x.get(self.pixel_at(b, i, w.columns.at(column, u)?)..)?, tap);
            }
        }
        Some(())
    }
}

//! CONV_2D by lists of those inputs that are not the zero point: behind a ReLU, half of them are.
//!
//! With `x' = x − z` the sum of a channel is `Σ w·x = z·Σ w + Σ w·x'`. The first term is the same for every pixel; in the second,
//! inputs that equal the zero point do not count, and neither do taps outside the image. A pixel lists the others once, and every
//! channel multiplies only these. Where none is left out, it takes no longer than a copy of the window would.

use super::{
    dot::total,
    finish::{Finish, SECTION},
    form::Form,
    scalar::Short,
    simd::list::{Lines, List},
};
use crate::ops::{Task, Window, place};

/// Channels whose sums of weights fit on the stack.
const MOST: usize = 128;
/// For fewer pixels the sums of weights are not worth their time.
const FEW: usize = 6;

struct Conv<'m> {
    window: Window,
    weights: &'m [i8],
    /// Length of a filter.
    len: usize,
    finish: Finish<'m>,
    zero: i32,
}

/// Returns `None` without having written anything for channels in groups, many channels and few pixels.
#[inline(never)]
pub(super) fn run<F: Form>(task: &mut Task<'_, '_>) -> Option<()> {
    let window = Window::of(task).in_one_row();
    let pixels = window.rows.output.checked_mul(window.columns.output)?.checked_mul(window.batch)?;
    let grouped = usize::try_from(*task.op.aux.first()?) != Ok(window.c_in);
    if grouped || window.c_out > MOST || pixels < FEW {
        return None;
    }
    let len = window.rows.taps.checked_mul(window.columns.taps)?.checked_mul(window.c_in)?;
    let conv = Conv {
        window,
        weights: task.weights(len.checked_mul(window.c_out)?)?,
        len,
        finish: Finish::of(task)?,
        zero: task.op.in_zero.into(),
    };
    let mut totals = [0_i16; MOST];
    if conv.zero != 0 {
        for (to, filter) in totals.iter_mut().zip(conv.weights.chunks_exact(len.max(1))) {
            *to = i16::try_from(total(filter)).ok()?;
        }
    }
    conv.listed::<F>(task, &totals)
}

impl Conv<'_> {
    /// Has the list, so that no frame takes more than half a kilobyte of stack.
    #[inline(never)]
    fn listed<F: Form>(&self, task: &mut Task<'_, '_>, totals: &[i16; MOST]) -> Option<()> {
        self.pixels::<F>(task, totals, &mut List::new())
    }

    #[inline(never)]
    fn pixels<F: Form>(
        &self,
        task: &mut Task<'_, '_>,
        totals: &[i16; MOST],
        list: &mut List,
    ) -> Option<()> {
        let w = &self.window;
        let (x, y) = (task.x_place(), task.y_place());
        let pixel = task.scratch.get_mut(..w.c_out)?;
        let short = Short::of::<F>(&self.finish);
        let mut sums = [0_i32; SECTION];
        let mut to = y.at;
        for b in 0..w.batch {
            for row in 0..w.rows.output {
                for column in 0..w.columns.output {
                    let at = [b, row, column];
                    let mut first = 0_usize;
                    // All inputs of the pixel are listed: none is read again.
                    let mut complete = false;
                    while first < w.c_out {
                        let n = w.c_out.wrapping_sub(first).min(SECTION);
                        let sums = sums.get_mut(..n)?;
                        for (sum, &total) in sums.iter_mut().zip(totals.get(first..)?) {
                            *sum = i32::from(total).wrapping_mul(self.zero);
                        }
                        let weights = self.weights.get(first.wrapping_mul(self.len)..)?;
                        if complete {
                            list.multiply(weights, self.len, sums)?;
                        } else {
                            complete = self.sum(x.view(task.mem)?, at, weights, list, sums)?;
                        }
                        let end = first.wrapping_add(n);
                        let out = if complete {
                            place::run_mut(task.mem, to.wrapping_add(first), n)?
                        } else {
                            pixel.get_mut(first..end)?
                        };
                        match &short {
                            Some(short) => short.write::<F>(&self.finish, first, sums, out)?,
                            None => self.finish.write::<F>(first, sums, out)?,
                        }
                        first = end;
                    }
                    if !complete {
                        place::store(task.mem, to, pixel)?;
                    }
                    to = to.wrapping_add(w.c_out);
                }
            }
        }
        Some(())
    }

    /// Adds the products of some channels of a pixel and returns whether the list holds all of its inputs.
    #[inline(never)]
    fn sum(
        &self,
        x: &[i8],
        [b, row, column]: [usize; 3],
        weights: &[i8],
        list: &mut List,
        sums: &mut [i32],
    ) -> Option<bool> {
        let w = &self.window;
        let (from, end) = w.columns.inside(column);
        let (top, bottom) = w.rows.inside(row);
        let mut complete = true;
        list.clear();
        if let (Some(i), Some(j)) = (w.rows.at(row, top), w.columns.at(column, from)) {
            let line = b.wrapping_mul(w.rows.input).wrapping_add(i).wrapping_mul(w.columns.input);
            let mut x = x.get(line.wrapping_add(j).wrapping_mul(w.c_in)..)?;
            let apart = w.columns.taps.wrapping_mul(w.c_in);
            let mut lines = Lines {
                pitch: w.rows.dilation.wrapping_mul(w.columns.input).wrapping_mul(w.c_in),
                n: end.saturating_sub(from).wrapping_mul(w.c_in),
                lines: 1,
                first: top.wrapping_mul(w.columns.taps).wrapping_add(from).wrapping_mul(w.c_in),
                apart,
            };
            let count = bottom.saturating_sub(top);
            // As many lines at once as there is room for; a longer one in parts, and tap by tap where columns are skipped.
            let fit = if w.columns.dilation == 1 { List::fit(lines.n, count) } else { 0 };
            let mut done = 0_usize;
            while done < count {
                lines.lines = fit.min(count.wrapping_sub(done)).max(1);
                if fit == 0 {
                    complete &= self.line(x, lines, [from, end], weights, list, sums)?;
                } else {
                    if done > 0 {
                        list.multiply(weights, self.len, sums)?;
                        list.clear();
                        complete = false;
                    }
                    list.take_lines(x, lines, self.zero)?;
                }
                done = done.wrapping_add(lines.lines);
                if done < count {
                    x = x.get(lines.pitch.wrapping_mul(lines.lines)..)?;
                    lines.first = lines.first.wrapping_add(apart.wrapping_mul(lines.lines));
                }
            }
        }
        list.multiply(weights, self.len, sums)?;
        Some(complete)
    }

    /// Lists a line of inputs and returns whether the list took it without being used up.
    #[inline(never)]
    fn line(
        &self,
        x: &[i8],
        lines: Lines,
        [from, end]: [usize; 2],
        weights: &[i8],
        list: &mut List,
        sums: &mut [i32],
    ) -> Option<bool> {
        let w = &self.window;
        if w.columns.dilation == 1 {
            return self.run((x.get(..lines.n)?, lines.first), weights, list, sums);
        }
        let mut complete = true;
        let step = w.columns.dilation.wrapping_mul(w.c_in);
        for tap in 0..end.saturating_sub(from) {
            let x = x.get(tap.wrapping_mul(step)..)?.get(..w.c_in)?;
            let first = lines.first.wrapping_add(tap.wrapping_mul(w.c_in));
            complete &= self.run((x, first), weights, list, sums)?;
        }
        Some(complete)
    }

    /// Lists a run of inputs, from a place on, and returns whether the list took it without being used up.
    #[inline(never)]
    fn run(
        &self,
        (mut run, mut first): (&[i8], usize),
        weights: &[i8],
        list: &mut List,
        sums: &mut [i32],
    ) -> Option<bool> {
        let mut complete = true;
        loop {
            let taken = list.take(run, first, self.zero);
            run = run.get(taken..)?;
            first = first.wrapping_add(taken);
            if run.is_empty() {
                return Some(complete);
            }
            list.multiply(weights, self.len, sums)?;
            list.clear();
            complete = false;
        }
    }
}

//! DEPTHWISE_CONV_2D: some channels at a time, all taps of a 3×3 window at once.
//!
//! A tap outside the image reads a short row of zero points instead, so that pixels at the border take the same path.

use super::{
    finish::{Finish, SECTION},
    form::Form,
    scalar::Short,
    simd::Nine,
};
use crate::ops::{Task, Window, place::store};

/// Taps whose products are added at once.
const TOGETHER: usize = 9;
/// Position of a tap outside the image; no sum with it is a position inside.
const OUTSIDE: usize = usize::MAX;

struct Depthwise<'m> {
    window: Window,
    multiplier: usize,
    /// What taps outside the image read.
    zeros: [i8; SECTION],
    weights: &'m [i8],
    finish: Finish<'m>,
}

#[expect(clippy::cast_possible_truncation, reason = "the zero point of an int8 tensor")]
#[inline(never)]
pub(super) fn run<F: Form>(task: &mut Task<'_, '_>) -> Option<()> {
    let window = Window::of(task);
    let taps = window.rows.taps.checked_mul(window.columns.taps)?;
    let kernel = Depthwise {
        window,
        multiplier: task.op.multiplier.into(),
        zeros: [task.op.in_zero as i8; SECTION],
        weights: task.weights(taps.checked_mul(window.c_out)?)?,
        finish: Finish::of(task)?,
    };
    kernel.pixels::<F>(task, taps, &mut [0; SECTION])
}

impl Depthwise<'_> {
    /// Computes all pixels; apart from [`run`], so that no frame takes more than half a kilobyte of stack.
    #[inline(never)]
    fn pixels<F: Form>(
        &self,
        task: &mut Task<'_, '_>,
        taps: usize,
        sums: &mut [i32; SECTION],
    ) -> Option<()> {
        let (x, y) = (task.x_place(), task.y_place());
        let pixel = task.scratch.get_mut(..self.window.c_out)?;
        let few = taps <= TOGETHER;
        let short = Short::of::<F>(&self.finish);
        let mut to = y.at;
        let step = self.window.columns.stride.wrapping_mul(self.window.c_in);
        for b in 0..self.window.batch {
            for row in 0..self.window.rows.output {
                // The taps of the first window of the row that no side cuts off, from where on they move along.
                let mut whole = None;
                let mut places = Nine::new([OUTSIDE; TOGETHER]);
                for column in 0..self.window.columns.output {
                    let x = x.view(task.mem)?;
                    let at = [b, row, column];
                    let alike = whole.filter(|_| self.window.columns.alike(column, column));
                    let moved = match alike {
                        Some(first) => step.wrapping_mul(column.wrapping_sub(first)),
                        None if few => {
                            places = Nine::new(self.taps(0, at));
                            whole = self.window.columns.alike(column, column).then_some(column);
                            0
                        }
                        None => 0,
                    };
                    let mut first = 0_usize;
                    for out in pixel.chunks_mut(SECTION) {
                        let sums = sums.get_mut(..out.len())?;
                        if self.multiplier == 1 {
                            let mut start = 0_usize;
                            while start < taps {
                                if !few {
                                    places = Nine::new(self.taps(start, at));
                                }
                                let n = taps.wrapping_sub(start).min(TOGETHER);
                                self.same::<F>(x, &places, [n, start, first, moved], sums)?;
                                start = start.wrapping_add(TOGETHER);
                            }
                        } else {
                            sums.fill(0);
                            self.several(x, at, first, sums)?;
                        }
                        match &short {
                            Some(short) => short.write::<F>(&self.finish, first, sums, out)?,
                            None => self.finish.write::<F>(first, sums, out)?,
                        }
                        first = first.wrapping_add(SECTION);
                    }
                    store(task.mem, to, pixel)?;
                    to = to.wrapping_add(self.window.c_out);
                }
            }
        }
        Some(())
    }

    /// Returns the position of the pixel at batch, row and first column of the image.
    #[inline]
    fn line(&self, b: usize, i: usize) -> usize {
        let w = &self.window;
        b.wrapping_mul(w.rows.input)
            .wrapping_add(i)
            .wrapping_mul(w.columns.input)
            .wrapping_mul(w.c_in)
    }

    /// Returns the positions in the image of up to nine taps from number `start`; one outside of it has none.
    #[inline(never)]
    fn taps(&self, start: usize, [b, row, column]: [usize; 3]) -> [usize; TOGETHER] {
        let w = &self.window;
        let mut list = [OUTSIDE; TOGETHER];
        let mut t = start.checked_div(w.columns.taps).unwrap_or(0);
        let mut u = start.wrapping_sub(t.wrapping_mul(w.columns.taps));
        let mut line = w.rows.at(row, t).map(|i| self.line(b, i));
        for place in &mut list {
            if let (Some(line), Some(j)) = (line, w.columns.at(column, u)) {
                *place = line.wrapping_add(j.wrapping_mul(w.c_in));
            }
            u = u.wrapping_add(1);
            if u == w.columns.taps {
                (t, u) = (t.wrapping_add(1), 0);
                line = w.rows.at(row, t).map(|i| self.line(b, i));
            }
        }
        list
    }

    /// Adds the products of `n` listed taps, of which `start` is the first, to the sums of channels `first..`; at the first tap
    /// begins the sum. The window lies `moved` behind the listed one.
    #[inline]
    fn same<F: Form>(
        &self,
        x: &[i8],
        places: &Nine,
        [n, start, first, moved]: [usize; 4],
        sums: &mut [i32],
    ) -> Option<()> {
        let stride = self.window.c_out;
        let mut weights = self.weights.get(start.wrapping_mul(stride).wrapping_add(first)..)?;
        let list = places.positions().get(..n)?;
        let (mut sums, mut first) = (sums, first.wrapping_add(moved));
        if n == TOGETHER && start == 0 {
            let fours = sums.get_mut(..sums.len() & !3)?;
            let n = fours.len();
            if F::nine(x, places, first, weights, stride, fours).is_some() {
                sums = sums.get_mut(n..)?;
                weights = weights.get(n..)?;
                first = first.wrapping_add(n);
            }
        }
        while !sums.is_empty() {
            let place = (list, first, start > 0);
            let n = match sums.len() {
                32.. => self.block::<F, 32>(x, place, weights, sums)?,
                8.. => self.block::<F, 8>(x, place, weights, sums)?,
                _ => self.block::<F, 1>(x, place, weights, sums)?,
            };
            sums = sums.get_mut(n..)?;
            weights = weights.get(n..)?;
            first = first.wrapping_add(n);
        }
        Some(())
    }

    /// Computes `N` sums, or adds to them, and returns `N`.
    #[inline(never)]
    fn block<F: Form, const N: usize>(
        &self,
        x: &[i8],
        (list, first, adds): (&[usize], usize, bool),
        weights: &[i8],
        sums: &mut [i32],
    ) -> Option<usize> {
        let zeros = self.zeros.first_chunk::<N>()?;
        let sums = sums.first_chunk_mut::<N>()?;
        let mut taps = [zeros; TOGETHER];
        for (tap, &at) in taps.iter_mut().zip(list) {
            let inside = x.get(at.saturating_add(first)..).and_then(|x| x.first_chunk());
            *tap = inside.unwrap_or(zeros);
        }
        let taps = taps.get(..list.len())?;
        if adds {
            let mut more = [0_i32; N];
            F::columns(taps, weights, self.window.c_out, &mut more)?;
            for (sum, more) in sums.iter_mut().zip(more) {
                *sum = sum.wrapping_add(more);
            }
        } else {
            F::columns(taps, weights, self.window.c_out, sums)?;
        }
        Some(N)
    }

    /// Adds the products of channels `first..` where several neighbors share an input.
    #[inline(never)]
    fn several(
        &self,
        x: &[i8],
        [b, row, column]: [usize; 3],
        first: usize,
        sums: &mut [i32],
    ) -> Option<()> {
        let w = &self.window;
        let n = sums.len();
        let [zero, ..] = self.zeros;
        let mut weights = self.weights.get(first..)?;
        let source = first.checked_div(self.multiplier)?;
        let skipped = first.wrapping_sub(source.wrapping_mul(self.multiplier));
        for t in 0..w.rows.taps {
            let line = w.rows.at(row, t).map(|i| self.line(b, i));
            for u in 0..w.columns.taps {
                let factors = weights.get(..n)?;
                weights = weights.get(w.c_out..).unwrap_or(&[]);
                let at = match (line, w.columns.at(column, u)) {
                    (Some(line), Some(j)) => Some(line.wrapping_add(j.wrapping_mul(w.c_in))),
                    _ => None,
                };
                let (mut source, mut left) = (source, self.multiplier.wrapping_sub(skipped));
                let (mut sums, mut factors) = (&mut *sums, factors);
                while !sums.is_empty() {
                    let value = match at {
                        Some(at) => *x.get(at.wrapping_add(source))?,
                        None => zero,
                    };
                    let k = left.min(sums.len());
                    let (now, later) = sums.split_at_mut_checked(k)?;
                    let (now_factors, later_factors) = factors.split_at_checked(k)?;
                    add(now, now_factors, value.into());
                    (sums, factors) = (later, later_factors);
                    source = source.wrapping_add(1);
                    left = self.multiplier;
                }
            }
        }
        Some(())
    }
}

/// Adds one input times its factors.
#[inline]
fn add(sums: &mut [i32], factors: &[i8], x: i32) {
    for (sum, &factor) in sums.iter_mut().zip(factors) {
        *sum = sum.wrapping_add(x.wrapping_mul(factor.into()));
    }
}

//! Sliding windows over an image: which taps of a window lie inside.

use super::Task;
use crate::model::record::{OpRecord, TensorRecord};

/// One axis of a window operator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Axis {
    /// Elements of the image.
    pub(crate) input: usize,
    /// Steps of the window.
    pub(crate) output: usize,
    /// Taps of the window.
    pub(crate) taps: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    pad: usize,
}

impl Axis {
    /// Returns the image position of tap `t` of the window at step `o`, or `None` outside.
    #[inline]
    pub(crate) fn at(&self, o: usize, t: usize) -> Option<usize> {
        let shifted = o.wrapping_mul(self.stride).wrapping_add(t.wrapping_mul(self.dilation));
        let i = shifted.checked_sub(self.pad)?;
        if i < self.input { Some(i) } else { None }
    }

    /// Returns the range of taps inside the image for the window at step `o`.
    #[inline]
    pub(crate) fn inside(&self, o: usize) -> (usize, usize) {
        let start = o.wrapping_mul(self.stride);
        // First tap with start + t·dilation >= pad, first with start + t·dilation >= pad + input.
        let first = ceil_div(self.pad.saturating_sub(start), self.dilation);
        let end = ceil_div(
            self.pad.wrapping_add(self.input).saturating_sub(start),
            self.dilation,
        );
        let end = end.min(self.taps);
        (first.min(end), end)
    }

    /// Returns `true` if the windows of two steps have all their taps inside.
    #[inline]
    pub(crate) fn alike(&self, o: usize, next: usize) -> bool {
        let last = self.taps.wrapping_sub(1);
        self.at(o, 0).is_some() && self.at(next, last).is_some()
    }

    /// Returns how many steps place tap `t` on image position `i`, if one does: the inverse of
    /// [`Axis::at`], used by transposed convolution.
    #[inline]
    pub(crate) fn step_of(&self, i: usize, t: usize) -> Option<usize> {
        let offset = i.wrapping_add(self.pad).checked_sub(t.wrapping_mul(self.dilation))?;
        let o = offset.checked_div(self.stride)?;
        if o.wrapping_mul(self.stride) == offset && o < self.output { Some(o) } else { None }
    }
}

#[inline]
fn ceil_div(a: usize, b: usize) -> usize {
    if b == 1 { a } else { a.wrapping_add(b).wrapping_sub(1).checked_div(b).unwrap_or(0) }
}

/// The geometry of a window operator, in the order batch, rows, columns, channels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) batch: usize,
    pub(crate) rows: Axis,
    pub(crate) columns: Axis,
    /// Channels read.
    pub(crate) c_in: usize,
    /// Channels written.
    pub(crate) c_out: usize,
}

impl Window {
    pub(crate) fn of(task: &Task<'_, '_>) -> Self {
        Self::between(&task.op, &task.x, &task.y)
    }

    /// Builds the geometry of windows that slide over `image` and give `steps`.
    pub(crate) fn between(op: &OpRecord, image: &TensorRecord, steps: &TensorRecord) -> Self {
        let axis = |i: usize, k: usize| {
            let dim = |dims: &[u16; 4]| usize::from(dims.get(i).copied().unwrap_or(0));
            let of = |pair: &[u8; 2]| usize::from(pair.get(k).copied().unwrap_or(0));
            Axis {
                input: dim(&image.dims),
                output: dim(&steps.dims),
                taps: of(&op.kernel),
                stride: of(&op.stride),
                dilation: of(&op.dilation),
                pad: of(&op.pad),
            }
        };
        Self {
            batch: steps.dims[0].into(),
            rows: axis(1, 0),
            columns: axis(2, 1),
            c_in: image.dims[3].into(),
            c_out: steps.dims[3].into(),
        }
    }

    /// Returns the same windows as one row of pixels if each is one pixel and none is skipped.
    pub(crate) fn in_one_row(self) -> Self {
        let Self { batch, rows, columns, .. } = self;
        if rows.taps != 1 || columns.taps != 1 || rows.stride != 1 || columns.stride != 1 {
            return self;
        }
        // A window of one tap is never outside, so as many are read as written.
        let pixels = batch.wrapping_mul(rows.output).wrapping_mul(columns.output);
        let one = Axis { input: 1, output: 1, ..rows };
        Self { batch: 1, rows: one, columns: Axis { input: pixels, output: pixels, ..columns }, ..self }
    }

    /// Calls `pixel` for every output pixel in row-major order, with its number, batch, row and
    /// column.
    #[inline]
    pub(crate) fn each(
        &self,
        mut pixel: impl FnMut(usize, usize, usize, usize) -> Option<()>,
    ) -> Option<()> {
        let mut p = 0_usize;
        for b in 0..self.batch {
            for row in 0..self.rows.output {
                for column in 0..self.columns.output {
                    pixel(p, b, row, column)?;
                    p = p.wrapping_add(1);
                }
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_is_the_range_that_at_accepts() {
        for input in 1..7 {
            for taps in 1..6 {
                for stride in 1..4 {
                    for dilation in 1..4 {
                        for pad in 0..taps * dilation {
                            let axis = Axis { input, output: 5, taps, stride, dilation, pad };
                            for o in 0..axis.output {
                                let (first, end) = axis.inside(o);
                                for t in 0..taps {
                                    assert_eq!(
                                        axis.at(o, t).is_some(),
                                        (first..end).contains(&t),
                                        "{axis:?} step {o} tap {t}"
                                    );
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn step_of_inverts_at() {
        let axis = Axis { input: 9, output: 4, taps: 3, stride: 2, dilation: 1, pad: 1 };
        for o in 0..axis.output {
            for t in 0..axis.taps {
                if let Some(i) = axis.at(o, t) {
                    assert_eq!(axis.step_of(i, t), Some(o));
                }
            }
        }
    }
}

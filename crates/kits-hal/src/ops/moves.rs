//! Operators that only move bytes: CONCATENATION, SPLIT, PAD, TRANSPOSE, STRIDED_SLICE, PACK.
//!
//! All are the same strided copy, described by 14 words: four extents, four input strides, four
//! output strides, an input offset and an output offset. A pad fills its output first.

use super::{
    Task,
    place::{copy, run_mut},
};
use crate::model::record::OP_FILL;

pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let (x, y) = (task.x_place(), task.y_place());
    if task.op.has(OP_FILL) {
        let [value, _] = task.op.aux;
        #[expect(clippy::cast_possible_truncation, reason = "the low byte is the value")]
        run_mut(task.mem, y.at, y.len)?.fill(value as i8);
    }
    let four = |first: usize| {
        Some([
            task.word(first)?,
            task.word(first.wrapping_add(1))?,
            task.word(first.wrapping_add(2))?,
            task.word(first.wrapping_add(3))?,
        ])
    };
    let ([n0, n1, n2, n3], from, to) = (four(0)?, four(4)?, four(8)?);
    let x0 = offset(x.at, task.word(12)?)?;
    let y0 = offset(y.at, task.word(13)?)?;
    let (from_step, to_step) = (*from.last()?, *to.last()?);
    for i in 0..n0 {
        for j in 0..n1 {
            for k in 0..n2 {
                let at = offset(x0, dot([i, j, k], from))?;
                let put = offset(y0, dot([i, j, k], to))?;
                if from_step == 1 && to_step == 1 {
                    copy(task.mem, at, put, usize::try_from(n3).ok()?)?;
                    continue;
                }
                for l in 0..n3 {
                    let &value = task.mem.get(offset(at, l.wrapping_mul(from_step))?)?;
                    *task.mem.get_mut(offset(put, l.wrapping_mul(to_step))?)? = value;
                }
            }
        }
    }
    Some(())
}

/// Returns `base + by` for a signed distance.
#[inline]
fn offset(base: usize, by: i32) -> Option<usize> {
    base.checked_add_signed(isize::try_from(by).ok()?)
}

#[inline]
fn dot([i, j, k]: [i32; 3], [a, b, c, _]: [i32; 4]) -> i32 {
    i.wrapping_mul(a).wrapping_add(j.wrapping_mul(b)).wrapping_add(k.wrapping_mul(c))
}

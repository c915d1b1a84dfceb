//! MEAN and SUM over any axes: `y = clamp(requant(Σx − z_in·n, m, s) + z_out)`.
//!
//! For MEAN the converter has already divided the multiplier by the number of elements.

use super::{Task, output::Output};

pub(super) fn mean(task: &mut Task<'_, '_>) -> Option<()> {
    run(task)
}

pub(super) fn sum(task: &mut Task<'_, '_>) -> Option<()> {
    run(task)
}

fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let output = Output::of(&task.op);
    let [m, s] = task.op.aux;
    let (x, y) = (task.x_place(), task.y_place());
    let dims = task.x.dims.map(usize::from);
    let strides = row_major(dims)?;
    // The axes that stay, and those that are summed over; the others count as 1.
    let axis = |i: usize| task.op.axis >> i & 1 == 1;
    let mut kept = [1; 4];
    let mut summed = [1; 4];
    for (i, &dim) in dims.iter().enumerate() {
        *(if axis(i) { summed.get_mut(i)? } else { kept.get_mut(i)? }) = dim;
    }
    let n = summed.iter().try_fold(1_i32, |n, &d| n.checked_mul(i32::try_from(d).ok()?))?;
    let offset = n.wrapping_mul(task.op.in_zero.into());
    let mut out = y.at;
    walk(kept, strides, |base| {
        let view = x.view(task.mem)?;
        let mut sum = 0_i32;
        walk(summed, strides, |at| {
            sum = sum.wrapping_add((*view.get(base.wrapping_add(at))?).into());
            Some(())
        })?;
        *task.mem.get_mut(out)? = output.requantize(sum.wrapping_sub(offset), m, s);
        out = out.wrapping_add(1);
        Some(())
    })
}

/// Returns the distance of neighbors along each axis.
fn row_major([_, b, c, d]: [usize; 4]) -> Option<[usize; 4]> {
    let cd = c.checked_mul(d)?;
    Some([b.checked_mul(cd)?, cd, d, 1])
}

/// Calls `visit` with the position of every index below `extents`, in row-major order.
#[inline]
fn walk(
    extents: [usize; 4],
    strides: [usize; 4],
    mut visit: impl FnMut(usize) -> Option<()>,
) -> Option<()> {
    let [n0, n1, n2, n3] = extents;
    let [s0, s1, s2, s3] = strides;
    for i in 0..n0 {
        for j in 0..n1 {
            for k in 0..n2 {
                let at = i
                    .wrapping_mul(s0)
                    .wrapping_add(j.wrapping_mul(s1))
                    .wrapping_add(k.wrapping_mul(s2));
                for l in 0..n3 {
                    visit(at.wrapping_add(l.wrapping_mul(s3)))?;
                }
            }
        }
    }
    Some(())
}

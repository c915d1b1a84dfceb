//! ARG_MAX: the position of the first largest element along one axis, as `int32`.

use super::{Task, place::store};

pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let dims = task.x.dims.map(usize::from);
    let axis = usize::from(task.op.axis);
    let n = *dims.get(axis)?;
    let product = |dims: &[usize]| dims.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
    let outer = product(dims.get(..axis)?)?;
    let inner = product(dims.get(axis.checked_add(1)?..)?)?;
    let (x, y) = (task.x_place(), task.y_place());
    for i in 0..outer {
        for k in 0..inner {
            let first = i.wrapping_mul(n).wrapping_mul(inner).wrapping_add(k);
            let view = x.view(task.mem)?;
            let mut best = (*view.get(first)?, 0_i32);
            for j in 1..n {
                let value = *view.get(first.wrapping_add(j.wrapping_mul(inner)))?;
                if value > best.0 {
                    best = (value, i32::try_from(j).ok()?);
                }
            }
            let at = y.at.wrapping_add(i.wrapping_mul(inner).wrapping_add(k).wrapping_mul(4));
            store(task.mem, at, &best.1.to_le_bytes().map(u8::cast_signed))?;
        }
    }
    Some(())
}

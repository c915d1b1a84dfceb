//! FULLY_CONNECTED on vectors.

use super::outputs::Outputs;
use crate::{
    fast::{
        dot::total,
        finish::SECTION,
        simd::mve,
    },
    ops::{Task, place},
};

#[inline(never)]
pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let c_out = usize::from(*task.y.dims.last()?);
    let (x, y) = (task.x_place(), task.y_place());
    let rows = y.len.checked_div(c_out)?;
    let c_in = x.len.checked_div(rows)?;
    let weights = task.weights(c_in.checked_mul(c_out)?)?;
    let outputs = Outputs::of(task)?;
    let weight_zero = *task.op.aux.first()?;
    let mut sums = [0_i32; SECTION];
    for row in 0..rows {
        let mut first = 0_usize;
        while first < c_out {
            let n = c_out.wrapping_sub(first).min(SECTION);
            let sums = sums.get_mut(..n)?;
            let x = place::run(task.mem, x.at.wrapping_add(row.wrapping_mul(c_in)), c_in)?;
            if weight_zero != 0 {
                let skew = total(x).wrapping_mul(weight_zero);
                sums.iter_mut().for_each(|sum| *sum = sum.wrapping_sub(skew));
            }
            mve::multiply(x, weights.get(first.wrapping_mul(c_in)..)?, c_in, sums)?;
            let at = y.at.wrapping_add(row.wrapping_mul(c_out)).wrapping_add(first);
            outputs.write(first, sums, place::run_mut(task.mem, at, n)?)?;
            first = first.wrapping_add(n);
        }
    }
    Some(())
}

//! L2_NORMALIZATION: every row (the last dimension) divided by its length; 127 stands for 127/128.
//!
//! With `q = Σ (x − z)²` brought into `2^27 ≤ q < 2^29` by steps of four, five Newton steps of
//! `x ← 3/2·x − q/2·x³` in Q3.28 give the inverse root.
//!
//! Source: the iteration is that of `GetInvSqrtQuantizedMultiplierExp` in TensorFlow Lite's
//! reference kernels.

use super::{
    Task,
    fixed::{high_mul, sat_shl},
    place::{run as bytes, run_mut},
};

#[expect(clippy::cast_possible_truncation, reason = "clamped to a byte")]
pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let depth = usize::from(*task.y.dims.last()?);
    let rows = task.y_place().len.checked_div(depth)?;
    let zero = i32::from(task.op.in_zero);
    let (x, y) = (task.x_place(), task.y_place());
    for row in 0..rows {
        let at = row.wrapping_mul(depth);
        let input = bytes(task.mem, x.at.wrapping_add(at), depth)?;
        let square = input.iter().fold(0_i32, |sum, &v| {
            let d = i32::from(v).wrapping_sub(zero);
            sum.wrapping_add(d.wrapping_mul(d))
        });
        let (m, s) = inverse_root(square);
        for i in 0..depth {
            let at = at.wrapping_add(i);
            let value = *task.mem.get(x.at.wrapping_add(at))?;
            let d = i32::from(value).wrapping_sub(zero);
            let scaled = task.rescale(d, m, s.wrapping_add(7)).clamp(-128, 127);
            *run_mut(task.mem, y.at.wrapping_add(at), 1)?.first_mut()? = scaled as i8;
        }
    }
    Some(())
}

/// Returns `1/√q` as a multiplier in Q0.31 and a shift; a `q` of 0 counts as 1.
fn inverse_root(q: i32) -> (i32, i32) {
    if q <= 1 {
        return (i32::MAX, 0);
    }
    let mut q = q;
    let mut shift = 11_i32;
    while q >= 1 << 29 {
        q >>= 2;
        shift = shift.wrapping_add(1);
    }
    // At least four zeros lead, so the number of pairs is not negative.
    let pairs = (q.leading_zeros().saturating_sub(1) / 2).saturating_sub(1);
    shift = shift.wrapping_sub(pairs.cast_signed());
    q <<= pairs.wrapping_mul(2) & 31;
    let input = q >> 1; // Q3.28
    let half = super::fixed::round_shift(input, 1);
    let three_halves = (1 << 28) + (1 << 27);
    let mut x = 1_i32 << 28;
    for _ in 0..5 {
        let cube = sat_shl(high_mul(high_mul(x, x), x), 6);
        let step = high_mul(three_halves, x).wrapping_sub(high_mul(half, cube));
        x = sat_shl(step, 3);
    }
    let root = high_mul(x, 1_518_500_250); // √½ in Q0.31
    if shift < 0 {
        (sat_shl(root, shift.wrapping_neg()), 0)
    } else {
        (root, shift.wrapping_neg())
    }
}

#[cfg(test)]
mod tests {
    use super::inverse_root;

    #[test]
    fn the_inverse_root_is_that_of_floating_point() {
        let mut worst = 0.0_f64;
        for q in (1..2000).chain((1..60).map(|k| k * 35_791_394)) {
            let (m, s) = inverse_root(q);
            let found = f64::from(m) / f64::from(1_u32 << 31) / f64::from(1_u32 << -s);
            worst = worst.max((found * f64::from(q).sqrt() - 1.0).abs());
        }
        // Five Newton steps from 1 for a number in [1/2, 2): far below half of 1/128 of a step.
        assert!(worst < 2e-3, "{worst}");
    }
}

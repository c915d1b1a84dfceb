//! SOFTMAX over the last dimension, in integers: `y = exp(β·s·(x − max)) / Σ`, scale 1/256.

use super::{
    Task,
    fixed::{exp_neg, high_mul, recip_1p, round_shift},
    place::run as bytes,
};

/// The exponent's encoding, found when the model was converted.
struct Exponent {
    multiplier: i32,
    shift: u32,
    /// Differences below it contribute nothing.
    least: i32,
}

impl Exponent {
    /// Returns `exp(β·s·d)` in Q0.31, or `None` if it is too small to count.
    fn of(&self, d: i32) -> Option<i32> {
        if d < self.least {
            return None;
        }
        Some(exp_neg(high_mul(d.wrapping_shl(self.shift), self.multiplier), 5))
    }
}

pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let [multiplier, least] = task.op.aux;
    let exponent = Exponent { multiplier, shift: task.op.axis.into(), least };
    let n = usize::from(*task.y.dims.last()?);
    let (x, y) = (task.x_place(), task.y_place());
    let rows = y.len.checked_div(n)?;
    for row in 0..rows {
        let start = row.wrapping_mul(n);
        let view = bytes(task.mem, x.at.wrapping_add(start), n)?;
        let max = view.iter().fold(i8::MIN, |a, &b| a.max(b));
        let difference = |x: i8| i32::from(x).wrapping_sub(max.into());
        let mut sum = 0_i32; // Q12.19: the integer bits take up to 4095 elements
        for &x in view {
            if let Some(e) = exponent.of(difference(x)) {
                sum = sum.wrapping_add(round_shift(e, 12));
            }
        }
        // sum = 2^(12 − headroom) · (1 + rest), so 1/sum = reciprocal · 2^(headroom − 12)
        let headroom = sum.leading_zeros();
        let rest = sum.cast_unsigned().wrapping_shl(headroom).wrapping_sub(1 << 31);
        let reciprocal = recip_1p(rest.cast_signed());
        let right = 12_i32.wrapping_sub(headroom.cast_signed()).wrapping_add(31 - 8);
        for i in start..start.wrapping_add(n) {
            // The output may lie on the input: one element is read, then written.
            let &x = task.mem.get(x.at.wrapping_add(i))?;
            let value = match exponent.of(difference(x)) {
                Some(e) => round_shift(high_mul(reciprocal, e), right).wrapping_sub(128),
                None => -128,
            };
            #[expect(clippy::cast_possible_truncation, reason = "clamped to a byte")]
            let value = value.clamp(-128, 127) as i8;
            *task.mem.get_mut(y.at.wrapping_add(i))? = value;
        }
    }
    Some(())
}

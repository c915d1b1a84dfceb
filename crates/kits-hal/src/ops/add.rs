//! ADD and SUB: both operands are brought to a common scale, combined, and rescaled.

use super::{
    Task, binary,
    fixed::{high_mul, round_shift},
    output::Output,
};

pub(super) fn add(task: &mut Task<'_, '_>) -> Option<()> {
    run(task, i32::wrapping_add)
}

pub(super) fn sub(task: &mut Task<'_, '_>) -> Option<()> {
    run(task, i32::wrapping_sub)
}

/// A multiplier below 1 and the right shift that follows it.
#[derive(Clone, Copy)]
struct Scale {
    multiplier: i32,
    right: i32,
    #[cfg(feature = "single-round")]
    once: bool,
}

impl Scale {
    #[inline]
    fn apply(self, v: i32) -> i32 {
        #[cfg(feature = "single-round")]
        if self.once {
            return super::fixed::requant_once(v, self.multiplier, self.right.wrapping_neg());
        }
        round_shift(high_mul(v, self.multiplier), self.right)
    }
}

fn run(task: &mut Task<'_, '_>, combine: impl Fn(i32, i32) -> i32) -> Option<()> {
    let output = Output::of(&task.op);
    let scale = |i: usize| {
        let shift = task.word(i.wrapping_add(3))?;
        Some(Scale {
            multiplier: task.word(i)?,
            right: shift.wrapping_neg(),
            #[cfg(feature = "single-round")]
            once: task.op.has(crate::model::record::OP_ONCE),
        })
    };
    let (sa, sb, so) = (scale(0)?, scale(1)?, scale(2)?);
    let za = i32::from(task.op.in_zero);
    let zb = i32::from(binary::second(task)?.zero);
    binary::each(task, |a, b| {
        let a = sa.apply(i32::from(a).wrapping_sub(za).wrapping_shl(20));
        let b = sb.apply(i32::from(b).wrapping_sub(zb).wrapping_shl(20));
        output.offset(so.apply(combine(a, b)))
    })
}

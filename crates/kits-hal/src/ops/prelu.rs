//! PRELU: a slope of its own for every channel (or any broadcast shape) below zero.
//!
//! `d = x − z_x`; `y = clamp(requant(d, m1, s1) + z_y)` if `d ≥ 0`, else
//! `y = clamp(requant(d·(α − z_α), m2, s2) + z_y)`.

use super::{Task, binary, output::Output};

pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let output = Output::of(&task.op);
    let (m1, s1, m2, s2) = (task.word(0)?, task.word(1)?, task.word(2)?, task.word(3)?);
    let zero = i32::from(task.op.in_zero);
    let slope_zero = i32::from(binary::second(task)?.zero);
    binary::each(task, |x, slope| {
        let d = i32::from(x).wrapping_sub(zero);
        if d >= 0 {
            output.requantize(d, m1, s1)
        } else {
            let slope = i32::from(slope).wrapping_sub(slope_zero);
            output.requantize(d.wrapping_mul(slope), m2, s2)
        }
    })
}

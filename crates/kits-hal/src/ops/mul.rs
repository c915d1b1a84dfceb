//! MUL: `y = clamp(requant((x1 − z1)·(x2 − z2), m, s) + z_out)`.

use super::{Task, binary, output::Output};

pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let output = Output::of(&task.op);
    let [m, s] = task.op.aux;
    let za = i32::from(task.op.in_zero);
    let zb = i32::from(binary::second(task)?.zero);
    binary::each(task, |a, b| {
        let product =
            i32::from(a).wrapping_sub(za).wrapping_mul(i32::from(b).wrapping_sub(zb));
        output.requantize(product, m, s)
    })
}

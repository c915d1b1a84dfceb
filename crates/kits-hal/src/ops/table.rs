//! Maps of one byte: LOGISTIC, TANH, HARD_SWISH, LEAKY_RELU, RELU and changes of scale.
//!
//! Whatever a one-byte operator computes, it has 256 answers; the converter writes them down.

use super::Task;

/// Replaces every byte by the entry of the operator's table at its unsigned value.
pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let table: &[i8; 256] = task.weights(256)?.try_into().ok()?;
    map(task, |x| table.get(usize::from(x.cast_unsigned())).copied())
}

/// Writes `f(x)` for every element, first to last: the output may lie on the input.
pub(super) fn map(task: &mut Task<'_, '_>, f: impl Fn(i8) -> Option<i8>) -> Option<()> {
    let (x, y) = (task.x_place(), task.y_place());
    for i in 0..y.len {
        let &value = task.mem.get(x.at.wrapping_add(i))?;
        *task.mem.get_mut(y.at.wrapping_add(i))? = f(value)?;
    }
    Some(())
}

//! FULLY_CONNECTED: every output of a row is a dot product with the whole input row.
//!
//! Weights with a zero point `z_w` (allowed per tensor) subtract `z_w · Σ x` from each sum; the
//! constant parts are folded into the bias.

use super::{
    Task,
    conv::{dot, total},
    output::{Channels, Output},
    place::{run as bytes, store},
};

/// Outputs computed before they are stored.
const BLOCK: usize = 32;

pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let c_out = usize::from(*task.y.dims.last()?);
    let (x, y) = (task.x_place(), task.y_place());
    let rows = y.len.checked_div(c_out)?;
    let c_in = x.len.checked_div(rows)?;
    let weights = task.weights(c_in.checked_mul(c_out)?)?;
    let weight_zero = *task.op.aux.first()?;
    let channels = Channels::of(&task.model, &task.op)?;
    let output = Output::of(&task.op);
    let mut block = [0_i8; BLOCK];
    for row in 0..rows {
        let mut filters = weights.chunks_exact(c_in.max(1));
        let mut first = 0_usize;
        while first < c_out {
            let block = block.get_mut(..c_out.saturating_sub(first).min(BLOCK))?;
            let x = bytes(task.mem, x.at.wrapping_add(row.wrapping_mul(c_in)), c_in)?;
            let skew = if weight_zero == 0 { 0 } else { total(x).wrapping_mul(weight_zero) };
            for (o, (out, filter)) in block.iter_mut().zip(&mut filters).enumerate() {
                let (bias, m, s) = channels.at(first.wrapping_add(o))?;
                let acc = bias.wrapping_add(dot(filter, x)).wrapping_sub(skew);
                *out = output.requantize(acc, m, s);
            }
            let at = row.wrapping_mul(c_out).wrapping_add(first);
            store(task.mem, y.at.wrapping_add(at), block)?;
            first = first.wrapping_add(block.len());
        }
    }
    Some(())
}

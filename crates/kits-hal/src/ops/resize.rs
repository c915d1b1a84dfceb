//! RESIZE_NEAREST_NEIGHBOR: every output pixel copies the input pixel its row and column name.
//!
//! The converter computes which (there is some `f32` rounding in the definition) and stores one
//! u16 per output row, then one per output column.

use super::{Task, place::copy};
use crate::bytes::u16_at;

pub(super) fn run(task: &mut Task<'_, '_>) -> Option<()> {
    let [batch, rows, columns, c] = task.y.dims.map(usize::from);
    let [_, x_rows, x_columns, _] = task.x.dims.map(usize::from);
    let table = task.weights(rows.checked_add(columns)?.checked_mul(2)?)?;
    let table: &[u8] = bytemuck::must_cast_slice(table);
    let (x, y) = (task.x_place(), task.y_place());
    let mut out = y.at;
    for b in 0..batch {
        for row in 0..rows {
            let i = usize::from(u16_at(table, row.wrapping_mul(2))?);
            let line = b.wrapping_mul(x_rows).wrapping_add(i).wrapping_mul(x_columns);
            for column in 0..columns {
                let j = usize::from(u16_at(table, rows.wrapping_add(column).wrapping_mul(2))?);
                let at = x.at.wrapping_add(line.wrapping_add(j).wrapping_mul(c));
                copy(task.mem, at, out, c)?;
                out = out.wrapping_add(c);
            }
        }
    }
    Some(())
}

//! Module 11: table lookup, position encodings, and the layer that adds them.

use crate::nostd::prelude::*;
use crate::{Result, Tensor, slots::embedding as slot, tensor::Element};

pub(crate) use slot::add_positions;

#[cfg(feature = "course")]
use crate::course::{
    fit,
    m11::{hook, slot as student},
    wrong,
};

/// Rows `ids` of a table.
pub(crate) fn embedding_forward<T: Element>(
    table: &[T],
    width: usize,
    ids: &[usize],
) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    if let Some(table) = T::f32s(table)
        && let Some(out) = hook::embedding_forward(table, width, ids)?
    {
        return fit(student::embedding_forward, out, ids.len() * width);
    }
    let mut out = Vec::with_capacity(ids.len() * width);
    ids.iter().for_each(|&id| out.extend_from_slice(&table[id * width..(id + 1) * width]));
    Ok(out)
}

/// Gradient of a table of which the rows `ids` were read, by a student's slot.
#[cfg(feature = "course")]
pub(crate) fn embedding_backward(
    grad: &[f32],
    width: usize,
    ids: &[usize],
    rows: usize,
) -> Result<Option<Vec<f32>>> {
    let out = hook::embedding_backward(grad, width, ids, rows)?;
    out.map(|out| fit(student::embedding_backward, out, rows * width)).transpose()
}

/// Fixed position encodings.
pub(crate) fn sinusoidal_table(positions: usize, width: usize, base: f64) -> Result<Vec<f64>> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::sinusoidal_table(positions, width, base)? {
        return if out.len() == positions * width {
            Ok(out)
        } else {
            let detail =
                format!("returned {} numbers, {} are needed", out.len(), positions * width);
            Err(wrong(student::sinusoidal_table, detail))
        };
    }
    Ok(slot::sinusoidal_table(positions, width, base))
}

/// Vectors of ids with their positions.
pub(crate) fn embedding_layer_forward(
    table: &Tensor,
    positions: Option<&Tensor>,
    ids: &Tensor,
    start: usize,
    scale: bool,
) -> Result<Tensor> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::embedding_layer_forward(table, positions, ids, start, scale)? {
        let shape = [ids.dims(), table.dims().get(1..).unwrap_or(&[])].concat();
        return super::shaped(student::embedding_layer_forward, out, &shape, table.dtype());
    }
    slot::embedding_layer_forward(table, positions, ids, start, scale)
}

//! Module 11: table lookup and position encodings.

use crate::Result;

pub(crate) use crate::slots::embedding::sinusoidal_table;

/// Rows `ids` of a table.
pub(crate) fn embedding_forward<T: Copy>(table: &[T], width: usize, ids: &[usize]) -> Result<Vec<T>> {
    let mut out = Vec::with_capacity(ids.len() * width);
    ids.iter().for_each(|&id| out.extend_from_slice(&table[id * width..(id + 1) * width]));
    Ok(out)
}

//! Module 11, Embeddings: from ids to vectors.

use crate::nostd::prelude::*;
use crate::{Error, Result, Tensor, tensor::Real};

/// Returns the rows `ids` of a row-major table with rows of `width` elements, one after the other.
///
/// The ids must be below the number of rows.
#[must_use]
pub fn embedding_forward<T: Copy>(table: &[T], width: usize, ids: &[usize]) -> Vec<T> {
    ids.iter().flat_map(|&id| &table[id * width..(id + 1) * width]).copied().collect()
}

/// Returns the gradient of the table: each row collects the gradients of all places that read it.
///
/// `grad` holds one row of `width` elements per id; the result has `rows` rows.
#[must_use]
pub fn embedding_backward<T: Real>(grad: &[T], width: usize, ids: &[usize], rows: usize) -> Vec<T> {
    let mut out = vec![T::ZERO; rows * width];
    for (&id, grad) in ids.iter().zip(grad.chunks(width.max(1))) {
        out[id * width..(id + 1) * width].iter_mut().zip(grad).for_each(|(o, &g)| *o += g);
    }
    out
}

/// Returns the fixed position encodings, row-major: `sin(p·base^(-i/width))` in the even columns `i` and the cosine of
/// the same angle in the odd column after it.
#[must_use]
pub fn sinusoidal_table(positions: usize, width: usize, base: f64) -> Vec<f64> {
    let mut out = Vec::with_capacity(positions * width);
    for p in 0..positions {
        for column in 0..width {
            let i = column - column % 2;
            let angle = p as f64 * base.powf(-(i as f64) / width as f64);
            out.push(if column % 2 == 0 { angle.sin() } else { angle.cos() });
        }
    }
    out
}

/// Returns `x` plus the rows of `table` from `start`, one for each place of its sequence axis.
///
/// # Shapes
///
/// `x: [.., sequence, width]`, `table: [positions, width]`, result as `x`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if the table ends before the sequence or the ranks do not fit; [`Error::ShapeMismatch`] for another
/// width.
pub fn add_positions(x: &Tensor, table: &Tensor, start: usize) -> Result<Tensor> {
    let (&[.., len, width], &[max_len, w]) = (x.dims(), table.dims()) else {
        let got = format_args!("of shape {}", x.shape());
        return Err(Error::argument("positions", "input", got, "[.., sequence, width]"));
    };
    if w != width {
        return Err(Error::shapes(
            "positions",
            (x.shape(), table.shape()),
            format!("vectors of {width} and positions of {w}"),
            "a position vector is added to each token vector and has its width",
            "build both tables with one width",
        ));
    }
    if start.checked_add(len).is_none_or(|end| end > max_len) {
        let got = format_args!("{len} tokens from position {start}");
        let need = format!("within the {max_len} positions of the table");
        return Err(Error::argument("positions", "sequence", got, need));
    }
    x.add(&table.narrow(0, start, len)?)
}

/// Returns the vectors of `ids`, the first of which stands at position `start`: rows of `table`, times √width if `scale`, plus
/// rows of `positions` if there are any.
///
/// The factor lifts vectors that begin much smaller than those of the positions. Gradients go to both tables.
///
/// # Shapes
///
/// `table: [rows, width]`, `positions: [max_len, width]`, `ids: [.., sequence]`, result `[.., sequence, width]`.
///
/// # Errors
///
/// [`Error::IndexOutOfRange`] for an id outside the table; as [`add_positions`].
///
/// # Source
///
/// Vaswani et al. (2017), "Attention Is All You Need", section 3.4 for the factor, 3.5 for the sum.
pub fn embedding_layer_forward(
    table: &Tensor,
    positions: Option<&Tensor>,
    ids: &Tensor,
    start: usize,
    scale: bool,
) -> Result<Tensor> {
    let mut x = table.embedding(ids, None)?; // [.., T, width]
    if scale {
        let width = table.dims().last().copied().unwrap_or(1);
        x = x.mul_scalar((width as f64).sqrt())?;
    }
    match positions {
        Some(rows) => add_positions(&x, rows, start),
        None => Ok(x),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of width 4 are doubled by √4, then the positions from 1 on are added.
    #[test]
    fn a_layer_by_hand() {
        let table = Tensor::from([[1.0f32, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0]]);
        let rows = Tensor::from([[9.0f32; 4], [10.0; 4], [20.0; 4]]);
        let ids = Tensor::from([1i64, 0]);
        let run = |rows, start, scale| embedding_layer_forward(&table, rows, &ids, start, scale);
        let numbers = |x: Result<Tensor>| x.unwrap().to_vec::<f32>().unwrap();
        assert_eq!(numbers(run(None, 5, false)), [0., 2., 0., 0., 1., 0., 0., 0.]);
        assert_eq!(numbers(run(Some(&rows), 1, true)), [10., 14., 10., 10., 22., 20., 20., 20.]);
        assert!(matches!(run(Some(&rows), 2, true), Err(Error::InvalidArgument { .. })));
        let narrow = Tensor::from([[1.0f32], [2.0]]);
        assert!(matches!(run(Some(&narrow), 0, true), Err(Error::ShapeMismatch { .. })));
        let outside = embedding_layer_forward(&table, None, &Tensor::from([2i64]), 0, false);
        assert!(matches!(outside, Err(Error::IndexOutOfRange { index: 2, .. })));
    }
}

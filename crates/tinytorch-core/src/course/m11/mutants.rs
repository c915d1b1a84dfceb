//! Seeded mistakes of module 11.

use super::{EmbeddingLesson, Tensor, plain};
use crate::course::lesson::mutants;

/// The table with `f(position, column, width, base)` in each place.
fn table(
    positions: usize,
    width: usize,
    base: f64,
    f: fn(f64, usize, f64, f64) -> f64,
) -> Vec<f64> {
    (0..positions * width)
        .map(|at| f((at / width) as f64, at % width, width as f64, base))
        .collect()
}

fn wave(column: usize, angle: f64) -> f64 {
    if column.is_multiple_of(2) { angle.sin() } else { angle.cos() }
}

fn even(column: usize) -> f64 {
    (column - column % 2) as f64
}

mutants! {
    EmbeddingLesson;
    fn embedding_forward(table: &[f32], width: usize, ids: &[usize]) -> Vec<f32> {
        "reads the row after" => {
            let rows = (table.len() / width).max(1);
            plain::embedding_forward(table, width, &ids.iter().map(|id| (id + 1) % rows).collect::<Vec<_>>())
        },
        "reads columns instead of rows" => {
            let rows = table.len() / width;
            ids.iter().flat_map(|&id| (0..width).map(move |c| table[(c * rows + id) % table.len()])).collect()
        },
        "ignores the ids" => plain::embedding_forward(table, width, &(0..ids.len()).collect::<Vec<_>>()),
        "reads each row once" => {
            let mut seen = ids.to_vec();
            seen.dedup();
            plain::embedding_forward(table, width, &seen)
        },
        "steps by one element instead of one row" =>
            ids.iter().flat_map(|&id| table[id..id + width].iter().copied()).collect(),
    }
    fn embedding_backward(grad: &[f32], width: usize, ids: &[usize], rows: usize) -> Vec<f32> {
        "keeps the last gradient of a repeated id" => {
            let mut out = vec![0.0; rows * width];
            for (&id, g) in ids.iter().zip(grad.chunks(width)) { out[id * width..(id + 1) * width].copy_from_slice(g); }
            out
        },
        "returns the gradient of the rows that were read" => grad.to_vec(),
        "averages the gradients of a repeated id" => {
            let mut out = plain::embedding_backward(grad, width, ids, rows);
            for (row, chunk) in out.chunks_mut(width).enumerate() {
                let n = ids.iter().filter(|id| **id == row).count().max(1) as f32;
                chunk.iter_mut().for_each(|v| *v /= n);
            }
            out
        },
        "gives only the used part of the table" => {
            let mut out = plain::embedding_backward(grad, width, ids, rows);
            out.truncate((ids.iter().max().map_or(0, |m| m + 1)) * width);
            out
        },
        "ignores the ids" => plain::embedding_backward(grad, width, &(0..ids.len()).map(|i| i % rows).collect::<Vec<_>>(), rows),
        "adds the first column everywhere" => {
            let flat: Vec<f32> = grad.chunks(width).flat_map(|g| vec![g[0]; g.len()]).collect();
            plain::embedding_backward(&flat, width, ids, rows)
        },
    }
    fn sinusoidal_table(positions: usize, width: usize, base: f64) -> Vec<f64> {
        "gives every column an angle of its own" =>
            table(positions, width, base, |p, c, w, b| wave(c, p * b.powf(-(c as f64) / w))),
        "exchanges sine and cosine" => table(positions, width, base, |p, c, w, b| wave(c + 1, p * b.powf(-even(c) / w))),
        "counts positions from 1" => table(positions, width, base, |p, c, w, b| wave(c, (p + 1.0) * b.powf(-even(c) / w))),
        "multiplies by the power instead of dividing" => table(positions, width, base, |p, c, w, b| wave(c, p * b.powf(even(c) / w))),
        "uses one base for all" => table(positions, width, base, |p, c, w, _| wave(c, p * 10_000f64.powf(-even(c) / w))),
        "puts all sines first" => table(positions, width, base, |p, c, w, b| {
            let (half, k) = (w / 2.0, c as f64);
            let i = 2.0 * (k % half);
            let angle = p * b.powf(-i / w);
            if k < half { angle.sin() } else { angle.cos() }
        }),
        "divides by half of the width" => table(positions, width, base, |p, c, w, b| wave(c, p * b.powf(-2.0 * even(c) / w))),
    }
    fn embedding_layer_forward(table: &Tensor, positions: Option<&Tensor>, ids: &Tensor, start: usize, scale: bool) -> Tensor {
        "leaves out the positions" => {
            plain::embedding_layer_forward(table, positions, ids, start, scale)?;
            plain::embedding_layer_forward(table, None, ids, start, scale)?
        },
        "ignores the start" => {
            plain::embedding_layer_forward(table, positions, ids, start, scale)?;
            plain::embedding_layer_forward(table, positions, ids, 0, scale)?
        },
        "scales the positions too" => {
            let y = plain::embedding_layer_forward(table, positions, ids, start, false)?;
            if scale { y.mul_scalar((table.dims()[1] as f64).sqrt())? } else { y }
        },
        "scales by the width instead of its root" => {
            let width = if scale { table.dims()[1] as f64 } else { 1.0 };
            plain::embedding_layer_forward(&table.mul_scalar(width)?, positions, ids, start, false)?
        },
        "ignores the scale" => plain::embedding_layer_forward(table, positions, ids, start, false)?,
        "gives every place the vector of the first" => match positions {
            Some(rows) => {
                plain::embedding_layer_forward(table, positions, ids, start, scale)?;
                let all = vec![rows.narrow(0, start, 1)?; rows.dims()[0]];
                let same = Tensor::cat(&all.iter().collect::<Vec<_>>(), 0)?;
                plain::embedding_layer_forward(table, Some(&same), ids, 0, scale)?
            }
            None => plain::embedding_layer_forward(table, None, ids, start, scale)?,
        },
        "begins again after the last position" => match positions {
            Some(rows) => {
                let (n, t) = (rows.dims()[0], ids.dims().last().copied().unwrap_or(0));
                let places = (start..start + t).map(|p| (p % n) as i64).collect();
                let turned = rows.index_select(0, &Tensor::from_vec(places, [t])?)?;
                plain::embedding_layer_forward(table, Some(&turned), ids, 0, scale)?
            }
            None => plain::embedding_layer_forward(table, None, ids, start, scale)?,
        },
        "lets only the positions learn" => plain::embedding_layer_forward(&table.detach(), positions, ids, start, scale)?,
        "lets only the table of the ids learn" => {
            plain::embedding_layer_forward(table, positions.map(Tensor::detach).as_ref(), ids, start, scale)?
        },
    }
}

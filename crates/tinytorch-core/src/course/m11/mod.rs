//! Module 11, Embeddings: from ids to vectors.

mod checks;
mod mutants;

use super::{Module, lesson::lesson};
use crate::{Tensor, slots::embedding as plain};

lesson! {
    /// Tables of vectors, read by id and by position.
    EmbeddingLesson, m11, 11;

    /// Returns the rows `ids` of a row-major table with rows of `width` elements, one after the other.
    core fn embedding_forward(table: &[f32], width: usize, ids: &[usize]) -> Vec<f32>,
        hint "row r begins at r * width",
        Ok(plain::embedding_forward(table, width, ids));
    /// Returns the gradient of a table of `rows` rows: each row collects the gradients of all places that read it.
    core fn embedding_backward(grad: &[f32], width: usize, ids: &[usize], rows: usize) -> Vec<f32>,
        hint "begin with zeros; an id that occurs twice adds twice",
        Ok(plain::embedding_backward(grad, width, ids, rows));
    /// Returns the fixed position encodings, row-major: `sin(p·base^(-i/width))` in the even columns `i`, and the cosine of the
    /// same angle in the odd column after it.
    core fn sinusoidal_table(positions: usize, width: usize, base: f64) -> Vec<f64>,
        hint "columns 2k and 2k + 1 share one angle",
        Ok(plain::sinusoidal_table(positions, width, base));
    /// Returns the vectors of `ids`, the first of which stands at position `start`: rows of `table: [rows, width]`, times √width if
    /// `scale`, plus rows of `positions: [max_len, width]` if there are any; ids `[.., T]` give `[.., T, width]`. A sequence that
    /// leaves the positions is an `Error::InvalidArgument`.
    core fn embedding_layer_forward(table: &Tensor, positions: Option<&Tensor>, ids: &Tensor, start: usize, scale: bool) -> Tensor,
        hint "Tensor::embedding looks ids up; Tensor::narrow cuts T rows from start on; adding broadcasts over the batch",
        plain::embedding_layer_forward(table, positions, ids, start, scale);
}

pub(super) const MODULE: Module = Module {
    number: 11,
    id: "m11",
    name: "Embeddings",
    tier: "architectures",
    lesson: "EmbeddingLesson",
    prerequisites: &[1, 6, 10],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 4,
};

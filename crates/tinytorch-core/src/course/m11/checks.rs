//! Checks of module 11.

use super::ask;
use crate::{
    Result, Rng, Tensor,
    course::{
        check::{Verdict, close, equal, holds, refused, value},
        lesson::checks,
    },
    nn::{EmbeddingLayer, ModuleExt, PositionKind},
};

const TABLE: [f32; 8] = [0.0, 1.0, 10.0, 11.0, 20.0, 21.0, 30.0, 31.0];

fn narrow(values: Result<Vec<f64>>) -> Result<Vec<f32>> {
    values.map(|v| v.into_iter().map(|v| v as f32).collect())
}

/// [`TABLE`] as rows of two.
fn table() -> Result<Tensor> {
    Tensor::from_slice(&TABLE, [4, 2])
}

/// Three position vectors.
fn rows() -> Tensor {
    Tensor::from([[100.0f32, 200.0], [300.0, 400.0], [500.0, 600.0]])
}

const STORY: &str =
    "table [[0, 1], [10, 11], [20, 21], [30, 31]], positions [[100, 200], [300, 400], [500, 600]]";

/// The layer on ids `[B, T]`.
fn layer<const B: usize, const T: usize>(
    what: &str,
    positions: Option<&Tensor>,
    ids: [[i64; T]; B],
    [start, scale]: [usize; 2],
    out: &[f32],
) -> Verdict {
    let input = format!("{STORY}, {what}");
    let table = value(&input, table())?;
    let ids = Tensor::from_slice(ids.as_flattened(), [B, T]);
    let ids = value(&input, ids)?;
    let got = ask::embedding_layer_forward(&table, positions, &ids, start, scale == 1);
    let got = value(&input, got)?;
    equal(format!("{input}: shape"), Ok(got.dims().to_vec()), vec![B, T, 2])?;
    close(input, Ok(got.to_vec_as::<f32>()), out, 1e-6)
}

checks! {
    $ __course_m11 m11;
    embedding_forward {
        by_hand Hand 2 "whole rows, in the order of the ids" => {
            let out = [30.0, 31.0, 0.0, 1.0, 20.0, 21.0];
            close("rows 3, 0, 2 of [[0, 1], [10, 11], [20, 21], [30, 31]]", ask::embedding_forward(&TABLE, 2, &[3, 0, 2]), &out, 0.0)
        };
        repeated Hand 1 "an id that occurs twice is read twice" => {
            close("row 1 twice", ask::embedding_forward(&TABLE, 2, &[1, 1]), &[10.0, 11.0, 10.0, 11.0], 0.0)
        };
    }
    embedding_backward {
        by_hand Hand 2 "rows nobody read have gradient 0" => {
            close("gradients [1, 2], [3, 4] of rows 2, 0 of 4", ask::embedding_backward(&[1.0, 2.0, 3.0, 4.0], 2, &[2, 0], 4),
                &[3.0, 4.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0], 0.0)
        };
        repeated Hand 2 "gradients of a repeated id add up" => {
            close("gradients [1, 2], [10, 20], [5, 5] of rows 1, 1, 0 of 2", ask::embedding_backward(&[1.0, 2.0, 10.0, 20.0, 5.0, 5.0], 2, &[1, 1, 0], 2),
                &[5.0, 5.0, 11.0, 22.0], 0.0)
        };
    }
    sinusoidal_table {
        by_hand Golden 3 "with base 16 and width 4 the angles are p and p / 4" => {
            let rows = [0.0f64, 1.0, 2.0].map(|p| [p.sin(), p.cos(), (p / 4.0).sin(), (p / 4.0).cos()]);
            let out: Vec<f32> = rows.as_flattened().iter().map(|&v| v as f32).collect();
            close("3 positions, width 4, base 16", narrow(ask::sinusoidal_table(3, 4, 16.0)), &out, 1e-6)
        };
        circle Property 1 "each pair of columns is a point on the unit circle" => {
            holds("50 positions, width 6, base 10000", ask::sinusoidal_table(50, 6, 1e4), "sin² + cos² = 1", |t| {
                t.len() == 300 && t.chunks(2).all(|p| (p[0] * p[0] + p[1] * p[1] - 1.0).abs() < 1e-12)
            })
        };
    }
    embedding_layer_forward {
        by_hand Hand 2 "the vector of the id plus that of its place" => {
            layer("ids [[3, 0]]", Some(&rows()), [[3, 0]], [0, 0], &[130.0, 231.0, 300.0, 401.0])
        };
        batch Hand 1 "every sequence of a batch begins at the same place" => {
            layer("ids [[0], [1]]", Some(&rows()), [[0], [1]], [0, 0], &[100.0, 201.0, 110.0, 211.0])
        };
        start Hand 2 "with a start the first id stands at that place" => {
            layer("ids [[1, 1]] from position 1", Some(&rows()), [[1, 1]], [1, 0], &[310.0, 411.0, 510.0, 611.0])
        };
        scale Hand 1 "the root of the width multiplies the vectors of the ids, not those of the places" => {
            let root = 2f32.sqrt();
            layer("ids [[1]], scaled", Some(&rows()), [[1]], [0, 1], &[10.0 * root + 100.0, 11.0 * root + 200.0])?;
            layer("ids [[1]], scaled, no positions", None, [[1]], [0, 1], &[10.0 * root, 11.0 * root])
        };
        no_positions Hand 1 "without positions the rows come as they are" => {
            layer("ids [[2, 2]] from position 7, no positions", None, [[2, 2]], [7, 0], &[20.0, 21.0, 20.0, 21.0])
        };
        end Error 1 "no place after the last position" => {
            let (input, ids) = (format!("{STORY}, ids [[0, 1]] from position 2"), Tensor::from([[0i64, 1]]));
            let table = value(&input, table())?;
            refused!(input, ask::embedding_layer_forward(&table, Some(&rows()), &ids, 2, false), InvalidArgument)
        };
        gradient Property 1 "both tables learn: each row once for each time it was read" => {
            let input = format!("{STORY}, ids [[3, 3]] from position 1: gradients of the sum");
            let table = value(&input, table().and_then(|t| t.requiring_grad()))?;
            let positions = value(&input, rows().requiring_grad())?;
            let y = ask::embedding_layer_forward(&table, Some(&positions), &Tensor::from([[3i64, 3]]), 1, false);
            value(&input, value(&input, y)?.sum(.., false).and_then(|y| y.backward()))?;
            let both = [table.grad(), positions.grad()].map(|g| g.map_or_else(Vec::new, |g| g.to_vec_as::<f32>()));
            close(input, Ok(both.concat()), &[0., 0., 0., 0., 0., 0., 2., 2., 0., 0., 1., 1., 1., 1.], 0.0)
        };
        in_the_library Systems 1 "nn::EmbeddingLayer runs on the slot" => {
            let input = "nn::EmbeddingLayer of 4 ids, width 2, 3 positions, with the ids [[3, 0]] from position 1";
            let layer = value(input, EmbeddingLayer::new(4, 2, 3, PositionKind::Learned, &mut Rng::seed(1)))?;
            for (param, values) in layer.parameters().iter().zip([table(), Ok(rows())]) {
                value(input, values.and_then(|v| param.load(&v)))?;
            }
            close(input, layer.forward_at(&Tensor::from([[3i64, 0]]), 1).map(|y| y.to_vec_as::<f32>()), &[330.0, 431.0, 500.0, 601.0], 0.0)
        };
    }
}

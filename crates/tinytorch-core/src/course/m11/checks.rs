//! Checks of module 11.

use super::ask;
use crate::course::{
    check::{close, holds},
    lesson::checks,
};

const TABLE: [f32; 8] = [0.0, 1.0, 10.0, 11.0, 20.0, 21.0, 30.0, 31.0];

fn narrow(values: crate::Result<Vec<f64>>) -> crate::Result<Vec<f32>> {
    values.map(|v| v.into_iter().map(|v| v as f32).collect())
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
}

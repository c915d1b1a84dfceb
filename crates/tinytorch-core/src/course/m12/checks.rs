//! Checks of module 12.

use super::{Mask, ask};
use crate::{
    DType, Result, Tensor,
    course::{
        check::{Verdict, close, equal, refused, value},
        lesson::checks,
    },
};

const LOW: f32 = f32::NEG_INFINITY;

/// Shape first, then the elements.
fn same(input: &str, got: Result<Tensor>, shape: &[usize], out: &[f32], tol: f32) -> Verdict {
    let got = value(input, got)?;
    equal(format!("{input}: shape"), Ok(got.dims().to_vec()), shape.to_vec())?;
    close(input, Ok(got.to_vec_as::<f32>()), out, tol)
}

fn count(shape: &[usize]) -> Result<Tensor> {
    let n: usize = shape.iter().product();
    Tensor::arange(0.0, n as f64, 1.0, DType::F32)?.reshape(shape)
}

checks! {
    $ __course_m12 m12;
    attention_scores {
        by_hand Hand 2 "each query times each key" => {
            let (q, k) = (Tensor::from([[2.0f32, 1.0]]), Tensor::from([[1.0f32, 5.0], [3.0, 7.0], [0.0, -1.0]]));
            same("q [[2, 1]], k [[1, 5], [3, 7], [0, -1]]", ask::attention_scores(&q, &k), &[1, 3], &[7.0, 13.0, -1.0], 0.0)
        };
        square Hand 1 "in square matrices a missing transpose does not show in the shapes" => {
            let (q, k) = (Tensor::from([[1.0f32, 2.0], [0.0, 1.0]]), Tensor::from([[3.0f32, 4.0], [5.0, 6.0]]));
            same("q [[1, 2], [0, 1]], k [[3, 4], [5, 6]]", ask::attention_scores(&q, &k), &[2, 2], &[11.0, 17.0, 4.0, 6.0], 0.0)
        };
        widths Error 1 "queries and keys have one width" => {
            let (q, k) = (Tensor::from([[1.0f32, 2.0]]), Tensor::from([[1.0f32, 2.0, 3.0]]));
            refused!("widths 2 and 3", ask::attention_scores(&q, &k), ShapeMismatch)
        };
    }
    scale_scores {
        by_hand Hand 2 "divide by the root of the width" => {
            let scores = Tensor::from([[2.0f32, -6.0]]);
            same("scores [[2, -6]], width 16", ask::scale_scores(&scores, 16), &[1, 2], &[0.5, -1.5], 1e-6)
        };
        narrow Hand 1 "a width of 1 changes nothing" => {
            let scores = Tensor::from([[2.0f32, -6.0]]);
            same("scores [[2, -6]], width 1", ask::scale_scores(&scores, 1), &[1, 2], &[2.0, -6.0], 0.0)
        };
    }
    apply_mask {
        causal Hand 2 "query i sees keys 0 to i" => {
            let scores = value("scores", count(&[3, 3]))?;
            let out = [0.0, LOW, LOW, 3.0, 4.0, LOW, 6.0, 7.0, 8.0];
            same("scores 0 to 8, causal", ask::apply_mask(&scores, Mask::Causal), &[3, 3], &out, 0.0)
        };
        truth Hand 2 "true is allowed" => {
            let (scores, allowed) = (Tensor::from([[1.0f32, 2.0]]), Tensor::from([[true, false]]));
            same("scores [[1, 2]], allowed [[true, false]]", ask::apply_mask(&scores, Mask::Bool(&allowed)), &[1, 2], &[1.0, LOW], 0.0)
        };
        additive Hand 1 "an additive mask is added" => {
            let (scores, bias) = (Tensor::from([[1.0f32, 2.0]]), Tensor::from([[0.5f32, LOW]]));
            same("scores [[1, 2]], bias [[0.5, -inf]]", ask::apply_mask(&scores, Mask::Additive(&bias)), &[1, 2], &[1.5, LOW], 0.0)
        };
    }
    attention {
        by_hand Hand 3 "scores ln 1 and ln 3 weigh the values with 1/4 and 3/4" => {
            let scores = Tensor::from([[0.0f32, 3f32.ln()], [5.0, 5.0]]);
            let v = Tensor::from([[8.0f32, 0.0], [0.0, 4.0]]);
            same("scores [[0, ln 3], [5, 5]], v [[8, 0], [0, 4]]", ask::attention(&scores, &v), &[2, 2], &[2.0, 3.0, 4.0, 2.0], 1e-5)
        };
        masked Hand 1 "a key at negative infinity has no weight" => {
            let (scores, v) = (Tensor::from([[0.0f32, LOW]]), Tensor::from([[7.0f32], [100.0]]));
            same("scores [[0, -inf]], v [[7], [100]]", ask::attention(&scores, &v), &[1, 1], &[7.0], 0.0)
        };
    }
    split_heads {
        by_hand Hand 2 "head h has columns h*d to (h+1)*d of every position" => {
            let x = value("0 to 7", count(&[1, 2, 4]))?;
            same("0 to 7 as [1, 2, 4], 2 heads", ask::split_heads(&x, 2), &[1, 2, 2, 2], &[0., 1., 4., 5., 2., 3., 6., 7.], 0.0)
        };
        division Error 1 "the heads divide the width" => {
            let x = value("0 to 7", count(&[1, 2, 4]))?;
            refused!("width 4, 3 heads", ask::split_heads(&x, 3), InvalidArgument)
        };
    }
    merge_heads {
        by_hand Hand 2 "the heads side by side at every position" => {
            let x = value("0 to 7", count(&[1, 2, 2, 2]))?;
            same("0 to 7 as [1, 2, 2, 2]", ask::merge_heads(&x), &[1, 2, 4], &[0., 1., 4., 5., 2., 3., 6., 7.], 0.0)
        };
        uneven Hand 1 "three heads, one position" => {
            let x = value("0 to 5", count(&[1, 3, 1, 2]))?;
            same("0 to 5 as [1, 3, 1, 2]", ask::merge_heads(&x), &[1, 1, 6], &[0., 1., 2., 3., 4., 5.], 0.0)?;
            let x = value("0 to 11", count(&[1, 3, 2, 2]))?;
            same("0 to 11 as [1, 3, 2, 2]", ask::merge_heads(&x), &[1, 2, 6], &[0., 1., 4., 5., 8., 9., 2., 3., 6., 7., 10., 11.], 0.0)
        };
    }
}

//! Checks of module 12.

use super::{Mask, MultiHead, ask};
use crate::{
    DType, Result, Rng, Tensor,
    autograd::{GradCheck, gradcheck},
    course::{
        check::{Verdict, close, equal, refused, value},
        lesson::checks,
    },
    nn::{AttentionOpts, ModuleExt, MultiHeadAttention},
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

fn keep(x: &Tensor) -> Result<Tensor> {
    Ok(x.clone())
}

fn zeros(x: &Tensor) -> Result<Tensor> {
    x.mul_scalar(0.0)
}

fn ones(x: &Tensor) -> Result<Tensor> {
    zeros(x)?.add_scalar(1.0)
}

fn double(x: &Tensor) -> Result<Tensor> {
    x.mul_scalar(2.0)
}

fn square(x: &Tensor) -> Result<Tensor> {
    x.mul(x)
}

fn first_two(x: &Tensor) -> Result<Tensor> {
    x.narrow(2, 0, 2)
}

/// One head whose queries are 1, whose keys and values are the input, and whose last projection changes nothing.
const ASKS: MultiHead<'static> = MultiHead {
    qkv: [&ones, &keep, &keep],
    out: &keep,
    heads: 1,
    kv_heads: 1,
    rotate: None,
    dropout: None,
};

/// The layer on one sequence of two positions.
fn two_positions<const W: usize>(
    what: &str,
    x: [[f32; W]; 2],
    mask: Mask<'_>,
    layer: &MultiHead<'_>,
    out: [[f32; W]; 2],
) -> Verdict {
    let input = format!("positions {x:?}, {what}");
    let x = value(&input, Tensor::from_slice(x.as_flattened(), [1, 2, W]))?;
    let got = ask::mha_forward(&x, mask, layer);
    same(&input, got, &[1, 2, W], out.as_flattened(), 1e-5)
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
    mha_forward {
        parts Hand 3 "values are averaged, then projected once more" => {
            // Queries 0: every position collects the mean of the values, 1 more than the input, of its own sequence.
            let input = "positions [[0, 4], [2, 8]] and [[1, 1], [3, 3]], queries 0, keys the input, values the input plus 1, last projection times 10";
            let x = value(input, Tensor::from_slice(&[0.0f32, 4.0, 2.0, 8.0, 1.0, 1.0, 3.0, 3.0], [2, 2, 2]))?;
            let layer = MultiHead { qkv: [&zeros, &keep, &|x| x.add_scalar(1.0)], out: &|x| x.mul_scalar(10.0), ..ASKS };
            same(input, ask::mha_forward(&x, Mask::None, &layer), &[2, 2, 2], &[20.0, 70.0, 20.0, 70.0, 30.0, 30.0, 30.0, 30.0], 1e-5)
        };
        who_asks Hand 2 "row i of the scores belongs to query i" => {
            // Scores (xᵢ + 1)·xⱼ: 0 and ln 3 for the first query, which weighs the values with 1/4 and 3/4.
            let l = 3f64.ln();
            let second = 1.0 / (1.0 + (-(1.0 + l) * l).exp());
            let layer = MultiHead { qkv: [&|x| x.add_scalar(1.0), &keep, &|x| x.mul_scalar(4.0 / 3f64.ln())], ..ASKS };
            let out = [[3.0], [(4.0 * second) as f32]];
            two_positions("queries the input plus 1, keys the input, values times 4 / ln 3", [[0.0], [l as f32]], Mask::None, &layer, out)
        };
        scale Hand 1 "scores are divided by the root of the width of a head" => {
            // Four times ln √3 over √4 is ln 3: weights 1/4 and 3/4.
            let c = 3f32.ln() / 2.0;
            two_positions("queries 1, one head of width 4", [[0.0; 4], [c; 4]], Mask::None, &ASKS, [[0.75 * c; 4]; 2])
        };
        two_heads Hand 2 "each head has weights of its own" => {
            let (a, b) = (3f32.ln(), 7f32.ln());
            let layer = MultiHead { heads: 2, kv_heads: 2, ..ASKS };
            two_positions("queries 1, two heads", [[0.0, 0.0], [a, b]], Mask::None, &layer, [[0.75 * a, 0.875 * b]; 2])
        };
        causal Hand 1 "the mask is for the scores" => {
            let layer = MultiHead { qkv: [&zeros, &keep, &keep], ..ASKS };
            two_positions("queries 0, causal", [[2.0, 6.0], [4.0, 0.0]], Mask::Causal, &layer, [[2.0, 6.0], [3.0, 3.0]])
        };
        shared_heads Hand 2 "consecutive heads of queries share a head of keys and values" => {
            let (a, b) = (3f32.ln(), 7f32.ln());
            let layer = MultiHead { qkv: [&ones, &first_two, &first_two], heads: 4, kv_heads: 2, ..ASKS };
            let out = [0.75 * a, 0.75 * a, 0.875 * b, 0.875 * b];
            two_positions("queries 1, four heads, the first two columns are two heads of keys and values", [[0.0; 4], [a, b, 9.0, 9.0]], Mask::None, &layer, [out; 2])
        };
        rotation Hand 1 "queries and keys are rotated, values are not" => {
            let c = 3f32.ln() / 4.0;
            let layer = MultiHead { rotate: Some(&double), ..ASKS };
            two_positions("queries 1, a rotation that doubles", [[0.0], [c]], Mask::None, &layer, [[0.75 * c]; 2])
        };
        dropout Hand 1 "dropout acts on the weights, after the softmax" => {
            let c = 3f32.ln();
            let layer = MultiHead { dropout: Some(&square), ..ASKS };
            two_positions("queries 1, a dropout that squares", [[0.0], [c]], Mask::None, &layer, [[0.5625 * c]; 2])
        };
        gradient Property 1 "the gradient passes through queries, keys and values" => {
            let input = "[1, 3, 2] of f64, projections that square, keep and double";
            let wave = (0..6).map(|i| (f64::from(i) * 0.7).sin()).collect();
            let x = value(input, Tensor::from_vec(wave, [1, 3, 2]))?;
            let layer = MultiHead { qkv: [&square, &keep, &double], heads: 2, kv_heads: 2, ..ASKS };
            value(input, ask::mha_forward(&x, Mask::Causal, &layer))?;
            let checked = gradcheck(|i| ask::mha_forward(&i[0], Mask::Causal, &layer), &[x], GradCheck::default());
            equal(format!("{input}: central differences"), Ok(checked.is_ok()), true)
        };
        in_the_library Systems 1 "nn::MultiHeadAttention runs on the slot" => {
            let input = "nn::MultiHeadAttention with queries 0, values the input, last projection times 10, on [[0, 4], [2, 8]]";
            let layer = value(input, MultiHeadAttention::new(2, 1, &AttentionOpts::default(), &mut Rng::seed(1)))?;
            let diagonal = |v: f32| Tensor::from([[v, 0.0], [0.0, v]]);
            for (at, param) in layer.parameters().iter().enumerate() {
                // Weight and bias of queries, keys, values and the last projection.
                let new = if at % 2 == 1 { Tensor::from([0.0f32, 0.0]) } else { diagonal([0.0, 1.0, 1.0, 10.0][at / 2]) };
                value(input, param.load(&new))?;
            }
            let x = value(input, Tensor::from_slice(&[0.0f32, 4.0, 2.0, 8.0], [1, 2, 2]))?;
            same(input, layer.attend(&x, Mask::None), &[1, 2, 2], &[10.0, 60.0, 10.0, 60.0], 1e-5)
        };
    }
}

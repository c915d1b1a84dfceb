//! Checks of module 13.

use core::cell::Cell;

use super::{Decoder, LanguageModel, MaskedPart, NormOrder, Rng, Sampler, Sampling, ask};
use crate::{
    Error, Result, Tensor,
    autograd::is_recording,
    course::{
        check::{Verdict, close, equal, holds, refused, value},
        lesson::checks,
    },
    nn::{Gpt, GptConfig, Mlp, Module, ModuleExt, TransformerBlock, Visitor},
    ops::attention::Mask,
};

const ALL: Sampling =
    Sampling { temperature: 1.0, top_k: 0, top_p: 1.0, min_p: 0.0, repetition_penalty: 1.0 };

/// Draws per check of frequencies: a deviation of 5/√N = 0.056 is passed by chance less than once in a million.
const N: usize = 8000;

/// Scores whose weights at temperature 1 are 1, 4, 8, 2, 1.
fn scores() -> Vec<f32> {
    [1.0f32, 4.0, 8.0, 2.0, 1.0].map(f32::ln).to_vec()
}

/// Frequencies of the tokens against their weights.
fn frequencies(how: &Sampling, previous: &[u32], weights: [f64; 5]) -> Verdict {
    let input = format!("{N} draws from weights 1, 4, 8, 2, 1 after {previous:?}, {how:?}");
    let (mut rng, mut counts) = (Rng::seed(5), [0.0; 5]);
    for _ in 0..N {
        let token = value(&input, ask::sample_next(&scores(), previous, how, &mut rng))?;
        if let Some(n) = counts.get_mut(token as usize) {
            *n += 1.0 / N as f64;
        }
    }
    let total: f64 = weights.iter().sum();
    holds(input, Ok(counts), &format!("frequencies in the ratios {weights:?}"), |counts| {
        // Four deviations of the frequency of one token, √(p(1-p)/N).
        counts.iter().zip(weights).all(|(n, w)| {
            let p = w / total;
            (n - p).abs() <= 4.0 * (p * (1.0 - p) / N as f64).sqrt()
        })
    })
}

fn numbers(x: Result<Tensor>) -> Result<Vec<f32>> {
    x.map(|x| x.to_vec_as::<f32>())
}

fn plus(by: f64) -> impl Fn(&Tensor) -> Result<Tensor> {
    move |x| x.add_scalar(by)
}

fn times(by: f64) -> impl Fn(&Tensor) -> Result<Tensor> {
    move |x| x.mul_scalar(by)
}

/// GELU in its tanh form.
fn gelu(u: f64) -> f64 {
    let inner = (2.0 / core::f64::consts::PI).sqrt() * (u + 0.044_715 * u * u * u);
    0.5 * u * (1.0 + inner.tanh())
}

/// A block on 2 and -1 with parts whose order can be told: x + 1, x², 2·x, x + 3.
fn block(order: NormOrder, out: [f32; 2]) -> Verdict {
    let input = format!("2 and -1, ln1 x + 1, attention x², ln2 2·x, network x + 3, {order:?}");
    let square = |x: &Tensor| x.mul(x);
    let (ln1, ln2, mlp) = (plus(1.0), times(2.0), plus(3.0));
    let got = ask::block_forward(&Tensor::from([2.0f32, -1.0]), &ln1, &square, &ln2, &mlp, order);
    close(input, numbers(got), &out, 0.0)
}

/// A decoder on ids 1 and 4 that stand at positions 10 and 11: vectors are id + position, the norm subtracts 1, the
/// head gives the vector and its negative.
fn decoder(what: &str, blocks: &[MaskedPart<'_>], out: [f32; 4]) -> Verdict {
    let input = format!(
        "ids [[1, 4]] from position 10, vectors id + start, {what}, norm x - 1, head (x, -x)"
    );
    let embed = |ids: &Tensor, start: usize| {
        let x = ids.to_dtype(crate::DType::F32)?.add_scalar(start as f64)?;
        x.reshape([ids.dims()[0], ids.dims()[1], 1])
    };
    let head = |x: &Tensor| Tensor::cat(&[x, &x.neg()?], -1);
    let norm = plus(-1.0);
    let parts = Decoder { embed: &embed, blocks, norm: &norm, head: &head };
    let got = value(&input, ask::gpt_forward(&Tensor::from([[1i64, 4]]), 10, &parts))?;
    equal(format!("{input}: shape"), Ok(got.dims().to_vec()), vec![1, 2, 2])?;
    close(input, numbers(Ok(got)), &out, 0.0)
}

/// A model of five tokens: the best next one is 1 more than the sum of all so far, the second best 1 more than that.
struct Sums(Cell<bool>);

impl Module for Sums {
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        self.0.set(self.0.get() || is_recording());
        let &[b, t] = ids.dims() else {
            let got = format!("of shape {}", ids.shape());
            return Err(Error::argument("sums", "ids", got, "[batch, sequence]"));
        };
        let mut scores = vec![0.0f32; b * t * 5];
        for (row, ids) in ids.to_vec_as::<i64>().chunks(t.max(1)).enumerate() {
            let mut sum = 1;
            for (at, id) in ids.iter().enumerate() {
                sum += id;
                let place = |more: i64| (row * t + at) * 5 + (sum + more).rem_euclid(5) as usize;
                (scores[place(0)], scores[place(1)]) = (1.0, 0.5);
            }
        }
        Tensor::from_vec(scores, [b, t, 5])
    }

    fn visit(&self, _: &mut dyn Visitor) {}

    fn name(&self) -> &'static str {
        "Sums"
    }
}

impl LanguageModel for Sums {
    fn max_len(&self) -> usize {
        8
    }
}

/// The text, what was reported of it, and whether the model was recorded.
type Text = (Vec<u32>, Vec<u32>, bool);

/// A text of the best tokens, of which `most` are wanted.
fn text(prompt: &[u32], max_new: usize, stop: &[u32], penalty: f64, most: usize) -> Result<Text> {
    let (model, mut seen) = (Sums(Cell::new(false)), Vec::new());
    let how = Sampling { repetition_penalty: penalty, ..Sampling::GREEDY };
    let text =
        ask::generate(&model, prompt, max_new, stop, &mut Sampler::new(how, 1)?, &mut |t| {
            seen.push(t);
            seen.len() < most
        })?;
    Ok((text, seen, model.0.get()))
}

const STORY: &str = "a model of 5 tokens in which 1 more than the sum of all tokens is best";

checks! {
    $ __course_m13 m13;
    layer_norm {
        by_hand Hand 3 "subtract the mean, divide by the root of the variance plus eps" => {
            // Means 2 and 20, variances 4 and 400; eps 0.
            let got = ask::layer_norm(&[0.0, 4.0, 0.0, 40.0], 2, None, None, 0.0);
            close("[[0, 4], [0, 40]], eps 0", got, &[-1.0, 1.0, -1.0, 1.0], 1e-6)
        };
        epsilon Hand 2 "eps stands inside the root" => {
            // Mean 3, variance 9, eps 16: ±3/5.
            close("[0, 6], eps 16", ask::layer_norm(&[0.0, 6.0], 2, None, None, 16.0), &[-0.6, 0.6], 1e-6)
        };
        affine Hand 1 "weight and bias belong to the columns" => {
            let got = ask::layer_norm(&[0.0, 4.0, 4.0, 0.0], 2, Some(&[10.0, 100.0]), Some(&[1.0, 2.0]), 0.0);
            close("[[0, 4], [4, 0]], weight [10, 100], bias [1, 2]", got, &[-9.0, 102.0, 11.0, -98.0], 1e-4)
        };
    }
    mlp_forward {
        by_hand Golden 3 "the first layer, the tanh form of GELU, the second layer, dropout" => {
            let (double, more, negate) = (times(2.0), plus(1.0), times(-1.0));
            let got = ask::mlp_forward(&Tensor::from([1.0f32, -0.5, 0.0, 1.2]), &double, &more, &negate);
            let out = [2.0, -1.0, 0.0, 2.4].map(|u| -(gelu(u) + 1.0) as f32);
            close("1, -0.5, 0, 1.2, fc1 2·x, fc2 h + 1, dropout -y", numbers(got), &out, 1e-6)
        };
        in_the_library Systems 1 "nn::Mlp runs on the slot" => {
            let input = "nn::Mlp of width 1 with 2 hidden units x and 1 - x, output 2·gelu(x) + 3·gelu(1 - x) + 5, at 0.5 and 2";
            let layer = value(input, Mlp::new(1, 2, 0.0, &mut Rng::seed(1)))?;
            let new = [
                Tensor::from([[1.0f32], [-1.0]]), Tensor::from([0.0f32, 1.0]),
                Tensor::from([[2.0f32, 3.0]]), Tensor::from([5.0f32]),
            ];
            layer.parameters().iter().zip(&new).try_for_each(|(p, new)| value(input, p.load(new)))?;
            let out = [0.5, 2.0].map(|x: f64| (2.0 * gelu(x) + 3.0 * gelu(1.0 - x) + 5.0) as f32);
            close(input, numbers(layer.forward(&Tensor::from([[0.5f32], [2.0]]))), &out, 1e-6)
        };
    }
    block_forward {
        before Hand 3 "h = x + attention(ln1 x), then h + mlp(ln2 h)" => {
            // 2 + 3² = 11, 11 + (22 + 3); -1 + 0² = -1, -1 + (-2 + 3).
            block(NormOrder::PreLn, [36.0, 0.0])
        };
        after Hand 2 "h = ln1(x + attention x), then ln2(h + mlp h)" => {
            // 2 + 2² + 1 = 7, 2·(7 + 10); -1 + 1 + 1 = 1, 2·(1 + 4).
            block(NormOrder::PostLn, [34.0, 10.0])
        };
        in_the_library Systems 1 "nn::TransformerBlock runs on the slot: parts that give 0 leave the input" => {
            let input = "nn::TransformerBlock of width 4 with all parameters 0";
            let layer = value(input, TransformerBlock::new(4, 2, NormOrder::PreLn, 0.0, &mut Rng::seed(1)))?;
            for param in layer.parameters() {
                value(input, Tensor::zeros(param.shape().dims(), crate::DType::F32).and_then(|zero| param.load(&zero)))?;
            }
            let x = Tensor::from([[[1.0f32, -2.0, 3.0, 0.5], [0.0, 4.0, -1.0, 2.0]]]);
            close(input, numbers(layer.forward(&x)), &x.to_vec_as::<f32>(), 0.0)
        };
    }
    gpt_forward {
        by_hand Hand 3 "vectors, blocks one after the other, norm, head" => {
            // 11·2 + 3 - 1 = 24 and 14·2 + 3 - 1 = 30.
            let blocks: [MaskedPart<'_>; 2] = [Box::new(|x, _| x.mul_scalar(2.0)), Box::new(|x, _| x.add_scalar(3.0))];
            decoder("blocks 2·x and x + 3", &blocks, [24.0, -24.0, 30.0, -30.0])
        };
        looks_back Hand 2 "blocks get the causal mask" => {
            let causal = |x: &Tensor, mask: Mask<'_>| x.mul_scalar(if matches!(mask, Mask::Causal) { 1.0 } else { 0.0 });
            decoder("a block that gives 0 unless its mask is causal", &[Box::new(causal)], [10.0, -10.0, 13.0, -13.0])
        };
        no_blocks Hand 1 "without blocks the norm sees the vectors" => decoder("no blocks", &[], [10.0, -10.0, 13.0, -13.0]);
        in_the_library Systems 1 "nn::Gpt runs on the slot: a later token does not change earlier scores" => {
            let input = "nn::Gpt of 11 tokens, 2 blocks of width 8: scores after 3 and 1 of [3, 1, 4] and [3, 1, 5]";
            let model = value(input, Gpt::new(&GptConfig::new(11, 8, 2, 2, 4), &mut Rng::seed(2)))?;
            let run = |last: i64| numbers(model.forward(&Tensor::from([[3i64, 1, last]])));
            let (a, b) = (value(input, run(4))?, value(input, run(5))?);
            equal(format!("{input}: count"), Ok((a.len(), b.len())), (33, 33))?;
            close(input, Ok(a[..22].to_vec()), &b[..22], 0.0)?;
            equal(format!("{input}: the last scores differ"), Ok(a[22..] != b[22..]), true)
        };
    }
    sample_next {
        greedy Hand 2 "temperature 0 takes the best token, of equal ones the first" => {
            let how = Sampling { temperature: 0.0, ..ALL };
            for seed in 0..8 {
                equal("scores [1, 3, 3, 2], temperature 0", ask::sample_next(&[1.0, 3.0, 3.0, 2.0], &[], &how, &mut Rng::seed(seed)), 1u32)?;
            }
            Ok(())
        };
        plain Property 2 "frequencies follow e^x" => frequencies(&ALL, &[], [1.0, 4.0, 8.0, 2.0, 1.0]);
        temperature Property 2 "divide the scores by the temperature" => {
            frequencies(&Sampling { temperature: 0.5, ..ALL }, &[], [1.0, 16.0, 64.0, 4.0, 1.0])
        };
        top_k Property 1 "only the k best tokens are left" => {
            frequencies(&Sampling { top_k: 2, ..ALL }, &[], [0.0, 4.0, 8.0, 0.0, 0.0])
        };
        top_p Property 1 "the best tokens that together reach the share" => {
            frequencies(&Sampling { top_p: 0.6, ..ALL }, &[], [0.0, 4.0, 8.0, 0.0, 0.0])
        };
        min_p Property 1 "tokens with at least this share of the best one's weight" => {
            frequencies(&Sampling { min_p: 0.2, ..ALL }, &[], [0.0, 4.0, 8.0, 2.0, 0.0])
        };
        penalty Property 1 "a positive score of an earlier token is divided by the penalty" => {
            frequencies(&Sampling { repetition_penalty: 3.0, ..ALL }, &[2], [1.0, 4.0, 2.0, 2.0, 1.0])
        };
        generator Property 1 "one draw from the generator you are given" => {
            let mut rng = Rng::seed(9);
            let got: crate::Result<Vec<u32>> = (0..64).map(|_| ask::sample_next(&scores(), &[], &ALL, &mut rng)).collect();
            holds("64 draws from one generator", got, "different tokens", |t| t.iter().any(|v| *v != t[0]))
        };
        not_a_number Error 1 "a score that is not a number has no weight" => {
            refused!("scores [0, NaN]", ask::sample_next(&[0.0, f32::NAN], &[], &ALL, &mut Rng::seed(1)), InvalidArgument)
        };
    }
    generate {
        by_hand Hand 3 "the scores after the last token of the whole sequence so far decide" => {
            // 3: 4; 3 + 4: 8 = 3; 3 + 4 + 3: 11 = 1; and 12 = 2.
            equal(format!("{STORY}, 4 tokens after [3]"), text(&[3], 4, &[], 1.0, 9).map(|t| t.0), vec![4u32, 3, 1, 2])?;
            equal(format!("{STORY}, 2 tokens after [0, 3, 1]"), text(&[0, 3, 1], 2, &[], 1.0, 9).map(|t| t.0), vec![0u32, 0])
        };
        length Hand 1 "no more tokens than wanted, up to the longest sequence" => {
            equal(format!("{STORY}, no tokens after [3]"), text(&[3], 0, &[], 1.0, 9).map(|t| t.0.len()), 0usize)?;
            equal(format!("{STORY}, 7 tokens after [3], 8 are the most in all"), text(&[3], 7, &[], 1.0, 9).map(|t| t.0.len()), 7usize)
        };
        stop Hand 1 "a stop token ends the text and is part of it" => {
            equal(format!("{STORY}, 7 tokens after [3], stop at 1"), text(&[3], 7, &[1], 1.0, 9).map(|t| t.0), vec![4u32, 3, 1])
        };
        reports Hand 1 "each token is reported as it comes, and the answer may end the text" => {
            equal(format!("{STORY}, 4 tokens after [3], enough after 2: text, reported"), text(&[3], 4, &[], 1.0, 2).map(|t| (t.0, t.1)), (vec![4u32, 3], vec![4u32, 3]))
        };
        previous Hand 1 "the sampler hears of all tokens, those of the prompt too" => {
            // After 2 and 4 the best token, 2, has 1/4 of its score, and 3 wins; the sum is then 9.
            equal(format!("{STORY} and the next one second, 2 tokens after [2, 4], repetition penalty 4"), text(&[2, 4], 2, &[], 4.0, 9).map(|t| t.0), vec![3u32, 0])
        };
        records_nothing Systems 1 "run the model inside no_grad" => {
            equal(format!("{STORY}, 3 tokens after [3]: tokens, and whether the model was recorded"), text(&[3], 3, &[], 1.0, 9).map(|t| (t.0.len(), t.2)), (3usize, false))
        };
        no_prompt Error 1 "there is nothing to continue" => refused!("an empty prompt", text(&[], 2, &[], 1.0, 9), InvalidArgument);
        too_long Error 1 "prompt and new tokens together fit the model" => {
            refused!(format!("{STORY}, 7 tokens after [3, 1], 8 are the most in all"), text(&[3, 1], 7, &[], 1.0, 9), InvalidArgument)
        };
    }
}

//! Checks of module 13.

use super::{Rng, Sampling, ask};
use crate::course::{
    check::{Verdict, close, equal, holds, refused, value},
    lesson::checks,
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
}

//! Checks of module 03.

use super::ask;
use crate::{
    Result, Rng, Tensor,
    course::{
        arrays::Array,
        check::{close, equal, holds, value},
        lesson::checks,
    },
    nn::{Dropout, Module},
};

/// Mean and variance.
fn moments(w: &[f32]) -> (f64, f64) {
    let n = w.len() as f64;
    let mean = w.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    (mean, w.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n)
}

fn numbers(x: Result<Tensor>) -> Result<Vec<f32>> {
    x.map(|x| x.to_vec_as::<f32>())
}

/// 1 to 64, which recorded operations can send a gradient to.
fn ramp() -> Result<Tensor> {
    Tensor::from_vec((1..65).map(|v| v as f32).collect(), [64])?.requiring_grad()
}

/// Every element is 0 or twice that of `x`, and both occur.
fn dropped_or_doubled(x: &[f32], y: &[f32]) -> bool {
    let one = |(x, y): (&f32, &f32)| *y == 0.0 || *y == 2.0 * x;
    let zeros = y.iter().filter(|y| **y == 0.0).count();
    x.len() == y.len() && x.iter().zip(y).all(one) && (1..x.len()).contains(&zeros)
}

checks! {
    $ __course_m03 m03;
    linear_init {
        spread Property 3 "variance 1/n_in: with inputs of variance 1 each output starts with variance 1" => {
            // Over 10^5 draws the deviation of the variance is √(2/n) = 0.45 % of it, that of the mean 2e-4: 5 and 6 of them.
            let got = ask::linear_init(400, 250, &mut Rng::seed(7));
            holds("400 outputs, 250 inputs", got, "100000 numbers of mean 0 and variance 1/250", |w| {
                let (mean, variance) = moments(w);
                w.len() == 100_000 && mean.abs() < 1.2e-3 && (variance * 250.0 - 1.0).abs() < 0.023
            })
        };
        generator Property 1 "draw from the generator you are given" => {
            let mut rng = Rng::seed(3);
            let a = value("2 outputs, 3 inputs", ask::linear_init(2, 3, &mut rng))?;
            let b = ask::linear_init(2, 3, &mut rng);
            holds("2 outputs, 3 inputs, a second time", b, "6 numbers other than the first time", |b| *b != a && b.len() == 6)?;
            equal("2 outputs, 3 inputs, the first seed again", ask::linear_init(2, 3, &mut Rng::seed(3)), a)
        };
    }
    linear_forward {
        by_hand Hand 3 "rows of x times rows of w, plus the bias of the row of w" => {
            let x = Array::new(&[1.0, 2.0, 3.0, -1.0, 0.0, 1.0], &[2, 3]);
            let w = Array::new(&[1.0, 0.0, -1.0, 2.0, 2.0, 2.0], &[2, 3]);
            close(format!("x {x}, w {w}, b [10, -20]"), ask::linear_forward(x.view(), w.view(), Some(&[10.0, -20.0])), &[8.0, -8.0, 8.0, -20.0], 0.0)?;
            close(format!("x {x}, w {w}, no bias"), ask::linear_forward(x.view(), w.view(), None), &[-2.0, 12.0, -2.0, 0.0], 0.0)
        };
        views Hand 1 "follow the strides of both" => {
            let (x, w) = (Array::count(&[2, 3]).transposed(), Array::whole(&[2, 4], 2).transposed());
            let out: Vec<f32> = (0..12).map(|at| (0..2).map(|p| x.at(&[at / 4, p]) * w.at(&[at % 4, p])).sum()).collect();
            close(format!("x {x}, w {w}"), ask::linear_forward(x.view(), w.view(), None), &out, 0.0)
        };
        no_rows Hand 1 "an empty batch gives an empty result" => {
            close("no rows", ask::linear_forward(Array::new(&[], &[0, 2]).view(), Array::count(&[3, 2]).view(), None), &[], 0.0)
        };
        in_the_library Systems 1 "Tensor::linear hands its rows to the slot" => {
            let x = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
            let w = Tensor::from([[5.0f32, 6.0]]);
            let y = x.linear(&w, Some(&Tensor::from([100.0f32])));
            close("Tensor::linear of [[1, 2], [3, 4]], w [[5, 6]], b [100]", y.map(|y| y.to_vec_as::<f32>()), &[117.0, 139.0], 0.0)
        };
    }
    dropout_mask {
        share Property 3 "an element is dropped with probability p, and the others make up for it" => {
            // Four deviations of the number of zeros: 4·√(100,000·0.3·0.7) = 580.
            let got = ask::dropout_mask(100_000, 0.3, &mut Rng::seed(11)).map(|mask| {
                let zeros = mask.iter().filter(|v| **v == 0.0).count();
                (mask.len(), zeros, mask.into_iter().find(|v| *v != 0.0 && (v - 1.0 / 0.7).abs() > 1e-6))
            });
            holds("100000 factors, p 0.3: count, zeros, a factor other than 0 and 1/0.7", got, "30000 zeros, 580 more or less", |(n, zeros, odd)| {
                *n == 100_000 && zeros.abs_diff(30_000) <= 580 && odd.is_none()
            })
        };
        limits Hand 1 "with p 0 nothing is dropped, with p 1 everything" => {
            close("4 factors, p 0", ask::dropout_mask(4, 0.0, &mut Rng::seed(1)), &[1.0; 4], 0.0)?;
            close("4 factors, p 1", ask::dropout_mask(4, 1.0, &mut Rng::seed(1)), &[0.0; 4], 0.0)
        };
        generator Property 1 "draw from the generator you are given" => {
            let mut rng = Rng::seed(3);
            let a = value("64 factors, p 1/2", ask::dropout_mask(64, 0.5, &mut rng))?;
            let b = ask::dropout_mask(64, 0.5, &mut rng);
            holds("64 factors, p 1/2, a second time", b, "64 factors other than the first time", |b| *b != a && b.len() == 64)?;
            equal("64 factors, p 1/2, the first seed again", ask::dropout_mask(64, 0.5, &mut Rng::seed(3)), a)
        };
    }
    dropout_forward {
        training Property 2 "an element is 0 or doubled if half of them are dropped" => {
            let x = value("1 to 64", ramp())?;
            let y = ask::dropout_forward(&x, 0.5, true, &mut Rng::seed(4));
            holds("1 to 64, p 1/2, training", numbers(y), "every element is 0 or doubled, and both occur", |y| dropped_or_doubled(&x.to_vec_as::<f32>(), y))
        };
        evaluation Systems 2 "outside training the result is x itself: the same memory" => {
            let x = value("1 to 64", ramp())?;
            let y = ask::dropout_forward(&x, 0.5, false, &mut Rng::seed(4));
            equal("1 to 64, p 1/2, not training: the same values, the same memory", y.map(|y| (y.same_values(&x), y.shares_memory(&x))), (true, true))
        };
        expected_value Property 1 "what is left makes up for what is dropped" => {
            // Each element is 0 or 3.75: deviation 1.5, of the mean of 100,000 √(2.25/100,000) = 0.0047; four of them.
            let x = value("100000 times 3", Tensor::full([100_000], 3.0, crate::DType::F32))?;
            let y = ask::dropout_forward(&x, 0.2, true, &mut Rng::seed(6));
            let mean = y.map(|y| y.to_vec_as::<f64>().iter().sum::<f64>() / 1e5);
            holds("100000 times 3, p 0.2, training: the mean", mean, "3, 0.019 more or less", |m| (m - 3.0).abs() < 0.019)
        };
        gradient Property 2 "the gradient passes where the element did, by the same factor" => {
            let x = value("1 to 64", ramp())?;
            let y = value("1 to 64, p 1/2, training", ask::dropout_forward(&x, 0.5, true, &mut Rng::seed(4)))?;
            value("backward from the sum", y.sum(.., false).and_then(|y| y.backward()))?;
            let slope = value("the gradient", x.grad().ok_or_else(|| crate::course::invalid_argument("dropout_forward", "gradient", "none", "that of the input")))?;
            close("1 to 64, p 1/2, training: gradient times input", numbers(slope.mul(&x)), &y.to_vec_as::<f32>(), 0.0)
        };
        everything Hand 1 "with p 1 every element is 0" => {
            let x = Tensor::from([2.0f32, -3.0]);
            close("[2, -3], p 1, training", numbers(ask::dropout_forward(&x, 1.0, true, &mut Rng::seed(4))), &[0.0, 0.0], 0.0)
        };
        in_the_library Systems 1 "nn::Dropout runs on the slot" => {
            let x = value("1 to 64", ramp())?;
            let layer = value("a layer", Dropout::new(0.5, &mut Rng::seed(5)))?;
            holds("nn::Dropout with p 1/2 on 1 to 64", numbers(layer.forward(&x)), "every element is 0 or doubled, and both occur", |y| dropped_or_doubled(&x.to_vec_as::<f32>(), y))
        };
    }
}

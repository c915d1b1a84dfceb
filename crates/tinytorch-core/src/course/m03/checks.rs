//! Checks of module 03.

use super::ask;
use crate::{
    Rng, Tensor,
    course::{
        arrays::Array,
        check::{close, equal, holds, value},
        lesson::checks,
    },
};

/// Mean and variance.
fn moments(w: &[f32]) -> (f64, f64) {
    let n = w.len() as f64;
    let mean = w.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    (mean, w.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n)
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
}

//! Checks of module 04.

use super::ask;
use crate::course::{
    arrays::Array,
    check::{Verdict, close, value},
    lesson::checks,
};

/// A few roundings of `f32`.
const TOL: f32 = 2e-6;

fn mse(p: &Array, t: &Array, out: f32) -> Verdict {
    close(
        format!("prediction {p}, target {t}"),
        ask::mse(p.view(), t.view()).map(|v| vec![v]),
        &[out],
        TOL,
    )
}

fn entropy(x: &Array, targets: &[i64], out: f32) -> Verdict {
    let got = ask::cross_entropy(x.view(), targets, -100).map(|v| vec![v]);
    close(format!("logits {x}, targets {targets:?}, -100 ignored"), got, &[out], TOL)
}

/// Rows `[ln 1, ln 3]` and `[ln 1, ln 1]`: probabilities 1/4, 3/4 and 1/2, 1/2.
fn quarters() -> Array {
    Array::new(&[0.0, 3f32.ln(), 0.0, 0.0], &[2, 2])
}

checks! {
    $ __course_m04 m04;
    log_softmax {
        by_hand Hand 2 "logarithms of 1/8, 2/8, 5/8" => {
            let x = Array::new(&[0.0, 2f32.ln(), 5f32.ln()], &[3]);
            close(&x, ask::log_softmax(x.view(), 0), &[0.125f32.ln(), 0.25f32.ln(), 0.625f32.ln()], TOL)
        };
        axes Hand 2 "work along the axis that is asked for" => {
            let x = quarters();
            let [q, h, t] = [0.25f32.ln(), 0.5f32.ln(), 0.75f32.ln()];
            close(format!("{x} along axis 1"), ask::log_softmax(x.view(), 1), &[q, t, h, h], TOL)?;
            close(format!("{x} along axis 0"), ask::log_softmax(x.view(), 0), &[h, t, h, q], TOL)
        };
        far_apart Hand 2 "the logarithm of a rounded zero is negative infinity" => {
            let x = Array::new(&[1000.0, 0.0, -1000.0], &[3]);
            close(&x, ask::log_softmax(x.view(), 0), &[0.0, -1000.0, -2000.0], 0.0)
        };
    }
    mse {
        by_hand Hand 2 "(1 + 4 + 9 + 0) / 4" => {
            mse(&Array::new(&[1.0, 2.0, -3.0, 5.0], &[2, 2]), &Array::new(&[0.0, 4.0, 0.0, 5.0], &[2, 2]), 3.5)
        };
        zero Property 1 "a perfect prediction has no loss" => mse(&Array::count(&[3]), &Array::count(&[3]), 0.0);
        views Hand 1 "pairs of elements in row-major order, whatever the strides" => {
            mse(&Array::count(&[2, 3]).transposed(), &Array::new(&[0.0, 3.0, 1.0, 4.0, 2.0, 11.0], &[3, 2]), 6.0)
        };
    }
    cross_entropy {
        by_hand Hand 3 "the mean of -ln of the probabilities of the targets" => {
            entropy(&quarters(), &[0, 1], (4f32.ln() + 2f32.ln()) / 2.0)?;
            entropy(&quarters(), &[1, 0], ((4.0f32 / 3.0).ln() + 2f32.ln()) / 2.0)
        };
        ignored Hand 2 "ignored rows are neither added nor counted" => {
            entropy(&quarters(), &[0, -100], 4f32.ln())
        };
        far_apart Hand 2 "stay finite for logits far apart" => entropy(&Array::new(&[1000.0, -1000.0], &[1, 2]), &[1], 2000.0);
        order Property 1 "the order of the rows does not matter" => {
            let x = Array::new(&[0.0, 0.0, 0.0, 3f32.ln()], &[2, 2]);
            let turned = value(&x, ask::cross_entropy(x.view(), &[1, 0], -100))?;
            entropy(&quarters(), &[0, 1], turned)
        };
    }
}

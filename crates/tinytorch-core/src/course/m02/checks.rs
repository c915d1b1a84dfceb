//! Checks of module 02.

use super::ask;
use crate::{
    Tensor,
    course::{
        arrays::Array,
        check::{close, holds, value},
        lesson::checks,
    },
};

/// A few roundings of `f32`.
const TOL: f32 = 1e-6;

checks! {
    $ __course_m02 m02;
    sigmoid {
        by_hand Hand 2 "1 / (1 + e^-x), with e^(ln 3) = 3" => {
            let ln3 = 3f32.ln();
            let x = Array::new(&[0.0, ln3, -ln3], &[3]);
            close(&x, ask::sigmoid(x.view()), &[0.5, 0.75, 0.25], TOL)
        };
        extremes Hand 2 "use the form whose exponential stays small" => {
            let x = Array::new(&[200.0, -200.0, f32::INFINITY, f32::NEG_INFINITY], &[4]);
            close(&x, ask::sigmoid(x.view()), &[1.0, 0.0, 1.0, 0.0], 0.0)
        };
        symmetry Property 1 "sigmoid(-x) = 1 - sigmoid(x)" => {
            let x = Array::new(&[-2.5, -1.0, 0.25, 1.0, 2.5, -0.25], &[6]);
            holds(&x, ask::sigmoid(x.view()), "pairs of opposite numbers that sum to 1", |s| {
                s.len() == 6 && [(0, 4), (1, 3), (2, 5)].iter().all(|&(i, j)| (s[i] + s[j] - 1.0).abs() < TOL)
            })
        };
        views Hand 1 "follow the strides" => {
            let x = Array::new(&[0.0, 1e3, -1e3, 0.0, 1e3, -1e3], &[2, 3]).transposed();
            close(&x, ask::sigmoid(x.view()), &[0.5, 0.5, 1.0, 1.0, 0.0, 0.0], 0.0)
        };
    }
    relu {
        by_hand Hand 2 "negative numbers become 0, all others stay" => {
            let x = Array::new(&[-2.0, -0.5, 0.0, 0.5, 3.0], &[5]);
            close(&x, ask::relu(x.view()), &[0.0, 0.0, 0.0, 0.5, 3.0], 0.0)
        };
        nan Hand 1 "NaN must not disappear" => {
            let x = Array::new(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY], &[3]);
            close(&x, ask::relu(x.view()), &[f32::NAN, f32::INFINITY, 0.0], 0.0)
        };
        views Hand 1 "follow the strides" => {
            let x = Array::new(&[1.0, -2.0, 3.0, -4.0, 5.0, -6.0], &[2, 3]).transposed();
            close(&x, ask::relu(x.view()), &[1.0, 0.0, 0.0, 5.0, 3.0, 0.0], 0.0)
        };
        in_the_library Systems 1 "Tensor::relu returns what the slot returns" => {
            let served = value("Tensor::relu", Tensor::from([-1.0f32, 2.0]).relu())?;
            close("Tensor::relu of [-1, 2]", ask::relu(Array::new(&[-1.0, 2.0], &[2]).view()), &served.to_vec_as::<f32>(), 0.0)
        };
    }
    softmax {
        by_hand Hand 2 "e^(ln 2) = 2, e^(ln 5) = 5: eighths" => {
            let x = Array::new(&[0.0, 2f32.ln(), 5f32.ln()], &[3]);
            close(&x, ask::softmax(x.view(), 0), &[0.125, 0.25, 0.625], TOL)
        };
        axes Hand 2 "each slice along the axis sums to 1" => {
            let ln3 = 3f32.ln();
            let x = Array::new(&[0.0, ln3, ln3, ln3], &[2, 2]);
            close(format!("{x} along axis 0"), ask::softmax(x.view(), 0), &[0.25, 0.5, 0.75, 0.5], TOL)?;
            close(format!("{x} along axis 1"), ask::softmax(x.view(), 1), &[0.25, 0.75, 0.5, 0.5], TOL)
        };
        large Hand 2 "subtract the largest element first" => {
            let x = Array::new(&[1000.0, 1000.0 + 3f32.ln()], &[2]);
            // Numbers near 1000 are 6e-5 apart.
            close(&x, ask::softmax(x.view(), 0), &[0.25, 0.75], 1e-4)
        };
        nothing_left Hand 1 "a slice of negative infinities gives zeros, not NaN" => {
            let low = f32::NEG_INFINITY;
            let x = Array::new(&[low, low, low, 1.0], &[2, 2]);
            close(&x, ask::softmax(x.view(), 1), &[0.0, 0.0, 0.0, 1.0], 0.0)
        };
    }
}

//! Checks of module 15.

use super::{Requantize, ask};
use crate::{
    DType, Result, Rng, Tensor,
    course::{
        check::{Verdict, close, equal, holds, refused, value},
        lesson::checks,
    },
    nn::{Linear, Module, Relu, Sequential},
    quant::{self, MinMax, Observer, QParams, QuantizeOpts, affine, graph::FusedActivation},
};

/// A range and the parameters it must get; scales are compared to the last bits but one.
fn range(min: f64, max: f64, (scale, zero): (f64, i32)) -> Verdict {
    let got = ask::quant_params(min, max);
    holds(format!("{min} ..= {max}"), got, &format!("scale {scale}, zero point {zero}"), |got| {
        (got.0 - scale).abs() <= 1e-12 * scale && got.1 == zero
    })
}

/// Rows [1, 0, -1] and [2, 2, 2] of weights, bias [10, -20], input [1, 2, 3].
fn layer(what: &str, rq: &Requantize, out: [i8; 2]) -> Verdict {
    let got = ask::qlinear_forward(&[1, 2, 3], &[1, 0, -1, 2, 2, 2], &[10, -20], rq);
    equal(format!("x [1, 2, 3], w [[1, 0, -1], [2, 2, 2]], b [10, -20], {what}"), got, out.to_vec())
}

fn requantize(input: (f32, i32), weights: &[f32], output: (f32, i32), relu: bool) -> Requantize {
    let activation = if relu { FusedActivation::Relu } else { FusedActivation::None };
    Requantize::new(input, weights, output, activation)
}

/// A network of two layers, inputs for it, and its eight-bit twin.
fn twins() -> Result<(Tensor, Tensor)> {
    let rng = &mut Rng::seed(15);
    let model =
        Sequential::new().push(Linear::new(12, 16, rng)?).push(Relu).push(Linear::new(16, 5, rng)?);
    let x = Tensor::randn([40, 12], DType::F32, rng)?;
    let options = QuantizeOpts { softmax: false, ..QuantizeOpts::default() };
    let twin = quant::quantize(&model, &x, &options)?;
    let scale = twin.output_params().scale;
    Ok((model.forward(&x)?.mul_scalar(1.0 / scale)?, twin.forward(&x)?.mul_scalar(1.0 / scale)?))
}

checks! {
    $ __course_m15 m15;
    quant_params {
        by_hand Hand 2 "255 steps over the range; -128 stands for its lower end" => {
            range(-1.0, 3.0, (4.0 / 255.0, -64))?; // -128 + 255/4 = -64.25
            range(-6.0, 0.5, (6.5 / 255.0, 107)) // -128 + 6·255/6.5 = 107.38
        };
        positive Hand 2 "a range of positive numbers is widened down to 0" => range(2.0, 5.0, (5.0 / 255.0, -128));
        negative Hand 1 "a range of negative numbers is widened up to 0" => range(-5.0, -2.0, (5.0 / 255.0, 127));
        constants Hand 1 "one number seen is a range from 0 to it; only zeros give scale 1" => {
            range(0.0, 0.0, (1.0, 0))?;
            range(3.0, 3.0, (3.0 / 255.0, -128))?;
            range(-3.0, -3.0, (3.0 / 255.0, 127))
        };
        half Hand 1 "the zero point is rounded half to even" => {
            range(-1.5, 253.5, (1.0, -126))?; // -126.5
            range(-2.5, 252.5, (1.0, -126)) // -125.5
        };
        ends Property 1 "no number of the range is off by more than half a step" => {
            for (min, max) in [(-1.0, 3.0), (-0.3, 0.9), (-7.0, 0.01), (0.5, 2.0), (-2.0, -0.5), (-1e-3, 4e3)] {
                let law = "codes for both ends within half a step, and a code for 0";
                holds(format!("{min} ..= {max}"), ask::quant_params(min, max), law, |&(scale, zero)| {
                    (-128..=127).contains(&zero) && [min, max].iter().all(|x| {
                        let q = ((x / scale).round_ties_even() + f64::from(zero)).clamp(-128.0, 127.0);
                        (scale * (q - f64::from(zero)) - x).abs() <= 0.5001 * scale
                    })
                })?;
            }
            Ok(())
        };
        bad Error 2 "infinity, NaN and a range turned around have no parameters" => {
            for (min, max) in [(f64::NAN, 1.0), (0.0, f64::NAN), (0.0, f64::INFINITY), (f64::NEG_INFINITY, 0.0), (1.0, 0.0)] {
                refused!(format!("{min} ..= {max}"), ask::quant_params(min, max), InvalidArgument)?;
            }
            Ok(())
        };
        in_the_library Systems 1 "quant::QParams::affine runs on the slot" => {
            let input = "QParams::affine(-1.0, 3.0).zero_point";
            equal(input, QParams::affine(-1.0, 3.0).map(|p| p.zero_point), -64)
        };
    }
    quantize {
        by_hand Hand 2 "divide, round, add the zero point" => {
            equal("[0, 0.5, -0.5, 1, 1.2], scale 0.5, zero 3", ask::quantize(&[0.0, 0.5, -0.5, 1.0, 1.2], 0.5, 3), vec![3, 4, 2, 5, 5])
        };
        half Hand 2 "half goes to the even code, before the zero point" => {
            equal("[0.5, 1.5, 2.5, -0.5, -1.5], scale 1, zero 10", ask::quantize(&[0.5, 1.5, 2.5, -0.5, -1.5], 1.0, 10), vec![10, 12, 12, 10, 8])
        };
        saturation Hand 2 "codes end at -128 and 127, after the zero point" => {
            equal("[1e9, -1e9, 120, -200], scale 1, zero 100", ask::quantize(&[1e9, -1e9, 120.0, -200.0], 1.0, 100), vec![127, -128, 127, -100])
        };
        round_trip Property 2 "inside the range a code is within half a step" => {
            let x: Vec<f32> = (0..101).map(|i| i as f32 / 25.0 - 1.0).collect();
            let (scale, zero) = (4.0 / 255.0, -64);
            holds("101 numbers from -1 to 3, scale 4/255, zero -64", ask::quantize(&x, scale, zero), "|scale·(q - zero) - x| <= scale/2", |q| {
                q.len() == 101 && q.iter().zip(&x).all(|(q, x)| {
                    // Half a step more for the ends: the zero point is -64.25 rounded.
                    (scale * f64::from(i32::from(*q) - zero) - f64::from(*x)).abs() <= 0.5001 * scale
                })
            })
        };
        in_the_library Systems 1 "quant::affine::quantize runs on the slot" => {
            let got = affine::quantize(&[1.5f32, -300.0, 2.5], QParams { scale: 1.0, zero_point: 10 });
            equal("affine::quantize([1.5, -300, 2.5]), scale 1, zero 10", got, vec![12, -128, 12])
        };
    }
    dequantize {
        by_hand Hand 2 "the distance from the zero point, in steps" => {
            close("[-128, 0, 127], scale 0.5, zero -28", ask::dequantize(&[-128, 0, 127], 0.5, -28), &[-50.0, 14.0, 77.5], 0.0)
        };
        zero Hand 1 "the zero point stands for exactly 0" => {
            close("[-77], scale 0.3, zero -77", ask::dequantize(&[-77], 0.3, -77), &[0.0], 0.0)
        };
        wide Hand 2 "the distance may be up to 255" => {
            close("[-128, 127], scale 2, zero 127", ask::dequantize(&[-128, 127], 2.0, 127), &[-510.0, 0.0], 0.0)?;
            close("[127], scale 2, zero -128", ask::dequantize(&[127], 2.0, -128), &[510.0], 0.0)
        };
        in_the_library Systems 1 "quant::fake_quant runs on the slot" => {
            let y = quant::fake_quant(&Tensor::from([0.3f32, 1.0, -0.9]), QParams { scale: 0.5, zero_point: 7 });
            close("fake_quant([0.3, 1, -0.9]), scale 0.5, zero 7", y.map(|y| y.to_vec_as::<f32>()), &[0.5, 1.0, -1.0], 0.0)
        };
    }
    calibrate {
        first Hand 2 "the first batch alone makes the range, which need not contain 0" => {
            equal("None, [3, -1, 2]", ask::calibrate(None, &[3.0, -1.0, 2.0]), Some((-1.0, 3.0)))?;
            equal("None, [5, 7]", ask::calibrate(None, &[5.0, 7.0]), Some((5.0, 7.0)))?;
            equal("None, [-5]", ask::calibrate(None, &[-5.0]), Some((-5.0, -5.0)))
        };
        later Hand 2 "later batches can only widen it" => {
            equal("-1 ..= 3, [0, 4]", ask::calibrate(Some((-1.0, 3.0)), &[0.0, 4.0]), Some((-1.0, 4.0)))?;
            equal("-1 ..= 3, [0, -2]", ask::calibrate(Some((-1.0, 3.0)), &[0.0, -2.0]), Some((-2.0, 3.0)))?;
            equal("-1 ..= 3, [0, 1]", ask::calibrate(Some((-1.0, 3.0)), &[0.0, 1.0]), Some((-1.0, 3.0)))
        };
        empty Hand 1 "an empty batch changes nothing" => {
            equal("None, []", ask::calibrate(None, &[]), None)?;
            equal("2 ..= 3, []", ask::calibrate(Some((2.0, 3.0)), &[]), Some((2.0, 3.0)))
        };
        in_the_library Systems 1 "quant::MinMax runs on the slot" => {
            let mut observer = MinMax::new();
            for batch in [&[1.0f32, 2.0][..], &[4.0, 1.5]] {
                value("MinMax on [1, 2], then [4, 1.5]", observer.observe(batch))?;
            }
            equal("MinMax on [1, 2], then [4, 1.5]", Ok(observer.range()), Some((1.0, 4.0)))
        };
    }
    qlinear_forward {
        by_hand Hand 2 "rows of weights times the input, plus the bias" => {
            layer("all scales 1, all zero points 0", &requantize((1.0, 0), &[1.0; 2], (1.0, 0), false), [8, -8])
        };
        zero_points Hand 2 "the input counts from its zero point; rq.code adds that of the output" => {
            // (0 + 0 - 2) + 10 = 8, times 1, minus 3; (0 + 2 + 4) - 20 = -14, times 2, minus 3.
            layer("input scale 0.5 zero 1, weight scales [0.5, 1], output scale 0.25 zero -3",
                &requantize((0.5, 1), &[0.5, 1.0], (0.25, -3), false), [5, -31])
        };
        activation Hand 1 "a fused ReLU ends at the zero point of the output" => {
            layer("the same with a ReLU", &requantize((0.5, 1), &[0.5, 1.0], (0.25, -3), true), [5, -3])
        };
        wide Hand 1 "sums need more than 16 bits" => {
            // 300 · 127 · 127 = 4 838 700, times 2^-16 = 73.8.
            let rq = requantize((1.0, 0), &[1.0 / 65_536.0], (1.0, 0), false);
            equal("300 times 127 · 127, bias 0, scale 2^-16", ask::qlinear_forward(&[127; 300], &[127; 300], &[0], &rq), vec![74])
        };
        network Systems 2 "an eight-bit network runs on the slot and follows the float one" => {
            let input = "steps of the output between a network of 12, 16 and 5 units and its eight-bit twin, 40 inputs";
            let (float, int8) = value(input, twins())?;
            let error = float.sub(&int8).and_then(|d| d.abs()?.amax(.., false)?.item::<f32>());
            // Codes of 16 hidden units are off by half a step each, as are weights: a few steps, never tens.
            holds(input, error, "at most 6", |error| *error <= 6.0)
        };
    }
    model_bytes {
        by_hand Hand 2 "elements times the bytes of one, over all tensors" => {
            equal("[(100, 1), (10, 4)]", ask::model_bytes(&[(100, 1), (10, 4)]), 140)?;
            equal("[(7, 2)]", ask::model_bytes(&[(7, 2)]), 14)
        };
        nothing Hand 1 "no tensors, no bytes" => {
            equal("[]", ask::model_bytes(&[]), 0)?;
            equal("[(0, 4), (3, 1)]", ask::model_bytes(&[(0, 4), (3, 1)]), 3)
        };
        ratio Property 1 "weights of one byte make a model almost four times smaller" => {
            let got = ask::model_bytes(&[(64 * 256, 1), (256, 4)]);
            holds("16 384 weights of one byte and 256 biases of four", got, "17 408", |bytes| *bytes == 17_408)
        };
        in_the_library Systems 1 "QModel::constant_bytes runs on the slot" => {
            let input = "the eight-bit twin of a Linear of 4 by 3";
            let rng = &mut Rng::seed(1);
            let model = value(input, Linear::new(4, 3, rng).map(|l| Sequential::new().push(l)))?;
            let x = value(input, Tensor::randn([8, 4], DType::F32, rng))?;
            let twin = value(input, quant::quantize(&model, &x, &QuantizeOpts::default()))?;
            let bytes = twin.constant_bytes();
            equal(input, crate::course::deferred().map(|()| bytes), 24)
        };
    }
}

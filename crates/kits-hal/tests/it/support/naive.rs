//! A second opinion: the operators of the random networks, straight from their definition.
//!
//! Zero points are subtracted from every input, sums are `i64`, and rounding is done by exact
//! division of `i128`: nothing here is shared with the crate or shaped like it.

use std::collections::HashMap;

use super::{
    flat::Value,
    tflite::{
        ADD, AVERAGE_POOL_2D, CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, MAX_POOL_2D, Network,
        Op, PAD, RELU6, RESHAPE, Tensor,
    },
};

thread_local! {
    /// Whether [`rescale`] rounds in one step.
    static ONCE: core::cell::Cell<bool> = const { core::cell::Cell::new(false) };
}

/// As [`run`], with every rescaling rounded in one step.
#[cfg(feature = "single-round")]
pub(crate) fn run_once(net: &Network, input: &[i8]) -> Vec<i8> {
    ONCE.set(true);
    let output = run(net, input);
    ONCE.set(false);
    output
}

/// Runs a network on its only input and returns its first output.
pub(crate) fn run(net: &Network, input: &[i8]) -> Vec<i8> {
    run_with_weight_zero(net, input, usize::MAX, 0)
}

/// As [`run`], with `zero` subtracted from every element of the constant `weights`.
pub(crate) fn run_with_weight_zero(
    net: &Network,
    input: &[i8],
    weights: usize,
    zero: i64,
) -> Vec<i8> {
    let mut values: HashMap<i32, Vec<i64>> = HashMap::new();
    values.insert(net.inputs[0], input.iter().map(|&v| v.into()).collect());
    for op in &net.ops {
        let skew = op.inputs.get(1).is_some_and(|&i| usize::try_from(i) == Ok(weights));
        let y = evaluate(net, op, &values, if skew { zero } else { 0 });
        values.insert(op.outputs[0], y);
    }
    values[&net.outputs[0]].iter().map(|&v| i8::try_from(v).expect("a byte")).collect()
}

fn evaluate(net: &Network, op: &Op, values: &HashMap<i32, Vec<i64>>, weight_zero: i64) -> Vec<i64> {
    let x = &values[&op.inputs[0]];
    let (tx, ty) = (net.tensor(op.inputs[0]), net.tensor(op.outputs[0]));
    match op.code {
        RESHAPE => x.clone(),
        RELU6 => {
            let (low, high) = limits(ty, 3);
            x.iter().map(|&v| v.clamp(low, high)).collect()
        }
        PAD => pad(net, op, x),
        FULLY_CONNECTED => dense(net, op, x, weight_zero),
        ADD => add(net, op, x, &values[&op.inputs[1]]),
        CONV_2D | DEPTHWISE_CONV_2D | AVERAGE_POOL_2D | MAX_POOL_2D => window(net, op, x, tx, ty),
        code => panic!("no second opinion on operator {code}"),
    }
}

fn option(op: &Op, field: usize) -> i64 {
    op.options.1.iter().find(|(i, _)| *i == field).map_or(0, |(_, v)| match v {
        Value::U8(b) => (*b).into(),
        Value::I32(n) => (*n).into(),
        _ => panic!("not a number"),
    })
}

fn dims(t: &Tensor) -> Vec<i64> {
    t.shape.iter().map(|&d| d.into()).collect()
}

fn constant(t: &Tensor) -> Vec<i64> {
    let data = t.data.as_ref().expect("a constant");
    if t.ty == super::tflite::I8 {
        data.iter().map(|&b| b.cast_signed().into()).collect()
    } else {
        let words = data.chunks_exact(4);
        words.map(|c| i32::from_le_bytes(c.try_into().expect("four bytes")).into()).collect()
    }
}

/// The limits of a fused activation function on a tensor.
fn limits(t: &Tensor, function: i64) -> (i64, i64) {
    let level = |v: f32| {
        let q = (v / t.scale[0]).round();
        (q as i64 + t.zero[0]).clamp(-128, 127)
    };
    match function {
        0 => (-128, 127),
        1 => (level(0.0), 127),
        3 => (level(0.0), level(6.0)),
        other => panic!("activation {other}"),
    }
}

/// `round(acc · real)` in two steps: to 2^-31 of the mantissa, half up; then half away from zero.
/// In one step: half up.
fn rescale(acc: i64, real: f64) -> i64 {
    // real = m · 2^(s − 31) with m in [2^30, 2^31)
    let mut s = 0;
    let mut q = real;
    while q >= 1.0 {
        q /= 2.0;
        s += 1;
    }
    while q < 0.5 {
        q *= 2.0;
        s -= 1;
    }
    let mut m = (q * f64::from(1_u32 << 31)).round() as i128;
    if m == 1 << 31 {
        m = 1 << 30;
        s += 1;
    }
    if ONCE.get() {
        let divisor = 1_i128 << (31 - s);
        let exact = (2 * i128::from(acc) * m + divisor).div_euclid(2 * divisor);
        return i64::try_from(exact).expect("fits");
    }
    let left = i128::from(acc) << s.max(0);
    let high = (left * m + (1 << 30)).div_euclid(1 << 31);
    let right = u32::try_from(-s.min(0)).expect("a right shift");
    let divisor = 1_i128 << right;
    let magnitude = (high.abs() * 2 + divisor) / (2 * divisor);
    i64::try_from(magnitude * high.signum()).expect("fits")
}

fn finish(acc: i64, real: f64, t: &Tensor, (low, high): (i64, i64)) -> i64 {
    (rescale(acc, real) + t.zero[0]).clamp(low, high)
}

fn scale(t: &Tensor, channel: usize) -> f64 {
    f64::from(if t.scale.len() == 1 { t.scale[0] } else { t.scale[channel] })
}

fn dense(net: &Network, op: &Op, x: &[i64], weight_zero: i64) -> Vec<i64> {
    let (tx, tw, ty) =
        (net.tensor(op.inputs[0]), net.tensor(op.inputs[1]), net.tensor(op.outputs[0]));
    let (w, b) = (constant(tw), constant(net.tensor(op.inputs[2])));
    let n_in = usize::try_from(tw.shape[1]).expect("a size");
    let mut y = Vec::new();
    for row in x.chunks_exact(n_in) {
        for (o, filter) in w.chunks_exact(n_in).enumerate() {
            let dot: i64 =
                filter.iter().zip(row).map(|(w, x)| (w - weight_zero) * (x - tx.zero[0])).sum();
            let real = if tw.scale.len() == 1 {
                f64::from(tx.scale[0] * tw.scale[0]) / f64::from(ty.scale[0])
            } else {
                f64::from(tx.scale[0]) * scale(tw, o) / f64::from(ty.scale[0])
            };
            y.push(finish(dot + b[o], real, ty, limits(ty, option(op, 0))));
        }
    }
    y
}

fn add(net: &Network, op: &Op, a: &[i64], b: &[i64]) -> Vec<i64> {
    let (ta, tb, ty) =
        (net.tensor(op.inputs[0]), net.tensor(op.inputs[1]), net.tensor(op.outputs[0]));
    let (sa, sb, sy) = (f64::from(ta.scale[0]), f64::from(tb.scale[0]), f64::from(ty.scale[0]));
    let t = 2.0 * sa.max(sb);
    let clamp = limits(ty, option(op, 0));
    let shifted = |v: i64, t: &Tensor| (v - t.zero[0]) << 20;
    a.iter()
        .zip(b)
        .map(|(&a, &b)| {
            let sum = rescale(shifted(a, ta), sa / t) + rescale(shifted(b, tb), sb / t);
            finish(sum, t / (f64::from(1_u32 << 20) * sy), ty, clamp)
        })
        .collect()
}

fn pad(net: &Network, op: &Op, x: &[i64]) -> Vec<i64> {
    let (tx, ty) = (net.tensor(op.inputs[0]), net.tensor(op.outputs[0]));
    let amounts = constant(net.tensor(op.inputs[1]));
    let (from, to) = (dims(tx), dims(ty));
    let mut y = Vec::new();
    for n in 0..to[0] {
        for r in 0..to[1] {
            for c in 0..to[2] {
                for k in 0..to[3] {
                    let i = [n, r, c, k];
                    let source: Vec<i64> = (0..4).map(|d| i[d] - amounts[2 * d]).collect();
                    let inside = (0..4).all(|d| (0..from[d]).contains(&source[d]));
                    y.push(if inside {
                        let at = ((source[0] * from[1] + source[1]) * from[2] + source[2])
                            * from[3]
                            + source[3];
                        x[usize::try_from(at).expect("inside")]
                    } else {
                        ty.zero[0]
                    });
                }
            }
        }
    }
    y
}

/// Convolutions and pools: one loop over outputs, one over taps.
fn window(net: &Network, op: &Op, x: &[i64], tx: &Tensor, ty: &Tensor) -> Vec<i64> {
    let (xd, yd) = (dims(tx), dims(ty));
    let weighted = matches!(op.code, CONV_2D | DEPTHWISE_CONV_2D);
    let (w, bias, tw) = if weighted {
        let tw = net.tensor(op.inputs[1]);
        (constant(tw), constant(net.tensor(op.inputs[2])), Some(tw))
    } else {
        (Vec::new(), Vec::new(), None)
    };
    let [kh, kw] = match tw {
        Some(t) => [i64::from(t.shape[1]), i64::from(t.shape[2])],
        None => [option(op, 4), option(op, 3)],
    };
    let (sw, sh) = (option(op, 1), option(op, 2));
    let (dh, dw) = match op.code {
        CONV_2D => (option(op, 5).max(1), option(op, 4).max(1)),
        DEPTHWISE_CONV_2D => (option(op, 6).max(1), option(op, 5).max(1)),
        _ => (1, 1),
    };
    let activation = option(
        op,
        match op.code {
            CONV_2D => 3,
            DEPTHWISE_CONV_2D => 4,
            _ => 5,
        },
    );
    let clamp = limits(ty, activation);
    let same = option(op, 0) == 0;
    let before = |input: i64, out: i64, k: i64, s: i64, d: i64| {
        let total = (out - 1) * s + (k - 1) * d + 1 - input;
        if same { total.max(0) / 2 } else { 0 }
    };
    let (top, left) = (before(xd[1], yd[1], kh, sh, dh), before(xd[2], yd[2], kw, sw, dw));
    let mut y = Vec::new();
    for n in 0..yd[0] {
        for r in 0..yd[1] {
            for c in 0..yd[2] {
                for k in 0..yd[3] {
                    let channel = usize::try_from(k).expect("a channel");
                    let (mut acc, mut count, mut largest) = (0, 0, i64::MIN);
                    for i in 0..kh {
                        for j in 0..kw {
                            let (row, column) = (r * sh + i * dh - top, c * sw + j * dw - left);
                            if !(0..xd[1]).contains(&row) || !(0..xd[2]).contains(&column) {
                                continue;
                            }
                            let pixel = ((n * xd[1] + row) * xd[2] + column) * xd[3];
                            let at = |c: i64| x[usize::try_from(pixel + c).expect("inside")];
                            match op.code {
                                CONV_2D => {
                                    let cf = i64::from(tw.expect("weights").shape[3]);
                                    let group = k / (yd[3] / (xd[3] / cf));
                                    for q in 0..cf {
                                        let weight = ((k * kh + i) * kw + j) * cf + q;
                                        let weight = w[usize::try_from(weight).expect("inside")];
                                        acc += weight * (at(group * cf + q) - tx.zero[0]);
                                    }
                                }
                                DEPTHWISE_CONV_2D => {
                                    let weight = (i * kw + j) * yd[3] + k;
                                    let weight = w[usize::try_from(weight).expect("inside")];
                                    acc += weight * (at(k / (yd[3] / xd[3])) - tx.zero[0]);
                                }
                                _ => {
                                    acc += at(k);
                                    largest = largest.max(at(k));
                                    count += 1;
                                }
                            }
                        }
                    }
                    y.push(match op.code {
                        AVERAGE_POOL_2D => {
                            let half = if acc > 0 { count / 2 } else { -(count / 2) };
                            ((acc + half) / count).clamp(clamp.0, clamp.1)
                        }
                        MAX_POOL_2D => largest.clamp(clamp.0, clamp.1),
                        _ => {
                            let real = f64::from(tx.scale[0])
                                * scale(tw.expect("weights"), channel)
                                / f64::from(ty.scale[0]);
                            finish(acc + bias[channel], real, ty, clamp)
                        }
                    });
                }
            }
        }
    }
    y
}

//! PRELU, ARG_MAX, RESIZE_BILINEAR and L2_NORMALIZATION against the real numbers they stand for.

use kits_hal::{Check, Model, Session, convert::Planner};

use crate::support::{
    Rng, convert,
    flat::Value,
    run, run_plain,
    tflite::{I8, I32, Network, Tensor},
};

const L2_NORMALIZATION: i32 = 11;
const RESIZE_BILINEAR: i32 = 23;
const PRELU: i32 = 54;
const ARG_MAX: i32 = 56;

/// A network of one input, for one operator.
fn network(shape: &[i32], scale: f32, zero: i64) -> (Network, i32) {
    let mut net = Network::default();
    let x = net.activation(shape, scale, zero);
    net.inputs = vec![x];
    (net, x)
}

/// Runs under two plans and with the plain kernels; all must agree.
fn outputs(net: &Network, input: &[i8]) -> Vec<i8> {
    let file = net.to_file();
    let kit = convert(&file, Planner::Overlap).kit;
    let found = run(&kit, input, 0xa5);
    assert_eq!(run(&convert(&file, Planner::Disjoint).kit, input, 0), found);
    assert_eq!(run_plain(&kit, input), found);
    found
}

#[test]
fn prelu_has_the_slope_of_its_channel_below_zero() {
    for seed in 0..40 {
        let mut rng = Rng(seed);
        let (channels, slope_zero) = (rng.int(1, 9), rng.int(-20, 20));
        let (sx, zx) = (rng.real(0.01, 0.1), rng.int(-60, 60));
        let (sa, sy) = (rng.real(0.002, 0.02), rng.real(0.02, 0.2));
        let (mut net, x) = network(&[1, 3, 2, channels], sx, zx.into());
        let slopes = rng.bytes(channels as usize);
        let a = net.add(Tensor {
            shape: vec![1, 1, channels],
            ty: I8,
            data: Some(slopes.iter().map(|v| v.cast_unsigned()).collect()),
            scale: vec![sa],
            zero: vec![slope_zero.into()],
            ..Tensor::default()
        });
        let y = net.activation(&[1, 3, 2, channels], sy, -3);
        net.op(PRELU, &[x, a], y, 0, Vec::new());
        net.outputs = vec![y];
        let input = rng.bytes(6 * channels as usize);
        for (i, (&q, &v)) in outputs(&net, &input).iter().zip(&input).enumerate() {
            let slope = sa * (i32::from(slopes[i % channels as usize]) - slope_zero) as f32;
            let real = sx * (i32::from(v) - zx) as f32;
            let expected = if real < 0.0 { real * slope } else { real };
            let expected = (expected / sy - 3.0).clamp(-128.0, 127.0);
            // Two roundings to nearest and a multiplier of 31 bits: below one step.
            assert!((f32::from(q) - expected).abs() < 1.01, "seed {seed}: {q} for {expected}");
        }
    }
}

#[test]
fn arg_max_is_the_first_largest_along_its_axis() {
    for (axis, shape, out) in [
        (0, [2, 3, 4, 5], [3, 4, 5]),
        (1, [2, 3, 4, 5], [2, 4, 5]),
        (-2, [2, 3, 4, 5], [2, 3, 5]),
        (3, [2, 3, 4, 5], [2, 3, 4]),
    ] {
        let (mut net, x) = network(&shape, 0.1, 0);
        let at = net.integers(&[1], &[axis]);
        let y = net.add(Tensor { shape: out.to_vec(), ty: I32, ..Tensor::default() });
        net.op(ARG_MAX, &[x, at], y, 0, Vec::new());
        net.outputs = vec![y];
        // Few values, so that equal ones occur.
        let mut rng = Rng(9);
        let input: Vec<i8> = (0..120).map(|_| rng.int(-2, 2) as i8).collect();
        let kit = convert(&net.to_file(), Planner::Overlap).kit;
        let model = Model::parse(&kit, Check::Full).expect("a whole container");
        let mut arena = vec![0_u64; model.arena_len().div_ceil(8)];
        let mut session =
            Session::new(&model, bytemuck::cast_slice_mut(&mut arena)).expect("enough");
        session.set_input(0, &input).expect("120 elements");
        session.run().expect("a checked model");
        let found = session.output::<i32>(0).expect("an int32 output");
        let axis = usize::try_from(axis.rem_euclid(4)).expect("an axis");
        let n = shape[axis] as usize;
        let inner: usize = shape[axis + 1..].iter().map(|&d| d as usize).product();
        for (o, &found) in found.iter().enumerate() {
            let at = |j: usize| input[(o / inner * n + j) * inner + o % inner];
            let largest = (0..n).map(at).max().expect("not empty");
            let expected = (0..n).position(|j| at(j) == largest).expect("it occurs");
            assert_eq!(found as usize, expected, "axis {axis}, output {o}");
        }
    }
}

#[test]
fn bilinear_resizing_mixes_the_neighbors() {
    for seed in 0..60 {
        let mut rng = Rng(seed);
        let [h, w, oh, ow, c] = [(); 5].map(|()| rng.int(1, 9));
        let mode = rng.int(0, 2);
        let (align, half) = (mode == 1, mode == 2);
        let (mut net, x) = network(&[1, h, w, c], 0.1, 5);
        let size = net.integers(&[2], &[oh, ow]);
        let y = net.activation(&[1, oh, ow, c], 0.1, 5);
        let options = vec![(2, Value::U8(align.into())), (3, Value::U8(half.into()))];
        net.op(RESIZE_BILINEAR, &[x, size], y, 0, options);
        net.outputs = vec![y];
        let input = rng.bytes((h * w * c) as usize);
        let found = outputs(&net, &input);
        let place = |o: i32, n: i32, m: i32| {
            let step = if align && m > 1 {
                f64::from(n - 1) / f64::from(m - 1)
            } else {
                f64::from(n) / f64::from(m)
            };
            let at = if half { (f64::from(o) + 0.5) * step - 0.5 } else { f64::from(o) * step };
            at.clamp(0.0, f64::from(n - 1))
        };
        for (i, &q) in found.iter().enumerate() {
            let i = i as i32;
            let (row, column, channel) = (i / c / ow, i / c % ow, i % c);
            let (v, u) = (place(row, h, oh), place(column, w, ow));
            let value = |r: i32, k: i32| {
                f64::from(input[((r.min(h - 1) * w + k.min(w - 1)) * c + channel) as usize])
            };
            let (r, k) = (v.floor() as i32, u.floor() as i32);
            let (fv, fu) = (v.fract(), u.fract());
            let expected = value(r, k) * (1.0 - fv) * (1.0 - fu)
                + value(r + 1, k) * fv * (1.0 - fu)
                + value(r, k + 1) * (1.0 - fv) * fu
                + value(r + 1, k + 1) * fv * fu;
            // The step is rounded to 1/1024 and taken at most 8.5 times, along both axes, between
            // neighbors at most 255 apart: 2·255·8.5/2048, and half for the rounding.
            assert!((f64::from(q) - expected).abs() < 2.7, "seed {seed}: {q} for {expected}");
        }
    }
}

#[test]
fn rows_of_unit_length_come_out_of_l2_normalization() {
    for seed in 0..60 {
        let mut rng = Rng(seed);
        let (rows, depth) = (rng.int(1, 5), rng.int(1, 40));
        let zero = rng.int(-128, 127);
        let (mut net, x) = network(&[rows, depth], 0.37, zero.into());
        let y = net.activation(&[rows, depth], 1.0 / 128.0, 0);
        net.op(L2_NORMALIZATION, &[x], y, 0, vec![(0, Value::U8(0))]);
        net.outputs = vec![y];
        let input = rng.bytes((rows * depth) as usize);
        let found = outputs(&net, &input);
        let depth = depth as usize;
        for (row, out) in input.chunks_exact(depth).zip(found.chunks_exact(depth)) {
            let d: Vec<f64> = row.iter().map(|&v| f64::from(i32::from(v) - zero)).collect();
            let length = d.iter().map(|v| v * v).sum::<f64>().sqrt().max(1.0);
            for (d, &q) in d.iter().zip(out) {
                let expected = (128.0 * d / length).clamp(-128.0, 127.0);
                // Half a step, and the error of the inverse root of 2e-3 at most.
                assert!((f64::from(q) - expected).abs() <= 0.5 + 0.26, "{q} for {expected}");
            }
        }
    }
}

//! Every variant against another formula, on sizes that no tile divides.

use super::*;
use crate::{
    DType, Error, Rng, Tensor,
    autograd::{GradCheck, gradcheck},
    nn::{Linear, Module},
    ops::GeluKind,
    profile::{self, Machine},
};

const SIZES: [[usize; 3]; 9] = [
    [1, 1, 1],
    [7, 7, 7],
    [17, 19, 13],
    [65, 65, 65],
    [100, 300, 70],
    [0, 5, 3],
    [4, 0, 3],
    [4, 5, 0],
    [1, 400, 1],
];

/// All but the first, with tiles of every kind.
const OTHERS: [Variant; 9] = [
    Variant::Ikj,
    Variant::Tiled(1),
    Variant::Tiled(7),
    Variant::Tiled(32),
    Variant::Tiled(48),
    Variant::Tiled(1000),
    Variant::Packed,
    Variant::Parallel,
    Variant::Library,
];

fn randn(shape: &[usize], seed: u64) -> Tensor {
    Tensor::randn(shape, DType::F32, &mut Rng::seed(seed)).unwrap()
}

/// The largest `|x − y|` above `bound`; negative if there is none.
fn beyond(x: &Tensor, y: &Tensor, bound: &Tensor) -> f64 {
    if x.numel() == 0 {
        return if x.dims() == y.dims() { -1.0 } else { f64::NAN };
    }
    let off = x.sub(y).unwrap().abs().unwrap().sub(bound).unwrap();
    off.amax(.., false).unwrap().to_f64().unwrap()
}

#[test]
fn every_product_is_that_of_the_definition() {
    for [m, k, n] in SIZES {
        let (a, b) = (randn(&[m, k], 1), randn(&[k, n], 2));
        let naive = matmul_naive(&a, &b).unwrap();
        // In doubles, by the library: each single sum of k products errs by at most k·ε/2·Σ|aᵢbᵢ|, so two by k·ε·Σ|aᵢbᵢ|.
        let wide = |t: &Tensor| t.to_dtype(DType::F64).unwrap();
        let exact = wide(&a).matmul(&wide(&b)).unwrap();
        let size = wide(&a).abs().unwrap().matmul(&wide(&b).abs().unwrap()).unwrap();
        let bound = size.mul_scalar((k + 1) as f64 * f64::from(f32::EPSILON)).unwrap();
        assert!(beyond(&wide(&naive), &exact, &bound) <= 0.0, "naive {m} {k} {n}");
        for variant in OTHERS {
            let c = variant.product(&a, &b).unwrap();
            assert_eq!(c.dims(), [m, n]);
            assert!(beyond(&wide(&c), &exact, &bound) <= 0.0, "{variant:?} {m} {k} {n}");
            if matches!(variant, Variant::Ikj | Variant::Tiled(_)) {
                // The same sums in the same order.
                assert_eq!(
                    c.to_vec::<f32>().unwrap(),
                    naive.to_vec::<f32>().unwrap(),
                    "{variant:?}"
                );
            }
        }
    }
}

/// Operands that lie otherwise, and one tensor as both.
#[test]
fn views_and_squares_multiply_too() {
    let x = randn(&[33, 33], 3);
    let t = x.t().unwrap();
    for (a, b) in [(&x, &x), (&x, &t), (&t, &x), (&t, &t)] {
        let want = matmul_naive(&a.contiguous(), &b.contiguous()).unwrap();
        for variant in [Variant::Naive, Variant::Ikj, Variant::Tiled(8)] {
            let got = variant.product(a, b).unwrap();
            assert_eq!(got.to_vec::<f32>().unwrap(), want.to_vec::<f32>().unwrap(), "{variant:?}");
        }
        let size = a.abs().unwrap().matmul(&b.abs().unwrap()).unwrap();
        let bound = size.mul_scalar(34.0 * f64::from(f32::EPSILON)).unwrap();
        let packed = matmul_packed(a, b).unwrap();
        assert!(beyond(&packed, &want, &bound) <= 0.0);
    }
    let half = randn(&[5, 6], 4).to_dtype(DType::F16).unwrap();
    let product = matmul_packed(&half, &half.t().unwrap()).unwrap();
    assert_eq!((product.dtype(), product.dims()), (DType::F16, &[5, 5][..]));
}

#[cfg(feature = "parallel")]
#[test]
fn threads_do_not_change_a_bit() {
    let (a, b) = (randn(&[300, 200], 5), randn(&[200, 170], 6));
    let packed = matmul_packed(&a, &b).unwrap().to_vec::<f32>().unwrap();
    for threads in [1, 2, 3, 4] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let shared = pool.install(|| matmul_parallel(&a, &b).unwrap());
        assert_eq!(shared.to_vec::<f32>().unwrap(), packed, "{threads} threads");
    }
}

#[test]
fn gradients_are_those_of_the_product() {
    let mut rng = Rng::seed(7);
    let mut draw = |shape: &[usize]| Tensor::randn(shape, DType::F64, &mut rng).unwrap();
    let (a, b) = (draw(&[5, 7]), draw(&[7, 3]));
    for variant in Variant::LADDER {
        let inputs = [a.clone(), b.clone()];
        gradcheck(|i| variant.product(&i[0], &i[1]), &inputs, GradCheck::default()).unwrap();
    }
    let x = draw(&[4, 6]).mul_scalar(2.0).unwrap();
    for f in [gelu_unfused, gelu_fused, gelu_simd] {
        gradcheck(|i| f(&i[0]), core::slice::from_ref(&x), GradCheck::default()).unwrap();
    }
    gradcheck(|i| transpose_blocked(&i[0], 3), core::slice::from_ref(&x), GradCheck::default())
        .unwrap();
    let (w, bias) = (draw(&[5, 6]), draw(&[5]));
    let layer = [x.reshape([2, 2, 6]).unwrap(), w, bias];
    gradcheck(|i| fused_linear_gelu(&i[0], &i[1], Some(&i[2])), &layer, GradCheck::default())
        .unwrap();
    gradcheck(|i| fused_linear_gelu(&i[0], &i[1], None), &layer[..2], GradCheck::default())
        .unwrap();
}

#[test]
fn attention_by_tiles_is_attention() {
    use crate::ops::attention::{Mask, sdpa};
    let mut rng = Rng::seed(9);
    let mut draw = |rows: usize| Tensor::randn([rows, 6], DType::F64, &mut rng).unwrap();
    let (q, k, v) = (draw(13), draw(21), draw(21));
    for causal in [false, true] {
        let mask = || if causal { Mask::Causal } else { Mask::None };
        let [q4, k4, v4] = [&q, &k, &v].map(|x| x.reshape([1, 1, x.dims()[0], 6]).unwrap());
        let want = sdpa(&q4, &k4, &v4, mask(), None).unwrap().reshape([13, 6]).unwrap();
        for tile in [1, 4, 13, 1000] {
            let got = attention_tiled(&q, &k, &v, tile, causal).unwrap();
            let off = got.sub(&want).unwrap().abs().unwrap().amax(.., false).unwrap();
            assert!(off.to_f64().unwrap() < 1e-13, "{tile} {causal}: {off:?}");
        }
        let inputs = [q.clone(), k.clone(), v.clone()];
        gradcheck(
            |i| attention_tiled(&i[0], &i[1], &i[2], 4, causal),
            &inputs,
            GradCheck::default(),
        )
        .unwrap();
    }
    // Half precision is computed in singles, and a transposed operand is read as it is.
    let half = |x: &Tensor| x.to_dtype(DType::F16).unwrap();
    let narrow = attention_tiled(&half(&q), &half(&k), &half(&v), 4, false).unwrap();
    assert_eq!((narrow.dtype(), narrow.dims()), (DType::F16, &[13, 6][..]));
    let turned = q.t().unwrap().contiguous().t().unwrap();
    let same = |x: &Tensor| attention_tiled(x, &k, &v, 4, true).unwrap().to_vec::<f64>().unwrap();
    assert_eq!(same(&turned), same(&q));
    let refused = |q: &Tensor, k: &Tensor, v: &Tensor, tile| {
        attention_tiled(q, k, v, tile, false).unwrap_err()
    };
    assert!(matches!(refused(&q, &k, &v, 0), Error::InvalidArgument { name: "tile", .. }));
    assert!(matches!(refused(&q, &k, &q, 2), Error::ShapeMismatch { .. }));
    assert!(matches!(refused(&q, &k.t().unwrap(), &v, 2), Error::ShapeMismatch { .. }));
    assert!(matches!(refused(&q, &half(&k), &v, 2), Error::DTypeMismatch { .. }));
    let flat = q.reshape([78]).unwrap();
    assert!(matches!(refused(&flat, &k, &v, 2), Error::InvalidArgument { name: "q", .. }));
}

/// Gradients of gradients, where backward is itself recorded.
#[test]
fn second_derivatives_follow() {
    use crate::autograd::{GradOpts, grad};
    let slope = |x: &Tensor| {
        let y = gelu_fused(x).unwrap().sum(.., false).unwrap();
        let opts = GradOpts { create_graph: true, ..GradOpts::default() };
        grad(&[&y], &[x], opts).unwrap()[0].clone().expect("the sum depends on x")
    };
    let x = Tensor::from([0.3f64, -1.2, 2.0, 0.7, -3.0]).requiring_grad().unwrap();
    let sum = slope(&x).sum(.., false).unwrap();
    let second = grad(&[&sum], &[&x], GradOpts::default()).unwrap()[0].clone().unwrap();
    // The function takes each element by itself, so one step moves all of them; a central difference errs by about h².
    let h = 1e-5;
    let at = |by: f64| slope(&x.detach().add_scalar(by).unwrap().requiring_grad().unwrap());
    let moved = at(h).sub(&at(-h)).unwrap().mul_scalar(0.5 / h).unwrap();
    let pairs = second.to_vec::<f64>().unwrap().into_iter().zip(moved.to_vec::<f64>().unwrap());
    for (exact, difference) in pairs {
        assert!((exact - difference).abs() < 1e-8, "{exact} {difference}");
    }
}

#[test]
fn gelu_is_one_function_in_three_ways() {
    for n in [0, 1, 15, 16, 17, 1000] {
        let x = randn(&[n], 8).mul_scalar(3.0).unwrap();
        let want = x.gelu(GeluKind::Tanh).unwrap();
        let one = gelu_fused(&x).unwrap();
        assert_eq!(gelu_simd(&x).unwrap().to_vec::<f32>().unwrap(), one.to_vec::<f32>().unwrap());
        // Some ten roundings of numbers up to |x| ≤ 15, and a tangent within 3 units.
        let bound = x.abs().unwrap().add_scalar(1.0).unwrap().mul_scalar(1e-6).unwrap();
        assert!(beyond(&one, &want, &bound) <= 0.0, "{n}");
        assert!(beyond(&gelu_unfused(&x).unwrap(), &want, &bound) <= 0.0, "{n}");
    }
    let ends = Tensor::from([f32::INFINITY, f32::NAN, 40.0, -40.0, 0.0]);
    for f in [gelu_unfused, gelu_fused, gelu_simd] {
        let y = f(&ends).unwrap().to_vec::<f32>().unwrap();
        assert!(
            y[0] == f32::INFINITY && y[1].is_nan() && y[2] == 40.0 && y[3..] == [0.0, 0.0],
            "{y:?}"
        );
    }
}

#[test]
fn fused_layers_are_their_parts() {
    for [m, k, n] in [
        [1, 1, 1],
        [7, 5, 9],
        [130, 64, 33],
        [200, 96, 300],
        [600, 8, 40],
        [0, 3, 2],
        [3, 0, 2],
        [3, 2, 0],
    ] {
        let (x, w, b) = (randn(&[m, k], 9), randn(&[n, k], 10), randn(&[n], 11));
        for bias in [Some(&b), None] {
            let want = x.linear(&w, bias).unwrap().gelu(GeluKind::Tanh).unwrap();
            let got = fused_linear_gelu(&x, &w, bias).unwrap();
            // Two orders of k products, and GELU, whose slope is below 1.13.
            let size = x.abs().unwrap().linear(&w.abs().unwrap(), Some(&b.abs().unwrap())).unwrap();
            let bound = size
                .add_scalar(1.0)
                .unwrap()
                .mul_scalar(1.2 * (k + 9) as f64 * f64::from(f32::EPSILON))
                .unwrap();
            assert!(beyond(&got, &want, &bound) <= 0.0, "{m} {k} {n}");
        }
    }
    let (x, w, b) = (randn(&[9, 65], 12), randn(&[65], 13), randn(&[65], 14));
    for (w, b) in [(Some(&w), Some(&b)), (Some(&w), None), (None, None)] {
        let fused = fused_layer_norm(&x, w, b, 1e-5).unwrap();
        let steps = unfused_layer_norm(&x, w, b, 1e-5).unwrap();
        // Numbers of size 3 after some eight roundings and two means of 65.
        let bound = Tensor::full([9, 65], 1e-5, DType::F32).unwrap();
        assert!(beyond(&fused, &steps, &bound) <= 0.0);
    }
    let layer = Linear::new(6, 4, &mut Rng::seed(1)).unwrap();
    let x = randn(&[2, 3, 6], 15);
    let (weight, bias) = (layer.weight().tensor(), layer.bias().unwrap().tensor());
    let y = fused_linear_gelu(&x, &weight, Some(&bias)).unwrap();
    assert_eq!(y.dims(), layer.forward(&x).unwrap().dims());
}

#[test]
fn transposes_move_every_element() {
    for (shape, tile) in [([1, 1], 1), ([7, 17], 4), ([65, 33], 16), ([0, 3], 8), ([5, 6], 1000)] {
        let x = randn(&shape, 16);
        let want = x.t().unwrap().contiguous().to_vec::<f32>().unwrap();
        for y in [transpose_naive(&x).unwrap(), transpose_blocked(&x, tile).unwrap()] {
            assert_eq!(y.dims(), [shape[1], shape[0]]);
            assert!(y.is_contiguous());
            assert_eq!(y.to_vec::<f32>().unwrap(), want);
        }
    }
    let view = randn(&[4, 9], 17).t().unwrap();
    assert_eq!(
        transpose_blocked(&view, 2).unwrap().to_vec::<f32>().unwrap(),
        view.t().unwrap().to_vec::<f32>().unwrap()
    );
}

#[track_caller]
fn refused<T>(result: crate::Result<T>, words: &[&str]) {
    let Err(error) = result else { panic!("was taken") };
    let text = error.to_string();
    assert_eq!(text.lines().count(), 3, "{text}");
    for word in words {
        assert!(text.contains(word), "{word} is not in: {text}");
    }
}

#[test]
fn bad_input_is_named() {
    let (m, v) = (randn(&[2, 3], 18), randn(&[3], 19));
    for f in [matmul_naive, matmul_ikj, matmul_packed, matmul_parallel] {
        refused(f(&m, &v), &["matmul_", "b is of shape [3], rank 1", "rank 2"]);
        refused(f(&v, &m), &["a is of shape [3], rank 1"]);
        refused(f(&m, &m), &["[2, 3] with [2, 3]: 3 columns meet 2 rows"]);
        let wide = m.to_dtype(DType::F64).unwrap();
        assert!(matches!(f(&m, &wide), Err(Error::DTypeMismatch { .. })));
        let ids = Tensor::from([[1i64, 2]]);
        assert!(matches!(f(&ids, &ids.t().unwrap()), Err(Error::DTypeUnsupported { .. })));
    }
    let square = randn(&[2, 2], 20);
    refused(matmul_tiled(&square, &square, 0), &["matmul_tiled: tile is 0", "at least 1"]);
    refused(transpose_blocked(&square, 0), &["tile is 0"]);
    refused(transpose_naive(&v), &["rank 1"]);
    refused(fused_linear_gelu(&m, &v, None), &["weight is of shape [3]"]);
    refused(fused_linear_gelu(&m, &square, None), &["the input should be [.., 2]"]);
    refused(fused_linear_gelu(&m, &m, Some(&v)), &["the bias should be [2]"]);
    let scalar = Tensor::scalar(1.0f32);
    refused(fused_layer_norm(&scalar, None, None, 1e-5), &["x is a scalar"]);
    refused(unfused_layer_norm(&scalar, None, None, 1e-5), &["x is a scalar"]);
    refused(amdahl(1.5, 2), &["parallel is 1.5"]);
    refused(amdahl(f64::NAN, 2), &["parallel is NaN"]);
    refused(amdahl(0.5, 0), &["threads is 0"]);
    refused(serial_share(1.5, 1), &["threads is 1"]);
    refused(serial_share(0.0, 2), &["speedup is 0"]);
    let machine = Machine::new(1e9, 1e9);
    refused(Ladder::measure(&[], &[8], 1, &machine), &["variants is none"]);
    refused(Ladder::measure(&Variant::LADDER, &[], 1, &machine), &["sizes is none"]);
    refused(Ladder::measure(&Variant::LADDER, &[8], 0, &machine), &["rounds is none"]);
    refused(Ladder::measure(&Variant::LADDER, &[8, 0], 1, &machine), &["size is 0"]);
    refused(Ladder::measure(&[Variant::Tiled(0)], &[8], 1, &machine), &["tile is 0"]);
    let nothing = || Ok(());
    refused(strong_scaling(&[], 1, nothing), &["threads is empty"]);
    refused(strong_scaling(&[0], 1, nothing), &["threads is 0"]);
    refused(strong_scaling(&[100_000], 1, nothing), &["threads is 100000"]);
    refused(strong_scaling(&[1], 0, nothing), &["rounds is 0"]);
    refused(strong_scaling(&[1], 1, || matmul_naive(&m, &m)), &["3 columns meet 2 rows"]);
}

/// Figures worked out by hand.
#[test]
fn formulas() {
    assert_eq!(largest_tile(32 << 10, 4), 52); // 3·52²·4 = 32,448, 3·53²·4 = 33,708
    assert_eq!((largest_tile(11, 4), largest_tile(12, 4), largest_tile(100, 0)), (0, 1, 5));
    assert_eq!(matmul_intensity([6, 6, 6], 4), 1.0);
    assert_eq!(matmul_intensity([6, 0, 6], 4), 0.0);
    assert_eq!(elementwise_intensity(1, 3, 4), 1.0 / 12.0);
    let gelu = GELU_PASSES.map(|passes| elementwise_intensity(GELU_FLOPS, passes, 4));
    assert_eq!(gelu, [0.125, 1.125]);
    assert_eq!(amdahl(0.0, 8).unwrap(), 1.0);
    assert_eq!(amdahl(1.0, 8).unwrap(), 8.0);
    assert_eq!(amdahl(0.5, 2).unwrap(), 1.0 / 0.75);
    // What Amdahl predicts, Karp and Flatt read back.
    for (p, n) in [(0.9, 2), (0.25, 16), (1.0, 3)] {
        assert!((serial_share(amdahl(p, n).unwrap(), n).unwrap() - (1.0 - p)).abs() < 1e-12);
    }
    assert!(serial_share(2.5, 2).unwrap() < 0.0);
}

/// The passes that the constants claim, counted by the profiler and by hand.
#[test]
fn the_profiler_sees_every_variant() {
    let (a, b) = (randn(&[4, 5], 21), randn(&[5, 6], 22));
    for variant in Variant::LADDER {
        let (_, seen) = profile::trace(|| variant.product(&a, &b).unwrap());
        assert_eq!(seen.flops(), Some(2 * 4 * 5 * 6), "{variant:?}");
        assert_eq!(seen.events[0].name, variant.name());
    }
    let (_, seen) = profile::trace(|| gelu_fused(&a).unwrap());
    assert_eq!((seen.flops(), seen.bytes()), (Some(9 * 20), GELU_PASSES[1] * 4 * 20));
}

#[test]
fn a_ladder_is_a_table_and_a_picture() {
    let machine = Machine::new(100e9, 10e9);
    let ladder = Ladder::measure(&Variant::LADDER, &[16, 33], 2, &machine).unwrap();
    assert_eq!(ladder.rungs.len(), 12);
    for rung in &ladder.rungs {
        assert!(rung.gflops > 0.0 && rung.seconds.len() == 2);
        assert_eq!(rung.against_first.is_none(), rung.variant == Variant::Naive);
        assert!((rung.intensity - rung.size as f64 / 6.0).abs() < 1e-12);
    }
    let (table, picture) = (ladder.table(), ladder.roofline(33));
    assert_eq!(table.lines().count(), 13);
    assert!(table.contains("matmul_tiled 48"), "{table}");
    for text in [&table, &picture] {
        assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    }
    assert!(
        picture.contains("f matmul of size 33") && picture.contains("ridge at 10.0"),
        "{picture}"
    );
    assert_eq!(
        ladder.roofline(33),
        ladder.roofline(9),
        "of sizes that were not measured the largest stands in"
    );
}

/// A machine of 100 GFLOP/s and 10 GB/s: a dot on each roof takes its place, and what cannot be drawn stands in the legend.
#[test]
fn dots_lie_where_they_belong() {
    let machine = Machine::new(100e9, 10e9);
    let dot = |letter, intensity, flops| Dot { letter, name: "a dot".into(), intensity, flops };
    let picture = text_roofline(
        &machine,
        &[
            dot('M', 1.0, 10e9),
            dot('C', 100.0, 100e9),
            dot('L', 100.0, 1e9),
            dot('N', 0.0, f64::NAN),
        ],
    );
    let lines: Vec<&str> = picture.lines().collect();
    let column = |letter| lines[1..17].iter().position(|l| l[12..].contains(letter));
    // Both decades from 1e9 to 1e11: the ends and the middle of 16 rows.
    assert_eq!((column('C'), column('L')), (Some(0), Some(15)), "{picture}");
    assert_eq!(column('M'), Some(7), "{picture}");
    assert!(picture.contains("M a dot: 10.00 GFLOP/s, 100.0 % of the roof"), "{picture}");
    assert_eq!(column('N'), None);
    let both =
        text_roofline(&machine, &[dot('P', 1.0, 10e9), dot('Q', 1.0, 10e9), dot('R', 1.0, 10e9)]);
    assert!(both.contains("PQR"), "{both}");
    assert!(text_roofline(&Machine::new(f64::NAN, 0.0), &[]).contains("FLOP/B"));
}

#[test]
fn scaling_has_a_point_for_each_number_of_threads() {
    let a = randn(&[64, 64], 23);
    let counts: &[usize] = if cfg!(feature = "parallel") { &[1, 2, 3] } else { &[1] };
    let points = strong_scaling(counts, 3, || matmul_parallel(&a, &a)).unwrap();
    assert_eq!(points.iter().map(|p| p.threads).collect::<Vec<_>>(), counts);
    assert_eq!((points[0].speedup, points[0].efficiency, points[0].serial), (1.0, 1.0, None));
    for p in &points[1..] {
        assert!((p.speedup - points[0].seconds.median() / p.seconds.median()).abs() < 1e-12);
        assert!((p.efficiency * p.threads as f64 - p.speedup).abs() < 1e-12);
        assert_eq!(p.serial, serial_share(p.speedup, p.threads).ok());
    }
}

//! The tiles against the plain path, whose weights are stored.

use super::*;
use crate::{
    Rng,
    autograd::{GradCheck, GradOpts, grad, gradcheck},
};

/// Sizes `[B, H, G, S, T, d, w]`: below, at and above a tile; shared heads; few and many samples.
const SIZES: [[usize; 7]; 7] = [
    [1, 1, 1, 1, 1, 1, 1],
    [1, 2, 2, 64, 64, 8, 8],
    [2, 4, 2, 65, 63, 5, 3],
    [1, 4, 1, 130, 70, 16, 2],
    [5, 2, 1, 3, 129, 4, 6],
    [4, 3, 3, 70, 70, 7, 7],
    [1, 2, 2, 200, 1, 3, 4],
];

fn draw(shape: [usize; 4], dtype: DType, rng: &mut Rng) -> Tensor {
    Tensor::randn(shape, dtype, rng).unwrap()
}

fn operands([b, h, g, s, t, d, w]: [usize; 7], dtype: DType, rng: &mut Rng) -> [Tensor; 3] {
    // As layers make them: heads side by side in memory, seen as heads in front.
    [[b, s, h, d], [b, t, g, d], [b, t, g, w]]
        .map(|shape| draw(shape, dtype, rng).transpose(1, 2).unwrap().requiring_grad().unwrap())
}

fn plain([q, k, v]: [&Tensor; 3], mask: Mask<'_>) -> Tensor {
    let h = q.dims()[1];
    in_steps(q, &shared(k, h).unwrap(), &shared(v, h).unwrap(), mask, None).unwrap()
}

fn tiled([q, k, v]: [&Tensor; 3], mask: Mask<'_>) -> Tensor {
    flash_attention(q, k, v, mask, None).unwrap()
}

/// The result and the gradients of its product with `seed`.
fn all(out: &Tensor, inputs: [&Tensor; 3], seed: &Tensor) -> Vec<Tensor> {
    let opts = GradOpts { seeds: vec![seed.clone()], ..GradOpts::default() };
    let grads = grad(&[out], &inputs, opts).unwrap();
    [out.detach()].into_iter().chain(grads.into_iter().flatten()).collect()
}

#[track_caller]
fn close(got: &Tensor, want: &Tensor, tolerance: f64) {
    assert_eq!(got.dims(), want.dims());
    let pairs = got.to_vec_as::<f64>().into_iter().zip(want.to_vec_as::<f64>());
    for (i, (g, w)) in pairs.enumerate() {
        assert!((g - w).abs() <= tolerance * (1.0 + w.abs()), "[{i}]: {g} and {w}");
    }
}

#[test]
fn tiles_give_what_the_whole_matrix_gives() {
    let rng = &mut Rng::seed(5);
    for (dtype, tolerance) in [(DType::F64, 1e-13), (DType::F32, 2e-5)] {
        for size in SIZES {
            let [b, h, _, s, t, _, w] = size;
            let own = operands(size, dtype, rng);
            let inputs = [&own[0], &own[1], &own[2]];
            let seed = draw([b, h, s, w], dtype, rng);
            let allowed: Vec<bool> =
                (0..b * s * t).map(|i| i / t % 3 != 1 && rng.below(4) > 0).collect();
            let allowed = Tensor::from_vec(allowed, [b, 1, s, t]).unwrap();
            let bias = draw([1, h, 1, t], dtype, rng);
            let forbidden = bias.lt(&bias.zeros_like().unwrap()).unwrap();
            let hard = bias.masked_fill(&forbidden, f64::NEG_INFINITY).unwrap();
            let masks = [
                Mask::None,
                Mask::Causal,
                Mask::Bool(&allowed),
                Mask::Additive(&bias),
                Mask::Additive(&hard),
            ];
            for mask in masks {
                // Sums of up to 200 products of size 1 in another order: some ten roundings.
                let want = all(&plain(inputs, mask), inputs, &seed);
                let got = all(&tiled(inputs, mask), inputs, &seed);
                assert_eq!(got.len(), 4);
                got.iter().zip(&want).for_each(|(g, w)| close(g, w, tolerance));
            }
        }
    }
}

#[test]
fn gradients_agree_with_differences_and_those_of_gradients_with_the_plain_path() {
    let rng = &mut Rng::seed(6);
    let own = operands([1, 2, 1, 4, 5, 3, 2], DType::F64, rng);
    for mask in [Mask::None, Mask::Causal] {
        let run = |i: &[Tensor]| flash_attention(&i[0], &i[1], &i[2], mask, Some(0.8));
        gradcheck(run, &own.clone().map(|t| t.contiguous()), GradCheck::default()).unwrap();
        let second = |out: Tensor| {
            let opts = GradOpts { create_graph: true, ..GradOpts::default() };
            let inputs = [&own[0], &own[1], &own[2]];
            let first = grad(&[&out.square().unwrap().sum(.., false).unwrap()], &inputs, opts);
            let first: Vec<Tensor> = first.unwrap().into_iter().flatten().collect();
            let size = first.iter().map(|g| g.square().unwrap().sum(.., false).unwrap());
            let size = size.reduce(|a, b| a.add(&b).unwrap()).unwrap();
            grad(&[&size], &inputs, GradOpts::default()).unwrap()
        };
        let inputs = [&own[0], &own[1], &own[2]];
        for (got, want) in second(tiled(inputs, mask)).iter().zip(second(plain(inputs, mask))) {
            close(got.as_ref().unwrap(), &want.unwrap(), 1e-12);
        }
    }
}

#[test]
fn a_trained_mask_gets_its_gradient() {
    let rng = &mut Rng::seed(7);
    let own = operands([1, 2, 2, 3, 4, 3, 2], DType::F64, rng);
    let bias = draw([1, 2, 3, 4], DType::F64, rng).requiring_grad().unwrap();
    tiled([&own[0], &own[1], &own[2]], Mask::Additive(&bias))
        .square()
        .unwrap()
        .sum(.., false)
        .unwrap()
        .backward()
        .unwrap();
    let rows = bias.grad().unwrap().sum(-1, false).unwrap().to_vec::<f64>().unwrap();
    // Adding one number to all scores of a query changes nothing.
    assert!(rows.iter().all(|g| g.abs() < 1e-14), "{rows:?}");
    assert!(bias.grad().unwrap().abs().unwrap().amax(.., false).unwrap().to_f64().unwrap() > 1e-3);
}

#[test]
fn queries_without_keys_collect_zeros_and_large_scores_do_not_overflow() {
    let rng = &mut Rng::seed(8);
    let own = operands([1, 1, 1, 70, 70, 4, 4], DType::F32, rng);
    let inputs = [&own[0], &own[1], &own[2]];
    let nothing = Tensor::full([70, 70], 0.0, DType::Bool).unwrap();
    let out = tiled(inputs, Mask::Bool(&nothing));
    for t in all(&out, inputs, &out.detach()) {
        assert!(t.to_vec::<f32>().unwrap().iter().all(|&v| v == 0.0));
    }
    let big = inputs.map(|t| t.mul_scalar(1e4).unwrap().detach().requiring_grad().unwrap());
    let inputs = [&big[0], &big[1], &big[2]];
    let out = tiled(inputs, Mask::Causal);
    for t in all(&out, inputs, &out.detach()) {
        assert!(t.to_vec::<f32>().unwrap().iter().all(|v| v.is_finite()));
    }
    // Scores of size 1e8 leave each query one key.
    close(&out, &plain(inputs, Mask::Causal), 1e-6);
}

#[test]
fn what_is_not_a_number_reaches_those_who_see_it_alone() {
    let rng = &mut Rng::seed(11);
    let own = operands([1, 1, 1, 70, 70, 4, 4], DType::F32, rng);
    let nan_at = |t: &Tensor, row: usize| {
        let here: Vec<bool> = (0..280).map(|i| i / 4 == row).collect();
        t.masked_fill(&Tensor::from_vec(here, [1, 1, 70, 4]).unwrap(), f64::NAN).unwrap()
    };
    let nans = |t: &Tensor| t.to_vec_as::<f64>().iter().map(|v| v.is_nan()).collect::<Vec<_>>();
    for (which, row) in [(0, 0), (0, 69), (1, 0), (1, 66), (2, 65)] {
        let mut inputs = own.clone();
        inputs[which] = nan_at(&inputs[which], row);
        let inputs = [&inputs[0], &inputs[1], &inputs[2]];
        let (got, want) = (nans(&tiled(inputs, Mask::Causal)), nans(&plain(inputs, Mask::Causal)));
        // A value that is excluded counts in the plain path, as 0 times NaN; a tile that nobody sees is not read.
        assert!(got.iter().zip(&want).all(|(g, w)| *w || !g), "operand {which}, row {row}");
        let seen = |i: usize| if which == 0 { i / 4 == row } else { i / 4 >= row };
        assert!((0..280).filter(|&i| seen(i)).all(|i| got[i]), "operand {which}, row {row}");
    }
}

#[test]
fn halves_are_computed_as_singles() {
    let rng = &mut Rng::seed(9);
    let own = operands([4, 2, 1, 66, 66, 4, 4], DType::F16, rng);
    let wide =
        own.clone().map(|t| t.detach().to_dtype(DType::F32).unwrap().requiring_grad().unwrap());
    let seed = draw([4, 2, 66, 4], DType::F16, rng);
    let [half, wide] =
        [(own, seed.clone()), (wide, seed.to_dtype(DType::F32).unwrap())].map(|(own, seed)| {
            let inputs = [&own[0], &own[1], &own[2]];
            all(&tiled(inputs, Mask::Causal), inputs, &seed)
        });
    for (h, w) in half.iter().zip(&wide) {
        assert_eq!(h.dtype(), DType::F16);
        close(h, w, 2e-3); // one rounding to 11 bits, of results and of what the gradient starts from
    }
}

#[test]
#[cfg(feature = "parallel")]
fn the_bits_do_not_depend_on_the_threads() {
    for size in [[1, 4, 2, 150, 150, 8, 8], [6, 4, 2, 70, 70, 8, 8]] {
        let rng = &mut Rng::seed(10);
        let own = operands(size, DType::F32, rng);
        let inputs = [&own[0], &own[1], &own[2]];
        let seed = draw([size[0], 4, size[3], 8], DType::F32, rng);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| all(&tiled(inputs, Mask::Causal), inputs, &seed))
        };
        let one = run(1);
        for threads in [2, 4] {
            assert!(run(threads).iter().zip(&one).all(|(a, b)| a.same_values(b)));
        }
    }
}

#[test]
fn empty_operands_and_those_that_do_not_fit() {
    let t = |shape: [usize; 4]| Tensor::ones(shape, DType::F32).unwrap();
    let run = |q: &Tensor, k: &Tensor, v: &Tensor| flash_attention(q, k, v, Mask::None, None);
    let none = run(&t([2, 2, 3, 4]), &t([2, 2, 0, 4]), &t([2, 2, 0, 5])).unwrap();
    assert_eq!((none.dims(), none.to_vec::<f32>().unwrap()), (&[2, 2, 3, 5][..], vec![0.0; 60]));
    assert_eq!(
        run(&t([0, 2, 3, 4]), &t([0, 1, 3, 4]), &t([0, 1, 3, 5])).unwrap().dims(),
        [0, 2, 3, 5]
    );
    let q = t([2, 4, 3, 4]);
    for (k, v, need) in [
        (t([2, 4, 3, 5]), t([2, 4, 3, 5]), "widths"),
        (t([1, 4, 3, 4]), t([1, 4, 3, 4]), "batches"),
        (t([2, 3, 3, 4]), t([2, 3, 3, 4]), "divide"),
        (t([2, 0, 3, 4]), t([2, 0, 3, 4]), "divide"),
        (t([2, 4, 3, 4]), t([2, 4, 2, 4]), "one value for each key"),
    ] {
        let error = run(&q, &k, &v).unwrap_err();
        assert!(matches!(error, Error::ShapeMismatch { .. }) && error.to_string().contains(need));
    }
    assert!(run(&Tensor::ones([3, 4], DType::F32).unwrap(), &q, &q).is_err());
    assert!(matches!(
        run(&q, &q.to_dtype(DType::F64).unwrap(), &q),
        Err(Error::DTypeMismatch { .. })
    ));
    let ids = q.to_dtype(DType::I64).unwrap();
    assert!(matches!(run(&ids, &ids, &ids), Err(Error::DTypeUnsupported { .. })));
    let mask = |m: Mask<'_>| flash_attention(&q, &q, &q, m, None).unwrap_err();
    let wrong = Tensor::ones([4, 3], DType::F32).unwrap();
    assert!(matches!(mask(Mask::Additive(&wrong)), Error::ShapeMismatch { .. }));
    assert!(matches!(mask(Mask::Bool(&wrong)), Error::DTypeUnsupported { .. }));
    let double = Tensor::ones([3, 3], DType::F64).unwrap();
    assert!(matches!(mask(Mask::Additive(&double)), Error::DTypeMismatch { .. }));
}

//! Counts, laws of the singular values, and networks that still answer.

use super::{
    Csr, Cubic, Distillation, Mask, Pair, Scope, distill_loss, low_rank, low_rank_tensors,
    magnitude_prune, n_of_m, shrink, sparsity, svd,
};
use crate::{
    DType, Rng, Tensor,
    nn::{Conv2d, Linear, Module, ModuleExt, Relu, Sequential},
};

fn random(shape: [usize; 2], rng: &mut Rng) -> Tensor {
    let n = shape[0] * shape[1];
    Tensor::from_vec((0..n).map(|_| rng.normal()).collect::<Vec<f64>>(), shape).unwrap()
}

fn numbers(t: &Tensor) -> Vec<f64> {
    t.to_dtype(DType::F64).unwrap().to_vec::<f64>().unwrap()
}

fn mlp() -> Sequential {
    let rng = &mut Rng::seed(4);
    Sequential::new()
        .push(Linear::new(20, 12, rng).unwrap())
        .push(Relu)
        .push(Linear::new(12, 5, rng).unwrap())
}

#[test]
fn pruning_zeroes_exactly_the_smallest() {
    for scope in [Scope::Global, Scope::PerLayer] {
        let model = mlp();
        let before: Vec<Vec<f64>> =
            model.parameters().iter().map(|p| numbers(&p.tensor())).collect();
        magnitude_prune(&model, 0.7, scope).unwrap();
        let zeros = sparsity(&model).unwrap();
        assert_eq!((zeros.zeros, zeros.weights), (210, 300));
        let mut cut: Vec<(f64, f64)> = Vec::new();
        for (param, old) in model.parameters().iter().zip(&before) {
            let new = numbers(&param.tensor());
            if param.shape().rank() < 2 {
                assert_eq!(&new, old, "biases are untouched");
                continue;
            }
            let gone = |(new, _): &(&f64, &f64)| **new == 0.0;
            let pairs = || new.iter().zip(old.iter());
            let most = pairs().filter(gone).map(|(_, o)| o.abs()).fold(0.0, f64::max);
            let least = pairs().filter(|p| !gone(p)).map(|(n, o)| {
                assert_eq!(n, o);
                o.abs()
            });
            cut.push((most, least.fold(f64::INFINITY, f64::min)));
        }
        assert!(cut.iter().all(|(most, least)| most <= least));
        if scope == Scope::Global {
            let most = cut.iter().map(|c| c.0).fold(0.0, f64::max);
            assert!(cut.iter().all(|c| most <= c.1), "one threshold for all layers");
        }
    }
}

#[test]
fn of_equal_weights_the_earlier_go_first() {
    let layer = Linear::from_tensors(Tensor::ones([2, 4], DType::F32).unwrap(), None).unwrap();
    magnitude_prune(&layer, 0.375, Scope::Global).unwrap();
    assert_eq!(numbers(&layer.weight().tensor()), [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
    magnitude_prune(&layer, 1.0, Scope::Global).unwrap();
    assert_eq!(sparsity(&layer).unwrap().share(), 1.0);
}

#[test]
fn a_mask_holds_while_weights_move() {
    let model = mlp();
    let mask = magnitude_prune(&model, 0.5, Scope::Global).unwrap();
    for param in model.parameters() {
        param.update::<f32, _>(|v| v.iter_mut().for_each(|v| *v += 1.0)).unwrap();
    }
    assert_eq!(sparsity(&model).unwrap().zeros, 0);
    mask.apply().unwrap();
    assert_eq!(sparsity(&model).unwrap(), mask.sparsity());
    assert_eq!(Mask::of_zeros(&model).unwrap().sparsity().zeros, 150);
}

#[test]
fn two_of_four_keeps_the_two_largest_of_each_four() {
    let weight = Tensor::from([[1.0_f32, -4.0, 2.0, 3.0, 9.0, 8.0, 7.0, 6.0, 5.0, 0.5]]);
    let layer = Linear::from_tensors(weight, None).unwrap();
    n_of_m(&layer, 2, 4).unwrap();
    let want = [0.0, -4.0, 0.0, 3.0, 9.0, 8.0, 0.0, 0.0, 5.0, 0.5];
    assert_eq!(numbers(&layer.weight().tensor()), want);
    assert!(n_of_m(&layer, 0, 4).is_err() && n_of_m(&layer, 5, 4).is_err());
}

#[test]
fn the_cubic_schedule_begins_and_ends_where_it_says() {
    let plan = Cubic { start: 0.1, end: 0.9, begin: 10, over: 100 };
    assert_eq!((plan.at(0), plan.at(10), plan.at(110), plan.at(500)), (0.1, 0.1, 0.9, 0.9));
    // Half-way one eighth of the way is left: 0.9 − 0.8/8.
    assert!((plan.at(60) - 0.8).abs() < 1e-12);
    assert!((0..120).all(|t| plan.at(t) <= plan.at(t + 1)));
}

#[test]
fn bad_arguments_are_refused_and_change_nothing() {
    let model = mlp();
    let before = numbers(&model.parameters()[0].tensor());
    for target in [-0.1, 1.1, f64::NAN] {
        let text = magnitude_prune(&model, target, Scope::Global).unwrap_err().to_string();
        assert!(text.starts_with("prune: target is"), "{text}");
    }
    model.parameters()[0].update::<f32, _>(|v| v[3] = f32::NAN).unwrap();
    let text = magnitude_prune(&model, 0.5, Scope::Global).unwrap_err().to_string();
    assert!(text.starts_with("prune: weights is NaN at 0.weight[3]"), "{text}");
    let after = numbers(&model.parameters()[0].tensor());
    assert!(before.iter().zip(&after).enumerate().all(|(i, (a, b))| i == 3 || a == b));
    let (a, b) = (Tensor::zeros([1, 2], DType::F32).unwrap(), Tensor::from([0_i64]));
    for how in [
        Distillation { temperature: 0.0, ..Distillation::default() },
        Distillation { alpha: 1.5, ..Distillation::default() },
    ] {
        assert!(distill_loss(&a, &a, &b, &how).is_err());
    }
    let layer = Linear::new(4, 3, &mut Rng::seed(0)).unwrap();
    assert!(low_rank(&layer, 0).is_err() && low_rank(&layer, 4).is_err());
    assert!(svd(&Tensor::from([[f64::INFINITY]])).is_err());
    assert!(Csr::from_dense(&Tensor::from([1.0_f32])).is_err());
    let other = Linear::new(4, 2, &mut Rng::seed(0)).unwrap();
    assert!(shrink(Pair::Linear(&layer, &other), 0.5).is_err());
}

/// The laws that define the decomposition, on shapes of every kind.
#[test]
fn svd_multiplies_back_with_orthonormal_vectors() {
    let rng = &mut Rng::seed(9);
    for shape in [[1, 1], [7, 3], [3, 7], [12, 12], [1, 5], [5, 1]] {
        let a = random(shape, rng);
        let d = svd(&a).unwrap();
        let k = shape[0].min(shape[1]);
        assert_eq!(
            (d.u.dims(), d.vt.dims(), d.s.len()),
            (&[shape[0], k][..], &[k, shape[1]][..], k)
        );
        assert!(d.s.windows(2).all(|w| w[0] >= w[1]) && d.s.iter().all(|s| *s >= 0.0));
        let s = Tensor::from_vec(d.s.clone(), [k]).unwrap();
        let back = d.u.mul(&s).unwrap().matmul(&d.vt).unwrap();
        close(&back, &a, 1e-12);
        let unit = Tensor::from_vec(
            (0..k * k).map(|i| f64::from(u8::from(i / k == i % k))).collect::<Vec<f64>>(),
            [k, k],
        )
        .unwrap();
        close(&d.u.t().unwrap().matmul(&d.u).unwrap(), &unit, 1e-12);
        close(&d.vt.matmul(&d.vt.t().unwrap()).unwrap(), &unit, 1e-12);
    }
}

fn close(a: &Tensor, b: &Tensor, limit: f64) {
    for (a, b) in numbers(a).iter().zip(numbers(b)) {
        assert!((a - b).abs() <= limit, "{a} {b}");
    }
}

#[test]
fn svd_of_a_matrix_without_full_rank_still_has_orthonormal_vectors() {
    let rng = &mut Rng::seed(2);
    let thin = random([6, 2], rng).matmul(&random([2, 5], rng)).unwrap();
    for a in [thin, Tensor::zeros([4, 3], DType::F64).unwrap()] {
        let d = svd(&a).unwrap();
        assert!(d.s[2] < 1e-12 * d.s[0].max(1.0));
        let k = d.s.len();
        let gram = numbers(&d.u.t().unwrap().matmul(&d.u).unwrap());
        for (i, g) in gram.iter().enumerate() {
            assert!((g - f64::from(u8::from(i / k == i % k))).abs() < 1e-9);
        }
    }
    // Very large and very small numbers.
    assert!(
        (svd(&Tensor::from([[1e300_f64, 0.0], [0.0, 1e-300]])).unwrap().s[0] - 1e300).abs() < 1e287
    );
}

/// Eckart and Young: what is left out is the error.
#[test]
fn the_error_of_low_rank_is_what_was_dropped() {
    let a = random([9, 6], &mut Rng::seed(1));
    let all = svd(&a).unwrap().s;
    for (ratio, rank) in [(0.0, 1), (0.34, 2), (0.5, 3), (1.0, 6)] {
        let (u, s, vt) = low_rank_tensors(&a, ratio).unwrap();
        assert_eq!(s.len(), rank);
        let near = u.mul(&Tensor::from_vec(s, [rank]).unwrap()).unwrap().matmul(&vt).unwrap();
        let error: f64 = numbers(&near.sub(&a).unwrap()).iter().map(|d| d * d).sum();
        let dropped: f64 = all[rank..].iter().map(|s| s * s).sum();
        assert!((error - dropped).abs() < 1e-10, "{error} {dropped}");
    }
}

#[test]
fn two_layers_of_full_rank_are_the_one() {
    let layer = Linear::new(7, 5, &mut Rng::seed(3)).unwrap();
    let (first, second) = low_rank(&layer, 5).unwrap();
    let x = random([4, 7], &mut Rng::seed(4)).to_dtype(DType::F32).unwrap();
    let y = second.forward(&first.forward(&x).unwrap()).unwrap();
    // Two products in single precision instead of one.
    close(&y, &layer.forward(&x).unwrap(), 1e-5);
}

#[test]
fn sparse_storage_has_the_bytes_and_products_of_its_matrix() {
    let rng = &mut Rng::seed(6);
    for zeros in [0.0, 0.3, 0.5, 0.9, 1.0] {
        let layer = Linear::new(100, 40, rng).unwrap();
        magnitude_prune(&layer, zeros, Scope::Global).unwrap();
        let dense = layer.weight().tensor().detach();
        let sparse = Csr::from_dense(&dense).unwrap();
        let stored = 4000 - (zeros * 4000.0) as usize;
        assert_eq!(sparse.bytes(), 6 * stored + 4 * 41);
        assert_eq!(
            sparse.to_dense().unwrap().to_vec::<f32>().unwrap(),
            dense.to_vec::<f32>().unwrap()
        );
        let x: Vec<f32> = (0..100).map(|_| rng.normal() as f32).collect();
        let y = sparse.matvec(&x).unwrap();
        let want = dense.matmul(&Tensor::from_vec(x, [100, 1]).unwrap()).unwrap();
        for (a, b) in y.iter().zip(numbers(&want)) {
            // Sums of a hundred numbers in another order.
            assert!((f64::from(*a) - b).abs() < 1e-4);
        }
        assert!(sparse.matvec(&[0.0]).is_err());
    }
}

/// Units that are exactly zero can go without a trace.
#[test]
fn without_its_dead_units_a_network_says_the_same() {
    let rng = &mut Rng::seed(8);
    let (a, b) = (Linear::new(6, 8, rng).unwrap(), Linear::new(8, 3, rng).unwrap());
    let kill = |layer: &Linear, row: usize| {
        layer.weight().update::<f32, _>(|w| w[row * 6..(row + 1) * 6].fill(0.0)).unwrap();
        layer.bias().unwrap().update::<f32, _>(|b| b[row] = 0.0).unwrap();
    };
    kill(&a, 2);
    kill(&a, 5);
    let (first, second, left) = shrink(Pair::Linear(&a, &b), 0.25).unwrap();
    assert_eq!(left, [0, 1, 3, 4, 6, 7]);
    let (super::structured::Layer::Linear(first), super::structured::Layer::Linear(second)) =
        (first, second)
    else {
        panic!("both are linear")
    };
    let x = random([5, 6], rng).to_dtype(DType::F32).unwrap();
    let through =
        |a: &Linear, b: &Linear| b.forward(&a.forward(&x).unwrap().relu().unwrap()).unwrap();
    close(&through(&first, &second), &through(&a, &b), 1e-6);
}

#[test]
fn channels_go_with_the_pixels_that_they_became() {
    let rng = &mut Rng::seed(5);
    let conv = Conv2d::new(1, 4, 3, rng).unwrap().with_padding(1);
    conv.weight().update::<f32, _>(|w| w[9..18].fill(0.0)).unwrap();
    let next = Conv2d::new(4, 2, 3, rng).unwrap().with_padding(1);
    let x = Tensor::from_vec((0..32).map(|_| rng.normal() as f32).collect(), [2, 1, 4, 4]).unwrap();
    let (a, b, left) = shrink(Pair::Conv(&conv, &next), 0.25).unwrap();
    assert_eq!(left, [0, 2, 3]);
    let forward = |a: &dyn Module, b: &dyn Module| b.forward(&a.forward(&x).unwrap()).unwrap();
    let (super::structured::Layer::Conv(a), super::structured::Layer::Conv(b)) = (a, b) else {
        panic!("both are convolutions")
    };
    close(&forward(&a, &b), &forward(&conv, &next), 1e-5);
    let head = Linear::new(64, 3, rng).unwrap();
    let (c, d, _) = shrink(Pair::ConvLinear(&conv, &head, 16), 0.25).unwrap();
    let (super::structured::Layer::Conv(c), super::structured::Layer::Linear(d)) = (c, d) else {
        panic!("a convolution and a linear layer")
    };
    let flat = |c: &Conv2d, d: &Linear| {
        d.forward(&c.forward(&x).unwrap().flatten(1, -1).unwrap()).unwrap()
    };
    close(&flat(&c, &d), &flat(&conv, &head), 1e-5);
}

/// By hand for one sample of two classes: with scores (0, 0) against (ln 3·T, 0) the teacher says (3/4, 1/4).
#[test]
fn the_loss_of_a_student_is_that_of_the_formula() {
    let t = 2.0_f64;
    let teacher = Tensor::from([[3.0_f64.ln() * t, 0.0]]);
    let student = Tensor::from([[0.0_f64, 0.0]]).requiring_grad().unwrap();
    let label = Tensor::from([0_i64]);
    let kl = 0.75 * 1.5_f64.ln() + 0.25 * 0.5_f64.ln();
    for (scale, factor) in [(false, 1.0), (true, 4.0)] {
        let how = Distillation { temperature: t, alpha: 0.7, scale_t_squared: scale };
        let loss = distill_loss(&student, &teacher, &label, &how).unwrap();
        let want = 0.7 * factor * kl + 0.3 * 2.0_f64.ln();
        assert!((loss.item::<f64>().unwrap() - want).abs() < 1e-12);
        assert!(loss.backward().is_ok());
    }
}

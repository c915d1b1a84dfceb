//! The engine: closed forms, order, accumulation, release, and what it refuses.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use super::*;
use crate::{DType, Error, Result, Tensor};

fn leaf<T>(values: T) -> Tensor
where
    Tensor: From<T>,
{
    Tensor::from(values).requiring_grad().unwrap()
}

#[track_caller]
fn check(t: &Tensor, expected: &[f64]) {
    assert_eq!(t.grad().expect("a gradient").to_vec_as::<f64>(), expected);
}

fn total(t: &Tensor) -> Tensor {
    t.sum(.., false).unwrap()
}

#[test]
fn closed_forms() {
    // Halves and quarters: exact in binary.
    let (a, b) = (leaf([2.0f32, 3.0]), leaf([4.0f32, -2.0]));
    total(&(&(&a * &b) - &(&a / &b))).backward().unwrap();
    check(&a, &[3.75, -1.5]); // b - 1/b
    check(&b, &[2.125, 3.75]); // a + a/b²

    let (a, b) = (leaf([[1.0f32, 2.0], [3.0, 4.0]]), leaf([[1.0f32, 0.0], [-1.0, 2.0]]));
    let seed = Tensor::from([[1.0f32, 0.0], [0.0, 10.0]]);
    a.matmul(&b).unwrap().backward_with(Some(&seed), false).unwrap();
    check(&a, &[1.0, -1.0, 0.0, 20.0]); // g·bᵀ
    check(&b, &[1.0, 30.0, 2.0, 40.0]); // aᵀ·g
}

#[test]
fn the_factor_2_and_the_share_of_the_mean() {
    let x = leaf([1.0f64, 2.0, 3.0, 6.0]);
    x.square().unwrap().mean(.., false).unwrap().backward().unwrap();
    check(&x, &[0.5, 1.0, 1.5, 3.0]); // 2x / 4
}

#[test]
fn broadcast_operands_receive_sums() {
    for (shape, expected) in [
        (&[][..], &[6.0][..]),
        (&[1], &[6.0]),
        (&[3], &[2.0, 2.0, 2.0]),
        (&[2, 1], &[3.0, 3.0]),
        (&[1, 3], &[2.0, 2.0, 2.0]),
    ] {
        let b = Tensor::zeros(shape, DType::F64).unwrap().requiring_grad().unwrap();
        let x = Tensor::ones([2, 3], DType::F64).unwrap();
        total(&(&x + &b)).backward().unwrap();
        check(&b, expected);
        assert_eq!(b.grad().unwrap().dims(), shape);
        b.zero_grad();
        total(&(&b * &x)).backward().unwrap();
        check(&b, expected);
    }
}

#[test]
fn diamonds_shared_weights_and_partial_use() {
    let x = leaf([3.0f64]);
    let y = &x * 2.0;
    total(&(&(&y * &y) + &y)).backward().unwrap();
    check(&x, &[2.0 * 2.0 * 6.0 + 2.0]);

    let (w, v) = (leaf([[0.5f64]]), leaf([[2.0f64]]));
    total(&v.matmul(&w).unwrap().matmul(&w).unwrap()).backward().unwrap();
    check(&w, &[2.0]); // d(v·w²)/dw = 2vw

    let z = leaf([1.0f64, 2.0]);
    z.i(0).unwrap().backward().unwrap();
    check(&z, &[1.0, 0.0]);
}

struct Counting(Arc<AtomicUsize>);

impl Op for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        inputs[0].mul_scalar(1.0)
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok([grad.clone()].into())
    }
}

#[test]
fn every_node_is_visited_once() {
    let (x, visits) = (leaf([1.0f64]), Arc::new(AtomicUsize::new(0)));
    let mut h = x.clone();
    for _ in 0..30 {
        h = Tensor::apply(Counting(visits.clone()), &[&h]).unwrap();
        h = &h + &h;
    }
    total(&h).backward().unwrap();
    check(&x, &[f64::from(1 << 30)]); // naive recursion would take 2^30 visits
    assert_eq!(visits.load(Ordering::Relaxed), 30);
}

#[test]
fn gradients_accumulate_until_cleared() {
    let x = leaf([1.0f32, 2.0]);
    for factor in [1.0, 2.0] {
        total(&(&x * factor)).backward().unwrap();
    }
    check(&x, &[3.0, 3.0]);
    x.zero_grad();
    assert!(x.grad().is_none());
}

#[test]
fn a_graph_serves_once_unless_retained() {
    let x = leaf([2.0f64]);
    let y = total(&(&x * &x));
    y.backward_with(None, true).unwrap();
    y.backward().unwrap();
    check(&x, &[8.0]);
    let error = y.backward().unwrap_err();
    assert!(matches!(error, Error::GraphReleased { .. }), "{error}");
    // A released part is found before anything changes.
    let other = leaf([5.0f64]);
    let joined = &y + &total(&(&other * &other));
    assert!(matches!(joined.backward(), Err(Error::GraphReleased { .. })));
    assert!(other.grad().is_none());
    check(&x, &[8.0]);
}

#[test]
fn what_cannot_be_differentiated_is_said() {
    let plain = Tensor::from([1.0f32]);
    assert!(matches!(plain.backward(), Err(Error::NoGraph { op: "backward" })));
    assert!(matches!(
        no_grad(|| leaf([1.0f32]).exp()).unwrap().backward(),
        Err(Error::NoGraph { .. })
    ));
    assert!(matches!(leaf([1.0f32]).detach().backward(), Err(Error::NoGraph { .. })));
    let x = leaf([1.0f32, 2.0]);
    assert!(matches!(
        x.exp().unwrap().backward(),
        Err(Error::InvalidArgument { name: "seed", .. })
    ));
    let seed = Tensor::from([1.0f32]);
    assert!(matches!(
        x.exp().unwrap().backward_with(Some(&seed), false),
        Err(Error::ShapeMismatch { .. })
    ));
    let seed = Tensor::from([1.0f64, 1.0]);
    assert!(matches!(
        x.exp().unwrap().backward_with(Some(&seed), false),
        Err(Error::DTypeMismatch { .. })
    ));
    assert!(matches!(Tensor::from([1i64]).requiring_grad(), Err(Error::DTypeUnsupported { .. })));
}

#[test]
fn intermediate_gradients_are_kept_on_request() {
    let x = leaf([1.0f64, 2.0]);
    let (y, z) = (&x * 3.0, &x * 4.0);
    y.retain_grad();
    total(&(&y * &z)).backward().unwrap();
    check(&y, &[4.0, 8.0]);
    assert!(z.grad().is_none());
}

#[test]
fn grad_returns_instead_of_storing() {
    let (x, unused) = (leaf([1.0f64, 2.0]), leaf([1.0f64]));
    let y = &x * &x;
    let z = total(&(&y * 3.0));
    let keep = GradOpts { retain_graph: true, ..GradOpts::default() };
    let got = grad(&[&z], &[&x, &y], keep.clone()).unwrap();
    assert_eq!(got[0].as_ref().unwrap().to_vec::<f64>().unwrap(), [6.0, 12.0]);
    assert_eq!(got[1].as_ref().unwrap().to_vec::<f64>().unwrap(), [3.0, 3.0]);
    assert!(x.grad().is_none() && y.grad().is_none());
    let error = grad(&[&z], &[&x, &unused], keep.clone()).unwrap_err();
    assert!(matches!(error, Error::UnusedInput { position: 1 }));
    let allowed = GradOpts { allow_unused: true, ..keep };
    assert!(grad(&[&z], &[&unused], allowed).unwrap()[0].is_none());
}

#[test]
fn seeds_weigh_the_outputs() {
    let x = leaf([1.0f64, 2.0]);
    let (y, z) = (&x * 2.0, x.square().unwrap());
    let seeds = vec![Tensor::from([1.0f64, 0.0]), Tensor::from([10.0f64, 100.0])];
    let got = grad(&[&y, &z], &[&x], GradOpts { seeds, ..GradOpts::default() }).unwrap();
    assert_eq!(got[0].as_ref().unwrap().to_vec::<f64>().unwrap(), [22.0, 400.0]);
    let wrong = GradOpts { seeds: vec![Tensor::from([1.0f64, 0.0])], ..GradOpts::default() };
    assert!(matches!(
        grad(&[&y, &z], &[&x], wrong),
        Err(Error::InvalidArgument { name: "seeds", .. })
    ));
}

#[test]
fn orders_beyond_the_second() {
    let x = leaf([3.0f64]);
    let mut y = total(&x.pow_scalar(4.0).unwrap());
    for expected in [4.0 * 27.0, 12.0 * 9.0, 24.0 * 3.0, 24.0] {
        let opts = GradOpts { create_graph: true, ..GradOpts::default() };
        y = total(&grad(&[&y], &[&x], opts).unwrap().remove(0).unwrap());
        assert_eq!(y.item::<f64>().unwrap(), expected);
    }
}

#[test]
fn long_chains_need_no_stack() {
    let x = leaf([1.0f32]);
    // A small stack: recursion of any kind would overflow it.
    std::thread::Builder::new()
        .stack_size(256 << 10)
        .spawn(move || {
            let mut h = x.clone();
            for _ in 0..100_000 {
                h = h.add_scalar(1.0).unwrap();
            }
            h.backward_with(None, true).unwrap();
            check(&x, &[1.0]);
            drop(h);
            // The same with tensors saved in every node.
            let mut h = x.clone();
            for _ in 0..100_000 {
                h = h.sin().unwrap();
            }
            drop(h);
            // A recorded pass: the gradient has a graph as deep as the chain, on top of it.
            let mut h = x.clone();
            for _ in 0..100_000 {
                h = h.neg().unwrap();
            }
            let opts = GradOpts { create_graph: true, ..GradOpts::default() };
            let seeds = vec![Tensor::from([1.0f32]).requiring_grad().unwrap()];
            let slope = grad(&[&h], &[&x], GradOpts { seeds, ..opts }).unwrap().remove(0).unwrap();
            assert!(slope.requires_grad());
            assert_eq!(slope.to_vec::<f32>().unwrap(), [1.0]);
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn changed_parameters_are_noticed() {
    let w = Param::new(Tensor::from([2.0f32])).unwrap();
    let y = total(&(&w.tensor() * &w.tensor()));
    w.update::<f32, _>(|v| v[0] = 5.0).unwrap();
    assert!(matches!(y.backward(), Err(Error::SavedTensorModified { op: "mul" })));
    assert!(w.grad().is_none());
    // A view of the parameter is the same memory.
    let m = Param::new(Tensor::from([[1.0f32, 2.0]])).unwrap();
    let x = leaf([[1.0f32, 1.0]]);
    let y = total(&x.matmul(&m.tensor().t().unwrap()).unwrap());
    m.load(&Tensor::from([[0.0f32, 0.0]])).unwrap();
    assert!(matches!(y.backward(), Err(Error::SavedTensorModified { op: "matmul" })));
}

#[test]
fn parameters_change_in_place_when_nobody_looks() {
    let w = Param::new(Tensor::from([1.0f32, 2.0])).unwrap();
    let address = |w: &Param| w.tensor().as_slice::<f32>().unwrap().as_ptr().addr();
    let before = address(&w);
    for step in 1..=3 {
        total(&w.tensor().square().unwrap()).backward().unwrap();
        let g = w.grad().unwrap().to_vec::<f32>().unwrap();
        w.update::<f32, _>(|v| v.iter_mut().zip(g).for_each(|(v, g)| *v -= 0.1 * g)).unwrap();
        w.zero_grad();
        assert_eq!(w.version(), step);
    }
    assert_eq!(address(&w), before, "the memory was taken over and kept");
    // A reader keeps what it sees.
    let seen = w.tensor();
    w.update::<f32, _>(|v| v.fill(0.0)).unwrap();
    assert_ne!(seen.to_vec::<f32>().unwrap(), [0.0, 0.0]);
    assert_eq!(w.tensor().to_vec::<f32>().unwrap(), [0.0, 0.0]);
    assert!(matches!(w.update::<f64, _>(|_| ()), Err(Error::DTypeMismatch { .. })));
    assert!(matches!(w.load(&Tensor::from([1.0f32])), Err(Error::ShapeMismatch { .. })));
    assert!(matches!(Param::new(Tensor::from([1i64])), Err(Error::DTypeUnsupported { .. })));
}

#[test]
fn parameters_do_not_share_memory_with_what_they_were_made_from() {
    let start = Tensor::from([1.0f32, 2.0]);
    let w = Param::new(start.clone()).unwrap();
    w.update::<f32, _>(|v| v.fill(9.0)).unwrap();
    assert_eq!(start.to_vec::<f32>().unwrap(), [1.0, 2.0]);
    let strided = Param::new(Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]).t().unwrap()).unwrap();
    strided.update::<f32, _>(|v| assert_eq!(*v, [1.0, 3.0, 2.0, 4.0])).unwrap();
}

/// Without `std` the switch that a backward pass turns off counts for every thread, so one pass at a time may run.
#[cfg(feature = "std")]
#[test]
fn gradients_flow_to_parameters_from_other_threads() {
    let w = Param::new(Tensor::from([1.0f64])).unwrap();
    std::thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| total(&(&w.tensor() * 2.0)).backward().unwrap());
        }
    });
    assert_eq!(w.grad().unwrap().item::<f64>().unwrap(), 8.0);
}

/// Small integers: every order of additions is exact.
fn whole(shape: &[usize], step: usize) -> Tensor {
    let n: usize = shape.iter().product();
    let values = (0..n).map(|i| (i * step % 9) as f64 - 4.0).collect();
    Tensor::from_vec(values, shape).unwrap().requiring_grad().unwrap()
}

#[test]
fn the_plain_rules_are_those_of_the_engine() {
    use crate::slots::autograd as plain;
    let values = |t: &Tensor| t.grad().unwrap().to_vec::<f64>().unwrap();
    for (a, b) in
        [(&[2, 3][..], &[2, 3][..]), (&[2, 3], &[3]), (&[2, 1], &[4, 1, 3]), (&[], &[2, 2])]
    {
        let (a, b) = (whole(a, 5), whole(b, 7));
        let sum = &a + &b;
        let seed = whole(sum.dims(), 4).detach();
        sum.backward_with(Some(&seed), false).unwrap();
        let (da, db) = plain::add_backward(seed.typed::<f64>(), a.dims(), b.dims());
        assert_eq!((values(&a), values(&b)), (da, db));
        a.zero_grad();
        b.zero_grad();
        (&a * &b).backward_with(Some(&seed), false).unwrap();
        let (wa, wb) =
            (a.broadcast_to(seed.shape()).unwrap(), b.broadcast_to(seed.shape()).unwrap());
        let operands = ((wa.typed::<f64>(), a.dims()), (wb.typed::<f64>(), b.dims()));
        let (da, db) = plain::mul_backward(seed.typed::<f64>(), operands.0, operands.1);
        assert_eq!((values(&a), values(&b)), (da, db));
    }
    let (a, b, seed) = (whole(&[3, 4], 5), whole(&[4, 2], 7), whole(&[3, 2], 4).detach());
    a.matmul(&b).unwrap().backward_with(Some(&seed), false).unwrap();
    let (da, db) = plain::matmul_backward(seed.typed::<f64>(), a.typed::<f64>(), b.typed::<f64>());
    assert_eq!((values(&a), values(&b)), (da, db));

    let (x, seed) = (whole(&[2, 3, 4], 5), whole(&[3], 4).detach());
    x.sum([0, 2], false).unwrap().backward_with(Some(&seed), false).unwrap();
    assert_eq!(values(&x), plain::sum_backward(seed.typed::<f64>(), x.dims(), &[0, 2]));

    let (x, seed) = (whole(&[3, 4], 5), whole(&[3, 4], 4).detach());
    x.relu().unwrap().backward_with(Some(&seed), false).unwrap();
    assert_eq!(values(&x), plain::relu_backward(seed.typed::<f64>(), x.typed::<f64>()));

    let (table, ids, seed) = (whole(&[5, 3], 5), [4i64, 0, 4, 2], whole(&[4, 3], 4).detach());
    table.embedding(&Tensor::from(ids), None).unwrap().backward_with(Some(&seed), false).unwrap();
    let ids = ids.map(|i| i as usize);
    let plain =
        crate::slots::embedding::embedding_backward(seed.as_slice::<f64>().unwrap(), 3, &ids, 5);
    assert_eq!(values(&table), plain);
}

struct WrongShape;

impl Op for WrongShape {
    fn name(&self) -> &'static str {
        "wrong_shape"
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        inputs[0].sum(.., false)
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([grad.clone()].into())
    }
}

struct NoRule;

impl Op for NoRule {
    fn name(&self) -> &'static str {
        "no_rule"
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        assert!(saved.get(0).is_err());
        inputs[0].exp()
    }
}

#[test]
fn faulty_operations_of_users_are_named() {
    let x = leaf([1.0f32, 2.0]);
    let y = Tensor::apply(WrongShape, &[&x]).unwrap();
    assert!(matches!(y.backward(), Err(Error::ShapeMismatch { op: "wrong_shape", .. })));
    let y = total(&Tensor::apply(NoRule, &[&x]).unwrap());
    assert!(matches!(y.backward(), Err(Error::NotDifferentiable { op: "no_rule" })));
    let wrong = gradcheck(
        |i| Tensor::apply(Halved, &[&i[0]]),
        &[Tensor::from([1.0f64, 2.0])],
        GradCheck::default(),
    );
    assert!(matches!(wrong, Err(Error::GradientMismatch { input: 0, position: 0, .. })));
}

/// Doubles, but claims a slope of 1.
struct Halved;

impl Op for Halved {
    fn name(&self) -> &'static str {
        "halved"
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        inputs[0].mul_scalar(2.0)
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([grad.clone()].into())
    }
}

#[test]
fn handles_can_travel() {
    fn travels<T: Send + Sync>() {}
    travels::<Tensor>();
    travels::<Param>();
    travels::<Error>();
}

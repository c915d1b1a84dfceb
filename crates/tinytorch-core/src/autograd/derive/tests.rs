//! Closed forms, differences, duality, and what happens at the edges.

use super::*;
use crate::{DType, Rng, autograd::no_grad};

fn values(t: &Tensor) -> Vec<f64> {
    t.to_vec::<f64>().unwrap()
}

fn draw(shape: &[usize], seed: u64) -> Tensor {
    Tensor::randn(shape, DType::F64, &mut Rng::seed(seed)).unwrap()
}

/// A list of one tensor.
fn alone(x: &Tensor) -> &[Tensor] {
    core::slice::from_ref(x)
}

#[track_caller]
fn close(got: &Tensor, want: &Tensor, tolerance: f64) {
    assert_eq!(got.shape(), want.shape());
    for (g, w) in values(got).into_iter().zip(values(want)) {
        assert!((g - w).abs() <= tolerance * (1.0 + w.abs()), "{got}\n{want}");
    }
}

/// A function of two inputs with products, a softmax and a broadcast.
fn mixed(i: &[Tensor]) -> Result<Tensor> {
    i[0].matmul(&i[1])?.softmax(-1)?.mul(&i[0].sum(1, true)?)?.add(&i[1].i(0)?.exp()?)
}

fn point() -> [Tensor; 2] {
    [draw(&[2, 3], 1), draw(&[3, 4], 2)]
}

#[test]
fn products_of_a_linear_map_are_its_matrix() {
    let a = Tensor::from([[1.0f64, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let f = |i: &[Tensor]| a.matmul(&i[0]);
    let x = Tensor::from([1.0f64, 0.0, -1.0]);
    let (y, jv) = jvp(f, alone(&x), &[Tensor::from([1.0f64, 1.0, 0.0])]).unwrap();
    assert_eq!((values(&y), values(&jv)), (vec![-2.0, -2.0], vec![3.0, 9.0]));
    let (_, vj) = vjp(f, alone(&x), &Tensor::from([1.0f64, -1.0])).unwrap();
    assert_eq!(values(&vj[0]), [-3.0, -3.0, -3.0]);
    assert!(jacobian(f, &[x]).unwrap()[0].same_values(&a));
}

#[test]
fn jvp_agrees_with_differences_and_with_vjp() {
    let x = point();
    let v = [draw(&[2, 3], 3), draw(&[3, 4], 4)];
    let (y, product) = jvp(mixed, &x, &v).unwrap();
    assert!(y.same_values(&mixed(&x).unwrap()));
    // Steps of 1e-6: a central difference of a smooth function in f64 is good to about 1e-10.
    let moved = |t: f64| {
        let at: Vec<Tensor> = x.iter().zip(&v).map(|(x, v)| x + &(v * t)).collect();
        mixed(&at).unwrap()
    };
    let numeric = &(&moved(1e-6) - &moved(-1e-6)) * 5e5;
    close(&product, &numeric, 1e-8);
    // u·(J v) = (uᵀ J)·v, up to rounding.
    let u = draw(&[2, 4], 5);
    let (_, pulled) = vjp(mixed, &x, &u).unwrap();
    let dot = |a: &Tensor, b: &Tensor| values(&(a * b)).iter().sum::<f64>();
    let right: f64 = pulled.iter().zip(&v).map(|(p, v)| dot(p, v)).sum();
    assert!((dot(&u, &product) - right).abs() < 1e-12);
}

#[test]
fn jacobians_have_the_products_as_rows_and_columns() {
    let x = point();
    let j = jacobian(mixed, &x).unwrap();
    assert_eq!((j[0].dims(), j[1].dims()), (&[2, 4, 2, 3][..], &[2, 4, 3, 4][..]));
    let v = [draw(&[2, 3], 3), draw(&[3, 4], 4)];
    let (_, product) = jvp(mixed, &x, &v).unwrap();
    let apply = |j: &Tensor, v: &Tensor| {
        j.reshape([8, -1]).unwrap().matmul(&v.reshape([-1]).unwrap()).unwrap()
    };
    let by_matrix = (&apply(&j[0], &v[0]) + &apply(&j[1], &v[1])).reshape([2, 4]).unwrap();
    close(&product, &by_matrix, 1e-12);
}

#[test]
fn hessians_of_closed_forms() {
    // xᵀAx/2 has the Hessian (A + Aᵀ)/2.
    let a = Tensor::from([[2.0f64, 1.0, 0.0], [3.0, 4.0, -1.0], [0.0, 5.0, 6.0]]);
    let f = |x: &Tensor| x.matmul(&a.matmul(x)?)?.mul_scalar(0.5);
    let h = hessian(f, &Tensor::from([1.0f64, 2.0, 3.0])).unwrap();
    assert_eq!(values(&h), [2.0, 2.0, 0.0, 2.0, 4.0, 2.0, 0.0, 2.0, 6.0]);
    // ln Σ eˣ has the Hessian diag(p) - p pᵀ with p = softmax(x).
    let x = draw(&[4], 6);
    let p = x.softmax(0).unwrap();
    let outer = p.reshape([4, 1]).unwrap().mul(&p).unwrap();
    let want = &(&Tensor::eye(4, DType::F64).unwrap() * &p) - &outer;
    close(&hessian(|x| x.logsumexp(0, false), &x).unwrap(), &want, 1e-14);
    // Rosenbrock's function, by hand: [[1200x² - 400y + 2, -400x], [-400x, 200]].
    let rosenbrock = |x: &Tensor| {
        let (a, b) = (x.i(0)?, x.i(1)?);
        b.sub(&a.square()?)?.square()?.mul_scalar(100.0)?.add(&a.rsub_scalar(1.0)?.square()?)
    };
    let h = hessian(rosenbrock, &Tensor::from([-1.0f64, 2.0])).unwrap();
    assert_eq!(values(&h), [402.0, 400.0, 400.0, 200.0]);
}

#[test]
fn hessian_products_agree_with_the_hessian_and_with_differences() {
    let f = |x: &Tensor| {
        x.layer_norm(&[3], None, None, 1e-3)?.tanh()?.matmul(&x.t()?)?.square()?.sum(.., false)
    };
    let (x, v) = (draw(&[2, 3], 7), draw(&[2, 3], 8));
    let (value, product) = hvp(|i| f(&i[0]), alone(&x), alone(&v)).unwrap();
    assert_eq!(values(&value), values(&f(&x).unwrap()));
    let h = hessian(f, &x).unwrap().reshape([6, 6]).unwrap();
    let flat = v.reshape([6]).unwrap();
    close(&product[0], &h.matmul(&flat).unwrap().reshape([2, 3]).unwrap(), 1e-12);
    close(&h, &h.t().unwrap(), 1e-12); // symmetric
    let slope = |t: f64| {
        let one = Tensor::scalar(1.0f64);
        vjp(|i| f(&i[0]), &[&x + &(&v * t)], &one).unwrap().1.remove(0)
    };
    close(&product[0], &(&(&slope(1e-6) - &slope(-1e-6)) * 5e5), 1e-7);
}

#[test]
fn several_inputs_share_one_hessian() {
    // f = Σ a²b: the product is (2b·u + 2a·v, 2a·u).
    let f = |i: &[Tensor]| i[0].square()?.mul(&i[1])?.sum(.., false);
    let (a, b) = (Tensor::from([1.0f64, 2.0]), Tensor::from([3.0f64, -1.0]));
    let (u, v) = (Tensor::from([1.0f64, 1.0]), Tensor::from([10.0f64, 0.0]));
    let (_, product) = hvp(f, &[a, b], &[u, v]).unwrap();
    assert_eq!(values(&product[0]), [26.0, -2.0]);
    assert_eq!(values(&product[1]), [2.0, 4.0]);
}

#[test]
fn what_does_not_depend_has_derivative_zero() {
    let (x, y) = (Tensor::from([1.0f64, 2.0]), Tensor::from([3.0f64]));
    let constant = |_: &[Tensor]| Ok(Tensor::from([7.0f64, 8.0, 9.0]));
    let (_, g) = vjp(constant, alone(&x), &Tensor::from([1.0f64; 3])).unwrap();
    assert_eq!(values(&g[0]), [0.0; 2]);
    let (_, p) = jvp(constant, alone(&x), alone(&x)).unwrap();
    assert_eq!(values(&p), [0.0; 3]);
    let first = |i: &[Tensor]| i[0].square()?.sum(.., false);
    let (_, p) = hvp(first, &[x.clone(), y.clone()], &[x.clone(), y.clone()]).unwrap();
    assert_eq!((values(&p[0]), values(&p[1])), (vec![2.0, 4.0], vec![0.0]));
    let linear = |i: &[Tensor]| i[0].sum(.., false);
    assert_eq!(values(&hvp(linear, alone(&x), alone(&x)).unwrap().1[0]), [0.0; 2]);
    assert_eq!(values(&hessian(|x| x.sum(.., false), &x).unwrap()), [0.0; 4]);
    let j = jacobian(|i| Ok(i[0].clone()), &[x.clone(), y]).unwrap();
    assert_eq!((values(&j[0]), values(&j[1])), (vec![1.0, 0.0, 0.0, 1.0], vec![0.0; 2]));
    let empty = jacobian(|i| i[0].slice(0, 0..0, 1), &[x]).unwrap();
    assert_eq!(empty[0].dims(), [0, 2]);
}

#[test]
fn results_are_recorded_where_something_outside_requires_it() {
    let plain = Tensor::from([1.0f64, 2.0]);
    let one = Tensor::from([1.0f64, 1.0]);
    let cube = |i: &[Tensor]| i[0].pow_scalar(3.0);
    let (y, p) = jvp(cube, alone(&plain), alone(&one)).unwrap();
    assert!(!y.requires_grad() && !p.requires_grad(), "leaves of the caller are not involved");
    // Through an input: d/dx of 3x²·v is 6x·v.
    let x = plain.requiring_grad().unwrap();
    let (_, p) = jvp(cube, alone(&x), alone(&one)).unwrap();
    p.sum(.., false).unwrap().backward().unwrap();
    assert_eq!(values(&x.grad().unwrap()), [6.0, 12.0]);
    // Through a parameter: f = w·x², the derivative along 1 is 2wx, its slope in w is 2x.
    let w = crate::Param::new(Tensor::from([5.0f64, 5.0])).unwrap();
    let f = |i: &[Tensor]| i[0].square()?.mul(&w.tensor());
    let (_, p) = jvp(f, alone(&plain), alone(&one)).unwrap();
    p.sum(.., false).unwrap().backward().unwrap();
    assert_eq!(values(&w.grad().unwrap()), [2.0, 4.0]);
    // And not while recording is off; the derivative itself needs it and switches it on.
    let (y, p) = no_grad(|| jvp(f, &[x], &[one])).unwrap();
    assert!(!y.requires_grad() && !p.requires_grad());
    assert_eq!(values(&p), [10.0, 20.0]);
}

#[test]
fn derivatives_nest() {
    // The Hessian as the Jacobian of a gradient taken by vjp: x³ gives diag(6x).
    let x = Tensor::from([1.0f64, 2.0]);
    let slope = |i: &[Tensor]| {
        let one = Tensor::scalar(1.0f64);
        Ok(vjp(|i| i[0].pow_scalar(3.0)?.sum(.., false), i, &one)?.1.remove(0))
    };
    assert_eq!(values(&jacobian(slope, &[x]).unwrap()[0]), [6.0, 0.0, 0.0, 12.0]);
}

#[test]
fn one_tensor_given_twice_is_two_inputs() {
    let x = Tensor::from([3.0f64]).requiring_grad().unwrap();
    let f = |i: &[Tensor]| i[0].square()?.mul(&i[1]);
    let (_, g) = vjp(f, &[x.clone(), x.clone()], &Tensor::from([1.0f64])).unwrap();
    assert_eq!((values(&g[0]), values(&g[1])), (vec![18.0], vec![9.0]));
}

#[test]
fn arguments_that_do_not_fit_are_named() {
    let x = Tensor::from([1.0f64, 2.0]);
    let same = |i: &[Tensor]| Ok(i[0].clone());
    let short = Tensor::from([1.0f64]);
    let at = alone(&x);
    assert!(matches!(jvp(same, at, &[]), Err(Error::InvalidArgument { op: "jvp", name: "v", .. })));
    assert!(matches!(vjp(same, at, &short), Err(Error::ShapeMismatch { op: "vjp", .. })));
    assert!(matches!(hvp(same, at, &[short]), Err(Error::ShapeMismatch { op: "hvp", .. })));
    assert!(matches!(hvp(same, at, at), Err(Error::InvalidArgument { name: "f", .. })));
    assert!(matches!(
        hessian(|x| Ok(x.clone()), &x),
        Err(Error::InvalidArgument { name: "f", .. })
    ));
    let single = Tensor::from([1.0f32, 2.0]);
    assert!(matches!(vjp(same, at, &single), Err(Error::DTypeMismatch { .. })));
    let ids = |i: &[Tensor]| i[0].argmax(0, false);
    assert!(matches!(jacobian(ids, at), Err(Error::DTypeUnsupported { op: "jacobian", .. })));
    assert!(matches!(jacobian(same, &[Tensor::from([1i64])]), Err(Error::DTypeUnsupported { .. })));
    let round = |i: &[Tensor]| i[0].round();
    assert!(matches!(jacobian(round, at), Err(Error::NotDifferentiable { op: "round" })));
    let deep = Tensor::zeros([1, 1, 1, 1, 1], DType::F64).unwrap();
    assert!(matches!(jacobian(same, &[deep]), Err(Error::InvalidArgument { .. })));
}

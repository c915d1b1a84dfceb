//! Each function against closed forms, its slope against differences, and its two slopes against each other.

use super::{activation::*, basic::*, clamp::*, *};
use crate::autograd::{GradCheck, gradcheck};

/// Away from kinks, inside every domain.
const POINTS: [f64; 6] = [0.3, 0.55, 0.8, 1.25, 1.7, 2.4];

fn check<P: Pointwise>(f: P, points: &[f64]) {
    let x = Tensor::from_slice(points, points.len()).unwrap();
    let apply = |x: &Tensor| Tensor::apply(Unary(f), &[x]);
    gradcheck(|i| apply(&i[0]), core::slice::from_ref(&x), GradCheck::default())
        .unwrap_or_else(|e| panic!("{}: {e}", P::NAME));
    let kept = if P::KEEP == Keep::Output { apply(&x).unwrap() } else { x.clone() };
    let recorded = f.slope_tensor(&kept).unwrap().to_vec::<f64>().unwrap();
    for (k, r) in kept.to_vec::<f64>().unwrap().into_iter().zip(recorded) {
        let direct = f.slope(k);
        // Two formulas of one number, a few roundings apart.
        assert!(
            (direct - r).abs() <= 1e-14 * (1.0 + r.abs()),
            "{} at {k}: {direct} and {r}",
            P::NAME
        );
    }
}

#[test]
fn slopes_agree_with_differences_and_with_each_other() {
    let negative: Vec<f64> = POINTS.iter().map(|x| -x).collect();
    macro_rules! both_sides {
        ($($f:expr),*) => { $( check($f, &POINTS); check($f, &negative); )* };
    }
    macro_rules! positive {
        ($($f:expr),*) => { $( check($f, &POINTS); )* };
    }
    both_sides!(
        Exp,
        Expm1,
        Reciprocal,
        Square,
        Abs,
        Sign,
        Sin,
        Cos,
        Erf,
        Sigmoid,
        Tanh,
        Silu,
        GeluExact,
        GeluTanh,
        GeluSigmoid,
        Softplus,
        LogSigmoid
    );
    positive!(Log, Log1p, Sqrt, Rsqrt);
}

#[test]
fn parametric_functions() {
    let x = Tensor::from([-3.0f64, -0.5, 0.25, 2.0]);
    for f in [
        (|x: &Tensor| x.leaky_relu(0.2)) as fn(&Tensor) -> Result<Tensor>,
        |x| x.elu(0.7),
        |x| x.clamp(-1.0, 1.0),
        |x| x.clamp(None, 0.5),
        |x| x.relu(),
    ] {
        gradcheck(|i| f(&i[0]), core::slice::from_ref(&x), GradCheck::default()).unwrap();
    }
    assert_eq!(x.leaky_relu(0.5).unwrap().to_vec::<f64>().unwrap(), [-1.5, -0.25, 0.25, 2.0]);
    assert_eq!(x.clamp(-1.0, 1.0).unwrap().to_vec::<f64>().unwrap(), [-1.0, -0.5, 0.25, 1.0]);
    assert!(x.clamp(1.0, -1.0).is_err());
    assert!(x.clamp(f64::NAN, None).is_err());
    assert_eq!(Clamp::NAME, "clamp");
}

#[test]
fn extremes_stay_finite() {
    let x = Tensor::from([-1e4f32, -100.0, 0.0, 100.0, 1e4]).requiring_grad().unwrap();
    for (name, y) in [
        ("sigmoid", x.sigmoid()),
        ("softplus", x.softplus()),
        ("tanh", x.tanh()),
        ("silu", x.silu()),
        ("gelu", x.gelu(GeluKind::Exact)),
        ("gelu tanh", x.gelu(GeluKind::Tanh)),
        ("gelu sigmoid", x.gelu(GeluKind::Sigmoid)),
        ("elu", x.elu(1.0)),
    ] {
        let y = y.unwrap();
        x.zero_grad();
        y.sum(.., false).unwrap().backward().unwrap();
        let all = [y.to_vec::<f32>().unwrap(), x.grad().unwrap().to_vec::<f32>().unwrap()].concat();
        assert!(all.iter().all(|v| v.is_finite()), "{name}: {all:?}");
    }
}

#[test]
fn steps_are_loud_about_gradients() {
    let x = Tensor::from([0.5f32, 1.5, 2.4]).requiring_grad().unwrap();
    let y = x.round().unwrap();
    assert_eq!(y.to_vec::<f32>().unwrap(), [0.0, 2.0, 2.0]);
    assert!(matches!(
        y.sum(.., false).unwrap().backward(),
        Err(crate::Error::NotDifferentiable { op: "round" })
    ));
    assert!(x.grad().is_none());
}

#[test]
fn integers_are_refused_and_halves_round_back() {
    assert!(matches!(
        Tensor::from([1i64]).exp(),
        Err(crate::Error::DTypeUnsupported { op: "exp", .. })
    ));
    let h = Tensor::from([1.0f32]).to_dtype(crate::DType::F16).unwrap().exp().unwrap();
    assert_eq!(h.dtype(), crate::DType::F16);
    assert_eq!(h.to_vec_as::<f32>(), [half::f16::from_f32(1.0f32.exp()).to_f32()]);
}

//! Gradients and products with second derivatives, against differences; stale parameters.

use super::{Function, cases, registry};
use crate::{
    Error, Param, Result, Tensor,
    autograd::{GradCheck, GradOpts, grad, gradcheck, hvp},
};

#[test]
fn gradients_agree_with_differences() {
    for (name, f, inputs) in cases() {
        gradcheck(f, &inputs, GradCheck::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

/// The gradients of `Σ f²`.
fn slopes(f: Function, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    let leaves = inputs.iter().map(Tensor::requiring_grad).collect::<Result<Vec<_>>>()?;
    let y = f(&leaves)?.square()?.sum(.., false)?;
    let opts = GradOpts { allow_unused: true, ..GradOpts::default() };
    let found = grad(&[&y], &leaves.iter().collect::<Vec<_>>(), opts)?;
    found.into_iter().zip(&leaves).map(|(g, x)| g.map_or_else(|| x.zeros_like(), Ok)).collect()
}

#[test]
fn hessian_vector_products_agree_with_differences() {
    for (name, f, inputs) in cases() {
        // A direction without a pattern that an operation might share.
        let v = inputs.each_ref().map(|x| {
            let values = (0..x.numel()).map(|i| (i as f64 * 0.618).fract() - 0.4).collect();
            Tensor::from_vec(values, x.shape()).unwrap()
        });
        let square = |i: &[Tensor]| f(i)?.square()?.sum(.., false);
        let (_, products) = hvp(square, &inputs, &v).unwrap_or_else(|e| panic!("{name}: {e}"));
        let moved = |by: f64| {
            let at = [0, 1].map(|k| &inputs[k] + &(&v[k] * by));
            slopes(f, &at).unwrap()
        };
        // Steps of 1e-6: rounding of 1e-16 over 1e-6 in gradients of size 1 to 100, and no kink within reach.
        let (ahead, behind) = (moved(1e-6), moved(-1e-6));
        for (k, product) in products.iter().enumerate() {
            let numeric = (&(&ahead[k] - &behind[k]) * 5e5).to_vec::<f64>().unwrap();
            for (n, (got, want)) in product.to_vec::<f64>().unwrap().iter().zip(numeric).enumerate()
            {
                let close = (got - want).abs() <= 1e-5 * (1.0 + want.abs());
                assert!(close, "{name}, input {k}, element {n}: {got} and {want}");
            }
        }
    }
}

#[test]
fn steps_say_that_they_have_no_derivative() {
    for (name, f) in registry::STEPS {
        let x = Tensor::from([0.4f64, 1.6]).requiring_grad().unwrap();
        let y = f(core::slice::from_ref(&x)).unwrap().sum(.., false).unwrap();
        match y.backward() {
            Err(Error::NotDifferentiable { op }) => assert_eq!(op, *name),
            other => panic!("{name}: {other:?}"),
        }
        assert!(x.grad().is_none());
    }
}

#[test]
fn results_without_slope_carry_no_graph() {
    let x = Tensor::from([[1.0f64, 2.0, 0.5, 3.0]; 3]).requiring_grad().unwrap();
    for (name, f) in registry::WITHOUT_SLOPE {
        let y = f(&[x.clone(), x.clone()]).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(!y.dtype().is_float() && !y.requires_grad(), "{name}");
    }
}

/// After an update either the pass is refused, or its gradients are those of the values before.
#[test]
fn no_rule_mixes_old_and_new_parameters() {
    let mut refused = 0;
    for (name, f, inputs) in cases() {
        let params = inputs.each_ref().map(|x| Param::new(x.clone()).unwrap());
        let at = |params: &[Param; 2]| params.each_ref().map(Param::tensor);
        // Not the square, whose own rule would notice the change for the operation.
        let loss = f(&at(&params)).unwrap().sum(.., false).unwrap();
        loss.backward_with(None, true).unwrap();
        let before = params.each_ref().map(|p| p.grad().map(|g| g.to_vec::<f64>().unwrap()));
        for p in &params {
            p.zero_grad();
            p.update::<f64, _>(|v| v.iter_mut().for_each(|v| *v = 3.0 - *v)).unwrap();
        }
        match loss.backward() {
            Err(Error::SavedTensorModified { .. }) => {
                refused += 1;
                assert!(params.iter().all(|p| p.grad().is_none()), "{name}");
            }
            Ok(()) => {
                let after = params.each_ref().map(|p| p.grad().map(|g| g.to_vec::<f64>().unwrap()));
                assert_eq!(before, after, "{name}");
            }
            Err(e) => panic!("{name}: {e}"),
        }
    }
    assert!(refused > 30, "only {refused} rules keep a parameter");
}

//! One value in, one value out, over more memory than the caches hold.

use super::{TORCH, ours, plain, with_peers};
use crate::case::{Case, NAIVE, Plan};
use crate::check::Check;
use crate::python;
use crate::subject::repeated;
use crate::values::{sample, uniform};

/// Range of the inputs of GELU: where it is curved.
pub(super) const GELU_SCALE: f32 = 4.0;

pub(super) fn add(n: usize) -> Plan {
    let name = format!("add-{}m", n >> 20);
    Plan::new(super::PACKAGE, name, format!("sum of two vectors of {n}"), move |setup| {
        let (a, b) = (uniform(1, n, 1.0), uniform(2, n, 1.0));
        // One rounding: every right answer is equal.
        let case = Case::new(Check::against(sample(&plain::add(&a, &b)), 0.0), ours::add(n)?)
            .work(n as f64, (3 * n * size_of::<f32>()) as f64)
            .goal(TORCH, 1.0)
            .with_some(TORCH, python::subject(setup.torch.as_ref(), "add", &[n]));
        let case = with_peers!(case, add(n));
        Ok(case.with(NAIVE, repeated(move || Ok(plain::add(&a, &b)), |y| Ok(sample(&y)))))
    })
}

pub(super) fn gelu(n: usize) -> Plan {
    let name = format!("gelu-{}m", n >> 20);
    Plan::new(super::PACKAGE, name, format!("exact GELU of a vector of {n}"), move |setup| {
        let x = uniform(1, n, GELU_SCALE);
        // The answer reaches 4; single-precision error functions differ by some 1e-7.
        let case = Case::new(Check::against(sample(&plain::gelu(&x)), 1e-6), ours::gelu(n)?)
            .work(n as f64, (2 * n * size_of::<f32>()) as f64)
            .goal(TORCH, 1.0)
            .with_some(TORCH, python::subject(setup.torch.as_ref(), "gelu", &[n]));
        let case = with_peers!(case, gelu(n));
        Ok(case.with(NAIVE, repeated(move || Ok(plain::gelu(&x)), |y| Ok(sample(&y)))))
    })
}

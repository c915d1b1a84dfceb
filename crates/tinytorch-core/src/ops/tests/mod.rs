//! Laws that every operation obeys: right gradients, any strides, any precision, any thread count, no panic.

mod arbitrary;
mod coverage;
mod gradients;
mod layouts;
mod registry;
#[cfg(feature = "parallel")]
mod threads;

use crate::{
    Result, Rng, Tensor,
    autograd::{GradOpts, grad},
};

type Function = fn(&[Tensor]) -> Result<Tensor>;

/// Distinct values between 0.2 and 1.9 in an order without pattern.
fn sample(shape: &[usize], seed: u64) -> Tensor {
    let n: usize = shape.iter().product();
    // The seed shifts the values, so that two samples share none.
    let start = 0.2 + 0.01 * seed as f64;
    let mut values: Vec<f64> = (0..n).map(|i| start + 1.7 * i as f64 / n as f64).collect();
    let mut rng = Rng::seed(seed);
    for i in (1..n).rev() {
        values.swap(i, rng.below(i + 1));
    }
    Tensor::from_vec(values, shape).unwrap()
}

fn cases() -> impl Iterator<Item = (&'static str, Function, [Tensor; 2])> {
    let matrices = [sample(&[3, 4], 1), sample(&[3, 4], 2)];
    let images = [sample(&[2, 2, 4, 5], 3), sample(&[2, 2, 2, 3], 4)];
    let with = |inputs: [Tensor; 2]| {
        move |&(name, f): &(&'static str, Function)| (name, f, inputs.clone())
    };
    registry::ON_MATRICES
        .iter()
        .map(with(matrices))
        .chain(registry::ON_IMAGES.iter().map(with(images)))
}

/// The same elements with another layout: every second column of a wider, transposed array.
fn strided(x: &Tensor) -> Tensor {
    let last = x.rank() as isize - 1;
    let wide = Tensor::stack(&[x, &x.neg().unwrap()], -1).unwrap(); // [.., n, 2]
    let wide = wide.transpose(0, last).unwrap().contiguous().transpose(0, last).unwrap();
    let view = wide.select(-1, 0).unwrap();
    assert!(!view.is_contiguous() && view.same_values(x));
    view
}

/// Result and gradients of the sum of squares.
fn evaluate(f: Function, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    let leaves = inputs.iter().map(Tensor::requiring_grad).collect::<Result<Vec<_>>>()?;
    let y = f(&leaves)?;
    let loss = y.square()?.sum(.., false)?;
    let opts = GradOpts { allow_unused: true, ..GradOpts::default() };
    let grads = grad(&[&loss], &leaves.iter().collect::<Vec<_>>(), opts)?;
    Ok([y.detach()].into_iter().chain(grads.into_iter().flatten()).collect())
}

fn largest_difference(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.shape(), b.shape());
    a.to_vec_as::<f64>()
        .iter()
        .zip(b.to_vec_as::<f64>())
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

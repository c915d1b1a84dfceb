//! One matrix as the product of two thin ones.

use crate::nostd::prelude::*;
use crate::{Error, Result, Tensor, dispatch, nn::Linear};

use super::svd;

/// Returns the rank from which on two factors hold as many numbers as the matrix itself: `rows·columns/(rows + columns)`.
/// (Three factors, with the singular values apart, have one more for each rank: `rows·columns/(rows + columns + 1)`.)
#[must_use]
pub fn break_even_rank(rows: usize, columns: usize) -> f64 {
    (rows as f64 * columns as f64) / (rows as f64 + columns as f64)
}

/// Returns the best approximation of `matrix` of the rank `max(1, ratio·min(rows, columns))`, rounded down, as U `[rows, r]`, the
/// singular values, and Vᵀ `[r, columns]`. Its squared error is the sum of the squares of the values left out
/// (Eckart & Young, 1936).
///
/// # Errors
///
/// [`Error::InvalidArgument`] if `ratio` is outside 0 to 1; as [`svd`].
pub fn low_rank_tensors(matrix: &Tensor, ratio: f64) -> Result<(Tensor, Vec<f64>, Tensor)> {
    dispatch::low_rank(matrix, ratio)
}

/// Returns two layers that stand for `layer`, one after the other: inputs to `rank` numbers, without a bias, and those to the
/// outputs. Each takes half of the singular values (their roots), so that neither has much larger weights than the other.
///
/// Together they have rank·(in + out) weights; below [`break_even_rank`] that is fewer than in·out.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if `rank` is 0 or above min(in, out); as [`svd`].
///
/// # Examples
///
/// ```
/// use tinytorch_core::compress::low_rank;
/// use tinytorch_core::nn::{Linear, Module, ModuleExt};
/// use tinytorch_core::{DType, Rng, Tensor};
///
/// let layer = Linear::new(64, 48, &mut Rng::seed(0))?;
/// let (first, second) = low_rank(&layer, 8)?;
/// assert_eq!(first.num_parameters() + second.num_parameters(), 8 * (64 + 48) + 48);
/// assert_eq!(second.forward(&first.forward(&Tensor::ones([5, 64], DType::F32)?)?)?.dims(), [5, 48]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn low_rank(layer: &Linear, rank: usize) -> Result<(Linear, Linear)> {
    let (n_in, n_out) = layer.sizes();
    let most = n_in.min(n_out);
    if rank == 0 || rank > most {
        return Err(Error::argument("low_rank", "rank", rank, format!("between 1 and {most}")));
    }
    let weight = layer.weight().tensor().detach();
    let parts = svd(&weight)?;
    let roots: Vec<f64> = parts.s[..rank].iter().map(|s| s.sqrt()).collect();
    let roots = Tensor::from_vec(roots, [rank])?;
    let scaled = |t: Tensor| -> Result<Tensor> { Ok(t.to_dtype(weight.dtype())?.contiguous()) };
    let first = scaled(parts.vt.narrow(0, 0, rank)?.mul(&roots.reshape([rank as isize, 1])?)?)?;
    let second = scaled(parts.u.narrow(1, 0, rank)?.mul(&roots)?)?;
    let bias = layer.bias().map(|b| b.tensor().detach());
    Ok((Linear::from_tensors(first, None)?, Linear::from_tensors(second, bias)?))
}

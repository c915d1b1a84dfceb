//! Exchanging rows and columns in memory.

use crate::{
    Error, Result, Shape, Tensor,
    autograd::{Grads, Op, Saved},
    kernels::recycle::buffer,
    ops::support::{on_floats, real_type},
    slots::accel as slot,
    tensor::Real,
};

/// A transpose that moves its elements, in tiles of this size or row by row.
#[derive(Debug)]
struct Turned(Option<usize>);

impl Op for Turned {
    fn name(&self) -> &'static str {
        if self.0.is_some() { "transpose_blocked" } else { "transpose_naive" }
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn backward_flops(&self, _: &Saved, _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let (op, x) = (self.name(), inputs[0]);
        if x.rank() != 2 {
            let got = format_args!("of shape {}, rank {}", x.shape(), x.rank());
            return Err(Error::argument(op, "x", got, "a matrix, rank 2"));
        }
        let tile = self.0.map_or(Ok(usize::MAX), |t| slot::some_tile(op, t).map(usize::from))?;
        on_floats(op, inputs, |t| {
            let x = t[0].contiguous();
            let [m, n] = [x.dims()[0], x.dims()[1]];
            Ok(real_type!(x.dtype(), T => {
                Tensor::own(turned(x.as_slice::<T>()?, [m, n], tile), Shape::clipped(&[n, m]))
            }))
        })
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([grad.t()?].into())
    }
}

/// Moves `x: [m, n]` to `[n, m]`, tile by tile.
fn turned<T: Real>(x: &[T], [m, n]: [usize; 2], tile: usize) -> Vec<T> {
    let mut out = buffer(x.len());
    let end = |start: usize, size: usize| start.saturating_add(tile).min(size);
    for i0 in (0..m).step_by(tile) {
        for j0 in (0..n).step_by(tile) {
            for i in i0..end(i0, m) {
                for j in j0..end(j0, n) {
                    out[j * m + i] = x[i * n + j];
                }
            }
        }
    }
    out
}

/// Returns the transpose as a new array, row by row: each row is spread over all rows of the result.
///
/// [`Tensor::t`] moves nothing and is what the library uses; this is for when the elements must lie in the other order.
///
/// # Shapes
///
/// `x: [m, n]`, result `[n, m]`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] unless `x` has rank 2; [`Error::DTypeUnsupported`] unless the elements are floats.
#[track_caller]
pub fn transpose_naive(x: &Tensor) -> Result<Tensor> {
    Tensor::apply(Turned(None), &[x])
}

/// Returns the same as [`transpose_naive`], in tiles of `tile` by `tile` elements: the lines of the cache that a tile reads and writes
/// are used up before they are dropped.
///
/// # Errors
///
/// As [`transpose_naive`], and [`Error::InvalidArgument`] if `tile` is 0.
#[track_caller]
pub fn transpose_blocked(x: &Tensor, tile: usize) -> Result<Tensor> {
    Tensor::apply(Turned(Some(tile)), &[x])
}

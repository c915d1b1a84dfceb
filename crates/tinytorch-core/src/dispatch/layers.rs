//! Module 03: the dense layer and dropout.

use crate::nostd::prelude::*;
use crate::{
    DType, Result, Rng, Tensor,
    kernels::gemm::{Mat, gemm},
    slots::layers as slot,
    tensor::{Real, View},
};

#[cfg(feature = "course")]
use crate::{
    course::{
        fit,
        m03::{hook, slot as student},
    },
    dispatch::{f32s, f32s_again, shaped},
};

/// First weights of a dense layer.
pub(crate) fn linear_init(n_out: usize, n_in: usize, rng: &mut Rng) -> Result<Vec<f32>> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::linear_init(n_out, n_in, rng)? {
        return fit(student::linear_init, out, n_out * n_in);
    }
    Ok(slot::linear_init(n_out, n_in, rng))
}

/// `x·Wᵀ + b` for contiguous rows `x: [m, k]` and any layout of `w: [n, k]`.
pub(crate) fn linear_forward<T: Real>(
    [m, k, n]: [usize; 3],
    x: &[T],
    w: View<'_, T>,
    bias: Option<&[T]>,
) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    {
        let rows = View { data: x, shape: &[m, k], strides: &[k.max(1), 1] };
        if let (Some(x), Some(w)) = (f32s(student::linear_forward, rows), f32s_again(w))
            && let Some(out) = hook::linear_forward(x, w, bias.and_then(T::f32s))?
        {
            return fit(student::linear_forward, out, m * n);
        }
        // The layer is a product: a student's product serves it where the layer itself is the reference's.
        let plan = super::MatmulPlan {
            batch: crate::Shape::clipped(&[]),
            m,
            k,
            n,
            left_vector: false,
            right_vector: false,
        };
        let (shape, strides) = ([k, n], [w.strides[1], w.strides[0]]);
        let turned = View { data: w.data, shape: &shape, strides: &strides };
        if let Some(mut out) = super::tensor::student_products(&plan, rows, turned)? {
            for row in out.chunks_mut(n.max(1)) {
                row.iter_mut().zip(bias.unwrap_or(&[])).for_each(|(y, &b)| *y += b);
            }
            return Ok(out);
        }
    }
    let mut out = match bias {
        Some(bias) => bias.repeat(m),
        None => vec![T::ZERO; m * n],
    };
    let w = Mat { data: w.data, rows: n, cols: k, rs: w.strides[0], cs: w.strides[1] };
    gemm((&mut out, n), Mat::rows(x, m, k), w.t(), bias.is_some(), true);
    Ok(out)
}

/// The factors of dropout for the elements of `x`, in its element type.
pub(crate) fn dropout_mask(x: &Tensor, p: f64, rng: &mut Rng) -> Result<Tensor> {
    if x.dtype() == DType::F64 {
        #[cfg(feature = "course")]
        crate::course::by_reference(student::dropout_mask);
        return Tensor::from_vec(slot::dropout_mask::<f64>(x.numel(), p, rng), *x.shape());
    }
    #[cfg(feature = "course")]
    if let Some(mask) = hook::dropout_mask(x.numel(), p, rng)? {
        let mask: Vec<f32> = fit(student::dropout_mask, mask, x.numel())?;
        return Tensor::from_vec(mask, *x.shape())?.to_dtype(x.dtype());
    }
    Tensor::from_vec(slot::dropout_mask::<f32>(x.numel(), p, rng), *x.shape())?.to_dtype(x.dtype())
}

/// Random zeros while training.
pub(crate) fn dropout_forward(x: &Tensor, p: f64, training: bool, rng: &mut Rng) -> Result<Tensor> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::dropout_forward(x, p, training, rng)? {
        return shaped(student::dropout_forward, out, x.dims(), x.dtype());
    }
    slot::dropout_forward(x, p, training, rng)
}

//! Quantization.

use tinytorch_core::{
    DType, Result, Tensor,
    quant::{
        QParams,
        affine::{dequantize, quantize, symmetric_scale},
    },
};

use super::Args;

/// How near to a half a value must lie for its neighbor to be accepted, as the index states it.
const TIE: f64 = 1e-4;

pub(super) fn call(a: &Args<'_>) -> Option<Result<Vec<Tensor>>> {
    match a.op {
        "quantize_affine" => Some(affine(a)),
        "quantize_symmetric" => Some(symmetric(a)),
        _ => None,
    }
}

fn codes(q: &[i8], like: &Tensor) -> Result<Tensor> {
    Tensor::from_vec(q.iter().map(|&q| i64::from(q)).collect(), like.shape())
}

fn reals(values: Vec<f64>, shape: &[usize], dtype: DType) -> Result<Tensor> {
    Tensor::from_vec(values, shape)?.to_dtype(dtype)
}

fn params(x: &[f64]) -> Result<QParams> {
    let (low, high) =
        x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    QParams::affine(low, high)
}

fn affine(a: &Args<'_>) -> Result<Vec<Tensor>> {
    let x = a.input("x");
    let values = x.to_vec_as::<f64>();
    let p = params(&values)?;
    let q = quantize(&values, p)?;
    Ok(vec![
        codes(&q, x)?,
        reals(vec![p.scale], &[], a.dtype)?,
        Tensor::scalar(i64::from(p.zero_point)),
        reals(dequantize(&q, p), x.dims(), a.dtype)?,
    ])
}

/// One scale for the whole tensor, or one for each slice of the first axis.
fn symmetric(a: &Args<'_>) -> Result<Vec<Tensor>> {
    let x = a.input("x");
    let values = x.to_vec_as::<f64>();
    let slices = if a.params["axis"].is_null() { 1 } else { x.dims()[a.size("axis")] };
    let (mut scales, mut q, mut back) = (Vec::new(), Vec::new(), Vec::new());
    for slice in values.chunks(values.len() / slices) {
        let p = QParams { scale: symmetric_scale(slice), zero_point: 0 };
        let some = quantize(slice, p)?;
        back.extend(dequantize(&some, p));
        q.extend(some);
        scales.push(p.scale);
    }
    let n = scales.len();
    Ok(vec![codes(&q, x)?, reals(scales, &[n], a.dtype)?, reals(back, x.dims(), a.dtype)?])
}

/// Codes agree exactly, except that a value within [`TIE`] of a half may round either way.
pub(super) fn levels_agree(a: &Args<'_>, got: &Tensor, want: &Tensor) -> Result<(), String> {
    if got.shape() != want.shape() {
        return Err(format!("q has shape {}, reference {}", got.shape(), want.shape()));
    }
    let values = a.input("x").to_vec_as::<f64>();
    let affine = params(&values).map_err(|e| e.to_string())?;
    let slices =
        if a.op == "quantize_affine" || a.params["axis"].is_null() { 1 } else { got.dims()[0] };
    let (got, want) = (got.to_vec_as::<i64>(), want.to_vec_as::<i64>());
    let size = values.len() / slices;
    for (n, (g, w)) in got.iter().zip(&want).enumerate() {
        let steps = match a.op {
            "quantize_affine" => values[n] / affine.scale + f64::from(affine.zero_point),
            _ => values[n] / symmetric_scale(&values[n / size * size..][..size]),
        };
        let tie = ((steps - steps.floor()) - 0.5).abs() < TIE;
        if g != w && !(tie && g.abs_diff(*w) == 1) {
            return Err(format!("q[{n}] is {g}, reference {w}, at {steps} steps"));
        }
    }
    Ok(())
}

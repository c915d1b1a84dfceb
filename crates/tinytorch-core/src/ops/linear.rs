//! The affine map of a dense layer.

use crate::{
    Error, Result, Shape, Tensor,
    autograd::{Grads, Op, Saved},
    dispatch,
    ops::{
        broadcast::sum_to,
        support::{check_room, on_floats, real_type, same_dtype},
    },
    profile,
};

/// `x·Wᵀ + b` in one pass.
#[derive(Debug, Clone, Copy)]
pub struct Linear;

impl Op for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn flops(&self, inputs: &[&Tensor], out: &Tensor) -> Option<u64> {
        profile::products(out.numel(), inputs[1].dims()[1])
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let (x, w, b) = (inputs[0], inputs[1], inputs.get(2).copied());
        same_dtype("linear", x, w)?;
        b.map_or(Ok(()), |b| same_dtype("linear", x, b))?;
        let out_shape = check(x, w, b)?;
        check_room("linear", &out_shape)?;
        saved.keep_if(saved.needs(1), x);
        saved.keep_if(saved.needs(0), w);
        on_floats("linear", inputs, |t| {
            let rows = t[0].contiguous();
            let [m, k, n] =
                [out_shape.numel() / t[1].dims()[0].max(1), t[1].dims()[1], t[1].dims()[0]];
            let bias = t.get(2).map(|b| b.contiguous());
            Ok(real_type!(t[0].dtype(), T => {
                let bias = bias.as_ref().map(|b| b.as_slice::<T>()).transpose()?;
                let out = dispatch::linear_forward([m, k, n], rows.as_slice::<T>()?, t[1].typed::<T>(), bias)?;
                Tensor::own(out, out_shape)
            }))
        })
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let dx = match saved.input_shape(0) {
            Some(_) => Some(grad.matmul(saved.get(1)?)?), // g·W
            None => None,
        };
        let dw = match saved.input_shape(1) {
            Some(w) => {
                let x = saved.get(0)?;
                let m: usize = x.dims()[..x.rank() - 1].iter().product();
                Some(grad.reshape([m, w[0]])?.t()?.matmul(&x.reshape([m, w[1]])?)?) // gᵀ·x
            }
            None => None,
        };
        let db = saved.input_shape(2).map(|b| sum_to(grad, b)).transpose()?; // Σ g
        Ok([dx, dw, db].into())
    }
}

/// Returns the shape of the result.
fn check(x: &Tensor, w: &Tensor, b: Option<&Tensor>) -> Result<Shape> {
    let &[out, inp] = w.dims() else {
        return Err(Error::argument(
            "linear",
            "weight",
            format!("of shape {}", w.shape()),
            "[out, in]",
        ));
    };
    if x.dims().last() != Some(&inp) {
        return Err(Error::shapes(
            "linear",
            (x.shape(), w.shape()),
            format!("the input should be [.., {inp}]"),
            "the last axis of the input must equal the second axis of the weight [out, in]",
            "flatten or transpose the input, or build the layer for its last axis",
        ));
    }
    if let Some(b) = b.filter(|b| b.dims() != [out]) {
        return Err(Error::shapes(
            "linear",
            (b.shape(), w.shape()),
            format!("the bias should be [{out}]"),
            "there is one bias for each output",
            "take the bias of the same layer as the weight",
        ));
    }
    Ok(x.shape().with(x.rank() - 1, out))
}

impl Tensor {
    /// Returns `self·weightᵀ + bias`.
    ///
    /// # Shapes
    ///
    /// `self: [.., in]`, `weight: [out, in]`, `bias: [out]`, result `[.., out]`.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] or [`Error::InvalidArgument`] for shapes that do not fit; [`Error::DTypeMismatch`];
    /// [`Error::DTypeUnsupported`] unless the elements are floats.
    #[track_caller]
    pub fn linear(&self, weight: &Self, bias: Option<&Self>) -> Result<Self> {
        match bias {
            Some(b) => Self::apply(Linear, &[self, weight, b]),
            None => Self::apply(Linear, &[self, weight]),
        }
    }
}

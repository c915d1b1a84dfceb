//! Module 04: losses.

pub(crate) use crate::kernels::classes::{
    Targets, gradient as cross_entropy_backward, losses as cross_entropy,
};

#[cfg(feature = "course")]
use crate::{
    Result, Tensor,
    autograd::{Grads, Op, Saved},
    course::m04::{hook, slot as student},
    dispatch::f32s,
};

/// The mean loss of rows of `f32` logits by a student's slot; `None` for settings that the slot does not have.
#[cfg(feature = "course")]
pub(crate) fn mean_cross_entropy(rows: &Tensor, targets: &Targets) -> Result<Option<f32>> {
    let classes = targets.classes;
    let plain = targets.weight.is_none() && targets.smoothing == 0.0 && rows.dtype().is_float();
    if !plain || rows.dtype() == crate::DType::F64 {
        crate::course::by_reference(student::cross_entropy);
        return Ok(None);
    }
    let rows = rows.to_dtype(crate::DType::F32)?;
    let data = rows.to_vec::<f32>()?;
    let shape = [targets.ids.len(), classes];
    let view = crate::tensor::View { data: &data, shape: &shape, strides: &[classes, 1] };
    hook::cross_entropy(view, &targets.ids, targets.ignore)
}

/// The mean squared error of `f32` tensors by a student's slot.
#[cfg(feature = "course")]
pub(crate) fn mse(prediction: &Tensor, target: &Tensor) -> Result<Option<Tensor>> {
    if prediction.dtype() != crate::DType::F32 {
        crate::course::by_reference(student::mse);
        return Ok(None);
    }
    let value = match f32s(student::mse, prediction.typed::<f32>()) {
        Some(p) => hook::mse(p, target.typed::<f32>())?,
        None => None,
    };
    value.map(|value| Tensor::apply(ServedMse(value), &[prediction, target])).transpose()
}

/// The mean squared error as a student's slot computed it.
#[cfg(feature = "course")]
struct ServedMse(f32);

#[cfg(feature = "course")]
impl Op for ServedMse {
    fn name(&self) -> &'static str {
        "mse_loss"
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        saved.keep(inputs[0]);
        saved.keep(inputs[1]);
        Ok(Tensor::scalar(self.0))
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let d = saved.get(0)?.sub(saved.get(1)?)?;
        let slope = d.mul_scalar(2.0 / d.numel() as f64)?.mul(grad)?; // 2·(p - t)/N·g
        Ok([Some(slope.clone()), Some(slope.neg()?)].into())
    }
}

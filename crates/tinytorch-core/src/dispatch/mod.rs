//! The one way from the library to its algorithms.
//!
//! Each function here stands for a slot of [`crate::slots`] and computes the same thing with the same arguments, as fast as
//! the library knows how. Nothing else in the library calls a slot or its fast kernel, so this module is where
//! another implementation can be put in its place. Without the feature `course` every function is a direct call and costs
//! nothing; with it a function first asks the installed course, once per operation, and what a student's slot returns is
//! checked before it is used.

#[cfg(feature = "std")]
mod accel;
mod activations;
mod attention;
mod autograd;
#[cfg(feature = "std")]
mod bench;
#[cfg(feature = "std")]
mod compress;
mod conv;
#[cfg(feature = "std")]
mod data;
mod embedding;
mod layers;
mod losses;
mod memo;
#[cfg(feature = "olympics")]
mod olympics;
#[cfg(feature = "std")]
mod optim;
mod profile;
mod quant;
mod sample;
#[cfg(feature = "std")]
mod schedule;
mod tensor;
#[cfg(feature = "std")]
mod text;
#[cfg(feature = "std")]
mod train;
mod transformer;
#[cfg(any(feature = "course", all(feature = "safetensors", feature = "std")))]
mod types;

#[cfg(feature = "std")]
pub(crate) use accel::*;
pub(crate) use activations::*;
pub(crate) use attention::*;
pub(crate) use autograd::*;
#[cfg(feature = "std")]
pub(crate) use bench::*;
#[cfg(feature = "std")]
pub(crate) use compress::*;
pub(crate) use conv::*;
#[cfg(feature = "std")]
pub(crate) use data::*;
pub(crate) use embedding::*;
pub(crate) use layers::*;
pub(crate) use losses::*;
pub(crate) use memo::*;
#[cfg(feature = "olympics")]
pub(crate) use olympics::*;
#[cfg(feature = "std")]
pub(crate) use optim::*;
pub(crate) use profile::*;
pub(crate) use quant::*;
pub(crate) use sample::*;
#[cfg(feature = "std")]
pub(crate) use schedule::*;
pub(crate) use tensor::*;
#[cfg(feature = "std")]
pub(crate) use text::*;
#[cfg(feature = "std")]
pub(crate) use train::*;
pub(crate) use transformer::*;
#[cfg(any(feature = "course", all(feature = "safetensors", feature = "std")))]
pub(crate) use types::*;

/// A view of `f32`, which a student's slot can read; other types are noted as served by the reference.
#[cfg(feature = "course")]
fn f32s<'a, T: crate::tensor::Element>(
    slot: &'static crate::course::Slot,
    x: crate::tensor::View<'a, T>,
) -> Option<crate::tensor::View<'a, f32>> {
    let out = f32s_again(x);
    if out.is_none() {
        crate::course::by_reference(slot);
    }
    out
}

/// As [`f32s`] for a further operand of the same operation.
#[cfg(feature = "course")]
fn f32s_again<'a, T: crate::tensor::Element>(
    x: crate::tensor::View<'a, T>,
) -> Option<crate::tensor::View<'a, f32>> {
    let data = T::f32s(x.data)?;
    Some(crate::tensor::View { data, shape: x.shape, strides: x.strides })
}

/// Refuses a tensor from a student's slot that has another shape or element type.
#[cfg(feature = "course")]
fn shaped(
    slot: &'static crate::course::Slot,
    out: crate::Tensor,
    shape: &[usize],
    dtype: crate::DType,
) -> crate::Result<crate::Tensor> {
    if out.dims() == shape && out.dtype() == dtype {
        return Ok(out);
    }
    let (found, need) = (out.shape(), crate::Shape::clipped(shape));
    let detail =
        format!("returned {} of shape {found}, {dtype} of shape {need} is needed", out.dtype());
    Err(crate::course::wrong(slot, detail))
}

#[cfg(test)]
mod tests;

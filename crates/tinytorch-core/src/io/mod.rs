//! Reading and writing tensors as files.

pub(crate) mod inflate;
pub mod npy;
pub mod npz;
#[cfg(feature = "safetensors")]
pub mod pretrained;
mod replace;
#[cfg(feature = "safetensors")]
pub mod safetensors;

pub(crate) use replace::replace;

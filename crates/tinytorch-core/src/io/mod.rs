//! Reading and writing tensors as files.

#[cfg(feature = "std")]
pub(crate) mod inflate;
pub mod npy;
#[cfg(feature = "std")]
pub mod npz;
#[cfg(all(feature = "safetensors", feature = "std"))]
pub mod pretrained;
#[cfg(feature = "std")]
mod replace;
#[cfg(feature = "safetensors")]
pub mod safetensors;

#[cfg(feature = "std")]
pub(crate) use replace::replace;

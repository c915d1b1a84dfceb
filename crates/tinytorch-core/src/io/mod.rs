//! Reading and writing tensors as files.

#[cfg(feature = "safetensors")]
pub mod safetensors;

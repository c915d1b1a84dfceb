//! Integration tests: the crate as its users see it.

#[cfg(feature = "safetensors")]
mod digits;
mod generated;
mod loader;
mod modules;
mod optimizers;
mod quantized;
#[cfg(feature = "tflite")]
mod tflite;
#[cfg(feature = "safetensors")]
mod training;

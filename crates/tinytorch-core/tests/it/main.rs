//! Integration tests: the crate as its users see it.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test, as the test itself would"
)]
#![expect(
    clippy::float_cmp,
    reason = "counts, copies and small whole numbers are exact; everything else is compared with a margin"
)]

mod chapter;
mod chapters_acceleration;
mod chapters_activations;
mod chapters_autograd;
mod chapters_benchmarking;
#[cfg(feature = "olympics")]
mod chapters_capstone;
#[cfg(feature = "safetensors")]
mod chapters_compression;
mod chapters_convolutions;
mod chapters_data;
mod chapters_layers;
mod chapters_losses;
mod chapters_memoization;
mod chapters_optimizers;
mod chapters_profiling;
mod chapters_quantization;
mod chapters_tensor;
mod chapters_text;
#[cfg(feature = "safetensors")]
mod chapters_training;
mod chapters_transformers;
#[cfg(feature = "safetensors")]
mod checkpoints;
mod convnet;
#[cfg(feature = "safetensors")]
mod digits;
mod edges;
mod errors;
mod files;
mod generated;
mod layers;
mod loader;
#[cfg(feature = "safetensors")]
mod milestones;
mod modules;
mod optimizers;
#[cfg(feature = "safetensors")]
mod pretrained;
#[cfg(feature = "safetensors")]
mod qat;
mod quantized;
#[cfg(feature = "tflite")]
mod tflite;
mod trainer;
#[cfg(feature = "safetensors")]
mod training;
mod transformers;

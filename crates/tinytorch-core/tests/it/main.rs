//! Integration tests: the crate as its users see it.

mod digits;
mod loader;
mod modules;
mod optimizers;
mod quantized;
mod tflite;
mod training;

//! Writers of file formats that other programs run.

#[cfg(feature = "tflite")]
pub mod tflite;

//! Writers of file formats that other programs run.

pub mod tflite;

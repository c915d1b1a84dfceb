//! Module 15: quantization.

pub(crate) use crate::slots::quant::{
    calibrate, dequantize, model_bytes, qlinear_forward, quant_params, quantize,
};

//! From sensors to inputs: pixels and reals become `int8`.
//!
//! A camera frame is cropped, resized, converted and quantised in one pass by [`Pipeline`], row by row and straight
//! from the frame, so that no second picture is ever in memory.
//! The steps also stand alone: [`rgb565_to_rgb888`], [`rgb888_to_gray`], [`resize`], [`quantize`].
//! All pixel arithmetic is in integers, so the bytes are equal on every machine.

mod color;
mod error;
mod fit;
mod pipeline;
mod pixel_map;
mod real;
mod resize;

pub use crate::picture::{FrameInfo, PixelFormat};
pub use color::{gray, rgb565_to_rgb888, rgb888_to_gray};
pub use error::PreError;
pub use fit::{Fit, Region};
pub use pipeline::{Color, Pipeline};
pub use pixel_map::PixelMap;
pub use real::{quantize, quantize_all};
pub use resize::{Filter, resize};

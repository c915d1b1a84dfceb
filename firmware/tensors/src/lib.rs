//! Networks that were trained on the host, and run wherever there is an allocator.
//!
//! Each [`PARTS`] entry prints one line per answer, with the bits of every number in hexadecimal: the same program on a board and
//! on the host must print the same text.
#![no_std]

extern crate alloc;

mod digits;
mod text;

use core::fmt::Write;

use tinytorch_core::{DType, Result, Tensor};

/// Prints the answers of one network and returns how many there are.
pub type Part = fn(&mut dyn Write) -> Result<usize>;

/// Every network by name.
pub const PARTS: [(&str, Part); 4] =
    [("mlp", digits::mlp), ("cnn", digits::cnn), ("int8", digits::int8), ("gpt", text::gpt)];

pub use digits::{cnn_layers, mlp_layers};

/// Returns whether there is memory for a tensor of `n` zeros.
#[must_use]
pub fn has_room_for(n: usize) -> bool {
    Tensor::zeros([n], DType::F32).is_ok()
}

/// Appends eight hexadecimal digits for each number.
fn bits(out: &mut dyn Write, values: &[f32]) {
    for value in values {
        // A place for text that refuses it is no reason to stop.
        let _ = write!(out, "{:08x}", value.to_bits());
    }
}

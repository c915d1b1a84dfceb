//! Module 09, Convolutions: a small window slides over an image.

mod checks;
mod mutants;

use super::{Module, View, lesson::lesson};
use crate::slots::conv as plain;
pub use crate::slots::conv::Window;

lesson! {
    /// Convolution and pooling, with visible loops.
    ConvLesson, m09, 9;

    /// Returns how many windows fit along an axis: `⌊(size + 2·padding - dilation·(kernel - 1) - 1) / stride⌋ + 1`. A kernel, stride
    /// or dilation of 0 and a kernel that does not fit are an `Error::InvalidArgument`.
    core fn conv2d_output_size(size: usize, kernel: usize, stride: usize, padding: usize, dilation: usize) -> usize,
        hint "unsigned numbers cannot go below 0: check that the kernel fits before you subtract",
        plain::conv2d_output_size("conv2d", size, kernel, stride, padding, dilation);
    /// Returns the convolution of `x: [N, C, H, W]` with `w: [O, C/groups, kh, kw]` and an optional `bias: [O]`, row-major
    /// `[N, O, H', W']`. Positions outside the image are 0; with several groups each kernel sees the channels of its group only.
    core fn conv2d_forward(x: View<'_>, w: View<'_>, bias: Option<&[f32]>, window: &Window, groups: usize) -> Vec<f32>,
        hint "seven loops: image, kernel, row, column, channel, and the two axes of the kernel",
        Ok(plain::conv2d_forward(x, w, bias, window, groups));
    /// Returns the largest element of each window and its place in the image plane (`row · W + column`). The first of equal
    /// elements wins, padding never, NaN always.
    core fn max_pool2d_forward(x: View<'_>, window: &Window) -> (Vec<f32>, Vec<i64>),
        hint "begin with nothing, not with 0: all elements may be negative",
        Ok(plain::max_pool2d_forward(x, window));
}

pub(super) const MODULE: Module = Module {
    number: 9,
    id: "m09",
    name: "Convolutions",
    tier: "architectures",
    lesson: "ConvLesson",
    prerequisites: &[1, 3, 6],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 6,
};

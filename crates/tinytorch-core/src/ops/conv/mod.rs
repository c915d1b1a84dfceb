//! Convolution, its gradients, unfolding, and pooling.
//!
//! The convolution and its two gradients form a closed family: the gradient of each is made of the other two, so that
//! gradients of any order work.

mod conv2d;
mod pool;
mod unfold;

pub use conv2d::Conv2dOpts;
pub use pool::Pool2dOpts;

use crate::{Error, Result, Tensor, dispatch, slots::conv::Window};

/// Larger paddings are refused: positions must not leave the range of integers.
const MAX_PADDING: usize = 1 << 30;

/// Number of windows along both axes.
fn output_size(op: &'static str, size: [usize; 2], w: &Window) -> Result<[usize; 2]> {
    let along = |a: usize| {
        dispatch::conv2d_output_size(
            op,
            size[a],
            w.kernel[a],
            w.stride[a],
            w.padding[a],
            w.dilation[a],
        )
    };
    if let Some(&padding) = w.padding.iter().find(|&&p| p > MAX_PADDING) {
        return Err(Error::argument(op, "padding", padding, format!("at most {MAX_PADDING}")));
    }
    Ok([along(0)?, along(1)?])
}

/// The four sizes of a batch of images.
fn images(op: &'static str, x: &Tensor) -> Result<[usize; 4]> {
    match x.dims() {
        &[n, c, h, w] => Ok([n, c, h, w]),
        _ => Err(Error::argument(
            op,
            "input",
            format!("of shape {}", x.shape()),
            "[N, C, H, W]; add axes with unsqueeze",
        )),
    }
}

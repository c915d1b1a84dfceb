//! Windows as columns, and padding.

use super::{images, output_size};
use crate::{
    Error, Result, Shape, Tensor,
    autograd::{Grads, Op, Saved},
    kernels::conv::{self, Geometry},
    ops::support::{check_room, on_floats, real_type},
    slots::conv::Window,
};

/// The windows of images as columns, or the adjoint.
#[derive(Debug, Clone, Copy)]
struct Unfold {
    geometry: Geometry,
    adjoint: bool,
}

impl Op for Unfold {
    fn name(&self) -> &'static str {
        if self.adjoint { "fold" } else { "unfold" }
    }

    fn flops(&self, inputs: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(if self.adjoint { inputs[0].numel() as u64 } else { 0 })
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let g = &self.geometry;
        let shape = if self.adjoint {
            Shape::new(&[g.batch, g.channels, g.size[0], g.size[1]])?
        } else {
            Shape::new(&[g.batch, g.depth(), g.out[0] * g.out[1]])?
        };
        on_floats(self.name(), inputs, |t| {
            let x = t[0].contiguous();
            Ok(real_type!(x.dtype(), T => {
                let x = x.as_slice::<T>()?;
                Tensor::own(if self.adjoint { conv::fold(g, x) } else { conv::unfold(g, x) }, shape)
            }))
        })
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([Tensor::apply(Self { adjoint: !self.adjoint, ..*self }, &[grad])?].into())
    }
}

impl Tensor {
    /// Returns the windows of images as columns ("im2col"): a convolution is then a matrix product.
    ///
    /// # Shapes
    ///
    /// `[N, C, H, W]` to `[N, C·kh·kw, H'·W']`.
    ///
    /// # Errors
    ///
    /// As [`Self::conv2d`] for the same window.
    #[track_caller]
    pub fn unfold(&self, window: &Window) -> Result<Self> {
        let [n, c, h, w] = images("unfold", self)?;
        let geometry = Geometry {
            batch: n,
            channels: c,
            size: [h, w],
            maps: 0,
            out: output_size("unfold", [h, w], window)?,
            kernel: window.kernel,
            stride: window.stride,
            padding: window.padding,
            dilation: window.dilation,
            groups: 1,
        };
        let [kh, kw] = window.kernel;
        check_room("unfold", &[n, c, kh, kw, geometry.out[0], geometry.out[1]])?;
        Self::apply(Unfold { geometry, adjoint: false }, &[self])
    }

    /// Returns the tensor with `value` before and after its elements: `pads[i]` belongs to the `i`-th of the last
    /// `pads.len()` axes and holds the numbers of positions before and after.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for more pairs than axes, or a result too large for memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::Tensor;
    ///
    /// let x = Tensor::from([[1.0f32, 2.0]]);
    /// assert_eq!(x.pad(&[[0, 1], [1, 0]], 9.0)?.to_vec::<f32>()?, [9.0, 1.0, 2.0, 9.0, 9.0, 9.0]);
    /// # Ok::<(), tinytorch_core::Error>(())
    /// ```
    #[track_caller]
    pub fn pad(&self, pads: &[[usize; 2]], value: f64) -> Result<Self> {
        let Some(first) = self.rank().checked_sub(pads.len()) else {
            let need = format!("at most {} pairs, one per axis", self.rank());
            return Err(Error::argument("pad", "pads", format!("{pads:?}"), need));
        };
        let mut out = self.clone();
        for (i, &[before, after]) in pads.iter().enumerate() {
            let axis = first + i;
            let block =
                |n: usize| Self::full(Shape::new(&out.shape().with(axis, n))?, value, out.dtype());
            if before > 0 || after > 0 {
                out = Self::cat(&[&block(before)?, &out, &block(after)?], axis as isize)?;
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        autograd::{GradCheck, gradcheck},
        ops::Conv2dOpts,
    };

    #[test]
    fn a_convolution_is_a_product_with_the_columns() {
        let x =
            Tensor::from_vec((0..60).map(|i| (f64::from(i) * 0.3).cos()).collect(), [1, 3, 4, 5])
                .unwrap();
        let w =
            Tensor::from_vec((0..36).map(|i| (f64::from(i) * 0.9).sin()).collect(), [2, 3, 3, 2])
                .unwrap();
        let window = Window { kernel: [3, 2], stride: [1, 1], padding: [1, 1], dilation: [1, 1] };
        let columns = x.unfold(&window).unwrap();
        let product = w.reshape([2, 18]).unwrap().matmul(&columns).unwrap();
        let opts = Conv2dOpts { padding: [1, 1], ..Conv2dOpts::default() };
        let direct = x.conv2d(&w, None, &opts).unwrap().reshape([1, 2, -1]).unwrap();
        let difference = product
            .sub(&direct)
            .unwrap()
            .abs()
            .unwrap()
            .amax(.., false)
            .unwrap()
            .item::<f64>()
            .unwrap();
        assert!(difference < 1e-14);
        gradcheck(|i| i[0].unfold(&window), core::slice::from_ref(&x), GradCheck::default())
            .unwrap();
        gradcheck(|i| i[0].pad(&[[1, 0], [0, 2]], 3.0), &[x], GradCheck::default()).unwrap();
    }
}

//! Pooling.

use super::{images, output_size};
use crate::{
    Error, Result, Tensor,
    autograd::{Grads, Op, Saved, is_recording},
    dispatch,
    kernels::pool::{self, Planes, Spans},
    ops::support::{check_room, on_floats, real_type},
    slots::conv::Window,
};

/// How a pooling window moves: one value for the height, one for the width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool2dOpts {
    /// Size of the window.
    pub kernel: [usize; 2],
    /// Step between neighbouring windows.
    pub stride: [usize; 2],
    /// Rows and columns added on each side, at most half of the window. A maximum never comes from them.
    pub padding: [usize; 2],
}

impl Pool2dOpts {
    /// Returns square windows side by side, without padding.
    #[must_use]
    pub fn square(kernel: usize) -> Self {
        Self { kernel: [kernel; 2], stride: [kernel; 2], padding: [0; 2] }
    }

    fn planes(&self, op: &'static str, x: [usize; 4]) -> Result<(Planes, Window)> {
        let window = Window {
            kernel: self.kernel,
            stride: self.stride,
            padding: self.padding,
            dilation: [1; 2],
        };
        let size = [x[2], x[3]];
        let out = output_size(op, size, &window)?;
        check_room(op, &[x[0], x[1], out[0], out[1]])?;
        if self.padding.iter().zip(self.kernel).any(|(&p, k)| p > k / 2) {
            let need = format!("at most half of the kernel {:?}", self.kernel);
            return Err(Error::argument(op, "padding", format!("{:?}", self.padding), need));
        }
        if size.contains(&0) {
            return Err(Error::argument(
                op,
                "input",
                format!("images of {} by {}", x[2], x[3]),
                "images with at least one pixel",
            ));
        }
        Ok((Planes { count: x[0] * x[1], size, out }, window))
    }
}

/// The largest element of each window.
#[derive(Debug, Clone, Copy)]
struct MaxPool2d {
    planes: Planes,
    window: Window,
}

impl Op for MaxPool2d {
    fn name(&self) -> &'static str {
        "max_pool2d"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn backward_flops(&self, _: &Saved, grad: &Tensor) -> Option<u64> {
        Some(grad.numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let shape = inputs[0].shape().with(2, self.planes.out[0]).with(3, self.planes.out[1]);
        let mut places = None;
        let out = on_floats("max_pool2d", inputs, |t| {
            let x = t[0].contiguous();
            Ok(real_type!(x.dtype(), T => {
                let (values, at) = dispatch::max_pool2d_forward::<T>(&self.planes, x.as_slice()?, &self.window)?;
                places = Some(Tensor::own(at, shape));
                Tensor::own(values, shape)
            }))
        })?;
        if let Some(places) = places {
            saved.keep(&places);
        }
        Ok(out)
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let Some(&shape) = saved.input_shape(0) else { return Ok([None].into()) };
        let places = saved.get(0)?;
        let Planes { count, size, out } = self.planes;
        if is_recording() {
            let flat = [count, out[0] * out[1]];
            let zeros = Tensor::zeros([count, size[0] * size[1]], grad.dtype())?;
            let dx = zeros.scatter_add(1, &places.reshape(flat)?, &grad.reshape(flat)?)?;
            return Ok([dx.reshape(shape)?].into());
        }
        let dx = on_floats("max_pool2d", &[grad], |t| {
            let g = t[0].contiguous();
            Ok(real_type!(g.dtype(), T => {
                Tensor::own(pool::max_backward::<T>(&self.planes, g.as_slice()?, places.as_slice()?), shape)
            }))
        })?;
        Ok([dx].into())
    }
}

/// The mean of each window, or its adjoint.
#[derive(Debug, Clone)]
struct AvgPool2d {
    planes: Planes,
    spans: [Spans; 2],
    divisor: Option<usize>,
    adjoint: bool,
}

impl Op for AvgPool2d {
    fn name(&self) -> &'static str {
        if self.adjoint { "avg_pool2d_grad" } else { "avg_pool2d" }
    }

    fn flops(&self, inputs: &[&Tensor], out: &Tensor) -> Option<u64> {
        // Windows that do not overlap add every pixel once and divide every sum.
        Some((inputs[0].numel() + out.numel()) as u64)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let to = if self.adjoint { self.planes.size } else { self.planes.out };
        let shape = inputs[0].shape().with(2, to[0]).with(3, to[1]);
        let spans = [&self.spans[0], &self.spans[1]];
        on_floats("avg_pool2d", inputs, |t| {
            let x = t[0].contiguous();
            Ok(real_type!(x.dtype(), T => {
                let x = x.as_slice::<T>()?;
                let out = if self.adjoint {
                    pool::mean_backward(&self.planes, x, spans, self.divisor)
                } else {
                    pool::mean(&self.planes, x, spans, self.divisor)
                };
                Tensor::own(out, shape)
            }))
        })
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([Tensor::apply(Self { adjoint: !self.adjoint, ..self.clone() }, &[grad])?].into())
    }
}

impl Tensor {
    /// Returns the largest element of each window. The first of equal ones takes the gradient; padding never does.
    ///
    /// # Shapes
    ///
    /// `[N, C, H, W]` to `[N, C, H', W']` with `H' = ⌊(H + 2p - k)/s⌋ + 1`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a wrong rank, a zero kernel or stride, padding beyond half of the window, or a window
    /// larger than the padded image; [`Error::DTypeUnsupported`] unless the elements are floats.
    #[track_caller]
    pub fn max_pool2d(&self, opts: &Pool2dOpts) -> Result<Self> {
        let (planes, window) = opts.planes("max_pool2d", images("max_pool2d", self)?)?;
        Self::apply(MaxPool2d { planes, window }, &[self])
    }

    /// Returns the mean of each window. Padded zeros count as elements if `count_padding`.
    ///
    /// # Shapes
    ///
    /// As [`Self::max_pool2d`].
    ///
    /// # Errors
    ///
    /// As [`Self::max_pool2d`].
    #[track_caller]
    pub fn avg_pool2d(&self, opts: &Pool2dOpts, count_padding: bool) -> Result<Self> {
        let (planes, w) = opts.planes("avg_pool2d", images("avg_pool2d", self)?)?;
        let span = |a: usize| -> Spans {
            let at = |i: usize| i.saturating_sub(w.padding[a]).min(planes.size[a]);
            (0..planes.out[a])
                .map(|i| at(i * w.stride[a])..at(i * w.stride[a] + w.kernel[a]))
                .collect()
        };
        let divisor = count_padding.then_some(w.kernel[0] * w.kernel[1]);
        Self::apply(
            AvgPool2d { planes, spans: [span(0), span(1)], divisor, adjoint: false },
            &[self],
        )
    }

    /// Returns the mean over windows chosen so that the result has the given size: window `i` of `n` covers positions
    /// `⌊i·H/n⌋` to `⌈(i+1)·H/n⌉`.
    ///
    /// # Shapes
    ///
    /// `[N, C, H, W]` to `[N, C, size[0], size[1]]`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a wrong rank, an empty image, or a size of 0; [`Error::DTypeUnsupported`] unless the
    /// elements are floats.
    #[track_caller]
    pub fn adaptive_avg_pool2d(&self, size: [usize; 2]) -> Result<Self> {
        let op = "adaptive_avg_pool2d";
        let [n, c, h, w] = images(op, self)?;
        if size.contains(&0) || h == 0 || w == 0 {
            return Err(Error::argument(
                op,
                "size",
                format!("{size:?} of images {h} by {w}"),
                "positive, of images with pixels",
            ));
        }
        check_room(op, &[n, c, size[0], size[1]])?;
        let span = |full: usize, n: usize| -> Spans {
            (0..n).map(|i| i * full / n..((i + 1) * full).div_ceil(n)).collect()
        };
        let planes = Planes { count: n * c, size: [h, w], out: size };
        Self::apply(
            AvgPool2d {
                planes,
                spans: [span(h, size[0]), span(w, size[1])],
                divisor: None,
                adjoint: false,
            },
            &[self],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autograd::{GradCheck, GradOpts, grad, gradcheck};

    fn image() -> Tensor {
        Tensor::from_vec(
            (0..2 * 2 * 5 * 6).map(|i| (f64::from(i) * 1.7).sin()).collect(),
            [2, 2, 5, 6],
        )
        .unwrap()
    }

    #[test]
    fn gradients() {
        let opts = Pool2dOpts { kernel: [3, 2], stride: [2, 1], padding: [1, 0] };
        for f in [
            (|x: &Tensor, o: &Pool2dOpts| x.max_pool2d(o))
                as fn(&Tensor, &Pool2dOpts) -> Result<Tensor>,
            |x, o| x.avg_pool2d(o, true),
            |x, o| x.avg_pool2d(o, false),
            |x, _| x.adaptive_avg_pool2d([2, 4]),
        ] {
            gradcheck(|i| f(&i[0], &opts), &[image()], GradCheck::default()).unwrap();
        }
    }

    #[test]
    fn the_recorded_rule_of_the_maximum_agrees() {
        let x = image().requiring_grad().unwrap();
        let y =
            x.max_pool2d(&Pool2dOpts::square(2)).unwrap().square().unwrap().sum(.., false).unwrap();
        let both = [false, true].map(|create_graph| {
            let opts = GradOpts { create_graph, retain_graph: true, ..GradOpts::default() };
            grad(&[&y], &[&x], opts).unwrap().remove(0).unwrap()
        });
        assert!(both[0].same_values(&both[1]));
    }

    #[test]
    fn hand_values() {
        let x = Tensor::from([[[[1.0f32, 5.0, 5.0, 2.0], [3.0, 4.0, 0.0, 5.0]]]]);
        let x = x.requiring_grad().unwrap();
        let y = x.max_pool2d(&Pool2dOpts::square(2)).unwrap();
        assert_eq!(y.to_vec::<f32>().unwrap(), [5.0, 5.0]);
        y.sum(.., false).unwrap().backward().unwrap();
        assert_eq!(
            x.grad().unwrap().to_vec::<f32>().unwrap(),
            [0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
        );
        assert_eq!(
            x.avg_pool2d(&Pool2dOpts::square(2), false).unwrap().to_vec::<f32>().unwrap(),
            [3.25, 3.0]
        );
    }

    #[test]
    fn bad_windows_are_named() {
        let x = image();
        let bad = |kernel, stride, padding| {
            x.max_pool2d(&Pool2dOpts { kernel, stride, padding }).unwrap_err()
        };
        assert!(matches!(
            bad([0, 2], [1, 1], [0, 0]),
            Error::InvalidArgument { name: "kernel", .. }
        ));
        assert!(matches!(
            bad([2, 2], [1, 0], [0, 0]),
            Error::InvalidArgument { name: "stride", .. }
        ));
        assert!(matches!(
            bad([2, 2], [1, 1], [2, 0]),
            Error::InvalidArgument { name: "padding", .. }
        ));
        assert!(matches!(
            bad([9, 2], [1, 1], [0, 0]),
            Error::InvalidArgument { name: "kernel", .. }
        ));
    }
}

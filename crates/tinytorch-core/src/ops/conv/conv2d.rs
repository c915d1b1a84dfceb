//! Convolutions in one and two dimensions, and transposed convolution.

use super::{images, output_size};
use crate::{
    Error, Result, Shape, Tensor,
    autograd::{Grads, Op, Saved},
    dispatch,
    kernels::conv::Geometry,
    ops::support::{check_room, on_floats, real_type, same_dtype},
    profile,
    slots::conv::Window,
};

/// Options of a convolution: one value for the height, one for the width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2dOpts {
    /// Step between neighbouring windows. Default 1.
    pub stride: [usize; 2],
    /// Zeros added on each side. Default 0.
    pub padding: [usize; 2],
    /// Distance between neighbouring elements of the kernel. Default 1.
    pub dilation: [usize; 2],
    /// Number of groups of channels that do not see each other. Default 1.
    pub groups: usize,
}

impl Default for Conv2dOpts {
    fn default() -> Self {
        Self { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 }
    }
}

impl Conv2dOpts {
    fn window(&self, kernel: [usize; 2]) -> Window {
        Window { kernel, stride: self.stride, padding: self.padding, dilation: self.dilation }
    }

    fn geometry(&self, op: &'static str, x: [usize; 4], w: [usize; 4]) -> Result<Geometry> {
        let out = output_size(op, [x[2], x[3]], &self.window([w[2], w[3]]))?;
        check_room(op, &[x[0], w[0], out[0], out[1]])?;
        Ok(self.geometry_of(x, w, out))
    }

    fn geometry_of(&self, x: [usize; 4], w: [usize; 4], out: [usize; 2]) -> Geometry {
        Geometry {
            batch: x[0],
            channels: x[1],
            size: [x[2], x[3]],
            maps: w[0],
            out,
            kernel: [w[2], w[3]],
            stride: self.stride,
            padding: self.padding,
            dilation: self.dilation,
            groups: self.groups,
        }
    }
}

/// Convolution of images with kernels, and a bias per map.
#[derive(Debug, Clone, Copy)]
struct Conv2d(Geometry);
/// The gradient of the images: transposed convolution.
#[derive(Debug, Clone, Copy)]
struct InputGrad(Geometry);
/// The gradient of the kernels.
#[derive(Debug, Clone, Copy)]
struct WeightGrad(Geometry);

impl Geometry {
    fn input_shape(&self) -> Result<Shape> {
        Shape::new(&[self.batch, self.channels, self.size[0], self.size[1]])
    }

    fn output_shape(&self) -> Result<Shape> {
        Shape::new(&[self.batch, self.maps, self.out[0], self.out[1]])
    }

    fn weight_shape(&self) -> Result<Shape> {
        Shape::new(&[self.maps, self.channels / self.groups, self.kernel[0], self.kernel[1]])
    }
}

/// Runs a kernel of two operands.
macro_rules! two {
    ($inputs:expr, $shape:expr, |$a:ident, $b:ident| $body:expr) => {{
        on_floats("conv2d", &$inputs[..2], |t| {
            let (a, b) = (t[0].contiguous(), t[1].contiguous());
            Ok(real_type!(a.dtype(), T => {
                let ($a, $b) = (a.as_slice::<T>()?, b.as_slice::<T>()?);
                Tensor::own($body, $shape)
            }))
        })
    }};
}

impl Op for Conv2d {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn flops(&self, _: &[&Tensor], out: &Tensor) -> Option<u64> {
        profile::products(out.numel(), self.0.depth())
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        saved.keep_if(saved.needs(1), inputs[0]);
        saved.keep_if(saved.needs(0), inputs[1]);
        let shape = self.0.output_shape()?;
        on_floats("conv2d", inputs, |t| {
            let (x, w, b) =
                (t[0].contiguous(), t[1].contiguous(), t.get(2).map(|b| b.contiguous()));
            Ok(real_type!(x.dtype(), T => {
                let bias = b.as_ref().map(|b| b.as_slice::<T>()).transpose()?;
                Tensor::own(dispatch::conv2d_forward::<T>(&self.0, x.as_slice()?, w.as_slice()?, bias)?, shape)
            }))
        })
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let dx = saved
            .needs(0)
            .then(|| Tensor::apply(InputGrad(self.0), &[grad, saved.get(1)?]))
            .transpose()?;
        let dw = saved
            .needs(1)
            .then(|| Tensor::apply(WeightGrad(self.0), &[saved.get(0)?, grad]))
            .transpose()?;
        let db = saved.needs(2).then(|| grad.sum([0, 2, 3], false)).transpose()?;
        Ok([dx, dw, db].into())
    }
}

impl Op for InputGrad {
    fn name(&self) -> &'static str {
        "conv_transpose2d"
    }

    fn flops(&self, inputs: &[&Tensor], _: &Tensor) -> Option<u64> {
        profile::products(inputs[0].numel(), self.0.depth())
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        saved.keep_if(saved.needs(1), inputs[0]);
        saved.keep_if(saved.needs(0), inputs[1]);
        two!(inputs, self.0.input_shape()?, |g, w| dispatch::conv2d_input_grad(&self.0, g, w))
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let dg = saved
            .needs(0)
            .then(|| Tensor::apply(Conv2d(self.0), &[grad, saved.get(1)?]))
            .transpose()?;
        let dw = saved
            .needs(1)
            .then(|| Tensor::apply(WeightGrad(self.0), &[grad, saved.get(0)?]))
            .transpose()?;
        Ok([dg, dw].into())
    }
}

impl Op for WeightGrad {
    fn name(&self) -> &'static str {
        "conv2d_weight_grad"
    }

    fn flops(&self, inputs: &[&Tensor], _: &Tensor) -> Option<u64> {
        profile::products(inputs[1].numel(), self.0.depth())
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        saved.keep_if(saved.needs(1), inputs[0]);
        saved.keep_if(saved.needs(0), inputs[1]);
        two!(inputs, self.0.weight_shape()?, |x, g| dispatch::conv2d_weight_grad(&self.0, x, g))
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let dx = saved
            .needs(0)
            .then(|| Tensor::apply(InputGrad(self.0), &[saved.get(1)?, grad]))
            .transpose()?;
        let dg = saved
            .needs(1)
            .then(|| Tensor::apply(Conv2d(self.0), &[saved.get(0)?, grad]))
            .transpose()?;
        Ok([dx, dg].into())
    }
}

/// Checks kernels, bias and groups. `channels` is the axis of the kernels that meets the input.
fn check(
    op: &'static str,
    (x, xs): (&Tensor, [usize; 4]),
    weight: &Tensor,
    bias: Option<&Tensor>,
    (groups, transposed): (usize, bool),
) -> Result<[usize; 4]> {
    same_dtype(op, x, weight)?;
    let &[first, second, kh, kw] = weight.dims() else {
        let need = if transposed { "[in, out/groups, kh, kw]" } else { "[out, in/groups, kh, kw]" };
        return Err(Error::argument(op, "weight", format!("of shape {}", weight.shape()), need));
    };
    if groups == 0 || first % groups != 0 || xs[1] % groups != 0 {
        let need = format!(
            "a divisor of {} input channels and of {first}, the first axis of the weight",
            xs[1]
        );
        return Err(Error::argument(op, "groups", groups, need));
    }
    let (meets, maps) = if transposed {
        (first, second.saturating_mul(groups))
    } else {
        (second.saturating_mul(groups), first)
    };
    if meets != xs[1] {
        return Err(Error::shapes(
            op,
            (x.shape(), weight.shape()),
            format!("{} channels meet kernels for {meets}", xs[1]),
            "the kernels must cover the channels of the input, divided by the groups",
            "check the number of channels of the layer before",
        ));
    }
    if let Some(b) = bias {
        same_dtype(op, x, b)?;
        if b.dims() != [maps] {
            return Err(Error::argument(
                op,
                "bias",
                format!("of shape {}", b.shape()),
                format!("[{maps}], one per map"),
            ));
        }
    }
    Ok([first, second, kh, kw])
}

impl Tensor {
    /// Returns the convolution of images with kernels: `out[n, o, i, j] = bias[o] + Σ w[o, c, u, v]·x[n, c, i·s+u·d-p, j·s+v·d-p]`.
    ///
    /// # Shapes
    ///
    /// `self: [N, C, H, W]`, `weight: [O, C/groups, kh, kw]`, `bias: [O]`, result `[N, O, H', W']` with
    /// `H' = ⌊(H + 2p - d·(kh - 1) - 1)/s⌋ + 1`.
    ///
    /// # Cost
    ///
    /// `2·N·O·H'·W'·(C/groups)·kh·kw` operations.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a wrong rank, zero stride or dilation, groups that do not divide the channels,
    /// or a kernel larger than the padded image; [`Error::ShapeMismatch`] if the channels differ; [`Error::DTypeMismatch`];
    /// [`Error::DTypeUnsupported`].
    #[track_caller]
    pub fn conv2d(&self, weight: &Self, bias: Option<&Self>, opts: &Conv2dOpts) -> Result<Self> {
        let xs = images("conv2d", self)?;
        let ws = check("conv2d", (self, xs), weight, bias, (opts.groups, false))?;
        let op = Conv2d(opts.geometry("conv2d", xs, ws)?);
        match bias {
            Some(b) => Self::apply(op, &[self, weight, b]),
            None => Self::apply(op, &[self, weight]),
        }
    }

    /// Returns the convolution along one axis.
    ///
    /// # Shapes
    ///
    /// `self: [N, C, L]`, `weight: [O, C/groups, k]`, `bias: [O]`, result `[N, O, L']`. Of the options only the second
    /// of each pair is used.
    ///
    /// # Errors
    ///
    /// As [`Self::conv2d`].
    #[track_caller]
    pub fn conv1d(&self, weight: &Self, bias: Option<&Self>, opts: &Conv2dOpts) -> Result<Self> {
        for (name, t) in [("input", self), ("weight", weight)] {
            if t.rank() != 3 {
                return Err(Error::argument(
                    "conv1d",
                    name,
                    format!("of shape {}", t.shape()),
                    "of rank 3",
                ));
            }
        }
        let opts = Conv2dOpts {
            stride: [1, opts.stride[1]],
            padding: [0, opts.padding[1]],
            dilation: [1, opts.dilation[1]],
            groups: opts.groups,
        };
        self.unsqueeze(2)?.conv2d(&weight.unsqueeze(2)?, bias, &opts)?.squeeze(2)
    }

    /// Returns the transposed convolution: the adjoint of [`Self::conv2d`] with the same kernels, which spreads each
    /// element over a window. `output_padding` adds rows and columns at the far ends, where the size is ambiguous.
    ///
    /// # Shapes
    ///
    /// `self: [N, C, H, W]`, `weight: [C, O/groups, kh, kw]`, `bias: [O]`, result `[N, O, H', W']` with
    /// `H' = (H - 1)·s - 2p + d·(kh - 1) + output_padding + 1`.
    ///
    /// # Errors
    ///
    /// As [`Self::conv2d`]; [`Error::InvalidArgument`] if `output_padding` is not smaller than stride or dilation, or the
    /// padding eats the whole result.
    #[track_caller]
    pub fn conv_transpose2d(
        &self,
        weight: &Self,
        bias: Option<&Self>,
        opts: &Conv2dOpts,
        output_padding: [usize; 2],
    ) -> Result<Self> {
        let op = "conv_transpose2d";
        let xs = images(op, self)?;
        let ws = check(op, (self, xs), weight, bias, (opts.groups, true))?;
        let size = |a: usize| -> Result<usize> {
            let (s, p, d, k) = (opts.stride[a], opts.padding[a], opts.dilation[a], ws[2 + a]);
            for (name, value) in
                [("stride", s), ("dilation", d), ("kernel", k), ("input", xs[2 + a])]
            {
                if value == 0 {
                    return Err(Error::argument(op, name, value, "at least 1"));
                }
            }
            if output_padding[a] >= s.max(d) {
                return Err(Error::argument(
                    op,
                    "output_padding",
                    output_padding[a],
                    "smaller than stride or dilation",
                ));
            }
            let full = (xs[2 + a] - 1)
                .saturating_mul(s)
                .saturating_add(d.saturating_mul(k - 1))
                .saturating_add(output_padding[a] + 1);
            let kept = p.checked_mul(2).and_then(|cut| full.checked_sub(cut)).filter(|&n| n > 0);
            kept.ok_or_else(|| {
                Error::argument(op, "padding", p, format!("small enough to leave some of {full}"))
            })
        };
        let out = [size(0)?, size(1)?];
        // Seen from the convolution it is the adjoint of, our output is the input.
        let geometry = opts.geometry_of(
            [xs[0], ws[1].saturating_mul(opts.groups), out[0], out[1]],
            ws,
            [xs[2], xs[3]],
        );
        check_room(op, geometry.input_shape()?.dims())?;
        let y = Self::apply(InputGrad(geometry), &[self, weight])?;
        match bias {
            Some(b) => y.add(&b.reshape([b.numel(), 1, 1])?),
            None => Ok(y),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autograd::{GradCheck, GradOpts, grad, gradcheck};

    fn wave(shape: &[usize], step: f64) -> Tensor {
        let n: usize = shape.iter().product();
        Tensor::from_vec((0..n).map(|i| (i as f64 * step).sin()).collect(), shape).unwrap()
    }

    #[test]
    fn gradients_of_every_operand() {
        let opts = Conv2dOpts { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2 };
        let inputs = [wave(&[2, 4, 5, 6], 0.7), wave(&[6, 2, 3, 2], 1.3), wave(&[6], 0.9)];
        gradcheck(|i| i[0].conv2d(&i[1], Some(&i[2]), &opts), &inputs, GradCheck::default())
            .unwrap();
        let inputs = [wave(&[2, 4, 3, 3], 0.7), wave(&[4, 3, 3, 2], 1.3), wave(&[6], 0.9)];
        gradcheck(
            |i| i[0].conv_transpose2d(&i[1], Some(&i[2]), &opts, [1, 1]),
            &inputs,
            GradCheck::default(),
        )
        .unwrap();
        let inputs = [wave(&[2, 2, 9], 0.7), wave(&[3, 2, 3], 1.3)];
        gradcheck(
            |i| i[0].conv1d(&i[1], None, &Conv2dOpts::default()),
            &inputs,
            GradCheck::default(),
        )
        .unwrap();
    }

    #[test]
    fn gradients_of_gradients() {
        let opts = Conv2dOpts { padding: [1, 1], ..Conv2dOpts::default() };
        let inputs = [wave(&[1, 2, 4, 4], 0.7), wave(&[3, 2, 3, 3], 1.3)];
        let slope = |i: &[Tensor]| {
            let y = i[0].conv2d(&i[1], None, &opts)?.tanh()?.sum(.., false)?;
            let opts = GradOpts { create_graph: true, ..GradOpts::default() };
            let mut g = grad(&[&y], &[&i[0], &i[1]], opts)?.into_iter().flatten();
            let (dx, dw) = (g.next().expect("x is used"), g.next().expect("w is used"));
            dx.square()?.sum(.., false)?.add(&dw.square()?.sum(.., false)?)
        };
        // The differences must be taken with recording on: the function itself differentiates.
        let value = |x: Tensor, w: Tensor| {
            slope(&[x.requiring_grad().unwrap(), w.requiring_grad().unwrap()])
                .unwrap()
                .item::<f64>()
                .unwrap()
        };
        let leaves = [inputs[0].requiring_grad().unwrap(), inputs[1].requiring_grad().unwrap()];
        slope(&leaves).unwrap().backward().unwrap();
        for k in [0, 7, 31] {
            let moved = |by: f64| {
                let mut v = inputs[0].to_vec::<f64>().unwrap();
                v[k] += by;
                value(Tensor::from_vec(v, inputs[0].shape()).unwrap(), inputs[1].clone())
            };
            let numeric = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            let analytic = leaves[0].grad().unwrap().to_vec::<f64>().unwrap()[k];
            assert!(
                (numeric - analytic).abs() < 1e-6 * (1.0 + analytic.abs()),
                "{numeric} {analytic}"
            );
        }
    }

    #[test]
    fn bad_geometry_is_named() {
        let (x, w) = (wave(&[1, 4, 5, 5], 1.0), wave(&[2, 4, 3, 3], 1.0));
        let with = |f: &dyn Fn(&mut Conv2dOpts)| {
            let mut opts = Conv2dOpts::default();
            f(&mut opts);
            x.conv2d(&w, None, &opts)
        };
        assert!(matches!(
            with(&|o| o.stride = [0, 1]),
            Err(Error::InvalidArgument { name: "stride", .. })
        ));
        assert!(matches!(
            with(&|o| o.groups = 3),
            Err(Error::InvalidArgument { name: "groups", .. })
        ));
        assert!(matches!(with(&|o| o.groups = 2), Err(Error::ShapeMismatch { .. })));
        assert!(matches!(
            with(&|o| o.dilation = [3, 1]),
            Err(Error::InvalidArgument { name: "kernel", .. })
        ));
        assert!(matches!(
            with(&|o| o.padding = [usize::MAX, 1]),
            Err(Error::InvalidArgument { .. })
        ));
        assert!(x.conv2d(&wave(&[2, 3, 3, 3], 1.0), None, &Conv2dOpts::default()).is_err());
        assert!(wave(&[4, 5, 5], 1.0).conv2d(&w, None, &Conv2dOpts::default()).is_err());
        assert!(x.conv2d(&w, Some(&wave(&[3], 1.0)), &Conv2dOpts::default()).is_err());
    }

    #[test]
    fn an_empty_batch_passes() {
        let x = Tensor::zeros([0, 1, 4, 4], crate::DType::F32).unwrap();
        let w = Tensor::ones([2, 1, 3, 3], crate::DType::F32).unwrap().requiring_grad().unwrap();
        let y = x.conv2d(&w, None, &Conv2dOpts::default()).unwrap();
        assert_eq!(y.dims(), [0, 2, 2, 2]);
        y.sum(.., false).unwrap().backward().unwrap();
        assert_eq!(w.grad().unwrap().to_vec::<f32>().unwrap(), [0.0; 18]);
    }
}

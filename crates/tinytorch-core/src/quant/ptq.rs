//! Post-training quantisation: from a trained network to one of eight-bit integers.
//!
//! The float network runs once over calibration data while an observer watches every activation. Weights need no data.
//! Three rewrites turn layers into operators: a ReLU becomes the clamp of the operator before it, images change from
//! [C, H, W] to [H, W, C], and the columns of a layer behind a flattened image are put in that order too.

use super::{
    affine::{self, QParams},
    engine::Engine,
    graph::{
        FusedActivation, Padding, QData, QGraph, QOp, QTensor, Quantization, TensorId, Window,
    },
    model::QModel,
    observer::{MinMax, Observer},
};
use crate::nostd::prelude::*;
use crate::{
    Error, Result, Tensor,
    autograd::no_grad,
    nn::{Conv2d, Kind, Linear, MaxPool2d, Module, Sequential},
};
use alloc::vec;

const OP: &str = "quantize";

/// Choices of [`quantize`].
#[derive(Debug, Clone, Copy)]
pub struct QuantizeOpts {
    /// Ends the network with a softmax, so that it gives probabilities instead of logits.
    pub softmax: bool,
    /// Makes the observer of each activation.
    pub observer: fn() -> Box<dyn Observer>,
}

impl Default for QuantizeOpts {
    /// Softmax, and ranges from the smallest to the largest value seen.
    fn default() -> Self {
        Self { softmax: true, observer: || Box::new(MinMax::new()) }
    }
}

/// Returns `model` with eight-bit weights and activations.
///
/// Weights are symmetric with one scale for each output channel; activations are affine with one scale for each tensor,
/// from the ranges seen on `calibration`; biases have 32 bits. `calibration` is a batch of inputs, [N, F] or [N, C, H, W]:
/// training data, never the data that the result is measured on.
///
/// # Errors
///
/// - [`Error::InvalidArgument`] naming the layer that has no eight-bit form here: anything but `Linear`, `Conv2d`, `Relu`,
///   `MaxPool2d` and `Flatten`, a ReLU without an operator to join, a padding that model files cannot say, groups and
///   dilation, a `Linear` on an image; also for calibration data that is empty or not finite.
/// - What the forward pass over the calibration data returns.
pub fn quantize(
    model: &Sequential,
    calibration: &Tensor,
    options: &QuantizeOpts,
) -> Result<QModel> {
    lower(model, calibration, options, None)
}

/// As [`quantize`], with the parameters of the activations in order instead of ranges seen on `calibration`, if there are any.
pub(super) fn lower(
    model: &Sequential,
    calibration: &Tensor,
    options: &QuantizeOpts,
    params: Option<Vec<QParams>>,
) -> Result<QModel> {
    no_grad(|| {
        let mut lowering =
            Lowering::start(calibration, options, params.map(IntoIterator::into_iter))?;
        for (kind, relu) in fuse(&model.kinds())? {
            lowering.layer(kind, relu)?;
        }
        let input_shape = calibration.dims()[1..].to_vec();
        QModel::new(Engine::new(lowering.finish(options.softmax)?)?, &input_shape)
    })
}

/// Attaches every ReLU to the operator whose clamp it becomes.
///
/// A ReLU may stand behind pooling and flattening of its operator's result: it commutes with both.
pub(super) fn fuse<'a>(kinds: &[Kind<'a>]) -> Result<Vec<(Kind<'a>, bool)>> {
    let mut plan: Vec<(Kind<'a>, bool)> = Vec::with_capacity(kinds.len());
    for &kind in kinds {
        if !matches!(kind, Kind::Relu) {
            plan.push((kind, false));
            continue;
        }
        let producer =
            plan.iter_mut().rev().find(|(k, _)| !matches!(k, Kind::MaxPool2d(_) | Kind::Flatten));
        match producer {
            Some((Kind::Linear(_) | Kind::Conv2d(_), relu)) => *relu = true,
            _ => {
                return Err(unsupported(
                    "Relu",
                    "behind a Linear or Conv2d, whose clamp it becomes",
                ));
            }
        }
    }
    Ok(plan)
}

fn unsupported(layer: &str, need: impl Into<String>) -> Error {
    Error::argument(OP, "layer", layer, need)
}

/// The float network and the graph so far, side by side.
struct Lowering<'a> {
    options: &'a QuantizeOpts,
    /// Parameters of the activations to come, if they are known.
    params: Option<vec::IntoIter<QParams>>,
    /// Activations of the calibration batch, as the float network has them: [N, F] or [N, C, H, W].
    x: Tensor,
    graph: QGraph,
    /// The graph's tensor for `x`.
    at: TensorId,
    /// After flattening an image of several channels: for each position in the graph's order, the float network's.
    order: Option<Vec<usize>>,
}

impl<'a> Lowering<'a> {
    fn start(
        calibration: &Tensor,
        options: &'a QuantizeOpts,
        params: Option<vec::IntoIter<QParams>>,
    ) -> Result<Self> {
        if calibration.numel() == 0 || !matches!(calibration.rank(), 2 | 4) {
            let got = format!("of shape {}", calibration.shape());
            return Err(Error::argument(
                OP,
                "calibration",
                got,
                "one or more samples, [N, F] or [N, C, H, W]",
            ));
        }
        let graph = QGraph { tensors: Vec::new(), ops: Vec::new(), input: 0, output: 0 };
        let x = calibration.detach();
        let mut this = Self { options, params, x, graph, at: 0, order: None };
        this.at = this.activation("input")?;
        Ok(this)
    }

    /// Sizes of one sample of `x` in the graph's order.
    fn shape(&self) -> Vec<usize> {
        match *self.x.dims() {
            [_, c, h, w] => vec![1, h, w, c],
            ref dims => core::iter::once(1).chain(dims[1..].iter().copied()).collect(),
        }
    }

    fn push(
        &mut self,
        name: String,
        shape: Vec<usize>,
        quant: Quantization,
        data: QData,
    ) -> TensorId {
        self.graph.tensors.push(QTensor { name, shape, quant, data });
        self.graph.tensors.len() - 1
    }

    /// Adds a tensor for `x` with its parameters, or the range that the observer saw.
    fn activation(&mut self, name: &str) -> Result<TensorId> {
        let known = self.params.as_mut().and_then(Iterator::next);
        let QParams { scale, zero_point } = match known {
            Some(params) => params,
            None => {
                let mut observer = (self.options.observer)();
                observer.observe(&self.x.to_vec_as::<f32>())?;
                observer.params()?
            }
        };
        let quant = Quantization::per_tensor(affine::stored_scale(scale)?, zero_point);
        Ok(self.push(name.to_owned(), self.shape(), quant, QData::Activation))
    }

    /// Adds a tensor for `x` whose codes mean the same as those of the present one.
    fn same_codes(&mut self, name: String) -> TensorId {
        let quant = self.graph.tensors[self.at].quant.clone();
        self.push(name, self.shape(), quant, QData::Activation)
    }

    fn layer(&mut self, kind: Kind<'_>, relu: bool) -> Result<()> {
        let number = self.graph.ops.len();
        match kind {
            Kind::Linear(layer) => self.linear(layer, relu, number),
            Kind::Conv2d(layer) => self.conv(layer, relu, number),
            Kind::MaxPool2d(layer) => self.pool(layer, number),
            Kind::Flatten => self.flatten(number),
            other => Err(unsupported(other.name(), "Linear, Conv2d, Relu, MaxPool2d or Flatten")),
        }
    }

    fn linear(&mut self, layer: &Linear, relu: bool, number: usize) -> Result<()> {
        if self.x.rank() != 2 {
            return Err(unsupported("Linear", "behind a Flatten, which makes one row of an image"));
        }
        let mut weight = layer.weight().tensor().to_vec_as::<f32>();
        let (n_in, n_out) = layer.sizes();
        if let Some(order) = self.order.take() {
            let column = |row: &[f32]| order.iter().map(|&from| row[from]).collect::<Vec<f32>>();
            weight = weight.chunks_exact(n_in).flat_map(column).collect();
        }
        let bias = layer.bias().map_or_else(|| vec![0.0; n_out], |b| b.tensor().to_vec_as::<f32>());
        self.x = layer.forward(&self.x)?;
        let [input, weight, bias, output] =
            self.weighted(&format!("linear{number}"), &weight, &[n_out, n_in], &bias, relu)?;
        let activation = activation(relu);
        self.graph.ops.push(QOp::FullyConnected { input, weight, bias, output, activation });
        Ok(())
    }

    fn conv(&mut self, layer: &Conv2d, relu: bool, number: usize) -> Result<()> {
        let (&[_, c, h, w], &[n_out, _, kh, kw]) = (self.x.dims(), &layer.weight().shape()[..])
        else {
            return Err(unsupported("Conv2d", "given images [N, C, H, W]"));
        };
        let opts = layer.opts();
        if opts.groups != 1 || opts.dilation != [1, 1] {
            return Err(unsupported("Conv2d", "without groups and dilation"));
        }
        let window = window("Conv2d", [h, w], [kh, kw], opts.stride, opts.padding)?;
        // [out, in, kh, kw] to [out, kh, kw, in].
        let weight = layer.weight().tensor().permute(&[0, 2, 3, 1])?.to_vec_as::<f32>();
        let bias = layer.bias().map_or_else(|| vec![0.0; n_out], |b| b.tensor().to_vec_as::<f32>());
        self.x = layer.forward(&self.x)?;
        let [input, weight, bias, output] =
            self.weighted(&format!("conv{number}"), &weight, &[n_out, kh, kw, c], &bias, relu)?;
        let activation = activation(relu);
        self.graph.ops.push(QOp::Conv2d { input, weight, bias, output, window, activation });
        Ok(())
    }

    /// Adds the constants and the output of a layer whose result is in `x`; moves on to the output.
    fn weighted(
        &mut self,
        name: &str,
        weight: &[f32],
        shape: &[usize],
        bias: &[f32],
        relu: bool,
    ) -> Result<[TensorId; 4]> {
        if relu {
            self.x = self.x.relu()?;
        }
        let input = self.at;
        let input_scale = self.graph.tensors[input].quant.scales[0];
        let weights = affine::symmetric_per_channel(weight, shape[0])?;
        let bias_codes = affine::quantize_bias(bias, input_scale, &weights.scales)?;
        let bias_scales = weights.scales.iter().map(|s| s * input_scale).collect();
        let quant = Quantization::per_channel(weights.scales);
        let weight =
            self.push(format!("{name}.weight"), shape.to_vec(), quant, QData::I8(weights.codes));
        let quant = Quantization::per_channel(bias_scales);
        let bias = self.push(format!("{name}.bias"), vec![shape[0]], quant, QData::I32(bias_codes));
        let output = self.activation(name)?;
        self.at = output;
        Ok([input, weight, bias, output])
    }

    fn pool(&mut self, layer: &MaxPool2d, number: usize) -> Result<()> {
        let &[_, _, h, w] = self.x.dims() else {
            return Err(unsupported("MaxPool2d", "given images [N, C, H, W]"));
        };
        let opts = layer.opts();
        let window = window("MaxPool2d", [h, w], opts.kernel, opts.stride, opts.padding)?;
        self.x = layer.forward(&self.x)?;
        let input = self.at;
        self.at = self.same_codes(format!("pool{number}"));
        let activation = FusedActivation::None; // the operator before has clamped
        self.graph.ops.push(QOp::MaxPool2d { input, output: self.at, window, activation });
        Ok(())
    }

    fn flatten(&mut self, number: usize) -> Result<()> {
        let &[n, c, h, w] = self.x.dims() else { return Ok(()) };
        if c > 1 && h * w > 1 {
            let from = |at: usize| at % c * (h * w) + at / c; // [h, w, c] reads [c, h, w]
            self.order = Some((0..c * h * w).map(from).collect());
        }
        self.x = self.x.reshape([n, c * h * w])?;
        let input = self.at;
        self.at = self.same_codes(format!("flatten{number}"));
        self.graph.ops.push(QOp::Reshape { input, output: self.at });
        Ok(())
    }

    fn finish(mut self, softmax: bool) -> Result<QGraph> {
        if self.x.rank() != 2 || self.order.is_some() || self.graph.ops.is_empty() {
            return Err(unsupported(
                "the last",
                "a Linear: the network must end in a row of numbers",
            ));
        }
        if softmax {
            let quant = Quantization::per_tensor(1.0 / 256.0, -128);
            let output =
                self.push("probabilities".to_owned(), self.shape(), quant, QData::Activation);
            self.graph.ops.push(QOp::Softmax { input: self.at, output });
            self.at = output;
        }
        self.graph.output = self.at;
        Ok(self.graph)
    }
}

fn activation(relu: bool) -> FusedActivation {
    if relu { FusedActivation::Relu } else { FusedActivation::None }
}

fn window(
    layer: &str,
    size: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
) -> Result<Window> {
    let scheme = Padding::from_symmetric(padding, size, kernel, stride).ok_or_else(|| {
        let got = format!(
            "{layer} with kernel {kernel:?}, stride {stride:?}, padding {padding:?} on {size:?}"
        );
        unsupported(
            &got,
            "padded by nothing, or by (kernel - 1)/2 at stride 1: model files know no other",
        )
    })?;
    Ok(Window { kernel, stride, padding: scheme })
}

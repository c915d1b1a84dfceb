//! Post-training quantisation: from a trained network to one of eight-bit integers.
//!
//! The float network runs once over calibration data while an observer watches every activation. Weights need no data.
//! Rewrites turn layers into operators: a ReLU becomes the clamp of the operator before it, a batch normalization other
//! weights of the convolution before it, padding that model files cannot say an operator of its own, images change from
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
    nn::{
        AdaptiveAvgPool2d, AvgPool2d, BatchNorm2d, Conv2d, Kind, Linear, MaxPool2d, Module,
        Residual, Sequential,
    },
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
///   `BatchNorm2d` (behind a `Conv2d`, with its running statistics), `MaxPool2d`, `AvgPool2d`, `AdaptiveAvgPool2d` to size 1,
///   `Residual` and `Flatten`, a ReLU without an operator to join, a pool with padding that model files cannot say, groups that
///   are not single channels, dilation, a `Linear` on an image; also for calibration data that is empty or not finite.
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
        lowering.chain(model)?;
        let input_shape = calibration.dims()[1..].to_vec();
        QModel::new(Engine::new(lowering.finish(options.softmax)?)?, &input_shape)
    })
}

/// A layer with what joins it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) kind: Kind<'a>,
    /// The normalization right behind a convolution.
    pub(super) norm: Option<&'a BatchNorm2d>,
    /// Whether the result is clamped at 0.
    pub(super) relu: bool,
}

/// Attaches every ReLU to the operator whose clamp it becomes, and every normalization to its convolution.
///
/// A ReLU may stand behind pooling and flattening of its operator's result: it commutes with both.
pub(super) fn fuse<'a>(kinds: &[Kind<'a>]) -> Result<Vec<Step<'a>>> {
    let mut plan: Vec<Step<'a>> = Vec::with_capacity(kinds.len());
    for &kind in kinds {
        match kind {
            Kind::Relu => {
                let mut back = plan.iter_mut().rev();
                let passes = |kind: &Kind<'_>| matches!(kind, Kind::MaxPool2d(_) | Kind::Flatten);
                match back.find(|step| !passes(&step.kind)) {
                    Some(step) if clamps(&step.kind) => step.relu = true,
                    _ => {
                        let need = "behind a Linear, Conv2d, Residual or AvgPool2d, whose clamp it becomes";
                        return Err(unsupported("Relu", need));
                    }
                }
            }
            Kind::BatchNorm2d(norm) => match plan.last_mut() {
                Some(step @ Step { kind: Kind::Conv2d(_), norm: None, relu: false }) => {
                    step.norm = Some(norm);
                }
                _ => {
                    let need = "right behind a Conv2d, whose weights it becomes part of";
                    return Err(unsupported("BatchNorm2d", need));
                }
            },
            kind => plan.push(Step { kind, norm: None, relu: false }),
        }
    }
    Ok(plan)
}

/// Whether the operator of a layer can clamp its result.
fn clamps(kind: &Kind<'_>) -> bool {
    matches!(kind, Kind::Linear(_) | Kind::Conv2d(_) | Kind::Residual(_) | Kind::AvgPool2d(_))
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

    /// Adds the operators of layers one after the other.
    fn chain(&mut self, model: &Sequential) -> Result<()> {
        fuse(&model.kinds())?.into_iter().try_for_each(|step| self.layer(step))
    }

    fn layer(&mut self, step: Step<'_>) -> Result<()> {
        let number = self.graph.ops.len();
        match step.kind {
            Kind::Linear(layer) => self.linear(layer, step.relu, number),
            Kind::Conv2d(layer) => self.conv(layer, step, number),
            Kind::MaxPool2d(layer) => self.pool(layer, number),
            Kind::AvgPool2d(layer) => self.average(layer, step.relu, number),
            Kind::AdaptiveAvgPool2d(layer) => self.mean(layer, number),
            Kind::Residual(layer) => self.residual(layer, step.relu),
            Kind::Flatten => self.flatten(number),
            other => Err(unsupported(
                other.name(),
                "Linear, Conv2d, BatchNorm2d, Relu, MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, Residual or Flatten",
            )),
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
            self.weighted(&format!("linear{number}"), &weight, (&[n_out, n_in], 0), &bias, relu)?;
        let activation = activation(relu);
        self.graph.ops.push(QOp::FullyConnected { input, weight, bias, output, activation });
        Ok(())
    }

    fn conv(&mut self, layer: &Conv2d, step: Step<'_>, number: usize) -> Result<()> {
        let (&[_, c, _, _], &[n_out, each_in, kh, kw]) =
            (self.x.dims(), &layer.weight().shape()[..])
        else {
            return Err(unsupported("Conv2d", "given images [N, C, H, W]"));
        };
        let (opts, depthwise) = (layer.opts(), each_in == 1 && layer.opts().groups > 1);
        if (opts.groups != 1 && !depthwise) || opts.dilation != [1, 1] {
            let need = "without dilation, and with one group or one for each channel";
            return Err(unsupported("Conv2d", need));
        }
        let (weight, bias) = folded(layer, step.norm)?;
        let y = self.x.conv2d(&weight, Some(&bias), opts)?;
        let window = self.bordered([kh, kw], opts.stride, opts.padding, number)?;
        self.x = y;
        let bias = bias.to_vec_as::<f32>();
        let activation = activation(step.relu);
        if depthwise && opts.groups == c {
            // [out, 1, kh, kw]: each channel's taps side by side until they are quantised.
            let rows = weight.to_vec_as::<f32>();
            let (name, shape) = (format!("depthwise{number}"), [1, kh, kw, n_out]);
            let [input, weight, bias, output] =
                self.weighted(&name, &rows, (&shape, 3), &bias, step.relu)?;
            let op = QOp::DepthwiseConv2d { input, weight, bias, output, window, activation };
            self.graph.ops.push(op);
            return Ok(());
        }
        // [out, in, kh, kw] to [out, kh, kw, in].
        let weight = weight.permute(&[0, 2, 3, 1])?.to_vec_as::<f32>();
        let (name, shape) = (format!("conv{number}"), [n_out, kh, kw, each_in]);
        let [input, weight, bias, output] =
            self.weighted(&name, &weight, (&shape, 0), &bias, step.relu)?;
        self.graph.ops.push(QOp::Conv2d { input, weight, bias, output, window, activation });
        Ok(())
    }

    /// The window of a convolution with this many zeros on both sides: a scheme of the files if one says so, else none, on
    /// an image that has got its border from an operator of its own.
    fn bordered(
        &mut self,
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
        number: usize,
    ) -> Result<Window> {
        let &[n, c, h, w] = self.x.dims() else {
            return Err(unsupported("Conv2d", "given images [N, C, H, W]"));
        };
        if let Some(padding) = Padding::from_symmetric(padding, [h, w], kernel, stride) {
            return Ok(Window { kernel, stride, padding });
        }
        // The convolution of the float network has accepted these sizes, so they can be added.
        self.x = Tensor::zeros([n, c, h + 2 * padding[0], w + 2 * padding[1]], self.x.dtype())?;
        let input = self.at;
        self.at = self.same_codes(format!("pad{number}"));
        self.graph.ops.push(QOp::Pad { input, output: self.at, before: padding, after: padding });
        Ok(Window { kernel, stride, padding: Padding::Valid })
    }

    /// Adds the constants and the output of a layer whose result is in `x`; moves on to the output.
    ///
    /// `weight` has a row for each output channel, which lies along `axis` of `shape`, the first or the last.
    fn weighted(
        &mut self,
        name: &str,
        weight: &[f32],
        (shape, axis): (&[usize], usize),
        bias: &[f32],
        relu: bool,
    ) -> Result<[TensorId; 4]> {
        if relu {
            self.x = self.x.relu()?;
        }
        let input = self.at;
        let input_scale = self.graph.tensors[input].quant.scales[0];
        let channels = shape[axis];
        let mut weights = affine::symmetric_per_channel(weight, channels)?;
        if axis > 0 {
            let size = weights.codes.len() / channels.max(1);
            let at = |i: usize| weights.codes[i % channels * size + i / channels];
            weights.codes = (0..weights.codes.len()).map(at).collect();
        }
        let bias_codes = affine::quantize_bias(bias, input_scale, &weights.scales)?;
        let bias_scales = weights.scales.iter().map(|s| s * input_scale).collect();
        let quant = Quantization::along(axis, weights.scales);
        let weight =
            self.push(format!("{name}.weight"), shape.to_vec(), quant, QData::I8(weights.codes));
        let quant = Quantization::per_channel(bias_scales);
        let bias = self.push(format!("{name}.bias"), vec![channels], quant, QData::I32(bias_codes));
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

    fn average(&mut self, layer: &AvgPool2d, relu: bool, number: usize) -> Result<()> {
        let &[_, _, h, w] = self.x.dims() else {
            return Err(unsupported("AvgPool2d", "given images [N, C, H, W]"));
        };
        let opts = layer.opts();
        if opts.padding != [0; 2] && layer.counts_padding() {
            let need =
                "without padding, or without counting it: model files leave it out of the mean";
            return Err(unsupported("AvgPool2d", need));
        }
        let window = window("AvgPool2d", [h, w], opts.kernel, opts.stride, opts.padding)?;
        self.x = layer.forward(&self.x)?;
        if relu {
            self.x = self.x.relu()?;
        }
        let input = self.at;
        self.at = self.same_codes(format!("average{number}"));
        let (output, activation) = (self.at, activation(relu));
        self.graph.ops.push(QOp::AvgPool2d { input, output, window, activation });
        Ok(())
    }

    fn mean(&mut self, layer: &AdaptiveAvgPool2d, number: usize) -> Result<()> {
        let (&[n, c, _, _], [1, 1]) = (self.x.dims(), layer.size()) else {
            return Err(unsupported("AdaptiveAvgPool2d", "given images and the size 1"));
        };
        self.x = layer.forward(&self.x)?.reshape([n, c])?;
        let input = self.at;
        self.at = self.activation(&format!("mean{number}"))?;
        self.graph.ops.push(QOp::Mean { input, output: self.at });
        Ok(())
    }

    fn residual(&mut self, layer: &Residual, relu: bool) -> Result<()> {
        if self.order.is_some() {
            return Err(unsupported("Residual", "not right behind the Flatten of an image"));
        }
        let (beside, x) = (self.at, self.x.clone());
        self.chain(layer.inner())?;
        if self.order.is_some() || self.x.dims() != x.dims() {
            return Err(unsupported("Residual", "around layers that keep the shape"));
        }
        self.x = x.add(&self.x)?;
        if relu {
            self.x = self.x.relu()?;
        }
        let (inputs, number) = ([beside, self.at], self.graph.ops.len());
        self.at = self.activation(&format!("add{number}"))?;
        let activation = activation(relu);
        self.graph.ops.push(QOp::Add { inputs, output: self.at, activation });
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

/// Filters and bias of a convolution, with the running statistics of a normalization behind it in them: with
/// f = weight/√(var + ε) of the normalization, w' = f·w and b' = f·(b − mean) + bias.
fn folded(layer: &Conv2d, norm: Option<&BatchNorm2d>) -> Result<(Tensor, Tensor)> {
    let weight = layer.weight().tensor().detach();
    let n_out = weight.dims()[0];
    let bias = match layer.bias() {
        Some(bias) => bias.tensor().detach(),
        None => Tensor::zeros([n_out], weight.dtype())?,
    };
    let Some(norm) = norm else { return Ok((weight, bias)) };
    let mean = norm.running_mean();
    if mean.dims() != [n_out] {
        let need = format!("for the {n_out} channels of the Conv2d before it");
        return Err(unsupported("BatchNorm2d", need));
    }
    let mut factor = norm.running_var().add_scalar(norm.eps())?.sqrt()?.reciprocal()?;
    let mut shift = bias.sub(&mean)?;
    if let Some([gain, _]) = norm.affine() {
        factor = factor.mul(&gain.tensor().detach())?;
    }
    shift = shift.mul(&factor)?;
    if let Some([_, offset]) = norm.affine() {
        shift = shift.add(&offset.tensor().detach())?;
    }
    Ok((weight.mul(&factor.reshape([n_out, 1, 1, 1])?)?, shift))
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

//! Training that knows of the eight bits to come.

use super::{
    QModel,
    affine::QParams,
    fake::{fake_quant, fake_quant_weights},
    ptq::{self, QuantizeOpts},
};
use crate::nostd::prelude::*;
use crate::{
    DType, Error, Result, Tensor, dispatch,
    nn::{Buffer, Kind, Mode, Module, Sequential, Visitor},
};

const OP: &str = "Qat";

/// A network that computes with what eight bits leave of its weights and activations, and learns in full precision.
///
/// Every weight and every activation goes through its codes and back ([`fake_quant`]) in the places where the eight-bit
/// network will have codes, so that training meets the errors of rounding and can work around them. Gradients pass straight
/// through. While training, the range of each activation follows the batches: the first sets it, each later one moves it by
/// the momentum. Evaluation leaves the ranges alone, and [`quantize`](Self::quantize) takes them over.
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{Linear, Module, ModuleExt, Relu, Sequential};
/// use tinytorch_core::{DType, Rng, Tensor, quant::Qat};
///
/// let rng = &mut Rng::seed(0);
/// let mlp = Sequential::new().push(Linear::new(4, 8, rng)?).push(Relu).push(Linear::new(8, 2, rng)?);
/// let model = Qat::new(mlp)?;
/// let x = Tensor::randn([16, 4], DType::F32, rng)?;
/// model.forward(&x)?.square()?.mean(.., false)?.backward()?; // a training step like any other
/// model.train(false);
/// let int8 = model.quantize(&x, false)?;
/// let error = int8.forward(&x)?.sub(&model.forward(&x)?)?.abs()?.amax(.., false)?.item::<f32>()?;
/// assert!(f64::from(error) <= 1.01 * int8.output_params().scale);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Qat {
    model: Sequential,
    /// [points, 2]: the smallest and largest value of the input and of the result of each layer with weights; NaN before the
    /// first batch.
    ranges: Buffer,
    momentum: f32,
    mode: Mode,
}

impl Qat {
    /// Returns `model` for training in eight bits; ranges follow the batches with momentum 0.1.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] naming the layer that has no eight-bit form here: anything but `Linear`, `Conv2d`, `Relu`,
    /// `MaxPool2d` and `Flatten`, or a ReLU without a layer to join.
    pub fn new(model: Sequential) -> Result<Self> {
        let mut points = 1;
        for step in ptq::fuse(&model.kinds())? {
            if step.norm.is_some() {
                let need = "without normalization: fold it into the convolution first";
                return Err(Error::argument(OP, "layer", "BatchNorm2d", need));
            }
            match step.kind {
                Kind::Linear(_) | Kind::Conv2d(_) => points += 1,
                Kind::MaxPool2d(_) | Kind::Flatten => {}
                other => {
                    let need = "Linear, Conv2d, Relu, MaxPool2d or Flatten";
                    return Err(Error::argument(OP, "layer", other.name(), need));
                }
            }
        }
        let ranges = Buffer::new(&Tensor::full([points, 2], f64::NAN, DType::F32)?);
        Ok(Self { model, ranges, momentum: 0.1, mode: Mode::default() })
    }

    /// Returns the network with another share of each batch in the ranges.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless 0 ≤ momentum ≤ 1.
    pub fn with_momentum(self, momentum: f32) -> Result<Self> {
        if !(0.0..=1.0).contains(&momentum) {
            return Err(Error::argument(OP, "momentum", momentum, "between 0 and 1"));
        }
        Ok(Self { momentum, ..self })
    }

    /// Returns the network that is trained.
    #[must_use]
    pub fn model(&self) -> &Sequential {
        &self.model
    }

    /// Returns the parameters of the input and of the result of each layer with weights, in order.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if no batch was seen.
    pub fn params(&self) -> Result<Vec<QParams>> {
        self.ranges.tensor().to_vec::<f32>()?.chunks_exact(2).map(|r| params(r[0], r[1])).collect()
    }

    /// Returns the eight-bit network with the trained weights and the ranges that training met, ended by a softmax if
    /// `softmax`.
    ///
    /// `example` is any batch of inputs: only its shape counts.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if no batch was seen, for weights that are not finite, or for a layer that has no
    /// eight-bit form for inputs of this shape, as [`quantize`](super::quantize()).
    pub fn quantize(&self, example: &Tensor, softmax: bool) -> Result<QModel> {
        let options = QuantizeOpts { softmax, ..QuantizeOpts::default() };
        let one = if example.numel() == 0 { example.clone() } else { example.narrow(0, 0, 1)? };
        ptq::lower(&self.model, &one, &options, Some(self.params()?))
    }

    /// What is left of `x` at one point, whose range it moves while training.
    fn point(&self, at: usize, x: &Tensor) -> Result<Tensor> {
        if self.mode.is_training() {
            let mut ranges = self.ranges.tensor().to_vec::<f32>()?;
            let values = x.detach().to_vec_as::<f32>();
            if let Some(i) = values.iter().position(|v| !v.is_finite()) {
                let got = format!("{} at position {i}", values[i]);
                return Err(Error::argument(
                    OP,
                    "activations",
                    got,
                    "finite: lower the learning rate",
                ));
            }
            if let Some(batch) = dispatch::calibrate(None, &values)? {
                let range = &mut ranges[2 * at..2 * at + 2];
                for (old, new) in range.iter_mut().zip([batch.0, batch.1]) {
                    *old = if old.is_nan() { new } else { *old + self.momentum * (new - *old) };
                }
                let points = ranges.len() / 2;
                self.ranges.set(&Tensor::from_vec(ranges, [points, 2])?);
            }
        }
        let range = self.ranges.tensor().narrow(0, at, 1)?.to_vec::<f32>()?;
        fake_quant(x, params(range[0], range[1])?)
    }
}

/// The parameters of a range, with the scale as a model file has it.
fn params(lo: f32, hi: f32) -> Result<QParams> {
    if lo.is_nan() || hi.is_nan() {
        let need = "trained on at least one batch, which tells the ranges";
        return Err(Error::argument(OP, "ranges", "unknown", need));
    }
    QParams::affine(f64::from(lo), f64::from(hi))?.stored()
}

impl Module for Qat {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = self.point(0, x)?;
        let mut at = 0;
        for step in ptq::fuse(&self.model.kinds())? {
            let y = match step.kind {
                Kind::Linear(layer) => {
                    let w = fake_quant_weights(&layer.weight().tensor())?;
                    x.linear(&w, layer.bias().map(|b| b.tensor()).as_ref())?
                }
                Kind::Conv2d(layer) => {
                    let w = fake_quant_weights(&layer.weight().tensor())?;
                    x.conv2d(&w, layer.bias().map(|b| b.tensor()).as_ref(), layer.opts())?
                }
                Kind::MaxPool2d(layer) => {
                    x = layer.forward(&x)?;
                    continue;
                }
                _ => {
                    x = crate::nn::Flatten.forward(&x)?;
                    continue;
                }
            };
            at += 1;
            x = self.point(at, &if step.relu { y.relu()? } else { y })?;
        }
        Ok(x)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.mode(&self.mode);
        visitor.buffer("ranges", &self.ranges);
        crate::nn::visit_child(visitor, "model", &self.model);
    }

    fn name(&self) -> &'static str {
        OP
    }
}

//! A quantised network ready for use.

use super::{
    affine::{self, QParams},
    engine::Engine,
    graph::{QData, QGraph, QTensor},
};
use crate::nostd::prelude::*;
use crate::{Error, Result, Tensor, dispatch, ops::support::classes};

/// Samples whose activations are in memory at once.
const SAMPLES: usize = 256;

/// A network of eight-bit integers with the way in from real numbers and the way back.
///
/// Made by [`quantize`](super::quantize). Integers go in and come out sample after sample; an image lies as [H, W, C] among
/// them, whatever the order in the tensors that this type takes and returns.
#[derive(Debug, Clone)]
pub struct QModel {
    engine: Engine,
    /// Sizes of one input sample as the float network has them: [F] or [C, H, W].
    input_shape: Vec<usize>,
}

impl QModel {
    pub(crate) fn new(engine: Engine, input_shape: &[usize]) -> Result<Self> {
        Ok(Self { engine, input_shape: input_shape.to_vec() })
    }

    /// Returns the operators and their tensors.
    #[must_use]
    pub fn graph(&self) -> &QGraph {
        self.engine.graph()
    }

    fn input(&self) -> &QTensor {
        &self.graph().tensors[self.graph().input]
    }

    fn output(&self) -> &QTensor {
        &self.graph().tensors[self.graph().output]
    }

    /// Returns what the codes of the input stand for.
    #[must_use]
    pub fn input_params(&self) -> QParams {
        params(self.input())
    }

    /// Returns what the codes of the output stand for.
    #[must_use]
    pub fn output_params(&self) -> QParams {
        params(self.output())
    }

    /// Returns the numbers of codes that go in and come out for one sample.
    #[must_use]
    pub fn sizes(&self) -> (usize, usize) {
        (self.input().numel(), self.output().numel())
    }

    /// Returns the bytes of all constants: weights at one byte, biases at four.
    #[must_use]
    pub fn constant_bytes(&self) -> usize {
        dispatch::model_bytes(self.graph().tensors.iter().filter_map(|t| match t.data {
            QData::Activation => None,
            QData::I8(_) => Some((t.numel(), 1)),
            QData::I32(_) => Some((t.numel(), 4)),
        }))
    }

    /// Returns the codes of a batch of inputs, [N, F] or [N, C, H, W], sample after sample.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] if the samples are not those the network was made for; [`Error::InvalidArgument`] if a
    /// value is not finite.
    pub fn quantize_input(&self, x: &Tensor) -> Result<Vec<i8>> {
        if x.rank() != self.input_shape.len() + 1 || x.dims()[1..] != *self.input_shape {
            return Err(Error::shapes(
                "quantize_input",
                (x.dims(), &self.input_shape),
                "the samples have another shape",
                "the first axis counts samples, the others are those of the calibration data",
                "reshape the batch",
            ));
        }
        let x = if x.rank() == 4 { x.permute(&[0, 2, 3, 1])? } else { x.clone() };
        affine::quantize(&x.to_vec_as::<f32>(), self.input_params())
    }

    /// Returns the output codes for input codes, any number of samples one after the other.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the length is not a multiple of one sample's; what the slots of an installed course
    /// return.
    pub fn run(&self, codes: &[i8]) -> Result<Vec<i8>> {
        let (n_in, n_out) = self.sizes();
        if !codes.len().is_multiple_of(n_in.max(1)) {
            return Err(Error::argument(
                "run",
                "number of codes",
                codes.len(),
                format!("a multiple of {n_in}"),
            ));
        }
        let mut out = Vec::with_capacity(codes.len() / n_in.max(1) * n_out);
        for samples in codes.chunks(SAMPLES * n_in.max(1)) {
            out.extend(self.engine.samples(samples, samples.len() / n_in.max(1))?);
        }
        Ok(out)
    }

    /// Returns the outputs for a batch of inputs as real numbers, [N, out] in `f32`.
    ///
    /// # Errors
    ///
    /// As [`quantize_input`](Self::quantize_input).
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let codes = self.run(&self.quantize_input(x)?)?;
        let values = affine::values(&codes, self.output_params())?;
        let values: Vec<f32> = values.into_iter().map(|v| v as f32).collect();
        Tensor::from_vec(values, [x.dims()[0], self.sizes().1])
    }

    /// Returns the class with the largest output for each sample, the first one on ties.
    ///
    /// # Errors
    ///
    /// As [`quantize_input`](Self::quantize_input).
    pub fn predict(&self, x: &Tensor) -> Result<Vec<usize>> {
        classes(&self.forward(x)?)
    }

    /// Returns the network as the bytes of a `.tflite` file.
    ///
    /// # Errors
    ///
    /// As [`to_bytes`](crate::export::tflite::to_bytes).
    #[cfg(feature = "tflite")]
    pub fn to_tflite(&self) -> Result<Vec<u8>> {
        crate::export::tflite::to_bytes(self.graph(), "int8, written by tinytorch-core")
    }
}

fn params(t: &QTensor) -> QParams {
    QParams { scale: f64::from(t.quant.scales[0]), zero_point: t.quant.zero_points[0] }
}

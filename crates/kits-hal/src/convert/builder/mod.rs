//! Networks from code: layers with `f32` weights, calibrated and quantized without a file in between.
//!
//! [`GraphBuilder`] takes layers one by one and checks their shapes. [`ptq`] runs it in floating
//! point over calibration samples, keeps the range of every activation, quantizes, writes the
//! `.tflite` file that any other tool can read as well, and converts that.
//!
//! ```
//! use kits_hal::convert::{Activation, GraphBuilder, Layer, Options, ptq};
//!
//! let mut g = GraphBuilder::new();
//! let x = g.input("x", &[1, 2])?;
//! // y = max(0, 0.5·x0 − x1 + 0.25)
//! let y = g.add(
//!     Layer::Dense { weights: vec![0.5, -1.0], bias: vec![0.25], activation: Activation::Relu },
//!     &[x],
//! )?;
//! g.output(y)?;
//! assert_eq!(g.evaluate(&[&[1.0, 0.25]])?, [[0.5]]);
//!
//! let samples = [[1.0, 0.25], [-1.0, -0.5], [0.5, 1.0]];
//! let quantized = ptq(&g, &[&samples.concat()], &Options::default())?;
//! assert!(quantized.converted.report.macs == 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod flat;
mod float;
mod ptq;
mod shapes;
mod tflite;

pub use ptq::{PtqError, Quantized, ptq};

/// A tensor of a network under construction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value(pub(super) usize);

/// What follows the sum of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Activation {
    /// Nothing.
    #[default]
    None,
    /// `max(0, x)`.
    Relu,
    /// `min(6, max(0, x))`.
    Relu6,
}

/// What lies outside an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Padding {
    /// Zeros, so that `output = ceil(input / stride)`.
    #[default]
    Same,
    /// Nothing: windows stay inside.
    Valid,
}

/// Windows over the rows and columns of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Rows and columns of a window.
    pub kernel: [usize; 2],
    /// Rows and columns from one window to the next.
    pub stride: [usize; 2],
    /// What lies outside.
    pub padding: Padding,
}

/// One layer. Images are batch, rows, columns, channels; the bias has one element per output
/// channel, and so says how many there are.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Layer {
    /// Convolution over all channels.
    Conv2d {
        /// Output channels × rows × columns × input channels.
        filters: Vec<f32>,
        /// One element per output channel.
        bias: Vec<f32>,
        /// Size, stride, padding.
        window: Window,
        /// What follows.
        activation: Activation,
    },
    /// Convolution of each channel by itself; `output = input · multiplier` channels.
    DepthwiseConv2d {
        /// Rows × columns × output channels.
        filters: Vec<f32>,
        /// One element per output channel.
        bias: Vec<f32>,
        /// Size, stride, padding.
        window: Window,
        /// What follows.
        activation: Activation,
    },
    /// Matrix times the flattened input of each batch entry.
    Dense {
        /// Outputs × inputs.
        weights: Vec<f32>,
        /// One element per output.
        bias: Vec<f32>,
        /// What follows.
        activation: Activation,
    },
    /// Mean of every window.
    AveragePool2d(Window),
    /// Largest element of every window.
    MaxPool2d(Window),
    /// Mean over rows and columns: batch × channels are left.
    GlobalMean,
    /// Sum of two equal shapes.
    Add(Activation),
    /// Another shape of the same elements.
    Reshape(Vec<usize>),
    /// `max(0, x)`.
    Relu,
    /// `min(6, max(0, x))`.
    Relu6,
    /// `1 / (1 + e^−x)`.
    Logistic,
    /// Hyperbolic tangent.
    Tanh,
    /// Rows become probabilities.
    Softmax,
}

/// A layer that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A layer got more or fewer tensors than it takes.
    #[error("layer {layer}: takes {need} inputs, got {have}")]
    Inputs {
        /// Position of the layer.
        layer: usize,
        /// Tensors it takes.
        need: usize,
        /// Tensors given.
        have: usize,
    },
    /// Weights whose number does not follow from the shapes.
    #[error("layer {layer}: needs {need} weights, got {have}")]
    Weights {
        /// Position of the layer.
        layer: usize,
        /// Weights needed.
        need: usize,
        /// Weights given.
        have: usize,
    },
    /// Shapes that the layer cannot take, or windows larger than the image.
    #[error("layer {layer}: does not fit the shape of its input")]
    Shape {
        /// Position of the layer.
        layer: usize,
    },
    /// A weight that is infinite or not a number.
    #[error("layer {layer}: a weight is not a finite number")]
    NotFinite {
        /// Position of the layer.
        layer: usize,
    },
    /// A shape that no tensor can have: no or more than four dimensions, or an empty one.
    #[error("a tensor has one to four dimensions from 1 to 65 535")]
    Dimensions,
    /// A value of another builder.
    #[error("value {value} does not exist: the network has {have}")]
    NoSuchValue {
        /// Number of the value.
        value: usize,
        /// Values of the network.
        have: usize,
    },
    /// The number of samples or elements handed to a run.
    #[error("input {input} needs {need} elements, got {have}")]
    InputLength {
        /// Position among the inputs.
        input: usize,
        /// Elements needed.
        need: usize,
        /// Elements given.
        have: usize,
    },
}

/// A tensor's name and shape.
#[derive(Debug, Clone)]
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
}

/// A layer with its tensors.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) layer: Layer,
    pub(super) inputs: Vec<usize>,
    pub(super) output: usize,
}

/// A network in floating point, layer by layer.
#[derive(Debug, Clone, Default)]
pub struct GraphBuilder {
    pub(super) tensors: Vec<Tensor>,
    pub(super) steps: Vec<Step>,
    pub(super) inputs: Vec<usize>,
    pub(super) outputs: Vec<usize>,
}

impl GraphBuilder {
    /// Returns a network without layers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an input of this shape, batch first.
    ///
    /// # Errors
    ///
    /// [`BuildError::Dimensions`].
    pub fn input(&mut self, name: &str, shape: &[usize]) -> Result<Value, BuildError> {
        let value = self.tensor(name.to_owned(), shape.to_vec())?;
        self.inputs.push(value.0);
        Ok(value)
    }

    /// Adds a layer and returns its output.
    ///
    /// # Errors
    ///
    /// Those of [`BuildError`] that concern the layer; the network is then as before.
    pub fn add(&mut self, layer: Layer, inputs: &[Value]) -> Result<Value, BuildError> {
        let position = self.steps.len();
        for v in inputs {
            self.shape(*v)?;
        }
        let shapes: Vec<&[usize]> =
            inputs.iter().map(|v| self.tensors[v.0].shape.as_slice()).collect();
        let shape = shapes::output(&layer, &shapes, position)?;
        let value = self.tensor(format!("layer_{position}"), shape)?;
        let inputs = inputs.iter().map(|v| v.0).collect();
        self.steps.push(Step { layer, inputs, output: value.0 });
        Ok(value)
    }

    /// Makes a tensor an output of the network.
    ///
    /// # Errors
    ///
    /// [`BuildError::NoSuchValue`].
    pub fn output(&mut self, value: Value) -> Result<(), BuildError> {
        self.shape(value)?;
        self.outputs.push(value.0);
        Ok(())
    }

    /// Returns the shape of a tensor.
    ///
    /// # Errors
    ///
    /// [`BuildError::NoSuchValue`].
    pub fn shape(&self, value: Value) -> Result<&[usize], BuildError> {
        let error = BuildError::NoSuchValue { value: value.0, have: self.tensors.len() };
        self.tensors.get(value.0).map(|t| t.shape.as_slice()).ok_or(error)
    }

    /// Runs the network in floating point and returns its outputs, flattened.
    ///
    /// # Errors
    ///
    /// [`BuildError::InputLength`] for an input of another length, or for more or fewer of them.
    pub fn evaluate(&self, inputs: &[&[f32]]) -> Result<Vec<Vec<f32>>, BuildError> {
        let values = float::run(self, inputs)?;
        Ok(self.outputs.iter().map(|&o| values[o].clone()).collect())
    }

    fn tensor(&mut self, name: String, shape: Vec<usize>) -> Result<Value, BuildError> {
        let fits = (1..=4).contains(&shape.len())
            && shape.iter().all(|d| (1..=usize::from(u16::MAX)).contains(d));
        if !fits {
            return Err(BuildError::Dimensions);
        }
        self.tensors.push(Tensor { name, shape });
        Ok(Value(self.tensors.len() - 1))
    }
}

//! A quantised network as plain data: tensors, operators, and nothing of where it came from.
//!
//! This is the one description that the integer engine runs and the file writers write.
//! Images lie as [N, H, W, C], convolution weights as [out, kh, kw, in], weights of a fully
//! connected layer as [out, in]: the conventions of the files, so that a writer copies bytes.
//! Every activation tensor describes one sample (N = 1).

use crate::nostd::prelude::*;
use core::ops::Range;

/// Index of a tensor in [`QGraph::tensors`].
pub type TensorId = usize;

/// A network of eight-bit operators in execution order.
#[derive(Debug, Clone, PartialEq)]
pub struct QGraph {
    /// All tensors: activations and constants.
    pub tensors: Vec<QTensor>,
    /// Operators; each reads what earlier ones, the input or constants provide.
    pub ops: Vec<QOp>,
    /// The activation that the caller fills.
    pub input: TensorId,
    /// The activation that holds the answer.
    pub output: TensorId,
}

/// One tensor of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct QTensor {
    /// A name for reports and files.
    pub name: String,
    /// Sizes of the axes; the first is 1 for an activation.
    pub shape: Vec<usize>,
    /// What the integers stand for.
    pub quant: Quantization,
    /// Where the integers come from.
    pub data: QData,
}

impl QTensor {
    /// Returns the number of elements; `usize::MAX` stands for any number too large to count.
    #[must_use]
    pub fn numel(&self) -> usize {
        self.shape.iter().fold(1, |n, &size| n.saturating_mul(size))
    }
}

/// The elements of a tensor.
#[derive(Debug, Clone, PartialEq)]
pub enum QData {
    /// Eight-bit values computed at run time.
    Activation,
    /// Constant eight-bit weights.
    I8(Vec<i8>),
    /// Constant 32-bit biases.
    I32(Vec<i32>),
}

/// Scales and zero points: one of each, or one per index of `axis`.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantization {
    /// Real size of one step.
    pub scales: Vec<f32>,
    /// The codes of the real number 0; as many as scales.
    pub zero_points: Vec<i32>,
    /// The axis that the scales belong to when there are several; 0 otherwise.
    pub axis: usize,
}

impl Quantization {
    /// Returns one scale and zero point for a whole tensor.
    #[must_use]
    pub fn per_tensor(scale: f32, zero_point: i32) -> Self {
        Self { scales: vec![scale], zero_points: vec![zero_point], axis: 0 }
    }

    /// Returns symmetric scales along the first axis.
    #[must_use]
    pub fn per_channel(scales: Vec<f32>) -> Self {
        Self::along(0, scales)
    }

    /// Returns symmetric scales along an axis: the last one of the weights of a depthwise convolution.
    #[must_use]
    pub fn along(axis: usize, scales: Vec<f32>) -> Self {
        Self { zero_points: vec![0; scales.len()], scales, axis }
    }
}

/// The clamp that an operator applies to its own result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FusedActivation {
    /// No clamp beyond the eight bits.
    #[default]
    None,
    /// Nothing below the real number 0.
    Relu,
}

impl FusedActivation {
    /// Returns the codes that may leave an operator whose output has zero point `zero_point`.
    #[must_use]
    pub fn clamp_range(self, zero_point: i32) -> (i32, i32) {
        match self {
            Self::None => (-128, 127),
            Self::Relu => (zero_point.max(-128), 127),
        }
    }
}

/// How a window meets the border of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Output size ⌈in / stride⌉; what is missing is spread around, the odd one at the end.
    Same,
    /// Only windows that lie inside.
    Valid,
}

impl Padding {
    /// Returns the output size along one axis and the padding before the first element.
    ///
    /// `None` if no window fits.
    #[must_use]
    pub fn resolve(self, size: usize, kernel: usize, stride: usize) -> Option<(usize, usize)> {
        if kernel == 0 || stride == 0 || size == 0 {
            return None;
        }
        match self {
            Self::Same => {
                let out = size.div_ceil(stride);
                let total = ((out - 1) * stride).saturating_add(kernel).saturating_sub(size);
                Some((out, total / 2))
            }
            Self::Valid => (size >= kernel).then(|| ((size - kernel) / stride + 1, 0)),
        }
    }

    /// Returns the scheme that equals `pad` cells on both sides of each axis, output sizes rounded down.
    ///
    /// `None` when neither does, which a model file can then only say with an operator of its own.
    /// All arguments are [height, width].
    #[must_use]
    pub fn from_symmetric(
        pad: [usize; 2],
        size: [usize; 2],
        kernel: [usize; 2],
        stride: [usize; 2],
    ) -> Option<Self> {
        let fits = |scheme: &Self| {
            (0..2).all(|a| {
                let padded = pad[a].checked_mul(2).and_then(|both| both.checked_add(size[a]));
                let out = padded
                    .and_then(|padded| padded.checked_sub(kernel[a]))
                    .and_then(|free| free.checked_div(stride[a]));
                out.is_some_and(|out| {
                    scheme.resolve(size[a], kernel[a], stride[a]) == Some((out + 1, pad[a]))
                })
            })
        };
        [Self::Valid, Self::Same].into_iter().find(fits)
    }
}

/// Window, step and border of a convolution or pooling, each as [height, width].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Size of the window.
    pub kernel: [usize; 2],
    /// Steps between windows.
    pub stride: [usize; 2],
    /// Treatment of the border.
    pub padding: Padding,
}

impl Window {
    /// Returns the output size and the padding before, for [height, width], or `None` if no window fits.
    #[must_use]
    pub fn resolve(&self, size: [usize; 2]) -> Option<([usize; 2], [usize; 2])> {
        let (h, top) = self.padding.resolve(size[0], self.kernel[0], self.stride[0])?;
        let (w, left) = self.padding.resolve(size[1], self.kernel[1], self.stride[1])?;
        Some(([h, w], [top, left]))
    }

    /// Returns the taps that fall inside the image for output `index` along `axis`.
    pub(crate) fn taps(&self, axis: usize, index: usize, pad: usize, size: usize) -> Range<usize> {
        let start = index * self.stride[axis];
        let first = pad.saturating_sub(start);
        let last = size.saturating_add(pad).saturating_sub(start).min(self.kernel[axis]);
        first..last.max(first)
    }
}

/// One operator.
#[derive(Debug, Clone, PartialEq)]
pub enum QOp {
    /// `y[o] = Σᵢ w[o, i] · x[i] + b[o]`.
    FullyConnected {
        /// Activation with as many elements as the weight has columns.
        input: TensorId,
        /// Constant [out, in], 8 bits, zero point 0.
        weight: TensorId,
        /// Constant `[out]`, 32 bits.
        bias: TensorId,
        /// Activation [1, out].
        output: TensorId,
        /// Clamp on the result.
        activation: FusedActivation,
    },
    /// Convolution of an image with a filter for each output channel.
    Conv2d {
        /// Activation [1, H, W, C].
        input: TensorId,
        /// Constant [out, kh, kw, C], 8 bits, zero point 0.
        weight: TensorId,
        /// Constant `[out]`, 32 bits.
        bias: TensorId,
        /// Activation [1, H', W', out].
        output: TensorId,
        /// Window, with the kernel size of the weight.
        window: Window,
        /// Clamp on the result.
        activation: FusedActivation,
    },
    /// Convolution of each channel of an image with filters of its own.
    DepthwiseConv2d {
        /// Activation [1, H, W, C].
        input: TensorId,
        /// Constant [1, kh, kw, out], 8 bits, zero point 0, scales along the last axis; `out` is a multiple of C, and the
        /// outputs of one channel lie side by side.
        weight: TensorId,
        /// Constant `[out]`, 32 bits.
        bias: TensorId,
        /// Activation [1, H', W', out].
        output: TensorId,
        /// Window, with the kernel size of the weight.
        window: Window,
        /// Clamp on the result.
        activation: FusedActivation,
    },
    /// The largest code of each window; input and output have the same quantisation.
    MaxPool2d {
        /// Activation [1, H, W, C].
        input: TensorId,
        /// Activation [1, H', W', C].
        output: TensorId,
        /// Window.
        window: Window,
        /// Clamp on the result.
        activation: FusedActivation,
    },
    /// The mean of each window over what lies inside the image; input and output have the same quantisation.
    AvgPool2d {
        /// Activation [1, H, W, C].
        input: TensorId,
        /// Activation [1, H', W', C].
        output: TensorId,
        /// Window.
        window: Window,
        /// Clamp on the result.
        activation: FusedActivation,
    },
    /// The mean of each channel over the whole image.
    Mean {
        /// Activation [1, H, W, C].
        input: TensorId,
        /// Activation [1, C].
        output: TensorId,
    },
    /// The sum of two activations.
    Add {
        /// Activations of one shape.
        inputs: [TensorId; 2],
        /// Activation of the same shape.
        output: TensorId,
        /// Clamp on the result.
        activation: FusedActivation,
    },
    /// A border of zeros around an image; input and output have the same quantisation.
    Pad {
        /// Activation [1, H, W, C].
        input: TensorId,
        /// Activation [1, H', W', C].
        output: TensorId,
        /// Rows above, columns to the left.
        before: [usize; 2],
        /// Rows below, columns to the right.
        after: [usize; 2],
    },
    /// The same bytes under another shape.
    Reshape {
        /// Activation.
        input: TensorId,
        /// Activation with as many elements and the same quantisation.
        output: TensorId,
    },
    /// Probabilities over the last axis, at scale 1/256 and zero point −128.
    Softmax {
        /// Activation.
        input: TensorId,
        /// Activation of the same shape.
        output: TensorId,
    },
}

impl QOp {
    /// Returns the tensors that the operator reads, constants included, in file order.
    #[must_use]
    pub fn inputs(&self) -> Vec<TensorId> {
        match *self {
            Self::FullyConnected { input, weight, bias, .. }
            | Self::Conv2d { input, weight, bias, .. }
            | Self::DepthwiseConv2d { input, weight, bias, .. } => vec![input, weight, bias],
            Self::MaxPool2d { input, .. }
            | Self::AvgPool2d { input, .. }
            | Self::Mean { input, .. }
            | Self::Pad { input, .. }
            | Self::Reshape { input, .. }
            | Self::Softmax { input, .. } => vec![input],
            Self::Add { inputs, .. } => inputs.to_vec(),
        }
    }

    /// Returns those of [`inputs`](Self::inputs) that must be activations.
    pub(crate) fn activations(&self) -> Vec<TensorId> {
        let n = if matches!(self, Self::Add { .. }) { 2 } else { 1 };
        self.inputs().into_iter().take(n).collect()
    }

    /// Returns the tensor that the operator writes.
    #[must_use]
    pub fn output(&self) -> TensorId {
        match *self {
            Self::FullyConnected { output, .. }
            | Self::Conv2d { output, .. }
            | Self::DepthwiseConv2d { output, .. }
            | Self::MaxPool2d { output, .. }
            | Self::AvgPool2d { output, .. }
            | Self::Mean { output, .. }
            | Self::Add { output, .. }
            | Self::Pad { output, .. }
            | Self::Reshape { output, .. }
            | Self::Softmax { output, .. } => output,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_puts_the_odd_pixel_at_the_end() {
        assert_eq!(Padding::Same.resolve(5, 3, 2), Some((3, 1)));
        assert_eq!(Padding::Same.resolve(6, 3, 2), Some((3, 0))); // one missing: after
        assert_eq!(Padding::Same.resolve(8, 2, 2), Some((4, 0)));
        assert_eq!(Padding::Valid.resolve(8, 3, 1), Some((6, 0)));
        assert_eq!(Padding::Valid.resolve(2, 3, 1), None);
        assert_eq!(Padding::Valid.resolve(2, 1, 0), None);
    }

    #[test]
    fn symmetric_padding_is_named_when_it_can_be() {
        let square = |pad, size, kernel, stride| {
            Padding::from_symmetric([pad; 2], [size; 2], [kernel; 2], [stride; 2])
        };
        assert_eq!(square(0, 8, 3, 1), Some(Padding::Valid));
        assert_eq!(square(1, 8, 3, 1), Some(Padding::Same));
        assert_eq!(square(1, 5, 3, 2), Some(Padding::Same));
        // Same would pad nothing before and one after.
        assert_eq!(square(1, 6, 3, 2), None);
        assert_eq!(square(2, 8, 3, 1), None);
        assert_eq!(square(0, 2, 3, 1), None);
        assert_eq!(square(usize::MAX, 8, 3, 1), None);
        assert_eq!(square(0, 8, 3, 0), None);
        // The axes must agree on one scheme; a kernel of 1 fits both.
        assert_eq!(Padding::from_symmetric([1, 0], [8, 8], [3, 1], [1, 1]), Some(Padding::Same));
        assert_eq!(Padding::from_symmetric([1, 0], [8, 8], [3, 3], [1, 1]), None);
    }

    /// Every tap of the direct definition, and no other, lies in the range.
    #[test]
    fn taps_are_the_ones_inside() {
        for (size, kernel, stride) in [(5, 3, 1), (5, 3, 2), (4, 5, 1), (3, 7, 2)] {
            let window =
                Window { kernel: [kernel; 2], stride: [stride; 2], padding: Padding::Same };
            let ([out, _], [pad, _]) = window.resolve([size; 2]).unwrap();
            for o in 0..out {
                let inside: Vec<_> =
                    (0..kernel).filter(|t| (pad..size + pad).contains(&(o * stride + t))).collect();
                assert_eq!(window.taps(0, o, pad, size).collect::<Vec<_>>(), inside);
            }
        }
    }
}

//! The int8 network: three convolutions with pooling, and a dense layer.

use tinytorch_core::quant::QGraph;
use tinytorch_core::quant::graph::{
    FusedActivation, Padding, QData, QOp, QTensor, Quantization, Window,
};

use crate::values::whole;

/// Height and width of the image.
const SIZE: usize = 32;
/// Channels of the image and after each convolution; each is followed by pooling that halves the size.
const CHANNELS: [usize; 4] = [3, 16, 32, 32];
const KERNEL: usize = 3;
const CLASSES: usize = 10;
/// Real size of one step of the input and of every weight.
const INPUT_SCALE: f32 = 0.02;
const WEIGHT_SCALE: f32 = 0.01;

/// Returns the multiply-adds of one image.
pub(super) fn multiply_adds() -> f64 {
    let mut size = SIZE;
    let mut sum = 0;
    for pair in CHANNELS.windows(2) {
        sum += size * size * KERNEL * KERNEL * pair[0] * pair[1];
        size /= 2;
    }
    (sum + size * size * CHANNELS[3] * CLASSES) as f64
}

/// A graph under construction.
struct Maker {
    graph: QGraph,
    stream: u64,
}

/// An activation: its index, shape and scale.
struct Values {
    at: usize,
    shape: [usize; 3],
    scale: f32,
}

impl Maker {
    fn add(&mut self, shape: &[usize], quant: Quantization, data: QData) -> usize {
        let name = format!("t{}", self.graph.tensors.len());
        self.graph.tensors.push(QTensor { name, shape: shape.to_vec(), quant, data });
        self.graph.tensors.len() - 1
    }

    fn activation(&mut self, shape: &[usize], scale: f32, zero: i32) -> usize {
        self.add(shape, Quantization::per_tensor(scale, zero), QData::Activation)
    }

    /// Weights from −127 to 127 and biases of the size of a few products, and the scale at which their sums fill
    /// eight bits.
    fn constants(&mut self, shape: &[usize], input: f32) -> (usize, usize, f32) {
        self.stream += 1;
        let codes = whole(self.stream, shape.iter().product(), 255);
        let weights = codes.into_iter().map(|v| (v as i32 - 127) as i8).collect();
        let bias = whole(self.stream + 1000, shape[0], 4001)
            .into_iter()
            .map(|v| v as i32 - 2000)
            .collect();
        let weight = self.add(
            shape,
            Quantization::per_channel(vec![WEIGHT_SCALE; shape[0]]),
            QData::I8(weights),
        );
        let products = Quantization::per_channel(vec![WEIGHT_SCALE * input; shape[0]]);
        let bias = self.add(&shape[..1], products, QData::I32(bias));
        // Weights and inputs deviate by some 70 codes; sums of n products by √n times the square of that.
        let terms = shape[1..].iter().product::<usize>() as f32;
        (weight, bias, WEIGHT_SCALE * input * terms.sqrt() * 70.0 * 70.0 / 60.0)
    }

    fn convolution(&mut self, x: &Values, channels: usize) -> Values {
        let [h, w, c] = x.shape;
        let (weight, bias, scale) = self.constants(&[channels, KERNEL, KERNEL, c], x.scale);
        let shape = [h, w, channels];
        let at = self.activation(&[1, h, w, channels], scale, -128);
        let window = Window { kernel: [KERNEL; 2], stride: [1; 2], padding: Padding::Same };
        let activation = FusedActivation::Relu;
        self.graph.ops.push(QOp::Conv2d {
            input: x.at,
            weight,
            bias,
            output: at,
            window,
            activation,
        });
        Values { at, shape, scale }
    }

    fn pool(&mut self, x: &Values) -> Values {
        let [h, w, c] = x.shape;
        let shape = [h / 2, w / 2, c];
        let at = self.activation(&[1, h / 2, w / 2, c], x.scale, -128);
        let window = Window { kernel: [2; 2], stride: [2; 2], padding: Padding::Valid };
        let activation = FusedActivation::None;
        self.graph.ops.push(QOp::MaxPool2d { input: x.at, output: at, window, activation });
        Values { at, shape, scale: x.scale }
    }
}

/// Returns the network.
pub(super) fn graph() -> QGraph {
    let graph = QGraph { tensors: Vec::new(), ops: Vec::new(), input: 0, output: 0 };
    let mut m = Maker { graph, stream: 10 };
    let shape = [SIZE, SIZE, CHANNELS[0]];
    let at = m.activation(&[1, SIZE, SIZE, CHANNELS[0]], INPUT_SCALE, 0);
    let mut x = Values { at, shape, scale: INPUT_SCALE };
    for channels in &CHANNELS[1..] {
        x = m.convolution(&x, *channels);
        x = m.pool(&x);
    }
    let n = x.shape.iter().product();
    let flat = m.activation(&[1, n], x.scale, -128);
    m.graph.ops.push(QOp::Reshape { input: x.at, output: flat });
    let (weight, bias, scale) = m.constants(&[CLASSES, n], x.scale);
    let output = m.activation(&[1, CLASSES], scale, 0);
    let activation = FusedActivation::None;
    m.graph.ops.push(QOp::FullyConnected { input: flat, weight, bias, output, activation });
    m.graph.output = output;
    m.graph
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_uses_its_eight_bits() {
        let graph = graph();
        let input: Vec<i8> = (0..SIZE * SIZE * 3).map(|i| (i * 37 % 256) as u8 as i8).collect();
        let y = super::super::plain::run(&graph, &input);
        assert_eq!(y.len(), CLASSES);
        // A network whose sums vanish or clamp would hide wrong kernels.
        assert!(y.iter().any(|v| v.abs() > 8) && y.iter().any(|v| v.abs() < 127), "{y:?}");
        assert!((multiply_adds() - 2_216_960.0).abs() < 0.5, "{}", multiply_adds());
    }
}

//! Runs a quantised graph on the host, with integers only.
//!
//! The graph is checked once, so that running it can neither fail nor read out of bounds. Weights are packed then, too;
//! layers with weights take all samples at once.

use super::check::{self, Factors};
use super::depthwise::depthwise;
use super::graph::{QData, QGraph, QOp, QTensor};
use super::requantize::Requantize;
use super::weights::{PackedWeights, shifted};
use super::{join, kernels, means};
use crate::nostd::prelude::*;
use crate::{Error, Result, dispatch};

/// A checked graph with its multipliers worked out.
#[derive(Debug, Clone)]
pub struct Engine {
    graph: QGraph,
    /// One for each operator.
    ready: Vec<Ready>,
}

/// What an operator needs besides the graph.
#[derive(Debug, Clone)]
enum Ready {
    /// A product of packed weights, with the bias that has the zero point of the input in it.
    Product(Requantize, PackedWeights, Vec<i32>),
    /// Anything else.
    Plain(Factors),
}

impl Ready {
    fn new(graph: &QGraph, op: &QOp, factors: Factors) -> Self {
        let (QOp::FullyConnected { weight, bias, .. } | QOp::Conv2d { weight, bias, .. }) = *op
        else {
            return Self::Plain(factors);
        };
        let Factors::Weights(rq) = factors else { return Self::Plain(factors) };
        let (w, b) = (bytes(&graph.tensors[weight]), words(&graph.tensors[bias]));
        let shifted = shifted(w, b, rq.input_zero);
        Self::Product(rq, PackedWeights::checked(w, b.len()), shifted)
    }
}

fn broken(op: usize, need: impl Into<String>) -> Error {
    Error::argument("quantized graph", "operator", op, need)
}

impl Engine {
    /// Checks `graph` and returns it ready to run.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] naming the first operator whose tensors do not fit each other: ids
    /// out of range, an input that nothing wrote, sizes that disagree, a quantisation the operator
    /// does not allow, or weights whose 32-bit sums could overflow.
    pub fn new(graph: QGraph) -> Result<Self> {
        let n = graph.tensors.len();
        let ids = [graph.input, graph.output]
            .into_iter()
            .chain(graph.ops.iter().flat_map(|op| op.inputs().into_iter().chain([op.output()])));
        if let Some(id) = ids.into_iter().find(|&id| id >= n) {
            return Err(Error::argument("quantized graph", "tensor id", id, format!("below {n}")));
        }
        for (id, t) in graph.tensors.iter().enumerate() {
            check::tensor(t)
                .map_err(|need| Error::argument("quantized graph", "tensor", id, need))?;
        }
        let mut written = vec![false; n];
        written[graph.input] = true;
        let mut ready = Vec::with_capacity(graph.ops.len());
        for (i, op) in graph.ops.iter().enumerate() {
            for id in op.inputs() {
                if matches!(graph.tensors[id].data, QData::Activation) && !written[id] {
                    return Err(broken(
                        i,
                        format!("run after the operator that writes tensor {id}"),
                    ));
                }
            }
            let factors = check::operator(&graph, op).map_err(|need| broken(i, need))?;
            ready.push(Ready::new(&graph, op, factors));
            written[op.output()] = true;
        }
        if !written[graph.output] {
            return Err(Error::argument(
                "quantized graph",
                "output",
                graph.output,
                "written by an operator",
            ));
        }
        Ok(Self { graph, ready })
    }

    /// Returns the graph.
    #[must_use]
    pub fn graph(&self) -> &QGraph {
        &self.graph
    }

    /// Returns the output codes for one sample.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `input` does not have the number of elements of the input tensor; what the slots of an
    /// installed course return.
    pub fn run(&self, input: &[i8]) -> Result<Vec<i8>> {
        let want = self.graph.tensors[self.graph.input].numel();
        if input.len() != want {
            return Err(Error::argument(
                "quantized graph",
                "input length",
                input.len(),
                want.to_string(),
            ));
        }
        self.samples(input, 1)
    }

    /// Returns the output codes for `n` samples, one after the other; the length of `input` fits.
    pub(super) fn samples(&self, input: &[i8], n: usize) -> Result<Vec<i8>> {
        let mut values: Vec<Vec<i8>> = vec![Vec::new(); self.graph.tensors.len()];
        values[self.graph.input] = input.to_vec();
        for (op, ready) in self.graph.ops.iter().zip(&self.ready) {
            let y = self.step(op, ready, &values, n)?;
            values[op.output()] = y;
        }
        Ok(core::mem::take(&mut values[self.graph.output]))
    }

    /// Returns what one operator writes.
    fn step(&self, op: &QOp, ready: &Ready, values: &[Vec<i8>], n: usize) -> Result<Vec<i8>> {
        let tensors = &self.graph.tensors;
        let (input, out) = (op.inputs()[0], &tensors[op.output()]);
        let (x, t) = (&values[input], &tensors[input]);
        let mut y = vec![0; n * out.numel()];
        // An operator on one sample after the other.
        let each = |y: &mut [i8], f: &dyn Fn(&[i8], &mut [i8])| {
            let (n_in, n_out) = (t.numel().max(1), out.numel().max(1));
            x.chunks_exact(n_in).zip(y.chunks_exact_mut(n_out)).for_each(|(x, y)| f(x, y));
        };
        match (op, ready) {
            (QOp::FullyConnected { weight, bias, .. }, Ready::Product(rq, packed, shifted)) => {
                let (w, b) = (bytes(&tensors[*weight]), words(&tensors[*bias]));
                dispatch::qlinear_rows(x, (w, b), (packed, shifted), rq, &mut y)?;
            }
            (QOp::Conv2d { window, .. }, Ready::Product(rq, packed, shifted)) => {
                kernels::conv2d_packed(x, image(t), (packed, shifted), window, rq, &mut y);
            }
            (
                QOp::DepthwiseConv2d { weight, bias, window, .. },
                Ready::Plain(Factors::Weights(rq)),
            ) => {
                let constants = (bytes(&tensors[*weight]), words(&tensors[*bias]));
                each(&mut y, &|x, y| depthwise(x, image(t), constants, window, rq, y));
            }
            (QOp::MaxPool2d { window, activation, .. }, _) => {
                let clamp = activation.clamp_range(t.quant.zero_points[0]);
                each(&mut y, &|x, y| kernels::max_pool2d(x, image(t), window, clamp, y));
            }
            (QOp::AvgPool2d { window, activation, .. }, _) => {
                let clamp = activation.clamp_range(t.quant.zero_points[0]);
                each(&mut y, &|x, y| means::avg_pool2d(x, image(t), window, clamp, y));
            }
            (QOp::Mean { .. }, Ready::Plain(Factors::Mean(scale))) => {
                each(&mut y, &|x, y| means::mean(x, image(t)[2], *scale, y));
            }
            (QOp::Add { inputs, .. }, Ready::Plain(Factors::Add(scale))) => {
                join::add(x, &values[inputs[1]], scale, &mut y);
            }
            (QOp::Pad { before, .. }, _) => {
                // The zero point of a checked graph has eight bits.
                y.fill(t.quant.zero_points[0] as i8);
                each(&mut y, &|x, y| join::pad(x, image(t), *before, image(out)[1], y));
            }
            (QOp::Softmax { .. }, _) => kernels::softmax(x, last(t), t.quant.scales[0], &mut y),
            (QOp::Reshape { .. }, _) => y.clone_from(x),
            // `new` gives every operator what it needs.
            (
                QOp::FullyConnected { .. }
                | QOp::Conv2d { .. }
                | QOp::DepthwiseConv2d { .. }
                | QOp::Mean { .. }
                | QOp::Add { .. },
                _,
            ) => {}
        }
        Ok(y)
    }
}

/// The constant bytes of a checked weight.
fn bytes(t: &QTensor) -> &[i8] {
    if let QData::I8(v) = &t.data { v } else { &[] }
}

/// The constant words of a checked bias.
fn words(t: &QTensor) -> &[i32] {
    if let QData::I32(v) = &t.data { v } else { &[] }
}

/// [H, W, C] of a checked image.
fn image(t: &QTensor) -> [usize; 3] {
    if let [_, h, w, c] = *t.shape { [h, w, c] } else { [0; 3] }
}

fn last(t: &QTensor) -> usize {
    t.shape.last().copied().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::super::graph::{FusedActivation, Padding, Quantization, Window};
    use super::*;

    fn activation(shape: &[usize]) -> QTensor {
        let quant = Quantization::per_tensor(1.0, 0);
        QTensor { name: "x".into(), shape: shape.to_vec(), quant, data: QData::Activation }
    }

    /// conv 2x2 of a 3x3 image -> relu -> pool 2 -> reshape -> dense 1 -> 2.
    fn small() -> QGraph {
        let window = Window { kernel: [2, 2], stride: [1, 1], padding: Padding::Valid };
        let constant = |shape: &[usize], data| QTensor { data, ..activation(shape) };
        QGraph {
            tensors: vec![
                activation(&[1, 3, 3, 1]),
                constant(&[1, 2, 2, 1], QData::I8(vec![1, -1, 1, -1])),
                constant(&[1], QData::I32(vec![1])),
                activation(&[1, 2, 2, 1]),
                activation(&[1, 1, 1, 1]),
                activation(&[1, 1]),
                constant(&[2, 1], QData::I8(vec![3, -2])),
                constant(&[2], QData::I32(vec![0, 5])),
                activation(&[1, 2]),
            ],
            ops: vec![
                QOp::Conv2d {
                    input: 0,
                    weight: 1,
                    bias: 2,
                    output: 3,
                    window,
                    activation: FusedActivation::Relu,
                },
                QOp::MaxPool2d { input: 3, output: 4, window, activation: FusedActivation::None },
                QOp::Reshape { input: 4, output: 5 },
                QOp::FullyConnected {
                    input: 5,
                    weight: 6,
                    bias: 7,
                    output: 8,
                    activation: FusedActivation::None,
                },
            ],
            input: 0,
            output: 8,
        }
    }

    #[test]
    fn a_chain_by_hand() {
        let engine = Engine::new(small()).unwrap();
        // Differences of columns plus 1: [[1+3-2-4+1, ...]] = -1, -1; 3+9-4-1+1 = 8, 4+1-6-2+1 = -2.
        let y = engine.run(&[1, 2, 4, 3, 4, 6, 9, 1, 2]).unwrap();
        assert_eq!(y, [24, -11]); // largest is 8: 3·8, 5 - 2·8
        assert!(engine.run(&[0; 8]).is_err(), "one element short");
    }

    #[test]
    fn graphs_that_do_not_fit_are_refused() {
        type Change = fn(&mut QGraph);
        let changes: [(&str, Change); 14] = [
            ("size", |g| g.tensors[0].shape = vec![1, usize::MAX, 2, 3]),
            ("id", |g| g.output = 9),
            ("op id", |g| g.ops[2] = QOp::Reshape { input: 4, output: 70 }),
            ("order", |g| g.ops.swap(0, 1)),
            ("never written", |g| g.ops.truncate(3)),
            ("weight columns", |g| g.tensors[6].shape = vec![1, 2]),
            ("bias length", |g| g.tensors[7] = g.tensors[2].clone()),
            ("constant length", |g| g.tensors[6].data = QData::I8(vec![1])),
            ("pool quantisation", |g| g.tensors[4].quant = Quantization::per_tensor(0.5, 0)),
            ("scale", |g| g.tensors[0].quant.scales[0] = 0.0),
            ("no scale", |g| {
                g.tensors[0].quant = Quantization { scales: vec![], zero_points: vec![], axis: 0 }
            }),
            ("zero point", |g| g.tensors[0].quant.zero_points[0] = 128),
            ("image rank", |g| g.tensors[0].shape = vec![1, 9]),
            ("overflow", |g| g.tensors[7].data = QData::I32(vec![i32::MAX, 0])),
        ];
        for (what, change) in changes {
            let mut g = small();
            change(&mut g);
            assert!(Engine::new(g).is_err(), "{what}");
        }
    }

    /// A border, a depthwise convolution of it, its sum with the input, means of windows, means of all.
    fn blocks() -> QGraph {
        let constant = |shape: &[usize], data| QTensor { data, ..activation(shape) };
        let none = FusedActivation::None;
        let window = |kernel, stride| Window {
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: Padding::Valid,
        };
        // The middle tap passes channel 0 on and doubles channel 1.
        let mut taps = vec![0; 18];
        (taps[8], taps[9]) = (1, 2);
        QGraph {
            tensors: vec![
                activation(&[1, 4, 4, 2]),
                activation(&[1, 6, 6, 2]),
                constant(&[1, 3, 3, 2], QData::I8(taps)),
                constant(&[2], QData::I32(vec![0, -3])),
                activation(&[1, 4, 4, 2]),
                activation(&[1, 4, 4, 2]),
                activation(&[1, 2, 2, 2]),
                activation(&[1, 2]),
            ],
            ops: vec![
                QOp::Pad { input: 0, output: 1, before: [1; 2], after: [1; 2] },
                QOp::DepthwiseConv2d {
                    input: 1,
                    weight: 2,
                    bias: 3,
                    output: 4,
                    window: window(3, 1),
                    activation: none,
                },
                QOp::Add { inputs: [0, 4], output: 5, activation: none },
                QOp::AvgPool2d { input: 5, output: 6, window: window(2, 2), activation: none },
                QOp::Mean { input: 6, output: 7 },
            ],
            input: 0,
            output: 7,
        }
    }

    #[test]
    fn blocks_by_hand() {
        let engine = Engine::new(blocks()).unwrap();
        // Channel 0 is 3 everywhere: 3 + 3. Channel 1 is 5: 5 + 2·5 - 3.
        let x: Vec<i8> = [3, 5].into_iter().cycle().take(32).collect();
        assert_eq!(engine.run(&x).unwrap(), [6, 12]);
        // Two samples at once are the two alone.
        let other: Vec<i8> = (0..32).map(|i| i * 3 % 50 - 20).collect();
        let both = engine.samples(&[&x[..], &other[..]].concat(), 2).unwrap();
        assert_eq!(both, [engine.run(&x).unwrap(), engine.run(&other).unwrap()].concat());
    }

    #[test]
    fn blocks_that_do_not_fit_are_refused() {
        type Change = fn(&mut QGraph);
        let changes: [(&str, Change); 9] = [
            ("small border", |g| g.tensors[1].shape = vec![1, 5, 6, 2]),
            ("border quantisation", |g| g.tensors[1].quant = Quantization::per_tensor(2.0, 0)),
            ("filters of half a channel", |g| {
                g.tensors[2] =
                    QTensor { data: QData::I8(vec![0; 27]), ..activation(&[1, 3, 3, 3]) };
            }),
            ("scales along another axis", |g| {
                g.tensors[2].quant = Quantization::along(1, vec![1.0; 3]);
            }),
            ("a bias too large", |g| g.tensors[3].data = QData::I32(vec![0, i32::MIN])),
            ("operands of two shapes", |g| {
                g.ops[2] =
                    QOp::Add { inputs: [1, 4], output: 5, activation: FusedActivation::None };
            }),
            ("a sum too fine", |g| g.tensors[5].quant = Quantization::per_tensor(1e-9, 0)),
            ("a mean of another shape", |g| g.tensors[7].shape = vec![1, 2, 1]),
            ("a constant as an operand", |g| {
                g.ops[2] =
                    QOp::Add { inputs: [0, 2], output: 5, activation: FusedActivation::None };
            }),
        ];
        for (what, change) in changes {
            let mut g = blocks();
            change(&mut g);
            assert!(Engine::new(g).is_err(), "{what}");
        }
        // A window that covers more than 32 bits can sum.
        let mut g = blocks();
        let window = Window { kernel: [1 << 12; 2], stride: [2; 2], padding: Padding::Same };
        g.ops[3] =
            QOp::AvgPool2d { input: 5, output: 6, window, activation: FusedActivation::None };
        assert!(Engine::new(g).unwrap_err().to_string().contains("8388608"));
    }
}

//! Runs a quantised graph on the host, with integers only.
//!
//! The graph is checked once, so that running it can neither fail nor read out of bounds. Weights are packed then, too;
//! layers with weights take all samples at once.

use super::fixed::Multiplier;
use super::graph::{FusedActivation, QData, QGraph, QOp, QTensor, TensorId};
use super::kernels;
use super::requantize::Requantize;
use super::weights::{PackedWeights, shifted};
use crate::nostd::prelude::*;
use crate::{Error, Result, dispatch};

/// A checked graph with its multipliers worked out.
#[derive(Debug, Clone)]
pub struct Engine {
    graph: QGraph,
    /// One for each operator, if it has weights.
    layers: Vec<Option<Layer>>,
}

/// What a layer with weights needs besides the graph.
#[derive(Debug, Clone)]
struct Layer {
    rq: Requantize,
    packed: PackedWeights,
    /// The bias with the zero point of the input in it.
    bias: Vec<i32>,
}

impl Layer {
    fn new(rq: Requantize, weight: &[i8], bias: &[i32]) -> Self {
        let packed = PackedWeights::checked(weight, bias.len());
        let bias = shifted(weight, bias, rq.input_zero);
        Self { rq, packed, bias }
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
            check_tensor(t)
                .map_err(|need| Error::argument("quantized graph", "tensor", id, need))?;
        }
        let mut written = vec![false; n];
        written[graph.input] = true;
        let mut layers = Vec::with_capacity(graph.ops.len());
        for (i, op) in graph.ops.iter().enumerate() {
            for id in op.inputs() {
                if matches!(graph.tensors[id].data, QData::Activation) && !written[id] {
                    return Err(broken(
                        i,
                        format!("run after the operator that writes tensor {id}"),
                    ));
                }
            }
            let rq = check_op(&graph, op).map_err(|need| broken(i, need))?;
            layers.push(rq.zip(constants(&graph, op)).map(|(rq, (w, b))| Layer::new(rq, w, b)));
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
        Ok(Self { graph, layers })
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
        for (op, layer) in self.graph.ops.iter().zip(&self.layers) {
            let y = self.step(op, layer.as_ref(), &values, n)?;
            values[op.output()] = y;
        }
        Ok(core::mem::take(&mut values[self.graph.output]))
    }

    /// Returns what one operator writes.
    fn step(
        &self,
        op: &QOp,
        layer: Option<&Layer>,
        values: &[Vec<i8>],
        n: usize,
    ) -> Result<Vec<i8>> {
        let tensors = &self.graph.tensors;
        let (input, out) = (op.inputs()[0], &tensors[op.output()]);
        let (x, t) = (&values[input], &tensors[input]);
        let mut y = vec![0; n * out.numel()];
        match (op, layer) {
            (
                QOp::FullyConnected { weight, bias, .. },
                Some(Layer { rq, packed, bias: shifted }),
            ) => {
                let (w, b) = (bytes(&tensors[*weight]), words(&tensors[*bias]));
                dispatch::qlinear_rows(x, (w, b), (packed, shifted), rq, &mut y)?;
            }
            (QOp::Conv2d { window, .. }, Some(Layer { rq, packed, bias })) => {
                kernels::conv2d_packed(x, image(t), (packed, bias), window, rq, &mut y);
            }
            (QOp::MaxPool2d { window, activation, .. }, _) => {
                let clamp = activation.clamp_range(t.quant.zero_points[0]);
                let (n_in, n_out) = (t.numel().max(1), out.numel().max(1));
                for (x, y) in x.chunks_exact(n_in).zip(y.chunks_exact_mut(n_out)) {
                    kernels::max_pool2d(x, image(t), window, clamp, y);
                }
            }
            (QOp::Softmax { .. }, _) => kernels::softmax(x, last(t), t.quant.scales[0], &mut y),
            (QOp::Reshape { .. }, _) => y.clone_from(x),
            // `new` gives every operator with weights what it needs.
            (QOp::FullyConnected { .. } | QOp::Conv2d { .. }, None) => {}
        }
        Ok(y)
    }
}

/// Weight and bias of a checked operator, if it has them.
fn constants<'a>(graph: &'a QGraph, op: &QOp) -> Option<(&'a [i8], &'a [i32])> {
    match *op {
        QOp::FullyConnected { weight, bias, .. } | QOp::Conv2d { weight, bias, .. } => {
            Some((bytes(&graph.tensors[weight]), words(&graph.tensors[bias])))
        }
        QOp::MaxPool2d { .. } | QOp::Reshape { .. } | QOp::Softmax { .. } => None,
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

fn check_tensor(t: &QTensor) -> Result<(), &'static str> {
    let stored = match &t.data {
        QData::Activation => t.numel(),
        QData::I8(v) => v.len(),
        QData::I32(v) => v.len(),
    };
    let q = &t.quant;
    if i32::try_from(t.numel()).is_err() {
        Err("of at most 2147483647 elements")
    } else if stored != t.numel() {
        Err("a constant with as many elements as its shape says")
    } else if q.scales.is_empty() || q.scales.len() != q.zero_points.len() {
        Err("given as many zero points as scales, at least one")
    } else if q.scales.len() > 1 && t.shape.get(q.axis) != Some(&q.scales.len()) {
        Err("given one scale for each index of its quantised axis")
    } else if !q.scales.iter().all(|s| s.is_finite() && *s > 0.0) {
        Err("given positive, finite scales")
    } else if !q.zero_points.iter().all(|z| (-128..=127).contains(z)) {
        Err("given zero points in -128 ..= 127")
    } else if matches!(t.data, QData::Activation)
        && (t.shape.first() != Some(&1) || q.scales.len() != 1)
    {
        Err("an activation of one sample with one scale")
    } else {
        Ok(())
    }
}

fn check_op(graph: &QGraph, op: &QOp) -> Result<Option<Requantize>, &'static str> {
    let t = |id: TensorId| &graph.tensors[id];
    let out = t(op.output());
    if !matches!(out.data, QData::Activation)
        || !matches!(t(op.inputs()[0]).data, QData::Activation)
    {
        return Err("reading and writing activations");
    }
    let input = t(op.inputs()[0]);
    match op {
        QOp::FullyConnected { weight, bias, activation, .. } => {
            let [outs, ins] = *t(*weight).shape else { return Err("given a weight [out, in]") };
            if ins != input.numel() || out.numel() != outs {
                return Err("given a weight that fits its input and output");
            }
            factors(input, t(*weight), t(*bias), out, *activation).map(Some)
        }
        QOp::Conv2d { weight, bias, window, activation, .. } => {
            let [outs, kh, kw, channels] = *t(*weight).shape else {
                return Err("given a weight [out, kh, kw, in]");
            };
            let ([_, h, w, c], [_, oh, ow, oc]) = (rank4(input)?, rank4(out)?);
            let fits = window.resolve([h, w]).is_some_and(|(size, _)| size == [oh, ow]);
            if !fits || channels != c || oc != outs || [kh, kw] != window.kernel {
                return Err("given a weight and a window that fit its input and output");
            }
            factors(input, t(*weight), t(*bias), out, *activation).map(Some)
        }
        QOp::MaxPool2d { window, .. } => {
            let ([_, h, w, c], [_, oh, ow, oc]) = (rank4(input)?, rank4(out)?);
            if c != oc || window.resolve([h, w]).is_none_or(|(size, _)| size != [oh, ow]) {
                return Err("given a window that fits its input and output");
            }
            same_quantisation(input, out)
        }
        QOp::Reshape { .. } if input.numel() != out.numel() => {
            Err("keeping the number of elements")
        }
        QOp::Reshape { .. } => same_quantisation(input, out),
        QOp::Softmax { .. } => {
            #[expect(clippy::float_cmp, reason = "the scale is exactly a power of two")]
            let scaled = out.quant.scales[0] == 1.0 / 256.0 && out.quant.zero_points[0] == -128;
            if scaled && input.shape == out.shape {
                Ok(None)
            } else {
                Err("keeping the shape and giving scale 1/256, zero point -128")
            }
        }
    }
}

fn rank4(t: &QTensor) -> Result<[usize; 4], &'static str> {
    t.shape.as_slice().try_into().map_err(|_| "given images [1, H, W, C]")
}

fn same_quantisation(input: &QTensor, out: &QTensor) -> Result<Option<Requantize>, &'static str> {
    if input.quant == out.quant {
        Ok(None)
    } else {
        Err("given equal quantisation at input and output")
    }
}

fn factors(
    input: &QTensor,
    weight: &QTensor,
    bias: &QTensor,
    out: &QTensor,
    activation: FusedActivation,
) -> Result<Requantize, &'static str> {
    let (QData::I8(w), QData::I32(b)) = (&weight.data, &bias.data) else {
        return Err("given 8-bit weights and a 32-bit bias");
    };
    let channels = weight.shape[0];
    if b.len() != channels
        || weight.quant.zero_points.iter().any(|&z| z != 0)
        || weight.quant.axis != 0
    {
        return Err(
            "given symmetric weights along the first axis and a bias for each output channel",
        );
    }
    let ends = |t: &QTensor| (t.quant.scales[0], t.quant.zero_points[0]);
    let rq = match *weight.quant.scales {
        [scale] if weight.shape.len() == 2 => {
            Requantize::shared(ends(input), scale, ends(out), activation, channels)
        }
        [scale] => Requantize::new(ends(input), &vec![scale; channels], ends(out), activation),
        ref scales => Requantize::new(ends(input), scales, ends(out), activation),
    };
    if rq.multipliers.iter().any(|m: &Multiplier| m.shift > 30) {
        return Err("given an output scale that is not far finer than the products");
    }
    if !kernels::sum_fits(w, b, &rq.multipliers) {
        return Err("given weights and a bias whose 32-bit sums cannot overflow");
    }
    Ok(rq)
}

#[cfg(test)]
mod tests {
    use super::super::graph::{Padding, Quantization, Window};
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
}

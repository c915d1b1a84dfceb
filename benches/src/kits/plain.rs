//! The int8 operators as their definition reads: nested loops, one product at a time.

use tinytorch_core::quant::QGraph;
use tinytorch_core::quant::fixed::Multiplier;
use tinytorch_core::quant::graph::{FusedActivation, QData, QOp, QTensor, Window};

/// Returns the output codes of `graph` for `input`.
pub(super) fn run(graph: &QGraph, input: &[i8]) -> Vec<i8> {
    let mut values: Vec<Vec<i8>> = vec![Vec::new(); graph.tensors.len()];
    values[graph.input] = input.to_vec();
    for op in &graph.ops {
        let (from, to) = (&graph.tensors[op.inputs()[0]], &graph.tensors[op.output()]);
        let x = &values[op.inputs()[0]];
        let y = match op {
            QOp::Conv2d { weight, bias, window, activation, .. } => {
                let layer = Layer::new(
                    [from, &graph.tensors[*weight], &graph.tensors[*bias], to],
                    *activation,
                );
                convolution(
                    x,
                    &from.shape,
                    &layer,
                    &graph.tensors[*weight].shape,
                    &to.shape,
                    window,
                )
            }
            QOp::FullyConnected { weight, bias, activation, .. } => {
                let layer = Layer::new(
                    [from, &graph.tensors[*weight], &graph.tensors[*bias], to],
                    *activation,
                );
                dense(x, &layer)
            }
            QOp::MaxPool2d { window, .. } => max_pool(x, &from.shape, &to.shape, window),
            QOp::Reshape { .. } | QOp::Softmax { .. } => x.clone(),
            other => unreachable!("the networks of this program have no {other:?}"),
        };
        values[op.output()] = y;
    }
    values[graph.output].clone()
}

/// What an operator with weights needs.
struct Layer<'g> {
    weight: &'g [i8],
    bias: &'g [i32],
    multipliers: Vec<Multiplier>,
    zero_in: i32,
    zero_out: i32,
    low: i32,
}

impl<'g> Layer<'g> {
    fn new([x, weight, bias, y]: [&'g QTensor; 4], activation: FusedActivation) -> Self {
        let real =
            |w: &f32| f64::from(x.quant.scales[0]) * f64::from(*w) / f64::from(y.quant.scales[0]);
        let zero_out = y.quant.zero_points[0];
        Self {
            weight: if let QData::I8(codes) = &weight.data { codes } else { &[] },
            bias: if let QData::I32(sums) = &bias.data { sums } else { &[] },
            multipliers: weight.quant.scales.iter().map(|w| Multiplier::encode(real(w))).collect(),
            zero_in: x.quant.zero_points[0],
            zero_out,
            low: if activation == FusedActivation::Relu { zero_out } else { -128 },
        }
    }

    fn finish(&self, sum: i32, channel: usize) -> i8 {
        (self.multipliers[channel].apply(sum + self.bias[channel]) + self.zero_out)
            .clamp(self.low, 127) as i8
    }
}

/// Shapes are `[1, H, W, C]`, weights `[out, kh, kw, C]`.
fn convolution(
    x: &[i8],
    from: &[usize],
    layer: &Layer<'_>,
    kernel: &[usize],
    to: &[usize],
    window: &Window,
) -> Vec<i8> {
    let (h, w, c) = (from[1], from[2], from[3]);
    let [_, [top, left]] = window.resolve([h, w]).map_or([[0; 2]; 2], |(size, pad)| [size, pad]);
    let mut y = Vec::with_capacity(to.iter().product());
    for row in 0..to[1] {
        for column in 0..to[2] {
            for out in 0..to[3] {
                let mut sum = 0;
                for dy in 0..kernel[1] {
                    for dx in 0..kernel[2] {
                        let (at_y, at_x) =
                            (row * window.stride[0] + dy, column * window.stride[1] + dx);
                        let (Some(at_y), Some(at_x)) =
                            (at_y.checked_sub(top), at_x.checked_sub(left))
                        else {
                            continue;
                        };
                        if at_y >= h || at_x >= w {
                            continue;
                        }
                        for channel in 0..c {
                            let value =
                                i32::from(x[(at_y * w + at_x) * c + channel]) - layer.zero_in;
                            let tap = ((out * kernel[1] + dy) * kernel[2] + dx) * c + channel;
                            sum += value * i32::from(layer.weight[tap]);
                        }
                    }
                }
                y.push(layer.finish(sum, out));
            }
        }
    }
    y
}

fn dense(x: &[i8], layer: &Layer<'_>) -> Vec<i8> {
    let rows = layer.weight.chunks_exact(x.len()).enumerate();
    rows.map(|(out, row)| {
        let products =
            x.iter().zip(row).map(|(x, w)| (i32::from(*x) - layer.zero_in) * i32::from(*w));
        layer.finish(products.sum(), out)
    })
    .collect()
}

/// Windows that lie inside the image.
fn max_pool(x: &[i8], from: &[usize], to: &[usize], window: &Window) -> Vec<i8> {
    let (w, c) = (from[2], from[3]);
    let mut y = Vec::with_capacity(to.iter().product());
    for row in 0..to[1] {
        for column in 0..to[2] {
            for channel in 0..c {
                let mut largest = i8::MIN;
                for dy in 0..window.kernel[0] {
                    for dx in 0..window.kernel[1] {
                        let at = (row * window.stride[0] + dy) * w + column * window.stride[1] + dx;
                        largest = largest.max(x[at * c + channel]);
                    }
                }
                y.push(largest);
            }
        }
    }
    y
}

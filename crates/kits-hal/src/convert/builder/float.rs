//! The layers in floating point: what calibration sees, and what a quantized network is held against.

use super::{Activation, BuildError, GraphBuilder, Layer, Step, Window};

/// Returns the elements of every tensor, in the order of their definition.
pub(super) fn run(g: &GraphBuilder, inputs: &[&[f32]]) -> Result<Vec<Vec<f32>>, BuildError> {
    let mut values: Vec<Vec<f32>> = vec![Vec::new(); g.tensors.len()];
    for (i, &t) in g.inputs.iter().enumerate() {
        let need = g.tensors[t].shape.iter().product();
        let have = inputs.get(i).map_or(0, |x| x.len());
        if have != need || inputs.len() != g.inputs.len() {
            return Err(BuildError::InputLength { input: i, need, have });
        }
        values[t] = inputs[i].to_vec();
    }
    for step in &g.steps {
        values[step.output] = layer(g, step, &values);
    }
    Ok(values)
}

fn layer(g: &GraphBuilder, step: &Step, values: &[Vec<f32>]) -> Vec<f32> {
    let x = &values[step.inputs[0]];
    let (from, to) = (&g.tensors[step.inputs[0]].shape, &g.tensors[step.output].shape);
    match &step.layer {
        Layer::Conv2d { filters, bias, window, activation } => {
            let c_in = from[3];
            windows(window, from, to, |o, taps| {
                let filter = &filters[o * window.kernel[0] * window.kernel[1] * c_in..];
                let mut sum = f64::from(bias[o]);
                for &(tap, at) in taps {
                    let products = x[at..at + c_in].iter().zip(&filter[tap * c_in..]);
                    sum += products.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
                }
                activation.of(sum)
            })
        }
        Layer::DepthwiseConv2d { filters, bias, window, activation } => {
            let (c_out, multiplier) = (bias.len(), bias.len() / from[3]);
            windows(window, from, to, |o, taps| {
                let products = taps.iter().map(|&(tap, at)| {
                    f64::from(x[at + o / multiplier]) * f64::from(filters[tap * c_out + o])
                });
                activation.of(f64::from(bias[o]) + products.sum::<f64>())
            })
        }
        Layer::Dense { weights, bias, activation } => {
            let n = x.len() / from[0];
            x.chunks_exact(n)
                .flat_map(|row| {
                    weights.chunks_exact(n).zip(bias).map(|(w, &b)| {
                        let products = row.iter().zip(w);
                        let sum: f64 = products.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                        activation.of(sum + f64::from(b))
                    })
                })
                .collect()
        }
        Layer::AveragePool2d(window) => windows(window, from, to, |o, taps| {
            let sum: f64 = taps.iter().map(|&(_, at)| f64::from(x[at + o])).sum();
            Activation::None.of(sum / taps.len().max(1) as f64)
        }),
        Layer::MaxPool2d(window) => windows(window, from, to, |o, taps| {
            taps.iter().map(|&(_, at)| x[at + o]).fold(f32::NEG_INFINITY, f32::max)
        }),
        Layer::GlobalMean => {
            let (pixels, channels) = (from[1] * from[2], from[3]);
            let mean = |b: usize, c: usize| {
                let sum: f64 =
                    (0..pixels).map(|p| f64::from(x[(b * pixels + p) * channels + c])).sum();
                Activation::None.of(sum / pixels as f64)
            };
            (0..from[0]).flat_map(|b| (0..channels).map(move |c| mean(b, c))).collect()
        }
        Layer::Add(activation) => {
            let other = &values[step.inputs[1]];
            x.iter().zip(other).map(|(&a, &b)| activation.of(f64::from(a) + f64::from(b))).collect()
        }
        Layer::Reshape(_) => x.clone(),
        Layer::Relu => x.iter().map(|&v| Activation::Relu.of(v.into())).collect(),
        Layer::Relu6 => x.iter().map(|&v| Activation::Relu6.of(v.into())).collect(),
        Layer::Logistic => x.iter().map(|&v| 1.0 / (1.0 + libm::expf(-v))).collect(),
        Layer::Tanh => x.iter().map(|&v| libm::tanhf(v)).collect(),
        Layer::Softmax => x.chunks_exact(to[to.len() - 1]).flat_map(softmax).collect(),
    }
}

fn softmax(row: &[f32]) -> Vec<f32> {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = row.iter().map(|&v| libm::expf(v - most)).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|p| p / sum).collect()
}

impl Activation {
    #[expect(clippy::cast_possible_truncation, reason = "sums are kept in f64 and stored as f32")]
    fn of(self, v: f64) -> f32 {
        let v = v as f32;
        match self {
            Self::None => v,
            Self::Relu => v.max(0.0),
            Self::Relu6 => v.clamp(0.0, 6.0),
        }
    }
}

/// Calls `f` with every output channel and the taps inside the image: their number in the window,
/// and where their first channel lies.
fn windows(
    window: &Window,
    from: &[usize],
    to: &[usize],
    mut f: impl FnMut(usize, &[(usize, usize)]) -> f32,
) -> Vec<f32> {
    let before = [0, 1].map(|i| window.axis(i, from[i + 1]).map_or(0, |(_, before)| before));
    let mut out = Vec::with_capacity(to.iter().product());
    let mut taps = Vec::new();
    for b in 0..to[0] {
        for row in 0..to[1] {
            for column in 0..to[2] {
                taps.clear();
                for i in 0..window.kernel[0] {
                    for j in 0..window.kernel[1] {
                        let r = (row * window.stride[0] + i).checked_sub(before[0]);
                        let c = (column * window.stride[1] + j).checked_sub(before[1]);
                        if let (Some(r), Some(c)) = (r, c)
                            && r < from[1]
                            && c < from[2]
                        {
                            let at = ((b * from[1] + r) * from[2] + c) * from[3];
                            taps.push((i * window.kernel[1] + j, at));
                        }
                    }
                }
                out.extend((0..to[3]).map(|o| f(o, &taps)));
            }
        }
    }
    out
}

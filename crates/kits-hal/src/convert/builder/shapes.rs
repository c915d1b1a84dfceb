//! The shape a layer gives, and the checks that come before it.

use super::{BuildError, Layer, Padding, Window};

type Result<T> = core::result::Result<T, BuildError>;

impl Window {
    /// Returns the output length of axis `i` and the elements before its start.
    pub(super) fn axis(&self, i: usize, input: usize) -> Option<(usize, usize)> {
        let (k, stride) = (self.kernel[i], self.stride[i]);
        if k == 0 || stride == 0 {
            return None;
        }
        match self.padding {
            Padding::Same => {
                let output = input.div_ceil(stride);
                Some((output, ((output - 1) * stride + k).saturating_sub(input) / 2))
            }
            Padding::Valid => Some(((input + stride).checked_sub(k)? / stride, 0)),
        }
    }

    fn image(&self, shape: &[usize], channels: usize) -> Option<Vec<usize>> {
        let [batch, rows, columns, _] = *shape else { return None };
        let (rows, _) = self.axis(0, rows)?;
        let (columns, _) = self.axis(1, columns)?;
        (rows > 0 && columns > 0).then(|| vec![batch, rows, columns, channels])
    }

    const fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }
}

/// Returns the shape of a layer's output.
pub(super) fn output(layer: &Layer, inputs: &[&[usize]], position: usize) -> Result<Vec<usize>> {
    let need = if matches!(layer, Layer::Add(_)) { 2 } else { 1 };
    if inputs.len() != need {
        return Err(BuildError::Inputs { layer: position, need, have: inputs.len() });
    }
    let x = inputs[0];
    let bad = BuildError::Shape { layer: position };
    let channels = x[x.len() - 1];
    match layer {
        Layer::Conv2d { filters, bias, window, .. } => {
            let shape = window.image(x, bias.len()).ok_or(bad)?;
            weights(position, filters, bias, bias.len() * window.taps() * channels)?;
            Ok(shape)
        }
        Layer::DepthwiseConv2d { filters, bias, window, .. } => {
            let shape = window.image(x, bias.len()).ok_or(bad)?;
            if bias.is_empty() || !bias.len().is_multiple_of(channels) {
                return Err(bad);
            }
            weights(position, filters, bias, bias.len() * window.taps())?;
            Ok(shape)
        }
        Layer::Dense { weights: matrix, bias, .. } => {
            let inputs: usize = x[1..].iter().product();
            if x.len() < 2 {
                return Err(bad);
            }
            weights(position, matrix, bias, bias.len() * inputs)?;
            Ok(vec![x[0], bias.len()])
        }
        Layer::AveragePool2d(window) | Layer::MaxPool2d(window) => {
            window.image(x, channels).ok_or(bad)
        }
        Layer::GlobalMean => match *x {
            [batch, _, _, channels] => Ok(vec![batch, channels]),
            _ => Err(bad),
        },
        Layer::Add(_) => (x == inputs[1]).then(|| x.to_vec()).ok_or(bad),
        Layer::Reshape(shape) => {
            let elements = |s: &[usize]| s.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
            (elements(shape) == elements(x)).then(|| shape.clone()).ok_or(bad)
        }
        Layer::Relu | Layer::Relu6 | Layer::Logistic | Layer::Tanh | Layer::Softmax => {
            Ok(x.to_vec())
        }
    }
}

fn weights(layer: usize, weights: &[f32], bias: &[f32], need: usize) -> Result<()> {
    if weights.len() != need || need == 0 {
        return Err(BuildError::Weights { layer, need, have: weights.len() });
    }
    if weights.iter().chain(bias).any(|w| !w.is_finite()) {
        return Err(BuildError::NotFinite { layer });
    }
    Ok(())
}

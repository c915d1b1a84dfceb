//! What a network costs before it runs: operations, parameters and bytes, layer by layer.
//!
//! Counting needs shapes, not data. One multiplication and one addition are two operations; biases, clamps and comparisons
//! are not counted, as is usual, and a layer of unknown kind is an error instead of a guess.

use crate::nostd::prelude::*;
use crate::{
    Error, Result,
    dispatch::{self, Work},
    nn::{Conv2d, Kind, Linear, MaxPool2d, ModuleExt, Sequential},
};

const OP: &str = "count";
/// Bytes of an `f32`.
const FLOAT: usize = 4;

/// The cost of one layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerCost {
    /// Kind of the layer.
    pub name: String,
    /// Sizes of the output, batch axis included.
    pub output_shape: Vec<usize>,
    /// Floating-point operations: twice the multiply-adds.
    pub flops: u64,
    /// Numbers that training changes.
    pub parameters: usize,
    /// Bytes of the parameters as they are stored now.
    pub parameter_bytes: usize,
    /// Bytes of the output in `f32`.
    pub activation_bytes: usize,
}

/// The cost of a network for one input shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// The layers in order, nested chains opened.
    pub layers: Vec<LayerCost>,
    /// Bytes of the input in `f32`.
    pub input_bytes: usize,
}

impl Cost {
    /// Returns the floating-point operations of one forward pass.
    #[must_use]
    pub fn flops(&self) -> u64 {
        self.layers.iter().map(|l| l.flops).fold(0, u64::saturating_add)
    }

    /// Returns the multiply-adds of one forward pass.
    #[must_use]
    pub fn macs(&self) -> u64 {
        self.flops() / 2
    }

    /// Returns how many numbers training changes.
    #[must_use]
    pub fn parameters(&self) -> usize {
        total(self.layers.iter().map(|l| l.parameters))
    }

    /// Returns the bytes of the parameters as they are stored now.
    #[must_use]
    pub fn parameter_bytes(&self) -> usize {
        total(self.layers.iter().map(|l| l.parameter_bytes))
    }

    /// Returns the bytes of all activations, the input included, if every one is kept.
    #[must_use]
    pub fn activation_bytes(&self) -> usize {
        total(
            core::iter::once(self.input_bytes)
                .chain(self.layers.iter().map(|l| l.activation_bytes)),
        )
    }

    /// Returns the bytes of the largest pair of input and output of one layer: what must exist at once.
    #[must_use]
    pub fn peak_activation_bytes(&self) -> usize {
        let sizes = core::iter::once(self.input_bytes)
            .chain(self.layers.iter().map(|l| l.activation_bytes));
        let outputs = self.layers.iter().map(|l| l.activation_bytes);
        sizes.zip(outputs).map(|(a, b)| a.saturating_add(b)).max().unwrap_or(self.input_bytes)
    }
}

/// Sums without overflow: a number too large to hold stays at the largest one.
fn total(parts: impl Iterator<Item = usize>) -> usize {
    parts.fold(0, usize::saturating_add)
}

/// Multiplies without overflow.
fn product(sizes: &[usize]) -> usize {
    sizes.iter().fold(1, |n, &size| n.saturating_mul(size))
}

/// Returns the cost of `model` for inputs of `input_shape`, [N, F] or [N, C, H, W].
///
/// # Errors
///
/// - [`Error::ShapeMismatch`] or [`Error::InvalidArgument`] if a layer does not accept what reaches it.
/// - [`Error::InvalidArgument`] naming a layer whose operations are not known.
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{Linear, Sequential};
/// use tinytorch_core::{Rng, count};
///
/// let model = Sequential::new().push(Linear::new(128, 64, &mut Rng::seed(0))?);
/// let cost = count::count(&model, &[1, 128])?;
/// assert_eq!((cost.flops(), cost.parameter_bytes()), (16_384, 4 * (128 * 64 + 64)));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn count(model: &Sequential, input_shape: &[usize]) -> Result<Cost> {
    let mut shape = input_shape.to_vec();
    let mut layers = Vec::new();
    for kind in model.kinds() {
        let (output_shape, work) = match kind {
            Kind::Linear(l) => linear(l, &shape)?,
            Kind::Conv2d(l) => conv(l, &shape)?,
            Kind::MaxPool2d(l) => (pool(l, &shape)?, Work::Free),
            Kind::Relu => (shape.clone(), Work::Free),
            Kind::Flatten => (flat(&shape)?, Work::Free),
            other => {
                return Err(Error::argument(
                    OP,
                    "layer",
                    other.name(),
                    "of a kind whose operations are known",
                ));
            }
        };
        let params = match kind {
            Kind::Linear(l) => l.parameters(),
            Kind::Conv2d(l) => l.parameters(),
            _ => Vec::new(),
        };
        let shapes: Vec<&[usize]> = params.iter().map(|p| p.shape().dims()).collect();
        layers.push(LayerCost {
            name: kind.name().to_owned(),
            flops: dispatch::count_flops(work)?,
            parameters: dispatch::count_parameters(&shapes)?,
            parameter_bytes: dispatch::model_bytes(
                params.iter().map(|p| (p.numel(), p.dtype().size())),
            ),
            activation_bytes: dispatch::activation_bytes(&output_shape, FLOAT)?,
            output_shape: output_shape.clone(),
        });
        shape = output_shape;
    }
    Ok(Cost { layers, input_bytes: dispatch::activation_bytes(input_shape, FLOAT)? })
}

fn mismatch(got: &[usize], need: &[usize], detail: String) -> Error {
    let rule = "each layer must accept the shape that the one before it gives";
    Error::shapes(
        OP,
        (got, need),
        detail,
        rule,
        "check the input shape and the sizes of the layers",
    )
}

fn linear(layer: &Linear, shape: &[usize]) -> Result<(Vec<usize>, Work)> {
    let (n_in, n_out) = layer.sizes();
    match shape {
        [rest @ .., last] if *last == n_in => {
            let work = Work::Linear { rows: product(rest), n_in, n_out };
            Ok((rest.iter().copied().chain([n_out]).collect(), work))
        }
        _ => Err(mismatch(shape, &[n_in], format!("a Linear of {n_in} inputs"))),
    }
}

fn conv(layer: &Conv2d, shape: &[usize]) -> Result<(Vec<usize>, Work)> {
    let &[n_out, group_in, kh, kw] = &layer.weight().shape()[..] else {
        return Err(Error::argument(OP, "weight", "not of rank 4", "[out, in, kh, kw]"));
    };
    let channels = group_in * layer.opts().groups;
    let &[n, c, h, w] = shape else {
        return Err(mismatch(
            shape,
            &[0, channels, 0, 0],
            format!("a Conv2d of {channels} channels"),
        ));
    };
    if c != channels {
        return Err(mismatch(
            shape,
            &[n, channels, h, w],
            format!("a Conv2d of {channels} channels"),
        ));
    }
    let [oh, ow] = layer.output_size([h, w])?;
    let out = vec![n, n_out, oh, ow];
    let work = Work::Conv2d { outputs: product(&out), window: group_in * kh * kw };
    Ok((out, work))
}

fn pool(layer: &MaxPool2d, shape: &[usize]) -> Result<Vec<usize>> {
    let &[n, c, h, w] = shape else {
        return Err(mismatch(shape, &[0; 4], "a MaxPool2d needs [N, C, H, W]".to_owned()));
    };
    let [oh, ow] = layer.output_size([h, w])?;
    Ok(vec![n, c, oh, ow])
}

fn flat(shape: &[usize]) -> Result<Vec<usize>> {
    match shape {
        [n, rest @ ..] => Ok(vec![*n, product(rest)]),
        [] => Err(mismatch(shape, &[0], "a Flatten needs a batch axis".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Rng,
        nn::{Flatten, Relu},
    };

    /// The small digit network, by hand: 3x3 windows fit 6x6 times; 2x2 pooling leaves 3x3.
    #[test]
    fn cnn_by_hand() {
        let rng = &mut Rng::seed(0);
        let model = Sequential::new()
            .push(Conv2d::new(1, 8, 3, rng).unwrap())
            .push(Relu)
            .push(MaxPool2d::new(2).unwrap())
            .push(Flatten)
            .push(Linear::new(72, 10, rng).unwrap());
        let cost = count(&model, &[2, 1, 8, 8]).unwrap();
        let shapes: Vec<_> = cost.layers.iter().map(|l| l.output_shape.as_slice()).collect();
        assert_eq!(shapes, [&[2, 8, 6, 6][..], &[2, 8, 6, 6], &[2, 8, 3, 3], &[2, 72], &[2, 10]]);
        assert_eq!(cost.macs(), 2 * (6 * 6 * 8 * 9 + 720));
        assert_eq!((cost.parameters(), cost.parameter_bytes()), (80 + 730, 3_240));
        assert_eq!(cost.activation_bytes(), 4 * 2 * (64 + 288 + 288 + 72 + 72 + 10));
        assert_eq!(cost.peak_activation_bytes(), 4 * 2 * (288 + 288));
    }

    #[test]
    fn misfits_and_unknown_layers_are_errors() {
        let rng = &mut Rng::seed(0);
        let model = Sequential::new().push(Linear::new(4, 2, rng).unwrap());
        assert!(matches!(count(&model, &[1, 5]), Err(Error::ShapeMismatch { .. })));
        assert!(matches!(count(&model, &[]), Err(Error::ShapeMismatch { .. })));
        let own = Sequential::new().push_fn("Swish", |x| x.mul(x));
        assert!(count(&own, &[1, 5]).unwrap_err().to_string().contains("Swish"));
        let conv = Sequential::new().push(Conv2d::new(3, 8, 3, rng).unwrap());
        assert!(count(&conv, &[1, 1, 8, 8]).is_err());
        assert!(count(&conv, &[1, 3, 2, 8]).is_err(), "no window fits");
        let huge = count(&model, &[usize::MAX, 4]).unwrap();
        assert_eq!((huge.flops(), huge.activation_bytes()), (u64::MAX, usize::MAX));
    }
}

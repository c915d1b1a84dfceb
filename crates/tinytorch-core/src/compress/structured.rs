//! Layers that lose whole units.

use crate::nostd::prelude::*;
use crate::{
    Error, Result, Tensor,
    nn::{Conv2d, Kind, Linear, Module, Visitor},
};

use super::share;

const OP: &str = "shrink";

/// A layer and the one that reads its output, with nothing between them but functions of single elements (ReLU), pooling, or
/// flattening.
#[derive(Debug, Clone, Copy)]
pub enum Pair<'a> {
    /// Fully connected after fully connected.
    Linear(&'a Linear, &'a Linear),
    /// A convolution after a convolution, neither with groups.
    Conv(&'a Conv2d, &'a Conv2d),
    /// Fully connected after a convolution whose output, of `pixels` numbers for each channel, was flattened channel by channel.
    ConvLinear(&'a Conv2d, &'a Linear, usize),
}

/// A layer as it was, with fewer units or fewer inputs.
#[derive(Debug, Clone)]
pub enum Layer {
    /// Fully connected.
    Linear(Linear),
    /// A convolution.
    Conv(Conv2d),
}

impl Layer {
    fn inner(&self) -> &dyn Module {
        match self {
            Self::Linear(layer) => layer,
            Self::Conv(layer) => layer,
        }
    }
}

impl Module for Layer {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.inner().forward(x)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        self.inner().visit(visitor);
    }

    fn name(&self) -> &str {
        self.inner().name()
    }

    fn kind(&self) -> Kind<'_> {
        self.inner().kind()
    }
}

/// Takes the `ratio` share of the units of the first layer out, those whose weights have the smallest Euclidean norm, and what the
/// second layer does with them. Returns both layers, smaller, and the units that are left, ascending.
///
/// Unlike single zeros this saves bytes and time on every machine: the second layer reads fewer inputs. At least one unit stays.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if `ratio` is outside 0 to 1, a convolution has groups, or the second layer does not read what the
/// first one writes.
///
/// # Examples
///
/// ```
/// use tinytorch_core::compress::{Pair, shrink};
/// use tinytorch_core::nn::{Linear, ModuleExt};
/// use tinytorch_core::Rng;
///
/// let rng = &mut Rng::seed(0);
/// let (first, second) = (Linear::new(64, 32, rng)?, Linear::new(32, 10, rng)?);
/// let (first, second, left) = shrink(Pair::Linear(&first, &second), 0.25)?;
/// assert_eq!(left.len(), 24);
/// assert_eq!(first.num_parameters() + second.num_parameters(), 64 * 24 + 24 + 24 * 10 + 10);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn shrink(pair: Pair<'_>, ratio: f64) -> Result<(Layer, Layer, Vec<usize>)> {
    share(OP, "ratio", ratio)?;
    let (weight, bias, reads, each) = match pair {
        Pair::Linear(a, b) => (a.weight(), a.bias(), b.sizes().0, 1),
        Pair::Conv(a, b) => {
            ungrouped(a)?;
            ungrouped(b)?;
            (a.weight(), a.bias(), b.weight().shape().dims()[1], 1)
        }
        Pair::ConvLinear(a, b, pixels) => {
            ungrouped(a)?;
            (a.weight(), a.bias(), b.sizes().0, pixels)
        }
    };
    let units = weight.shape().dims()[0];
    if units.checked_mul(each) != Some(reads) {
        let got = format!("{reads} inputs");
        let need = format!("{units} units of {each} numbers each");
        return Err(Error::argument(OP, "second layer", got, need));
    }
    let weight = weight.tensor().detach();
    let left = strongest(&weight, units, ratio)?;
    let rows = index(left.iter().copied())?;
    let first = (
        weight.index_select(0, &rows)?,
        bias.map(|b| b.tensor().detach().index_select(0, &rows)).transpose()?,
    );
    let columns = index(left.iter().flat_map(|u| u * each..(u + 1) * each))?;
    let linear = |layer: &Linear| -> Result<Layer> {
        let weight = layer.weight().tensor().detach().index_select(1, &columns)?;
        let bias = layer.bias().map(|b| b.tensor().detach());
        Ok(Layer::Linear(Linear::from_tensors(weight, bias)?))
    };
    Ok(match pair {
        Pair::Linear(_, b) => {
            (Layer::Linear(Linear::from_tensors(first.0, first.1)?), linear(b)?, left)
        }
        Pair::ConvLinear(a, b, _) => {
            (Layer::Conv(a.with_tensors(first.0, first.1)?), linear(b)?, left)
        }
        Pair::Conv(a, b) => {
            let weight = b.weight().tensor().detach().index_select(1, &columns)?;
            let bias = b.bias().map(|b| b.tensor().detach());
            (
                Layer::Conv(a.with_tensors(first.0, first.1)?),
                Layer::Conv(b.with_tensors(weight, bias)?),
                left,
            )
        }
    })
}

fn ungrouped(conv: &Conv2d) -> Result<()> {
    if conv.opts().groups == 1 {
        return Ok(());
    }
    Err(Error::argument(OP, "groups", conv.opts().groups, "1: units of a group cannot go alone"))
}

fn index(places: impl Iterator<Item = usize>) -> Result<Tensor> {
    let places: Vec<i64> = places.map(|p| p as i64).collect();
    let n = places.len();
    Tensor::from_vec(places, [n])
}

/// The units with the largest norms, ascending by place; of equal norms the earlier ones stay.
fn strongest(weight: &Tensor, units: usize, ratio: f64) -> Result<Vec<usize>> {
    let values = weight.to_dtype(crate::DType::F64)?.to_vec::<f64>()?;
    let row = values.len() / units.max(1);
    let norm = |u: usize| values[u * row..(u + 1) * row].iter().map(|v| v * v).sum::<f64>();
    let norms: Vec<f64> = (0..units).map(norm).collect();
    if let Some(bad) = norms.iter().position(|n| !n.is_finite()) {
        let got = format!("not finite in unit {bad}");
        return Err(Error::argument(OP, "weights", got, "finite"));
    }
    let out = ((ratio * units as f64).round() as usize).min(units.saturating_sub(1));
    let mut order: Vec<usize> = (0..units).collect();
    order.sort_by(|&a, &b| norms[b].total_cmp(&norms[a]));
    order.truncate(units - out);
    order.sort_unstable();
    Ok(order)
}

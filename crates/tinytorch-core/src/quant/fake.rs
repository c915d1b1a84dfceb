//! Quantisation that training can see: real numbers that went through codes and back, and the gradient for it.
//!
//! Rounding has slope 0 almost everywhere, so an honest gradient would stop all learning. The straight-through estimate takes
//! rounding for the identity: the gradient passes where a number has a code of its own, and is 0 where it was saturated.

use super::affine::{self, QParams};
use crate::nostd::prelude::*;
use crate::{
    DType, Error, Result, Tensor,
    autograd::{Grads, Op, Saved},
    slots::quant::{QMAX, QMIN},
};

/// Returns what is left of `x` in eight bits: each element as the real number of its code.
///
/// # Numerics
///
/// `y = scale · (code(x) − zero_point)`. NaN stays NaN, so that a diverged training shows. The gradient is that of `y = x`
/// where `round(x / scale) + zero_point` lies in −128 ..= 127, and 0 elsewhere.
///
/// # Errors
///
/// [`Error::DTypeUnsupported`] unless the elements are floats; what the slots of an installed course return.
///
/// # Source
///
/// Bengio, Léonard and Courville (2013), "Estimating or Propagating Gradients Through Stochastic Neurons for Conditional
/// Computation", for the straight-through estimate.
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Tensor, quant::{self, QParams}};
///
/// let x = Tensor::from([0.3_f32, 1.0, 200.0]).requiring_grad()?;
/// let y = quant::fake_quant(&x, QParams { scale: 0.5, zero_point: 0 })?;
/// assert_eq!(y.to_vec::<f32>()?, [0.5, 1.0, 63.5]);
/// y.sum(.., false)?.backward()?;
/// assert_eq!(x.grad().expect("a leaf of the graph").to_vec::<f32>()?, [1.0, 1.0, 0.0]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn fake_quant(x: &Tensor, params: QParams) -> Result<Tensor> {
    Tensor::apply(FakeQuant(params), &[x])
}

/// Returns what is left of weights with symmetric codes and one scale for each index of the first axis, as
/// [`symmetric_per_channel`](affine::symmetric_per_channel) makes them.
///
/// The scale is the largest weight over 127, so nothing is saturated and the whole gradient passes.
///
/// # Errors
///
/// [`Error::InvalidArgument`] for weights that are not finite or have no axis; [`Error::DTypeUnsupported`] unless the elements
/// are floats.
pub fn fake_quant_weights(w: &Tensor) -> Result<Tensor> {
    Tensor::apply(FakeQuantWeights, &[w])
}

/// Refuses what is not made of floats.
fn floats(op: &'static str, x: &Tensor) -> Result<()> {
    if x.dtype().is_float() {
        return Ok(());
    }
    Err(Error::DTypeUnsupported { op, dtype: x.dtype(), need: "a float type" })
}

/// A tensor like `x` with other values.
fn like(x: &Tensor, values: Vec<f64>) -> Result<Tensor> {
    match x.dtype() {
        DType::F64 => Tensor::from_vec(values, *x.shape()),
        dtype => {
            let narrow: Vec<f32> = values.into_iter().map(|v| v as f32).collect();
            Tensor::from_vec(narrow, *x.shape())?.to_dtype(dtype)
        }
    }
}

struct FakeQuant(QParams);

impl Op for FakeQuant {
    fn name(&self) -> &'static str {
        "fake_quant"
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let x = inputs[0];
        floats(self.name(), x)?;
        saved.keep(x);
        let values = x.to_vec_as::<f64>();
        let mut out = affine::values(&affine::codes(&values, self.0)?, self.0)?;
        for (y, x) in out.iter_mut().zip(&values) {
            if x.is_nan() {
                *y = f64::NAN;
            }
        }
        like(x, out)
    }

    fn flops(&self, _inputs: &[&Tensor], out: &Tensor) -> Option<u64> {
        // A division and a sum on the way there, a sum and a product on the way back.
        Some(4 * out.numel() as u64)
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let x = saved.get(0)?;
        let QParams { scale, zero_point } = self.0;
        let range = f64::from(QMIN)..=f64::from(QMAX);
        let inside = |x: f64| range.contains(&(libm::rint(x / scale) + f64::from(zero_point)));
        let slopes = x.to_vec_as::<f64>().into_iter().map(|x| f64::from(u8::from(inside(x))));
        Ok([grad.mul(&like(x, slopes.collect())?)?].into())
    }

    fn backward_flops(&self, _saved: &Saved, grad: &Tensor) -> Option<u64> {
        Some(grad.numel() as u64)
    }
}

struct FakeQuantWeights;

impl Op for FakeQuantWeights {
    fn name(&self) -> &'static str {
        "fake_quant_weights"
    }

    fn forward(&self, inputs: &[&Tensor], _saved: &mut Saved) -> Result<Tensor> {
        let w = inputs[0];
        floats(self.name(), w)?;
        let Some(&channels) = w.dims().first() else {
            let got = "a single number";
            return Err(Error::argument(self.name(), "weights", got, "at least one axis"));
        };
        if w.numel() == 0 {
            return Ok(w.clone());
        }
        let values = w.to_vec_as::<f32>();
        let weights = affine::symmetric_per_channel(&values, channels)?;
        let size = values.len() / channels;
        let real = |(at, &q): (usize, &i8)| f64::from(q) * f64::from(weights.scales[at / size]);
        like(w, weights.codes.iter().enumerate().map(real).collect())
    }

    fn flops(&self, _inputs: &[&Tensor], out: &Tensor) -> Option<u64> {
        Some(2 * out.numel() as u64)
    }

    fn backward(&self, _saved: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([grad.clone()].into())
    }

    fn backward_flops(&self, _saved: &Saved, _grad: &Tensor) -> Option<u64> {
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    const PARAMS: QParams = QParams { scale: 0.25, zero_point: -28 };

    fn apply(values: &[f64]) -> Vec<f64> {
        fake_quant(&Tensor::from_slice(values, [values.len()]).unwrap(), PARAMS)
            .unwrap()
            .to_vec::<f64>()
            .unwrap()
    }

    fn slopes(values: &[f64]) -> Vec<f64> {
        let x = Tensor::from_slice(values, [values.len()]).unwrap().requiring_grad().unwrap();
        fake_quant(&x, PARAMS).unwrap().sum(.., false).unwrap().backward().unwrap();
        x.grad().unwrap().to_vec::<f64>().unwrap()
    }

    /// Codes −128 ..= 127 with zero −28 are −25 ..= 38.75 in steps of a quarter.
    #[test]
    fn values_by_hand() {
        let out = apply(&[0.0, 0.1, 0.13, -0.3, -25.0, -25.1, -26.0, 38.75, 40.0, f64::INFINITY]);
        assert_eq!(out, [0.0, 0.0, 0.25, -0.25, -25.0, -25.0, -25.0, 38.75, 38.75, 38.75]);
        assert!(apply(&[f64::NAN])[0].is_nan());
        assert!(apply(&[]).is_empty());
    }

    /// A whole number of steps is where the staircase has the slope of its secants: 1 inside of the range, 0 outside.
    #[test]
    fn the_gradient_is_the_slope_over_whole_steps() {
        let mut rng = Rng::seed(3);
        let h = 4.0 * PARAMS.scale;
        for _ in 0..2_000 {
            let x = 100.0 * rng.uniform() - 45.0;
            // Next to a saturated end a secant lies half on the flat part.
            if (x + 25.0).abs() < 2.0 * h || (x - 38.75).abs() < 2.0 * h {
                continue;
            }
            let [up, down] = [x + h, x - h].map(|v| apply(&[v])[0]);
            // Steps of a quarter are exact in binary, and so is their difference.
            assert_eq!(slopes(&[x]), [(up - down) / (2.0 * h)], "{x}");
            assert_eq!(slopes(&[x]), [if (-25.0..=38.75).contains(&x) { 1.0 } else { 0.0 }]);
        }
    }

    #[test]
    fn the_gradient_ends_with_the_codes() {
        // Half a step beyond the ends still rounds to a code: half to even gives -128 - 0.5 -> -128.
        assert_eq!(
            slopes(&[-25.12, -25.13, 38.87, 38.88, f64::NAN, f64::INFINITY]),
            [1.0, 0.0, 1.0, 0.0, 0.0, 0.0]
        );
    }

    #[test]
    fn weights_are_those_of_the_quantised_layer_and_learn_straight_through() {
        let rng = &mut Rng::seed(1);
        let w = Tensor::randn([3, 2, 5], DType::F32, rng).unwrap().requiring_grad().unwrap();
        let y = fake_quant_weights(&w).unwrap();
        let codes = affine::symmetric_per_channel(&w.to_vec::<f32>().unwrap(), 3).unwrap();
        for (at, y) in y.to_vec::<f32>().unwrap().into_iter().enumerate() {
            assert_eq!(y, f32::from(codes.codes[at]) * codes.scales[at / 10]);
        }
        let g = Tensor::randn([3, 2, 5], DType::F32, rng).unwrap();
        y.mul(&g).unwrap().sum(.., false).unwrap().backward().unwrap();
        assert_eq!(w.grad().unwrap().to_vec::<f32>().unwrap(), g.to_vec::<f32>().unwrap());
    }

    #[test]
    fn other_elements_and_weights_out_of_range_are_refused() {
        let ids = Tensor::from([1_i64, 2]);
        assert!(matches!(fake_quant(&ids, PARAMS), Err(Error::DTypeUnsupported { .. })));
        assert!(matches!(fake_quant_weights(&ids), Err(Error::DTypeUnsupported { .. })));
        assert!(fake_quant_weights(&Tensor::scalar(1.0_f32)).is_err());
        let nan = fake_quant_weights(&Tensor::from([1.0_f32, f32::NAN])).unwrap_err();
        assert!(nan.to_string().contains("position 1"), "{nan}");
    }
}

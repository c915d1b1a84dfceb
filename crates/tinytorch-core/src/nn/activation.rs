//! Layers without parameters that act on every element, or along one axis.

use super::{Kind, Module, Visitor};
use crate::{Result, Tensor, ops::GeluKind};

/// The rectifier: max(x, 0) of every element, with gradient 0 at 0.
#[derive(Debug, Clone, Copy, Default)]
pub struct Relu;

impl Module for Relu {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.relu()
    }

    fn visit(&self, _visitor: &mut dyn Visitor) {}

    fn name(&self) -> &'static str {
        "Relu"
    }

    fn kind(&self) -> Kind<'_> {
        Kind::Relu
    }
}

/// Makes a module of a type: its name and what it does to `x`.
macro_rules! activation {
    ($name:ident, |$layer:pat_param, $x:ident| $body:expr) => {
        impl Module for $name {
            fn forward(&self, $x: &Tensor) -> Result<Tensor> {
                let $layer = self;
                $body
            }

            fn visit(&self, _visitor: &mut dyn Visitor) {}

            fn name(&self) -> &'static str {
                stringify!($name)
            }
        }
    };
}

/// Passes its input on. It stands where a layer has been taken out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Identity;
activation!(Identity, |_, x| Ok(x.clone()));

/// The logistic function 1/(1 + e⁻ˣ): any number becomes one between 0 and 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sigmoid;
activation!(Sigmoid, |_, x| x.sigmoid());

/// The hyperbolic tangent: any number becomes one between −1 and 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tanh;
activation!(Tanh, |_, x| x.tanh());

/// x·sigmoid(x), also known as swish: smooth, and slightly negative below zero.
///
/// # Source
///
/// Elfwing, Uchibe and Doya (2017), "Sigmoid-Weighted Linear Units".
#[derive(Debug, Clone, Copy, Default)]
pub struct Silu;
activation!(Silu, |_, x| x.silu());

/// The Gaussian error linear unit x·Φ(x), exact unless told otherwise.
///
/// # Source
///
/// Hendrycks and Gimpel (2016), "Gaussian Error Linear Units".
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{Gelu, Module};
/// use tinytorch_core::{Tensor, ops::GeluKind};
///
/// let x = Tensor::from([1.0_f64]);
/// let exact = Gelu::default().forward(&x)?.item::<f64>()?; // Φ(1) = 0.84134
/// let fast = Gelu(GeluKind::Tanh).forward(&x)?.item::<f64>()?;
/// assert!((exact - 0.841_344_7).abs() < 1e-6 && (fast - exact).abs() < 2e-4);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Gelu(
    /// The formula.
    pub GeluKind,
);
activation!(Gelu, |Self(kind), x| x.gelu(*kind));

/// ln(1 + eˣ), a smooth rectifier.
#[derive(Debug, Clone, Copy, Default)]
pub struct Softplus;
activation!(Softplus, |_, x| x.softplus());

/// x above zero, a fraction of x at and below: no unit stays silent for all inputs.
///
/// # Source
///
/// Maas, Hannun and Ng (2013), "Rectifier Nonlinearities Improve Neural Network Acoustic Models".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeakyRelu {
    /// Slope below zero. Default 0.01.
    pub negative_slope: f64,
}
activation!(LeakyRelu, |layer, x| x.leaky_relu(layer.negative_slope));

impl Default for LeakyRelu {
    fn default() -> Self {
        Self { negative_slope: 0.01 }
    }
}

/// x above zero, α·(eˣ − 1) at and below: the mean of the outputs comes nearer to zero.
///
/// # Source
///
/// Clevert, Unterthiner and Hochreiter (2015), "Fast and Accurate Deep Network Learning by Exponential Linear Units".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elu {
    /// Size of the largest negative output. Default 1.
    pub alpha: f64,
}
activation!(Elu, |layer, x| x.elu(layer.alpha));

impl Default for Elu {
    fn default() -> Self {
        Self { alpha: 1.0 }
    }
}

/// e^xᵢ/Σ e^xⱼ along an axis: any numbers become shares of 1.
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{Module, Softmax};
/// use tinytorch_core::Tensor;
///
/// let y = Softmax::default().forward(&Tensor::from([[1e4_f64, 1e4]]))?;
/// assert_eq!(y.to_vec::<f64>()?, [0.5, 0.5]); // no overflow: only differences count
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Softmax {
    /// The axis whose shares add up to 1; negative ones count from the end. Default −1.
    pub axis: isize,
}
activation!(Softmax, |layer, x| x.softmax(layer.axis));

impl Default for Softmax {
    fn default() -> Self {
        Self { axis: -1 }
    }
}

/// The logarithm of [`Softmax`], exact where the shares are too small to be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSoftmax {
    /// The axis; negative ones count from the end. Default −1.
    pub axis: isize,
}
activation!(LogSoftmax, |layer, x| x.log_softmax(layer.axis));

impl Default for LogSoftmax {
    fn default() -> Self {
        Self { axis: -1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Error,
        autograd::{GradCheck, gradcheck},
        nn::ModuleExt,
    };

    fn all() -> Vec<Box<dyn Module>> {
        vec![
            Box::new(Relu),
            Box::new(Identity),
            Box::new(Sigmoid),
            Box::new(Tanh),
            Box::new(Silu),
            Box::new(Gelu::default()),
            Box::new(Gelu(GeluKind::Tanh)),
            Box::new(Softplus),
            Box::new(LeakyRelu::default()),
            Box::new(Elu::default()),
            Box::new(Softmax::default()),
            Box::new(LogSoftmax::default()),
        ]
    }

    #[test]
    fn values_from_the_formulas() {
        // x = ln 2: e^x = 2 and e^-x = 1/2, so that most values are fractions.
        let x = core::f64::consts::LN_2;
        let phi = 0.5 * (1.0 + libm::erf(x / 2.0_f64.sqrt()));
        let (sigmoid, tanh) = (2.0 / 3.0, 3.0 / 5.0); // (4 - 1)/(4 + 1)
        let inner = (2.0 / core::f64::consts::PI).sqrt() * (x + 0.044715 * x * x * x);
        let minus = [
            0.0,
            -x,
            1.0 - sigmoid,
            -tanh,
            -x * (1.0 - sigmoid),
            -x * (1.0 - phi),
            -x * 0.5 * (1.0 - inner.tanh()),
            1.5_f64.ln(),
            -0.01 * x,
            -0.5,
            1.0 / 5.0, // 1/2 of 1/2 + 2
            -(5.0_f64.ln()),
        ];
        let plus = [
            x,
            x,
            sigmoid,
            tanh,
            x * sigmoid,
            x * phi,
            x * 0.5 * (1.0 + inner.tanh()),
            3.0_f64.ln(),
            x,
            x,
            4.0 / 5.0,
            (0.8_f64).ln(),
        ];
        for ((layer, minus), plus) in all().iter().zip(minus).zip(plus) {
            let y = layer.forward(&Tensor::from([-x, x])).unwrap().to_vec::<f64>().unwrap();
            // A few roundings of numbers up to 2.
            let near = (y[0] - minus).abs() < 1e-15 && (y[1] - plus).abs() < 1e-15;
            assert!(near, "{}: {y:?}, not {minus} and {plus}", layer.name());
        }
    }

    #[test]
    fn gradients_shapes_and_no_parameters() {
        let x: Vec<f64> = (0..12).map(|i| (f64::from(i) * 0.7 + 0.3).sin()).collect();
        let x = Tensor::from_vec(x, [3, 2, 2]).unwrap();
        for layer in all() {
            gradcheck(
                |i| layer.forward(&i[0])?.square(),
                core::slice::from_ref(&x),
                GradCheck::default(),
            )
            .unwrap_or_else(|e| panic!("{}: {e}", layer.name()));
            assert_eq!(layer.forward(&x).unwrap().dims(), [3, 2, 2]);
            assert_eq!(layer.num_parameters(), 0);
        }
    }

    #[test]
    fn an_axis_of_choice_and_one_that_is_not_there() {
        let x = Tensor::from([[0.0_f64, 3.0], [0.0, 3.0]]);
        let y = Softmax { axis: 0 }.forward(&x).unwrap();
        assert_eq!(y.to_vec::<f64>().unwrap(), [0.5; 4]);
        for result in [Softmax { axis: 2 }.forward(&x), LogSoftmax { axis: -3 }.forward(&x)] {
            let error = result.unwrap_err();
            assert!(matches!(error, Error::AxisOutOfRange { rank: 2, .. }));
            assert_eq!(error.to_string().lines().count(), 3);
        }
        assert!(Sigmoid.forward(&Tensor::from([1_i64])).is_err());
    }
}

//! Initial weights: random, and of a size that neither starves nor floods the layers behind.
//!
//! Each output of a layer sums `fan_in` products, so weights of variance 1/`fan_in` keep the size of a signal. What
//! differs between the rules is the activation they expect and the distribution they draw from. For a weight
//! `[out, in, ..]` fan_in counts the numbers that one output reads, fan_out the outputs that read one input.
//!
//! Layers take an [`Init`]; the functions return a tensor of `f32` for
//! [`Linear::from_tensors`](super::Linear::from_tensors) and its kin, or for [`Param::load`](crate::Param::load).
//!
//! # Examples
//!
//! ```
//! use tinytorch_core::nn::{Linear, init};
//! use tinytorch_core::Rng;
//!
//! let weight = init::orthogonal([3, 5], init::gain(init::Activation::Relu), &mut Rng::seed(0))?;
//! let layer = Linear::from_tensors(weight, Some(init::zeros([3])?))?;
//! assert_eq!(layer.sizes(), (5, 3));
//! # Ok::<(), tinytorch_core::Error>(())
//! ```

#[cfg(not(feature = "std"))]
use crate::nostd::Float;
use crate::nostd::prelude::*;
use crate::{
    DType, Error, Result, Rng, Shape, Tensor, dispatch, ops::support::check_room, tensor::IntoShape,
};

/// How the first weights of a layer are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Init {
    /// Normal with variance 1/fan_in (LeCun, 1998), bias 0. The default of `Linear`.
    LecunNormal,
    /// Normal with variance 2/fan_in (He, 2015), bias 0: ReLU halves what passes. The default of `Conv2d`.
    HeNormal,
    /// Uniform within ±√(6/(fan_in + fan_out)) (Glorot, 2010), bias 0.
    XavierUniform,
    /// Normal with variance 2/(fan_in + fan_out) (Glorot, 2010), bias 0.
    XavierNormal,
    /// Weights and bias uniform within ±1/√fan_in, as PyTorch's layers begin.
    TorchDefault,
}

impl Init {
    /// Returns weights of `shape`, [out, in, ..].
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the shape is not valid.
    pub fn weight(self, shape: impl IntoShape, rng: &mut Rng) -> Result<Tensor> {
        let shape = sized("init", shape)?;
        let (fan_in, fan_out) = fans(&shape);
        let n = shape.numel();
        let data = match self {
            Self::LecunNormal => dispatch::linear_init(n / fan_in, fan_in, rng)?,
            Self::HeNormal => normals(n, (2.0 / fan_in as f64).sqrt(), rng),
            Self::XavierUniform => uniforms(n, (6.0 / (fan_in + fan_out) as f64).sqrt(), rng),
            Self::XavierNormal => normals(n, (2.0 / (fan_in + fan_out) as f64).sqrt(), rng),
            Self::TorchDefault => uniforms(n, 1.0 / (fan_in as f64).sqrt(), rng),
        };
        Tensor::from_vec(data, shape)
    }

    /// Returns the bias of a layer with `n_out` outputs of `fan_in` inputs each.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the shape is not valid.
    pub fn bias(self, n_out: usize, fan_in: usize, rng: &mut Rng) -> Result<Tensor> {
        let data = match self {
            Self::TorchDefault => uniforms(n_out, 1.0 / (fan_in.max(1) as f64).sqrt(), rng),
            Self::LecunNormal | Self::HeNormal | Self::XavierUniform | Self::XavierNormal => {
                vec![0.0; n_out]
            }
        };
        Tensor::from_vec(data, [n_out])
    }
}

/// Returns fan_in and fan_out of a weight `[out, in, ..]`, at least 1 each.
fn fans(shape: &[usize]) -> (usize, usize) {
    let window: usize = shape.iter().skip(2).product();
    let size = |axis: usize| shape.get(axis).copied().unwrap_or(1);
    ((size(1) * window).max(1), (size(0) * window).max(1))
}

fn normals(n: usize, std: f64, rng: &mut Rng) -> Vec<f32> {
    (0..n).map(|_| (std * rng.normal()) as f32).collect()
}

fn uniforms(n: usize, bound: f64, rng: &mut Rng) -> Vec<f32> {
    (0..n).map(|_| (bound * (2.0 * rng.uniform() - 1.0)) as f32).collect()
}

/// The activation behind a layer, which decides how large the weights should be.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Activation {
    /// None.
    Linear,
    /// The logistic function.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// max(x, 0).
    Relu,
    /// x above zero, this fraction of x below.
    LeakyRelu(f64),
}

/// Returns the factor that makes up for what an activation takes from the size of a signal: 1, 1, 5/3, √2 and
/// √(2/(1 + a²)), as PyTorch has them.
#[must_use]
pub fn gain(activation: Activation) -> f64 {
    match activation {
        Activation::Linear | Activation::Sigmoid => 1.0,
        Activation::Tanh => 5.0 / 3.0,
        Activation::Relu => core::f64::consts::SQRT_2,
        Activation::LeakyRelu(a) => (2.0 / (1.0 + a * a)).sqrt(),
    }
}

/// Which number of connections the variance is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fan {
    /// What one output reads: signals keep their size on the way forward.
    #[default]
    In,
    /// The outputs that read one input: gradients keep their size on the way back.
    Out,
}

/// Returns a shape for which there is memory.
fn sized(op: &'static str, shape: impl IntoShape) -> Result<Shape> {
    let shape = shape.into_shape()?;
    check_room(op, &shape)?;
    Ok(shape)
}

/// Returns the factor of a rule, which must be a size.
fn factor(op: &'static str, name: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value >= 0.0 {
        return Ok(value);
    }
    Err(Error::argument(op, name, value, "at least 0 and finite"))
}

/// Returns normal numbers of variance 1/fan_in, for layers without activation or with one that is straight near 0.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if the shape is not valid.
///
/// # Source
///
/// LeCun, Bottou, Orr and Müller (1998), "Efficient BackProp".
pub fn lecun_normal(shape: impl IntoShape, rng: &mut Rng) -> Result<Tensor> {
    Init::LecunNormal.weight(shape, rng)
}

/// Returns normal numbers of variance 2/fan_in, for layers before a rectifier: [`kaiming_normal`] of slope 0.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if the shape is not valid.
///
/// # Source
///
/// He, Zhang, Ren and Sun (2015), "Delving Deep into Rectifiers".
pub fn he_normal(shape: impl IntoShape, rng: &mut Rng) -> Result<Tensor> {
    Init::HeNormal.weight(shape, rng)
}

/// Returns uniform numbers within ±gain·√(6/(fan_in + fan_out)).
///
/// # Errors
///
/// [`Error::InvalidArgument`] if the shape is not valid, or the gain negative or not finite.
///
/// # Source
///
/// Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward neural networks".
pub fn xavier_uniform(shape: impl IntoShape, gain: f64, rng: &mut Rng) -> Result<Tensor> {
    let (shape, gain) = (sized("xavier_uniform", shape)?, factor("xavier_uniform", "gain", gain)?);
    let (fan_in, fan_out) = fans(&shape);
    let bound = gain * (6.0 / (fan_in as f64 + fan_out as f64)).sqrt();
    Tensor::from_vec(uniforms(shape.numel(), bound, rng), shape)
}

/// Returns normal numbers of variance gain²·2/(fan_in + fan_out).
///
/// # Errors
///
/// As [`xavier_uniform`].
///
/// # Source
///
/// Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward neural networks".
pub fn xavier_normal(shape: impl IntoShape, gain: f64, rng: &mut Rng) -> Result<Tensor> {
    let (shape, gain) = (sized("xavier_normal", shape)?, factor("xavier_normal", "gain", gain)?);
    let (fan_in, fan_out) = fans(&shape);
    let std = gain * (2.0 / (fan_in as f64 + fan_out as f64)).sqrt();
    Tensor::from_vec(normals(shape.numel(), std, rng), shape)
}

/// The standard deviation of Kaiming's rule, for a leaky rectifier of slope `a`.
fn kaiming(op: &'static str, shape: &[usize], a: f64, fan: Fan) -> Result<f64> {
    if !a.is_finite() {
        return Err(Error::argument(op, "a", a, "finite: a slope below zero"));
    }
    let (fan_in, fan_out) = fans(shape);
    let n = if fan == Fan::In { fan_in } else { fan_out };
    Ok(gain(Activation::LeakyRelu(a)) / (n as f64).sqrt())
}

/// Returns uniform numbers within ±√(6/((1 + a²)·fan)), for layers before a leaky rectifier of slope `a`.
///
/// `a = 0` is the rule for ReLU; `a = √5` gives ±1/√fan, with which PyTorch's layers begin.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if the shape is not valid or `a` not finite.
///
/// # Source
///
/// He, Zhang, Ren and Sun (2015), "Delving Deep into Rectifiers".
pub fn kaiming_uniform(shape: impl IntoShape, a: f64, fan: Fan, rng: &mut Rng) -> Result<Tensor> {
    let shape = sized("kaiming_uniform", shape)?;
    let bound = 3.0_f64.sqrt() * kaiming("kaiming_uniform", &shape, a, fan)?;
    Tensor::from_vec(uniforms(shape.numel(), bound, rng), shape)
}

/// Returns normal numbers of variance 2/((1 + a²)·fan), for layers before a leaky rectifier of slope `a`.
///
/// # Errors
///
/// As [`kaiming_uniform`].
///
/// # Source
///
/// He, Zhang, Ren and Sun (2015), "Delving Deep into Rectifiers".
pub fn kaiming_normal(shape: impl IntoShape, a: f64, fan: Fan, rng: &mut Rng) -> Result<Tensor> {
    let shape = sized("kaiming_normal", shape)?;
    let std = kaiming("kaiming_normal", &shape, a, fan)?;
    Tensor::from_vec(normals(shape.numel(), std, rng), shape)
}

/// Returns normal numbers with this mean and standard deviation, drawn from the part between `bounds` alone.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if the shape is not valid, the deviation not positive, a number not finite, or the lower
/// bound not below the upper one.
pub fn trunc_normal(
    shape: impl IntoShape,
    mean: f64,
    std: f64,
    bounds: [f64; 2],
    rng: &mut Rng,
) -> Result<Tensor> {
    let op = "trunc_normal";
    let shape = sized(op, shape)?;
    if !mean.is_finite() {
        return Err(Error::argument(op, "mean", mean, "finite"));
    }
    if !(std.is_finite() && std > 0.0) {
        return Err(Error::argument(op, "std", std, "positive and finite"));
    }
    let [low, high] = bounds.map(|b| (b - mean) / std);
    if !(low < high && low.is_finite() && high.is_finite()) {
        return Err(Error::argument(op, "bounds", format!("{bounds:?}"), "finite and ascending"));
    }
    let draw = |_| (mean + std * between(low, high, rng)).clamp(bounds[0], bounds[1]) as f32;
    Tensor::from_vec((0..shape.numel()).map(draw).collect(), shape)
}

/// Returns a normal number that lies between two bounds: by chance where that is quick, else by halving the interval until
/// the share of the distribution below equals a uniform number.
fn between(low: f64, high: f64, rng: &mut Rng) -> f64 {
    // In the lower tail small shares are exact; the upper one is its mirror image.
    if low > 0.0 {
        return -between(-high, -low, rng);
    }
    let below = |x: f64| 0.5 * libm::erfc(-x / core::f64::consts::SQRT_2);
    let (first, last) = (below(low), below(high));
    if last == 0.0 {
        return high; // too far out for any share: all of the part lies at the end next to the mean
    }
    if last - first > 0.2 {
        loop {
            let x = rng.normal();
            if (low..=high).contains(&x) {
                return x;
            }
        }
    }
    let share = first + (last - first) * rng.uniform();
    let (mut low, mut high) = (low, high);
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if below(middle) < share { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Returns `gain` times a matrix `[out, in·..]` with orthogonal rows, or orthogonal columns if it is tall: it turns signals
/// without stretching any.
///
/// All such matrices are equally likely: the rows are normal vectors, made orthogonal one after the other.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if the shape is not valid or has fewer than two axes, or the gain is not finite.
///
/// # Source
///
/// Saxe, McClelland and Ganguli (2013), "Exact solutions to the nonlinear dynamics of learning in deep linear neural
/// networks".
pub fn orthogonal(shape: impl IntoShape, gain: f64, rng: &mut Rng) -> Result<Tensor> {
    let (shape, gain) = (sized("orthogonal", shape)?, factor("orthogonal", "gain", gain)?);
    let &[rows, ..] = shape.dims() else { return Err(flat(&shape)) };
    if shape.rank() < 2 {
        return Err(flat(&shape));
    }
    let columns: usize = shape.iter().skip(1).product();
    let (short, long) = (rows.min(columns), rows.max(columns));
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(short);
    while basis.len() < short {
        let mut v: Vec<f64> = (0..long).map(|_| rng.normal()).collect();
        // The second pass takes away what the rounding of the first one left.
        for _ in 0..2 {
            for b in &basis {
                let along = dot(b, &v);
                v.iter_mut().zip(b).for_each(|(v, b)| *v -= along * b);
            }
        }
        let size = dot(&v, &v).sqrt();
        // A vector in the space of the others has chance zero; another is drawn.
        if size > 1e-6 {
            v.iter_mut().for_each(|v| *v /= size);
            basis.push(v);
        }
    }
    let at = |i: usize| {
        let (row, column) = (i / columns.max(1), i % columns.max(1));
        if rows <= columns { basis[row][column] } else { basis[column][row] }
    };
    Tensor::from_vec((0..shape.numel()).map(|i| (gain * at(i)) as f32).collect(), shape)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cold]
fn flat(shape: &[usize]) -> Error {
    Error::argument("orthogonal", "shape", format!("{shape:?}"), "[out, in] or [out, in, ..]")
}

/// Returns zeros, the usual first bias.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if the shape is not valid.
pub fn zeros(shape: impl IntoShape) -> Result<Tensor> {
    constant(shape, 0.0)
}

/// Returns ones, the usual first scale of a normalization.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if the shape is not valid.
pub fn ones(shape: impl IntoShape) -> Result<Tensor> {
    constant(shape, 1.0)
}

/// Returns one number everywhere. For weights it is a mistake: all units of a layer then stay alike.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if the shape is not valid.
pub fn constant(shape: impl IntoShape, value: f64) -> Result<Tensor> {
    Tensor::full(shape, value, DType::F32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean, variance and largest size of the weights of a convolution 50 -> 80 with windows of 3x3.
    fn measure(init: Init) -> (f64, f64, f64) {
        let w = init.weight([80, 50, 3, 3], &mut Rng::seed(5)).unwrap().to_vec_as::<f64>();
        let n = w.len() as f64;
        let top = w.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        (w.iter().sum::<f64>() / n, w.iter().map(|v| v * v).sum::<f64>() / n, top)
    }

    #[test]
    fn variances_are_the_published_ones() {
        let (fan_in, fan_out) = (450.0_f64, 720.0);
        let cases = [
            (Init::LecunNormal, 1.0 / fan_in, f64::INFINITY),
            (Init::HeNormal, 2.0 / fan_in, f64::INFINITY),
            (Init::XavierUniform, 2.0 / (fan_in + fan_out), (6.0 / (fan_in + fan_out)).sqrt()),
            (Init::XavierNormal, 2.0 / (fan_in + fan_out), f64::INFINITY),
            (Init::TorchDefault, 1.0 / (3.0 * fan_in), 1.0 / fan_in.sqrt()),
        ];
        for (init, variance, bound) in cases {
            let (mean, got, top) = measure(init);
            // 36,000 draws: five standard errors of the mean, and of the variance of a normal (the wider one).
            assert!(mean.abs() < 5.0 * (variance / 36_000.0).sqrt(), "{init:?}: mean {mean}");
            assert!(
                (got / variance - 1.0).abs() < 5.0 * (2.0 / 36_000.0_f64).sqrt(),
                "{init:?}: {got}"
            );
            assert!(top <= bound * (1.0 + 1e-6), "{init:?}: {top} above {bound}");
        }
    }

    #[test]
    fn only_torch_draws_a_bias() {
        let rng = &mut Rng::seed(1);
        assert_eq!(Init::LecunNormal.bias(3, 4, rng).unwrap().to_vec::<f32>().unwrap(), [0.0; 3]);
        let b = Init::TorchDefault.bias(1_000, 4, rng).unwrap().to_vec::<f32>().unwrap();
        assert!(b.iter().all(|b| b.abs() <= 0.5) && b.iter().any(|b| b.abs() > 0.4));
    }

    /// A function's result for a weight of 36,000 numbers with fan_in 450 and fan_out 720.
    fn check(name: &str, w: Result<Tensor>, variance: f64, bound: f64) {
        let w = w.unwrap();
        assert_eq!((w.dims(), w.dtype()), (&[80, 50, 3, 3][..], DType::F32));
        let w = w.to_vec_as::<f64>();
        let n = w.len() as f64;
        let (mean, got) = (w.iter().sum::<f64>() / n, w.iter().map(|v| v * v).sum::<f64>() / n);
        // Five standard errors, as above.
        assert!(mean.abs() < 5.0 * (variance / n).sqrt(), "{name}: mean {mean}");
        assert!((got / variance - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "{name}: {got}, {variance}");
        assert!(w.iter().all(|v| v.abs() <= bound * (1.0 + 1e-6)), "{name} leaves its bounds");
    }

    #[test]
    fn gains_and_slopes_scale_the_variance() {
        let (shape, rng) = ([80, 50, 3, 3], &mut Rng::seed(6));
        let inf = f64::INFINITY;
        check(
            "xavier_uniform",
            xavier_uniform(shape, 2.0, rng),
            8.0 / 1170.0,
            2.0 * (6.0_f64 / 1170.0).sqrt(),
        );
        check("xavier_normal", xavier_normal(shape, 0.5, rng), 0.5 / 1170.0, inf);
        let (a, out) = (0.5_f64, Fan::Out);
        let variance = 2.0 / (1.25 * 720.0); // 2/((1 + a²)·fan_out)
        check(
            "kaiming_uniform",
            kaiming_uniform(shape, a, out, rng),
            variance,
            (3.0 * variance).sqrt(),
        );
        check("kaiming_normal", kaiming_normal(shape, a, out, rng), variance, inf);
        check("kaiming_normal", kaiming_normal(shape, 0.0, Fan::In, rng), 2.0 / 450.0, inf);
        check("he_normal", he_normal(shape, rng), 2.0 / 450.0, inf);
        check("lecun_normal", lecun_normal(shape, rng), 1.0 / 450.0, inf);
        // √5 is PyTorch's first weight of a layer: within ±1/√fan_in.
        let torch = kaiming_uniform(shape, 5.0_f64.sqrt(), Fan::In, rng);
        check("kaiming_uniform √5", torch, 1.0 / (3.0 * 450.0), 1.0 / 450.0_f64.sqrt());
        assert_eq!(gain(Activation::LeakyRelu(0.0)), gain(Activation::Relu));
        assert_eq!((gain(Activation::Linear), gain(Activation::Sigmoid)), (1.0, 1.0));
        assert_eq!(gain(Activation::Tanh), 5.0 / 3.0);
    }

    #[test]
    fn truncated_normals_have_the_moments_of_their_part() {
        // Between α and β a normal number has the mean (φ(α) − φ(β))/Z and the second moment 1 + (αφ(α) − βφ(β))/Z.
        let phi = |x: f64| (-0.5 * x * x).exp() / core::f64::consts::TAU.sqrt();
        let below = |x: f64| 0.5 * libm::erfc(-x / core::f64::consts::SQRT_2);
        // The second pair goes through the halving, and so does the third, in the tail where shares are 1e-9.
        for (low, high) in [(-2.0, 1.0), (0.3, 0.6), (6.0, 8.0), (-7.0, -6.0)] {
            let (mean, std, n) = (3.0, 0.5, 40_000);
            let bounds = [mean + std * low, mean + std * high];
            let w = trunc_normal([n], mean, std, bounds, &mut Rng::seed(7)).unwrap();
            let z: Vec<f64> = w.to_vec_as::<f64>().iter().map(|v| (v - mean) / std).collect();
            let within = |v: &f64| (low - 1e-6..=high + 1e-6).contains(v);
            assert!(z.iter().all(within), "{low} {high}");
            // Of the mirror image in the lower tail, where shares are small numbers and not 1 minus small ones.
            let share =
                if low > 0.0 { below(-low) - below(-high) } else { below(high) - below(low) };
            let first = (phi(low) - phi(high)) / share;
            let second = 1.0 + (low * phi(low) - high * phi(high)) / share;
            let deviation = (second - first * first).max(0.0).sqrt();
            let got = z.iter().sum::<f64>() / n as f64;
            // Five standard errors, and the rounding of values near 3 to f32, which is 2.4e-7 of a half.
            let tolerance = 5.0 * deviation / (n as f64).sqrt() + 1e-6;
            assert!((got - first).abs() < tolerance, "{low} {high}: {got}, {first}");
        }
    }

    #[test]
    fn orthogonal_rows_or_columns() {
        for shape in [&[4, 9][..], &[9, 4], &[5, 5], &[3, 2, 2, 2]] {
            let w = orthogonal(shape, 2.0, &mut Rng::seed(8)).unwrap();
            assert_eq!(w.dims(), shape);
            let w = w.to_dtype(DType::F64).unwrap().reshape([shape[0] as isize, -1]).unwrap();
            let wide = w.dims()[0] <= w.dims()[1];
            let product = if wide { w.matmul(&w.t().unwrap()) } else { w.t().unwrap().matmul(&w) };
            let product = product.unwrap();
            let n = product.dims()[0];
            for (i, v) in product.to_vec::<f64>().unwrap().iter().enumerate() {
                let want = if i / n == i % n { 4.0 } else { 0.0 }; // gain²
                // Nine products of numbers rounded to f32.
                assert!((v - want).abs() < 2e-6, "{shape:?}, element {i}: {v}");
            }
        }
    }

    #[test]
    fn constants_and_bad_arguments() {
        assert_eq!(zeros([2]).unwrap().to_vec::<f32>().unwrap(), [0.0; 2]);
        assert_eq!(ones([2]).unwrap().to_vec::<f32>().unwrap(), [1.0; 2]);
        assert_eq!(constant([2], 0.5).unwrap().to_vec::<f32>().unwrap(), [0.5; 2]);
        let rng = &mut Rng::seed(0);
        let bad = |want: &str, result: Result<Tensor>| match result {
            Err(e @ Error::InvalidArgument { name, .. }) => {
                assert_eq!((name, e.to_string().lines().count()), (want, 3));
            }
            other => panic!("{want}: {other:?}"),
        };
        bad("gain", xavier_uniform([2, 2], f64::NAN, rng));
        bad("gain", xavier_normal([2, 2], -1.0, rng));
        bad("gain", orthogonal([2, 2], f64::INFINITY, rng));
        bad("shape", orthogonal([2], 1.0, rng));
        bad("shape", orthogonal((), 1.0, rng));
        bad("a", kaiming_uniform([2, 2], f64::NAN, Fan::In, rng));
        bad("a", kaiming_normal([2, 2], f64::INFINITY, Fan::In, rng));
        bad("std", trunc_normal([2], 0.0, 0.0, [-1.0, 1.0], rng));
        bad("mean", trunc_normal([2], f64::NAN, 1.0, [-1.0, 1.0], rng));
        for bounds in [[1.0, 1.0], [2.0, 1.0], [f64::NEG_INFINITY, 0.0], [0.0, f64::NAN]] {
            bad("bounds", trunc_normal([2], 0.0, 1.0, bounds, rng));
        }
        bad("result", kaiming_normal([1 << 40, 1 << 10], 0.0, Fan::In, rng));
        bad("result", Init::HeNormal.weight([1 << 40, 1 << 10], rng));
        assert_eq!(orthogonal([0, 3], 1.0, rng).unwrap().dims(), [0, 3]);
        let far = trunc_normal([3], 0.0, 1.0, [60.0, 90.0], rng).unwrap();
        assert_eq!(far.to_vec::<f32>().unwrap(), [60.0; 3]);
    }
}

//! Normalization of each channel over a batch.

use core::any::Any;

use super::{Buffer, Kind, Mode, Module, Visitor};
use crate::nostd::prelude::*;
use crate::{DType, Error, Param, Result, Tensor, ops::BatchNormOpts};

/// Batch normalization of rows `[N, C]` or of signals `[N, C, L]`.
pub type BatchNorm1d = BatchNorm<1>;

/// Batch normalization of images `[N, C, H, W]`.
pub type BatchNorm2d = BatchNorm<2>;

/// Batch normalization over `D` axes of positions: (x − mean)/√(var + ε)·weight + bias for each channel.
///
/// While training, mean and biased variance are those of the batch, and the running statistics move towards them:
/// `running = (1 − m)·running + m·batch`, with the unbiased variance. Evaluation uses the running statistics, so that the
/// answer for one sample does not depend on its neighbours.
///
/// # Shapes
///
/// `[N, C, ..]` with `D` axes after the channels, or none of them if `D` is 1; the same comes back. Parameters and
/// statistics are `[C]`, under PyTorch's names: `weight`, `bias`, `running_mean`, `running_var`, `num_batches_tracked`.
///
/// # Source
///
/// Ioffe and Szegedy (2015), "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate
/// Shift".
///
/// # Examples
///
/// ```
/// use tinytorch_core::nn::{BatchNorm1d, Module, ModuleExt};
/// use tinytorch_core::Tensor;
///
/// let norm = BatchNorm1d::new(1)?.with_eps(0.0);
/// let x = Tensor::from([[1.0_f32], [3.0]]); // mean 2, biased variance 1, unbiased 2
/// assert_eq!(norm.forward(&x)?.to_vec::<f32>()?, [-1.0, 1.0]);
/// assert_eq!(norm.running_mean().to_vec::<f32>()?, [0.2]); // 0.9·0 + 0.1·2
/// norm.train(false);
/// assert!(norm.forward(&x)?.to_vec::<f32>()?[0] > 0.7); // (1 − 0.2)/√1.1
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug)]
pub struct BatchNorm<const D: usize> {
    affine: Option<[Param; 2]>,
    running_mean: Buffer,
    running_var: Buffer,
    batches: Buffer,
    momentum: f64,
    eps: f64,
    mode: Mode,
}

impl<const D: usize> BatchNorm<D> {
    const OP: &'static str = match D {
        1 => "batch_norm1d",
        2 => "batch_norm2d",
        _ => "batch_norm",
    };

    /// Returns a layer for this many channels with weight 1, bias 0, running mean 0, running variance 1, momentum 0.1 and
    /// ε = 1e-5.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `channels` is 0 or too large for a tensor.
    pub fn new(channels: usize) -> Result<Self> {
        if channels == 0 {
            return Err(Error::argument(Self::OP, "channels", channels, "at least 1"));
        }
        let (zeros, ones) =
            (Tensor::zeros([channels], DType::F32)?, Tensor::ones([channels], DType::F32)?);
        Ok(Self {
            affine: Some([Param::new(ones.clone())?, Param::new(zeros.clone())?]),
            running_mean: Buffer::new(&zeros),
            running_var: Buffer::new(&ones),
            batches: Buffer::new(&Tensor::scalar(0_i64)),
            momentum: 0.1,
            eps: 1e-5,
            mode: Mode::default(),
        })
    }

    /// Returns the layer with another ε.
    #[must_use]
    pub fn with_eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    /// Returns the layer with another share of each batch in the running statistics.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless 0 ≤ momentum ≤ 1.
    pub fn with_momentum(self, momentum: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&momentum) {
            return Err(Error::argument(Self::OP, "momentum", momentum, "between 0 and 1"));
        }
        Ok(Self { momentum, ..self })
    }

    /// Returns the layer without weight and bias.
    #[must_use]
    pub fn without_affine(self) -> Self {
        Self { affine: None, ..self }
    }

    /// Returns weight and bias, `[C]` each.
    #[must_use]
    pub fn affine(&self) -> Option<[&Param; 2]> {
        self.affine.as_ref().map(|[w, b]| [w, b])
    }

    /// Returns the running mean, `[C]`.
    #[must_use]
    pub fn running_mean(&self) -> Tensor {
        self.running_mean.tensor()
    }

    /// Returns the running variance, `[C]`.
    #[must_use]
    pub fn running_var(&self) -> Tensor {
        self.running_var.tensor()
    }

    /// Returns ε.
    #[must_use]
    pub fn eps(&self) -> f64 {
        self.eps
    }

    /// Returns the share of each batch in the running statistics.
    #[must_use]
    pub fn momentum(&self) -> f64 {
        self.momentum
    }
}

impl<const D: usize> Module for BatchNorm<D> {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let rank = x.rank();
        if rank != D + 2 && !(D == 1 && rank == 2) {
            let need = match D {
                1 => "[N, C] or [N, C, L]".to_owned(),
                2 => "[N, C, H, W]; add axes with unsqueeze".to_owned(),
                _ => format!("[N, C] and {D} axes of positions"),
            };
            let got = format!("of shape {}", x.shape());
            return Err(Error::argument(Self::OP, "input", got, need));
        }
        let training = self.mode.is_training();
        let (w, b) = match &self.affine {
            Some([w, b]) => (Some(w.tensor()), Some(b.tensor())),
            None => (None, None),
        };
        let (mean, var) = (self.running_mean.tensor(), self.running_var.tensor());
        let opts = BatchNormOpts { training, momentum: self.momentum, eps: self.eps };
        let (y, mean, var) = x.batch_norm((w.as_ref(), b.as_ref()), (&mean, &var), &opts)?;
        if training {
            self.running_mean.set(&mean);
            self.running_var.set(&var);
            self.batches.set(&self.batches.tensor().add_scalar(1.0)?);
        }
        Ok(y)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.mode(&self.mode);
        if let Some([weight, bias]) = &self.affine {
            visitor.param("weight", weight);
            visitor.param("bias", bias);
        }
        visitor.buffer("running_mean", &self.running_mean);
        visitor.buffer("running_var", &self.running_var);
        visitor.buffer("num_batches_tracked", &self.batches);
    }

    fn name(&self) -> &'static str {
        match D {
            1 => "BatchNorm1d",
            2 => "BatchNorm2d",
            _ => "BatchNorm",
        }
    }

    fn kind(&self) -> Kind<'_> {
        let this: &dyn Any = self;
        this.downcast_ref().map_or(Kind::Other(self.name()), Kind::BatchNorm2d)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        autograd::{GradCheck, gradcheck},
        nn::ModuleExt,
    };

    fn wave(shape: &[usize], step: f64) -> Tensor {
        let n: usize = shape.iter().product();
        Tensor::from_vec((0..n).map(|i| (i as f64 * step).sin() + 0.2).collect(), shape).unwrap()
    }

    #[test]
    fn two_batches_by_hand() {
        let norm = BatchNorm1d::new(2).unwrap();
        norm.to_dtype(DType::F64).unwrap();
        // Channel 0: mean 2, biased variance 1, unbiased 2. Channel 1: mean 0, 16, 32.
        norm.forward(&Tensor::from([[1.0_f64, 4.0], [3.0, -4.0]])).unwrap();
        // Channel 0: mean 5, unbiased variance 0; channel 1 the same.
        norm.forward(&Tensor::from([[5.0_f64, 5.0], [5.0, 5.0]])).unwrap();
        let state = norm.state_dict();
        let at = |name: &str| state[name].to_vec_as::<f64>();
        let near = |got: Vec<f64>, want: [f64; 2]| {
            // A dozen f64 roundings of numbers below 10.
            got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-14)
        };
        assert!(near(at("running_mean"), [0.9 * 0.2 + 0.5, 0.5]));
        assert!(near(at("running_var"), [0.9 * (0.9 + 0.2), 0.9 * (0.9 + 3.2)]));
        assert_eq!(at("num_batches_tracked"), [2.0]);
        assert_eq!(state["num_batches_tracked"].dtype(), DType::I64);

        norm.train(false);
        let y = norm.forward(&Tensor::from([[1.0_f64, 1.0]])).unwrap().to_vec::<f64>().unwrap();
        let want = |mean: f64, var: f64| (1.0 - mean) / (var + 1e-5).sqrt();
        assert!((y[0] - want(0.68, 0.99)).abs() < 1e-14 && (y[1] - want(0.5, 3.69)).abs() < 1e-14);
        assert_eq!(norm.state_dict()["num_batches_tracked"].to_vec_as::<f64>(), [2.0]);
    }

    #[test]
    fn images_are_rows_of_positions() {
        // [N, C, H, W] with the positions moved into the batch is the one-dimensional case.
        let x = wave(&[3, 4, 2, 5], 0.7);
        let (images, rows) = (BatchNorm2d::new(4).unwrap(), BatchNorm1d::new(4).unwrap());
        images.to_dtype(DType::F64).unwrap();
        rows.to_dtype(DType::F64).unwrap();
        let flat = x.permute(&[0, 2, 3, 1]).unwrap().reshape([30, 4]).unwrap();
        let a = images.forward(&x).unwrap().permute(&[0, 2, 3, 1]).unwrap();
        let (a, b) = (a.to_vec_as::<f64>(), rows.forward(&flat).unwrap().to_vec_as::<f64>());
        // The sums run in another order.
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-13));
        for (a, b) in images.state_dict().values().zip(rows.state_dict().values()) {
            let (a, b) = (a.to_vec_as::<f64>(), b.to_vec_as::<f64>());
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-13));
        }
    }

    #[test]
    fn gradients_in_both_modes() {
        for training in [true, false] {
            let norm = BatchNorm2d::new(2).unwrap();
            norm.to_dtype(DType::F64).unwrap();
            norm.train(training);
            // The mode does not change, and neither do the running statistics that evaluation reads.
            let f = |i: &[Tensor]| norm.forward(&i[0])?.square();
            gradcheck(f, &[wave(&[3, 2, 2, 2], 0.7)], GradCheck::default()).unwrap();
            norm.forward(&wave(&[3, 2, 2, 2], 0.9))
                .unwrap()
                .sum(.., false)
                .unwrap()
                .backward()
                .unwrap();
            // Each element of a channel adds 1 to the gradient of its bias.
            assert_eq!(norm.affine().unwrap()[1].grad().unwrap().to_vec_as::<f64>(), [12.0; 2]);
        }
    }

    #[test]
    fn names_options_and_bad_arguments() {
        let norm = BatchNorm2d::new(3).unwrap();
        let names: Vec<String> = norm.state_dict().into_keys().collect();
        assert_eq!(names, ["bias", "num_batches_tracked", "running_mean", "running_var", "weight"]);
        assert_eq!(norm.num_parameters(), 6);
        assert_eq!(BatchNorm2d::new(3).unwrap().without_affine().num_parameters(), 0);
        let bad = |name: &str, result: Result<Tensor>| {
            let error = result.unwrap_err();
            assert_eq!(error.to_string().lines().count(), 3, "{error}");
            assert!(error.to_string().contains(name), "{error}");
        };
        let ones = |shape: &[usize]| Tensor::ones(shape, DType::F32).unwrap();
        bad("[N, C, H, W]", norm.forward(&ones(&[2, 3])));
        bad("4 channels", norm.forward(&ones(&[2, 4, 2, 2])));
        bad("more than one value", norm.forward(&ones(&[1, 3, 1, 1])));
        bad("[N, C] or [N, C, L]", BatchNorm1d::new(3).unwrap().forward(&ones(&[2, 3, 2, 2])));
        assert!(matches!(
            BatchNorm1d::new(0),
            Err(Error::InvalidArgument { name: "channels", .. })
        ));
        for momentum in [-0.1, 1.1, f64::NAN] {
            let result = BatchNorm1d::new(1).unwrap().with_momentum(momentum);
            assert!(matches!(result, Err(Error::InvalidArgument { name: "momentum", .. })));
        }
        // A failed pass leaves the statistics alone.
        assert_eq!(norm.state_dict()["num_batches_tracked"].to_vec_as::<f64>(), [0.0]);
    }
}

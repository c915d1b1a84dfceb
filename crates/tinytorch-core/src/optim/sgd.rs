//! Stochastic gradient descent, with momentum.

use super::{
    Optimizer,
    groups::{Groups, number},
    state::{Reader, copied, values_mut},
};
use crate::{DType, Error, Param, Result, Tensor, dispatch, nn::StateDict, tensor::Real};

const OP: &str = "sgd";

/// Settings of [`Sgd`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdOpts {
    /// Step size η.
    pub lr: f64,
    /// Share μ of the previous direction that is kept; 0 for none.
    pub momentum: f64,
    /// Share τ of the new gradient that does not enter the direction.
    pub dampening: f64,
    /// Looks one step of momentum ahead (Nesterov).
    pub nesterov: bool,
    /// Pull λ of every parameter toward 0.
    pub weight_decay: f64,
    /// Climbs instead of descending.
    pub maximize: bool,
}

impl Default for SgdOpts {
    /// Step size 0.01, nothing else.
    fn default() -> Self {
        Self {
            lr: 0.01,
            momentum: 0.0,
            dampening: 0.0,
            nesterov: false,
            weight_decay: 0.0,
            maximize: false,
        }
    }
}

impl SgdOpts {
    fn check(&self) -> Result<()> {
        number(OP, "lr", self.lr, true)?;
        number(OP, "momentum", self.momentum, false)?;
        number(OP, "weight_decay", self.weight_decay, false)?;
        if !self.dampening.is_finite() {
            return Err(Error::argument(OP, "dampening", self.dampening, "finite"));
        }
        if self.nesterov && (self.momentum <= 0.0 || self.dampening != 0.0) {
            let got =
                format!("on with momentum {} and dampening {}", self.momentum, self.dampening);
            return Err(Error::argument(
                OP,
                "nesterov",
                got,
                "off, or on with a momentum above 0 and no dampening",
            ));
        }
        Ok(())
    }
}

/// Stochastic gradient descent: p ← p − η·direction.
///
/// The direction is the gradient, or with momentum a decaying sum of gradients, which begins as the first gradient:
/// b ← μ·b + (1 − τ)·g. Weight decay adds λ·p to the gradient.
///
/// # Examples
///
/// ```
/// use tinytorch_core::optim::{Optimizer, Sgd, SgdOpts};
/// use tinytorch_core::{Param, Tensor};
///
/// let p = Param::new(Tensor::from_vec(vec![1.0_f64], [1])?)?;
/// let mut sgd = Sgd::new(vec![p.clone()], SgdOpts { lr: 0.25, ..SgdOpts::default() })?;
/// p.tensor().mul(&p.tensor())?.sum(.., false)?.backward()?; // f = p², f' = 2
/// sgd.step()?;
/// assert_eq!(p.tensor().to_vec::<f64>()?, [0.5]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Sgd {
    groups: Groups<SgdOpts>,
    momentum: Vec<Option<Tensor>>,
}

impl Sgd {
    /// Returns an optimizer with one group.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for options out of range, no parameters or one given twice;
    /// [`Error::DTypeUnsupported`] for 16-bit parameters.
    pub fn new(params: Vec<Param>, options: SgdOpts) -> Result<Self> {
        Self { groups: Groups::new(OP), momentum: Vec::new() }.group(params, options)
    }

    /// Returns the optimizer with another group, which has options of its own.
    ///
    /// # Errors
    ///
    /// As [`Sgd::new`].
    pub fn group(mut self, params: Vec<Param>, options: SgdOpts) -> Result<Self> {
        options.check()?;
        self.groups.add(params, options)?;
        self.momentum.resize(self.groups.params.len(), None);
        Ok(self)
    }

    /// Returns the options of the groups.
    #[must_use]
    pub fn options(&self) -> &[SgdOpts] {
        &self.groups.options
    }
}

impl Optimizer for Sgd {
    fn params(&self) -> Vec<Param> {
        self.groups.params.iter().map(|(p, _)| p.clone()).collect()
    }

    fn step_with(&mut self, grads: &[Option<Tensor>]) -> Result<()> {
        self.groups.check(grads)?;
        for (((param, group), grad), buffer) in
            self.groups.params.iter().zip(grads).zip(&mut self.momentum)
        {
            let Some(grad) = grad else { continue };
            let options = &self.groups.options[*group];
            match param.dtype() {
                DType::F64 => update::<f64>(param, grad, buffer, options)?,
                _ => update::<f32>(param, grad, buffer, options)?,
            }
        }
        Ok(())
    }

    fn set_lr(&mut self, lr: f64) -> Result<()> {
        number(OP, "lr", lr, false)?;
        self.groups.options.iter_mut().for_each(|o| o.lr = lr);
        Ok(())
    }

    fn state_dict(&self) -> Result<StateDict> {
        let saved = self.momentum.iter().enumerate().filter_map(|(i, b)| Some((i, b.as_ref()?)));
        saved.map(|(i, b)| Ok((format!("{i}.momentum"), copied(b)?))).collect()
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        let mut reader = Reader::new(OP, state);
        let params = self.groups.params.iter().enumerate();
        let loaded: Vec<_> =
            params.map(|(i, (p, _))| reader.tensor(i, "momentum", p)).collect::<Result<_>>()?;
        reader.finish(loaded.len(), &["momentum"])?;
        self.momentum = loaded;
        Ok(())
    }
}

fn update<T: Real>(
    param: &Param,
    grad: &Tensor,
    buffer: &mut Option<Tensor>,
    o: &SgdOpts,
) -> Result<()> {
    let settings = dispatch::SgdSettings {
        lr: T::lit(o.lr),
        momentum: T::lit(o.momentum),
        dampening: T::lit(o.dampening),
        nesterov: o.nesterov,
        weight_decay: T::lit(o.weight_decay),
        maximize: o.maximize,
    };
    let grad = grad.contiguous();
    let grad = grad.as_slice::<T>()?;
    if o.momentum == 0.0 {
        return param.update(|p| dispatch::sgd_update(p, grad, None, false, &settings))?;
    }
    let first = buffer.is_none();
    if first {
        *buffer = Some(Tensor::zeros(param.shape(), param.dtype())?);
    }
    let Some(buffer) = buffer else { return Ok(()) };
    let buffer = values_mut::<T>(OP, buffer)?;
    param.update(|p| dispatch::sgd_update(p, grad, Some(buffer), first, &settings))?
}

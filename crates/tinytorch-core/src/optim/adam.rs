//! Adam and `AdamW`: steps scaled by running averages of the gradient.

use super::{
    Optimizer,
    groups::{Groups, number},
    state::{Reader, copied, step_tensor, values_mut},
};
use crate::{DType, Error, Param, Result, Tensor, dispatch, nn::StateDict, tensor::Real};

const OP: &str = "adam";

/// Settings of [`Adam`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamOpts {
    /// Step size η.
    pub lr: f64,
    /// Decay rates β₁ and β₂ of the averages of the gradient and of its square.
    pub betas: [f64; 2],
    /// Keeps the division finite where gradients vanish.
    pub eps: f64,
    /// Pull λ of every parameter toward 0.
    pub weight_decay: f64,
    /// Applies the decay to the parameter instead of the gradient, as `AdamW` does.
    pub decoupled: bool,
    /// Divides by the largest average of the squared gradient so far, so that steps never grow again.
    pub amsgrad: bool,
}

impl Default for AdamOpts {
    /// Adam: step size 0.001, rates 0.9 and 0.999, ε = 10⁻⁸, no decay.
    fn default() -> Self {
        Self {
            lr: 1e-3,
            betas: [0.9, 0.999],
            eps: 1e-8,
            weight_decay: 0.0,
            decoupled: false,
            amsgrad: false,
        }
    }
}

impl AdamOpts {
    /// Returns the settings of `AdamW`: those of Adam with a decoupled decay of 0.01.
    #[must_use]
    pub fn adamw() -> Self {
        Self { weight_decay: 0.01, decoupled: true, ..Self::default() }
    }

    fn check(&self) -> Result<()> {
        number(OP, "lr", self.lr, true)?;
        number(OP, "eps", self.eps, false)?;
        number(OP, "weight_decay", self.weight_decay, false)?;
        match self.betas.iter().find(|beta| !(0.0..1.0).contains(*beta)) {
            Some(beta) => {
                Err(Error::argument(OP, "betas", beta, "two numbers of at least 0 and below 1"))
            }
            None => Ok(()),
        }
    }
}

/// What Adam remembers of one parameter.
#[derive(Debug, Clone)]
struct Moments {
    step: u64,
    /// Average of the gradient.
    m: Tensor,
    /// Average of its square.
    v: Tensor,
    /// The largest such average so far, if it is asked for.
    most: Option<Tensor>,
}

/// Adam: p ← p − η·m̂ / (√v̂ + ε), with the averages m and v of the gradient and of its square.
///
/// Both averages start at 0; m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ) undo that. Weight decay adds λ·p to the gradient;
/// decoupled ([`AdamOpts::adamw`]) it multiplies the parameter by 1 − η·λ before the step. With `amsgrad` the largest v so far stands
/// in the place of v.
///
/// # Source
///
/// Kingma and Ba (2015), "Adam"; Loshchilov and Hutter (2019), "Decoupled weight decay regularization"; Reddi, Kale & Kumar (2018), "On
/// the convergence of Adam and beyond".
#[derive(Debug)]
pub struct Adam {
    groups: Groups<AdamOpts>,
    moments: Vec<Option<Moments>>,
}

impl Adam {
    /// Returns an optimizer with one group.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for options out of range, no parameters or one given twice;
    /// [`Error::DTypeUnsupported`] for 16-bit parameters.
    pub fn new(params: Vec<Param>, options: AdamOpts) -> Result<Self> {
        Self { groups: Groups::new(OP), moments: Vec::new() }.group(params, options)
    }

    /// Returns the optimizer with another group, which has options of its own.
    ///
    /// # Errors
    ///
    /// As [`Adam::new`].
    pub fn group(mut self, params: Vec<Param>, options: AdamOpts) -> Result<Self> {
        options.check()?;
        self.groups.add(params, options)?;
        self.moments.resize(self.groups.params.len(), None);
        Ok(self)
    }

    /// Returns the options of the groups.
    #[must_use]
    pub fn options(&self) -> &[AdamOpts] {
        &self.groups.options
    }
}

impl Optimizer for Adam {
    fn params(&self) -> Vec<Param> {
        self.groups.params.iter().map(|(p, _)| p.clone()).collect()
    }

    fn step_with(&mut self, grads: &[Option<Tensor>]) -> Result<()> {
        self.groups.check(grads)?;
        for (((param, group), grad), moments) in
            self.groups.params.iter().zip(grads).zip(&mut self.moments)
        {
            let Some(grad) = grad else { continue };
            let options = &self.groups.options[*group];
            if moments.is_none() {
                let zeros = || Tensor::zeros(param.shape(), param.dtype());
                let most = options.amsgrad.then(zeros).transpose()?;
                *moments = Some(Moments { step: 0, m: zeros()?, v: zeros()?, most });
            }
            let Some(moments) = moments else { continue };
            match param.dtype() {
                DType::F64 => update::<f64>(param, grad, moments, options)?,
                _ => update::<f32>(param, grad, moments, options)?,
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
        let mut state = StateDict::new();
        for (i, moments) in self.moments.iter().enumerate() {
            let Some(moments) = moments else { continue };
            state.insert(format!("{i}.step"), step_tensor(moments.step));
            state.insert(format!("{i}.m"), copied(&moments.m)?);
            state.insert(format!("{i}.v"), copied(&moments.v)?);
            if let Some(most) = &moments.most {
                state.insert(format!("{i}.most"), copied(most)?);
            }
        }
        Ok(state)
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        let mut reader = Reader::new(OP, state);
        let mut loaded = Vec::with_capacity(self.moments.len());
        for (i, (param, group)) in self.groups.params.iter().enumerate() {
            let amsgrad = self.groups.options[*group].amsgrad;
            let most = if amsgrad { reader.tensor(i, "most", param)? } else { None };
            let parts =
                (reader.step(i)?, reader.tensor(i, "m", param)?, reader.tensor(i, "v", param)?);
            loaded.push(match parts {
                (Some(_), Some(_), Some(_)) if amsgrad && most.is_none() => {
                    return Err(Error::MissingParameter { name: format!("{i}.most") });
                }
                (Some(step), Some(m), Some(v)) => Some(Moments { step, m, v, most }),
                (None, None, None) if most.is_none() => None,
                (step, m, _) => {
                    let name = if step.is_none() {
                        "step"
                    } else if m.is_none() {
                        "m"
                    } else {
                        "v"
                    };
                    return Err(Error::MissingParameter { name: format!("{i}.{name}") });
                }
            });
        }
        reader.finish(loaded.len(), &["step", "m", "v", "most"])?;
        self.moments = loaded;
        Ok(())
    }
}

fn update<T: Real>(
    param: &Param,
    grad: &Tensor,
    moments: &mut Moments,
    o: &AdamOpts,
) -> Result<()> {
    let coupled = if o.decoupled { 0.0 } else { o.weight_decay };
    let plain = grad.contiguous();
    let mut decayed = Vec::new();
    let (m, v) = (values_mut::<T>(OP, &mut moments.m)?, values_mut::<T>(OP, &mut moments.v)?);
    let most = moments.most.as_mut().map(|most| values_mut::<T>(OP, most)).transpose()?;
    moments.step += 1;
    let settings = dispatch::AdamSettings { lr: o.lr, betas: o.betas, eps: o.eps };
    param.update(|p| {
        let mut g = plain.as_slice::<T>()?;
        if coupled != 0.0 {
            decayed.extend(g.iter().zip(&*p).map(|(&g, &p)| g + T::lit(coupled) * p));
            g = &decayed;
        }
        if o.decoupled {
            dispatch::adamw_decay(p, o.lr, o.weight_decay)?;
        }
        if most.is_none() {
            return dispatch::adam_step([p, m, v], g, moments.step, &settings);
        }
        dispatch::adam_moments(m, v, g, o.betas.map(T::lit))?;
        let size: &[T] = match most {
            Some(most) => {
                dispatch::amsgrad_max(most, v);
                most
            }
            None => v,
        };
        dispatch::adam_update(p, m, size, moments.step, &settings)
    })?
}

//! What optimizers with a few tensors of memory for each parameter have in common.

use super::{
    Optimizer,
    groups::{Groups, number},
    state::{Reader, copied, step_tensor, values_mut},
};
use crate::{DType, Error, Param, Result, Tensor, nn::StateDict, tensor::Real};

/// The settings of a rule, and the rule itself: how one parameter changes.
pub trait Rule: Copy {
    /// Name in errors.
    const OP: &'static str;

    /// Refuses settings out of range.
    #[doc(hidden)]
    fn check(&self) -> Result<()>;

    /// The step size.
    #[doc(hidden)]
    fn lr(&mut self) -> &mut f64;

    /// Names of the tensors that are remembered, and what they hold at first.
    #[doc(hidden)]
    fn memory(&self) -> Vec<(&'static str, f64)>;

    /// Changes the parameters `p` with gradient `g`; this is update number `step`, from 1.
    #[doc(hidden)]
    fn update<T: Real>(&self, step: u64, p: &mut [T], g: &[T], memory: &mut [&mut [T]]);
}

/// What is remembered of one parameter.
#[derive(Debug, Clone)]
struct Kept {
    step: u64,
    tensors: Vec<Tensor>,
}

/// An optimizer that follows the rule of its options: [`RmsProp`](super::RmsProp), [`AdaGrad`](super::AdaGrad), [`Lion`](super::Lion).
#[derive(Debug)]
pub struct Ruled<O> {
    groups: Groups<O>,
    kept: Vec<Option<Kept>>,
}

impl<O: Rule> Ruled<O> {
    /// Returns an optimizer with one group.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for options out of range, no parameters or one given twice;
    /// [`Error::DTypeUnsupported`] for 16-bit parameters.
    pub fn new(params: Vec<Param>, options: O) -> Result<Self> {
        Self { groups: Groups::new(O::OP), kept: Vec::new() }.group(params, options)
    }

    /// Returns the optimizer with another group, which has options of its own.
    ///
    /// # Errors
    ///
    /// As [`Ruled::new`].
    pub fn group(mut self, params: Vec<Param>, options: O) -> Result<Self> {
        options.check()?;
        self.groups.add(params, options)?;
        self.kept.resize(self.groups.params.len(), None);
        Ok(self)
    }

    /// Returns the options of the groups.
    #[must_use]
    pub fn options(&self) -> &[O] {
        &self.groups.options
    }
}

impl<O: Rule> Optimizer for Ruled<O> {
    fn params(&self) -> Vec<Param> {
        self.groups.params.iter().map(|(p, _)| p.clone()).collect()
    }

    fn step_with(&mut self, grads: &[Option<Tensor>]) -> Result<()> {
        self.groups.check(grads)?;
        for (((param, group), grad), kept) in
            self.groups.params.iter().zip(grads).zip(&mut self.kept)
        {
            let Some(grad) = grad else { continue };
            let options = &self.groups.options[*group];
            if kept.is_none() {
                let fresh = |(_, value)| Tensor::full(param.shape(), value, param.dtype());
                let tensors = options.memory().into_iter().map(fresh).collect::<Result<_>>()?;
                *kept = Some(Kept { step: 0, tensors });
            }
            let Some(kept) = kept else { continue };
            match param.dtype() {
                DType::F64 => update::<f64, O>(param, grad, kept, options)?,
                _ => update::<f32, O>(param, grad, kept, options)?,
            }
        }
        Ok(())
    }

    fn set_lr(&mut self, lr: f64) -> Result<()> {
        number(O::OP, "lr", lr, false)?;
        self.groups.options.iter_mut().for_each(|o| *o.lr() = lr);
        Ok(())
    }

    fn state_dict(&self) -> Result<StateDict> {
        let mut state = StateDict::new();
        for (i, (kept, (_, group))) in self.kept.iter().zip(&self.groups.params).enumerate() {
            let Some(kept) = kept else { continue };
            state.insert(format!("{i}.step"), step_tensor(kept.step));
            for ((name, _), tensor) in
                self.groups.options[*group].memory().into_iter().zip(&kept.tensors)
            {
                state.insert(format!("{i}.{name}"), copied(tensor)?);
            }
        }
        Ok(state)
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        let mut reader = Reader::new(O::OP, state);
        let mut loaded = Vec::with_capacity(self.kept.len());
        let mut known = vec!["step"];
        for (i, (param, group)) in self.groups.params.iter().enumerate() {
            let step = reader.step(i)?;
            let mut tensors = Vec::new();
            for (name, _) in self.groups.options[*group].memory() {
                known.push(name);
                match (step, reader.tensor(i, name, param)?) {
                    (Some(_), Some(tensor)) => tensors.push(tensor),
                    (None, None) => {}
                    (Some(_), None) => {
                        return Err(Error::MissingParameter { name: format!("{i}.{name}") });
                    }
                    (None, Some(_)) => {
                        return Err(Error::MissingParameter { name: format!("{i}.step") });
                    }
                }
            }
            loaded.push(step.map(|step| Kept { step, tensors }));
        }
        reader.finish(loaded.len(), &known)?;
        self.kept = loaded;
        Ok(())
    }
}

fn update<T: Real, O: Rule>(param: &Param, grad: &Tensor, kept: &mut Kept, o: &O) -> Result<()> {
    let grad = grad.contiguous();
    let grad = grad.as_slice::<T>()?;
    let tensors = kept.tensors.iter_mut().map(|t| values_mut::<T>(O::OP, t));
    let mut memory: Vec<&mut [T]> = tensors.collect::<Result<_>>()?;
    kept.step += 1;
    param.update(|p| o.update(kept.step, p, grad, &mut memory))
}

//! What optimizers remember of a parameter: tensors of its shape and type, changed in place.

use crate::{DType, Error, Param, Result, Tensor, nn::StateDict, tensor::Real};

/// Returns the elements of a tensor of the state for change; a tensor that somebody else sees is copied first.
pub(super) fn values_mut<'a, T: Real>(
    op: &'static str,
    tensor: &'a mut Tensor,
) -> Result<&'a mut [T]> {
    if tensor.unique_mut::<T>().is_none() {
        *tensor = Tensor::from_vec(tensor.to_vec::<T>()?, tensor.shape())?;
    }
    tensor
        .unique_mut::<T>()
        .ok_or_else(|| Error::argument(op, "state", "shared", "owned by the optimizer"))
}

/// Refuses a tensor that is not like its parameter.
pub(super) fn check_like(op: &'static str, tensor: &Tensor, param: &Param) -> Result<()> {
    if tensor.dtype() != param.dtype() {
        return Err(Error::DTypeMismatch { op, lhs: tensor.dtype(), rhs: param.dtype() });
    }
    if tensor.shape() != param.shape() {
        return Err(Error::shapes(
            op,
            (tensor.dims(), param.shape()),
            "a gradient or state differs from its parameter",
            "each parameter is changed by tensors of its own shape",
            "check that gradients or state belong to these parameters, in this order",
        ));
    }
    Ok(())
}

/// Returns a copy that shares no memory.
pub(super) fn copied(tensor: &Tensor) -> Result<Tensor> {
    match tensor.dtype() {
        DType::F64 => Tensor::from_vec(tensor.to_vec::<f64>()?, tensor.shape()),
        _ => Tensor::from_vec(tensor.to_vec::<f32>()?, tensor.shape()),
    }
}

/// Reads the entries `0.a`, `0.b`, .. of a state dictionary for parameter after parameter.
pub(super) struct Reader<'a> {
    op: &'static str,
    state: &'a StateDict,
    used: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(op: &'static str, state: &'a StateDict) -> Self {
        Self { op, state, used: 0 }
    }

    /// Returns a copy of the entry `name` of parameter `index`, if there is one, checked against `param`.
    pub(super) fn tensor(
        &mut self,
        index: usize,
        name: &str,
        param: &Param,
    ) -> Result<Option<Tensor>> {
        let Some(tensor) = self.state.get(&format!("{index}.{name}")) else { return Ok(None) };
        check_like(self.op, tensor, param)?;
        self.used += 1;
        copied(tensor).map(Some)
    }

    /// Returns the count of steps of parameter `index`, if there is one.
    pub(super) fn step(&mut self, index: usize) -> Result<Option<u64>> {
        let Some(tensor) = self.state.get(&format!("{index}.step")) else { return Ok(None) };
        self.used += 1;
        let step = tensor.item::<i64>()?;
        u64::try_from(step)
            .map(Some)
            .map_err(|_| Error::argument(self.op, "step", step, "0 or more"))
    }

    /// Refuses entries that no parameter asked for.
    pub(super) fn finish(self, n_params: usize, names: &[&str]) -> Result<()> {
        if self.used == self.state.len() {
            return Ok(());
        }
        let known = |key: &str| {
            (0..n_params).any(|i| names.iter().any(|name| key == format!("{i}.{name}")))
        };
        match self.state.keys().find(|key| !known(key)) {
            Some(name) => Err(Error::UnexpectedParameter { name: name.clone() }),
            None => Ok(()),
        }
    }
}

/// Returns a count of steps as it is saved.
pub(super) fn step_tensor(step: u64) -> Tensor {
    Tensor::scalar(i64::try_from(step).unwrap_or(i64::MAX))
}

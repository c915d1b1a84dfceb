//! The gradients an operation returns.

use crate::{Tensor, few::Few};

/// One gradient per input of an operation, `None` where none is needed.
#[derive(Debug, Clone, Default)]
pub struct Grads(Few<Option<Tensor>>);

impl Grads {
    pub(crate) fn take(&mut self, input: usize) -> Option<Tensor> {
        self.0.as_mut_slice().get_mut(input).and_then(Option::take)
    }

    /// The gradients present, with the numbers of their inputs.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Tensor)> {
        self.0.as_slice().iter().enumerate().filter_map(|(i, g)| Some((i, g.as_ref()?)))
    }

    /// Returns the number of gradients, counting those that are `None`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.as_slice().len()
    }

    /// True for an operation without inputs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl FromIterator<Option<Tensor>> for Grads {
    fn from_iter<I: IntoIterator<Item = Option<Tensor>>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}

impl<const N: usize> From<[Tensor; N]> for Grads {
    fn from(grads: [Tensor; N]) -> Self {
        grads.into_iter().map(Some).collect()
    }
}

impl<const N: usize> From<[Option<Tensor>; N]> for Grads {
    fn from(grads: [Option<Tensor>; N]) -> Self {
        grads.into_iter().collect()
    }
}

//! What an operation keeps from its forward pass for its rule.

use alloc::sync::Arc;

use super::Node;
use crate::{Error, Result, Shape, Tensor, few::Few};

/// Tensors kept from the forward pass, in the order in which they were kept.
#[derive(Debug, Clone, Default)]
pub struct Saved {
    needs: u64,
    items: Few<Option<Item>>,
    node: Option<Arc<Node>>, // present only in the copy that a backward rule sees
}

#[derive(Debug, Clone)]
struct Item {
    tensor: Tensor,
    version: u64,
    is_output: bool,
}

impl Saved {
    pub(crate) fn new(needs: u64) -> Self {
        Self { needs, ..Self::default() }
    }

    /// True if input `input` requires a gradient. Where no input does, nothing needs to be kept.
    #[must_use]
    #[inline]
    pub fn needs(&self, input: usize) -> bool {
        self.needs >> input.min(63) & 1 == 1
    }

    /// True if any input requires a gradient.
    #[must_use]
    #[inline]
    pub fn needs_any(&self) -> bool {
        self.needs != 0
    }

    /// Keeps a tensor: an input, or an intermediate value.
    pub fn keep(&mut self, tensor: &Tensor) {
        self.push(tensor, false);
    }

    /// Keeps a tensor if `wanted`; otherwise its number stays empty.
    pub fn keep_if(&mut self, wanted: bool, tensor: &Tensor) {
        if wanted {
            self.push(tensor, false);
        } else {
            self.items.push(None);
        }
    }

    /// Keeps the result of the operation itself. Pass the very tensor that `forward` returns.
    pub fn keep_output(&mut self, tensor: &Tensor) {
        self.push(tensor, true);
    }

    fn push(&mut self, tensor: &Tensor, is_output: bool) {
        if self.needs_any() {
            let item =
                Item { tensor: tensor.clone(), version: tensor.storage().version(), is_output };
            self.items.push(Some(item));
        }
    }

    /// Returns the tensor that was kept as number `index`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if fewer tensors were kept.
    pub fn get(&self, index: usize) -> Result<&Tensor> {
        let items = self.items.as_slice();
        items.get(index).and_then(Option::as_ref).map(|i| &i.tensor).ok_or_else(|| {
            Error::argument(
                "saved",
                "index",
                index,
                format!("below {}, the tensors kept in forward", items.len()),
            )
        })
    }

    /// The tensors kept, in order.
    pub(crate) fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.items.as_slice().iter().flatten().map(|item| &item.tensor)
    }

    /// The node whose rule this copy is for.
    pub(crate) fn node(&self) -> Option<&Arc<Node>> {
        self.node.as_ref()
    }

    /// Returns the shape of input `input`, or `None` if it does not require a gradient. For use in `backward`.
    #[must_use]
    pub fn input_shape(&self, input: usize) -> Option<&Shape> {
        let node = self.node.as_ref()?.inputs().get(input)?.as_ref()?;
        self.needs(input).then(|| node.shape())
    }

    /// Returns the copy a rule works with: saved results know that `node` made them.
    pub(crate) fn unpack(mut self, node: &Arc<Node>, recording: bool) -> Result<Self> {
        for item in self.items.as_mut_slice().iter_mut().flatten() {
            if item.tensor.storage().version() != item.version {
                return Err(Error::SavedTensorModified { op: node.name() });
            }
            if item.is_output {
                item.tensor.set_node(recording.then(|| node.clone()));
            }
        }
        self.node = Some(node.clone());
        Ok(self)
    }
}

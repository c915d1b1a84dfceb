//! The tensor: a strided view of shared, typed memory, with an optional place in a graph of operations.
//!
//! A [`Tensor`] is cheap to clone: it is two reference counts. Views (`transpose`, `permute`, `narrow`, `slice`,
//! `expand`, `select` and `reshape` where possible) share the memory of their source, and every operation accepts any strides.
//! Nothing mutates memory that another tensor can see.

mod bridge;
mod create;
mod display;
mod dtype;
mod element;
mod layout;
mod read;
mod shape;
pub(crate) mod storage;
mod view;

use alloc::sync::Arc;

pub(crate) use create::each_type;
pub use dtype::DType;
pub use element::{Element, Number, Real};
pub(crate) use layout::Layout;
pub use shape::{IntoShape, MAX_RANK, Shape};
use storage::Storage;
pub use view::{View, position};

use crate::autograd::Node;
use crate::nostd::prelude::*;

/// Frees the memory that waits on this thread for further results.
///
/// The memory of a large dropped tensor of `f32` serves the next result of its size, which is faster than asking the system
/// for it. At most 512 MiB wait on a thread, until it ends or asks to let go: after a peak of memory, or before one is
/// measured. Nothing that is in use is touched.
///
/// # Examples
///
/// ```
/// use tinytorch_core::{DType, Tensor, tensor::release_buffers};
///
/// let x = Tensor::ones([1 << 20], DType::F32)?;
/// drop(x.exp()?); // its 4 MiB wait
/// release_buffers();
/// assert_eq!(x.numel(), 1 << 20);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn release_buffers() {
    crate::kernels::recycle::clear();
}

/// A multi-dimensional array that can take part in automatic differentiation.
#[derive(Clone)]
pub struct Tensor {
    data: Arc<Data>,
    node: Option<Arc<Node>>,
}

/// The array side of a tensor: memory and how it is read.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) storage: Arc<Storage>,
    pub(crate) layout: Layout,
}

impl Tensor {
    /// Wraps freshly computed elements, row-major. `data` must have as many elements as `shape`.
    pub(crate) fn own<T: Element>(data: Vec<T>, shape: Shape) -> Self {
        debug_assert_eq!(data.len(), shape.numel());
        let layout = Layout::contiguous(shape);
        Self { data: Arc::new(Data { storage: Arc::new(Storage::new(data)), layout }), node: None }
    }

    pub(crate) fn from_data(data: Arc<Data>, node: Option<Arc<Node>>) -> Self {
        Self { data, node }
    }

    pub(crate) fn data(&self) -> &Arc<Data> {
        &self.data
    }

    pub(crate) fn into_data(self) -> Arc<Data> {
        self.data
    }

    pub(crate) fn node(&self) -> Option<&Arc<Node>> {
        self.node.as_ref()
    }

    pub(crate) fn set_node(&mut self, node: Option<Arc<Node>>) {
        self.node = node;
    }

    pub(crate) fn storage(&self) -> &Storage {
        &self.data.storage
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.data.layout
    }

    /// Another layout of the same memory, without a place in a graph.
    pub(crate) fn with_layout(&self, layout: Layout) -> Self {
        Self { data: Arc::new(Data { storage: self.data.storage.clone(), layout }), node: None }
    }

    /// Elements of a known type under the tensor's own layout.
    ///
    /// # Panics
    ///
    /// If `T` is not the element type: callers in this crate have matched on it.
    pub(crate) fn typed<T: Element>(&self) -> View<'_, T> {
        self.typed_as(&self.data.layout)
    }

    /// As [`Self::typed`], under another layout of the same memory.
    pub(crate) fn typed_as<'a, T: Element>(&'a self, layout: &'a Layout) -> View<'a, T> {
        let all =
            T::slice(&self.data.storage.buffer).expect("the caller matched on the element type");
        // A view without elements may point behind the end.
        View {
            data: all.get(layout.offset..).unwrap_or(&[]),
            shape: &layout.shape,
            strides: layout.strides(),
        }
    }

    /// The elements for in-place change, if they are contiguous and nobody else can see them.
    pub(crate) fn unique_mut<T: Element>(&mut self) -> Option<&mut [T]> {
        let data = Arc::get_mut(&mut self.data)?;
        let (start, n) = (data.layout.offset, data.layout.shape.numel());
        if !data.layout.is_contiguous() {
            return None;
        }
        T::slice_mut(&mut Arc::get_mut(&mut data.storage)?.buffer)?.get_mut(start..start + n)
    }

    /// Returns the shape.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.data.layout.shape
    }

    /// Returns the sizes along the axes.
    #[must_use]
    pub fn dims(&self) -> &[usize] {
        self.data.layout.shape.dims()
    }

    /// Returns the number of axes; 0 for a scalar.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.data.layout.shape.rank()
    }

    /// Returns the number of elements.
    #[must_use]
    pub fn numel(&self) -> usize {
        self.data.layout.shape.numel()
    }

    /// Returns the steps between neighbours along each axis, in elements.
    #[must_use]
    pub fn strides(&self) -> &[usize] {
        self.data.layout.strides()
    }

    /// Returns the element type.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.data.storage.buffer.dtype()
    }

    /// Returns the bytes of the elements: `numel · dtype.size()`. A view counts what it shows, not what it shares.
    #[must_use]
    pub fn nbytes(&self) -> usize {
        self.numel() * self.dtype().size()
    }

    /// True if the elements lie side by side in row-major order.
    #[must_use]
    pub fn is_contiguous(&self) -> bool {
        self.data.layout.is_contiguous()
    }

    /// True if both tensors look at the same memory.
    #[must_use]
    pub fn shares_memory(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.data.storage, &other.data.storage)
    }
}

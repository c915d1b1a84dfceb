//! Trainable tensors.

use alloc::sync::Arc;
use core::{fmt, sync::atomic::Ordering};

use super::Node;
use crate::nostd::sync::{AtomicU64, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use crate::{
    DType, Error, Result, Shape, Tensor,
    tensor::{Data, Element, Layout, storage::Storage},
};

/// A trainable tensor: a shared handle whose values an optimizer changes in place.
///
/// Clones are handles to the same parameter. [`Self::tensor`] gives the leaf that a forward pass uses.
#[derive(Clone)]
pub struct Param(Arc<Inner>);

struct Inner {
    shape: Shape,
    version: Arc<AtomicU64>,
    values: RwLock<Values>,
}

/// The leaf of the graph and the numbers behind it; both change together when the element type does.
struct Values {
    leaf: Arc<Node>,
    data: Arc<Data>,
}

impl Param {
    /// Makes a parameter with these initial values. The memory is taken over if nobody else uses it.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`] unless the elements are floats.
    #[track_caller]
    pub fn new(values: Tensor) -> Result<Self> {
        if !values.dtype().is_float() {
            return Err(Error::dtype("param", values.dtype(), "f32, f64, f16 or bf16"));
        }
        let version = Arc::new(AtomicU64::new(0));
        let shape = *values.shape();
        let leaf = Node::param(shape, values.dtype(), version.clone());
        let data = owned(values.into_data(), &version);
        Ok(Self(Arc::new(Inner { shape, version, values: RwLock::new(Values { leaf, data }) })))
    }

    fn values(&self) -> RwLockReadGuard<'_, Values> {
        self.0.values.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn values_mut(&self) -> RwLockWriteGuard<'_, Values> {
        self.0.values.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the current values as a leaf of the graph.
    #[must_use]
    pub fn tensor(&self) -> Tensor {
        let values = self.values();
        Tensor::from_data(values.data.clone(), Some(values.leaf.clone()))
    }

    /// Returns the shape.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.0.shape
    }

    /// Returns the element type.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.values().leaf.dtype()
    }

    /// Returns the number of elements.
    #[must_use]
    pub fn numel(&self) -> usize {
        self.shape().numel()
    }

    /// Returns the gradient collected so far, contiguous.
    #[must_use]
    pub fn grad(&self) -> Option<Tensor> {
        self.values().leaf.grad()
    }

    /// Replaces the gradient.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] or [`Error::DTypeMismatch`] unless it is like the parameter.
    pub fn set_grad(&self, grad: &Tensor) -> Result<()> {
        self.check_like("set_grad", grad)?;
        self.values().leaf.set_grad(Some(grad.detach().contiguous()));
        Ok(())
    }

    /// Forgets the gradient.
    pub fn zero_grad(&self) {
        self.values().leaf.set_grad(None);
    }

    /// Returns how often the values have changed.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.0.version.load(Ordering::Acquire)
    }

    /// Where the leaf of the graph lies, which no other leaf shares while this parameter lives.
    pub(super) fn leaf_address(&self) -> usize {
        Arc::as_ptr(&self.values().leaf).addr()
    }

    /// True if both handles belong to one parameter.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Changes the values in place, row-major. `f` must not use this parameter.
    ///
    /// Tensors that still look at the old values keep them; a backward pass that saved them will report
    /// [`Error::SavedTensorModified`].
    ///
    /// # Errors
    ///
    /// [`Error::DTypeMismatch`] if `T` is not the element type.
    #[expect(clippy::missing_panics_doc, reason = "storage that was just copied has one owner")]
    pub fn update<T: Element, R>(&self, f: impl FnOnce(&mut [T]) -> R) -> Result<R> {
        if self.dtype() != T::DTYPE {
            return Err(Error::DTypeMismatch { op: "update", lhs: self.dtype(), rhs: T::DTYPE });
        }
        let data = &mut self.values_mut().data;
        if unique::<T>(data).is_none() {
            *data = copy::<T>(data, &self.0.version);
        }
        let values = unique::<T>(data).expect("a fresh copy has one owner");
        let out = f(values);
        self.0.version.fetch_add(1, Ordering::AcqRel);
        Ok(out)
    }

    /// Replaces the values.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] or [`Error::DTypeMismatch`] unless they are like the parameter.
    pub fn load(&self, values: &Tensor) -> Result<()> {
        self.check_like("load", values)?;
        let fresh =
            crate::tensor::each_type!(self.dtype(), T => copy::<T>(values.data(), &self.0.version));
        self.values_mut().data = fresh;
        self.0.version.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// Gives the values another float type. The gradient is forgotten, and every handle sees the change.
    ///
    /// An optimizer that has already taken a step remembers numbers of the old type: make a new one.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`] unless `dtype` is a float.
    #[track_caller]
    pub fn to_dtype(&self, dtype: DType) -> Result<()> {
        if !dtype.is_float() {
            return Err(Error::dtype("param", dtype, "f32, f64, f16 or bf16"));
        }
        if dtype == self.dtype() {
            return Ok(());
        }
        let values = self.tensor().detach().to_dtype(dtype)?;
        let leaf = Node::param(self.0.shape, dtype, self.0.version.clone());
        let data = owned(values.into_data(), &self.0.version);
        *self.values_mut() = Values { leaf, data };
        self.0.version.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    fn check_like(&self, op: &'static str, other: &Tensor) -> Result<()> {
        if other.dtype() != self.dtype() {
            return Err(Error::DTypeMismatch { op, lhs: other.dtype(), rhs: self.dtype() });
        }
        if other.shape() != self.shape() {
            return Err(Error::shapes(
                op,
                (other.shape(), self.shape()),
                "the shape differs from that of the parameter",
                "a parameter keeps its shape for life",
                "check the architecture that the values were saved from",
            ));
        }
        Ok(())
    }
}

/// Returns the values for change if nobody else sees them.
fn unique<T: Element>(data: &mut Arc<Data>) -> Option<&mut [T]> {
    T::slice_mut(&mut Arc::get_mut(&mut Arc::get_mut(data)?.storage)?.buffer)
}

fn copy<T: Element>(data: &Data, version: &Arc<AtomicU64>) -> Arc<Data> {
    let from = T::slice(&data.storage.buffer).expect("the caller matched on the element type");
    let layout = &data.layout;
    let view = crate::tensor::View {
        data: from.get(layout.offset..).unwrap_or(&[]),
        shape: &layout.shape,
        strides: layout.strides(),
    };
    let storage = Storage::of(T::wrap(view.to_vec()), Some(version.clone()));
    Arc::new(Data { storage: Arc::new(storage), layout: Layout::contiguous(layout.shape) })
}

/// Takes over the memory of a whole, unshared array; copies anything else.
fn owned(data: Arc<Data>, version: &Arc<AtomicU64>) -> Arc<Data> {
    let whole = data.layout == Layout::contiguous(data.layout.shape);
    match Arc::try_unwrap(data) {
        Ok(Data { storage, layout }) => match Arc::try_unwrap(storage) {
            Ok(storage) if whole && storage.buffer.len() == layout.shape.numel() => {
                let buffer = storage.into_buffer();
                let storage = Storage::of(buffer, Some(version.clone()));
                Arc::new(Data { storage: Arc::new(storage), layout })
            }
            Ok(storage) => copy_any(&Data { storage: Arc::new(storage), layout }, version),
            Err(storage) => copy_any(&Data { storage, layout }, version),
        },
        Err(shared) => copy_any(&shared, version),
    }
}

fn copy_any(data: &Data, version: &Arc<AtomicU64>) -> Arc<Data> {
    crate::tensor::each_type!(data.storage.buffer.dtype(), T => copy::<T>(data, version))
}

impl fmt::Debug for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Param")
            .field("shape", self.shape())
            .field("dtype", &self.dtype())
            .field("version", &self.version())
            .finish_non_exhaustive()
    }
}

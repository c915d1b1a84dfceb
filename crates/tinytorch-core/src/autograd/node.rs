//! The nodes of the recorded graph.

use alloc::sync::Arc;
#[cfg(feature = "std")]
use core::cell::RefCell;
use core::{
    fmt,
    panic::Location,
    sync::atomic::{AtomicBool, Ordering},
};

use super::{Op, Saved};
use crate::nostd::prelude::*;
use crate::nostd::sync::{AtomicU64, Mutex, MutexGuard, PoisonError};
use crate::{DType, Error, Result, Shape, Tensor, few::Few};

/// One recorded operation, or a leaf: a tensor whose gradient is wanted.
pub(crate) struct Node {
    op: Option<Box<dyn Op>>, // None for a leaf
    inputs: Few<Option<Arc<Self>>>,
    shape: Shape,
    dtype: DType,
    saved: Mutex<Option<Saved>>, // None once released
    keeps_grad: AtomicBool,
    grad: Mutex<Option<Tensor>>,
    number: u64, // counts the nodes of the whole program, in order of creation
    location: &'static Location<'static>, // where the user asked for the operation
    version: Option<Arc<AtomicU64>>, // of a parameter: how often its values have changed
}

static NODES: AtomicU64 = AtomicU64::new(0);

/// Returns a number above that of every node that this thread has made or been given, and not above that of any later
/// one. Relaxed order suffices: whoever hands over a node synchronizes, and all changes of one counter have one order.
pub(crate) fn next_number() -> u64 {
    NODES.load(Ordering::Relaxed)
}

/// A poisoned lock is harmless here: each critical section is a single assignment.
fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Node {
    #[track_caller]
    fn new(
        op: Option<Box<dyn Op>>,
        inputs: Few<Option<Arc<Self>>>,
        saved: Option<Saved>,
        (shape, dtype): (Shape, DType),
        version: Option<Arc<AtomicU64>>,
    ) -> Arc<Self> {
        let is_leaf = op.is_none();
        Arc::new(Self {
            op,
            inputs,
            shape,
            dtype,
            saved: Mutex::new(saved),
            keeps_grad: AtomicBool::new(is_leaf),
            grad: Mutex::new(None),
            number: NODES.fetch_add(1, Ordering::Relaxed),
            location: Location::caller(),
            version,
        })
    }

    #[track_caller]
    pub(crate) fn leaf(shape: Shape, dtype: DType) -> Arc<Self> {
        Self::new(None, Few::default(), None, (shape, dtype), None)
    }

    /// The leaf of a parameter whose changes `version` counts.
    #[track_caller]
    pub(crate) fn param(shape: Shape, dtype: DType, version: Arc<AtomicU64>) -> Arc<Self> {
        Self::new(None, Few::default(), None, (shape, dtype), Some(version))
    }

    #[track_caller]
    pub(crate) fn of(
        op: Box<dyn Op>,
        inputs: Few<Option<Arc<Self>>>,
        saved: Saved,
        out: &Tensor,
    ) -> Arc<Self> {
        Self::new(Some(op), inputs, Some(saved), (*out.shape(), out.dtype()), None)
    }

    /// Returns the position of this node in the order in which the program made them.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Returns where the operation was called, or the leaf made.
    pub(crate) fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// Returns how often the values of a parameter have changed; `None` for any other node.
    pub(crate) fn version(&self) -> Option<u64> {
        self.version.as_ref().map(|v| v.load(Ordering::Acquire))
    }

    /// Calls `f` with what the rule keeps, unless that is released.
    pub(crate) fn look_at_saved<R>(&self, f: impl FnOnce(&Saved) -> R) -> Option<R> {
        lock(&self.saved).as_ref().map(f)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.op.as_ref().map_or("leaf", |op| op.name())
    }

    pub(crate) fn op(&self) -> Option<&dyn Op> {
        self.op.as_deref()
    }

    pub(crate) fn inputs(&self) -> &[Option<Arc<Self>>] {
        self.inputs.as_slice()
    }

    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    pub(crate) fn is_released(&self) -> bool {
        self.op.is_some() && lock(&self.saved).is_none()
    }

    /// Hands out what the rule needs; without `retain` the node forgets it.
    pub(crate) fn saved(&self, retain: bool) -> Result<Saved> {
        let mut saved = lock(&self.saved);
        let out = if retain { saved.clone() } else { saved.take() };
        out.ok_or(Error::GraphReleased { op: self.name() })
    }

    pub(crate) fn keeps_grad(&self) -> bool {
        self.keeps_grad.load(Ordering::Relaxed)
    }

    pub(crate) fn keep_grad(&self) {
        self.keeps_grad.store(true, Ordering::Relaxed);
    }

    pub(crate) fn grad(&self) -> Option<Tensor> {
        lock(&self.grad).clone()
    }

    pub(crate) fn set_grad(&self, grad: Option<Tensor>) {
        // The old one is dropped after the lock is free: it may hold a graph.
        let _old = core::mem::replace(&mut *lock(&self.grad), grad);
    }

    /// Replaces the gradient by what `f` makes of it. Other passes wait, so that none is lost.
    pub(crate) fn update_grad(
        &self,
        f: impl FnOnce(Option<Tensor>) -> Result<Tensor>,
    ) -> Result<()> {
        let mut grad = lock(&self.grad);
        let before = grad.take();
        *grad = Some(f(before)?);
        Ok(())
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("op", &self.name())
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

/// What a dropped node leaves behind; it may hold the last references to further nodes.
type Remains = (Option<Box<dyn Op>>, Few<Option<Arc<Node>>>, Option<Saved>, Option<Tensor>);

#[cfg(not(feature = "std"))]
static DROPPING: crate::nostd::local::Local<Option<Vec<Remains>>> =
    crate::nostd::local::Local::new(None);

#[cfg(feature = "std")]
thread_local! {
    /// `Some` while a drop is in progress on this thread.
    static DROPPING: RefCell<Option<Vec<Remains>>> = const { RefCell::new(None) };
}

impl Drop for Node {
    /// Frees a chain of any length with bounded stack: nested drops queue what they hold and return.
    fn drop(&mut self) {
        if self.op.is_none() {
            return;
        }
        let take =
            |m: &mut Mutex<Option<_>>| m.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let saved = take(&mut self.saved);
        let grad = self.grad.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let mut remains = Some((self.op.take(), core::mem::take(&mut self.inputs), saved, grad));
        let outermost = DROPPING.try_with(|queue| {
            let mut queue = queue.borrow_mut();
            match &mut *queue {
                Some(waiting) => {
                    waiting.extend(remains.take());
                    false
                }
                None => {
                    *queue = Some(Vec::new());
                    true
                }
            }
        });
        drop(remains);
        if outermost == Ok(true) {
            while let Some(next) = DROPPING.with(|q| q.borrow_mut().as_mut().and_then(Vec::pop)) {
                drop(next);
            }
            DROPPING.with(|q| *q.borrow_mut() = None);
        }
    }
}

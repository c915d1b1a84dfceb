//! The memory behind tensors.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use half::{bf16, f16};

use super::{DType, Element};
use crate::nostd::prelude::*;
use crate::nostd::sync::AtomicU64;
use crate::{Error, Result, kernels::recycle, ops::support::SMALL};

/// One typed, owned array.
#[derive(Debug, Clone)]
pub enum Buffer {
    F32(Vec<f32>),
    F64(Vec<f64>),
    F16(Vec<f16>),
    BF16(Vec<bf16>),
    I64(Vec<i64>),
    I32(Vec<i32>),
    U8(Vec<u8>),
    I8(Vec<i8>),
    Bool(Vec<bool>),
}

impl Buffer {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
            Self::F16(v) => v.len(),
            Self::BF16(v) => v.len(),
            Self::I64(v) => v.len(),
            Self::I32(v) => v.len(),
            Self::U8(v) => v.len(),
            Self::I8(v) => v.len(),
            Self::Bool(v) => v.len(),
        }
    }

    /// Bytes of the elements.
    #[cfg(feature = "std")]
    pub(crate) fn bytes(&self) -> usize {
        self.len() * self.dtype().size()
    }

    pub(crate) fn dtype(&self) -> DType {
        match self {
            Self::F32(_) => DType::F32,
            Self::F64(_) => DType::F64,
            Self::F16(_) => DType::F16,
            Self::BF16(_) => DType::BF16,
            Self::I64(_) => DType::I64,
            Self::I32(_) => DType::I32,
            Self::U8(_) => DType::U8,
            Self::I8(_) => DType::I8,
            Self::Bool(_) => DType::Bool,
        }
    }
}

/// A buffer shared by all views of it. `version` is present where values may change in place: the storage of
/// parameters. It counts the changes, so that saved tensors can tell whether they are stale.
#[derive(Debug)]
pub(crate) struct Storage {
    pub(crate) buffer: Buffer,
    pub(crate) version: Option<Arc<AtomicU64>>,
}

impl Drop for Storage {
    fn drop(&mut self) {
        #[cfg(feature = "std")]
        crate::profile::live::dropped(self.buffer.bytes());
        if let Buffer::F32(data) = &mut self.buffer {
            recycle::give(data);
        }
    }
}

impl Storage {
    /// Takes the buffer out.
    pub(crate) fn into_buffer(mut self) -> Buffer {
        #[cfg(feature = "std")]
        crate::profile::live::dropped(self.buffer.bytes());
        core::mem::replace(&mut self.buffer, Buffer::F32(Vec::new()))
    }

    pub(crate) fn new<T: Element>(data: Vec<T>) -> Self {
        Self::of(T::wrap(data), None)
    }

    /// Takes a buffer over. `version` is for the storage of parameters.
    pub(crate) fn of(buffer: Buffer, version: Option<Arc<AtomicU64>>) -> Self {
        #[cfg(feature = "std")]
        crate::profile::live::made(buffer.bytes());
        Self { buffer, version }
    }

    /// Returns the number of changes so far; 0 for memory that never changes.
    #[inline]
    pub(crate) fn version(&self) -> u64 {
        self.version.as_ref().map_or(0, |v| v.load(Ordering::Acquire))
    }
}

/// Returns a vector of `n` copies of `value`, or an error when the system cannot provide the memory.
pub(crate) fn filled<T: Element>(op: &'static str, n: usize, value: T) -> Result<Vec<T>> {
    // The fast path lets the system hand out zeroed pages; only large requests are worth asking first.
    if n > SMALL {
        Vec::<T>::new().try_reserve_exact(n).map_err(|_| {
            let bytes = n.saturating_mul(core::mem::size_of::<T>());
            Error::argument(
                op,
                "shape",
                format!("worth {bytes} bytes"),
                "small enough for the memory of this machine",
            )
        })?;
    }
    Ok(vec![value; n])
}

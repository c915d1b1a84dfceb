//! Reading and storing runs of bytes in the arena.

use super::{
    Task,
    mem::{Bytes, Mem},
};
use crate::model::record::{TENSOR_CONSTANT, TensorRecord};

/// Where a tensor lies in the arena.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) at: usize,
    pub(crate) len: usize,
}

impl Place {
    pub(crate) const fn of(t: &TensorRecord) -> Self {
        Self { at: t.at as usize, len: t.len as usize }
    }

    /// Returns the place of a tensor that is no constant.
    pub(crate) const fn in_arena(t: &TensorRecord) -> Option<Self> {
        if t.has(TENSOR_CONSTANT) { None } else { Some(Self::of(t)) }
    }

    /// Returns the tensor's bytes.
    #[inline]
    pub(crate) fn view<'m>(self, mem: &'m Mem<'_>) -> Option<&'m [i8]> {
        run(mem, self.at, self.len)
    }
}

impl Task<'_, '_> {
    pub(crate) const fn x_place(&self) -> Place {
        Place::of(&self.x)
    }

    pub(crate) const fn y_place(&self) -> Place {
        Place::of(&self.y)
    }
}

/// Returns `mem[at..at + len]`.
#[inline]
pub(crate) fn run<M: Bytes + ?Sized>(mem: &M, at: usize, len: usize) -> Option<&[i8]> {
    mem.range(at, len)
}

/// Returns `mem[at..at + len]` for writing.
#[inline]
pub(crate) fn run_mut<'m>(mem: &'m mut Mem<'_>, at: usize, len: usize) -> Option<&'m mut [i8]> {
    mem.range_mut(at, len)
}

/// Stores `from` at `mem[at..]`.
#[inline]
pub(crate) fn store(mem: &mut Mem<'_>, at: usize, from: &[i8]) -> Option<()> {
    for (to, from) in run_mut(mem, at, from.len())?.iter_mut().zip(from) {
        *to = *from;
    }
    Some(())
}

/// Copies `len` bytes inside the arena, front to back in blocks that are read before they are
/// written: correct for any overlap with `to <= from`.
pub(crate) fn copy(mem: &mut Mem<'_>, from: usize, to: usize, len: usize) -> Option<()> {
    let mut block = [0_i8; 64];
    let mut done = 0_usize;
    while done < len {
        let n = len.saturating_sub(done).min(block.len());
        let block = block.get_mut(..n)?;
        for (b, x) in block.iter_mut().zip(run(mem, from.checked_add(done)?, n)?) {
            *b = *x;
        }
        store(mem, to.checked_add(done)?, block)?;
        done = done.saturating_add(n);
    }
    Some(())
}

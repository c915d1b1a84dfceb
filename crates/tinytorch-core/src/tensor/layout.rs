//! Where the elements of a view lie in its storage: shape, strides and offset, and the views that need no copy.

use super::{MAX_RANK, Shape};
use crate::nostd::prelude::*;
use crate::{Result, dispatch};

/// Steps between neighbours along each axis, in elements.
pub(crate) type Strides = [usize; MAX_RANK];

/// Position of element `i` is `offset + Σ iₐ·strideₐ`. A stride of 0 repeats one element along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) shape: Shape,
    strides: Strides, // zero past the rank
    pub(crate) offset: usize,
}

impl Layout {
    /// Row-major layout from the start of the storage.
    #[inline]
    pub(crate) fn contiguous(shape: Shape) -> Self {
        Self { shape, strides: dispatch::row_major_strides(&shape), offset: 0 }
    }

    #[inline]
    pub(crate) fn strides(&self) -> &[usize] {
        &self.strides[..self.shape.rank()]
    }

    /// True if the elements lie side by side in row-major order.
    #[inline]
    pub(crate) fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        let mut even = true;
        for (&size, &stride) in self.shape.iter().zip(self.strides()).rev() {
            even &= size == 1 || stride == expected;
            expected *= size;
        }
        even || expected == 0 // without elements any strides will do
    }

    /// Keeps `len` positions along `axis` from `start` on, every `step`-th.
    pub(crate) fn slice(&self, axis: usize, start: usize, len: usize, step: usize) -> Self {
        let mut out = *self;
        out.shape = self.shape.with(axis, len);
        if len > 0 {
            out.offset += start * self.strides[axis];
        }
        out.strides[axis] = self.strides[axis].saturating_mul(step);
        out
    }

    /// Axis `a` of the result is axis `order[a]` of this layout.
    pub(crate) fn permute(&self, order: &[usize]) -> Self {
        let mut out = *self;
        for (to, &from) in order.iter().enumerate() {
            out.shape.dims_mut()[to] = self.shape[from];
            out.strides[to] = self.strides[from];
        }
        out
    }

    pub(crate) fn swap(&self, a: usize, b: usize) -> Self {
        let mut out = *self;
        out.shape.dims_mut().swap(a, b);
        out.strides.swap(a, b);
        out
    }

    fn remove(&self, axis: usize) -> Self {
        let mut out = Self { shape: self.shape.remove(axis), ..*self };
        out.strides.copy_within(axis + 1.., axis);
        out.strides[MAX_RANK - 1] = 0;
        out
    }

    /// Walks two axes of one size together: the first becomes the diagonal, the second goes.
    pub(crate) fn diagonal(&self, first: usize, second: usize) -> Self {
        let mut out = *self;
        out.strides[first] += out.strides[second];
        out.remove(second)
    }

    pub(crate) fn insert(&self, axis: usize) -> Result<Self> {
        let mut out = Self { shape: self.shape.insert(axis, 1)?, ..*self };
        out.strides.copy_within(axis..MAX_RANK - 1, axis + 1);
        out.strides[axis] = 1;
        Ok(out)
    }

    /// Repeats axes of size 1 (and missing leading axes) up to `shape`, with stride 0. The shapes must broadcast.
    pub(crate) fn expand(&self, shape: &Shape) -> Self {
        let mut out = Self { shape: *shape, strides: [0; MAX_RANK], offset: self.offset };
        let lead = shape.rank() - self.shape.rank();
        for (axis, &size) in self.shape.iter().enumerate() {
            if size == shape[lead + axis] {
                out.strides[lead + axis] = self.strides[axis];
            }
        }
        out
    }

    /// Returns the layout of the same elements under another shape of equal count, or `None` if that needs a copy.
    pub(crate) fn reshape(&self, shape: &Shape) -> Option<Self> {
        if self.is_contiguous() {
            return Some(Self { offset: self.offset, ..Self::contiguous(*shape) });
        }
        // Walk both shapes from the front in groups of equal element count; a group must be evenly strided.
        let mut strides = [0; MAX_RANK];
        let old: Vec<(usize, usize)> = self
            .shape
            .iter()
            .copied()
            .zip(self.strides().iter().copied())
            .filter(|&(d, _)| d != 1)
            .collect();
        let (mut i, mut j) = (0, 0);
        while i < old.len() {
            let (mut a, mut b) = (old[i].0, 1);
            let (i0, j0) = (i, j);
            while a != b || shape.get(j).is_some_and(|&d| d == 1) {
                if b < a || a == b {
                    b *= shape.get(j).copied()?;
                    j += 1;
                } else {
                    i += 1;
                    a *= old.get(i)?.0;
                }
            }
            i += 1;
            if old[i0..i].windows(2).any(|w| w[0].1 != w[1].1 * w[1].0) {
                return None;
            }
            let mut stride = old[i - 1].1;
            for axis in (j0..j).rev() {
                strides[axis] = stride;
                stride *= shape[axis];
            }
        }
        Some(Self { shape: *shape, strides, offset: self.offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(dims: &[usize]) -> Shape {
        Shape::new(dims).unwrap()
    }

    /// Positions of all elements in row-major order, by definition.
    fn positions(l: &Layout) -> Vec<usize> {
        let mut out = vec![l.offset];
        for (&d, &s) in l.shape.iter().zip(l.strides()) {
            out = out.iter().flat_map(|&p| (0..d).map(move |i| p + i * s)).collect();
        }
        out
    }

    /// True if some strides describe these positions under this shape.
    fn evenly_strided(positions: &[usize], shape: &Shape) -> bool {
        let blocks = crate::slots::tensor::row_major_strides(shape);
        let steps: Vec<usize> = shape
            .iter()
            .zip(blocks)
            .map(|(&d, block)| if d > 1 { positions[block].wrapping_sub(positions[0]) } else { 0 })
            .collect();
        (0..positions.len()).all(|n| {
            let at = crate::tensor::position(n, shape, &steps);
            positions[n] == positions[0].wrapping_add(at)
        })
    }

    #[test]
    fn reshape_of_a_view_keeps_the_order_of_elements_or_refuses() {
        let base = Layout::contiguous(shape(&[4, 3, 2]));
        let views = [
            base,
            base.swap(0, 1),
            base.swap(1, 2),
            base.permute(&[2, 0, 1]),
            base.slice(0, 1, 2, 1),
            base.slice(0, 0, 2, 2),
            base.slice(2, 1, 1, 1),
            base.slice(1, 0, 1, 1).expand(&shape(&[4, 3, 2])),
        ];
        let targets: [&[usize]; 10] = [
            &[24],
            &[12, 2],
            &[2, 12],
            &[4, 6],
            &[2, 2, 6],
            &[1, 4, 1, 3, 2, 1],
            &[12],
            &[3, 4],
            &[4, 3],
            &[6, 4],
        ];
        for v in &views {
            for t in targets.iter().map(|t| shape(t)).filter(|t| t.numel() == v.shape.numel()) {
                let got = v.reshape(&t).map(|r| positions(&r));
                let want = positions(v);
                let possible = evenly_strided(&want, &t);
                assert_eq!(got, possible.then_some(want), "{v:?} to {t}");
            }
        }
        assert!(base.swap(0, 1).reshape(&shape(&[24])).is_none());
        assert!(base.slice(0, 0, 2, 2).reshape(&shape(&[2, 6])).is_some());
    }
}

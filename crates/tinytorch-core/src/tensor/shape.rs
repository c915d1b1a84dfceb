//! Sizes of a tensor along its axes.

use core::{fmt, ops::Deref};

use crate::nostd::prelude::*;
use crate::{Error, Result};

/// Largest number of axes.
pub const MAX_RANK: usize = 8;

/// Sizes along the axes, outermost first: a small value without heap memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Shape {
    dims: [usize; MAX_RANK], // zero past `rank`
    rank: u8,
}

impl Shape {
    /// Returns the shape with these sizes.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for more than [`MAX_RANK`] axes, or when the elements could not be addressed.
    pub fn new(dims: &[usize]) -> Result<Self> {
        if dims.len() > MAX_RANK {
            let need = format!("a list of at most {MAX_RANK} sizes");
            return Err(Error::argument("shape", "dims", format!("{dims:?}"), need));
        }
        let count = dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d.max(1)));
        if count.is_none_or(|n| n > isize::MAX as usize / 8) {
            let need = "a list of sizes whose product fits into memory";
            return Err(Error::argument("shape", "dims", format!("{dims:?}"), need));
        }
        Ok(Self::clipped(dims))
    }

    /// Returns the shape without any check; extra axes are dropped. For messages and for sizes known to be valid.
    pub(crate) fn clipped(dims: &[usize]) -> Self {
        let rank = dims.len().min(MAX_RANK);
        let mut out = Self { dims: [0; MAX_RANK], rank: rank as u8 };
        out.dims[..rank].copy_from_slice(&dims[..rank]);
        out
    }

    /// Returns the sizes as a slice.
    #[must_use]
    pub fn dims(&self) -> &[usize] {
        &self.dims[..usize::from(self.rank)]
    }

    /// Returns the number of axes.
    #[must_use]
    pub fn rank(&self) -> usize {
        usize::from(self.rank)
    }

    /// Returns the number of elements: the product of the sizes, 1 for a scalar.
    #[must_use]
    pub fn numel(&self) -> usize {
        self.dims().iter().product()
    }

    pub(crate) fn dims_mut(&mut self) -> &mut [usize] {
        &mut self.dims[..usize::from(self.rank)]
    }

    /// Returns this shape with the size `size` inserted before axis `axis`. Fails at the largest rank.
    pub(crate) fn insert(&self, axis: usize, size: usize) -> Result<Self> {
        let mut dims = [0; MAX_RANK + 1];
        dims[..axis].copy_from_slice(&self[..axis]);
        dims[axis] = size;
        dims[axis + 1..=self.rank()].copy_from_slice(&self[axis..]);
        Self::new(&dims[..=self.rank()])
    }

    /// Returns this shape without axis `axis`, which must exist.
    pub(crate) fn remove(&self, axis: usize) -> Self {
        let mut out = Self { dims: [0; MAX_RANK], rank: self.rank - 1 };
        out.dims[..axis].copy_from_slice(&self[..axis]);
        out.dims[axis..self.rank() - 1].copy_from_slice(&self[axis + 1..]);
        out
    }

    /// Returns this shape with another size along `axis`, which must exist.
    pub(crate) fn with(&self, axis: usize, size: usize) -> Self {
        let mut out = *self;
        out.dims[axis] = size;
        out
    }

    /// Returns the axis as a position from the front.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`] unless `-rank <= axis < rank`.
    pub fn axis(&self, op: &'static str, axis: isize) -> Result<usize> {
        let rank = self.rank() as isize;
        let from_front = if axis < 0 { axis.saturating_add(rank) } else { axis };
        if (0..rank).contains(&from_front) {
            Ok(from_front as usize)
        } else {
            Err(Error::AxisOutOfRange { op, axis, rank: self.rank() })
        }
    }
}

impl Deref for Shape {
    type Target = [usize];

    fn deref(&self) -> &[usize] {
        self.dims()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.dims())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.dims())
    }
}

/// Anything that can be read as a shape: arrays, slices, vectors, one size, or `()` for a scalar.
pub trait IntoShape {
    /// Returns the shape.
    ///
    /// # Errors
    ///
    /// As [`Shape::new`].
    fn into_shape(self) -> Result<Shape>;
}

impl IntoShape for Shape {
    fn into_shape(self) -> Result<Shape> {
        Ok(self)
    }
}

impl IntoShape for &Shape {
    fn into_shape(self) -> Result<Shape> {
        Ok(*self)
    }
}

impl IntoShape for &[usize] {
    fn into_shape(self) -> Result<Shape> {
        Shape::new(self)
    }
}

impl<const N: usize> IntoShape for [usize; N] {
    fn into_shape(self) -> Result<Shape> {
        Shape::new(&self)
    }
}

impl<const N: usize> IntoShape for &[usize; N] {
    fn into_shape(self) -> Result<Shape> {
        Shape::new(self)
    }
}

impl IntoShape for Vec<usize> {
    fn into_shape(self) -> Result<Shape> {
        Shape::new(&self)
    }
}

impl IntoShape for &Vec<usize> {
    fn into_shape(self) -> Result<Shape> {
        Shape::new(self)
    }
}

impl IntoShape for usize {
    fn into_shape(self) -> Result<Shape> {
        Shape::new(&[self])
    }
}

impl IntoShape for () {
    fn into_shape(self) -> Result<Shape> {
        Ok(Shape::clipped(&[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_keep_equality() {
        let s = Shape::new(&[2, 3, 4]).unwrap();
        assert_eq!(s.remove(1), Shape::new(&[2, 4]).unwrap());
        assert_eq!(s.insert(0, 1).unwrap(), Shape::new(&[1, 2, 3, 4]).unwrap());
        assert_eq!(s.insert(3, 1).unwrap(), Shape::new(&[2, 3, 4, 1]).unwrap());
        assert_eq!(s.with(2, 9), Shape::new(&[2, 3, 9]).unwrap());
    }

    #[test]
    fn too_many_axes_and_too_many_elements_are_refused() {
        assert!(matches!(Shape::new(&[1; 9]), Err(Error::InvalidArgument { .. })));
        assert!(matches!(Shape::new(&[usize::MAX, 2]), Err(Error::InvalidArgument { .. })));
        assert!(matches!(Shape::new(&[0, usize::MAX, 2]), Err(Error::InvalidArgument { .. })));
    }

    #[test]
    fn axes_count_from_both_ends() {
        let s = Shape::new(&[2, 3]).unwrap();
        assert_eq!(s.axis("t", -1).unwrap(), 1);
        assert_eq!(s.axis("t", 0).unwrap(), 0);
        assert!(s.axis("t", 2).is_err());
        assert!(s.axis("t", isize::MIN).is_err());
    }
}

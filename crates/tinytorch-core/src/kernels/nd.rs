//! Joint iteration over several strided operands.
//!
//! Adjacent axes that all operands walk evenly are merged, so that most operations end up with one long inner loop.

use crate::tensor::MAX_RANK;

/// The common index space of `N` operands: rows of `inner()` elements.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nd<const N: usize> {
    rank: usize, // at least 1
    dims: [usize; MAX_RANK],
    strides: [[usize; MAX_RANK]; N],
}

impl<const N: usize> Nd<N> {
    pub(crate) fn new(shape: &[usize], strides: [&[usize]; N]) -> Self {
        let mut nd = Self { rank: 0, dims: [1; MAX_RANK], strides: [[0; MAX_RANK]; N] };
        for (axis, &size) in shape.iter().enumerate() {
            if size == 1 {
                continue;
            }
            let last = nd.rank.wrapping_sub(1);
            let mergeable =
                nd.rank > 0 && (0..N).all(|k| nd.strides[k][last] == strides[k][axis] * size);
            let to = if mergeable { last } else { nd.rank };
            nd.dims[to] *= size;
            for (merged, stride) in nd.strides.iter_mut().zip(&strides) {
                merged[to] = stride[axis];
            }
            nd.rank = to + 1;
        }
        nd.rank = nd.rank.max(1);
        nd
    }

    /// Elements of one row.
    pub(crate) fn inner(&self) -> usize {
        self.dims[self.rank - 1]
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.dims[..self.rank - 1].iter().product()
    }

    /// Steps of the operands inside a row.
    pub(crate) fn steps(&self) -> [usize; N] {
        core::array::from_fn(|k| self.strides[k][self.rank - 1])
    }

    /// Where row `row` starts in each operand.
    pub(crate) fn offsets(&self, mut row: usize) -> [usize; N] {
        let mut out = [0; N];
        for axis in (0..self.rank - 1).rev() {
            let i = row % self.dims[axis];
            row /= self.dims[axis];
            for (offset, strides) in out.iter_mut().zip(&self.strides) {
                *offset += i * strides[axis];
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_axes_merge() {
        let nd = Nd::new(&[2, 3, 4], [&[12, 4, 1], &[0, 4, 1]]);
        assert_eq!((nd.rows(), nd.inner()), (2, 12));
        assert_eq!(nd.offsets(1), [12, 0]);
        let scalar = Nd::new(&[], [&[]]);
        assert_eq!((scalar.rows(), scalar.inner()), (1, 1));
        let transposed = Nd::new(&[3, 2], [&[1, 3]]);
        assert_eq!((transposed.rows(), transposed.inner(), transposed.steps()), (3, 2, [3]));
    }
}

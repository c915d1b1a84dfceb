//! Borrowed elements with shape and strides: what slots and kernels read.

use alloc::borrow::Cow;

use crate::kernels::nd::Nd;
use crate::nostd::prelude::*;

/// A borrowed, strided array: the form in which algorithms receive their operands.
///
/// Element `[i, j, ..]` is `data[i * strides[0] + j * strides[1] + ..]`.
#[derive(Debug, Clone, Copy)]
pub struct View<'a, T = f32> {
    /// Memory from the first element of the view on.
    pub data: &'a [T],
    /// Sizes along the axes.
    pub shape: &'a [usize],
    /// Steps along the axes, in elements; 0 repeats an element.
    pub strides: &'a [usize],
}

impl<'a, T: Copy> View<'a, T> {
    /// Returns the number of axes.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Returns the number of elements.
    #[must_use]
    pub fn numel(&self) -> usize {
        self.shape.iter().product()
    }

    /// Returns the element at a position, or `None` outside the shape.
    #[must_use]
    pub fn get(&self, index: &[usize]) -> Option<T> {
        if index.len() != self.rank() || index.iter().zip(self.shape).any(|(i, d)| i >= d) {
            return None;
        }
        self.data.get(index.iter().zip(self.strides).map(|(i, s)| i * s).sum::<usize>()).copied()
    }

    /// True if the elements lie side by side in row-major order.
    #[must_use]
    pub fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        let mut even = true;
        for (&size, &stride) in self.shape.iter().zip(self.strides).rev() {
            even &= size == 1 || stride == expected;
            expected *= size;
        }
        even || expected == 0 // without elements any strides will do
    }

    /// Returns the elements in row-major order as one slice, if they lie so.
    #[must_use]
    pub fn as_slice(&self) -> Option<&'a [T]> {
        if self.is_contiguous() { self.data.get(..self.numel()) } else { None }
    }

    /// Returns the elements in row-major order; copies only when they do not lie so.
    #[must_use]
    pub fn to_contiguous(&self) -> Cow<'a, [T]> {
        self.as_slice().map_or_else(|| Cow::Owned(self.to_vec()), Cow::Borrowed)
    }

    /// Returns a copy of the elements in row-major order.
    #[must_use]
    pub fn to_vec(&self) -> Vec<T> {
        if let Some(s) = self.as_slice() {
            return s.to_vec();
        }
        let nd = Nd::new(self.shape, [self.strides]);
        let (inner, step) = (nd.inner(), nd.steps()[0]);
        let mut out = Vec::with_capacity(self.numel());
        for row in 0..nd.rows() {
            let [o] = nd.offsets(row);
            match step {
                1 => out.extend_from_slice(&self.data[o..o + inner]),
                0 => out.extend(core::iter::repeat_n(self.data[o], inner)),
                _ => out.extend(self.data[o..].iter().step_by(step).take(inner)),
            }
        }
        out
    }

    /// Returns the elements in row-major order, one after the other. Simple rather than fast.
    pub fn iter(&self) -> impl Iterator<Item = T> + 'a {
        let Self { data, shape, strides } = *self;
        (0..self.numel()).map(move |n| data[position(n, shape, strides)])
    }
}

/// Returns where the `n`-th element in row-major order lies.
#[must_use]
pub fn position(mut n: usize, shape: &[usize], strides: &[usize]) -> usize {
    let mut at = 0;
    for (&size, &stride) in shape.iter().zip(strides).rev() {
        at += n % size * stride;
        n /= size;
    }
    at
}

//! Small arrays with known elements, for checks.

use core::fmt;

use super::View;
use crate::Rng;

/// Owned elements with any strides.
pub(crate) struct Array {
    data: Vec<f32>,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

impl Array {
    /// The elements in row-major order.
    pub(crate) fn new(data: &[f32], shape: &[usize]) -> Self {
        let strides = crate::slots::tensor::row_major_strides(shape)[..shape.len()].to_vec();
        Self { data: data.to_vec(), shape: shape.to_vec(), strides }
    }

    /// 0, 1, 2, ..
    pub(crate) fn count(shape: &[usize]) -> Self {
        let n: usize = shape.iter().product();
        Self::new(&(0..n).map(|v| v as f32).collect::<Vec<_>>(), shape)
    }

    /// Whole numbers from -4 to 4: sums and products of a few are exact.
    pub(crate) fn whole(shape: &[usize], seed: u64) -> Self {
        let (n, mut rng) = (shape.iter().product(), Rng::seed(seed));
        Self::new(&(0..n).map(|_| rng.below(9) as f32 - 4.0).collect::<Vec<_>>(), shape)
    }

    /// The two axes exchanged, as a view of the same elements.
    pub(crate) fn transposed(mut self) -> Self {
        self.shape.reverse();
        self.strides.reverse();
        self
    }

    /// The same elements under other strides.
    pub(crate) fn strided(mut self, shape: &[usize], strides: &[usize]) -> Self {
        self.shape = shape.to_vec();
        self.strides = strides.to_vec();
        self
    }

    pub(crate) fn view(&self) -> View<'_> {
        View { data: &self.data, shape: &self.shape, strides: &self.strides }
    }

    pub(crate) fn at(&self, index: &[usize]) -> f32 {
        self.view().get(index).unwrap_or(f32::NAN)
    }
}

impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.shape)?;
        if !self.view().is_contiguous() {
            write!(f, " with strides {:?}", self.strides)?;
        }
        let mut elements: Vec<f32> = self.view().iter().take(13).collect();
        let more = if elements.len() > 12 { ", .." } else { "" };
        elements.truncate(12);
        let text: Vec<String> = elements.iter().map(f32::to_string).collect();
        write!(f, " of [{}{more}]", text.join(", "))
    }
}

//! Module 01, Tensor.

use tinytorch_core::{
    Result,
    course::{View, m01::TensorLesson},
};

/// My lesson.
pub struct Mine;

impl TensorLesson for Mine {
    fn row_major_strides(&self, shape: &[usize]) -> Result<Vec<usize>> {
        let mut strides = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis].max(1);
        }
        Ok(strides)
    }

    fn matmul(&self, a: View<'_>, b: View<'_>) -> Result<Vec<f32>> {
        let (m, k, n) = (a.shape[0], a.shape[1], b.shape[1]);
        let mut out = vec![0.0; m * n];
        for i in 0..m {
            for p in 0..k {
                let left = a.data[i * a.strides[0] + p * a.strides[1]];
                for j in 0..n {
                    out[i * n + j] += left * b.data[p * b.strides[0] + j * b.strides[1]];
                }
            }
        }
        Ok(out)
    }
}

//! Module 02, Activations.

use tinytorch_core::{
    Result,
    course::{View, m02::ActivationLesson},
};

/// My lesson.
pub struct Mine;

impl ActivationLesson for Mine {
    fn relu(&self, x: View<'_>) -> Result<Vec<f32>> {
        Ok(x.iter().map(|v| if v < 0.0 { 0.0 } else { v }).collect())
    }

    // Wrong on purpose: the largest element is not subtracted, so large numbers overflow.
    fn softmax(&self, x: View<'_>, axis: usize) -> Result<Vec<f32>> {
        let mut out: Vec<f32> = x.iter().map(f32::exp).collect();
        let inner: usize = x.shape[axis + 1..].iter().product();
        let len = x.shape[axis];
        for start in 0..out.len() / len {
            let first = start / inner * len * inner + start % inner;
            let sum: f32 = (0..len).map(|k| out[first + k * inner]).sum();
            (0..len).for_each(|k| out[first + k * inner] /= sum);
        }
        Ok(out)
    }
}

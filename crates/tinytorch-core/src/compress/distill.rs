//! A small network learns from a large one.

use crate::{Result, Tensor, dispatch};

/// How much a student listens to its teacher.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distillation {
    /// Divides both scores: above 1 the teacher's opinion on wrong classes counts more.
    pub temperature: f64,
    /// Share of the teacher in the loss; the labels have the rest.
    pub alpha: f64,
    /// Multiply the teacher's part by T², so that its gradient does not shrink as T grows (Hinton, Vinyals & Dean, 2015).
    pub scale_t_squared: bool,
}

impl Default for Distillation {
    /// T = 3, α = 0.7, without T².
    fn default() -> Self {
        Self { temperature: 3.0, alpha: 0.7, scale_t_squared: false }
    }
}

/// Returns `α·KL(teacher at T ‖ student at T) + (1 − α)·cross entropy`, each the mean over the batch. The gradient reaches the
/// student only.
///
/// # Shapes
///
/// `student` and `teacher`: scores `[N, classes]`; `labels`: `[N]`.
///
/// # Errors
///
/// - [`InvalidArgument`](crate::Error::InvalidArgument) if T is not positive and finite, or α is outside 0 to 1.
/// - [`ShapeMismatch`](crate::Error::ShapeMismatch) unless both scores have the same shape; as [`Tensor::cross_entropy`] for the labels.
///
/// # Examples
///
/// ```
/// use tinytorch_core::Tensor;
/// use tinytorch_core::compress::{Distillation, distill_loss};
///
/// let scores = Tensor::from([[2.0_f32, 0.0], [0.0, 1.0]]);
/// let labels = Tensor::from([0_i64, 1]);
/// let how = Distillation { alpha: 1.0, ..Distillation::default() };
/// // A student that says what its teacher says has nothing to learn from it.
/// assert!(distill_loss(&scores, &scores, &labels, &how)?.item::<f32>()?.abs() < 1e-7);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn distill_loss(
    student: &Tensor,
    teacher: &Tensor,
    labels: &Tensor,
    how: &Distillation,
) -> Result<Tensor> {
    dispatch::distill_loss(student, teacher, labels, how)
}

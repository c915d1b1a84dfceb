//! Anomalies as points far from every cluster of the training data.

use super::{PostError, Slice, error::word};

/// Scores above it are usually called anomalous; what was seen in training has a score of at most 0.
pub const ANOMALY_THRESHOLD: f32 = 0.3;

/// Clusters in a normalised feature space.
///
/// ```
/// use kits_hal::post::KMeans;
///
/// let means = [1.0, 2.0];
/// let scales = [2.0, 0.5];
/// let centroids = [0.0, 0.0, 3.0, 4.0]; // two clusters
/// let clusters = KMeans::new(&means, &scales, &centroids, &[0.5, 1.0])?;
/// assert_eq!(clusters.score(&[1.0, 2.0])?, -0.5); // in the middle of the first
/// # Ok::<(), kits_hal::post::PostError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KMeans<'a> {
    means: &'a [f32],
    scales: &'a [f32],
    centroids: &'a [f32],
    max_errors: &'a [f32],
}

impl<'a> KMeans<'a> {
    /// Borrows means and scales of the features, the centroids one after the other, and the largest distance from each
    /// centroid seen in training.
    ///
    /// # Errors
    ///
    /// [`PostError::Length`] if the lengths do not fit each other or are 0; [`PostError::BadScale`] if a scale is zero
    /// or not finite.
    pub fn new(
        means: &'a [f32],
        scales: &'a [f32],
        centroids: &'a [f32],
        max_errors: &'a [f32],
    ) -> Result<Self, PostError> {
        PostError::at_least(Slice::Means, 1, means.len())?;
        PostError::at_least(Slice::MaxErrors, 1, max_errors.len())?;
        PostError::exactly(Slice::Scales, means.len(), scales.len())?;
        let numbers = means.len().saturating_mul(max_errors.len());
        PostError::exactly(Slice::Centroids, numbers, centroids.len())?;
        for (index, scale) in (0..).zip(scales) {
            if *scale == 0.0 || !scale.is_finite() {
                return Err(PostError::BadScale { index });
            }
        }
        Ok(Self { means, scales, centroids, max_errors })
    }

    /// Returns the score of a point: the least distance to a centroid minus that cluster's largest distance.
    ///
    /// Infinite for a point with a feature that is not a number, so that a broken sensor is an anomaly.
    ///
    /// # Errors
    ///
    /// [`PostError::Length`] if there are more or fewer features than in training.
    pub fn score(&self, features: &[f32]) -> Result<f32, PostError> {
        PostError::exactly(Slice::Features, self.means.len(), features.len())?;
        Ok(self.least(&features.iter().copied()))
    }

    /// Like [`score`](Self::score), of selected features only, given in the order of training.
    ///
    /// # Errors
    ///
    /// [`PostError::Length`] if there are more or fewer selected than in training; [`PostError::NoSuchFeature`] if one
    /// does not exist.
    pub fn score_selected(&self, features: &[f32], selected: &[u16]) -> Result<f32, PostError> {
        PostError::exactly(Slice::Features, self.means.len(), selected.len())?;
        for &index in selected {
            if usize::from(index) >= features.len() {
                return Err(PostError::NoSuchFeature { index, have: word(features.len()) });
            }
        }
        let of = |index: &u16| features.get(usize::from(*index)).copied().unwrap_or(f32::NAN);
        Ok(self.least(&selected.iter().map(of)))
    }

    /// Returns the least score over all clusters of a point with as many features as there are means.
    fn least(&self, features: &(impl Iterator<Item = f32> + Clone)) -> f32 {
        let clusters = self.centroids.chunks_exact(self.means.len().max(1)).zip(self.max_errors);
        clusters.fold(f32::INFINITY, |least, (centroid, max_error)| {
            let point = features.clone().zip(self.means).zip(self.scales);
            let squares = point.zip(centroid).map(|(((x, mean), scale), c)| {
                let d = (x - mean) / scale - c;
                d * d
            });
            least.min(libm::sqrtf(squares.sum()) - max_error)
        })
    }
}

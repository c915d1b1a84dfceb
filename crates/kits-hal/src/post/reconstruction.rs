//! Anomalies as inputs that an autoencoder cannot reproduce.

use super::{PostError, Slice};

/// The mean squared difference between inputs and outputs in real units, over one window and over many.
///
/// ```
/// use kits_hal::post::Reconstruction;
///
/// let mut error = Reconstruction::new((0.5, 0), (1.0, -10));
/// assert_eq!(error.push(&[4, 8], &[-8, -6])?, 0.0); // 2 and 4, both ways
/// assert_eq!(error.push(&[4, 8], &[-8, -7])?, 0.5); // 4 against 3
/// assert_eq!(error.mean(), Some(0.25));
/// # Ok::<(), kits_hal::post::PostError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reconstruction {
    input: (f32, i8),
    output: (f32, i8),
    sum: f32,
    windows: u32,
}

impl Reconstruction {
    /// Takes scale and zero point of the model's input and output.
    #[must_use]
    pub const fn new(input: (f32, i8), output: (f32, i8)) -> Self {
        Self { input, output, sum: 0.0, windows: 0 }
    }

    /// Compares a window with its reconstruction, both quantised, and returns the mean squared difference.
    ///
    /// # Errors
    ///
    /// [`PostError::Length`] if the two are not equally long or empty.
    #[expect(clippy::cast_precision_loss, reason = "a window is far shorter than 2^24 elements")]
    pub fn push(&mut self, input: &[i8], output: &[i8]) -> Result<f32, PostError> {
        PostError::at_least(Slice::Features, 1, input.len())?;
        PostError::exactly(Slice::Reconstruction, input.len(), output.len())?;
        let real = |q: i8, (scale, zero): (f32, i8)| {
            scale * f32::from(i16::from(q).saturating_sub(zero.into()))
        };
        let squares = input.iter().zip(output).map(|(x, y)| {
            let d = real(*x, self.input) - real(*y, self.output);
            d * d
        });
        let error = squares.sum::<f32>() / input.len() as f32;
        self.sum += error;
        self.windows = self.windows.saturating_add(1);
        Ok(error)
    }

    /// Returns the mean over all windows since the start, if there was one: the score of a recording.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "windows of a recording are few")]
    pub fn mean(&self) -> Option<f32> {
        (self.windows > 0).then(|| self.sum / self.windows as f32)
    }

    /// Forgets all windows.
    pub const fn reset(&mut self) {
        self.sum = 0.0;
        self.windows = 0;
    }
}

/// Returns how often an anomalous recording has a higher score than a normal one (area under the ROC curve); equal
/// scores count half. `None` if one of the two kinds is missing.
///
/// For the host: it compares all pairs.
///
/// # Errors
///
/// [`PostError::Length`] if there are more or fewer true classes than scores.
///
/// ```
/// let scores = [0.1, 0.4, 0.35, 0.8];
/// let anomalous = [false, false, true, true];
/// assert_eq!(kits_hal::post::auc(&scores, &anomalous), Ok(Some(0.75)));
/// ```
#[cfg(feature = "std")]
pub fn auc(scores: &[f32], anomalous: &[bool]) -> Result<Option<f64>, PostError> {
    PostError::exactly(Slice::Truth, scores.len(), anomalous.len())?;
    let of = |kind: bool| {
        let both = scores.iter().zip(anomalous);
        both.filter(move |(_, truth)| **truth == kind).map(|(score, _)| *score)
    };
    let (mut wins, mut pairs) = (0.0, 0.0);
    for positive in of(true) {
        for negative in of(false) {
            pairs += 1.0;
            if positive > negative {
                wins += 1.0;
            } else if positive >= negative {
                wins += 0.5;
            }
        }
    }
    Ok((pairs > 0.0).then(|| wins / pairs))
}

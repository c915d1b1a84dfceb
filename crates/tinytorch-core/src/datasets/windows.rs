//! A long text as many short lessons: predict the next token.

use super::{Description, Sample, fingerprint, out_of_range};
use crate::{Error, Result, Tensor, data::Dataset};

/// Windows of `context` tokens, each with the window that lies one token further.
///
/// As a [`Dataset`] a sample is `ids[s..s + context]` and `ids[s + 1..s + context + 1]`, both `i64` `[T]`, for the starts
/// s = 0, stride, 2·stride and so on.
///
/// # Examples
///
/// ```
/// use tinytorch_core::{data::Dataset, datasets::Windows};
///
/// let windows = Windows::new(&[10, 11, 12, 13, 14, 15], 3, 2)?;
/// assert_eq!(windows.len(), 2);
/// let [input, target] = windows.get(1)?;
/// assert_eq!(input.to_vec::<i64>()?, [12, 13, 14]);
/// assert_eq!(target.to_vec::<i64>()?, [13, 14, 15]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windows {
    ids: Vec<i64>,
    context: usize,
    stride: usize,
}

impl Windows {
    /// Returns the windows over `ids`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `context` or `stride` is 0 or there is not one window.
    pub fn new(ids: &[u32], context: usize, stride: usize) -> Result<Self> {
        for (name, got) in [("context", context), ("stride", stride)] {
            if got == 0 {
                return Err(Error::argument("windows", name, got, "at least 1"));
            }
        }
        if ids.len() <= context {
            let need = format!(
                "at least {} long: a window of {context} and the token after it",
                context.saturating_add(1)
            );
            return Err(Error::argument(
                "windows",
                "ids",
                format!("{} tokens long", ids.len()),
                need,
            ));
        }
        Ok(Self { ids: ids.iter().map(|&id| i64::from(id)).collect(), context, stride })
    }

    /// Returns the facts about these windows; the classes are the different tokens of the text.
    #[must_use]
    pub fn describe(&self) -> Description {
        let mut ids = self.ids.clone();
        ids.sort_unstable();
        ids.dedup();
        Description {
            name: format!("windows with stride {}", self.stride),
            samples: Dataset::len(self),
            shape: vec![self.context],
            classes: ids.len(),
            bytes: size_of_val(&self.ids[..]),
            origin: format!("a text of {} tokens", self.ids.len()),
            license: "that of the text",
            citation: "see the source of the text",
        }
    }

    /// Returns a number that changes when a token does.
    #[must_use]
    pub fn checksum(&self) -> u64 {
        fingerprint(self.ids.iter().flat_map(|id| id.to_le_bytes()))
    }

    /// Returns where each window starts.
    pub fn starts(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.ids.len() - self.context).step_by(self.stride)
    }
}

impl Dataset for Windows {
    type Item = Sample;

    fn len(&self) -> usize {
        (self.ids.len() - self.context - 1) / self.stride + 1
    }

    fn get(&self, index: usize) -> Result<Sample> {
        if index >= self.len() {
            return Err(out_of_range(index, self.len()));
        }
        let start = index * self.stride;
        let window = |start: usize| {
            Tensor::from_slice(&self.ids[start..start + self.context], [self.context])
        };
        Ok([window(start)?, window(start + 1)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_by_hand() {
        for (n, context, stride, count) in
            [(4515, 32, 8, 561), (4, 3, 1, 1), (5, 3, 1, 2), (5, 3, 9, 1), (2, 1, 1, 1)]
        {
            let ids: Vec<u32> = (0..n).collect();
            let windows = Windows::new(&ids, context, stride).unwrap();
            assert_eq!(windows.len(), count);
            assert_eq!(windows.starts().count(), count);
            let [input, target] = windows.get(count - 1).unwrap();
            let (input, target) = (input.to_vec::<i64>().unwrap(), target.to_vec::<i64>().unwrap());
            assert!(input.iter().zip(&target).all(|(a, b)| a + 1 == *b));
            assert_eq!(Some(input[0] as usize), windows.starts().last());
            assert!(matches!(windows.get(count), Err(Error::IndexOutOfRange { .. })));
        }
    }

    #[test]
    fn facts_and_checksum() {
        let windows = Windows::new(&[7, 8, 7, 8, 7], 2, 2).unwrap();
        let about = windows.describe();
        assert_eq!((about.samples, about.shape, about.classes, about.bytes), (2, vec![2], 2, 40));
        assert_ne!(windows.checksum(), Windows::new(&[7, 8, 7, 8, 9], 2, 2).unwrap().checksum());
    }

    #[test]
    fn too_short_texts_are_refused() {
        for (context, stride) in [(0, 1), (1, 0), (3, 1), (usize::MAX, 1)] {
            assert!(matches!(
                Windows::new(&[1, 2, 3], context, stride),
                Err(Error::InvalidArgument { .. })
            ));
        }
    }
}

//! Images with one label each.

use super::{Description, Sample, fingerprint, out_of_range};
use crate::{Error, Result, Tensor, data::Dataset};

/// Images of one size, with pixels as small integers and one class each.
///
/// As a [`Dataset`] a sample is the image as `f32` `[C, H, W]`, scaled to 0..=1, and its class as a scalar `i64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    pub(super) pixels: Vec<u8>,
    pub(super) labels: Vec<u8>,
    /// Channels, height, width.
    pub(super) shape: [usize; 3],
    /// The pixel value that becomes 1.
    pub(super) white: u8,
    pub(super) classes: usize,
    pub(super) about: About,
}

/// The words of a [`Description`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    pub(super) name: &'static str,
    pub(super) origin: String,
    pub(super) license: &'static str,
    pub(super) citation: &'static str,
}

impl Images {
    /// Returns the number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Returns whether there is no image.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Returns channels, height and width.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Returns the pixels of image `index`, channel by channel and row by row.
    #[must_use]
    pub fn pixels(&self, index: usize) -> Option<&[u8]> {
        let n: usize = self.shape.iter().product();
        self.pixels.get(index.checked_mul(n)?..(index + 1).checked_mul(n)?)
    }

    /// Returns the class of each image.
    #[must_use]
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Returns all images as `f32` `[N, C, H, W]`, scaled to 0..=1, and their classes as `i64` `[N]`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the memory cannot be had.
    pub fn to_tensors(&self) -> Result<Sample> {
        let [c, h, w] = self.shape;
        let images = Tensor::from_vec(self.scaled(&self.pixels), [self.len(), c, h, w])?;
        let labels =
            Tensor::from_vec(self.labels.iter().map(|&l| i64::from(l)).collect(), [self.len()])?;
        Ok([images, labels])
    }

    /// Returns the first `n` images and the others.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if there are not that many.
    pub fn split_at(mut self, n: usize) -> Result<(Self, Self)> {
        if n > self.len() {
            return Err(Error::argument(
                "split_at",
                "n",
                n,
                format!("at most {}, the number of images", self.len()),
            ));
        }
        let labels = self.labels.split_off(n);
        let pixels = self.pixels.split_off(n * self.shape.iter().product::<usize>());
        let rest = Self { pixels, labels, about: self.about.clone(), ..self };
        Ok((self, rest))
    }

    /// Returns every image moved by `right` columns and `down` rows, negative ones to the left and up.
    ///
    /// What leaves the frame is lost; what comes in is 0.
    #[must_use]
    pub fn shifted(&self, right: isize, down: isize) -> Self {
        let [_, h, w] = self.shape;
        let from = |to: usize, by: isize, size: usize| {
            to.checked_add_signed(by.checked_neg()?).filter(|i| *i < size)
        };
        let mut pixels = vec![0; self.pixels.len()];
        let planes = pixels.chunks_exact_mut((h * w).max(1));
        for (to, old) in planes.zip(self.pixels.chunks_exact((h * w).max(1))) {
            for (i, pixel) in to.iter_mut().enumerate() {
                if let (Some(y), Some(x)) = (from(i / w, down, h), from(i % w, right, w)) {
                    *pixel = old[y * w + x];
                }
            }
        }
        Self { pixels, ..self.clone() }
    }

    /// Returns a number that changes when a pixel or a label does.
    #[must_use]
    pub fn checksum(&self) -> u64 {
        fingerprint(self.pixels.iter().chain(&self.labels).copied())
    }

    /// Returns the facts about these images.
    #[must_use]
    pub fn describe(&self) -> Description {
        Description {
            name: self.about.name.to_owned(),
            samples: self.len(),
            shape: self.shape.to_vec(),
            classes: self.classes,
            bytes: self.pixels.len() + self.labels.len(),
            origin: self.about.origin.clone(),
            license: self.about.license,
            citation: self.about.citation,
        }
    }

    fn scaled(&self, pixels: &[u8]) -> Vec<f32> {
        let white = f32::from(self.white);
        pixels.iter().map(|&p| f32::from(p) / white).collect()
    }
}

impl Dataset for Images {
    type Item = Sample;

    fn len(&self) -> usize {
        self.labels.len()
    }

    fn get(&self, index: usize) -> Result<Sample> {
        let (Some(pixels), Some(&label)) = (self.pixels(index), self.labels.get(index)) else {
            return Err(out_of_range(index, self.len()));
        };
        Ok([Tensor::from_vec(self.scaled(pixels), self.shape)?, Tensor::scalar(i64::from(label))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Images {
        let about =
            About { name: "two", origin: "a test".into(), license: "none", citation: "nobody" };
        Images {
            pixels: (0..8).collect(),
            labels: vec![1, 0],
            shape: [1, 2, 2],
            white: 4,
            classes: 2,
            about,
        }
    }

    #[test]
    fn samples_are_slices_of_the_whole() {
        let images = two();
        let [all, labels] = images.to_tensors().unwrap();
        assert_eq!((all.dims(), labels.to_vec::<i64>().unwrap()), (&[2, 1, 2, 2][..], vec![1, 0]));
        let [x, y] = images.get(1).unwrap();
        assert_eq!(
            (x.dims(), x.to_vec::<f32>().unwrap()),
            (&[1, 2, 2][..], vec![1.0, 1.25, 1.5, 1.75])
        );
        assert_eq!(y.item::<i64>().unwrap(), 0);
        let error = images.get(2).unwrap_err();
        assert!(matches!(error, Error::IndexOutOfRange { index: 2, size: 2, .. }), "{error}");
        assert_eq!(images.pixels(usize::MAX), None);
    }

    /// 0 1 / 2 3 and 4 5 / 6 7, moved by hand.
    #[test]
    fn shifts_lose_an_edge_and_bring_in_zeros() {
        let moved = |right, down| {
            let images = two().shifted(right, down);
            assert_eq!(images.labels(), two().labels());
            images.pixels
        };
        assert_eq!(moved(0, 0), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(moved(1, 0), [0, 0, 0, 2, 0, 4, 0, 6]);
        assert_eq!(moved(-1, 0), [1, 0, 3, 0, 5, 0, 7, 0]);
        assert_eq!(moved(0, 1), [0, 0, 0, 1, 0, 0, 4, 5]);
        assert_eq!(moved(0, -1), [2, 3, 0, 0, 6, 7, 0, 0]);
        for far in [2, -2, isize::MAX, isize::MIN] {
            assert_eq!((moved(far, 0), moved(0, far)), (vec![0; 8], vec![0; 8]));
        }
    }

    #[test]
    fn splits_keep_every_image() {
        let (a, b) = two().split_at(1).unwrap();
        assert_eq!((a.pixels(0), b.pixels(0)), (Some(&[0, 1, 2, 3][..]), Some(&[4, 5, 6, 7][..])));
        assert_eq!((a.labels(), b.labels()), (&[1][..], &[0][..]));
        assert_ne!(a.checksum(), b.checksum());
        assert!(matches!(two().split_at(3), Err(Error::InvalidArgument { .. })));
        let text = b.describe().to_string();
        assert!(
            text.starts_with("two: 1 samples of shape [1, 2, 2], 2 classes, 5 bytes\n"),
            "{text}"
        );
    }
}

//! Random and fixed changes of images, so that a network sees more than was photographed.
//!
//! Images are `[C, H, W]`; whatever stands before the last two axes is kept as it is. Random ones draw from the generator they are
//! given, and from nothing else.

use core::fmt;

use crate::{Error, Result, Rng, Tensor};

/// A change of one image.
pub trait Transform {
    /// Returns `image` changed.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] or [`Error::ShapeMismatch`] if the image does not have the axes it takes.
    fn apply(&self, image: &Tensor, rng: &mut Rng) -> Result<Tensor>;
}

/// Returns height and width.
fn size(op: &'static str, image: &Tensor) -> Result<[usize; 2]> {
    match image.dims() {
        &[.., h, w] => Ok([h, w]),
        _ => {
            let got = format!("of shape {}", image.shape());
            Err(Error::argument(op, "image", got, "of shape [.., H, W], at least two axes"))
        }
    }
}

/// Swaps left and right, with probability `p`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomHorizontalFlip(f64);

impl RandomHorizontalFlip {
    /// Returns the transform.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless `p` is 0 to 1.
    pub fn new(p: f64) -> Result<Self> {
        if (0.0..=1.0).contains(&p) {
            return Ok(Self(p));
        }
        Err(Error::argument("random horizontal flip", "p", p, "0 to 1"))
    }
}

impl Transform for RandomHorizontalFlip {
    fn apply(&self, image: &Tensor, rng: &mut Rng) -> Result<Tensor> {
        size("random horizontal flip", image)?;
        if rng.uniform() < self.0 { image.flip(-1) } else { Ok(image.clone()) }
    }
}

/// Puts `padding` zeros around the image and cuts out `size` at a random place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RandomCrop {
    size: [usize; 2],
    padding: usize,
}

impl RandomCrop {
    /// Returns the transform to images of `size`, height and width.
    #[must_use]
    pub fn new(size: [usize; 2], padding: usize) -> Self {
        Self { size, padding }
    }
}

impl Transform for RandomCrop {
    fn apply(&self, image: &Tensor, rng: &mut Rng) -> Result<Tensor> {
        let op = "random crop";
        let mut out = image.clone();
        for (axis, (have, want)) in
            [-2, -1].into_iter().zip(size(op, image)?.into_iter().zip(self.size))
        {
            let padded = have.saturating_add(self.padding.saturating_mul(2));
            let Some(room) = padded.checked_sub(want) else {
                let got = format!(
                    "{:?} for an image of {} with {} around it",
                    self.size,
                    image.shape(),
                    self.padding
                );
                return Err(Error::argument(op, "size", got, "at most that of the padded image"));
            };
            // A border close to the largest number leaves out its very last place.
            let start = rng.below(room.saturating_add(1));
            // The part of the image that the cut meets, and the zeros before and behind it.
            let before = self.padding.saturating_sub(start).min(want);
            let first = start.saturating_sub(self.padding).min(have);
            let len = (want - before).min(have - first);
            let part = out.narrow(axis, first, len)?;
            let zeros = |n: usize| {
                let mut dims = out.dims().to_vec();
                let at = dims.len().saturating_sub(axis.unsigned_abs());
                dims[at] = n;
                Tensor::zeros(dims.as_slice(), out.dtype())
            };
            let (front, back) = (zeros(before)?, zeros(want - before - len)?);
            out = Tensor::cat(&[&front, &part, &back], axis)?;
        }
        Ok(out)
    }
}

/// Takes off a mean and divides by a deviation, one of each for every channel.
#[derive(Debug, Clone)]
pub struct Normalize {
    mean: Vec<f64>,
    std: Vec<f64>,
}

impl Normalize {
    /// Returns the transform.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless both lists are of one length, not empty, finite, and every deviation is above 0.
    pub fn new(mean: &[f64], std: &[f64]) -> Result<Self> {
        let good = mean.len() == std.len()
            && !mean.is_empty()
            && mean.iter().all(|m| m.is_finite())
            && std.iter().all(|s| s.is_finite() && *s > 0.0);
        if good {
            return Ok(Self { mean: mean.to_vec(), std: std.to_vec() });
        }
        let got = format!("{mean:?} and {std:?}");
        let need = "one finite mean and one finite deviation above 0 for each channel";
        Err(Error::argument("normalize", "mean and std", got, need))
    }
}

impl Transform for Normalize {
    fn apply(&self, image: &Tensor, _: &mut Rng) -> Result<Tensor> {
        let channels = self.mean.len();
        if image.rank() < 3 || image.dims()[image.rank() - 3] != channels {
            let got = format!("of shape {}", image.shape());
            let need = format!("of shape [.., {channels}, H, W]");
            return Err(Error::argument("normalize", "image", got, need));
        }
        let column =
            |values: &[f64]| Tensor::from_slice(values, [channels, 1, 1])?.to_dtype(image.dtype());
        image.sub(&column(&self.mean)?)?.div(&column(&self.std)?)
    }
}

/// Transforms one after the other.
///
/// # Examples
///
/// ```
/// use tinytorch_core::data::transforms::{Compose, RandomCrop, RandomHorizontalFlip, Transform};
/// use tinytorch_core::{DType, Rng, Tensor};
///
/// let all = Compose::new(vec![
///     Box::new(RandomHorizontalFlip::new(0.5)?),
///     Box::new(RandomCrop::new([32, 32], 4)),
/// ]);
/// let image = Tensor::zeros([3, 32, 32], DType::F32)?;
/// assert_eq!(all.apply(&image, &mut Rng::seed(0))?.dims(), [3, 32, 32]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub struct Compose(Vec<Box<dyn Transform + Send + Sync>>);

impl fmt::Debug for Compose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Compose({} transforms)", self.0.len())
    }
}

impl Compose {
    /// Returns the transform that applies `parts` in order.
    #[must_use]
    pub fn new(parts: Vec<Box<dyn Transform + Send + Sync>>) -> Self {
        Self(parts)
    }
}

impl Transform for Compose {
    fn apply(&self, image: &Tensor, rng: &mut Rng) -> Result<Tensor> {
        self.0.iter().try_fold(image.clone(), |image, part| part.apply(&image, rng))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DType;

    /// 1 to h·w, so that every pixel tells where it was.
    fn image(h: usize, w: usize) -> Tensor {
        let n = (h * w) as f64;
        Tensor::arange(1.0, n + 1.0, 1.0, DType::F32).unwrap().reshape([1, h, w]).unwrap()
    }

    #[test]
    fn flips_are_exact_and_as_frequent_as_told() {
        let (x, mut rng) = (image(2, 3), Rng::seed(0));
        let always = RandomHorizontalFlip::new(1.0).unwrap().apply(&x, &mut rng).unwrap();
        assert_eq!(always.to_vec::<f32>().unwrap(), [3.0, 2.0, 1.0, 6.0, 5.0, 4.0]);
        let never = RandomHorizontalFlip::new(0.0).unwrap().apply(&x, &mut rng).unwrap();
        assert!(never.same_values(&x));
        let some = RandomHorizontalFlip::new(0.25).unwrap();
        let flipped = (0..4000).filter(|_| !some.apply(&x, &mut rng).unwrap().same_values(&x));
        // Binomial: mean 1000, standard deviation 27.4; five of them.
        let n = flipped.count();
        assert!(n.abs_diff(1000) < 137, "{n}");
        assert!(
            RandomHorizontalFlip::new(1.5).is_err() && RandomHorizontalFlip::new(f64::NAN).is_err()
        );
        assert!(some.apply(&Tensor::zeros([3], DType::F32).unwrap(), &mut rng).is_err());
    }

    /// Each crop is one of the windows of the image with its border of zeros, and each window comes up.
    #[test]
    fn crops_are_windows_of_the_padded_image() {
        let (h, w, pad, size) = (3, 2, 2, [4, 3]);
        let x = image(h, w);
        let mut windows = Vec::new();
        for top in 0..=h + 2 * pad - size[0] {
            for left in 0..=w + 2 * pad - size[1] {
                let pixel = |i: usize| {
                    let (r, c) = (top + i / size[1], left + i % size[1]);
                    let inside = (pad..pad + h).contains(&r) && (pad..pad + w).contains(&c);
                    if inside { ((r - pad) * w + c - pad + 1) as f32 } else { 0.0 }
                };
                windows.push((0..12).map(pixel).collect::<Vec<f32>>());
            }
        }
        let (crop, mut rng) = (RandomCrop::new(size, pad), Rng::seed(3));
        let mut seen = vec![0; windows.len()];
        for _ in 0..1000 {
            let y = crop.apply(&x, &mut rng).unwrap();
            assert_eq!(y.dims(), [1, 4, 3]);
            let y = y.to_vec::<f32>().unwrap();
            seen[windows.iter().position(|w| *w == y).unwrap()] += 1;
        }
        assert_eq!(windows.len(), 16);
        assert!(seen.iter().all(|&n| n > 0), "{seen:?}");
        let whole = RandomCrop::new([3, 2], 0).apply(&x, &mut rng).unwrap();
        assert!(whole.same_values(&x));
        for (size, pad) in [([8, 1], 2), ([1, 7], 2), ([usize::MAX, 1], 0)] {
            assert!(RandomCrop::new(size, pad).apply(&x, &mut rng).is_err());
        }
        let corner = RandomCrop::new([1, 1], 50).apply(&x, &mut rng).unwrap();
        assert_eq!(corner.dims(), [1, 1, 1]);
    }

    #[test]
    fn normalizing_by_hand() {
        let x = Tensor::cat(&[&image(1, 2), &image(1, 2)], 0).unwrap();
        let norm = Normalize::new(&[1.0, 0.0], &[0.5, 2.0]).unwrap();
        let mut rng = Rng::seed(0);
        let y = norm.apply(&x, &mut rng).unwrap();
        assert_eq!(y.to_vec::<f32>().unwrap(), [0.0, 2.0, 0.5, 1.0]);
        assert_eq!(rng, Rng::seed(0), "nothing is drawn");
        assert!(norm.apply(&image(2, 2), &mut rng).is_err());
        assert!(norm.apply(&Tensor::zeros([2, 2], DType::F32).unwrap(), &mut rng).is_err());
        for (mean, std) in
            [(&[0.0][..], &[0.0][..]), (&[0.0, 0.0], &[1.0]), (&[], &[]), (&[f64::NAN], &[1.0])]
        {
            assert!(Normalize::new(mean, std).is_err());
        }
    }
}

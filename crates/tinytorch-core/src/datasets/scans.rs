//! Handwritten digits: 1,797 real scans of 8×8 pixels, inside the crate.
//!
//! The images are the test part of "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak (1998), from the
//! UCI Machine Learning Repository, under CC BY 4.0. Source, licence and the rule of the split lie beside the file in `data/`.

use std::{fs, path::Path};

use super::{Images, images::About};
use crate::{DType, Error, Result, io::safetensors::SafeTensors};

/// The file as it ships with the crate.
const FILE: &[u8] = include_bytes!("../../data/digits8.safetensors");
/// Height and width of an image.
pub const SIDE: usize = 8;
/// Pixels of an image.
pub const PIXELS: usize = SIDE * SIDE;
/// The digits 0 to 9.
pub const CLASSES: usize = 10;
/// Largest pixel value: all 4×4 cells under it were ink.
pub const INK: u8 = 16;
/// Test images of each digit.
pub const TEST_PER_CLASS: usize = 36;

/// Returns the digits that ship with the crate.
///
/// # Errors
///
/// None in a build whose data file is intact; the file is checked as any other.
///
/// # Examples
///
/// ```
/// use tinytorch_core::datasets::{digits, scans};
///
/// let (train, test) = scans::split(&digits()?);
/// assert_eq!((train.len(), test.len()), (1_437, 360));
/// assert_eq!(test.to_tensors()?[0].dims(), [360, 1, 8, 8]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn digits() -> Result<Images> {
    let mut images = from_bytes(FILE)?;
    images.about = About {
        name: "handwritten digits",
        origin: "UCI Machine Learning Repository, as redistributed by scikit-learn (BSD 3-clause)"
            .to_owned(),
        license: "CC BY 4.0",
        citation: "E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, doi 10.24432/C50P49",
    };
    Ok(images)
}

/// Returns digits from a file of the same form: `images` U8 `[n, 8, 8]` with values up to 16, `labels` U8 `[n]` below 10.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read; [`Error::Format`] if it is truncated, is not a safetensors file, or does not
/// hold such images and labels.
pub fn load(path: impl AsRef<Path>) -> Result<Images> {
    let path = path.as_ref();
    let bytes = fs::read(path).map_err(|e| Error::io("read digits", path, e))?;
    let mut images = from_bytes(&bytes)?;
    images.about.origin = path.display().to_string();
    Ok(images)
}

/// Returns digits from the bytes of such a file.
///
/// # Errors
///
/// [`Error::Format`] as for [`load`].
pub fn from_bytes(bytes: &[u8]) -> Result<Images> {
    let file = SafeTensors::from_bytes(bytes)?;
    let get = |name: &str| file.get(name).map_err(|_| wrong(format!("there is no tensor {name}")));
    let (images, labels) = (get("images")?, get("labels")?);
    for (name, tensor) in [("images", images), ("labels", labels)] {
        if tensor.dtype() != DType::U8 {
            return Err(wrong(format!("{name} are {} where u8 is needed", tensor.dtype())));
        }
    }
    match (images.dims(), labels.dims()) {
        (&[n, SIDE, SIDE], &[m]) if n == m && n > 0 => {}
        _ => {
            let got = format!("images {} and labels {}", images.shape(), labels.shape());
            return Err(wrong(format!(
                "{got} where [n, 8, 8] and [n] with n of at least 1 are needed"
            )));
        }
    }
    let (pixels, labels) = (images.to_vec::<u8>()?, labels.to_vec::<u8>()?);
    if let Some(i) = pixels.iter().position(|&p| p > INK) {
        return Err(wrong(format!(
            "pixel {} of image {} is {}, above {INK}",
            i % PIXELS,
            i / PIXELS,
            pixels[i]
        )));
    }
    if let Some(i) = labels.iter().position(|&l| usize::from(l) >= CLASSES) {
        return Err(wrong(format!("the label of image {i} is {}, above 9", labels[i])));
    }
    let about = About {
        name: "digits",
        origin: "memory".to_owned(),
        license: "unknown",
        citation: "unknown",
    };
    Ok(Images { pixels, labels, shape: [1, SIDE, SIDE], white: INK, classes: CLASSES, about })
}

fn wrong(detail: impl Into<String>) -> Error {
    Error::format("digits", detail)
}

/// Returns the images for training and those for testing: 1,437 and 360 of the 1,797 that ship with the crate.
///
/// Of the n images of a class, numbered k = 0, 1, .. in order, image k is for testing when ⌊36·(k + 1)/n⌋ > ⌊36·k/n⌋:
/// 36 of each class, spread evenly over the file. The writers of the scans appear in blocks, and every block gives to both
/// sides: a result says how well *known* writers are read.
#[must_use]
pub fn split(images: &Images) -> (Images, Images) {
    let mut totals = vec![0_usize; 256];
    images.labels.iter().for_each(|&l| totals[usize::from(l)] += 1);
    let mut seen = vec![0_usize; 256];
    let mut parts =
        [false, true].map(|_| Images { pixels: Vec::new(), labels: Vec::new(), ..images.clone() });
    let size: usize = images.shape.iter().product();
    for (image, &label) in images.pixels.chunks_exact(size.max(1)).zip(&images.labels) {
        let (n, k) = (totals[usize::from(label)], seen[usize::from(label)]);
        seen[usize::from(label)] += 1;
        let is_test = TEST_PER_CLASS * (k + 1) / n > TEST_PER_CLASS * k / n;
        let part = &mut parts[usize::from(is_test)];
        part.pixels.extend_from_slice(image);
        part.labels.push(label);
    }
    parts.into()
}

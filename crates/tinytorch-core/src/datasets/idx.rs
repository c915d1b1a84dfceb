//! IDX files, the form in which MNIST and its relatives are handed around.
//!
//! An IDX file is a header and bytes: two zeros, the code of the element type, the number of axes, each size as four bytes with
//! the highest first, and the elements. Image files hold unsigned bytes `[N, H, W]`, label files `[N]`. Files packed with gzip
//! are unpacked on the way.

use std::{fs, path::Path};

use super::{Images, images::About};
use crate::{Error, Result, io::inflate};

/// Code of the element type "unsigned byte".
const U8: u8 = 0x08;

/// Reads images and their labels, for example `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`.
///
/// # Errors
///
/// [`Error::Io`] if a file cannot be read, otherwise as [`parse`].
pub fn load(images: impl AsRef<Path>, labels: impl AsRef<Path>) -> Result<Images> {
    let read = |path: &Path| fs::read(path).map_err(|e| Error::io("read", path, e));
    let (images, labels) = (images.as_ref(), labels.as_ref());
    let mut out = parse(&read(images)?, &read(labels)?)?;
    out.about.origin = format!("{} with {}", images.display(), labels.display());
    Ok(out)
}

/// Returns the images in the contents of an image and a label file.
///
/// # Errors
///
/// [`Error::Format`] if one is no IDX file of bytes with the right number of axes, is too short or too long for its sizes, or if
/// there are not as many labels as images.
pub fn parse(images: &[u8], labels: &[u8]) -> Result<Images> {
    let ([n, height, width], pixels) = array::<3>(images, "images")?;
    let ([n_labels], labels) = array::<1>(labels, "labels")?;
    if n != n_labels {
        return Err(bad(format!("{n} images, but {n_labels} labels")));
    }
    let classes = labels.iter().max().map_or(0, |&m| usize::from(m) + 1);
    let about = About {
        name: "IDX images",
        origin: "bytes in memory".to_owned(),
        license: "that of the files, which are not part of this crate",
        citation: "see the source of the files",
    };
    Ok(Images { pixels, labels, shape: [1, height, width], white: 255, classes, about })
}

/// Sizes and elements of one file.
fn array<const RANK: usize>(file: &[u8], what: &str) -> Result<([usize; RANK], Vec<u8>)> {
    let unpacked;
    let bytes = if file.starts_with(&[0x1f, 0x8b]) {
        unpacked = inflate::gunzip(file)?;
        &unpacked
    } else {
        file
    };
    let bad = |detail: String| bad(format!("{what}: {detail}"));
    let Some((magic, rest)) = bytes.split_first_chunk::<4>() else {
        return Err(bad(format!("{} bytes are too few for a header", bytes.len())));
    };
    if *magic != [0, 0, U8, RANK as u8] {
        let need = [0, 0, U8, RANK as u8];
        return Err(bad(format!(
            "starts with {magic:02x?}, need {need:02x?}: unsigned bytes along {RANK} axes"
        )));
    }
    let mut dims = [0; RANK];
    let mut rest = rest;
    for dim in &mut dims {
        let Some((size, tail)) = rest.split_first_chunk::<4>() else {
            return Err(bad("ends within the header".to_owned()));
        };
        *dim = u32::from_be_bytes(*size) as usize;
        rest = tail;
    }
    let need = dims.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
    if need != Some(rest.len()) {
        return Err(bad(format!(
            "{} bytes after the header, need the product of {dims:?}",
            rest.len()
        )));
    }
    Ok((dims, rest.to_vec()))
}

fn bad(detail: String) -> Error {
    Error::format("IDX", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(dims: &[u32], data: &[u8]) -> Vec<u8> {
        let mut out = vec![0, 0, U8, dims.len() as u8];
        dims.iter().for_each(|d| out.extend(d.to_be_bytes()));
        out.extend(data);
        out
    }

    fn two() -> (Vec<u8>, Vec<u8>) {
        (file(&[2, 2, 3], &[0, 51, 255, 1, 2, 3, 4, 5, 6, 7, 8, 9]), file(&[2], &[7, 2]))
    }

    #[test]
    fn small_files_by_hand() {
        let (images, labels) = two();
        let set = parse(&images, &labels).unwrap();
        assert_eq!((set.len(), set.shape(), set.labels()), (2, [1, 2, 3], &[7, 2][..]));
        assert_eq!(set.pixels(1).unwrap(), [4, 5, 6, 7, 8, 9]);
        let [x, _] = set.to_tensors().unwrap();
        assert_eq!(x.to_vec::<f32>().unwrap()[..3], [0.0, 0.2, 1.0]);
        assert_eq!(set.describe().classes, 8);
    }

    /// A gzip file around one stored block.
    #[cfg(feature = "deflate")]
    fn gzip(data: &[u8]) -> Vec<u8> {
        let len = data.len() as u16;
        let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1];
        out.extend([len.to_le_bytes(), (!len).to_le_bytes()].as_flattened());
        out.extend(data);
        out.extend(inflate::crc32(data).to_le_bytes());
        out.extend(u32::from(len).to_le_bytes());
        out
    }

    #[test]
    #[cfg(feature = "deflate")]
    fn packed_files_are_unpacked() {
        let (images, labels) = two();
        assert_eq!(
            parse(&gzip(&images), &gzip(&labels)).unwrap(),
            parse(&images, &labels).unwrap()
        );
    }

    #[test]
    fn every_cut_is_refused() {
        let (images, labels) = two();
        for end in 0..images.len() {
            assert!(matches!(parse(&images[..end], &labels), Err(Error::Format { .. })), "{end}");
        }
        for end in 0..labels.len() {
            assert!(matches!(parse(&images, &labels[..end]), Err(Error::Format { .. })), "{end}");
        }
    }

    #[track_caller]
    fn check_bad(images: &[u8], labels: &[u8], expected: &str) {
        let error = parse(images, labels).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn faults_are_named() {
        let (images, labels) = two();
        check_bad(&labels, &images, "images: starts with [00, 00, 08, 01], need [00, 00, 08, 03]");
        check_bad(&images, &file(&[3], &[1, 2, 3]), "2 images, but 3 labels");
        check_bad(
            &images,
            &file(&[2], &[1, 2, 3]),
            "labels: 3 bytes after the header, need the product of [2]",
        );
        check_bad(&file(&[u32::MAX; 3], &[]), &labels, "0 bytes after the header");
        check_bad(&[0x1f, 0x8b, 8], &labels, "gzip");
        let error = load("/no/such/images", "/no/such/labels").unwrap_err();
        assert!(matches!(&error, Error::Io { path, .. } if path == "/no/such/images"), "{error}");
    }
}

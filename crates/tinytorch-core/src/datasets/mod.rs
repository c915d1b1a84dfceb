//! Small data to learn from, generated or read from files that you have.
//!
//! Everything generated here comes from a seed: the same seed gives the same samples on every machine.
//!
//! | source | what | for |
//! |---|---|---|
//! | [`points::two_clouds`], [`points::xor`] | points of the plane in two classes | a single neuron, and its limit |
//! | [`digits()`], [`scans`] | 1,797 real scans of handwritten digits, 8×8 pixels of 0 to 16, inside the crate | classifiers, quantization |
//! | [`digits::generate`](mod@digits) | hand-like digits, 8×8 pixels of 0 to 16 | a first image classifier |
//! | [`sequences`] | letters to copy or to reverse | attention |
//! | [`ALMANAC`], [`dialogue`] | prose, questions and answers | language models |
//! | [`idx`], [`cifar10`] | MNIST and CIFAR-10 files of your own | larger image classifiers |
//!
//! [`Images`], [`Points`], [`Sequences`] and [`Windows`] are [`Dataset`](crate::data::Dataset)s for a
//! [`DataLoader`](crate::data::DataLoader). Everything describes itself ([`Description`]): size, classes, origin, license.
//! Nothing here opens a network connection.

pub mod cifar10;
mod description;
pub mod dialogue;
pub mod digits;
mod glyphs;
pub mod idx;
mod images;
pub mod points;
#[cfg(feature = "safetensors")]
pub mod scans;
pub mod sequences;
mod windows;

pub use description::Description;
pub use images::Images;
pub use points::Points;
#[cfg(feature = "safetensors")]
pub use scans::digits;
pub use sequences::Sequences;
pub use windows::Windows;

use crate::{Error, Tensor};

/// A year at an invented harbor: 4,515 characters of English prose, 47 of them different. Written for this project.
pub const ALMANAC: &str = include_str!("../../data/almanac.txt");

/// Returns the facts about [`ALMANAC`]; the classes are its different characters.
#[must_use]
pub fn describe_almanac() -> Description {
    Description {
        name: "almanac".to_owned(),
        samples: 1,
        shape: vec![ALMANAC.chars().count()],
        classes: crate::slots::text::char_build_vocab(&[ALMANAC]).len(),
        bytes: ALMANAC.len(),
        origin: "written for this project".to_owned(),
        license: description::OWN,
        citation: "tinytorch-core, datasets::ALMANAC",
    }
}

/// One sample as a pair of input and target.
pub type Sample = [Tensor; 2];

#[cold]
fn out_of_range(index: usize, size: usize) -> Error {
    Error::IndexOutOfRange {
        op: "dataset",
        index: i64::try_from(index).unwrap_or(i64::MAX),
        size,
        position: 0,
    }
}

/// A short number that changes when the data do: 64-bit FNV-1a (Fowler, Noll and Vo) of the bytes.
fn fingerprint(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes
        .into_iter()
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published values of FNV-1a for "" and "foobar".
    #[test]
    fn fingerprint_is_fnv_1a() {
        assert_eq!(fingerprint(*b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(*b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn almanac_is_unchanged() {
        let about = describe_almanac();
        assert_eq!((about.shape, about.classes), (vec![4515], 47));
        assert_eq!(fingerprint(ALMANAC.bytes()), 0x64b7_9b23_b8b4_0347);
    }
}

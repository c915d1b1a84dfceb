//! The digits that ship with the crate, and files that are not like them.

use std::fs;

use tinytorch_core::{
    Error,
    data::Dataset,
    datasets::{
        Images, digits,
        scans::{self, load, split},
    },
};

const FILE: &[u8] = include_bytes!("../../data/digits8.safetensors");

fn all() -> Images {
    digits().unwrap()
}

/// Sums taken from the file by another program.
#[test]
fn content_is_the_published_one() {
    let digits = all();
    let pixels = (0..digits.len())
        .flat_map(|i| digits.pixels(i).unwrap())
        .map(|&p| u32::from(p))
        .sum::<u32>();
    let labels = digits.labels().iter().map(|&l| u32::from(l)).sum::<u32>();
    assert_eq!((digits.len(), pixels, labels), (1_797, 561_718, 8_070));
    assert_eq!(digits.labels()[..12], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    assert_eq!(digits.pixels(0).unwrap()[..8], [0, 0, 5, 13, 9, 1, 0, 0]); // the first scan, top row
    assert_eq!(digits.pixels(1_797), None);
}

#[test]
fn split_is_fixed_balanced_and_complete() {
    let (train, test) = split(&all());
    assert_eq!((train.len(), test.len()), (1_437, 360));
    for digit in 0..10 {
        assert_eq!(test.labels().iter().filter(|&&l| l == digit).count(), 36, "digit {digit}");
    }
    // Every image is on exactly one side: merging by the rule gives back the file.
    let sum = |d: &Images| {
        (0..d.len()).flat_map(|i| d.pixels(i).unwrap()).map(|&p| u32::from(p)).sum::<u32>()
    };
    assert_eq!(sum(&train) + sum(&test), 561_718);
    // There are 178 zeros, and 36·(k + 1) first reaches 178 at k = 4: the fifth zero is the first one for testing.
    let all = all();
    let fifth = (0..all.len()).filter(|&i| all.labels()[i] == 0).nth(4).unwrap();
    let first = (0..test.len()).find(|&i| test.labels()[i] == 0).unwrap();
    assert_eq!(test.pixels(first), all.pixels(fifth));
}

#[test]
fn datasets_scale_pixels_and_keep_labels() {
    let digits = all();
    let [image, label] = digits.get(7).unwrap();
    assert_eq!((image.dims(), label.item::<i64>().unwrap()), (&[1, 8, 8][..], 7));
    let expected: Vec<f32> =
        digits.pixels(7).unwrap().iter().map(|&p| f32::from(p) / 16.0).collect();
    assert_eq!(image.to_vec::<f32>().unwrap(), expected);
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    for n in 0..FILE.len() {
        assert!(scans::from_bytes(&FILE[..n]).is_err(), "{n} bytes of {}", FILE.len());
    }
    assert!(scans::from_bytes(FILE).is_ok());
}

/// The header decides how the rest is read, so every bit of it is tried.
#[test]
fn a_header_with_any_bit_flipped_does_not_panic() {
    let header = 8 + usize::try_from(u64::from_le_bytes(FILE[..8].try_into().unwrap())).unwrap();
    let mut bytes = FILE.to_vec();
    for i in 0..header {
        for bit in 0..8 {
            bytes[i] ^= 1 << bit;
            // A changed letter of the metadata still makes a good file, with the same content.
            if let Ok(digits) = scans::from_bytes(&bytes) {
                assert_eq!(digits.checksum(), all().checksum(), "byte {i}, bit {bit}");
            }
            bytes[i] ^= 1 << bit;
        }
    }
}

#[test]
fn wrong_pixels_and_labels_are_named() {
    let data = FILE.len() - 1_797 - 1_797 * 64;
    let mut bytes = FILE.to_vec();
    bytes[data + 64 + 3] = 17;
    let message = scans::from_bytes(&bytes).unwrap_err().to_string();
    assert!(message.contains("pixel 3 of image 1 is 17"), "{message}");
    bytes[data + 64 + 3] = 0;
    bytes[data + 1_797 * 64 + 5] = 10;
    let message = scans::from_bytes(&bytes).unwrap_err().to_string();
    assert!(message.contains("label of image 5 is 10"), "{message}");
}

#[test]
fn files_that_are_missing_or_cut_are_named() {
    let dir = std::env::temp_dir().join(format!("tinytorch-digits-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    let path = dir.join("digits.safetensors");
    let err = load(&path).unwrap_err();
    assert!(
        matches!(err, Error::Io { .. }) && err.to_string().contains("digits.safetensors"),
        "{err}"
    );
    fs::write(&path, &FILE[..50_000]).unwrap();
    assert!(matches!(load(&path), Err(Error::Format { .. })));
    fs::write(&path, FILE).unwrap();
    let loaded = load(&path).unwrap();
    assert_eq!(loaded.checksum(), all().checksum());
    assert!(loaded.describe().origin.contains("digits.safetensors"));
    fs::remove_dir_all(&dir).unwrap();
}

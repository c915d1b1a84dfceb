//! What the image of `firmware/tensors-board` prints, held against two programs on the host.
//!
//! The first is the same code: its text must be equal, bit for bit. The second has `std`: other matrix products and another
//! mathematics library compute the same networks, so its numbers must be close and its integers equal.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};

use crate::process::{cargo, output};
use crate::workspace;

/// Numbers may differ by this share of the largest of their answer: two layers of sums of at most 72 products, each of
/// which may be rounded differently by 2^-23.
const SHARE: f64 = 2.0 * 72.0 / 8_388_608.0;

/// The answers by what was asked: the bits of every number, or of every eight-bit code.
type Answers<'a> = BTreeMap<&'a str, &'a str>;

/// Runs both programs and compares; returns what agrees.
///
/// # Errors
///
/// If a program cannot be built or answers are missing or differ.
pub(crate) fn check(printed: &str) -> Result<String> {
    let board = answers(printed);
    let same = host(&[])?;
    let same = answers(&same);
    if board.is_empty() || board != same {
        let first = same.iter().find(|(asked, bits)| board.get(*asked) != Some(bits));
        bail!(
            "{} answers of the image, {} of the host without std; the first difference: {first:?}",
            board.len(),
            same.len()
        );
    }
    let other = host(&["--features", "std"])?;
    let largest = close(&board, &answers(&other))?;
    Ok(format!(
        "{} answers have the bits of the host without std, and differ from those with std by at most {largest:.1e} of the largest output",
        board.len()
    ))
}

fn host(features: &[&str]) -> Result<String> {
    let folder = workspace::root().join("firmware");
    output(cargo(&folder).args(["run", "--quiet", "-p", "tensors"]).args(features))
}

fn answers(text: &str) -> Answers<'_> {
    text.lines().filter_map(|line| line.split_once(" outputs=")).collect()
}

/// Returns the largest difference, as a share of the largest number of its answer.
fn close(a: &Answers<'_>, b: &Answers<'_>) -> Result<f64> {
    if !a.keys().eq(b.keys()) {
        bail!("the networks with std choose other classes or tokens, or answer less");
    }
    let mut largest = 0.0_f64;
    for ((asked, a), b) in a.iter().zip(b.values()) {
        if asked.starts_with("int8") {
            if a != b {
                bail!("{asked}: {a} without std, {b} with it: integers must be equal");
            }
            continue;
        }
        let (a, b) = (numbers(a)?, numbers(b)?);
        if a.is_empty() || a.len() != b.len() {
            bail!("{asked}: {} numbers without std, {} with it", a.len(), b.len());
        }
        let scale = a.iter().fold(f64::MIN_POSITIVE, |most, x| most.max(x.abs()));
        for (x, y) in a.iter().zip(&b) {
            let share = (x - y).abs() / scale;
            // NaN is not close to anything.
            if share.is_nan() || share > SHARE {
                bail!("{asked}: {x} without std, {y} with it");
            }
            largest = largest.max(share);
        }
    }
    Ok(largest)
}

fn numbers(hex: &str) -> Result<Vec<f64>> {
    let (words, rest) = hex.as_bytes().as_chunks::<8>();
    if !rest.is_empty() {
        bail!("`{hex}` is not made of eight digits for each number");
    }
    let number = |word: &[u8; 8]| -> Result<f64> {
        let word = core::str::from_utf8(word)?;
        let bits = u32::from_str_radix(word, 16).with_context(|| format!("`{word}`"))?;
        Ok(f64::from(f32::from_bits(bits)))
    };
    words.iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1.0 and 100.0; 100.0 plus one unit in the last place; 100.01.
    const TEXT: &str = "image x\nmlp index=0 class=1 outputs=3f80000042c80000\nint8 index=0 class=1 outputs=80ff\ndone ok\n";

    #[test]
    fn a_unit_of_the_last_place_is_close_and_more_is_not() {
        let (a, near) = (answers(TEXT), TEXT.replace("42c80000", "42c80001"));
        assert_eq!(a.len(), 2);
        assert!(close(&a, &a).expect("equal") <= 0.0);
        let share = close(&a, &answers(&near)).expect("close");
        assert!((share - 2.0_f64.powi(-17) / 100.0).abs() < 1e-12, "{share}");
        let far = TEXT.replace("42c80000", "42c8051f");
        assert!(close(&a, &answers(&far)).is_err());
        let nan = TEXT.replace("42c80000", "7fc00000");
        assert!(close(&a, &answers(&nan)).is_err());
    }

    #[test]
    fn codes_classes_and_lengths_must_be_equal() {
        let a = answers(TEXT);
        for (from, to) in
            [("80ff", "80fe"), ("class=1", "class=2"), ("3f800000", ""), ("3f80", "3f")]
        {
            let other = TEXT.replace(from, to);
            assert!(close(&a, &answers(&other)).is_err(), "{from} {to}");
        }
    }
}

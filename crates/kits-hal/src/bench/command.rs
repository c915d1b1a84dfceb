//! Words, numbers and hexadecimal digits of a command.

/// The words of a command: separated by spaces, empty ones left out.
pub(super) fn words(command: &[u8]) -> impl Iterator<Item = &[u8]> {
    command.split(|byte| *byte == b' ').filter(|word| !word.is_empty())
}

/// The number a word starts with, 0 if it starts with none; too large numbers become the largest.
///
/// The benchmark's own device reads numbers in this way.
pub(super) fn number(word: &[u8]) -> i64 {
    let (negative, digits) = match word {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    let digits = digits.iter().map_while(|byte| (*byte as char).to_digit(10));
    let size = digits.fold(0_i64, |sum, d| sum.saturating_mul(10).saturating_add(d.into()));
    if negative { size.saturating_neg() } else { size }
}

/// The first byte that is no hexadecimal digit.
pub(super) fn wrong_digit(digits: &[u8]) -> Option<u8> {
    digits.iter().copied().find(|byte| !byte.is_ascii_hexdigit())
}

/// The bytes that pairs of digits stand for; a wrong digit counts as 0.
pub(super) fn bytes(digits: &[u8]) -> impl Iterator<Item = u8> {
    let value = |byte: u8| (byte as char).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (pairs, _) = digits.as_chunks::<2>();
    pairs.iter().map(move |[high, low]| {
        (value(*high).unwrap_or(0) << 4) | value(*low).unwrap_or(0)
    })
}

/// Prints bytes as text, `?` for all that is not printable ASCII.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'c>(pub(super) &'c [u8]);

impl core::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        use core::fmt::Write as _;
        for byte in self.0 {
            let shown = if (b' '..=b'~').contains(byte) { *byte } else { b'?' };
            f.write_char(char::from(shown))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::{bytes, number, words, wrong_digit};

    #[test]
    fn numbers_are_read_as_far_as_they_go() {
        for (word, expected) in [
            (&b"12"[..], 12),
            (b"+7", 7),
            (b"-3", -3),
            (b"5x", 5),
            (b"x5", 0),
            (b"", 0),
            (b"-", 0),
            (b"99999999999999999999", i64::MAX),
            (b"-99999999999999999999", -i64::MAX),
        ] {
            assert_eq!(number(word), expected);
        }
    }

    #[test]
    fn words_and_digits() {
        let split: Vec<&[u8]> = words(b"  db  load 8 ").collect();
        assert_eq!(split, [&b"db"[..], b"load", b"8"]);
        assert_eq!(bytes(b"00ffA9").collect::<Vec<u8>>(), [0x00, 0xFF, 0xA9]);
        assert_eq!(wrong_digit(b"09afAF"), None);
        assert_eq!(wrong_digit(b"09gF"), Some(b'g'));
    }
}

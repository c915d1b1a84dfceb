//! Text pieces of the board reports: grouped digits and a short copy of what the user wrote.

use core::fmt;

use crate::error::spaced;

/// A whole number printed in groups of three digits: `300 544`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grouped(pub(super) u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        spaced(self.0, f)
    }
}

/// Thousandths printed with one decimal place, rounded half up: `Tenths(11_749)` is `11.7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tenths(pub(super) u64);

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0.saturating_add(50) / 100;
        write!(f, "{}.{}", Grouped(tenths / 10), tenths % 10)
    }
}

/// Bytes of text that a [`ShortText`] keeps.
const KEPT: usize = 24;

/// The first 24 bytes of a text, kept by value so that an error can name what it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct ShortText {
    bytes: [u8; KEPT],
    len: u8,
    cut: bool,
}

impl ShortText {
    /// Returns a copy of `text`, cut after whole characters.
    pub(super) fn new(text: &str) -> Self {
        let mut bytes = [0; KEPT];
        let len = text.floor_char_boundary(KEPT);
        for (to, from) in bytes.iter_mut().zip(text.as_bytes().iter().take(len)) {
            *to = *from;
        }
        Self { bytes, len: u8::try_from(len).unwrap_or(0), cut: len < text.len() }
    }
}

impl fmt::Display for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        f.write_str(core::str::from_utf8(kept).unwrap_or_default())?;
        if self.cut { f.write_str("...") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::{Grouped, ShortText, Tenths};

    #[track_caller]
    fn check(value: u64, expected: &str) {
        assert_eq!(Grouped(value).to_string(), expected);
    }

    #[test]
    fn digits_stand_in_threes() {
        check(0, "0");
        check(999, "999");
        check(1000, "1 000");
        check(300_544, "300 544");
        check(1_000_001, "1 000 001");
        check(u64::MAX, "18 446 744 073 709 551 615");
    }

    #[test]
    fn tenths_round_half_up() {
        assert_eq!(Tenths(0).to_string(), "0.0");
        assert_eq!(Tenths(11_749).to_string(), "11.7");
        assert_eq!(Tenths(11_750).to_string(), "11.8");
        assert_eq!(Tenths(1_234_000).to_string(), "1 234.0");
    }

    #[test]
    fn short_text_is_cut_between_characters() {
        assert_eq!(ShortText::new("uno").to_string(), "uno");
        assert_eq!(
            ShortText::new("123456789012345678901234").to_string(),
            "123456789012345678901234"
        );
        assert_eq!(
            ShortText::new("1234567890123456789012345").to_string(),
            "123456789012345678901234..."
        );
        // 23 bytes, then a two-byte character that would end at byte 25.
        assert_eq!(
            ShortText::new("12345678901234567890123é").to_string(),
            "12345678901234567890123..."
        );
    }
}

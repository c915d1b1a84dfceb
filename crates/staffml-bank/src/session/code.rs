//! The share code of a gauntlet: twenty characters that give anybody with the same bank the same questions.
//!
//! ```text
//! format 1 · preset · track · level · seed, 4 bytes · bank, 4 bytes · CRC-8        as Crockford base32
//! ```
//!
//! # Source
//!
//! Crockford's base 32; CRC-8 with polynomial 0x07, as SMBus uses it.

use super::error::SessionError;
use super::gauntlet::Preset;
use crate::model::taxonomy::{Level, Track};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const FORMAT: u8 = 1;
const BYTES: usize = 13;

/// What a share code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The preset.
    pub preset: Preset,
    /// The track.
    pub track: Track,
    /// The level.
    pub level: Level,
    /// The seed.
    pub seed: u32,
    /// Fingerprint of the bank.
    pub bank: u32,
}

impl Share {
    /// Returns the code, in groups of five characters.
    #[must_use]
    pub fn code(&self) -> String {
        let mut bytes = vec![FORMAT, self.preset as u8, self.track as u8, self.level as u8];
        bytes.extend(self.seed.to_be_bytes());
        bytes.extend(self.bank.to_be_bytes());
        bytes.push(crc8(&bytes));
        let mut out = String::new();
        for (i, digit) in digits(&bytes).into_iter().enumerate() {
            if i > 0 && i % 5 == 0 {
                out.push('-');
            }
            out.push(char::from(ALPHABET[usize::from(digit)]));
        }
        out
    }

    /// Reads a code. Hyphens, spaces and case do not matter; I and L are read as 1, O as 0.
    ///
    /// # Errors
    ///
    /// [`SessionError::Code`] if it is no code, was mistyped, or belongs to another bank than the one with this fingerprint.
    pub fn read(code: &str, bank: u32) -> Result<Self, SessionError> {
        let fail = |why: &str| SessionError::Code {
            code: code.chars().take(40).collect(),
            why: why.to_owned(),
        };
        let bytes = bytes(code).ok_or_else(|| fail("no share code: 21 letters and digits"))?;
        let (body, check) = bytes.split_at(BYTES - 1);
        if check != [crc8(body)] {
            return Err(fail("mistyped: its check does not fit"));
        }
        let [format, preset, track, level, a, b, c, d, e, f, g, h] = *body else {
            return Err(fail("no share code: 21 letters and digits"));
        };
        let preset = Preset::ALL.get(usize::from(preset)).copied();
        let track = Track::ALL.get(usize::from(track)).copied();
        let level = Level::ALL.get(usize::from(level)).copied();
        let (Some(preset), Some(track), Some(level), FORMAT) = (preset, track, level, format)
        else {
            return Err(fail("made by another version of this program"));
        };
        let share = Self {
            preset,
            track,
            level,
            seed: u32::from_be_bytes([a, b, c, d]),
            bank: u32::from_be_bytes([e, f, g, h]),
        };
        if share.bank != bank {
            return Err(fail(
                "made with another bank, so its questions would differ; use the same one",
            ));
        }
        Ok(share)
    }
}

/// Five bits at a time, from the top; the last digit is filled with zeros.
fn digits(bytes: &[u8]) -> Vec<u8> {
    let bit = |i: usize| bytes.get(i / 8).map_or(0, |b| (b >> (7 - i % 8)) & 1);
    (0..bytes.len() * 8).step_by(5).map(|i| (0..5).fold(0, |d, k| d << 1 | bit(i + k))).collect()
}

fn bytes(code: &str) -> Option<[u8; BYTES]> {
    let mut bits: Vec<u8> = Vec::with_capacity(105);
    for c in code.chars().filter(|c| !matches!(c, '-' | ' ')) {
        let c = match c.to_ascii_uppercase() {
            'I' | 'L' => '1',
            'O' => '0',
            c => c,
        };
        let digit = ALPHABET.iter().position(|a| char::from(*a) == c)?;
        bits.extend((0..5).rev().map(|k| u8::from(digit >> k & 1 == 1)));
        if bits.len() > 105 {
            return None;
        }
    }
    let (whole, rest) = bits.split_at_checked(BYTES * 8)?;
    if bits.len() != 105 || rest.contains(&1) {
        return None;
    }
    let mut out = [0; BYTES];
    for (byte, bits) in out.iter_mut().zip(whole.chunks(8)) {
        *byte = bits.iter().fold(0, |b, bit| b << 1 | bit);
    }
    Some(out)
}

fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8)
            .fold(crc ^ byte, |crc: u8, _| if crc & 0x80 == 0 { crc << 1 } else { crc << 1 ^ 0x07 })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_check_is_the_one_of_the_catalogs() {
        assert_eq!(crc8(b"123456789"), 0xf4);
        assert_eq!(digits(&[0xff, 0x00]), [31, 28, 0, 0]);
    }

    proptest! {
        #[test]
        fn codes_read_back_and_no_single_slip_passes(
            seed: u32, bank: u32, preset in 0..Preset::ALL.len(), at in 0..21_usize, slip in 1..32_u8,
        ) {
            let (track, level) = (Track::Edge, Level::L4);
            let share = Share { preset: Preset::ALL[preset], track, level, seed, bank };
            let code = share.code();
            prop_assert_eq!(code.len(), 21 + 4);
            prop_assert_eq!(Share::read(&code.to_lowercase(), bank), Ok(share));
            prop_assert!(Share::read(&code, bank ^ 1).is_err());
            let plain: Vec<char> = code.chars().filter(|c| *c != '-').collect();
            let mut typed = plain.clone();
            let digit = ALPHABET.iter().position(|a| char::from(*a) == typed[at]).unwrap();
            typed[at] = char::from(ALPHABET[(digit + usize::from(slip)) % 32]);
            let typed: String = typed.into_iter().collect();
            prop_assert!(Share::read(&typed, bank).is_err(), "{} for {}", typed, code);
        }

        #[test]
        fn any_text_is_a_code_or_an_error(text in "\\PC*") {
            let _ = Share::read(&text, 0);
        }
    }
}

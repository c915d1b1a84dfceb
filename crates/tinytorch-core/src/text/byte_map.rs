//! A printable character for each of the 256 bytes, as GPT-2 writes its vocabulary.
//!
//! Bytes that print in Latin-1 stand for themselves. The other 68 (controls, the space, the soft hyphen) take
//! the characters from U+0100 on, in order: a space is `Ġ`, a line feed `Ċ`.

/// Returns the 256 bytes in the order of their ids: the printable ones, then the others.
pub(crate) fn byte_order() -> impl Iterator<Item = u8> {
    (0..=255).filter(|&b| prints(b)).chain((0..=255).filter(|&b| !prints(b)))
}

/// Returns the character that stands for a byte.
pub(crate) fn byte_to_char(byte: u8) -> char {
    if prints(byte) {
        return char::from(byte);
    }
    let place = (0..byte).filter(|&b| !prints(b)).count() as u32; // at most 67
    char::from_u32(0x100 + place).expect("characters below U+0144 exist")
}

/// Returns the byte that a character stands for, if it stands for one.
pub(crate) fn char_to_byte(c: char) -> Option<u8> {
    match u8::try_from(c) {
        Ok(byte) => prints(byte).then_some(byte),
        Err(_) => (0..=255).filter(|&b| !prints(b)).nth((c as usize).checked_sub(0x100)?),
    }
}

const fn prints(byte: u8) -> bool {
    matches!(byte, 33..=126 | 161..=172 | 174..=255)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_own_character() {
        let chars: std::collections::BTreeSet<char> = byte_order().map(byte_to_char).collect();
        assert_eq!(chars.len(), 256);
        for byte in 0..=255 {
            assert_eq!(char_to_byte(byte_to_char(byte)), Some(byte));
        }
    }

    /// As printed in GPT-2's vocabulary: id 0 is `!`, id 198 `Ċ`, id 220 `Ġ`, id 255 the soft hyphen `Ń`.
    #[test]
    fn ids_are_those_of_gpt2() {
        let token = |id: usize| byte_order().nth(id).map(byte_to_char);
        assert_eq!([0, 93, 94, 187, 188].map(token), ['!', '~', '¡', 'ÿ', 'Ā'].map(Some));
        assert_eq!([198, 220, 255].map(token), ['Ċ', 'Ġ', 'Ń'].map(Some));
        assert_eq!((byte_to_char(b' '), byte_to_char(b'\n')), ('Ġ', 'Ċ'));
    }

    #[test]
    fn other_characters_stand_for_nothing() {
        for c in [' ', '\n', '\u{ad}', '\u{144}', '日', '\u{10FFFF}'] {
            assert_eq!(char_to_byte(c), None, "{c:?}");
        }
    }
}

//! A font of 5 × 7 dots for small displays: capital letters, digits and a few signs.
//!
//! A glyph is five columns from the left; bit 0 of a column is its top dot, as a page of an SSD1306
//! stores it. Small letters are shown as capitals, anything else as a question mark.

/// Columns of a glyph.
pub(super) const WIDTH: usize = 5;

/// Returns the columns of a character.
pub(super) const fn glyph(character: u8) -> [u8; WIDTH] {
    match character.to_ascii_uppercase() {
        b' ' => [0x00, 0x00, 0x00, 0x00, 0x00],
        b'!' => [0x00, 0x00, 0x5F, 0x00, 0x00],
        b'%' => [0x23, 0x13, 0x08, 0x64, 0x62],
        b'+' => [0x08, 0x08, 0x3E, 0x08, 0x08],
        b'-' => [0x08, 0x08, 0x08, 0x08, 0x08],
        b'.' => [0x00, 0x60, 0x60, 0x00, 0x00],
        b'/' => [0x20, 0x10, 0x08, 0x04, 0x02],
        b':' => [0x00, 0x36, 0x36, 0x00, 0x00],
        b'_' => [0x40, 0x40, 0x40, 0x40, 0x40],
        b'0' => [0x3E, 0x51, 0x49, 0x45, 0x3E],
        b'1' => [0x00, 0x42, 0x7F, 0x40, 0x00],
        b'2' => [0x42, 0x61, 0x51, 0x49, 0x46],
        b'3' => [0x21, 0x41, 0x45, 0x4B, 0x31],
        b'4' => [0x18, 0x14, 0x12, 0x7F, 0x10],
        b'5' => [0x27, 0x45, 0x45, 0x45, 0x39],
        b'6' => [0x3C, 0x4A, 0x49, 0x49, 0x30],
        b'7' => [0x01, 0x71, 0x09, 0x05, 0x03],
        b'8' => [0x36, 0x49, 0x49, 0x49, 0x36],
        b'9' => [0x06, 0x49, 0x49, 0x29, 0x1E],
        b'A' => [0x7E, 0x09, 0x09, 0x09, 0x7E],
        b'B' => [0x7F, 0x49, 0x49, 0x49, 0x36],
        b'C' => [0x3E, 0x41, 0x41, 0x41, 0x22],
        b'D' => [0x7F, 0x41, 0x41, 0x22, 0x1C],
        b'E' => [0x7F, 0x49, 0x49, 0x49, 0x41],
        b'F' => [0x7F, 0x09, 0x09, 0x09, 0x01],
        b'G' => [0x3E, 0x41, 0x49, 0x49, 0x7A],
        b'H' => [0x7F, 0x08, 0x08, 0x08, 0x7F],
        b'I' => [0x00, 0x41, 0x7F, 0x41, 0x00],
        b'J' => [0x20, 0x40, 0x41, 0x3F, 0x01],
        b'K' => [0x7F, 0x08, 0x14, 0x22, 0x41],
        b'L' => [0x7F, 0x40, 0x40, 0x40, 0x40],
        b'M' => [0x7F, 0x02, 0x0C, 0x02, 0x7F],
        b'N' => [0x7F, 0x04, 0x08, 0x10, 0x7F],
        b'O' => [0x3E, 0x41, 0x41, 0x41, 0x3E],
        b'P' => [0x7F, 0x09, 0x09, 0x09, 0x06],
        b'Q' => [0x3E, 0x41, 0x51, 0x21, 0x5E],
        b'R' => [0x7F, 0x09, 0x19, 0x29, 0x46],
        b'S' => [0x46, 0x49, 0x49, 0x49, 0x31],
        b'T' => [0x01, 0x01, 0x7F, 0x01, 0x01],
        b'U' => [0x3F, 0x40, 0x40, 0x40, 0x3F],
        b'V' => [0x1F, 0x20, 0x40, 0x20, 0x1F],
        b'W' => [0x3F, 0x40, 0x38, 0x40, 0x3F],
        b'X' => [0x63, 0x14, 0x08, 0x14, 0x63],
        b'Y' => [0x07, 0x08, 0x70, 0x08, 0x07],
        b'Z' => [0x61, 0x51, 0x49, 0x45, 0x43],
        _ => [0x02, 0x01, 0x51, 0x09, 0x06], // ?
    }
}

#[cfg(test)]
mod tests {
    use super::glyph;

    /// Draws a character row by row.
    #[track_caller]
    fn check(character: char, rows: [&str; 7]) {
        let columns = glyph(character as u8);
        for (y, row) in rows.iter().enumerate() {
            for (column, dot) in columns.iter().zip(row.bytes()) {
                assert_eq!((column >> y) & 1 == 1, dot == b'#', "{character} row {y}");
            }
        }
    }

    #[test]
    fn glyphs_look_like_their_characters() {
        check(
            'A',
            [
                " ### ",
                "#   #",
                "#   #",
                "#####",
                "#   #",
                "#   #",
                "#   #",
            ],
        );
        check(
            '7',
            [
                "#####",
                "    #",
                "   # ",
                "  #  ",
                " #   ",
                " #   ",
                " #   ",
            ],
        );
        check(
            '%',
            [
                "##   ",
                "##  #",
                "   # ",
                "  #  ",
                " #   ",
                "#  ##",
                "   ##",
            ],
        );
        check(
            'g',
            [
                " ### ",
                "#   #",
                "#    ",
                "# ###",
                "#   #",
                "#   #",
                " ####",
            ],
        );
    }

    #[test]
    fn all_glyphs_differ_and_leave_the_lowest_row_free() {
        let shown = b" !%+-./:?_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        for (i, a) in shown.iter().enumerate() {
            assert!(glyph(*a).iter().all(|column| column & 0x80 == 0));
            for b in &shown[i + 1..] {
                assert_ne!(glyph(*a), glyph(*b), "{} {}", *a as char, *b as char);
            }
        }
        assert_eq!(glyph(0xC3), glyph(b'?'));
    }
}

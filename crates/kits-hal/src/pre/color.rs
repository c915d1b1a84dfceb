//! Pixel formats: five and six bits to eight, and colours to brightness.

use super::{PreError, PixelFormat};

/// Returns red, green and blue of a pixel of 5, 6 and 5 bits; the upper bits are repeated below, so that full stays full.
pub(super) const fn rgb565(word: u16) -> [u8; 3] {
    let (r, g, b) = ((word >> 11) as u8, ((word >> 5) & 0x3f) as u8, (word & 0x1f) as u8);
    [(r << 3) | (r >> 2), (g << 2) | (g >> 4), (b << 3) | (b >> 2)]
}

/// Returns the brightness of a pixel: `(19595·R + 38470·G + 7471·B + 32768) >> 16`, the weights of ITU-R BT.601.
///
/// ```
/// assert_eq!(kits_hal::pre::gray([255, 255, 255]), 255);
/// assert_eq!(kits_hal::pre::gray([255, 0, 0]), 76);
/// ```
#[must_use]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "the weights add up to 2^16, so the result is at most 255"
)]
pub const fn gray([r, g, b]: [u8; 3]) -> u8 {
    ((19595 * r as u32 + 38470 * g as u32 + 7471 * b as u32 + 32768) >> 16) as u8
}

/// Converts a whole picture of two bytes a pixel into three.
///
/// # Errors
///
/// [`PreError::PixelBytes`] if `format` is not one of the two-byte formats; the length errors if `source` is not twice,
/// or `out` not three times, a number of pixels that is the same for both.
pub fn rgb565_to_rgb888(
    source: &[u8],
    format: PixelFormat,
    out: &mut [u8],
) -> Result<(), PreError> {
    let word = match format {
        PixelFormat::Rgb565Be => u16::from_be_bytes,
        PixelFormat::Rgb565Le => u16::from_le_bytes,
        other => {
            let have = u8::try_from(other.bytes()).unwrap_or(u8::MAX);
            return Err(PreError::PixelBytes { need: 2, have });
        }
    };
    let (pixels, _) = source.as_chunks();
    PreError::source(pixels.len().saturating_mul(2), source.len())?;
    PreError::destination(pixels.len().saturating_mul(3), out.len())?;
    for (out, pixel) in out.as_chunks_mut().0.iter_mut().zip(pixels) {
        *out = rgb565(word(*pixel));
    }
    Ok(())
}

/// Converts a whole picture of three bytes a pixel into brightness.
///
/// # Errors
///
/// The length errors if `source` is not three times as long as `out`.
pub fn rgb888_to_gray(source: &[u8], out: &mut [u8]) -> Result<(), PreError> {
    let (pixels, _) = source.as_chunks();
    PreError::source(pixels.len().saturating_mul(3), source.len())?;
    PreError::destination(pixels.len(), out.len())?;
    for (out, pixel) in out.iter_mut().zip(pixels) {
        *out = gray(*pixel);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{gray, rgb565, rgb565_to_rgb888};
    use crate::pre::{PixelFormat, PreError};

    #[test]
    fn every_five_and_six_bit_value_spreads_over_the_whole_range() {
        for word in 0..=u16::MAX {
            let [r, g, b] = rgb565(word);
            // Bit replication is the nearest byte to v·255/31 or v·255/63, or one next to it.
            let near = |byte: u8, v: u16, top: u16| {
                let exact = f64::from(v) * 255.0 / f64::from(top);
                assert!((f64::from(byte) - exact).abs() < 1.0, "{word:04x}");
            };
            near(r, word >> 11, 31);
            near(g, word >> 5 & 63, 63);
            near(b, word & 31, 31);
        }
    }

    #[test]
    fn gray_is_within_one_of_the_weighted_sum_and_keeps_grays() {
        for v in 0..=255 {
            assert_eq!(gray([v, v, v]), v);
            let [r, g, b] = [v, v.wrapping_mul(7), v.wrapping_mul(31)].map(f64::from);
            let exact = 0.299 * r + 0.587 * g + 0.114 * b;
            let found = gray([v, v.wrapping_mul(7), v.wrapping_mul(31)]);
            // Rounding, and weights cut to 16 bits.
            assert!((f64::from(found) - exact).abs() <= 0.51, "{v}");
        }
    }

    #[test]
    fn lengths_and_formats_are_checked() {
        let mut out = [0; 6];
        let be = PixelFormat::Rgb565Be;
        assert_eq!(rgb565_to_rgb888(&[0xf8, 0, 0x07, 0xe0], be, &mut out), Ok(()));
        assert_eq!(out, [255, 0, 0, 0, 255, 0]);
        let le = PixelFormat::Rgb565Le;
        assert_eq!(rgb565_to_rgb888(&[0, 0xf8, 0xe0, 0x07], le, &mut out), Ok(()));
        assert_eq!(out, [255, 0, 0, 0, 255, 0]);
        let short = PreError::SourceLength { need: 2, have: 3 };
        assert_eq!(rgb565_to_rgb888(&[0; 3], be, &mut out), Err(short));
        let long = PreError::DestinationLength { need: 3, have: 6 };
        assert_eq!(rgb565_to_rgb888(&[0; 2], be, &mut out), Err(long));
        let wrong = PreError::PixelBytes { need: 2, have: 1 };
        assert_eq!(rgb565_to_rgb888(&[0; 4], PixelFormat::Gray8, &mut out), Err(wrong));
    }
}

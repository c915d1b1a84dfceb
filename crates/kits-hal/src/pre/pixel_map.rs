//! From a byte of brightness to an `int8` input.

use super::{PreError, quantize};

/// What each of the 256 brightnesses becomes.
///
/// Most image models take `pixel − 128`; some upstream tests feed the raw byte as `int8` instead, so it pays to look at
/// how a model was trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelMap([i8; 256]);

impl PixelMap {
    /// `pixel − 128`: for inputs with zero point −128 and scale 1/255 (pixels as 0..1) or 1 (pixels as 0..255).
    pub const MINUS_128: Self = Self::every(0x80);

    /// The byte itself, read as `int8`.
    pub const RAW: Self = Self::every(0);

    /// Flips bits of every byte; flipping the highest one subtracts 128.
    #[expect(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "evaluated while compiling"
    )]
    const fn every(flip: u8) -> Self {
        let mut map = [0; 256];
        let mut i = 0;
        while i < 256 {
            map[i] = (i as u8 ^ flip).cast_signed();
            i += 1;
        }
        Self(map)
    }

    /// `quantize(pixel · unit)` for a model input; `unit` is what brightness 1 was in training, often 1 or 1/255.
    ///
    /// # Errors
    ///
    /// [`PreError::BadScale`] if the scale is not finite and above 0.
    ///
    /// ```
    /// use kits_hal::pre::PixelMap;
    ///
    /// assert_eq!(PixelMap::new(1.0 / 255.0, 1.0 / 255.0, -128)?, PixelMap::MINUS_128);
    /// # Ok::<(), kits_hal::pre::PreError>(())
    /// ```
    pub fn new(unit: f32, scale: f32, zero: i8) -> Result<Self, PreError> {
        if !(scale > 0.0 && scale.is_finite()) {
            return Err(PreError::BadScale);
        }
        let mut map = [0; 256];
        for (pixel, q) in (0_u8..=255).zip(&mut map) {
            *q = quantize(f32::from(pixel) * unit, scale, zero);
        }
        Ok(Self(map))
    }

    /// Returns the input for a brightness.
    #[must_use]
    pub fn of(&self, pixel: u8) -> i8 {
        self.0.get(usize::from(pixel)).copied().unwrap_or_default()
    }

    /// Maps all bytes of a picture.
    ///
    /// # Errors
    ///
    /// [`PreError::DestinationLength`] if `out` is not as long as `pixels`.
    pub fn apply(&self, pixels: &[u8], out: &mut [i8]) -> Result<(), PreError> {
        PreError::destination(pixels.len(), out.len())?;
        for (out, pixel) in out.iter_mut().zip(pixels) {
            *out = self.of(*pixel);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::PixelMap;

    #[test]
    fn maps_agree_with_subtraction_for_every_pixel() {
        let unit = PixelMap::new(1.0 / 255.0, 1.0 / 255.0, -128).unwrap();
        let whole = PixelMap::new(1.0, 1.0, -128).unwrap();
        for pixel in 0..=255 {
            let expected = i16::from(pixel) - 128;
            for map in [PixelMap::MINUS_128, unit, whole] {
                assert_eq!(i16::from(map.of(pixel)), expected);
            }
            assert_eq!(PixelMap::RAW.of(pixel).cast_unsigned(), pixel);
        }
        assert!(PixelMap::new(1.0, 0.0, 0).is_err() && PixelMap::new(1.0, f32::NAN, 0).is_err());
    }
}

//! Digital microphones: from a stream of single bits to 16-bit samples.
//!
//! A PDM microphone sends one bit per clock, whose density is the sound pressure. Summing the bits
//! three times over and keeping every 64th value is a low-pass filter that needs no
//! multiplication (E. Hogenauer, "An economical class of digital filters for decimation and
//! interpolation", IEEE Transactions on Acoustics, Speech and Signal Processing 29(2), 1981).

/// Bits per sample: 1.024 MHz become 16 kHz.
pub const PDM_DECIMATION: u32 = 64;

/// A third-order decimation filter: 64 bits in, one sample out.
///
/// The gain is 1: all ones give 32 767, all zeros −32 768, alternating bits 0. The impulse
/// response is three boxes of 64 bits, convolved; the first three samples are its start.
///
/// ```
/// use kits_hal::hal::PdmFilter;
///
/// let mut filter = PdmFilter::new();
/// let mut last = None;
/// for _ in 0..32 {
///     last = filter.push(0b1111_1111).or(last); // 8 bits, the first in the top place
/// }
/// assert_eq!(last, Some(32_767));
/// ```
#[derive(Debug, Clone, Default)]
pub struct PdmFilter {
    sums: [i32; 3],
    combs: [i32; 3],
    bytes: u8,
}

impl PdmFilter {
    /// Returns a filter at rest.
    #[must_use]
    pub const fn new() -> Self {
        Self { sums: [0; 3], combs: [0; 3], bytes: 0 }
    }

    /// Takes eight bits, the earliest in the top place; returns a sample with every eighth byte.
    pub fn push(&mut self, byte: u8) -> Option<i16> {
        let [mut a, mut b, mut c] = self.sums;
        for place in (0..8).rev() {
            // Sums wrap: the differences below undo it, because the result fits 20 bits.
            a = a.wrapping_add(if (byte >> place) & 1 == 1 { 1 } else { -1 });
            b = b.wrapping_add(a);
            c = c.wrapping_add(b);
        }
        self.sums = [a, b, c];
        self.bytes = self.bytes.wrapping_add(1) % 8;
        if self.bytes != 0 {
            return None;
        }
        let mut value = c;
        for comb in &mut self.combs {
            let before = core::mem::replace(comb, value);
            value = value.wrapping_sub(before);
        }
        // 64³ = 2¹⁸ is full scale.
        let sample = value >> 3;
        Some(i16::try_from(sample).unwrap_or(if sample < 0 { i16::MIN } else { i16::MAX }))
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests {
    extern crate std;
    use std::vec;
    use std::vec::Vec;

    use super::PdmFilter;

    /// The same filter as a plain convolution with its impulse response.
    fn convolve(bits: &[i64]) -> Vec<i64> {
        let boxed = |x: &[i64]| {
            let mut y = vec![0; x.len() + 63];
            for (i, v) in x.iter().enumerate() {
                y[i..i + 64].iter_mut().for_each(|to| *to += v);
            }
            y
        };
        let response = boxed(&boxed(&boxed(&[1])));
        (0..bits.len() / 64)
            .map(|k| {
                let newest = 64 * k + 63;
                let sum: i64 = (0..response.len())
                    .filter(|back| newest >= *back)
                    .map(|back| response[back] * bits[newest - back])
                    .sum();
                (sum >> 3).clamp(-32_768, 32_767)
            })
            .collect()
    }

    #[test]
    fn equals_the_convolution_with_three_boxes() {
        let mut seed = 7_u32;
        // 400 samples, far beyond what 32-bit sums hold without wrapping (the third grows as n³/6).
        let bytes: Vec<u8> = (0..3200)
            .map(|i| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if i < 1600 { 0xFF } else { (seed >> 24) as u8 }
            })
            .collect();
        let bits: Vec<i64> = bytes
            .iter()
            .flat_map(|b| (0..8).rev().map(move |p| if (b >> p) & 1 == 1 { 1 } else { -1 }))
            .collect();
        let mut filter = PdmFilter::new();
        let got: Vec<i64> =
            bytes.iter().filter_map(|b| filter.push(*b)).map(i64::from).collect();
        assert_eq!(got, convolve(&bits));
    }

    #[test]
    fn rest_is_zero() {
        let mut filter = PdmFilter::new();
        let samples: Vec<i16> = (0..80).filter_map(|_| filter.push(0b1010_1010)).collect();
        assert_eq!(samples.len(), 10);
        assert!(samples[3..].iter().all(|s| *s == 0), "{samples:?}");
    }
}

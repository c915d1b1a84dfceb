//! Laws of signal processing and of what comes before and after a model, on random inputs and hostile ones.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes of tests are small, and rounding to f32 is meant"
)]

mod decisions;
mod motion;
mod objects;
mod oracle;
mod pictures;
mod sounds;
mod transforms;

/// Random numbers from a seed: SplitMix64.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to below `n`.
    fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// A real from −1 to 1.
    fn real(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Noise and a tone, as a converter would give them.
    ///
    /// Not softer than 30: among samples of −1, 0 and 1 a bin can cancel to nothing, and its logarithm is then that of
    /// the rounding.
    fn clip(&mut self, len: usize) -> Vec<i16> {
        let (loud, tone) = (self.pick(&[30.0, 300.0, 3000.0, 15_000.0]), 0.5 * self.real());
        (0..len).map(|i| (loud * (self.real() + libm::sin(tone * i as f64))) as i16).collect()
    }
}

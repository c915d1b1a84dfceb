//! The random numbers of the whole crate: one small generator, always passed by hand.
//!
//! Nothing in this crate draws from a hidden or global source. Whoever wants random numbers
//! takes a `&mut Rng`, so the same seed gives the same weights and the same batches on every machine, and the same
//! trained network in every run and for any number of threads. Between machines a trained network may differ in its last
//! bits: products round as the instructions of the processor do.
//!
//! The generator is xoshiro256++ (Blackman and Vigna, 2019), 256 bits of state, seeded through
//! `SplitMix64`. It is fast and passes the usual statistical batteries; it is not meant for secrets.
//! The logarithm inside [`Rng::normal`] comes from the pure-Rust `libm`, so that the stream does
//! not depend on the mathematics library of the operating system.

/// The distance between two floats below one: 2⁻⁵³.
const TICK: f64 = 1.0 / 9_007_199_254_740_992.0;

/// The polynomial that advances the state by 2¹²⁸ steps (Blackman and Vigna).
const JUMP: [u64; 4] =
    [0x180e_c6d3_3cfd_0aba, 0xd5a6_1266_f0c9_392c, 0xa958_2618_e03f_c9aa, 0x39ab_dc45_29b1_661c];

/// A seeded generator of random numbers (xoshiro256++).
///
/// The four words of state are everything: there is no cached second normal number, so
/// [`Rng::state`] and [`Rng::from_state`] save and restore a run exactly.
///
/// # Examples
///
/// ```
/// use tinytorch_core::Rng;
///
/// let mut a = Rng::seed(7);
/// let mut b = Rng::seed(7);
/// assert_eq!(a.next_u64(), b.next_u64());
/// assert!((0.0..1.0).contains(&a.uniform()));
/// assert!(a.below(6) < 6);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rng {
    s: [u64; 4],
}

impl Rng {
    /// Returns the generator for `seed`; every seed is as good as any other.
    ///
    /// The four words of state are the first four outputs of `SplitMix64` started at `seed`.
    #[must_use]
    pub fn seed(seed: u64) -> Self {
        let mut x = seed;
        let mut s = [0; 4];
        for word in &mut s {
            x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = x;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *word = z ^ (z >> 31);
        }
        Self { s }
    }

    /// Returns the generator that continues from a saved [`state`](Self::state).
    ///
    /// Four zeros are not a state of this generator (it would only ever return zero) and give `None`.
    #[must_use]
    pub fn from_state(s: [u64; 4]) -> Option<Self> {
        (s != [0; 4]).then_some(Self { s })
    }

    /// Returns the four words from which [`from_state`](Self::from_state) continues.
    #[must_use]
    pub fn state(&self) -> [u64; 4] {
        self.s
    }

    /// Returns the next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let out = self.s[0].wrapping_add(self.s[3]).rotate_left(23).wrapping_add(self.s[0]);
        let t = self.s[1] << 17;
        self.s[2] ^= self.s[0];
        self.s[3] ^= self.s[1];
        self.s[1] ^= self.s[2];
        self.s[0] ^= self.s[3];
        self.s[2] ^= t;
        self.s[3] = self.s[3].rotate_left(45);
        out
    }

    /// Returns a number in `0.0..1.0`, a multiple of 2⁻⁵³, each equally likely.
    pub fn uniform(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit the significand exactly")]
        let bits = (self.next_u64() >> 11) as f64;
        bits * TICK
    }

    /// Returns a draw from the normal distribution of mean 0 and variance 1.
    ///
    /// Marsaglia's polar method: a point (u, v) uniform in the unit disk with s = u² + v² gives
    /// u·√(−2·ln s / s). The second number that the method offers is not kept, so that the state
    /// stays four words.
    pub fn normal(&mut self) -> f64 {
        loop {
            let u = 2.0 * self.uniform() - 1.0;
            let v = 2.0 * self.uniform() - 1.0;
            let s = u * u + v * v;
            if s < 1.0 && s > 0.0 {
                return u * libm::sqrt(-2.0 * libm::log(s) / s);
            }
        }
    }

    /// Returns an integer in `0..n`, each exactly equally likely; 0 when `n` is 0.
    ///
    /// The high word of a 64 × 64-bit product, with the few products that would favor some values
    /// drawn again (Lemire, 2019, "Fast random integer generation in an interval").
    /// The stream is the same on 32-bit and 64-bit machines.
    pub fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        if n == 0 {
            return 0;
        }
        let threshold = n.wrapping_neg() % n; // 2^64 mod n
        loop {
            let product = u128::from(self.next_u64()) * u128::from(n);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the low and the high word are meant"
            )]
            let (low, high) = (product as u64, (product >> 64) as usize);
            if low >= threshold {
                return high;
            }
        }
    }

    /// Puts `items` in random order, each order equally likely (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// Returns a generator for somebody else and moves this one 2¹²⁸ steps ahead.
    ///
    /// The child continues from the present state. The two streams meet only after 2¹²⁸ numbers,
    /// so workers that each get a split never see each other's draws.
    #[must_use = "the returned generator owns the numbers that this one skips"]
    pub fn split(&mut self) -> Self {
        let child = self.clone();
        let mut ahead = [0; 4];
        for word in JUMP {
            for bit in 0..64 {
                if word >> bit & 1 == 1 {
                    for (a, s) in ahead.iter_mut().zip(self.s) {
                        *a ^= s;
                    }
                }
                self.next_u64();
            }
        }
        self.s = ahead;
        child
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs that the authors' C program prints for the state 1, 2, 3, 4.
    #[test]
    fn stream_is_the_published_one() {
        let mut rng = Rng::from_state([1, 2, 3, 4]).unwrap();
        let expected = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
            9_228_616_714_210_784_205,
            9_973_669_472_204_895_162,
            14_011_001_112_246_962_877,
            12_406_186_145_184_390_807,
            15_849_039_046_786_891_736,
            10_450_023_813_501_588_000,
        ];
        assert_eq!(expected.map(|_| rng.next_u64()), expected);
    }

    /// The widely printed `SplitMix64` outputs for 1234567.
    #[test]
    fn seeding_is_splitmix64() {
        let [a, b, c, d] = Rng::seed(1_234_567).state();
        assert_eq!(
            [a, b, c, d],
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431
            ]
        );
    }

    /// The expected state is the 256 × 256 bit matrix of one step, squared 128 times, applied to
    /// 1, 2, 3, 4 by a separate program: no polynomial involved.
    #[test]
    fn split_jumps_by_two_to_the_128() {
        let mut rng = Rng::from_state([1, 2, 3, 4]).unwrap();
        let child = rng.split();
        assert_eq!(child.state(), [1, 2, 3, 4]);
        assert_eq!(
            rng.state(),
            [
                10_122_426_448_480_695_249,
                8_079_205_330_032_121_950,
                7_289_065_458_748_526_725,
                9_477_464_255_293_849_680
            ]
        );
    }

    #[test]
    fn the_zero_state_is_refused() {
        assert_eq!(Rng::from_state([0; 4]), None);
    }

    #[test]
    fn state_round_trip_continues_the_stream() {
        let mut rng = Rng::seed(3);
        let _ = rng.normal();
        let mut again = Rng::from_state(rng.state()).unwrap();
        assert_eq!(rng.normal().to_bits(), again.normal().to_bits());
    }

    #[test]
    fn below_covers_its_range_evenly() {
        let mut rng = Rng::seed(1);
        let mut counts = [0_i32; 7];
        for _ in 0..70_000 {
            counts[rng.below(7)] += 1;
        }
        // Binomial with n = 70 000, p = 1/7: standard deviation 92.6; five of them either side.
        assert!(counts.iter().all(|c| (c - 10_000).abs() < 463), "{counts:?}");
        assert_eq!((rng.below(0), rng.below(1)), (0, 0));
    }

    /// Without the second draw, n = 3·2^62 would return numbers divisible by 3 twice as often.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn below_is_unbiased_for_huge_ranges() {
        let mut rng = Rng::seed(5);
        let n = 3_usize << 62;
        let hits = (0..30_000).filter(|_| rng.below(n).is_multiple_of(3)).count();
        // p = 1/3: mean 10 000, standard deviation 81.6; a biased version gives 15 000.
        assert!(hits.abs_diff(10_000) < 409, "{hits}");
    }

    #[test]
    fn uniform_and_normal_have_their_moments() {
        let mut rng = Rng::seed(11);
        let n = 100_000;
        let moments = |mut draw: Box<dyn FnMut() -> f64 + '_>| {
            let (mut m, mut v, mut k) = (0.0, 0.0, 0.0);
            for _ in 0..n {
                let x = draw();
                m += x;
                v += x * x;
                k += x * x * x * x;
            }
            let n = f64::from(n);
            (m / n, v / n, k / n)
        };
        // Five standard errors each: sd(x)/√n, sd(x²)/√n, sd(x⁴)/√n.
        let (m, v, k) = moments(Box::new(|| rng.uniform()));
        assert!((m - 0.5).abs() < 0.0046 && (v - 1.0 / 3.0).abs() < 0.0048, "{m} {v}");
        assert!((k - 0.2).abs() < 0.0043, "{k}");
        let (m, v, k) = moments(Box::new(|| rng.normal()));
        assert!(m.abs() < 0.0159 && (v - 1.0).abs() < 0.0224, "{m} {v}");
        assert!((k - 3.0).abs() < 0.155, "{k}");
    }

    #[test]
    fn shuffle_permutes_evenly() {
        let mut rng = Rng::seed(2);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..24_000 {
            let mut items = [0, 1, 2, 3];
            rng.shuffle(&mut items);
            *counts.entry(items).or_insert(0_i32) += 1;
        }
        assert_eq!(counts.len(), 24);
        // Binomial with p = 1/24: standard deviation 31; five of them.
        assert!(counts.values().all(|c| (c - 1_000).abs() < 155), "{counts:?}");
    }
}

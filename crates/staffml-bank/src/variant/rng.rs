//! The random numbers of draws: small, documented, equal on every machine.
//!
//! Each parameter has a stream of its own, keyed by template, major version and parameter name.
//! Adding a parameter therefore leaves the others as they were, and two parameters with equal ranges are not drawn
//! in lock-step.
//!
//! # Source
//!
//! Fowler, Noll & Vo, FNV-1a with 64 bits; Steele, Lea & Flood (2014), "Fast splittable pseudorandom number
//! generators", OOPSLA; Lemire (2019), "Fast random integer generation in an interval", TOMACS 29(1), without its
//! rejection step, whose bias is below 2⁻⁵⁰ for the small ranges here.

/// Name of the stream that orders options; no parameter can have it.
pub const ORDER: &str = "/order";

/// Returns the FNV-1a hash of some bytes.
#[must_use]
pub fn fnv1a64(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// The generator SplitMix64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// Returns a generator that starts at `state`.
    #[must_use]
    pub const fn new(state: u64) -> Self {
        Self { state }
    }

    /// Returns the next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a whole number from 0 to `n - 1`, or 0 if `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        let product = u128::from(self.next_u64()) * u128::from(n);
        u64::try_from(product >> 64).unwrap_or(0) // the upper half always fits
    }

    /// Shuffles a slice: Fisher-Yates from the top.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = usize::try_from(self.below(i as u64 + 1)).unwrap_or(i);
            items.swap(i, j);
        }
    }
}

/// Returns the first output of the generator started at `x`.
#[must_use]
pub const fn mix(x: u64) -> u64 {
    SplitMix64::new(x).next_u64()
}

/// Returns the stream of one parameter of a template for a seed; `attempt` counts refused draws.
#[must_use]
pub fn stream(template: &str, major: u32, name: &str, seed: u64, attempt: u32) -> SplitMix64 {
    let mut key = format!("{template}@{major}/{name}");
    if attempt > 0 {
        key.push_str(&format!("#{attempt}"));
    }
    SplitMix64::new(fnv1a64(key.as_bytes()) ^ mix(seed))
}

/// Returns the seed of a review, so that each review of a template shows another variant.
#[must_use]
pub fn seed_for_review(user_salt: u64, template: &str, review: u64) -> u64 {
    mix(user_salt ^ fnv1a64(template.as_bytes()) ^ review)
}

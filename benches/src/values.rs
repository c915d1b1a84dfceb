//! The same numbers for every contestant, in every language.
//!
//! Value `i` of stream `s` is the SplitMix64 mix of `s·2³² + i`, cut to 24 bits: exact in `f32`, equal in Python.

/// Returns `n` values of stream `stream`, spread evenly over `-scale..scale`.
#[must_use]
pub fn uniform(stream: u64, n: usize, scale: f32) -> Vec<f32> {
    (0..n).map(|i| (unit(stream, i) * f64::from(scale)) as f32).collect()
}

/// Returns `n` whole numbers of stream `stream` below `below`.
#[must_use]
pub fn whole(stream: u64, n: usize, below: u32) -> Vec<u32> {
    (0..n).map(|i| ((u64::from(mixed(stream, i)) * u64::from(below)) >> 24) as u32).collect()
}

/// Returns at most some 4,096 entries of `all`, evenly spread, so that a large result is cheap to compare.
#[must_use]
pub fn sample(all: &[f32]) -> Vec<f32> {
    positions(all.len()).map(|i| all[i]).collect()
}

/// Returns the positions that [`sample`] takes from `n` entries.
///
/// The step is odd, so that in a matrix the entries lie in many columns.
pub fn positions(n: usize) -> impl Iterator<Item = usize> {
    (0..n).step_by((n / 4096) | 1)
}

fn unit(stream: u64, i: usize) -> f64 {
    f64::from(mixed(stream, i)) / f64::from(1 << 23) - 1.0
}

/// 24 mixed bits.
fn mixed(stream: u64, i: usize) -> u32 {
    let mut z = ((stream << 32) + i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 40) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_is_the_published_one() {
        // SplitMix64 seeded with 0 first yields 0xE220A8397B1DCDAF: the mix of one golden-ratio step.
        assert_eq!(mixed(0, 1), 0xE2_20A8);
    }

    #[test]
    fn values_fill_their_range() {
        let values = uniform(3, 10_000, 0.5);
        assert!(values.iter().all(|v| v.abs() <= 0.5));
        let mean = values.iter().sum::<f32>() / 10_000.0;
        // One standard deviation of the mean is 0.5/√(3·10,000) = 0.003.
        assert!(mean.abs() < 0.012, "{mean}");
        assert!((0..7).all(|k| whole(1, 1000, 7).contains(&k)));
    }

    #[test]
    fn samples_are_small_and_spread() {
        assert_eq!(positions(5).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        let n = 2048 * 2048;
        let columns: std::collections::BTreeSet<usize> = positions(n).map(|i| i % 2048).collect();
        assert!(positions(n).count() <= 4097 && columns.len() > 1000);
    }
}

//! Spreading due dates, so that templates learned on one day do not come back on one day for ever.

use crate::variant::rng::{SplitMix64, fnv1a64, mix};

/// Returns `days` moved by at most `1 + 15 % of [2.5, 7) + 10 % of [7, 20) + 5 % above`, the same for the same salt,
/// template and number of the review. Intervals below 2.5 days stay.
#[must_use]
pub fn fuzzed(days: u32, user_salt: u64, template: &str, review: u64) -> u32 {
    if days < 3 {
        return days;
    }
    let width = width(f64::from(days));
    // The width is at most 1 + 0.675 + 1.3 + 5 % of a u32: whole days are counted by comparison, not by a cast.
    let most = (1..=days).take_while(|n| f64::from(*n) <= width + 0.5).last().unwrap_or(0);
    let (low, high) = ((days - most.min(days)).max(2), days.saturating_add(most));
    let mut rng = SplitMix64::new(mix(user_salt ^ fnv1a64(template.as_bytes()) ^ mix(review)));
    let pick = rng.below(u64::from(high - low) + 1);
    low + u32::try_from(pick).unwrap_or(0)
}

fn width(days: f64) -> f64 {
    let part = |from: f64, to: f64, share: f64| share * (days.min(to) - from).max(0.0);
    1.0 + part(2.5, 7.0, 0.15) + part(7.0, 20.0, 0.10) + part(20.0, f64::INFINITY, 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_is_bounded_and_repeats_with_its_seed() {
        assert!((width(10.0) - (1.0 + 0.675 + 0.3)).abs() < 1e-12);
        assert!((width(100.0) - (1.0 + 0.675 + 1.3 + 4.0)).abs() < 1e-12);
        assert_eq!([1, 2].map(|d| fuzzed(d, 7, "t", 1)), [1, 2]);
        for days in [3, 10, 100, 36_500] {
            let got: Vec<u32> = (0..200).map(|n| fuzzed(days, 7, "w02-a", n)).collect();
            let far = got.iter().map(|d| d.abs_diff(days)).max().unwrap();
            assert!(far > 0 && f64::from(far) <= width(f64::from(days)) + 0.5, "{days}: {far}");
            assert!(got.iter().any(|d| *d < days) && got.iter().any(|d| *d > days));
            assert_eq!(got, (0..200).map(|n| fuzzed(days, 7, "w02-a", n)).collect::<Vec<_>>());
        }
    }
}

//! Slips that need no declaration: they show in the ratio of the answer to the right value.

use super::{Class, Key, Verdict, tolerance::SLACK};
use crate::quantity::{Base, Typed};

/// Returns the verdict on a slip of scale, sign or counting, if the ratio tells one.
pub(super) fn diagnose(key: &Key, got: f64, typed: &Typed) -> Option<Verdict> {
    let want = key.value;
    let ratio = got / want;
    if !ratio.is_finite() || got == 0.0 {
        return None;
    }
    let share = key.tolerance.share(want);
    let is = |factor: f64| (ratio - factor).abs() <= share * factor.abs();
    let either_way = |factor: f64| is(factor) || is(1.0 / factor);
    let misconception = |id, message: &str| Some(Verdict::new(Class::Misconception, id, message));
    let wrong_unit = |code, message: &str| Some(Verdict::new(Class::WrongUnit, code, message));
    let dim = key.unit.dim();

    if is(-1.0) {
        return misconception("sign-error", "the size is right, the sign is not");
    }
    let info = dim.exponent(Base::Info);
    if info != 0 {
        if either_way(repeated(8.0, info.unsigned_abs())) {
            return misconception(
                "bits-bytes",
                "off by a factor of 8: b is a bit, B is a byte of 8 bits",
            );
        }
        // GiB for GB is off by 1.024³: tell it only where the tolerance cannot hide it.
        let near = share.min(0.005);
        for k in
            [typed.info_prefix, key.unit.info_prefix()].into_iter().flatten().filter(|k| *k > 0)
        {
            let factor = repeated(1.024, k);
            let matches = [factor, 1.0 / factor].iter().any(|f| (ratio - f).abs() <= near * f);
            if matches && factor - 1.0 >= 2.0 * share - SLACK {
                let message =
                    "off by 1024 for 1000: kB, MB, GB count in thousands, KiB, MiB, GiB in 1024s";
                return misconception("decimal-binary", message);
            }
        }
    }
    for j in 1..=8 {
        if either_way(repeated(1000.0, j)) {
            return wrong_unit("prefix-slip", "the digits are right, the prefix is not");
        }
    }
    if dim.is_none() && key.unit.nouns().is_none() {
        if either_way(100.0) {
            return wrong_unit("percent-scale", "off by 100: a percentage needs its `%`");
        }
        let product = got * want * key.unit.factor() * key.unit.factor();
        if (product - 1.0).abs() <= share {
            return misconception("inverted-ratio", "that is the ratio upside down");
        }
    }
    if dim.exponent(Base::Op) != 0 && either_way(2.0) {
        return misconception("mac-vs-flop", "off by 2: a multiply-accumulate is two operations");
    }
    if dim.exponent(Base::Time) != 0 && [60.0, 3600.0, 24.0, 86_400.0].into_iter().any(either_way) {
        return wrong_unit(
            "time-scale",
            "off by a factor between seconds, minutes, hours and days",
        );
    }
    None
}

/// Returns `base` to a small power.
fn repeated(base: f64, n: u8) -> f64 {
    (0..n).fold(1.0, |product, _| product * base)
}

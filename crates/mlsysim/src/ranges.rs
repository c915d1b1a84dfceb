//! The values for which an input means something.

use core::fmt;

/// An interval of allowed values in base units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    min: f64,
    max: f64,
    above_min: bool,
    whole: bool,
    infinite: bool,
}

impl Range {
    /// Every finite number.
    pub const ANY: Self = Self {
        min: f64::NEG_INFINITY,
        max: f64::INFINITY,
        above_min: false,
        whole: false,
        infinite: false,
    };
    /// Finite, and 0 or more.
    pub const NOT_NEGATIVE: Self = Self { min: 0.0, ..Self::ANY };
    /// Finite and above 0.
    pub const POSITIVE: Self = Self { above_min: true, ..Self::NOT_NEGATIVE };
    /// 0 or more, and possibly infinite: a quotient whose divisor may vanish.
    pub const UNBOUNDED: Self = Self { infinite: true, ..Self::NOT_NEGATIVE };
    /// A share of a whole.
    pub const SHARE: Self = Self { max: 1.0, ..Self::NOT_NEGATIVE };
    /// A share that divides, so not nearly 0.
    pub const EFFICIENCY: Self = Self { min: 1e-9, max: 1.0, ..Self::ANY };
    /// A whole number of 1 or more, small enough to be exact.
    pub const COUNT: Self =
        Self { min: 1.0, max: 9_007_199_254_740_992.0, whole: true, ..Self::ANY };
    /// A whole number of 1 or more that fits 32 bits.
    pub const COUNT_U32: Self = Self { max: 4_294_967_295.0, ..Self::COUNT };
    /// A whole number of 1 or more that fits 16 bits.
    pub const COUNT_U16: Self = Self { max: 65_535.0, ..Self::COUNT };
    /// A whole number of 0 or more, small enough to be exact.
    pub const COUNT_OR_NONE: Self = Self { min: 0.0, ..Self::COUNT };
    /// A whole number of 1 or more over which a loop may run.
    pub const LOOP: Self = Self { max: 1_000_000.0, ..Self::COUNT };
    /// A whole number of 2 or more, small enough to be exact.
    pub const TWO_OR_MORE: Self = Self { min: 2.0, ..Self::COUNT };
    /// Finite, and 1 or more.
    pub const AT_LEAST_ONE: Self = Self { min: 1.0, ..Self::ANY };
    /// A share of a whole that is not nothing.
    pub const SOME_SHARE: Self = Self { above_min: true, ..Self::SHARE };
    /// Degrees of latitude.
    pub const LATITUDE: Self = Self { min: -90.0, max: 90.0, ..Self::ANY };
    /// Degrees of longitude.
    pub const LONGITUDE: Self = Self { min: -180.0, max: 180.0, ..Self::ANY };
    /// A whole number of 0 or more that fits 32 bits.
    pub const WHOLE_U32: Self = Self { min: 0.0, ..Self::COUNT_U32 };
    /// The position in a list of four words.
    pub const ONE_OF_FOUR: Self = Self { min: 0.0, max: 3.0, ..Self::COUNT };
    /// A stage of sharding over data-parallel devices.
    pub const ZERO_STAGE: Self = Self { min: 0.0, max: 3.0, ..Self::COUNT };
    /// The position of a word in a list of two.
    pub const ONE_OF_2: Self = Self { min: 0.0, max: 1.0, ..Self::COUNT };
    /// The position of a word in a list of three.
    pub const ONE_OF_3: Self = Self { min: 0.0, max: 2.0, ..Self::COUNT };
    /// The position of a word in a list of four.
    pub const ONE_OF_4: Self = Self { min: 0.0, max: 3.0, ..Self::COUNT };
    /// The position of a word in a list of six.
    pub const ONE_OF_6: Self = Self { min: 0.0, max: 5.0, ..Self::COUNT };
    /// How many dimensions or tiers a network has.
    pub const DIMENSIONS: Self = Self { max: 64.0, ..Self::COUNT };

    /// Every number, finite or not.
    pub const NUMBER: Self = Self { infinite: true, ..Self::ANY };

    /// Finite and above that number.
    #[must_use]
    pub const fn above(number: f64) -> Self {
        Self { min: number, above_min: true, ..Self::ANY }
    }

    /// That number and no other.
    #[must_use]
    pub const fn exactly(number: f64) -> Self {
        Self { min: number, max: number, ..Self::ANY }
    }

    /// Returns the same range with nothing above `max`.
    #[must_use]
    pub const fn up_to(self, max: f64) -> Self {
        Self { max, ..self }
    }

    /// Whether only whole numbers are allowed.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether `value` is allowed.
    #[must_use]
    #[inline]
    pub fn contains(&self, value: f64) -> bool {
        let low = if self.above_min { value > self.min } else { value >= self.min };
        // Comparisons with NaN are false, so NaN is never contained.
        low && value <= self.max
            && (self.infinite || value.is_finite())
            && (!self.whole || libm::floor(value).to_bits() == value.to_bits())
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match (self.whole, self.infinite) {
            (true, _) => "a whole number",
            (false, true) => "a number",
            (false, false) => "finite",
        };
        f.write_str(kind)?;
        match (self.min.is_finite(), self.above_min, self.max < 1e15) {
            (true, false, true) => write!(f, " and from {} to {}", self.min, self.max),
            (true, true, true) => write!(f, " and above {} up to {}", self.min, self.max),
            (true, false, false) => write!(f, " and at least {}", self.min),
            (true, true, false) => write!(f, " and above {}", self.min),
            (false, _, true) => write!(f, " and at most {}", self.max),
            (false, _, false) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn edges() {
        assert!(Range::NOT_NEGATIVE.contains(0.0) && !Range::POSITIVE.contains(0.0));
        assert!(
            !Range::POSITIVE.contains(f64::INFINITY) && Range::UNBOUNDED.contains(f64::INFINITY)
        );
        assert!(
            Range::COUNT.contains(3.0)
                && !Range::COUNT.contains(2.5)
                && !Range::COUNT.contains(0.0)
        );
        assert!(Range::EFFICIENCY.contains(1.0) && !Range::EFFICIENCY.contains(1.000_001));
        for range in [Range::ANY, Range::SHARE, Range::COUNT, Range::UNBOUNDED] {
            assert!(!range.contains(f64::NAN), "{range}");
        }
    }

    #[test]
    fn words() {
        assert_eq!(Range::POSITIVE.to_string(), "finite and above 0");
        assert_eq!(Range::SHARE.to_string(), "finite and from 0 to 1");
        assert_eq!(Range::COUNT.to_string(), "a whole number and at least 1");
    }
}

//! What decides whether a milestone is reached.

use core::fmt;

use serde_json::{Value, json};

/// What a measured number has to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Need {
    /// The threshold or more.
    AtLeast(f64),
    /// The threshold or less.
    AtMost(f64),
    /// Less than the threshold.
    Below(f64),
    /// The threshold itself: a count.
    Exactly(f64),
}

impl Need {
    /// Returns the number that is compared with.
    #[must_use]
    pub fn threshold(self) -> f64 {
        let (Self::AtLeast(t) | Self::AtMost(t) | Self::Below(t) | Self::Exactly(t)) = self;
        t
    }

    /// Returns how it is compared, in words.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::AtLeast(_) => "at least",
            Self::AtMost(_) => "at most",
            Self::Below(_) => "below",
            Self::Exactly(_) => "exactly",
        }
    }
}

/// One number that has to be reached; a run passes when all its gates do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate {
    /// What was measured. Shares run from 0 to 1.
    pub name: &'static str,
    /// The number found.
    pub measured: f64,
    /// The number wanted.
    pub need: Need,
}

impl Gate {
    /// Returns whether the number is as wanted; one that is not a number never is.
    #[must_use]
    pub fn passed(&self) -> bool {
        match self.need {
            Need::AtLeast(t) => self.measured >= t,
            Need::AtMost(t) => self.measured <= t,
            Need::Below(t) => self.measured < t,
            Need::Exactly(t) => self.measured == t,
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "name": self.name,
            "measured": self.measured,
            "rule": self.need.rule(),
            "threshold": self.need.threshold(),
            "passed": self.passed(),
        })
    }
}

/// For example `pass  digits read correctly: 0.969, at least 0.9`.
impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.passed() { "pass" } else { "FAIL" };
        let (rule, threshold) = (self.need.rule(), short(self.need.threshold()));
        write!(f, "{word}  {}: {}, {rule} {threshold}", self.name, short(self.measured))
    }
}

/// A number with at most four digits after the point, or two digits if they would all be zeros.
pub(super) fn short(value: f64) -> String {
    if value != 0.0 && value.abs() < 5e-5 {
        let text = format!("{value:.1e}");
        return text.replace(".0e", "e");
    }
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_hold_at_their_thresholds() {
        let passes = |measured, need| Gate { name: "g", measured, need }.passed();
        let below = 0.9_f64.next_down();
        assert!(passes(0.9, Need::AtLeast(0.9)) && !passes(below, Need::AtLeast(0.9)));
        assert!(passes(0.9, Need::AtMost(0.9)) && !passes(0.9, Need::AtMost(below)));
        assert!(passes(below, Need::Below(0.9)) && !passes(0.9, Need::Below(0.9)));
        assert!(passes(3.0, Need::Exactly(3.0)) && !passes(4.0, Need::Exactly(3.0)));
        for need in [Need::AtLeast(0.0), Need::AtMost(0.0), Need::Below(0.0), Need::Exactly(0.0)] {
            assert!(!passes(f64::NAN, need), "{need:?}");
        }
    }

    #[test]
    fn a_gate_says_what_it_compares() {
        let gate = Gate { name: "share", measured: 0.96875, need: Need::AtLeast(0.9) };
        assert_eq!(gate.to_string(), "pass  share: 0.9688, at least 0.9");
        let gate = Gate { measured: 4.0, need: Need::Exactly(3.0), ..gate };
        assert_eq!(gate.to_string(), "FAIL  share: 4, exactly 3");
        assert_eq!(gate.json()["threshold"], 3.0);
        let gate = Gate { measured: -1.43e-6, need: Need::AtMost(1e-5), ..gate };
        assert_eq!(gate.to_string(), "pass  share: -1.4e-6, at most 1e-5");
    }
}

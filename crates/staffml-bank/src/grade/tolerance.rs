//! How far an answer may be off.

use serde::Serialize;

/// How far an answer may be off and still be right.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Tolerance {
    /// Within a share of the right value or an absolute distance, whichever is more.
    Within {
        /// Share of the right value.
        rel: f64,
        /// Distance in display units.
        abs: f64,
    },
    /// Within a factor, up or down.
    Factor(f64),
    /// A whole number, exactly.
    Exact,
}

/// Slack of every comparison, relative: decimal units and binary floats do not quite meet.
pub(crate) const SLACK: f64 = 1e-9;

impl Tolerance {
    /// The usual tolerance: 2 %.
    pub const USUAL: Self = Self::relative(0.02);

    /// Returns a relative tolerance; zero means an exact count.
    #[must_use]
    pub const fn relative(rel: f64) -> Self {
        if rel > 0.0 { Self::Within { rel, abs: 0.0 } } else { Self::Exact }
    }

    /// Returns whether `got` is within `times` the tolerance of `want`, both in display units.
    #[must_use]
    pub fn admits(self, got: f64, want: f64, times: f64) -> bool {
        let slack = SLACK * want.abs();
        let off = (got - want).abs();
        match self {
            Self::Within { rel, abs } => off <= times * (rel * want.abs()).max(abs) + slack,
            Self::Exact => off <= SLACK * want.abs().max(1.0),
            Self::Factor(f) => {
                let ratio = got / want;
                let limit = libm::pow(f, times) * (1.0 + SLACK);
                ratio > 0.0 && ratio <= limit && ratio >= 1.0 / limit
            }
        }
    }

    /// Returns whether two values are at least twice the tolerance apart, so that no answer can be near both.
    #[must_use]
    pub fn separates(self, a: f64, b: f64) -> bool {
        let off = (a - b).abs();
        let size = a.abs().max(b.abs());
        match self {
            Self::Within { rel, abs } => off > 2.0 * (rel * size).max(abs),
            Self::Exact => off > SLACK * size.max(1.0),
            Self::Factor(f) => {
                let ratio = a / b;
                ratio <= 0.0 || ratio > f * f || ratio < 1.0 / (f * f)
            }
        }
    }

    /// Returns the tolerance as a share of `want`, for comparing ratios; at least the slack.
    #[must_use]
    pub fn share(self, want: f64) -> f64 {
        match self {
            Self::Within { rel, abs } => rel.max(abs / want.abs()).clamp(SLACK, 0.25),
            Self::Factor(_) => 0.02,
            Self::Exact => SLACK,
        }
    }
}

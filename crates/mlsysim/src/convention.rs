//! Two ways to compute the same name.

/// Which formula a result follows where two are in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Convention {
    /// The formula of the literature cited beside it.
    #[default]
    Reference,
    /// The formula of the Python package `mlsysim` 0.3.0, for people who compare with it or move from it.
    Upstream030,
}

impl Convention {
    /// The name used on the command line and in reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Upstream030 => "upstream030",
        }
    }
}

impl core::fmt::Display for Convention {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.key())
    }
}

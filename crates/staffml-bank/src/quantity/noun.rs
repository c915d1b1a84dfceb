//! Count nouns: what is counted, when a number has no hard dimension.
//!
//! `3450 tokens/s` and `3450 requests/s` are both rates per second, yet one is not the other.
//! A noun that the learner leaves out is accepted with a note; a different noun is a wrong answer.

use core::fmt;

/// Something that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Noun {
    /// Tokens of a language model.
    Token,
    /// Requests, queries, users, sequences, streams, sessions, jobs.
    Request,
    /// Samples, images, frames, examples, inferences.
    Sample,
    /// Parameters or weights of a model.
    Param,
    /// Accelerators, nodes, servers, cores, workers, replicas.
    Device,
    /// Failures, steps, checkpoints, pages, blocks, layers, experts.
    Event,
    /// Carbon dioxide equivalent, behind a mass.
    Co2e,
}

impl Noun {
    /// All nouns, in the order of the exponents of [`Nouns`].
    pub const ALL: [Self; 7] = [
        Self::Token,
        Self::Request,
        Self::Sample,
        Self::Param,
        Self::Device,
        Self::Event,
        Self::Co2e,
    ];

    /// Returns the name used in data files; it is also a unit that the parser reads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Request => "request",
            Self::Sample => "sample",
            Self::Param => "param",
            Self::Device => "device",
            Self::Event => "event",
            Self::Co2e => "co2e",
        }
    }
}

/// Nouns with small integer exponents: `token¹`, `USD/GPU` has `device⁻¹`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Nouns([i8; 7]);

impl Nouns {
    /// No noun.
    pub const NONE: Self = Self([0; 7]);

    /// Returns one noun with exponent 1.
    #[must_use]
    pub const fn of(noun: Noun) -> Self {
        let mut out = [0; 7];
        out[noun as usize] = 1;
        Self(out)
    }

    /// Returns the exponent of one noun.
    #[must_use]
    pub const fn exponent(self, noun: Noun) -> i8 {
        self.0[noun as usize]
    }

    /// Returns whether nothing is counted.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// Adds `n` times the exponents of `other`, or returns nothing on overflow.
    #[must_use]
    pub fn plus(self, other: Self, n: i8) -> Option<Self> {
        let mut out = [0; 7];
        for (o, (&a, &b)) in out.iter_mut().zip(self.0.iter().zip(&other.0)) {
            *o = a.checked_add(b.checked_mul(n)?)?;
        }
        Some(Self(out))
    }

    /// The nouns by unit symbol, with exponents; carbon attaches to a mass and has none of its own.
    pub(crate) fn named(self) -> [(&'static str, i8); 7] {
        Noun::ALL.map(|n| (n.name(), if n == Noun::Co2e { 0 } else { self.exponent(n) }))
    }
}

impl fmt::Debug for Nouns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nouns({self})")
    }
}

impl fmt::Display for Nouns {
    /// Writes the nouns as words: `tokens`, `per device`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for noun in Noun::ALL {
            let n = self.exponent(noun);
            if n != 0 {
                let gap = if first { "" } else { " " };
                match (n > 0, noun) {
                    (true, Noun::Co2e) => write!(f, "{gap}CO2e")?,
                    (true, _) => write!(f, "{gap}{}s", noun.name())?,
                    (false, _) => write!(f, "{gap}per {}", noun.name())?,
                }
                first = false;
            }
        }
        if first { f.write_str("nothing counted") } else { Ok(()) }
    }
}

//! What can be wrong with a request for post-processing.

use core::fmt;

use crate::error::Spaced;

/// The slices a caller lends.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Slice {
    /// The output of a model.
    Scores,
    /// The output of a model, cell by cell.
    Map,
    /// Memory for one label per cell.
    Labels,
    /// A feature vector.
    Features,
    /// Means of the features.
    Means,
    /// Scales of the features.
    Scales,
    /// Centres of the clusters.
    Centroids,
    /// Largest distances of the clusters.
    MaxErrors,
    /// What was reconstructed.
    Reconstruction,
    /// True classes.
    Truth,
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scores => "scores",
            Self::Map => "output map",
            Self::Labels => "labels",
            Self::Features => "features",
            Self::Means => "means",
            Self::Scales => "scales",
            Self::Centroids => "centroids",
            Self::MaxErrors => "largest errors",
            Self::Reconstruction => "reconstruction",
            Self::Truth => "true classes",
        })
    }
}

/// Why outputs could not be turned into a decision.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PostError {
    /// A slice does not have the length it needs.
    #[error("{slice}: needs {} elements, has {}: {} {}", Spaced(*need), Spaced(*have), Spaced(need.abs_diff(*have)),
        if have > need { "too many" } else { "too few" })]
    Length {
        /// Which slice.
        slice: Slice,
        /// Elements needed.
        need: u32,
        /// Elements given.
        have: u32,
    },
    /// There are more objects than can be told apart or returned.
    #[error("more than {limit} objects: raise the threshold, or lend more memory")]
    TooManyObjects {
        /// The most that fit.
        limit: u32,
    },
    /// A scale is zero or not finite.
    #[error("scale {index}: it must be finite and not 0")]
    BadScale {
        /// Which one.
        index: u16,
    },
    /// A selected feature does not exist.
    #[error("feature {index}: there are {have}")]
    NoSuchFeature {
        /// The index asked for.
        index: u16,
        /// Features there are.
        have: u32,
    },
}

impl PostError {
    /// Returns an error unless a slice has exactly `need` elements.
    pub(super) fn exactly(slice: Slice, need: usize, have: usize) -> Result<(), Self> {
        if need == have { Ok(()) } else { Err(Self::length(slice, need, have)) }
    }

    /// Returns an error unless a slice has at least `need` elements.
    pub(super) fn at_least(slice: Slice, need: usize, have: usize) -> Result<(), Self> {
        if need <= have { Ok(()) } else { Err(Self::length(slice, need, have)) }
    }

    fn length(slice: Slice, need: usize, have: usize) -> Self {
        Self::Length { slice, need: word(need), have: word(have) }
    }

    /// Refuses another object when `limit` are there.
    pub(super) fn too_many(limit: usize) -> Self {
        Self::TooManyObjects { limit: word(limit) }
    }
}

/// A length as an error holds it.
pub(super) fn word(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

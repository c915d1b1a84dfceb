//! Several ways to compress a model, held against limits and against each other.

use super::{Compression, Scheme, compression, supports};
use crate::convention::Convention;
use crate::error::Result;
use crate::optimize::pareto::{Sense, front};
use crate::precision::Precision;
use crate::registry::{Hardware, Inference, Model};
use crate::trace::NoTrace;
use crate::units::Bytes;
use alloc::string::String;
use alloc::vec::Vec;

/// What a compressed model must keep to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    /// Most bytes.
    pub size: Option<Bytes>,
    /// Most quality lost, as a share.
    pub quality_drop: Option<f64>,
    /// Least speedup.
    pub speedup: Option<f64>,
    /// Whether the machine must run the compressed format.
    pub hardware_support: bool,
}

/// A limit that a candidate breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Constraint {
    /// It is too large.
    ModelSize,
    /// It loses too much.
    Quality,
    /// It is too slow.
    Speedup,
    /// The machine does not run its format.
    HardwareSupport,
}

impl Constraint {
    /// The word in reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::ModelSize => "model_size",
            Self::Quality => "quality",
            Self::Speedup => "speedup",
            Self::HardwareSupport => "hardware_support",
        }
    }
}

/// One way to compress a model, with what it breaks.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its name.
    pub label: String,
    /// The way.
    pub scheme: Scheme,
    /// What it does.
    pub result: Compression,
    /// Whether the machine runs its format faster than the original.
    pub hardware_supported: bool,
    /// The limits that it breaks, in the order of [`Constraint`].
    pub violated: Vec<Constraint>,
}

impl Candidate {
    /// Whether it keeps to every limit.
    #[must_use]
    pub fn feasible(&self) -> bool {
        self.violated.is_empty()
    }
}

/// Candidates against each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// The candidates, in the order given.
    pub candidates: Vec<Candidate>,
    /// For each, whether none is at least as small, as fast and as good, and better in one.
    pub on_front: Vec<bool>,
    /// The candidate on the front that keeps to the limits and loses least, the smaller for its speed among equals.
    pub best: Option<usize>,
}

/// Returns one way to compress a model, held against limits.
///
/// # Errors
///
/// As [`compression`].
#[expect(clippy::too_many_arguments, reason = "a model, a machine, a way and what to ask of it")]
pub fn candidate(
    label: impl Into<String>,
    model: &Model,
    hardware: &Hardware,
    scheme: &Scheme,
    baseline: Precision,
    step: &Inference,
    limits: &Limits,
    convention: Convention,
) -> Result<Candidate> {
    let result = compression(model, hardware, scheme, baseline, step, convention, &mut NoTrace)?;
    let hardware_supported = supports(hardware, scheme);
    let weights = &result.weights;
    let lost = libm::fabs(weights.quality_change);
    let broken = [
        (limits.size.is_some_and(|most| weights.compressed_size > most), Constraint::ModelSize),
        (limits.quality_drop.is_some_and(|most| lost > most), Constraint::Quality),
        (limits.speedup.is_some_and(|least| result.speedup < least), Constraint::Speedup),
        (limits.hardware_support && !hardware_supported, Constraint::HardwareSupport),
    ];
    let violated = broken.into_iter().filter_map(|(is, limit)| is.then_some(limit)).collect();
    Ok(Candidate { label: label.into(), scheme: *scheme, result, hardware_supported, violated })
}

/// Returns every named way to compress a model, which of them no other beats, and the one to take.
///
/// # Errors
///
/// As [`compression`], for the first way that is refused.
pub fn sweep(
    model: &Model,
    hardware: &Hardware,
    schemes: &[(&str, Scheme)],
    baseline: Precision,
    step: &Inference,
    limits: &Limits,
    convention: Convention,
) -> Result<Sweep> {
    let candidates = schemes
        .iter()
        .map(|(label, scheme)| {
            candidate(*label, model, hardware, scheme, baseline, step, limits, convention)
        })
        .collect::<Result<Vec<_>>>()?;
    let points: Vec<[f64; 3]> = candidates
        .iter()
        .map(|candidate| {
            let weights = &candidate.result.weights;
            let quality = 1.0 + weights.quality_change;
            [weights.compressed_size.0, candidate.result.speedup, quality]
        })
        .collect();
    let on_front = front(&points, &[Sense::Minimize, Sense::Maximize, Sense::Maximize])?;
    let rank = |index: usize| {
        let result = &candidates[index].result;
        let lost = libm::fabs(result.weights.quality_change);
        // A candidate that never finishes is no reason to divide by nothing.
        (lost, result.weights.compressed_size.0 / result.speedup.max(1e-9))
    };
    let best = (0..candidates.len())
        .filter(|&index| on_front[index] && candidates[index].feasible())
        .min_by(|&a, &b| {
            let (a, b) = (rank(a), rank(b));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
    Ok(Sweep { candidates, on_front, best })
}

//! What makes a claim checkable.

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::number::{all_marked, maybe_all_marked};

/// What version 2 adds to the claims.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Machine and build, as [`Environment::entries`](crate::bench::Environment::entries) names them.
    pub environment: BTreeMap<String, String>,
    /// Seeds of first weights, batches and everything else that was drawn.
    pub seeds: Vec<u64>,
    /// Every time that was measured, in the order in which it was.
    pub latency_ms: TimesMs,
    /// Hashes of the files and the test data.
    pub sha256: Digests,
    /// How often each slot of the course was served, and by whom; empty without a course.
    pub own_work: Vec<OwnWork>,
}

/// Raw times in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimesMs {
    /// Of the baseline.
    #[serde(serialize_with = "all_marked")]
    pub baseline: Vec<f64>,
    /// Of the optimized model.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "maybe_all_marked")]
    pub optimized: Option<Vec<f64>>,
}

/// Hashes as 64 hexadecimal digits (SHA-256, FIPS 180-4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digests {
    /// Of the file of the baseline.
    pub baseline: String,
    /// Of the file of the optimized model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimized: Option<String>,
    /// Of the test data, see [`TestSet::sha256`](super::TestSet::sha256).
    pub data: String,
}

/// How often a slot of the course was served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnWork {
    /// The slot, such as `m01.matmul`.
    pub slot: String,
    /// Whether a student is to write it.
    pub core: bool,
    /// Calls that the student's method answered.
    pub student: u64,
    /// Calls that the reference answered.
    pub reference: u64,
}

#[cfg(feature = "course")]
impl OwnWork {
    /// Returns the table of a course, for the slots that were needed.
    #[must_use]
    pub fn of(course: &crate::course::Course) -> Vec<Self> {
        let row = |w: crate::course::Work| Self {
            slot: w.slot.id.to_owned(),
            core: w.slot.is_core(),
            student: w.student,
            reference: w.reference,
        };
        course.work().map(row).collect()
    }
}

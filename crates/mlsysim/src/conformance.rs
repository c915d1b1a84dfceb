//! Contracts of the seams as checks that an implementer can run.

use crate::workload::Workload;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Returns every promise of [`Workload`] that `work` breaks, as sentences; empty if it keeps them all.
///
/// ```
/// use mlsysim::{WorkloadSpec, conformance, units::Flop};
///
/// let broken = WorkloadSpec { ops: Flop(-1.0), items: 0, ..WorkloadSpec::default() };
/// assert_eq!(conformance::workload(&broken).len(), 3);
/// assert!(conformance::workload(&WorkloadSpec::default()).is_empty());
/// ```
#[must_use]
pub fn workload(work: &impl Workload) -> Vec<String> {
    let mut broken = Vec::new();
    let amounts = [
        ("ops", work.ops().0),
        ("bytes_moved", work.bytes_moved().0),
        ("weight_bytes", work.weight_bytes().0),
        ("working_bytes", work.working_bytes().0),
        ("footprint", work.footprint().0),
        ("useful_ops", work.useful_ops().0),
    ];
    for (name, amount) in amounts {
        if !(amount.is_finite() && amount >= 0.0) {
            broken.push(format!("{name} must be finite and at least 0, got {amount}"));
        }
    }
    if work.useful_ops() > work.ops() {
        broken.push(format!(
            "useful_ops must be at most ops, got {} of {}",
            work.useful_ops(),
            work.ops()
        ));
    }
    if work.layers() == 0 {
        broken.push("layers must be at least 1, got 0".into());
    }
    if work.items() == 0 {
        broken.push("items must be at least 1, got 0".into());
    }
    broken
}

//! The measuring program behind `cargo xtask bench`.
//!
//! One run builds a case for all contestants, checks each one's result, and times them in interleaved rounds
//! ([`measure`]). What is reported are ratios of times taken within the same second, beside the machine's limits
//! ([`roof`]), plain loops and the fastest peers there are.

pub mod bank;
pub mod case;
pub mod check;
pub mod kits;
pub mod machine;
pub mod measure;
pub mod mlsysim;
pub mod peak;
pub mod python;
pub mod report;
pub mod roof;
pub mod stats;
pub mod subject;
pub mod tinytorch;
pub mod values;

/// Returns every case, crate by crate.
#[must_use]
pub fn plans(quick: bool) -> Vec<case::Plan> {
    [tinytorch::plans(quick), mlsysim::plans(quick), bank::plans(), kits::plans()]
        .into_iter()
        .flatten()
        .collect()
}

//! How much memory the crate holds, measured where it comes from: an allocator that counts.
//!
//! The counters see the whole process, threads that are still ending included. So this binary has one test, which
//! measures one thing after the other.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test, as the test itself would"
)]

mod allocator;
mod attention;
mod checkpoint;
mod steps;

#[test]
fn memory_is_what_is_claimed() {
    allocator::the_counters_count();
    attention::tiles_need_memory_for_rows_alone();
    checkpoint::checkpoints_halve_the_peak_of_sixteen_blocks();
    steps::a_thousand_steps_hold_no_more_than_ten();
}

//! How much memory the crate holds, measured where it comes from: an allocator that counts.
//!
//! The counters see the whole process, so the tests of this binary take turns.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test, as the test itself would"
)]

mod allocator;
mod checkpoint;
mod steps;

//! Shared reporting for the benchmarks.

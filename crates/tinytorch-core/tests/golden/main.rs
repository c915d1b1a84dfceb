//! Reference vectors.
fn main() {}

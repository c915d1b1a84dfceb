//! Builds, checks and runs the workspace.

fn main() {}

//! Repeats milestones in the history of learning machines, and measures them.
//!
//! ```text
//! cargo run --release -p tinytorch-core --example milestone -- run 04 --seeds 10
//! ```

use std::{env, io, process::ExitCode};

use tinytorch_core::milestones::cli;

fn main() -> ExitCode {
    ExitCode::from(cli::main(env::args().skip(1), &mut io::stdout(), &mut io::stderr()))
}

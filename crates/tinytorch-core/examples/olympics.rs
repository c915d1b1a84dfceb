//! Makes, checks, verifies and ranks submissions of the capstone.
//!
//! ```text
//! cargo run --release -p tinytorch-core --example olympics -- make --student Ada
//! ```

use std::{env, io, process::ExitCode};

use tinytorch_core::olympics::cli;

fn main() -> ExitCode {
    ExitCode::from(cli::main(env::args().skip(1), &mut io::stdout(), &mut io::stderr()))
}

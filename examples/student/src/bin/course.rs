//! The commands of the course on this crate: `cargo run --bin course -- status`.

fn main() -> std::process::ExitCode {
    tinytorch_core::course::cli::main(&student::course())
}

//! Links for the board.

fn main() -> std::process::ExitCode {
    image_build::link_only()
}

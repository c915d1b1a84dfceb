//! Chooses board, model and inputs: see the `image-build` package.

fn main() -> std::process::ExitCode {
    image_build::program_with_model()
}

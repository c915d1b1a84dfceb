//! Embeds the model and its inputs, and links for the board: see the `image-build` package.

fn main() -> std::process::ExitCode {
    image_build::image()
}

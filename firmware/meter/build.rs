//! Links for the emulated machine: see the `image-build` package.

fn main() -> std::process::ExitCode {
    image_build::link_only()
}

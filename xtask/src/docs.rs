//! The API documentation and the book.

use anyhow::{Result, bail};

use crate::kits;
use crate::process::{built, cargo, need, run as run_command};
use crate::workspace::{self, LIBRARIES};

/// Build the API documentation and the book.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Leave the book out, which needs `mdbook`
    #[arg(long)]
    api_only: bool,
}

/// Builds both, with warnings as errors; the book only if the numbers on its pages are as the code computes them.
///
/// # Errors
///
/// If rustdoc warns, a page of the book is out of date, the book does not build, or `mdbook` is missing.
pub(crate) fn run(args: &Args) -> Result<()> {
    let root = workspace::root();
    let mut command = cargo(&root);
    command.env("RUSTDOCFLAGS", "-D warnings").args([
        "doc",
        "--quiet",
        "--no-deps",
        "--all-features",
    ]);
    run_command(command.args(LIBRARIES.iter().flat_map(|name| ["-p", name])))?;
    println!("docs: API documentation of {} crates in target/doc", LIBRARIES.len());
    if args.api_only {
        return Ok(());
    }
    run_command(built("--example", "wall_pages")?.args(["docs/guide/mlsysim", "--check"]))?;
    if kits::pages::run(&kits::pages::Args { check: true })? != std::process::ExitCode::SUCCESS {
        bail!("pages of the book are not as computed: run `cargo xtask kits pages`");
    }
    need("mdbook", "cargo install mdbook --no-default-features --locked")?;
    let mut command = std::process::Command::new("mdbook");
    run_command(command.arg("build").arg(root.join("docs")))?;
    println!("docs: the book in docs/book");
    Ok(())
}

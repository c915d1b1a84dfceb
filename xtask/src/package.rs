//! What a publication of each library crate would hold.

use anyhow::{Result, bail};

use crate::process::{cargo, run as run_command};
use crate::workspace::{self, LIBRARIES, text};

/// Packs every library crate and checks that its manifest is fit for publication.
///
/// # Errors
///
/// If a manifest lacks a field, or cargo cannot pack a crate.
pub(crate) fn run() -> Result<()> {
    for package in
        workspace::packages()?.iter().filter(|package| LIBRARIES.contains(&text(package, "name")))
    {
        let name = text(package, "name");
        for field in ["description", "license", "readme", "rust_version"] {
            if text(package, field).is_empty() {
                bail!("{name}: the manifest has no {field}");
            }
        }
        for field in ["keywords", "categories"] {
            if package[field].as_array().is_none_or(Vec::is_empty) {
                bail!("{name}: the manifest has no {field}");
            }
        }
    }
    let mut command = cargo(&workspace::root());
    command.args(["package", "--quiet", "--no-verify", "--allow-dirty"]);
    for name in LIBRARIES {
        command.args(["-p", name]);
    }
    run_command(&mut command)?;
    println!("package: {} library crates pack", LIBRARIES.len());
    Ok(())
}

//! Each feature of each library crate, alone.

use anyhow::Result;

use crate::process::{cargo, run as run_command};
use crate::workspace::{self, LIBRARIES, text};

/// Checks every library crate without features, with each one alone and with all.
///
/// # Errors
///
/// If a combination does not build.
pub(crate) fn run() -> Result<()> {
    let root = workspace::root();
    let mut checked = 0;
    for package in
        workspace::packages()?.iter().filter(|package| LIBRARIES.contains(&text(package, "name")))
    {
        let name = text(package, "name");
        let features = package["features"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(feature, _)| feature.as_str());
        let mut sets = vec![vec!["--no-default-features"], vec!["--all-features"]];
        sets.extend(features.map(|feature| vec!["--no-default-features", "--features", feature]));
        for set in sets {
            run_command(cargo(&root).args(["check", "--quiet", "-p", name]).args(&set))?;
            checked += 1;
        }
    }
    println!("features: {checked} combinations build");
    Ok(())
}

//! Golden vectors of one crate, counted group by group.
//!
//! A crate's test target `golden` runs the vectors and writes one line of JSON for each case:
//! `{"group", "case", "status", "detail"}` with status `passed`, `failed` or `unsupported`.
//! This command points it at a folder, adds the lines up and decides.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::process::cargo;
use crate::workspace::{self, text};

/// Hold a crate against its golden vectors.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status 0 only if nothing failed and nothing was unsupported.")]
pub(crate) struct Args {
    /// Library crate whose vectors are run
    #[arg(value_name = "CRATE")]
    name: String,
    /// Folder with the vectors, in the format of that crate's data [default: the copy inside the crate]
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Groups to run, separated by commas
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    only: Vec<String>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// Counts of one group.
#[derive(Debug, Default, PartialEq, Eq)]
struct Group {
    passed: u64,
    failed: u64,
    unsupported: u64,
    first_failure: Option<String>,
}

/// Runs the golden vectors of a crate and prints the counts.
///
/// # Errors
///
/// If a case failed or was unsupported, if there was none, or if the run broke off.
pub(crate) fn run(args: &Args) -> Result<()> {
    let name = workspace::library(&args.name)?;
    let report = std::env::temp_dir().join(format!("golden-{name}-{}.ndjson", std::process::id()));
    let lines = measure(name, args, &report);
    let _ = std::fs::remove_file(&report);
    let groups = add_up(&lines?)?;
    let total = total(&groups);
    if args.json {
        println!("{}", as_json(name, &groups));
    } else {
        print_table(&groups, &total);
    }
    if total.passed + total.failed + total.unsupported == 0 {
        bail!("{name}: no golden case was run; check --dir and --only");
    }
    if total.failed + total.unsupported > 0 {
        bail!("{name}: {} failed, {} unsupported", total.failed, total.unsupported);
    }
    Ok(())
}

/// Runs the test target and returns the lines it wrote.
fn measure(name: &str, args: &Args, report: &Path) -> Result<String> {
    let mut command = cargo(&workspace::root());
    command.args([
        "test",
        "--quiet",
        "--release",
        "--all-features",
        "-p",
        name,
        "--test",
        "golden",
    ]);
    command.env("GOLDEN_REPORT", report);
    command.env_remove("GOLDEN_ONLY");
    if let Some(dir) = &args.dir {
        let dir =
            dir.canonicalize().with_context(|| format!("golden: no folder {}", dir.display()))?;
        command.env(folder_variable(name), dir);
    } else {
        command.env_remove(folder_variable(name));
    }
    if !args.only.is_empty() {
        command.env("GOLDEN_ONLY", args.only.join(","));
    }
    // The test fails when a case fails; its report is what counts, so its status only matters without one.
    let done = command.output().context("cannot start cargo")?;
    match std::fs::read_to_string(report) {
        Ok(lines) => Ok(lines),
        Err(_) => bail!(
            "the golden test of {name} wrote no report ({})\n{}{}",
            done.status,
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        ),
    }
}

/// Returns the environment variable that points a crate's golden test at a folder.
fn folder_variable(name: &str) -> String {
    let prefix = name.split('-').next().unwrap_or(name).to_uppercase();
    format!("{prefix}_GOLDEN_DIR")
}

fn add_up(lines: &str) -> Result<BTreeMap<String, Group>> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let case: Value = serde_json::from_str(line)
            .with_context(|| format!("golden report: bad line {line}"))?;
        let group = groups.entry(text(&case, "group").to_owned()).or_default();
        match text(&case, "status") {
            "passed" => group.passed += 1,
            "unsupported" => group.unsupported += 1,
            "failed" => {
                group.failed += 1;
                let first = || format!("{}: {}", text(&case, "case"), text(&case, "detail"));
                group.first_failure.get_or_insert_with(first);
            }
            other => bail!("golden report: unknown status `{other}` in {line}"),
        }
    }
    Ok(groups)
}

fn total(groups: &BTreeMap<String, Group>) -> Group {
    groups.values().fold(Group::default(), |sum, group| Group {
        passed: sum.passed + group.passed,
        failed: sum.failed + group.failed,
        unsupported: sum.unsupported + group.unsupported,
        first_failure: None,
    })
}

fn as_json(name: &str, groups: &BTreeMap<String, Group>) -> Value {
    let total = total(groups);
    let groups: Vec<Value> = groups
        .iter()
        .map(|(name, group)| {
            json!({
                "name": name,
                "passed": group.passed,
                "failed": group.failed,
                "unsupported": group.unsupported,
                "first_failure": group.first_failure,
            })
        })
        .collect();
    json!({
        "schema": "golden/1",
        "crate": name,
        "passed": total.passed,
        "failed": total.failed,
        "unsupported": total.unsupported,
        "groups": groups,
    })
}

fn print_table(groups: &BTreeMap<String, Group>, total: &Group) {
    let width = groups.keys().map(String::len).max().unwrap_or(0).max("total".len());
    println!("{:width$} {:>8} {:>8} {:>12}", "group", "passed", "failed", "unsupported");
    for (name, group) in groups {
        println!("{name:width$} {:>8} {:>8} {:>12}", group.passed, group.failed, group.unsupported);
        if let Some(first) = &group.first_failure {
            println!("  first failure: {first}");
        }
    }
    println!(
        "{:width$} {:>8} {:>8} {:>12}",
        "total", total.passed, total.failed, total.unsupported
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = r#"{"group":"relu","case":"a f32","status":"passed","detail":""}
{"group":"relu","case":"b f64","status":"failed","detail":"first"}
{"group":"relu","case":"c f64","status":"failed","detail":"second"}
{"group":"lstm","case":"d","status":"unsupported","detail":"no such operation"}
"#;

    #[test]
    fn counts_and_keeps_the_first_failure() {
        let groups = add_up(LINES).expect("well formed");
        let relu = Group {
            passed: 1,
            failed: 2,
            unsupported: 0,
            first_failure: Some("b f64: first".to_owned()),
        };
        assert_eq!(groups["relu"], relu);
        assert_eq!(
            total(&groups),
            Group { passed: 1, failed: 2, unsupported: 1, first_failure: None }
        );
    }

    #[test]
    fn the_json_object_has_the_promised_keys() {
        let object = as_json("tinytorch-core", &add_up(LINES).expect("well formed"));
        assert_eq!(object["schema"], "golden/1");
        assert_eq!(object["unsupported"], 1);
        assert_eq!(object["groups"][1]["first_failure"], "b f64: first");
        assert_eq!(object["groups"][0]["first_failure"], Value::Null);
    }

    #[test]
    fn an_unknown_status_is_an_error() {
        assert!(add_up(r#"{"group":"g","case":"c","status":"skipped"}"#).is_err());
    }

    #[test]
    fn variables_are_named_after_the_crate() {
        assert_eq!(folder_variable("tinytorch-core"), "TINYTORCH_GOLDEN_DIR");
        assert_eq!(folder_variable("mlsysim"), "MLSYSIM_GOLDEN_DIR");
    }
}

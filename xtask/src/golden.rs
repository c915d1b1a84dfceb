//! Golden vectors of one crate, counted group by group.
//!
//! A crate's test target `golden` runs the vectors and writes one line of JSON for each case:
//! `{"group", "case", "status", "detail"}` with status `passed`, `failed` or `unsupported`, and where
//! results are compared element by element `{"elements", "differing"}` too.
//! A line `{"table", "columns", "row"}` adds a row to a table that is printed with the counts.
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

impl Args {
    /// Returns the arguments for a crate; without a folder the copy inside it, without groups all of them.
    pub(crate) fn of(name: &str, dir: Option<PathBuf>, only: Vec<String>, json: bool) -> Self {
        Self { name: name.to_owned(), dir, only, json }
    }
}

/// Counts of one group.
#[derive(Debug, Default, PartialEq, Eq)]
struct Group {
    passed: u64,
    failed: u64,
    unsupported: u64,
    elements: u64,
    differing: u64,
    first_failure: Option<String>,
}

/// A table a crate's test asks to be printed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Tables by name.
type Tables = BTreeMap<String, Table>;

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
    let (groups, tables) = add_up(&lines?)?;
    let total = total(&groups);
    if args.json {
        println!("{}", as_json(name, &groups, &tables));
    } else {
        for (title, table) in &tables {
            print_rows(title, table);
        }
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

fn add_up(lines: &str) -> Result<(BTreeMap<String, Group>, Tables)> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut tables = Tables::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let case: Value = serde_json::from_str(line)
            .with_context(|| format!("golden report: bad line {line}"))?;
        if case["table"].is_string() {
            let table = tables.entry(text(&case, "table").to_owned()).or_default();
            table.columns = cells(&case["columns"]);
            table.rows.push(cells(&case["row"]));
            continue;
        }
        let group = groups.entry(text(&case, "group").to_owned()).or_default();
        group.elements += case["elements"].as_u64().unwrap_or(0);
        group.differing += case["differing"].as_u64().unwrap_or(0);
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
    Ok((groups, tables))
}

/// Returns the cells of a row as they are printed.
fn cells(row: &Value) -> Vec<String> {
    let cell = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    row.as_array().map(|cells| cells.iter().map(cell).collect()).unwrap_or_default()
}

fn total(groups: &BTreeMap<String, Group>) -> Group {
    groups.values().fold(Group::default(), |sum, group| Group {
        passed: sum.passed + group.passed,
        failed: sum.failed + group.failed,
        unsupported: sum.unsupported + group.unsupported,
        elements: sum.elements + group.elements,
        differing: sum.differing + group.differing,
        first_failure: None,
    })
}

fn as_json(name: &str, groups: &BTreeMap<String, Group>, tables: &Tables) -> Value {
    let total = total(groups);
    let groups: Vec<Value> = groups
        .iter()
        .map(|(name, group)| {
            json!({
                "name": name,
                "passed": group.passed,
                "failed": group.failed,
                "unsupported": group.unsupported,
                "elements": group.elements,
                "differing": group.differing,
                "first_failure": group.first_failure,
            })
        })
        .collect();
    let tables: Vec<Value> = tables
        .iter()
        .map(|(name, t)| json!({ "name": name, "columns": t.columns, "rows": t.rows }))
        .collect();
    json!({
        "schema": "golden/1",
        "crate": name,
        "passed": total.passed,
        "failed": total.failed,
        "unsupported": total.unsupported,
        "elements": total.elements,
        "differing": total.differing,
        "groups": groups,
        "tables": tables,
    })
}

fn print_table(groups: &BTreeMap<String, Group>, total: &Group) {
    let mut table = Table {
        columns: ["group", "passed", "failed", "unsupported", "elements", "differing"]
            .map(str::to_owned)
            .to_vec(),
        rows: Vec::new(),
    };
    // Columns of elements only where a crate counts them.
    if total.elements == 0 {
        table.columns.truncate(4);
    }
    for (name, g) in groups.iter().chain([(&"total".to_owned(), total)]) {
        let counts = [g.passed, g.failed, g.unsupported, g.elements, g.differing];
        let mut row = vec![name.clone()];
        row.extend(counts.iter().take(table.columns.len() - 1).map(u64::to_string));
        table.rows.push(row);
    }
    let failures: Vec<Option<&String>> =
        groups.values().map(|g| g.first_failure.as_ref()).collect();
    for (i, line) in lines(&table).into_iter().enumerate() {
        println!("{line}");
        // The heading comes first.
        if let Some(Some(first)) = i.checked_sub(1).and_then(|i| failures.get(i)) {
            println!("  first failure: {first}");
        }
    }
}

fn print_rows(title: &str, table: &Table) {
    println!("{title}:");
    for line in lines(table) {
        println!("{line}");
    }
    println!();
}

/// Returns heading and rows with their columns aligned: the first to the left, the rest to the right.
fn lines(table: &Table) -> Vec<String> {
    let all = || [&table.columns].into_iter().chain(&table.rows);
    let width = |i: usize| all().filter_map(|row| row.get(i)).map(|c| c.chars().count()).max();
    let widths: Vec<usize> = (0..table.columns.len()).map(|i| width(i).unwrap_or(0)).collect();
    all()
        .map(|row| {
            let cells = row.iter().zip(&widths).enumerate();
            let padded: Vec<String> = cells
                .map(
                    |(i, (cell, &w))| {
                        if i == 0 { format!("{cell:w$}") } else { format!("{cell:>w$}") }
                    },
                )
                .collect();
            padded.join("  ").trim_end().to_owned()
        })
        .collect()
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
        let (groups, _) = add_up(LINES).expect("well formed");
        let relu = Group {
            passed: 1,
            failed: 2,
            first_failure: Some("b f64: first".to_owned()),
            ..Group::default()
        };
        assert_eq!(groups["relu"], relu);
        assert_eq!(
            total(&groups),
            Group { passed: 1, failed: 2, unsupported: 1, ..Group::default() }
        );
    }

    #[test]
    fn the_json_object_has_the_promised_keys() {
        let (groups, tables) = add_up(LINES).expect("well formed");
        let object = as_json("tinytorch-core", &groups, &tables);
        assert_eq!(object["schema"], "golden/1");
        assert_eq!(object["unsupported"], 1);
        assert_eq!(object["groups"][1]["first_failure"], "b f64: first");
        assert_eq!(object["groups"][0]["first_failure"], Value::Null);
    }

    #[test]
    fn elements_are_added_and_tables_are_aligned() {
        let text = r#"{"group":"g","case":"a","status":"passed","elements":10,"differing":0}
{"table":"sizes","columns":["model","bytes"],"row":["kws",30482]}
{"table":"sizes","columns":["model","bytes"],"row":["tiny","974"]}
{"group":"g","case":"b","status":"failed","detail":"x","elements":5,"differing":2}
"#;
        let (groups, tables) = add_up(text).expect("well formed");
        assert_eq!((groups["g"].elements, groups["g"].differing), (15, 2));
        assert_eq!(lines(&tables["sizes"]), ["model  bytes", "kws    30482", "tiny     974"]);
        assert_eq!(as_json("kits-hal", &groups, &tables)["tables"][0]["rows"][1][1], "974");
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

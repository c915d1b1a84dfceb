//! Data sets of published measurements.

use crate::inputs::Inputs;
use serde_json::Value;
use std::path::Path;

/// One measured configuration.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) group: String,
    pub(crate) kind: String,
    pub(crate) inputs: Inputs,
    /// Metric and measured value.
    pub(crate) outputs: Vec<(String, f64)>,
}

impl Row {
    /// Whether a machine did this, rather than its authors' arithmetic.
    pub(crate) fn is_measured(&self) -> bool {
        !matches!(
            self.kind.as_str(),
            "author_formula"
                | "author_report"
                | "author_projection"
                | "exact_formula"
                | "paper_fit"
        )
    }
}

/// One file of rows.
#[derive(Debug, Clone)]
pub(crate) struct DataSet {
    pub(crate) name: String,
    pub(crate) rows: Vec<Row>,
}

/// Reads every data set of a folder, in the order of their names.
pub(crate) fn read(dir: &Path, only: &[String]) -> Result<Vec<DataSet>, String> {
    let listing = std::fs::read_dir(dir)
        .map_err(|error| format!("cannot read the folder {}: {error}", dir.display()))?;
    let mut files: Vec<_> = listing
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let mut sets = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file)
            .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        let document: Value = serde_json::from_str(&text)
            .map_err(|error| format!("{} is not JSON: {error}", file.display()))?;
        // Files without rows describe machines and models.
        let Some(rows) = document["rows"].as_array() else { continue };
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let name = document["dataset"].as_str().unwrap_or(stem).to_owned();
        if !only.is_empty() && !only.contains(&name) {
            continue;
        }
        let rows: Option<Vec<Row>> = rows.iter().map(row).collect();
        let rows = rows.ok_or_else(|| {
            format!("{}: a row needs id, group, kind, inputs and outputs", file.display())
        })?;
        sets.push(DataSet { name, rows });
    }
    match only.iter().find(|name| !sets.iter().any(|set| set.name == **name)) {
        Some(name) => Err(format!("no data set `{name}` in {}", dir.display())),
        None if sets.is_empty() => Err(format!("no data set in {}", dir.display())),
        None => Ok(sets),
    }
}

fn row(row: &Value) -> Option<Row> {
    let text = |field: &str| row[field].as_str().map(str::to_owned);
    let outputs = row["outputs"].as_array()?;
    let outputs = outputs
        .iter()
        .map(|output| Some((output["metric"].as_str()?.to_owned(), output["value"].as_f64()?)))
        .collect::<Option<_>>()?;
    Some(Row {
        id: text("id")?,
        group: text("group")?,
        kind: text("kind")?,
        inputs: Inputs::new(row["inputs"].as_object()?.clone()),
        outputs,
    })
}

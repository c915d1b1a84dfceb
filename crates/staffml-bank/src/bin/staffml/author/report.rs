//! `staffml check --report` and `--links`: figures of each question, and the documents they refer to.

use std::fs;
use std::path::Path;

use serde_json::json;
use staffml_bank::Bank;
use staffml_bank::check::TemplateReport;
use staffml_bank::model::Reference;

use super::write;
use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::output;

/// First line of a report as a table.
const HEADER: &str =
    "id,level,level_fits,structure,drawn,usable,acceptance,mean_survivors,distinct_at_most";
/// Form of a report as JSON.
const SCHEMA: &str = "staffml-check-report/1";

/// Writes the figures of each question: JSON if the name of the file ends so, else a table with commas.
pub(crate) fn write(path: &Path, bank: &Bank, reports: &[TemplateReport]) -> Result<(), Failure> {
    let is_json = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    let level = |id: &str| bank.get(id).map_or("", |t| t.class.level.name());
    let text = if is_json {
        let rows: Vec<_> = reports
            .iter()
            .map(|r| {
                json!({
                    "id": r.id,
                    "level": level(&r.id),
                    "level_fits": r.level_fits,
                    "structure": r.structure,
                    "drawn": r.n_drawn,
                    "usable": r.n_usable,
                    "acceptance": acceptance(r),
                    "mean_survivors": r.mean_survivors,
                    "distinct_at_most": r.space,
                })
            })
            .collect();
        format!("{:#}\n", json!({ "schema": SCHEMA, "bank": bank.name, "templates": rows }))
    } else {
        let mut out = format!("{HEADER}\n");
        for r in reports {
            let fits = if r.level_fits { "yes" } else { "no" };
            out.push_str(&format!(
                "{},{},{fits},{},{},{},{:.3},{:.2},{}\n",
                r.id,
                level(&r.id),
                r.structure.as_deref().unwrap_or("unknown equation"),
                r.n_drawn,
                r.n_usable,
                acceptance(r),
                r.mean_survivors,
                r.space.map_or_else(|| "more".to_owned(), |n| n.to_string()),
            ));
        }
        out
    };
    // A slip of the keyboard must not cost a question.
    match fs::read_to_string(path) {
        Ok(old) if old.starts_with(HEADER) || old.contains(SCHEMA) => write::replace(path, &text),
        _ => write::create(path, &text),
    }
}

fn acceptance(report: &TemplateReport) -> f64 {
    f64::from(report.n_usable) / f64::from(report.n_drawn.max(1))
}

/// Lists the documents that questions refer to. Nothing is fetched: whether they answer is for another program to find.
pub(crate) fn links(args: &Args, bank: &Bank) -> Result<Outcome, Failure> {
    let mut found: Vec<(&str, &str, &str)> = Vec::new();
    for template in bank.templates() {
        for reference in &template.references {
            if let Reference::Document { title, url } = reference {
                found.push((url, &template.file, title));
            }
        }
    }
    found.sort_unstable();
    if args.json {
        let list: Vec<_> = found
            .iter()
            .map(|(url, file, title)| json!({ "url": url, "file": file, "title": title }))
            .collect();
        output::object(&json!({ "schema": "staffml-links/1", "links": list }))?;
    } else {
        for (url, file, title) in &found {
            output::text(&format!("{url}\t{file}\t{title}\n"))?;
        }
    }
    Ok(Outcome::Yes)
}

//! Files an importer must refuse, with the reason it must give.

use std::path::Path;

use kits_hal::convert::{Options, import};

use crate::{
    data::{json, list},
    report::Report,
};

pub(crate) fn run(dir: &Path, report: &mut Report) {
    let folder = dir.join("negative");
    if !report.wants("negative") || !folder.join("index.json").exists() {
        return;
    }
    for entry in list(&json(&folder.join("index.json"))) {
        let name = entry["name"].as_str().unwrap_or("?");
        let expected = entry["expect"].as_str().unwrap_or("?");
        let file = std::fs::read(folder.join(entry["file"].as_str().unwrap_or(name)));
        let outcome = match file.map(|f| import(&f, &Options::default())) {
            Err(e) => Err(format!("cannot be read: {e}")),
            Ok(Ok(_)) if expected == "Ok" => Ok(()),
            Ok(Ok(_)) => Err(format!("accepted, expected {expected}")),
            Ok(Err(errors)) => {
                let reasons = errors.reasons();
                if reasons.iter().any(|r| matches(&format!("{r:?}"), expected)) {
                    Ok(())
                } else {
                    Err(format!("{reasons:?} instead of {expected}"))
                }
            }
        };
        report.case("negative", name, outcome);
    }
}

/// Compares a `Debug` text with `Kind{field:value}`; fields that are not listed may be anything.
fn matches(found: &str, expected: &str) -> bool {
    let squeeze = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let (found, expected) = (squeeze(found), squeeze(expected));
    let split = |s: &str| {
        let (kind, fields) = s.split_once('{').unwrap_or((s, ""));
        let fields = fields.trim_end_matches('}').split(',').map(str::to_owned).collect();
        (kind.to_owned(), fields)
    };
    let (found_kind, found_fields): (String, Vec<String>) = split(&found);
    let (kind, fields): (String, Vec<String>) = split(&expected);
    found_kind == kind && fields.iter().all(|f| f.is_empty() || found_fields.contains(f))
}

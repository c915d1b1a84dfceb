//! Everything that is not a single operator: optimizers, schedules, clipping, whole models, training curves.

use serde_json::Value;

use crate::{
    data::Folder,
    language, models, optim,
    report::{Outcome, Report},
    schedules, seeds, sequences,
};

/// Lists of cases: index file, list in it, group.
const LISTS: [(&str, &str, &str); 11] = [
    ("optim_index.json", "traces", "optim"),
    ("optim_index.json", "rosenbrock", "optim"),
    ("optim_index.json", "schedules", "schedules"),
    ("optim_index.json", "clipping", "clipping"),
    ("models_index.json", "models", "models"),
    ("curves_index.json", "digits", "curves"),
    ("curves_index.json", "tiny", "curves"),
    ("curves_index.json", "xor", "curves"),
    ("curves_index.json", "gpt", "curves"),
    ("curves_index.json", "attn", "curves"),
    ("curves_index.json", "m07", "curves"),
];

/// Counts these cases. A folder need not have every index.
pub(crate) fn run_all(folder: &Folder, report: &mut Report) {
    for (file, list, group) in LISTS.into_iter().filter(|l| report.wants(l.2)).collect::<Vec<_>>() {
        let Some(index) = folder.index(file) else { continue };
        for (n, case) in index[list].as_array().into_iter().flatten().enumerate() {
            let name = case["id"]
                .as_str()
                .map_or_else(|| format!("{list}.{n}"), |id| format!("{list}.{id}"));
            report.add(group, &name, &run(folder, list, case));
        }
    }
}

fn run(folder: &Folder, list: &str, case: &Value) -> Outcome {
    match list {
        "traces" => optim::trace(folder, case),
        "rosenbrock" => optim::rosenbrock(case),
        "clipping" => optim::clipping(folder, case),
        "schedules" => schedules::schedule(case),
        "models" if language::is_language(case["arch"].as_str().unwrap_or_default()) => {
            language::model(folder, case)
        }
        "models" => models::model(folder, case),
        "digits" => models::curve(folder, case),
        "tiny" => seeds::tiny(case),
        "xor" => seeds::xor(case),
        "gpt" => language::curve(folder, case),
        "attn" => sequences::attention(case),
        "m07" => sequences::almanac(case),
        _ => Outcome::Unsupported(format!("no runner for {list}")),
    }
}

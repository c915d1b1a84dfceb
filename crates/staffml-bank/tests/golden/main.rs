//! Golden vectors: the crate against numbers computed by other programs.
//!
//! Reads the folder named by `STAFFML_GOLDEN_DIR`, by default the copy beside this file.
//! `GOLDEN_ONLY` keeps some groups (comma list), `GOLDEN_REPORT` names a file for one JSON line per case.

mod estimators;
mod grading;
mod log;
mod parsing;
mod report;
mod rng;
mod samples;
mod schedule;
mod vocabulary;

use report::Report;

#[test]
fn vectors() {
    let mut report = Report::from_environment();
    report.group("parse_vectors", "parse_vectors.json", parsing::run);
    report.group("grading_cases", "grading_cases.json", grading::run);
    report.group("rng_vectors", "rng_vectors.json", rng::run);
    report.group("template_samples", "template_samples.json", samples::run);
    report.group("taxonomy", "taxonomy.json", vocabulary::taxonomy);
    report.group("misconceptions", "misconceptions.json", vocabulary::misconceptions);
    report.group("misconception_families", "misconception_families.json", vocabulary::families);
    report.group("fsrs_vectors", "fsrs_vectors.json", schedule::run);
    report.group("daily_vectors", "daily_vectors.json", schedule::daily);
    report.group("estimator_vectors", "estimator_vectors.json", estimators::run);
    report.group("event_log_cases", "event_log_cases.json", log::run);
    report.others();
    report.finish();
}

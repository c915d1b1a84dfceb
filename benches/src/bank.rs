//! `staffml-bank`: reading a bank and grading an answer, beside the least that either could cost.

use core::hint::black_box;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use staffml_bank::Bank;
use staffml_bank::grade::{Key, Tolerance};

use crate::case::{Case, Plan};
use crate::check::Check;
use crate::subject::repeated;

const PACKAGE: &str = "staffml-bank";
/// A number read and compared, its unit ignored: less than any grader must do.
const BARE: &str = "bare";
/// The files read as TOML, their meaning ignored: less than any reader must do.
const TOML: &str = "toml";

/// Returns the cases.
#[must_use]
pub fn plans() -> Vec<Plan> {
    vec![
        Plan::new(PACKAGE, "grade-right", "grade a right answer in another unit", |_| {
            grade("16.4 GB", true)
        }),
        Plan::new(PACKAGE, "grade-wrong", "grade a wrong answer that has a name", |_| {
            grade("131 GB", false)
        }),
        Plan::new(PACKAGE, "load", "read the shipped bank from its folder", |_| load()),
    ]
}

/// 7 billion half-precision weights and some cache: 16,400 MB, eight times as many if bytes were taken for bits.
fn key() -> Result<Key> {
    Ok(Key::new(16_400.0, "MB", Tolerance::USUAL)?.wrong("bits-for-bytes", 131_200.0))
}

fn grade(answer: &'static str, right: bool) -> Result<Case> {
    let key = key()?;
    let verdict = if right { 1.0 } else { 0.0 };
    let graded = repeated(
        move || Ok(key.grade(black_box(answer))),
        |verdict| Ok(vec![if verdict.is_correct() { 1.0 } else { 0.0 }]),
    );
    let bare = repeated(
        move || {
            let number = black_box(answer).split(' ').next().unwrap_or_default();
            let got = number.parse::<f64>()? * 1000.0;
            Ok((got - 16_400.0).abs() <= 0.02 * 16_400.0)
        },
        |right| Ok(vec![if right { 1.0 } else { 0.0 }]),
    );
    // Verdicts are yes or no; the expected one is given and has to be met exactly.
    Ok(Case::new(Check::against(vec![verdict], 0.0), graded).with(BARE, bare))
}

fn load() -> Result<Case> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../crates/staffml-bank/bank");
    let files = files(&folder)?;
    let questions = files.iter().filter(|path| is_question(path)).count();
    ensure!(questions > 0, "the bank has no questions");
    let bytes: u64 = files.iter().filter_map(|path| Some(path.metadata().ok()?.len())).sum();
    let loaded = repeated(
        move || Ok(Bank::load(&folder)?),
        |(bank, problems)| {
            ensure!(problems.is_empty(), "the shipped bank has problems: {problems:?}");
            Ok(vec![bank.templates().len() as f32])
        },
    );
    let toml = repeated(
        move || {
            let mut questions = 0;
            for path in files.iter().filter(|path| path.extension().is_some_and(|e| e == "toml")) {
                let table: toml::Table = std::fs::read_to_string(path)?.parse()?;
                questions += usize::from(is_question(path) && !black_box(table).is_empty());
            }
            Ok(questions)
        },
        |questions| Ok(vec![questions as f32]),
    );
    Ok(Case::new(Check::against(vec![questions as f32], 0.0), loaded)
        .work(0.0, bytes as f64)
        .with(TOML, toml))
}

/// Whether a file of the bank is a question: TOML below the folder `q`.
fn is_question(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "toml")
        && path.components().any(|part| part.as_os_str() == "q")
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

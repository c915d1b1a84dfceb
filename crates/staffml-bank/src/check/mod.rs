//! The bank proves itself.
//!
//! Reading finds what is wrong with one file. This module evaluates: it draws many variants of every template and
//! fails on any whose key disagrees with the independent closed form, whose displayed answer would be graded wrong,
//! whose wrong answers coincide, or which shows one number and uses another.
//! All findings are returned at once; none stops the check.

mod audit;
mod chains;
#[cfg(feature = "mlsysim")]
pub mod drift;
mod number;
mod structure;
mod things;
mod topics;
mod twins;
mod variants;

#[cfg(test)]
mod tests;

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use serde::Serialize;

pub use self::audit::{Caught, Fault, audit};
use crate::bank::Bank;
use crate::model::{Day, Template};
use crate::oracle::Oracle;
use crate::problem::Problem;

/// How thoroughly to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Variants drawn of each template.
    pub n_seeds: u32,
    /// Today, for dates in the future; unchecked if absent. The library reads no clock.
    pub today: Option<Day>,
    /// Templates checked at the same time.
    pub n_threads: usize,
}

impl Options {
    /// A quick look: 20 variants of each template.
    pub const FAST: Self = Self { n_seeds: 20, today: None, n_threads: 1 };
    /// What a release needs: 400 variants of each template.
    pub const FULL: Self = Self { n_seeds: 400, today: None, n_threads: 1 };

    /// Draws this many variants of each template.
    #[must_use]
    pub const fn seeds(mut self, n: u32) -> Self {
        self.n_seeds = n;
        self
    }

    /// Checks this many templates at the same time. The findings do not depend on it.
    #[must_use]
    pub const fn threads(mut self, n: usize) -> Self {
        self.n_threads = n;
        self
    }

    /// Checks dates against this day.
    #[must_use]
    pub const fn today(mut self, day: Day) -> Self {
        self.today = Some(day);
        self
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Findings, in the order of files and lines.
    pub problems: Vec<Problem>,
    /// Figures for each template.
    pub templates: Vec<TemplateReport>,
}

impl Report {
    /// Counts the findings that are errors.
    #[must_use]
    pub fn n_errors(&self) -> usize {
        self.problems.iter().filter(|p| !p.is_warning()).count()
    }
}

/// Figures of one template.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TemplateReport {
    /// Its id.
    pub id: String,
    /// Variants drawn.
    pub n_drawn: u32,
    /// Variants that satisfied the conditions and kept two wrong answers.
    pub n_usable: u32,
    /// Mean number of wrong answers that could be told apart.
    pub mean_survivors: f64,
    /// How many different variants there are at most; `None` if more than can be counted.
    pub space: Option<u64>,
    /// What the question asks for, as its level sees it; nothing if its equation is unknown.
    pub structure: Option<String>,
    /// Whether the level fits that.
    pub level_fits: bool,
}

/// Checks every template, chain and plan of a bank.
#[must_use]
pub fn check(bank: &Bank, oracle: &dyn Oracle, options: Options) -> Report {
    let mut report = Report { problems: Vec::new(), templates: Vec::new() };
    for (problems, figures) in all(bank.templates(), oracle, options) {
        report.problems.extend(problems);
        report.templates.push(figures);
    }
    report.problems.extend(twins::check(bank, oracle));
    report.problems.extend(chains::check(bank, oracle));
    report.problems.extend(topics::check(bank));
    report.problems.extend(bank.releases().last().map_or_else(Vec::new, |last| last.stale(bank)));
    report.problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    report
}

type Checked = (Vec<Problem>, TemplateReport);

/// Checks templates on several threads, each taking the next that is not taken; the order is that of the templates.
fn all(templates: &[Arc<Template>], oracle: &dyn Oracle, options: Options) -> Vec<Checked> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut out: Vec<(usize, Checked)> = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(template) = templates.get(i) else { return out };
            out.push((i, one(template, oracle, options)));
        }
    };
    let mut done: Vec<(usize, Checked)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..options.n_threads.min(templates.len()))
            .filter_map(|_| std::thread::Builder::new().spawn_scoped(scope, work).ok())
            .collect();
        let mut done = work();
        for other in others {
            // A thread that panicked has told so; its templates are then checked again here.
            done.extend(other.join().unwrap_or_default());
        }
        done
    });
    for (i, template) in templates.iter().enumerate() {
        if !done.iter().any(|(j, _)| *j == i) {
            done.push((i, one(template, oracle, options)));
        }
    }
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, checked)| checked).collect()
}

fn one(template: &Arc<Template>, oracle: &dyn Oracle, options: Options) -> Checked {
    let mut findings = Findings { template, problems: Vec::new() };
    structure::check(&mut findings, oracle, options.today);
    things::check(&mut findings, oracle);
    let figures = variants::check(&mut findings, oracle, options.n_seeds);
    (findings.problems, figures)
}

/// Findings about one template. Of equal findings only the first is kept.
struct Findings<'t> {
    template: &'t Arc<Template>,
    problems: Vec<Problem>,
}

impl Findings<'_> {
    fn add(&mut self, code: &'static str, line: usize, what: impl Into<String>, fix: &str) {
        if !self.problems.iter().any(|p| p.code == code && p.line == line) {
            self.problems.push(Problem::new(code, &self.template.file, line, what, fix));
        }
    }
}

//! Milestones on a student's slots: whether they are reached, and by whose work.

use core::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Course, Slot, Work};
use crate::{
    Result,
    milestones::{self, Id, Opts, Report},
};

/// Whose a milestone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A gate is not met.
    Failed,
    /// All gates are passed, but the reference served a core slot.
    Assisted,
    /// All gates are passed, and every core slot that was needed is the student's.
    Yours,
}

impl Verdict {
    /// Lower-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Assisted => "assisted",
            Self::Yours => "yours",
        }
    }
}

/// A milestone that ran under a course.
#[derive(Debug, Clone)]
pub struct OwnWork {
    /// What was measured.
    pub report: Report,
    /// How often each slot was served in this run, for the slots that were needed.
    pub work: Vec<Work>,
}

impl OwnWork {
    /// Returns whose the milestone is.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match (self.report.passed(), self.borrowed().is_empty()) {
            (false, _) => Verdict::Failed,
            (true, false) => Verdict::Assisted,
            (true, true) => Verdict::Yours,
        }
    }

    /// Returns the core slots that the reference served at least once.
    #[must_use]
    pub fn borrowed(&self) -> Vec<&'static Slot> {
        let borrowed = |w: &&Work| w.slot.is_core() && w.reference > 0;
        self.work.iter().filter(borrowed).map(|w| w.slot).collect()
    }

    /// Returns `report` as it is elsewhere, `verdict`, `borrowed` and `work`.
    pub(super) fn json(&self) -> Value {
        let work = |w: &Work| json!({"slot": w.slot.id, "core": w.slot.is_core(), "student": w.student, "reference": w.reference});
        json!({
            "schema": "course-milestone/1",
            "verdict": self.verdict().name(),
            "borrowed": self.borrowed().iter().map(|slot| slot.id).collect::<Vec<_>>(),
            "work": self.work.iter().map(work).collect::<Vec<_>>(),
            "report": self.report.json(),
        })
    }
}

/// The report, the table of work, and the verdict.
impl fmt::Display for OwnWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.report)?;
        writeln!(f, "  {:30} {:>10} {:>10}", "slot", "yours", "reference")?;
        for Work { slot, student, reference } in &self.work {
            let given = if slot.is_core() { "" } else { "  given" };
            writeln!(f, "  {:30} {student:>10} {reference:>10}{given}", slot.id)?;
        }
        match self.verdict() {
            Verdict::Failed => writeln!(f, "not reached"),
            Verdict::Yours => writeln!(f, "yours: every core slot is your own"),
            Verdict::Assisted => {
                let names: Vec<&str> = self.borrowed().iter().map(|slot| slot.id).collect();
                writeln!(f, "assisted: borrowed from the reference are {}", names.join(", "))
            }
        }
    }
}

impl Course {
    /// Runs a milestone on this course, with counters of its own.
    ///
    /// # Errors
    ///
    /// As [`milestones::run`], and what a student's slot returns.
    pub fn milestone(&self, id: Id, opts: &Opts) -> Result<OwnWork> {
        let course = Self { counts: Arc::default(), ..self.clone() };
        let report = course.run(|| milestones::run(id, opts))?;
        Ok(OwnWork { report, work: course.work().collect() })
    }
}

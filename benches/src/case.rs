//! What is compared: one piece of work, its cost, and who does it.

use core::cell::RefCell;
use std::rc::Rc;

use anyhow::Result;

use crate::check::Check;
use crate::python::Python;
use crate::subject::Subject;

/// The name under which the crate of this workspace competes.
pub const OURS: &str = "ours";
/// The plain loops that define the result.
pub const NAIVE: &str = "naive";

/// A case that can be built when its turn comes.
pub struct Plan {
    /// The crate it measures.
    pub package: &'static str,
    /// Its name, unique within the crate.
    pub name: String,
    /// What is computed, in a few words.
    pub what: String,
    /// Builds the contestants.
    pub build: Box<dyn Fn(&Setup) -> Result<Case>>,
}

impl core::fmt::Debug for Plan {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} {}: {}", self.package, self.name, self.what)
    }
}

impl Plan {
    /// Returns a plan.
    pub fn new(
        package: &'static str,
        name: impl Into<String>,
        what: impl Into<String>,
        build: impl Fn(&Setup) -> Result<Case> + 'static,
    ) -> Self {
        Self { package, name: name.into(), what: what.into(), build: Box::new(build) }
    }
}

/// What the builders of cases may use.
#[derive(Debug)]
pub struct Setup {
    /// Small sizes and few repetitions.
    pub quick: bool,
    /// PyTorch, if it runs.
    pub torch: Option<Rc<RefCell<Python>>>,
    /// The Python package `mlsysim`, if it runs.
    pub upstream: Option<Rc<RefCell<Python>>>,
}

/// The least work a case can do, for comparison with the machine's limits.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Work {
    /// Floating-point operations; a multiply-add counts two.
    pub flop: f64,
    /// Bytes read from and written to memory if each value moves once.
    pub bytes: f64,
}

/// The largest accepted ratios of our time to a peer's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// The peer.
    pub peer: &'static str,
    /// Our time divided by the peer's may be at most this.
    pub ratio: f64,
}

/// Contestants ready to run.
pub struct Case {
    /// The least work.
    pub work: Work,
    /// What the ratios should be.
    pub goals: Vec<Goal>,
    /// How answers are judged.
    pub check: Check,
    /// Who competes, ours first.
    pub subjects: Vec<(&'static str, Box<dyn Subject>)>,
    /// Those of them whose answer is known to differ, and who are timed nevertheless.
    pub unjudged: Vec<&'static str>,
    /// What must be said about a contestant beside its times: a refusal, a different answer.
    pub remarks: Vec<(&'static str, String)>,
}

impl core::fmt::Debug for Case {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.subjects.iter().map(|(name, _)| name)).finish()
    }
}

impl Case {
    /// Returns a case with our contestant only.
    #[must_use]
    pub fn new(check: Check, ours: Box<dyn Subject>) -> Self {
        Self {
            work: Work::default(),
            goals: Vec::new(),
            check,
            subjects: vec![(OURS, ours)],
            unjudged: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// States the least work.
    #[must_use]
    pub fn work(mut self, flop: f64, bytes: f64) -> Self {
        self.work = Work { flop, bytes };
        self
    }

    /// Adds a contestant.
    #[must_use]
    pub fn with(mut self, name: &'static str, subject: Box<dyn Subject>) -> Self {
        self.subjects.push((name, subject));
        self
    }

    /// Adds a contestant that may be absent.
    #[must_use]
    pub fn with_some(mut self, name: &'static str, subject: Option<Box<dyn Subject>>) -> Self {
        self.subjects.extend(subject.map(|subject| (name, subject)));
        self
    }

    /// Adds a contestant that answers differently: `how` is printed beside its times.
    #[must_use]
    pub fn with_different(
        mut self,
        name: &'static str,
        subject: Box<dyn Subject>,
        how: impl Into<String>,
    ) -> Self {
        self.unjudged.push(name);
        self.remark(name, how).with(name, subject)
    }

    /// States what must be said about a contestant, for example why it refuses the work.
    #[must_use]
    pub fn remark(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.remarks.push((name, text.into()));
        self
    }

    /// States a goal.
    #[must_use]
    pub fn goal(mut self, peer: &'static str, ratio: f64) -> Self {
        self.goals.push(Goal { peer, ratio });
        self
    }
}

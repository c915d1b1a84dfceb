//! What is printed at the end.

mod json;
mod table;

pub use json::json;
pub use table::table;

use crate::case::{Goal, OURS, Plan, Work};
use crate::machine::Machine;
use crate::measure::{Outcome, Times};
use crate::roof::Roof;
use crate::stats::Spread;

/// A finished comparison.
#[derive(Debug)]
pub struct Report {
    /// Where it ran.
    pub machine: Machine,
    /// What the machine can do.
    pub roof: Roof,
    /// Names and versions of the peers that took part.
    pub peers: Vec<(&'static str, String)>,
    /// Peers that did not, and how to have them.
    pub absent: Vec<(&'static str, String)>,
    /// The cases in the order they ran.
    pub rows: Vec<Row>,
}

/// One finished case.
#[derive(Debug)]
pub struct Row {
    /// The crate it measures.
    pub package: &'static str,
    /// Its name.
    pub name: String,
    /// What is computed.
    pub what: String,
    /// The least work.
    pub work: Work,
    /// What the ratios should be.
    pub goals: Vec<Goal>,
    /// What came of it.
    pub outcome: Outcome,
}

impl Row {
    /// Returns the row of a case that has been measured.
    #[must_use]
    pub fn new(plan: &Plan, work: Work, goals: Vec<Goal>, outcome: Outcome) -> Self {
        Self {
            package: plan.package,
            name: plan.name.clone(),
            what: plan.what.clone(),
            work,
            goals,
            outcome,
        }
    }

    /// Returns our times, if our result was right.
    #[must_use]
    pub fn ours(&self) -> Option<&Times> {
        self.outcome.times.iter().find(|times| times.name == OURS)
    }

    /// Returns our time divided by that of each other contestant.
    pub fn ratios(&self) -> impl Iterator<Item = (&'static str, Spread)> {
        let ours = self.ours();
        let others = self.outcome.times.iter().filter(|times| times.name != OURS);
        others.filter_map(move |times| Some((times.name, ours?.ratio(times)?)))
    }

    /// Returns each goal whose peer took part, with the ratio reached.
    pub fn reached(&self) -> impl Iterator<Item = (Goal, Spread)> {
        self.goals
            .iter()
            .filter_map(|goal| Some((*goal, self.ratios().find(|(name, _)| *name == goal.peer)?.1)))
    }
}

/// How a ratio compares with its goal, given the spread of the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Three quarters of the rounds reach the goal.
    Met,
    /// The goal lies between the quartiles.
    Even,
    /// Three quarters of the rounds fall short.
    Short,
}

impl Verdict {
    /// Judges `ratio`.
    #[must_use]
    pub fn of(goal: Goal, ratio: Spread) -> Self {
        if ratio.high <= goal.ratio {
            Self::Met
        } else if ratio.low <= goal.ratio {
            Self::Even
        } else {
            Self::Short
        }
    }

    /// Returns the word of the reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Even => "even",
            Self::Short => "short",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report of two crates with known times.
    pub(super) fn example() -> Report {
        let times =
            |name, seconds: [f64; 3]| Times { name, repetitions: 10, seconds: seconds.to_vec() };
        let gemm = Row {
            package: "tinytorch-core",
            name: "gemm-64".into(),
            what: "product".into(),
            work: Work { flop: 2e6, bytes: 0.0 },
            goals: vec![Goal { peer: "burn", ratio: 1.0 }, Goal { peer: "torch", ratio: 1.15 }],
            outcome: Outcome {
                times: vec![times("ours", [2e-5, 2e-5, 3e-5]), times("burn", [1e-5, 2e-5, 2e-5])],
                failures: vec![("candle", "panicked: no".into())],
                remarks: Vec::new(),
            },
        };
        let grade = Row {
            package: "staffml-bank",
            name: "grade".into(),
            what: "one answer".into(),
            work: Work::default(),
            goals: Vec::new(),
            outcome: Outcome {
                times: vec![times("ours", [1e-6; 3]), times("naive", [2e-6; 3])],
                failures: Vec::new(),
                remarks: vec![("torch", "refuses".into())],
            },
        };
        Report {
            machine: Machine {
                cpu: "Test CPU".into(),
                has: vec!["avx2", "fma"],
                assumes: Vec::new(),
                threads: 2,
                toolchain: "rustc 1.0".into(),
                commit: "abc".into(),
            },
            roof: Roof { flop_per_s: 2e11, bytes_per_s: 1e10 },
            peers: vec![("burn", "0.1".into())],
            absent: vec![("torch", "set BENCH_PYTHON".into())],
            rows: vec![gemm, grade],
        }
    }

    #[test]
    fn verdicts_mind_the_spread() {
        let goal = Goal { peer: "burn", ratio: 1.0 };
        let of = |low, median, high| Verdict::of(goal, Spread { low, median, high });
        assert_eq!(of(0.5, 0.9, 1.0), Verdict::Met);
        assert_eq!(of(0.9, 1.1, 1.2), Verdict::Even);
        assert_eq!(of(1.1, 1.2, 1.3), Verdict::Short);
    }

    #[test]
    fn ratios_are_formed_round_by_round() {
        let report = example();
        let ratios: Vec<_> = report.rows[0].ratios().collect();
        // 2/1, 2/2 and 3/2: the ratio of the medians would be 1.
        assert_eq!(ratios, [("burn", Spread { low: 1.25, median: 1.5, high: 1.75 })]);
        let reached: Vec<_> = report.rows[0].reached().map(|(goal, _)| goal.peer).collect();
        assert_eq!(reached, ["burn"]);
    }
}

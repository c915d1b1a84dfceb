//! Rounds in which all contestants of a case take turns.
//!
//! Times taken minutes apart on a shared machine say little.
//! Here each round times every contestant within a fraction of a second, the order rotates from round to round, and
//! ratios are formed within a round before the median is taken.

use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Result, anyhow};

use crate::case::Case;
use crate::stats::{Spread, spread};
use crate::subject::Subject;

/// How long to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Time of one contestant in one round.
    pub slice: Duration,
    /// Rounds, if the budget allows.
    pub rounds: u32,
    /// Time of one case, after which no further round starts; three are always run.
    pub budget: Duration,
}

impl Effort {
    /// Returns the effort for figures that may be quoted.
    #[must_use]
    pub const fn full() -> Self {
        Self { slice: Duration::from_millis(80), rounds: 15, budget: Duration::from_secs(30) }
    }

    /// Returns the effort for a first look.
    #[must_use]
    pub const fn quick() -> Self {
        Self { slice: Duration::from_millis(15), rounds: 5, budget: Duration::from_secs(4) }
    }
}

/// The times of one contestant.
#[derive(Debug, Clone, PartialEq)]
pub struct Times {
    /// Name of the contestant.
    pub name: &'static str,
    /// Repetitions in one round.
    pub repetitions: u64,
    /// Seconds of one repetition, round by round.
    pub seconds: Vec<f64>,
}

impl Times {
    /// Returns median and quartiles of the seconds of one repetition.
    #[must_use]
    pub fn spread(&self) -> Option<Spread> {
        spread(&self.seconds)
    }

    /// Returns median and quartiles of this time divided by the other's, formed round by round.
    #[must_use]
    pub fn ratio(&self, other: &Self) -> Option<Spread> {
        let ratios: Vec<f64> =
            self.seconds.iter().zip(&other.seconds).map(|(a, b)| a / b).collect();
        spread(&ratios)
    }
}

/// What came of a case.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Those who computed the right result.
    pub times: Vec<Times>,
    /// Those who did not, and why.
    pub failures: Vec<(&'static str, String)>,
    /// What must be said beside the times.
    pub remarks: Vec<(&'static str, String)>,
}

/// Checks every contestant once, calibrates, warms up and measures in rounds.
///
/// A contestant that fails, panics or gives a wrong result is reported and left out; one of the case's
/// [`unjudged`](Case::unjudged) only if it fails or panics.
#[must_use]
pub fn measure(case: Case, effort: Effort) -> Outcome {
    let mut check = case.check;
    let mut outcome = Outcome { remarks: case.remarks, ..Outcome::default() };
    let mut racing = Vec::new();
    for (name, mut subject) in case.subjects {
        let entered = guarded(|| {
            let answer = subject.answer()?;
            if !case.unjudged.contains(&name) {
                check.judge(answer)?;
            }
            subject.reset()?;
            calibrate(subject.as_mut(), effort.slice)
        });
        match entered {
            Ok(repetitions) => {
                racing.push((Times { name, repetitions, seconds: Vec::new() }, subject))
            }
            Err(error) => outcome.failures.push((name, format!("{error:#}"))),
        }
    }
    let start = std::time::Instant::now();
    for round in 0..effort.rounds.max(3) {
        if round >= 3 && start.elapsed() > effort.budget {
            break;
        }
        for turn in 0..racing.len() {
            let at = (turn + round as usize) % racing.len();
            let (times, subject) = &mut racing[at];
            let n = times.repetitions;
            match guarded(|| one_round(subject.as_mut(), n)) {
                Ok(seconds) => times.seconds.push(seconds),
                Err(error) => outcome.failures.push((times.name, format!("{error:#}"))),
            }
        }
        racing.retain(|(times, _)| !outcome.failures.iter().any(|(name, _)| *name == times.name));
    }
    outcome.times = racing.into_iter().map(|(times, _)| times).collect();
    outcome
}

/// Repetitions from which one more, untimed, goes ahead to warm caches and pools; a single one is long and warms itself.
const FEW: u64 = 2;

fn one_round(subject: &mut dyn Subject, n: u64) -> Result<f64> {
    subject.reset()?;
    if n >= FEW {
        subject.time((n / 16).max(1))?;
    }
    Ok(subject.time(n)?.as_secs_f64() / n as f64)
}

/// Returns how many repetitions fill `slice`.
fn calibrate(subject: &mut dyn Subject, slice: Duration) -> Result<u64> {
    let mut n = 1;
    subject.time(1)?;
    loop {
        let took = subject.time(n)?;
        if took * 8 >= slice || n > 1 << 40 {
            let each = took.as_secs_f64() / n as f64;
            return Ok(((slice.as_secs_f64() / each) as u64).max(1));
        }
        n *= 4;
    }
}

/// Runs `work`; a panic becomes an error, because peers report misuse that way.
///
/// # Errors
///
/// Those of `work`, and the text of a panic.
pub fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(anyhow!("panicked: {}", text.unwrap_or("without a text")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Check;
    use crate::subject::repeated;

    fn sleeper(micros: u64, value: f32) -> Box<dyn Subject> {
        repeated(
            move || {
                std::thread::sleep(Duration::from_micros(micros));
                Ok(value)
            },
            |v| Ok(vec![v]),
        )
    }

    const TINY: Effort =
        Effort { slice: Duration::from_millis(4), rounds: 5, budget: Duration::from_secs(1) };

    #[test]
    fn a_slower_contestant_has_a_ratio_below_one() {
        let case =
            Case::new(Check::mutual(0.0), sleeper(200, 1.0)).with("peer", sleeper(2000, 1.0));
        let outcome = measure(case, TINY);
        assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
        let [ours, peer] = outcome.times.as_slice() else { panic!("two contestants") };
        assert_eq!((ours.seconds.len(), peer.seconds.len()), (5, 5));
        // Sleeping takes at least as long as asked, and a loaded machine adds to both.
        assert!(ours.ratio(peer).unwrap().median < 0.9);
        assert!(peer.spread().unwrap().low >= 2e-3);
    }

    #[test]
    fn wrong_failing_and_panicking_contestants_are_left_out() {
        let case = Case::new(Check::mutual(0.0), sleeper(10, 1.0))
            .with("wrong", sleeper(10, 2.0))
            .with("failing", repeated(|| Err::<(), _>(anyhow!("no such kernel")), |()| Ok(vec![])))
            .with(
                "panicking",
                repeated(|| -> Result<()> { panic!("shapes differ") }, |()| Ok(vec![])),
            );
        let outcome = measure(case, TINY);
        assert_eq!(outcome.times.len(), 1);
        let text = |i: usize| outcome.failures[i].1.as_str();
        assert_eq!(text(0), "entry 0 of the result is 2, expected 1 within 0e0");
        assert_eq!((text(1), text(2)), ("no such kernel", "panicked: shapes differ"));
    }

    #[test]
    fn a_different_answer_is_timed_only_where_the_report_says_so() {
        let case = Case::new(Check::mutual(0.0), sleeper(10, 1.0))
            .with_different("peer", sleeper(10, 2.0), "2 instead of 1")
            .remark("other", "refuses");
        let outcome = measure(case, TINY);
        assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
        assert_eq!(outcome.times.len(), 2);
        assert_eq!(
            outcome.remarks,
            [("peer", "2 instead of 1".to_owned()), ("other", "refuses".to_owned())]
        );
    }
}

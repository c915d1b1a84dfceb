//! What a session is: its questions, its rules, its name in the log.

use crate::log::Mode;
use crate::model::taxonomy::{Level, Track};
use crate::sched::Aim;
use crate::state::Filter;

use super::source::{Planned, Source};

/// What a session is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Setup {
    /// Its kind.
    pub mode: Mode,
    /// Its title.
    pub title: String,
    /// What everything drawn in it follows from.
    pub seed: u64,
    /// How many minutes the learner's local time is ahead of UTC.
    pub tz_minutes: i16,
    /// Where its questions come from.
    pub source: Source,
    /// Most questions.
    pub most: Option<u32>,
    /// Seconds after which no further question is asked.
    pub enough_s: Option<u32>,
    /// Seconds after which the session ends, even in the middle of a question.
    pub limit_s: Option<u32>,
    /// Whether confidence is asked for.
    pub confidence: bool,
    /// Whether the verdict is shown after each answer, or only at the end.
    pub reveal: bool,
    /// Whether answers are told to the scheduler.
    pub rated: bool,
    /// Whether the calculator may be used.
    pub calculator: bool,
    /// Whether hints are given.
    pub hints: bool,
    /// The preset of a gauntlet, the chain, the topic: for the log.
    pub preset: Option<String>,
    /// Track, for the log.
    pub track: Option<Track>,
    /// Level aimed at, for the log.
    pub level: Option<Level>,
}

impl Setup {
    /// Returns a session with verdicts, confidence, scheduling, hints and calculator, and without limits.
    #[must_use]
    pub fn new(mode: Mode, title: &str, seed: u64, source: Source) -> Self {
        Self {
            mode,
            title: title.to_owned(),
            seed,
            tz_minutes: 0,
            source,
            most: None,
            enough_s: None,
            limit_s: None,
            confidence: true,
            reveal: true,
            rated: true,
            calculator: true,
            hints: true,
            preset: None,
            track: None,
            level: None,
        }
    }

    /// Returns a practice of the most useful questions.
    #[must_use]
    pub fn practice(seed: u64, filter: Filter, aim: Aim) -> Self {
        Self::new(Mode::Practice, "Practice", seed, Source::Useful { filter, aim })
    }

    /// Returns a review of due questions.
    #[must_use]
    pub fn review(seed: u64, filter: Filter) -> Self {
        Self::new(Mode::Review, "Review", seed, Source::Due { filter })
    }

    /// Returns a refutation drill of one family of misconceptions.
    #[must_use]
    pub fn refute(seed: u64, family: usize, name: &str, filter: Filter) -> Self {
        let source = Source::Refute { family, filter };
        Self::new(Mode::Drill, &format!("Drill: {name}"), seed, source).unscheduled()
    }

    /// Returns a drill of one topic: again and again with other numbers.
    #[must_use]
    pub fn repeat(seed: u64, name: &str, filter: Filter) -> Self {
        let source = Source::Repeat { filter };
        Self::new(Mode::Drill, &format!("Drill: {name}"), seed, source).unscheduled()
    }

    /// Returns a placement: at most twelve questions, no verdicts before the end.
    #[must_use]
    pub fn placement(seed: u64, filter: Filter) -> Self {
        let source = Source::Place { filter, parts: false };
        let mut setup = Self::new(Mode::Placement, "Placement", seed, source);
        setup.reveal = false;
        setup.hints = false;
        setup
    }

    /// Returns a thorough placement: at most twelve questions too, but in parts that each count as an answer. It places
    /// nine learners in ten within 0.5 of their skill, where single questions place two in three, and takes two hours.
    #[must_use]
    pub fn thorough_placement(seed: u64, filter: Filter) -> Self {
        let source = Source::Place { filter, parts: true };
        Self {
            source,
            title: "Thorough placement".to_owned(),
            ..Self::placement(seed, Filter::default())
        }
    }

    /// Returns a session over a list.
    #[must_use]
    pub fn listed(mode: Mode, title: &str, seed: u64, list: Vec<Planned>) -> Self {
        Self::new(mode, title, seed, Source::Listed(list.into()))
    }

    /// Neither confidence nor scheduling.
    fn unscheduled(mut self) -> Self {
        self.confidence = false;
        self.rated = false;
        self
    }
}

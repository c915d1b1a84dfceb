//! The learner's data: where it lies, what follows from it.

use std::path::PathBuf;
use std::sync::Arc;

use staffml_bank::log::{Config, Log, Sync, read};
use staffml_bank::oracle::Mlsysim;
use staffml_bank::problem::Problem;
use staffml_bank::session::Course;
use staffml_bank::state::State;

use crate::args::Args;
use crate::check::bank;
use crate::clock::Clock;
use crate::data::folder;
use crate::draw::warn;
use crate::failure::Failure;
use crate::output;

/// A course, the state of the learner, and the clock.
pub(crate) struct Learner {
    pub(crate) course: Course,
    pub(crate) state: State,
    pub(crate) clock: Clock,
    pub(crate) data: PathBuf,
}

impl Learner {
    /// Reads bank and log; changes nothing.
    pub(crate) fn read(args: &Args) -> Result<Self, Failure> {
        let (course, clock, data) = prepare(args)?;
        let reading = read(&data)?;
        tell(args, &reading.problems);
        let timeline = reading.events.timeline();
        let state = State::fold(Arc::clone(&course.catalog), timeline.events.iter().copied());
        Ok(Self { course, state, clock, data })
    }

    /// Opens the log for writing. A new log gets a salt, so that two learners see different numbers.
    pub(crate) fn open(args: &Args) -> Result<(Self, Log), Failure> {
        let (course, clock, data) = prepare(args)?;
        let (mut log, reading) = Log::open(&data, Clock::entropy(), Sync::Each)?;
        tell(args, &reading.problems);
        let timeline = reading.events.timeline();
        let mut state = State::fold(Arc::clone(&course.catalog), timeline.events.iter().copied());
        if reading.events.is_empty() {
            let salt = Config::new("salt".to_owned(), Clock::entropy().to_string());
            let event = log.append(salt, clock.now(), clock.tz_minutes)?;
            state.apply(&event);
        }
        Ok((Self { course, state, clock, data }, log))
    }

    /// Whether nothing was ever answered.
    pub(crate) fn is_new(&self) -> bool {
        self.state.n_answers() == 0
    }
}

fn prepare(args: &Args) -> Result<(Course, Clock, PathBuf), Failure> {
    let (bank, problems) = bank(args.bank.as_deref())?;
    warn(problems.len());
    let course = Course::new(Arc::new(bank), Arc::new(Mlsysim));
    Ok((course, Clock::new(args.date), folder(args)?))
}

/// Says on standard error what is wrong with the log.
fn tell(args: &Args, problems: &[Problem]) {
    let shown = problems.iter().filter(|p| !(args.quiet && p.is_warning()));
    for problem in shown.take(5) {
        output::error(&problem.to_string());
    }
    if problems.len() > 5 {
        output::error(&format!("{} further remarks on the log", problems.len() - 5));
    }
}

//! What the page can call: one learner, at most one session at a time.

use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};
use staffml_bank::log::Log;
use staffml_bank::model::Topic;
use staffml_bank::model::taxonomy::{Area, Level, Track};
use staffml_bank::sched::{Aim, Rating};
use staffml_bank::session::{Input, Runner, SessionError, Setup, chain, gauntlet};
use staffml_bank::state::Filter;

use crate::args::Args;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::learner::Learner;
use crate::wishes::{self, Heat, Word};
use crate::{reports, sessions};

/// What a call answers.
pub(super) type Call = Result<Value, Refused>;

/// A call that cannot be done.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) message: String,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        let status = match failure.status {
            1 | 2 => 409,
            _ => 500,
        };
        Self { status, message: failure.message }
    }
}

fn bad(message: impl Into<String>) -> Refused {
    Refused { status: 400, message: message.into() }
}

/// A session and the log it writes to.
struct Open {
    runner: Runner,
    log: Log,
    clock: Clock,
}

pub(super) struct App {
    args: Args,
    open: Mutex<Option<Open>>,
}

/// What to begin.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    mode: String,
    #[serde(default)]
    track: String,
    #[serde(default)]
    area: String,
    #[serde(default)]
    topic: String,
    #[serde(default)]
    level: String,
    #[serde(default)]
    chain: String,
    #[serde(default)]
    preset: String,
    #[serde(default)]
    n: Option<u32>,
}

/// What a learner did.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum Done {
    Answer { text: String },
    Pick { option: usize },
    Turn,
    Known { known: bool },
    Mark { mark: u32, quote: String },
    Revise { row: usize, mark: u32, quote: String },
    Confidence { choice: usize },
    Hint,
    Skip,
    DontKnow,
    Calculate { text: String },
    Lower { rating: String },
    Next,
    Quit,
}

/// A word of the closed lists; none for an empty text.
fn word<W: Word>(text: &str) -> Result<Option<W>, Refused> {
    if text.is_empty() {
        return Ok(None);
    }
    wishes::word(text).map(Some).map_err(|known| bad(format!("`{text}` is not known: {known}")))
}

impl App {
    pub(super) fn new(args: Args) -> Self {
        Self { args, open: Mutex::new(None) }
    }

    fn with<R>(&self, f: impl FnOnce(&mut Option<Open>) -> R) -> R {
        f(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What there is to choose from, and what is to do today.
    pub(super) fn start(&self) -> Call {
        let learner = Learner::read(&self.args)?;
        let (state, today) = (&learner.state, learner.clock.today());
        let catalog = &learner.course.catalog;
        Ok(json!({
            "schema": "staffml-start/1",
            "version": env!("CARGO_PKG_VERSION"),
            "bank": learner.course.bank.name,
            "questions": catalog.items().len(),
            "answers": state.n_answers(),
            "due": state.due(today).len(),
            "streak": state.streak(today),
            "tracks": Track::ALL,
            "areas": Area::ALL,
            "levels": Level::ALL,
            "topics": catalog.topics(),
            "chains": learner.course.bank.chains().iter()
                .map(|c| json!({ "id": c.id, "title": c.title }))
                .collect::<Vec<_>>(),
            "presets": gauntlet::Preset::ALL.iter()
                .map(|p| json!({ "name": p.name(), "minutes": p.minutes() }))
                .collect::<Vec<_>>(),
            "unfinished": gauntlet::unfinished(state).is_some(),
            "open": self.with(|open| open.is_some()),
        }))
    }

    /// Leaves the session that is open, as if its window had been closed.
    pub(super) fn leave(&self) -> Result<(), Failure> {
        self.with(leave)
    }

    /// Begins a session; one that is open is left first.
    pub(super) fn begin(&self, body: &Value) -> Call {
        let begin: Begin =
            serde_json::from_value(body.clone()).map_err(|e| bad(format!("no session: {e}")))?;
        self.with(|open| {
            leave(open)?;
            let (learner, mut log) = Learner::open(&self.args)?;
            let clock = learner.clock;
            let runner = if begin.mode == "resume" {
                let (course, state) = (learner.course, learner.state);
                gauntlet::resume(course, state, clock.tz_minutes, clock.now(), &mut log)
            } else {
                let mut setup = setup(&begin, &learner)?;
                setup.tz_minutes = clock.tz_minutes;
                setup.confidence &= learner.state.settings().confidence;
                Runner::start(learner.course, learner.state, setup, clock.now(), &mut log)
            };
            let runner = runner.map_err(Failure::from)?;
            let view = view(&runner, clock)?;
            *open = Some(Open { runner, log, clock });
            Ok(view)
        })
    }

    /// What to draw; time passes by asking.
    pub(super) fn view(&self) -> Call {
        self.with(|open| {
            let open = open.as_mut().ok_or_else(nothing_open)?;
            let now = open.clock.now();
            open.runner.tick(now, &mut open.log);
            view(&open.runner, open.clock)
        })
    }

    /// Hands over what the learner did, and returns what to draw.
    pub(super) fn input(&self, body: &Value) -> Call {
        let done: Done =
            serde_json::from_value(body.clone()).map_err(|e| bad(format!("no input: {e}")))?;
        let input = input(done)?;
        self.with(|slot| {
            let open = slot.as_mut().ok_or_else(nothing_open)?;
            let now = open.clock.now();
            open.runner.input(input, now, &mut open.log).map_err(Failure::from)?;
            let view = view(&open.runner, open.clock)?;
            if open.runner.is_done() {
                // Lets the log go, so that the program can be used beside the page.
                *slot = None;
            }
            Ok(view)
        })
    }

    pub(super) fn progress(&self) -> Call {
        let learner = Learner::read(&self.args)?;
        let mut value = reports::progress_json(&learner, Heat::AreaTrack, None);
        let topics = reports::progress_json(&learner, Heat::TopicLevel, None);
        if let Some(object) = value.as_object_mut() {
            object.insert("topics".to_owned(), topics["heat"].clone());
        }
        Ok(value)
    }

    pub(super) fn calibration(&self) -> Call {
        let learner = Learner::read(&self.args)?;
        Ok(reports::calibration_json(&learner)
            .unwrap_or_else(|| json!({ "schema": "staffml-calibration/1", "answers": 0 })))
    }
}

fn leave(open: &mut Option<Open>) -> Result<(), Failure> {
    if let Some(mut old) = open.take() {
        let now = old.clock.now();
        old.runner.input(Input::Quit, now, &mut old.log)?;
    }
    Ok(())
}

fn nothing_open() -> Refused {
    Refused { status: 409, message: "no session is open; begin one".to_owned() }
}

fn view(runner: &Runner, clock: Clock) -> Call {
    let mut value = json!({ "schema": "staffml-session/1" });
    let view = serde_json::to_value(runner.view(clock.now()))
        .map_err(|e| Refused { status: 500, message: format!("the view has no JSON form: {e}") })?;
    if let (Some(out), Value::Object(fields)) = (value.as_object_mut(), view) {
        out.extend(fields);
    }
    Ok(value)
}

fn input(done: Done) -> Result<Input, Refused> {
    Ok(match done {
        Done::Answer { text } => Input::Answer(text),
        Done::Pick { option } => Input::Pick(option),
        Done::Turn => Input::Turn,
        Done::Known { known } => Input::Known(known),
        Done::Mark { mark, quote } => Input::Mark(mark, quote),
        Done::Revise { row, mark, quote } => Input::Revise(row, mark, quote),
        Done::Confidence { choice } => Input::Confidence(choice),
        Done::Hint => Input::Hint,
        Done::Skip => Input::Skip,
        Done::DontKnow => Input::DontKnow,
        Done::Calculate { text } => Input::Calculate(text),
        Done::Lower { rating } => Input::Lower(match rating.as_str() {
            "again" => Rating::Again,
            "hard" => Rating::Hard,
            "good" => Rating::Good,
            _ => return Err(bad("a rating is lowered to again, hard or good")),
        }),
        Done::Next => Input::Next,
        Done::Quit => Input::Quit,
    })
}

fn setup(begin: &Begin, learner: &Learner) -> Result<Setup, Refused> {
    let mut filter = Filter::default();
    let track = word::<Track>(&begin.track)?;
    filter.tracks.extend(track);
    filter.areas.extend(word::<Area>(&begin.area)?);
    let topic = word::<Topic>(&begin.topic)?;
    filter.topics.extend(topic);
    let level = word::<Level>(&begin.level)?;
    filter.levels.extend(level);
    let seed = Clock::entropy();
    let most = Some(begin.n.unwrap_or(10).clamp(1, 1000));
    let failed = |error: SessionError| Refused::from(Failure::from(error));
    let mut setup = match begin.mode.as_str() {
        "practice" => Setup::practice(seed, filter, Aim::Practice),
        "review" => Setup::review(seed, filter),
        "placement" | "thorough-placement" => {
            let thorough = begin.mode == "thorough-placement";
            let make = if thorough { Setup::thorough_placement } else { Setup::placement };
            let mut setup = make(seed, filter);
            setup.track = track;
            return Ok(setup);
        }
        "drill" => {
            let topic = topic.ok_or_else(|| bad("a drill needs a topic"))?;
            Setup::repeat(seed, topic.name(), filter)
        }
        "daily" => return Ok(sessions::daily_setup(learner, track)),
        "chain" => return chain(&learner.course, &begin.chain, seed).map_err(failed),
        "gauntlet" => {
            let preset = gauntlet::Preset::from_name(&begin.preset)
                .ok_or_else(|| bad("a gauntlet needs one of the presets"))?;
            let track = sessions::track(&learner.state, track);
            let level = level.unwrap_or(Level::L3);
            let catalog = &learner.course.catalog;
            let start = u32::try_from(seed >> 32).unwrap_or(0);
            let today = learner.clock.today();
            let own = gauntlet::own_seed(&learner.state, preset, track, level, start, today)
                .map_err(failed)?;
            return gauntlet::setup(catalog, preset, track, level, own).map_err(failed);
        }
        other => return Err(bad(format!("no kind of session is called `{other}`"))),
    };
    setup.most = most;
    Ok(setup)
}

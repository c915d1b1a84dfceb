//! The session as a state machine: inputs in, views out, events into a journal.

use crate::grade::{Reprompts, Verdict};
use crate::log::{
    Answer, Broken, Event, EventId, Item, Mark, Moment, Session, Skip, SkipReason, Step, StudyDay,
    TemplateRef, What,
};
use crate::sched::CONFIDENCES;
use crate::state::State;
use crate::variant::rng::{SplitMix64, mix};

use super::calculator::calculate;
use super::course::Course;
use super::error::SessionError;
use super::input::{Input, Prompt};
use super::journal::Journal;
use super::marking::written;
use super::question::{Put, Step as Part};
use super::setup::Setup;
use super::source::{Planned, Seen};
use super::view::{Ending, Line, View};

/// Variants of one item that may fail before it is left out.
const RETRIES: u64 = 5;

/// A session under way.
///
/// A front end starts one, draws [`Runner::view`], and hands over what the learner does with [`Runner::input`] or, for
/// typed lines, [`Runner::line`]; see [the module](super) for the whole contract.
#[derive(Debug, Clone)]
pub struct Runner {
    pub(super) course: Course,
    pub(super) state: State,
    pub(super) setup: Setup,
    pub(super) session: String,
    pub(super) started: Moment,
    pub(super) skill_before: f64,
    pub(super) stage: Now,
    pub(super) lines: Vec<Line>,
    pub(super) seen: Seen,
    rng: SplitMix64,
}

/// A question on the table.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) put: Put,
    /// Answers to the steps before the one that is asked now.
    pub(super) answers: Vec<String>,
    /// Whether a card is turned.
    pub(super) turned: bool,
    /// Marks given so far.
    pub(super) marks: Vec<Mark>,
    /// Whether the examples of the marks are shown.
    pub(super) anchors: bool,
    pub(super) shown_at: Moment,
    pub(super) hints: usize,
    pub(super) message: Option<String>,
    pub(super) reprompts: Reprompts,
    pub(super) tries: u32,
}

/// An answer that counts.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) text: String,
    /// `None` for "don't know".
    pub(super) verdict: Option<Verdict>,
    pub(super) ms: u64,
}

/// Where the session is.
#[derive(Debug, Clone)]
pub(super) enum Now {
    Ask(Box<Open>),
    Sure(Box<(Open, Given)>),
    /// The event is in the journal; it is applied to the state when the learner goes on.
    Verdict(Box<Judged>),
    Done(Ending, Option<String>),
}

/// An answer that was judged.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub(super) open: Open,
    pub(super) given: Given,
    pub(super) answer: Answer,
    pub(super) note: Option<String>,
    pub(super) event: Event,
    /// The event that `event` replaces, until that is written too.
    pub(super) stale: Option<EventId>,
    /// Whether marks were changed since `event` was written.
    pub(super) revised: bool,
}

impl Runner {
    /// Starts a session and puts its first question.
    ///
    /// `state` is the fold of the log so far, over the catalog of `course`.
    ///
    /// # Errors
    ///
    /// - [`SessionError::Nothing`] if there is nothing to ask; nothing is written then.
    /// - [`SessionError::Journal`] if the beginning cannot be written.
    pub fn start(
        course: Course,
        state: State,
        mut setup: Setup,
        now: Moment,
        journal: &mut dyn Journal,
    ) -> Result<Self, SessionError> {
        let random = mix(setup.seed) ^ mix(now.ms().unsigned_abs());
        let session = format!("{random:016x}");
        let mut rng = SplitMix64::new(mix(setup.seed));
        let today = now.study_day(setup.tz_minutes);
        let items = fix_list(&mut setup, &state);
        // Looks ahead, so that a session without questions leaves no trace.
        let first = setup.source.next(&state, today, &Seen::default(), &mut rng);
        let Some(first) = first.map_err(SessionError::Nothing)? else {
            return Err(SessionError::Nothing(crate::state::Nothing::NoItem));
        };
        let mut start = Session::new(session.clone(), Step::Start, setup.mode, setup.seed);
        start.preset.clone_from(&setup.preset);
        start.track = setup.track;
        start.level = setup.level;
        start.limit_s = setup.limit_s;
        start.items = items;
        let event =
            journal.append(now, setup.tz_minutes, start.into()).map_err(SessionError::Journal)?;
        let skill_before = state.skills().global();
        let mut runner = Self {
            course,
            state,
            setup,
            session,
            started: now,
            skill_before,
            stage: Now::Done(Ending::Finished, None),
            lines: Vec::new(),
            seen: Seen::default(),
            rng,
        };
        runner.state.apply(&event);
        if !runner.put(&first, now, journal) {
            runner.advance(now, journal);
        }
        Ok(runner)
    }

    /// Goes on with a session that was left without an end, with the questions and the time that are left.
    ///
    /// `past` is a session of `state`; `setup` holds its rules and the list of its questions that are not answered.
    pub(super) fn again(
        course: Course,
        state: State,
        setup: Setup,
        past: &crate::state::Past,
        lines: Vec<Line>,
        now: Moment,
        journal: &mut dyn Journal,
    ) -> Self {
        let mut runner = Self {
            course,
            state,
            rng: SplitMix64::new(mix(setup.seed ^ lines.len() as u64)),
            setup,
            session: past.start.session.clone(),
            started: past.at,
            skill_before: past.skill_before,
            stage: Now::Done(Ending::Finished, None),
            lines,
            seen: Seen::default(),
        };
        runner.advance(now, journal);
        runner.tick(now, journal);
        runner
    }

    /// Returns what to draw.
    #[must_use]
    pub fn view(&self, now: Moment) -> View {
        super::draw::view(self, now)
    }

    /// Returns where a line would be typed now.
    #[must_use]
    pub fn prompt(&self) -> Prompt {
        match &self.stage {
            Now::Ask(open) => match open.put.step(open.answers.len()) {
                Some((Part::Menu(menu), _)) => Prompt::Choice(menu.options.len()),
                Some((Part::Card(_), _)) if open.turned => Prompt::Known,
                Some((Part::Card(_), _)) => Prompt::Card,
                Some((Part::Text, _)) => Prompt::Text,
                Some((Part::Mark(row), _)) => {
                    Prompt::Mark(u32::try_from(row.levels.len().saturating_sub(1)).unwrap_or(0))
                }
                _ => Prompt::Number,
            },
            Now::Sure(_) => Prompt::Confidence,
            Now::Verdict(judged) if !written(&judged.open).is_empty() => {
                Prompt::Revise(judged.open.marks.len())
            }
            Now::Verdict(_) => Prompt::Verdict,
            Now::Done(..) => Prompt::Closed,
        }
    }

    /// Returns whether the session is over.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.stage, Now::Done(..))
    }

    /// Returns the state after what was done so far.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Returns the state; what was done so far is in it once the session is over.
    #[must_use]
    pub fn into_state(self) -> State {
        self.state
    }

    /// Takes a typed line.
    ///
    /// A line that means nothing here leaves everything as it is but for the message in the next view.
    ///
    /// # Errors
    ///
    /// As [`Runner::input`].
    pub fn line(
        &mut self,
        line: &str,
        now: Moment,
        journal: &mut dyn Journal,
    ) -> Result<(), SessionError> {
        match Input::line(self.prompt(), line) {
            Ok(input) => self.input(input, now, journal),
            Err(message) => {
                self.say(message);
                Ok(())
            }
        }
    }

    /// Ends the session if its time is over. Call it now and then while a timed session waits.
    pub fn tick(&mut self, now: Moment, journal: &mut dyn Journal) {
        let Some(limit) = self.setup.limit_s else { return };
        if self.is_done() || self.seconds(now) < i64::from(limit) {
            return;
        }
        // Failing to note what was not answered loses nothing: it stays unanswered.
        let open = match &self.stage {
            Now::Ask(open) => Some(open.as_ref().clone()),
            Now::Sure(both) => Some(both.0.clone()),
            _ => None,
        };
        // So is failing to note second thoughts on marks: the blind ones are written.
        let _ = self.keep_marks(now, journal);
        self.settle();
        if let Some(open) = open {
            let _ = self.keep_text(&open, now, journal);
            let _ = self.pass_over(&open, SkipReason::Timeout, now, journal);
        }
        while let Ok(Some(planned)) = self.next_planned(now) {
            let seed = planned.seed.unwrap_or_else(|| self.state.next_seed(planned.place, 0));
            if let Ok(put) = self.question(&planned, seed) {
                let open = Open::new(put, now);
                let _ = self.pass_over(&open, SkipReason::Timeout, now, journal);
            }
            if !matches!(self.setup.source, super::Source::Listed(_)) {
                break;
            }
        }
        self.finish(Ending::Time, None, now, journal);
    }

    /// Takes one thing the learner does. What does not fit the moment (a confidence where a question waits) does nothing.
    ///
    /// # Errors
    ///
    /// [`SessionError::Journal`] if an event cannot be written. The session then stays where it was, and the same input
    /// may be given again.
    pub fn input(
        &mut self,
        input: Input,
        now: Moment,
        journal: &mut dyn Journal,
    ) -> Result<(), SessionError> {
        self.tick(now, journal);
        match (self.stage.clone(), input) {
            (Now::Done(..), _) => Ok(()),
            (Now::Ask(open), Input::Answer(text)) => self.answer(*open, &text, now, journal),
            (Now::Ask(open), Input::Pick(option)) => match open.put.step(open.answers.len()) {
                Some((Part::Menu(menu), _)) => match menu.options.get(option) {
                    Some(picked) => {
                        let text = picked.text.clone();
                        self.answer(*open, &text, now, journal)
                    }
                    None => Ok(()),
                },
                _ => Ok(()),
            },
            (Now::Ask(mut open), Input::Turn) => {
                open.turned = matches!(open.put.step(open.answers.len()), Some((Part::Card(_), _)));
                self.stage = Now::Ask(open);
                Ok(())
            }
            (Now::Ask(open), Input::Known(known)) if open.turned => {
                self.answer(*open, if known { "yes" } else { "no" }, now, journal)
            }
            (Now::Ask(open), Input::Mark(mark, quote)) => {
                self.mark(*open, mark, quote, now, journal)
            }
            (Now::Ask(open), Input::DontKnow) => self.dont_know(*open, now, journal),
            (Now::Ask(mut open), Input::Hint) => {
                let n = open.put.question.template.hints.len();
                if let Some((Part::Mark(_), _)) = open.put.step(open.answers.len()) {
                    open.anchors = true;
                    open.message = None;
                    self.stage = Now::Ask(open);
                    return Ok(());
                }
                open.message = match (self.setup.hints, open.hints < n) {
                    (false, _) => Some("no hints in this session".to_owned()),
                    (true, false) => Some("no more hints".to_owned()),
                    (true, true) => {
                        open.hints += 1;
                        None
                    }
                };
                self.stage = Now::Ask(open);
                Ok(())
            }
            (Now::Ask(mut open), Input::Calculate(sum)) => {
                open.message = Some(if self.setup.calculator {
                    calculate(&sum).map_or_else(|e| e, |value| format!("= {value}"))
                } else {
                    "no calculator in this session".to_owned()
                });
                self.stage = Now::Ask(open);
                Ok(())
            }
            (Now::Ask(mut open), Input::Skip)
                if !open.answers.is_empty() && !written(&open).is_empty() =>
            {
                let message = "your text waits for its marks; 0 is one, and q leaves";
                open.message = Some(message.to_owned());
                self.stage = Now::Ask(open);
                Ok(())
            }
            (Now::Ask(open), Input::Skip) => {
                self.pass_over(&open, SkipReason::Asked, now, journal)?;
                self.advance(now, journal);
                Ok(())
            }
            (Now::Sure(both), Input::Confidence(level)) => match CONFIDENCES.get(level) {
                Some(confidence) => {
                    let (open, given) = *both;
                    self.record(open, given, Some(*confidence), now, journal)
                }
                None => Ok(()),
            },
            (Now::Sure(both), Input::Quit) => {
                // An answer that was given counts, however the session ends.
                let (open, given) = *both;
                self.record(open, given, None, now, journal)?;
                self.finish(Ending::Left, None, now, journal);
                Ok(())
            }
            (Now::Verdict(judged), Input::Lower(rating)) => {
                self.lower(*judged, rating, now, journal)
            }
            (Now::Verdict(judged), Input::Revise(row, mark, quote)) => {
                if !judged.open.marks.is_empty() {
                    self.revise(*judged, row, mark, &quote);
                }
                Ok(())
            }
            (Now::Verdict(_), Input::Next) => {
                self.keep_marks(now, journal)?;
                self.settle();
                self.advance(now, journal);
                Ok(())
            }
            (stage, Input::Quit) => {
                // A full disk must not hold anybody: what cannot be kept is told at the end.
                let kept = match stage {
                    Now::Ask(open) => self.keep_text(&open, now, journal),
                    _ => self.keep_marks(now, journal),
                };
                self.finish(Ending::Left, kept.err().map(|e| e.to_string()), now, journal);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Applies the answer that was judged.
    pub(super) fn settle(&mut self) {
        if let Now::Verdict(judged) = &self.stage {
            let event = judged.event.clone();
            self.state.apply(&event);
            self.stage = Now::Done(Ending::Finished, None);
        }
    }

    fn pass_over(
        &mut self,
        open: &Open,
        why: SkipReason,
        now: Moment,
        journal: &mut dyn Journal,
    ) -> Result<(), SessionError> {
        let ms = elapsed(open.shown_at, now);
        let mut skip = Skip::new(reference(&open.put), open.put.question.seed);
        skip.why = why;
        skip.ms = ms;
        skip.mode = Some(self.setup.mode);
        skip.session = Some(self.session.clone());
        let event = self.append(journal, now, skip.into())?;
        self.state.apply(&event);
        let mut line = Line::of(&open.put, "", ms);
        if why == SkipReason::Timeout {
            "timeout".clone_into(&mut line.code);
        }
        self.lines.push(line);
        self.seen.missed = None;
        Ok(())
    }

    /// Puts the next question, or ends the session.
    pub(super) fn advance(&mut self, now: Moment, journal: &mut dyn Journal) {
        loop {
            let asked = self.lines.len() as u64;
            let enough = self.setup.enough_s.is_some_and(|s| self.seconds(now) >= i64::from(s))
                || self.setup.most.is_some_and(|most| asked >= u64::from(most));
            if enough {
                return self.finish(Ending::Finished, None, now, journal);
            }
            match self.next_planned(now) {
                Ok(Some(planned)) => {
                    if self.put(&planned, now, journal) {
                        return;
                    }
                }
                Ok(None) => return self.finish(Ending::Finished, None, now, journal),
                Err(nothing) => {
                    let message = SessionError::Nothing(nothing).to_string();
                    return self.finish(Ending::Finished, Some(message), now, journal);
                }
            }
        }
    }

    fn next_planned(&mut self, now: Moment) -> Result<Option<Planned>, crate::state::Nothing> {
        let today = self.today(now);
        self.setup.source.next(&self.state, today, &self.seen, &mut self.rng)
    }

    /// Puts a question and returns whether that worked. Variants that cannot be evaluated are noted and replaced by the
    /// next one; an item without a usable variant is passed over.
    fn put(&mut self, planned: &Planned, now: Moment, journal: &mut dyn Journal) -> bool {
        for retry in 0..RETRIES {
            let seed = match planned.seed {
                Some(seed) if retry == 0 => seed,
                _ => self.state.next_seed(planned.place, retry),
            };
            match self.question(planned, seed) {
                Ok(put) => {
                    self.seen.asked.push(planned.place);
                    self.stage = Now::Ask(Box::new(Open::new(put, now)));
                    return true;
                }
                Err(error) => {
                    let Some(item) = self.course.catalog.item(planned.place) else { return false };
                    let template = TemplateRef::new(&item.id, item.major);
                    let broken = Broken::new(template, seed, error.to_string());
                    // If even this cannot be written, the learner need not be stuck.
                    if let Ok(event) = self.append(journal, now, broken.into()) {
                        self.state.apply(&event);
                    }
                }
            }
        }
        self.seen.asked.push(planned.place); // so that no source offers it again and again
        false
    }

    fn question(&self, planned: &Planned, seed: u64) -> crate::Result<Put> {
        let Planned { place, given, as_choice, family, .. } = planned;
        Put::make(&self.course, *place, seed, given, *as_choice, *family)
    }

    fn finish(
        &mut self,
        ending: Ending,
        message: Option<String>,
        now: Moment,
        journal: &mut dyn Journal,
    ) {
        self.settle();
        let mut message = message;
        let mut write = |runner: &mut Self, what: What| match runner.append(journal, now, what) {
            Ok(event) => runner.state.apply(&event),
            Err(error) => message = Some(error.to_string()),
        };
        if let Some(placement) = super::draw::placement_event(self) {
            write(self, placement.into());
        }
        let (mode, seed) = (self.setup.mode, self.setup.seed);
        let mut end = Session::new(self.session.clone(), Step::End, mode, seed);
        end.preset.clone_from(&self.setup.preset);
        end.why = Some(ending.name().to_owned());
        write(self, end.into());
        self.stage = Now::Done(ending, message);
    }

    pub(super) fn append(
        &self,
        journal: &mut dyn Journal,
        now: Moment,
        what: What,
    ) -> Result<Event, SessionError> {
        journal.append(now, self.setup.tz_minutes, what).map_err(SessionError::Journal)
    }

    pub(super) fn say(&mut self, message: String) {
        match &mut self.stage {
            Now::Ask(open) => open.message = Some(message),
            Now::Sure(both) => both.0.message = Some(message),
            Now::Verdict(judged) => judged.note = Some(message),
            Now::Done(..) => {}
        }
    }

    /// Seconds since the beginning; a clock that was set back gives 0.
    pub(super) fn seconds(&self, now: Moment) -> i64 {
        (now.ms() - self.started.ms()).max(0) / 1000
    }

    pub(super) fn today(&self, now: Moment) -> StudyDay {
        now.study_day(self.setup.tz_minutes)
    }
}

impl Open {
    fn new(put: Put, now: Moment) -> Self {
        Self {
            put,
            answers: Vec::new(),
            turned: false,
            marks: Vec::new(),
            anchors: false,
            shown_at: now,
            hints: 0,
            message: None,
            reprompts: Reprompts::default(),
            tries: 0,
        }
    }
}

pub(super) fn elapsed(from: Moment, to: Moment) -> u64 {
    u64::try_from(to.ms() - from.ms()).unwrap_or(0)
}

pub(super) fn reference(put: &Put) -> TemplateRef {
    let head = &put.question.template.head;
    TemplateRef::new(&head.id, head.version.major)
}

/// Fixes the variants of a list, so that the log says from the start what will be asked.
fn fix_list(setup: &mut Setup, state: &State) -> Vec<Item> {
    let super::Source::Listed(list) = &mut setup.source else { return Vec::new() };
    let mut items = Vec::new();
    for planned in list {
        let Some(item) = state.catalog().item(planned.place) else { continue };
        let seed = planned.seed.unwrap_or_else(|| state.next_seed(planned.place, 0));
        planned.seed = Some(seed);
        items.push(Item { template: TemplateRef::new(&item.id, item.major), seed });
    }
    items
}

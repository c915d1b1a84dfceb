//! From what is typed to an event: steps of a question, ratings. Marks of a text are in `marking`.

use crate::grade::{Reprompts, Verdict};
use crate::log::{Answer, Erase, Moment, Outcome};
use crate::sched::{Performance, Rating};

use super::error::SessionError;
use super::journal::Journal;
use super::question::Step as Part;
use super::runner::{Given, Judged, Now, Open, Runner, elapsed, reference};
use super::view::Line;

impl Runner {
    /// An answer to the step that is asked now.
    pub(super) fn answer(
        &mut self,
        mut open: Open,
        text: &str,
        now: Moment,
        journal: &mut dyn Journal,
    ) -> Result<(), SessionError> {
        let Some((step, _)) = open.put.step(open.answers.len()) else { return Ok(()) };
        if matches!(step, Part::Card(_)) && !open.turned || matches!(step, Part::Mark(_)) {
            return Ok(());
        }
        if let Some(verdict) = open.put.grade(&self.course, &open.answers, text) {
            open.tries += u32::from(verdict.class != crate::grade::Class::Unparsable);
            if open.reprompts.ask_again(&verdict) {
                open.message = Some(verdict.message);
                self.stage = Now::Ask(Box::new(open));
                return Ok(());
            }
            if open.put.n_steps() == 1 {
                let ms = elapsed(open.shown_at, now);
                let given = Given { text: text.to_owned(), verdict: Some(verdict), ms };
                return self.given(open, given, now, journal);
            }
        }
        open.answers.push(text.to_owned());
        self.after_step(open, now, journal)
    }

    /// Goes to the next step of a question of several, or takes the answers together.
    pub(super) fn after_step(
        &mut self,
        mut open: Open,
        now: Moment,
        journal: &mut dyn Journal,
    ) -> Result<(), SessionError> {
        open.message = None;
        open.reprompts = Reprompts::default();
        if open.answers.len() < open.put.n_steps() {
            self.stage = Now::Ask(Box::new(open));
            return Ok(());
        }
        let ms = elapsed(open.shown_at, now);
        if !open.put.rows().is_empty() {
            return self.record_marks(open, ms, now, journal);
        }
        // Reprompts of single parts are no second try of the whole.
        open.tries = 1;
        if open.answers.iter().all(String::is_empty) {
            // Nobody is sure of nothing.
            let given = Given { text: String::new(), verdict: None, ms };
            return self.record(open, given, None, now, journal);
        }
        let verdict = open.put.overall(&self.course, &open.answers);
        let text = open.answers.join("; ");
        self.given(open, Given { text, verdict, ms }, now, journal)
    }

    /// "Don't know" to a question, or to one of its parts.
    pub(super) fn dont_know(
        &mut self,
        mut open: Open,
        now: Moment,
        journal: &mut dyn Journal,
    ) -> Result<(), SessionError> {
        match open.put.step(open.answers.len()) {
            Some((Part::Mark(_), _)) => self.mark(open, 0, String::new(), now, journal),
            Some((Part::Text, _)) => self.leave_blank(open, now, journal),
            _ if open.put.n_steps() > 1 => {
                open.answers.push(String::new());
                self.after_step(open, now, journal)
            }
            _ => {
                let ms = elapsed(open.shown_at, now);
                let given = Given { text: String::new(), verdict: None, ms };
                self.record(open, given, None, now, journal)
            }
        }
    }

    /// An answer that counts: asks for confidence first, or records it.
    pub(super) fn given(
        &mut self,
        mut open: Open,
        given: Given,
        now: Moment,
        journal: &mut dyn Journal,
    ) -> Result<(), SessionError> {
        open.message = None;
        open.tries = open.tries.max(1);
        let is_card = matches!(open.put.step(0), Some((Part::Card(_), _)));
        if self.setup.confidence && !is_card {
            self.stage = Now::Sure(Box::new((open, given)));
            return Ok(());
        }
        self.record(open, given, None, now, journal)
    }

    /// Writes an answer to the journal, then shows its verdict or goes on.
    pub(super) fn record(
        &mut self,
        open: Open,
        given: Given,
        confidence: Option<f64>,
        now: Moment,
        journal: &mut dyn Journal,
    ) -> Result<(), SessionError> {
        let answer = self.as_answer(&open, &given, confidence);
        let event = self.append(journal, now, answer.clone().into())?;
        self.note(&open, &given, &answer);
        let judged = Judged { open, given, answer, note: None, event, stale: None, revised: false };
        self.stage = Now::Verdict(Box::new(judged));
        if !self.setup.reveal {
            self.settle();
            self.advance(now, journal);
        }
        Ok(())
    }

    pub(super) fn as_answer(&self, open: &Open, given: &Given, confidence: Option<f64>) -> Answer {
        let put = &open.put;
        let template = reference(put);
        let outcome = given.verdict.as_ref().map_or(Outcome::DontKnow, |v| v.class.into());
        let mut answer = Answer::new(template, put.question.seed, outcome, given.ms);
        if let Some(verdict) = &given.verdict {
            answer.code = verdict.code.clone().into_owned();
        }
        answer = answer.within(self.setup.mode, &self.session);
        if let Some(confidence) = confidence {
            answer = answer.confident(confidence);
        }
        if self.state.settings().texts && given.verdict.is_some() {
            answer = answer.typed(&given.text);
        }
        answer.given = put.given.iter().cloned().collect();
        answer.hints = u32::try_from(open.hints).unwrap_or(u32::MAX);
        answer.tries = open.tries.max(1);
        answer.options = put.n_options();
        if self.setup.rated {
            let performance = Performance {
                class: given.verdict.as_ref().map(|v| v.class),
                hints: answer.hints,
                tries: answer.tries,
                ms: given.ms,
                time_s: put.question.template.class.time_s,
                confidence,
            };
            answer = answer.rated(performance.rating());
        }
        answer
    }

    /// Keeps what sources and summaries need of an answer.
    pub(super) fn note(&mut self, open: &Open, given: &Given, answer: &Answer) {
        let right = answer.outcome.is_correct();
        let place = open.put.place;
        self.seen.missed = (!right).then_some(place);
        let family = self.course.catalog.family_of(&answer.code).filter(|_| !right);
        if let Some(family) = family
            && !self.seen.families.contains(&family)
        {
            self.seen.families.push(family);
        }
        let drilled = match &self.setup.source {
            super::Source::Refute { family, .. } => Some(*family),
            _ => None,
        };
        let clean = drilled.is_none() || family != drilled;
        self.seen.clean = if clean { self.seen.clean + 1 } else { 0 };
        match self.course.catalog.item(place) {
            Some(item) if item.parts.is_empty() => {
                self.seen.placement.record(item, answer.score());
            }
            Some(item) => {
                let texts: Vec<&str> = open.answers.iter().map(String::as_str).collect();
                let verdicts = open.put.grade_parts(&self.course, &texts);
                let scores: Vec<f64> = verdicts.iter().map(Verdict::score).collect();
                self.seen.placement.record_parts(item, &scores);
            }
            None => {}
        }
        let mut line = Line::of(&open.put, &given.text, given.ms);
        line.outcome = Some(answer.outcome);
        line.code.clone_from(&answer.code);
        line.confidence = answer.confidence;
        self.lines.push(line);
    }

    /// Replaces the answer just written by one with a lower rating.
    pub(super) fn lower(
        &mut self,
        mut judged: Judged,
        wish: Rating,
        now: Moment,
        journal: &mut dyn Journal,
    ) -> Result<(), SessionError> {
        let Some(rating) = judged.answer.rating else {
            self.say("answers of this session are not scheduled".to_owned());
            return Ok(());
        };
        if rating.lowered(wish) == rating {
            self.say("a rating can be lowered only".to_owned());
            return Ok(());
        }
        // The new answer first: if the second event fails there is one answer too many, never one too few.
        judged.answer.rating = Some(wish);
        let event = self.append(journal, now, judged.answer.clone().into())?;
        let erase = Erase::new(vec![judged.event.id]);
        self.append(journal, now, erase.into())?;
        judged.event = event;
        judged.note = None;
        self.stage = Now::Verdict(Box::new(judged));
        Ok(())
    }
}

//! A text of one's own, marked twice: blind, row by row, then again beside the model answer.
//!
//! Blind marks need words of the text where the row says so. Beside the model answer a mark may be lowered freely; above
//! its blind mark it rises only with new words of the text, so that nobody marks what was meant instead of what was
//! written. Both marks are kept.

use crate::log::{Answer, Erase, Mark, Moment, Note, Outcome, Rubric};
use crate::model::Body;
use crate::variant::{Form, share};

use super::error::SessionError;
use super::journal::Journal;
use super::question::{Put, Step as Part};
use super::runner::{Given, Judged, Now, Open, Runner, reference};

/// Words that a quotation has at least; fewer stand in any text.
const FEWEST: usize = 2;

impl Runner {
    /// A mark for the row that is asked now. A mark above 0 needs a quotation from the learner's own text where the row
    /// says so.
    pub(super) fn mark(
        &mut self,
        mut open: Open,
        mark: u32,
        quote: String,
        now: Moment,
        journal: &mut dyn Journal,
    ) -> Result<(), SessionError> {
        let Some((Part::Mark(row), _)) = open.put.step(open.answers.len()) else { return Ok(()) };
        if mark > 0 && row.quoted && !quotes(written(&open), &quote) {
            let message = format!(
                "a mark above 0 needs the words of your text that earn it, at least {FEWEST}: for example `1 ` and those words"
            );
            open.message = Some(message);
            self.stage = Now::Ask(Box::new(open));
            return Ok(());
        }
        let most = row.levels.len().saturating_sub(1);
        let mark = u8::try_from(mark).unwrap_or(u8::MAX).min(u8::try_from(most).unwrap_or(u8::MAX));
        let quote = (!quote.is_empty()).then_some(quote);
        open.marks.push(Mark { row: row.id.clone(), blind: mark, last: mark, quote });
        open.answers.push(mark.to_string());
        open.anchors = false;
        self.after_step(open, now, journal)
    }

    /// Nothing was written: every row gets 0 without being asked.
    pub(super) fn leave_blank(
        &mut self,
        mut open: Open,
        now: Moment,
        journal: &mut dyn Journal,
    ) -> Result<(), SessionError> {
        open.answers.push(String::new());
        let rows: Vec<String> = open.put.rows().iter().map(|row| row.id.clone()).collect();
        for row in rows {
            open.marks.push(Mark { row, blind: 0, last: 0, quote: None });
            open.answers.push("0".to_owned());
        }
        self.after_step(open, now, journal)
    }

    /// Writes the blind marks of an open question to the journal, then shows the model answer or goes on.
    pub(super) fn record_marks(
        &mut self,
        open: Open,
        ms: u64,
        now: Moment,
        journal: &mut dyn Journal,
    ) -> Result<(), SessionError> {
        let given = Given { text: written(&open).to_owned(), verdict: None, ms };
        let event = self.append(journal, now, self.rubric(&open, &given).into())?;
        let answer = self.as_outcome(&open, ms);
        self.note(&open, &given, &answer);
        let judged = Judged { open, given, answer, note: None, event, stale: None, revised: false };
        self.stage = Now::Verdict(Box::new(judged));
        if !self.setup.reveal {
            self.settle();
            self.advance(now, journal);
        }
        Ok(())
    }

    /// Another mark for a row, beside the model answer. It is written when the learner goes on.
    pub(super) fn revise(&mut self, mut judged: Judged, row: usize, mark: u32, quote: &str) {
        let (n, text) = (judged.open.marks.len(), written(&judged.open).to_owned());
        let most =
            judged.open.put.rows().get(row).map_or(0, |row| row.levels.len().saturating_sub(1));
        let note = match (judged.open.marks.get_mut(row), u8::try_from(mark)) {
            (None, _) => Some(format!("there are {n} rows")),
            (_, Ok(mark)) if usize::from(mark) > most => {
                Some(format!("row {} has marks from 0 to {most}", row + 1))
            }
            (Some(given), Ok(mark)) if mark > given.blind => {
                let old = given.quote.as_deref().unwrap_or_default();
                if folded(quote) == folded(old) || !quotes(&text, quote) {
                    Some(format!(
                        "a mark above your blind one needs new words of your text, at least {FEWEST}: for example `{} {mark} ` and those words",
                        row + 1
                    ))
                } else {
                    given.last = mark;
                    given.quote = Some(quote.to_owned());
                    None
                }
            }
            (Some(given), Ok(mark)) => {
                given.last = mark;
                None
            }
            (Some(_), Err(_)) => Some(format!("row {} has marks from 0 to {most}", row + 1)),
        };
        if note.is_none() {
            judged.revised = true;
            judged.answer = self.as_outcome(&judged.open, judged.given.ms);
            if let Some(line) = self.lines.last_mut() {
                line.outcome = Some(judged.answer.outcome);
            }
            let right = judged.answer.outcome.is_correct();
            self.seen.missed = (!right).then_some(judged.open.put.place);
        }
        judged.note = note;
        self.stage = Now::Verdict(Box::new(judged));
    }

    /// Writes marks that were changed beside the model answer, in place of the blind ones.
    pub(super) fn keep_marks(
        &mut self,
        now: Moment,
        journal: &mut dyn Journal,
    ) -> Result<(), SessionError> {
        let Now::Verdict(mut judged) = self.stage.clone() else { return Ok(()) };
        if judged.revised {
            // The new event first: if the second one fails there is one too many, never one too few.
            let rubric = self.rubric(&judged.open, &judged.given);
            let event = self.append(journal, now, rubric.into())?;
            judged.stale = Some(judged.event.id);
            judged.event = event;
            judged.revised = false;
            self.stage = Now::Verdict(judged.clone());
        }
        if let Some(old) = judged.stale {
            self.append(journal, now, Erase::new(vec![old]).into())?;
            judged.stale = None;
            self.stage = Now::Verdict(judged);
        }
        Ok(())
    }

    /// Keeps a text whose marks were not all given, as a note.
    pub(super) fn keep_text(
        &self,
        open: &Open,
        now: Moment,
        journal: &mut dyn Journal,
    ) -> Result<(), SessionError> {
        let text = written(open);
        if text.is_empty() || !self.state.settings().texts {
            return Ok(());
        }
        let mut note = Note::new(text.to_owned());
        note.template = Some(reference(&open.put));
        note.seed = Some(open.put.question.seed);
        self.append(journal, now, note.into()).map(drop)
    }

    fn rubric(&self, open: &Open, given: &Given) -> Rubric {
        let (template, seed) = (reference(&open.put), open.put.question.seed);
        let score = self.score(open);
        let mut rubric = Rubric::new(template, seed, open.marks.clone(), score);
        rubric.ms = given.ms;
        rubric.mode = Some(self.setup.mode);
        rubric.session = Some(self.session.clone());
        rubric.text = self.state.settings().texts.then(|| given.text.clone());
        rubric
    }

    /// Returns the score by the marks as they are now.
    pub(super) fn score(&self, open: &Open) -> f64 {
        let put = &open.put;
        let figures = put.question.numbers().len();
        let texts: Vec<&str> = open.answers.iter().take(figures).map(String::as_str).collect();
        let verdicts = put.grade_parts(&self.course, &texts);
        match (&put.question.form, &put.question.template.body) {
            (Form::Open(essay), Body::Open(body)) => essay.score(body, &marks(open), &verdicts),
            _ => 0.0,
        }
    }

    /// Returns whether the marks alone would give more than the score.
    pub(super) fn is_capped(&self, open: &Open) -> bool {
        share(open.put.rows(), &marks(open)) > self.score(open)
    }

    /// For lines and views an open question has the outcome that its score amounts to.
    fn as_outcome(&self, open: &Open, ms: u64) -> Answer {
        let outcome = match self.score(open) {
            _ if written(open).is_empty() => Outcome::DontKnow,
            s if s >= 0.75 => Outcome::Correct,
            s if s >= 0.5 => Outcome::Close,
            _ => Outcome::Incorrect,
        };
        Answer::new(reference(&open.put), open.put.question.seed, outcome, ms)
    }
}

fn marks(open: &Open) -> Vec<u32> {
    open.marks.iter().map(|m| u32::from(m.last)).collect()
}

/// The learner's text; empty until it is written.
pub(super) fn written(open: &Open) -> &str {
    if !has_text(&open.put) {
        return "";
    }
    open.answers.get(open.put.question.numbers().len()).map_or("", String::as_str)
}

fn has_text(put: &Put) -> bool {
    matches!(put.question.form, Form::Open(_))
}

/// Whether words stand in a text in this order, side by side and whole. Case, spaces and what is not a letter or digit
/// do not count: nobody should fail for a comma. A text shorter than [`FEWEST`] words may be quoted whole.
fn quotes(text: &str, quote: &str) -> bool {
    let (text, quote) = (folded(text), folded(quote));
    let enough = quote.len() >= FEWEST.min(text.len()).max(1);
    enough && text.windows(quote.len()).any(|words| words == quote)
}

/// The words of a text in lower case, without the signs around them.
fn folded(text: &str) -> Vec<String> {
    let words = text.split_whitespace().map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()));
    words.filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_are_whole_words_of_the_text() {
        let text = "Decoding streams 14 GB of weights,\nso it is bound by memory.";
        for good in
            ["bound by memory", "Bound by  MEMORY", "14 GB", "weights so it", "\"of weights\""]
        {
            assert!(quotes(text, good), "{good}");
        }
        for bad in ["", "memory", "ound by memory", "bound memory", "by memory bandwidth", ". ,"] {
            assert!(!quotes(text, bad), "{bad}");
        }
        assert!(quotes("No.", "no") && !quotes("", "") && !quotes("", "a b"));
    }
}

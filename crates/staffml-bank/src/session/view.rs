//! What a front end draws.
//!
//! A [`View`] is data without layout: texts, numbers and what may be typed next. It serializes to the JSON that
//! `--json` and the local web page use.

use serde::Serialize;

use crate::log::{Mode, Outcome};
use crate::model::Topic;
use crate::model::taxonomy::{Area, Level};
use crate::sched::Rating;

/// What to draw now.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct View {
    /// The kind of session.
    pub mode: Mode,
    /// Its title; `session` in JSON, where the fields of the stage stand beside it and a question has a title of its own.
    #[serde(rename = "session")]
    pub title: String,
    /// How far it is.
    pub progress: Progress,
    /// What happens now.
    #[serde(flatten)]
    pub stage: Stage,
}

/// How far a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Progress {
    /// Number of the question, from 1.
    pub number: u32,
    /// Questions of the session, where that is known.
    pub of: Option<u32>,
    /// Right answers so far; absent where nothing is revealed before the end.
    pub right: Option<u32>,
    /// Seconds left, where the session is timed.
    pub seconds_left: Option<u32>,
    /// Whether this question has had its share of the time.
    pub over_its_share: bool,
}

/// What happens now.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "stage", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stage {
    /// A question waits for its answer.
    Ask(Box<Ask>),
    /// The answer is in; how sure is the learner?
    Confidence(Box<Sure>),
    /// The verdict.
    Feedback(Box<Feedback>),
    /// The session is over.
    Done(Box<Summary>),
}

/// A question that waits for its answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Ask {
    /// Identifier of the template.
    pub id: String,
    /// Title of the template.
    pub title: String,
    /// Seed of the variant.
    pub seed: u64,
    /// Level.
    pub level: Level,
    /// Area.
    pub area: Area,
    /// Topic.
    pub topic: Topic,
    /// Expected answer time in seconds.
    pub time_s: u32,
    /// The question.
    pub stem: String,
    /// The part of it that is asked now, where it has several.
    pub part: Option<PartOf>,
    /// How it is answered.
    pub form: Form,
    /// Hints shown so far.
    pub hints: Vec<String>,
    /// Hints not shown yet.
    pub hints_left: u32,
    /// Why the last input was not taken as an answer, or what the calculator says.
    pub message: Option<String>,
    /// Whether the calculator may be used.
    pub calculator: bool,
    /// Whether the template was changed since it was last answered.
    pub changed: bool,
}

/// One part of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PartOf {
    /// Its number, from 1.
    pub number: u32,
    /// How many there are.
    pub of: u32,
    /// What it asks.
    pub ask: String,
    /// The answers to the parts before it.
    pub before: Vec<String>,
}

/// How a question is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "form", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Form {
    /// By a number with its unit.
    Number {
        /// What kind of quantity is wanted, in words.
        wants: String,
    },
    /// By picking one.
    Choice {
        /// The options, in their order.
        options: Vec<String>,
    },
    /// By turning a card, then saying whether it was known.
    Card {
        /// The back; absent until the card is turned.
        back: Option<String>,
    },
    /// By a text of the learner's own.
    Text,
    /// By marking that text.
    Mark {
        /// What earns each mark, from 0 up.
        levels: Vec<String>,
        /// An example of each; empty until the learner asks for them.
        anchors: Vec<String>,
        /// Whether a mark above 0 needs a sentence of the text.
        quoted: bool,
    },
}

/// An answer that waits for its confidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Sure {
    /// The question.
    pub question: Ask,
    /// The answer as typed.
    pub answer: String,
    /// The words to choose from, least sure first; the first is chosen by 1.
    pub choices: Vec<String>,
    /// Why the last input was not taken.
    pub message: Option<String>,
}

/// The verdict on an answer, and what follows from it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Feedback {
    /// The question.
    pub question: Ask,
    /// The answer as typed; empty for "don't know".
    pub answer: String,
    /// How it was judged.
    pub outcome: Outcome,
    /// What exactly: the id of a misconception, a code, or nothing.
    pub code: String,
    /// One sentence for the learner.
    pub message: String,
    /// The right answer.
    pub right_answer: String,
    /// The verdicts on its parts, where it has several.
    pub parts: Vec<PartVerdict>,
    /// The marks of the learner's own text, row by row; they may still be changed.
    pub marks: Vec<Marked>,
    /// Whether marks were changed since the model answer was shown.
    pub revised: bool,
    /// The share of the full score that the marks give, 0 to 1; absent where nothing was marked.
    pub share: Option<f64>,
    /// Where a recognized wrong answer left the path.
    pub diagnosis: Option<Parting>,
    /// The worked solution, plain text.
    pub solution: String,
    /// The one idea to keep.
    pub takeaway: String,
    /// What the scheduler was told; absent where the session does not schedule.
    pub rating: Option<Rating>,
    /// Study days until the template comes back; absent where the session does not schedule.
    pub due_in_days: Option<u32>,
    /// Why the last input did nothing.
    pub note: Option<String>,
}

/// The verdict on one part of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PartVerdict {
    /// What it asked.
    pub ask: String,
    /// The answer as typed.
    pub answer: String,
    /// How it was judged; absent for texts and marks.
    pub outcome: Option<Outcome>,
    /// One sentence for the learner.
    pub message: String,
    /// The right answer.
    pub right_answer: String,
}

/// One row of a rubric, marked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Marked {
    /// What to look for.
    pub ask: String,
    /// What earns each mark, from 0 up.
    pub levels: Vec<String>,
    /// The mark given before the model answer was shown.
    pub blind: u8,
    /// The mark as it is now.
    pub mark: u8,
    /// The words of the text that earn it.
    pub quote: Option<String>,
}

/// Where a recognized wrong answer left the path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Parting {
    /// The first step that differs, as it is.
    pub right: Option<String>,
    /// The same step as the learner took it.
    pub wrong: Option<String>,
    /// What to do next time.
    pub remedy: String,
}

/// One answer in a summary.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Line {
    /// Identifier of the template.
    pub id: String,
    /// Title of the template.
    pub title: String,
    /// Seed of the variant.
    pub seed: u64,
    /// Area.
    pub area: Area,
    /// Level.
    pub level: Level,
    /// How it was judged; absent if it was skipped or time ran out.
    pub outcome: Option<Outcome>,
    /// The id of a misconception, a code, or nothing.
    pub code: String,
    /// The answer as typed.
    pub answer: String,
    /// The right answer.
    pub right_answer: String,
    /// Seconds taken.
    pub seconds: f64,
    /// Expected seconds.
    pub time_s: u32,
    /// Stated confidence.
    pub confidence: Option<f64>,
}

impl Line {
    /// Returns the line of a variant that has no verdict yet.
    pub(super) fn of(put: &super::question::Put, answer: &str, ms: u64) -> Self {
        let template = &put.question.template;
        let class = &template.class;
        Self {
            id: template.id().to_owned(),
            title: template.head.title.clone(),
            seed: put.question.seed,
            area: class.area,
            level: class.level,
            outcome: None,
            code: String::new(),
            answer: answer.to_owned(),
            right_answer: put.right_answer(),
            seconds: ms as f64 / 1000.0,
            time_s: class.time_s,
            confidence: None,
        }
    }
}

/// The end of a session.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// How it ended.
    pub why: Ending,
    /// One sentence on why nothing more is asked, where there is something to say.
    pub message: Option<String>,
    /// Its questions.
    pub lines: Vec<Line>,
    /// Graded answers.
    pub answered: u32,
    /// Right answers.
    pub right: u32,
    /// Sum of scores over graded answers: a close answer counts half.
    pub score: f64,
    /// Questions passed over.
    pub skipped: u32,
    /// Questions left when time was over.
    pub timed_out: u32,
    /// Skill over all areas before and after.
    pub skill: (f64, f64),
    /// Standard error of the skill, by what the answers of this session and the prior tell.
    pub skill_error: f64,
    /// Shares of the full score of earlier sessions of the same preset, oldest first.
    pub earlier: Vec<f64>,
    /// Brier score of the stated confidences; 0 is best.
    pub brier: Option<f64>,
    /// Families of misconceptions shown, with how often.
    pub families: Vec<(String, u32)>,
    /// Result of a placement.
    pub placed: Option<crate::sched::Placed>,
    /// Commands that lead on, most useful first.
    pub next: Vec<String>,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Ending {
    /// All questions were asked.
    Finished,
    /// Time was over.
    Time,
    /// The learner left.
    Left,
}

impl Ending {
    /// Returns the word in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Time => "time",
            Self::Left => "left",
        }
    }
}

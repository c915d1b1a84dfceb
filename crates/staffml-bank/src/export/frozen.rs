//! Questions with fixed numbers.

use serde::Serialize;

use crate::bank::Bank;
use crate::error::Result;
use crate::grade::Tolerance;
use crate::oracle::Oracle;
use crate::variant::{Draw, Instance, Style, rng};

/// A question with fixed numbers: everything another program needs, as text and plain numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Frozen {
    /// The template.
    pub id: String,
    /// Its major version.
    pub major: u32,
    /// The seed of the variant.
    pub seed: u64,
    /// Its title.
    pub title: String,
    /// Area, topic, level, tracks: words for tags.
    pub tags: Vec<String>,
    /// The license of its text.
    pub license: String,
    /// The question.
    pub stem: String,
    /// The right value, in `unit`.
    pub value: f64,
    /// The unit of the answer; empty for pure numbers.
    pub unit: String,
    /// Least and greatest value that is right, in `unit`.
    pub accepted: (f64, f64),
    /// The right answer as text.
    pub display: String,
    /// Recognized wrong values.
    pub wrong: Vec<WrongValue>,
    /// The question as a choice, where there are enough wrong values.
    pub choice: Option<Vec<Choice>>,
    /// The worked solution.
    pub solution: String,
    /// The worked solution in Markdown.
    pub solution_markdown: String,
    /// The one idea to keep.
    pub takeaway: String,
    /// Expected answer time in seconds.
    pub time_s: u32,
}

/// A recognized wrong value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WrongValue {
    /// The misconception.
    pub id: String,
    /// Its value.
    pub value: f64,
    /// Least and greatest value taken for it.
    pub accepted: (f64, f64),
    /// What to tell the learner.
    pub say: String,
}

/// One option of a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Choice {
    /// The option.
    pub text: String,
    /// Whether it is right.
    pub is_right: bool,
    /// What to tell a learner who takes it.
    pub say: String,
}

/// Fewest wrong options of a choice.
const LEAST_WRONG: usize = 2;

impl Frozen {
    /// Returns a variant as a frozen question.
    #[must_use]
    pub fn of(instance: &Instance) -> Self {
        let (head, class, key) = (&instance.template.head, &instance.template.class, &instance.key);
        let wrong: Vec<WrongValue> = instance
            .wrong
            .iter()
            .map(|turn| WrongValue {
                id: turn.id.clone(),
                value: turn.value,
                accepted: accepted(key.tolerance, turn.value),
                say: turn.say.clone(),
            })
            .collect();
        let mut tags =
            vec![class.area.to_string(), class.topic.to_string(), class.level.to_string()];
        tags.extend(class.tracks.iter().map(ToString::to_string));
        Self {
            id: head.id.clone(),
            major: head.version.major,
            seed: instance.seed,
            title: head.title.clone(),
            tags,
            license: head.license.clone(),
            stem: instance.stem.trim().to_owned(),
            value: key.value,
            unit: key.unit.text().to_owned(),
            accepted: accepted(key.tolerance, key.value),
            display: key.display(),
            choice: options(instance),
            wrong,
            solution: instance.solution(Style::Plain),
            solution_markdown: instance.solution(Style::Markdown),
            takeaway: instance.template.takeaway.clone(),
            time_s: class.time_s,
        }
    }

    /// Returns what names the variant: `w02-flash-for-weights@1 seed 42`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{} seed {}", self.id, self.major, self.seed)
    }

    /// Returns the stem with the unit in which other programs expect a bare number.
    #[must_use]
    pub fn stem_with_unit(&self) -> String {
        if self.unit.is_empty() {
            format!("{} Answer with a number.", self.stem)
        } else {
            format!("{} Answer in {}, the number only.", self.stem, self.unit)
        }
    }
}

/// The interval of values within the tolerance of a value.
fn accepted(tolerance: Tolerance, value: f64) -> (f64, f64) {
    match tolerance {
        Tolerance::Within { rel, abs } => {
            let off = (rel * value.abs()).max(abs);
            (value - off, value + off)
        }
        Tolerance::Factor(f) => {
            let (a, b) = (value / f, value * f);
            (a.min(b), a.max(b))
        }
        Tolerance::Exact => (value, value),
    }
}

/// The right value among the wrong ones, all written alike, in an order that follows from the seed.
fn options(instance: &Instance) -> Option<Vec<Choice>> {
    let key = &instance.key;
    let right =
        Choice { text: key.display(), is_right: true, say: instance.template.takeaway.clone() };
    let mut options = vec![right];
    for turn in &instance.wrong {
        let text = key.display_value(turn.value);
        if options.iter().all(|o| o.text != text) {
            options.push(Choice { text, is_right: false, say: turn.say.clone() });
        }
    }
    let head = &instance.template.head;
    rng::stream(&head.id, head.version.major, rng::ORDER, instance.seed, 0).shuffle(&mut options);
    (options.len() > LEAST_WRONG).then_some(options)
}

/// Frozen questions of one bank.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Set {
    /// Title.
    pub title: String,
    /// Name and version of the bank.
    pub bank: String,
    /// The questions.
    pub questions: Vec<Frozen>,
}

impl Set {
    /// Draws variants of templates, one per seed, and keeps them.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTemplate`](crate::Error::UnknownTemplate), or as [`Bank::instantiate`].
    pub fn freeze(
        bank: &Bank,
        oracle: &dyn Oracle,
        ids: &[&str],
        seeds: core::ops::Range<u64>,
    ) -> Result<Self> {
        let mut questions = Vec::new();
        for id in ids {
            for seed in seeds.clone() {
                questions.push(Frozen::of(&bank.instantiate(id, oracle, &Draw::seed(seed))?));
            }
        }
        Ok(Self::of(bank, questions))
    }

    /// Returns questions that are frozen already as a set.
    #[must_use]
    pub fn of(bank: &Bank, questions: Vec<Frozen>) -> Self {
        let bank = format!("{} {}", bank.name, bank.version);
        Self { title: "Machine learning systems".to_owned(), bank, questions }
    }

    /// Returns the set with another title.
    #[must_use]
    pub fn titled(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// Returns the licenses of the questions, each once.
    #[must_use]
    pub fn licenses(&self) -> Vec<&str> {
        let mut licenses: Vec<&str> = self.questions.iter().map(|q| q.license.as_str()).collect();
        licenses.sort_unstable();
        licenses.dedup();
        licenses
    }
}

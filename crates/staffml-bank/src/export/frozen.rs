//! Questions with fixed numbers.

use serde::Serialize;

use crate::bank::Bank;
use crate::error::Result;
use crate::grade::Tolerance;
use crate::oracle::Oracle;
use crate::variant::{Draw, Form, Instance, Menu, Question, Style};

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
    /// The question, or the situation that its parts ask about.
    pub stem: String,
    /// What is asked for: one item, or one for each part.
    pub items: Vec<Item>,
    /// The worked solution.
    pub solution: String,
    /// The worked solution in Markdown.
    pub solution_markdown: String,
    /// The one idea to keep.
    pub takeaway: String,
    /// Expected answer time in seconds.
    pub time_s: u32,
}

/// One answer that is asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Item {
    /// Name of the part; empty where the stem is the question.
    pub part: String,
    /// What is asked; empty where the stem is the question.
    pub ask: String,
    /// What is asked for.
    pub wants: Wants,
}

/// What an [`Item`] asks for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Wants {
    /// A number in a unit.
    Number(Number),
    /// One of several options.
    Choice(Vec<Choice>),
    /// A text; this is a good one.
    Text(String),
}

/// A number asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Number {
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
}

/// A recognized wrong value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WrongValue {
    /// The misconception.
    pub id: String,
    /// Its value.
    pub value: f64,
    /// The value as text.
    pub display: String,
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

impl Frozen {
    /// Returns a variant of any kind as a frozen question.
    #[must_use]
    pub fn of(question: &Question) -> Self {
        let (head, class) = (&question.template.head, &question.template.class);
        let mut tags =
            vec![class.area.to_string(), class.topic.to_string(), class.level.to_string()];
        tags.extend(class.tracks.iter().map(ToString::to_string));
        Self {
            id: head.id.clone(),
            major: head.version.major,
            seed: question.seed,
            title: head.title.clone(),
            tags,
            license: head.license.clone(),
            stem: question.stem.trim().to_owned(),
            items: items(question),
            solution: question.solution(Style::Plain),
            solution_markdown: question.solution(Style::Markdown),
            takeaway: question.template.takeaway.clone(),
            time_s: class.time_s,
        }
    }

    /// Returns a variant with every number as a choice among the right value and the wrong ones.
    #[must_use]
    pub fn as_choices(question: &Question) -> Self {
        let mut frozen = Self::of(question);
        let numbers = question.numbers();
        let asked = frozen.items.iter_mut().filter(|i| matches!(i.wants, Wants::Number(_)));
        for (item, number) in asked.zip(numbers) {
            item.wants = options(&number.menu(), &frozen.takeaway);
        }
        frozen
    }

    /// Returns what names the variant: `w02-flash-for-weights@1 seed 42`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{} seed {}", self.id, self.major, self.seed)
    }

    /// Returns what names an item of the variant: the variant itself where there is only one.
    #[must_use]
    pub fn item_name(&self, item: &Item) -> String {
        let name = self.name();
        if item.part.is_empty() { name } else { format!("{name} {}", item.part) }
    }

    /// Returns the text of an item for programs that show one item at a time: the situation and what is asked.
    #[must_use]
    pub fn text(&self, item: &Item) -> String {
        if item.ask.is_empty() {
            self.stem.clone()
        } else {
            format!("{}\n\n{}", self.stem, item.ask)
        }
    }

    /// Returns the text of an item with the unit in which programs without units expect a bare number.
    #[must_use]
    pub fn text_with_unit(&self, item: &Item) -> String {
        let text = self.text(item);
        match &item.wants {
            Wants::Number(number) if number.unit.is_empty() => {
                format!("{text} Answer with a number.")
            }
            Wants::Number(number) => format!("{text} Answer in {}, the number only.", number.unit),
            _ => text,
        }
    }
}

impl Item {
    /// Returns the right answer as one line of text, with the letter of an option before it.
    #[must_use]
    pub fn right(&self) -> String {
        match &self.wants {
            Wants::Number(number) => number.display.clone(),
            Wants::Choice(options) => {
                let right = options.iter().position(|o| o.is_right).unwrap_or(0);
                let text = options.get(right).map_or("", |o| o.text.as_str());
                format!("{}: {text}", Menu::letter(right))
            }
            Wants::Text(text) => text.split_whitespace().collect::<Vec<&str>>().join(" "),
        }
    }

    /// Returns wrong answers as text, each with what to tell the learner.
    #[must_use]
    pub fn wrong(&self) -> Vec<(String, &str)> {
        match &self.wants {
            Wants::Number(number) => {
                number.wrong.iter().map(|w| (w.display.clone(), w.say.as_str())).collect()
            }
            Wants::Choice(options) => options
                .iter()
                .enumerate()
                .filter(|(_, o)| !o.is_right)
                .map(|(i, o)| (Menu::letter(i).to_string(), o.say.as_str()))
                .collect(),
            Wants::Text(_) => Vec::new(),
        }
    }
}

/// What a question asks for, one after the other.
fn items(question: &Question) -> Vec<Item> {
    let whole = |wants| Item { part: String::new(), ask: String::new(), wants };
    let part = |number: &Instance| Item {
        part: number.part.clone(),
        ask: number.stem.trim().to_owned(),
        wants: Wants::Number(self::number(number)),
    };
    let takeaway = &question.template.takeaway;
    match &question.form {
        Form::Numeric(instance) => vec![whole(Wants::Number(number(instance)))],
        Form::Choice(menu, _) => vec![whole(options(menu, takeaway))],
        Form::Recall(back) => vec![whole(Wants::Text(back.trim().to_owned()))],
        Form::Multi(parts) => {
            let mut items: Vec<Item> = parts.numbers.iter().map(part).collect();
            items.extend(parts.decision.as_ref().map(|decision| Item {
                part: "decision".to_owned(),
                ask: decision.ask.trim().to_owned(),
                wants: options(&decision.menu, takeaway),
            }));
            items
        }
        Form::Open(essay) => {
            let mut items: Vec<Item> = essay.numbers.iter().map(part).collect();
            let wants = Wants::Text(essay.model_answer.trim().to_owned());
            let ask = if items.is_empty() { "" } else { "Your answer, with these figures." };
            items.push(Item { part: "text".to_owned(), ask: ask.to_owned(), wants });
            items
        }
    }
}

fn number(instance: &Instance) -> Number {
    let key = &instance.key;
    let wrong = instance.wrong.iter().map(|turn| WrongValue {
        id: turn.id.clone(),
        value: turn.value,
        display: key.display_value(turn.value),
        accepted: accepted(key.tolerance, turn.value),
        say: turn.say.clone(),
    });
    Number {
        value: key.value,
        unit: key.unit.text().to_owned(),
        accepted: accepted(key.tolerance, key.value),
        display: key.display(),
        wrong: wrong.collect(),
    }
}

/// Options as shown; the right one has nothing of its own to say where it is a number.
fn options(menu: &Menu, takeaway: &str) -> Wants {
    let right = menu.right();
    let option = |(i, option): (usize, &crate::variant::MenuOption)| Choice {
        text: option.text.trim().to_owned(),
        is_right: i == right,
        say: if option.say.is_empty() { takeaway.to_owned() } else { option.say.clone() },
    };
    Wants::Choice(menu.options.iter().enumerate().map(option).collect())
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
    /// [`Error::UnknownTemplate`](crate::Error::UnknownTemplate), or as [`Bank::question`].
    pub fn freeze(
        bank: &Bank,
        oracle: &dyn Oracle,
        ids: &[&str],
        seeds: core::ops::Range<u64>,
    ) -> Result<Self> {
        freeze(bank, oracle, ids, seeds, Frozen::of)
    }

    /// Draws variants as [`Set::freeze`] does, with every number as a choice.
    ///
    /// # Errors
    ///
    /// As [`Set::freeze`].
    pub fn freeze_choices(
        bank: &Bank,
        oracle: &dyn Oracle,
        ids: &[&str],
        seeds: core::ops::Range<u64>,
    ) -> Result<Self> {
        freeze(bank, oracle, ids, seeds, Frozen::as_choices)
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

    /// Returns every item with its question.
    pub fn items(&self) -> impl Iterator<Item = (&Frozen, &Item)> {
        self.questions.iter().flat_map(|q| q.items.iter().map(move |item| (q, item)))
    }
}

fn freeze(
    bank: &Bank,
    oracle: &dyn Oracle,
    ids: &[&str],
    seeds: core::ops::Range<u64>,
    keep: impl Fn(&Question) -> Frozen,
) -> Result<Set> {
    let mut questions = Vec::new();
    for id in ids {
        for seed in seeds.clone() {
            questions.push(keep(&bank.question(id, oracle, &Draw::seed(seed))?));
        }
    }
    Ok(Set::of(bank, questions))
}

//! A question as it is put: one step after the other, each a number, an option, a card, a text or a mark.

use crate::grade::{Class, Verdict};
use crate::model::{Body, Row};
use crate::variant::rng::{ORDER, stream};
use crate::variant::{Draw, Form, Instance, Menu, MenuOption, Question};

use super::course::Course;

/// A question as it is put.
#[derive(Debug, Clone)]
pub(crate) struct Put {
    /// Place of the item in the catalog.
    pub(crate) place: usize,
    pub(crate) question: Question,
    /// Values given instead of drawn.
    pub(crate) given: Vec<(String, String)>,
    /// The options, where a number is put as a choice.
    menu: Option<Menu>,
}

/// One thing to answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'a> {
    Number(&'a Instance),
    Menu(&'a Menu),
    Card(&'a str),
    Text,
    Mark(&'a Row),
}

impl Put {
    /// Makes a variant. With `as_choice` a number is put as a choice; `family` names misconceptions that must then be
    /// among the options if they can.
    pub(crate) fn make(
        course: &Course,
        place: usize,
        seed: u64,
        given: &[(String, String)],
        as_choice: bool,
        family: Option<usize>,
    ) -> crate::Result<Self> {
        let id = course.catalog.item(place).map_or("", |item| item.id.as_str());
        let draw =
            given.iter().fold(Draw::seed(seed), |draw, (name, value)| match value.parse::<f64>() {
                Ok(number) => draw.number(name, number),
                Err(_) => draw.text(name, value),
            });
        let question = course.bank.question(id, course.oracle.as_ref(), &draw)?;
        let menu = match &question.form {
            Form::Numeric(instance) if as_choice => Some(menu(course, instance, family)),
            _ => None,
        };
        Ok(Self { place, question, given: given.to_vec(), menu })
    }

    pub(crate) fn id(&self) -> &str {
        self.question.template.id()
    }

    pub(crate) fn n_steps(&self) -> usize {
        match &self.question.form {
            Form::Multi(parts) => parts.numbers.len() + usize::from(parts.decision.is_some()),
            Form::Open(essay) => essay.numbers.len() + 1 + self.rows().len(),
            _ => 1,
        }
    }

    /// Returns a step and what it asks; nothing beyond the stem for questions of one step.
    pub(crate) fn step(&self, i: usize) -> Option<(Step<'_>, Option<&str>)> {
        match &self.question.form {
            _ if i >= self.n_steps() => None,
            Form::Numeric(instance) => Some(match &self.menu {
                Some(menu) => (Step::Menu(menu), None),
                None => (Step::Number(instance), None),
            }),
            Form::Choice(menu, _) => Some((Step::Menu(menu), None)),
            Form::Recall(back) => Some((Step::Card(back), None)),
            Form::Multi(parts) => match parts.numbers.get(i) {
                Some(number) => Some((Step::Number(number), Some(&number.stem))),
                None => {
                    let ranking = parts.decision.as_ref()?;
                    Some((Step::Menu(&ranking.menu), Some(&ranking.ask)))
                }
            },
            Form::Open(essay) => match essay.numbers.get(i) {
                Some(number) => Some((Step::Number(number), Some(&number.stem))),
                None => match (i - essay.numbers.len()).checked_sub(1) {
                    None => Some((Step::Text, Some("Now write your answer, in one paragraph."))),
                    Some(row) => {
                        let row = self.rows().get(row)?;
                        Some((Step::Mark(row), Some(&row.ask)))
                    }
                },
            },
        }
    }

    /// The rows of the rubric of an open question.
    pub(crate) fn rows(&self) -> &[Row] {
        match &self.question.template.body {
            Body::Open(open) => &open.rows,
            _ => &[],
        }
    }

    /// Returns the verdict on the answer to a step, given the answers before it; `None` for texts and marks.
    pub(crate) fn grade(&self, course: &Course, before: &[String], text: &str) -> Option<Verdict> {
        let (step, _) = self.step(before.len())?;
        match (&self.question.form, step) {
            (Form::Multi(_) | Form::Open(_), Step::Number(_) | Step::Menu(_)) => {
                let answers: Vec<&str> = before.iter().map(String::as_str).chain([text]).collect();
                self.grade_parts(course, &answers).pop()
            }
            (_, Step::Menu(menu)) => Some(menu.grade(text)),
            (_, Step::Number(_) | Step::Card(_)) => self.question.grade(text),
            _ => None,
        }
    }

    /// Returns the verdicts on the answers to the steps that have verdicts.
    pub(crate) fn grade_parts(&self, course: &Course, answers: &[&str]) -> Vec<Verdict> {
        match &self.question.form {
            Form::Multi(parts) => parts.grade(course.oracle.as_ref(), answers),
            Form::Open(essay) => essay.grade(course.oracle.as_ref(), answers),
            _ => Vec::new(),
        }
    }

    /// Returns one verdict for a question of several parts: right if all are, close if half of the score is reached,
    /// else that of the first part that is not right. The code is that of the first wrong turn.
    pub(crate) fn overall(&self, course: &Course, answers: &[String]) -> Option<Verdict> {
        let texts: Vec<&str> = answers.iter().map(String::as_str).collect();
        let verdicts = self.grade_parts(course, &texts);
        let Form::Multi(parts) = &self.question.form else { return None };
        let wrong = verdicts.iter().find(|v| !v.is_correct());
        let Some(wrong) = wrong else { return verdicts.into_iter().last() };
        let turn = verdicts.iter().find(|v| v.class == Class::Misconception).unwrap_or(wrong);
        let mut out = turn.clone();
        let right = verdicts.iter().filter(|v| v.is_correct()).count();
        out.message = format!("{right} of {} parts right; {}", verdicts.len(), turn.message);
        if parts.score(&verdicts) >= 0.5 {
            out.class = Class::Close;
        } else if out.class == Class::Unparsable {
            // A part that was left out is not known, however the others went.
            out.class = Class::Incorrect;
            out.code = "".into();
        }
        Some(out)
    }

    /// Returns the right answer to a step, as text.
    pub(crate) fn right(&self, i: usize) -> String {
        match self.step(i) {
            Some((Step::Number(instance), _)) => instance.key.display(),
            Some((Step::Menu(menu), _)) => {
                menu.options.get(menu.right()).map_or_else(String::new, |o| o.text.clone())
            }
            Some((Step::Card(back), _)) => back.to_owned(),
            _ => String::new(),
        }
    }

    /// Returns the right answers to all steps that have one.
    pub(crate) fn right_answer(&self) -> String {
        let all: Vec<String> =
            (0..self.n_steps()).map(|i| self.right(i)).filter(|t| !t.is_empty()).collect();
        all.join("; ")
    }

    /// Returns how many options the question has, where it is a single choice.
    pub(crate) fn n_options(&self) -> Option<u32> {
        match self.step(0) {
            Some((Step::Menu(menu), None)) => u32::try_from(menu.options.len()).ok(),
            _ => None,
        }
    }

    /// Returns what a wrong turn leads to, for wherever in the question it is recognized.
    pub(crate) fn turn(&self, code: &str) -> Option<&Instance> {
        self.question.numbers().into_iter().find(|n| n.wrong.iter().any(|w| w.id == code))
    }
}

/// Returns what kind of quantity is wanted, in words, without a unit that would give the scale away.
pub(crate) fn wants(instance: &Instance) -> String {
    let unit = &instance.key.unit;
    let (dim, nouns) = (unit.dim(), unit.nouns());
    match (dim.is_none(), nouns.is_none()) {
        (true, true) => "a plain number, or a share in %".to_owned(),
        (true, false) => format!("a number of {nouns}"),
        _ => dim.wanted(),
    }
}

/// The menu of a number, with a wrong turn of the family among its options if one survives.
fn menu(course: &Course, instance: &Instance, family: Option<usize>) -> Menu {
    let mut menu = instance.menu();
    let Some(family) = family else { return menu };
    let is_of = |id: &str| course.catalog.family_of(id) == Some(family);
    if menu.options.iter().any(|o| is_of(&o.misconception)) {
        return menu;
    }
    let Some(turn) = instance.wrong.iter().find(|w| is_of(&w.id)) else { return menu };
    let text = instance.key.display_value(turn.value);
    let taken = menu.options.iter().any(|o| o.text == text);
    let head = &instance.template.head;
    let mut rng = stream(&head.id, head.version.major, ORDER, instance.seed, u32::MAX);
    let mut wrong: Vec<&mut MenuOption> =
        menu.options.iter_mut().filter(|o| !o.misconception.is_empty()).collect();
    let place = usize::try_from(rng.below(wrong.len() as u64)).unwrap_or(0);
    if let Some(option) = wrong.get_mut(place).filter(|_| !taken) {
        option.text = text;
        option.misconception.clone_from(&turn.id);
        option.say.clone_from(&turn.say);
        option.remedy.clone_from(&turn.remedy);
    }
    menu
}

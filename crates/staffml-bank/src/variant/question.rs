//! A question of any kind with its numbers.

use std::sync::Arc;

use super::draw::{Draw, values};
use super::essay::Essay;
use super::evaluate::{Ask, Frame, evaluate};
use super::instance::Instance;
use super::menu::{Menu, MenuOption};
use super::parts::{Parts, all_parts, decide};
use super::solution::Style;
use super::value::{ParamValue, print};
use crate::error::{Error, Result};
use crate::grade::{Class, Verdict};
use crate::model::{Alternative, Body, Template};
use crate::oracle::Oracle;

/// Refused draws before giving up.
const ATTEMPTS: u32 = 200;

/// A question of any kind with its numbers, its key and its solution.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Question {
    /// The template it is a variant of.
    pub template: Arc<Template>,
    /// The seed it was drawn from.
    pub seed: u64,
    /// How many draws were refused before this one.
    pub attempt: u32,
    /// The value of each parameter, then of hidden constants.
    pub params: Vec<(String, ParamValue)>,
    /// The question, or the situation that its parts ask about, or the front of a card.
    pub stem: String,
    /// What is asked for.
    pub form: Form,
}

/// What a [`Question`] asks for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Form {
    /// A number with a unit.
    Numeric(Box<Instance>),
    /// One of several options. Where they are numbers, the instance tells how they come about.
    Choice(Menu, Option<Box<Instance>>),
    /// The back of a card; the learner says whether it was known.
    Recall(String),
    /// Several numbers and possibly a decision.
    Multi(Box<Parts>),
    /// A text, held against a rubric.
    Open(Box<Essay>),
}

/// Returns a variant of a template of any kind.
///
/// If values are drawn, draws that fail a condition of the template, or leave too few recognizable wrong answers, are
/// repeated. If all values are given, they are taken as they are; only the conditions without which the question makes
/// no sense must hold.
///
/// # Errors
///
/// - [`Error::UnknownParam`], [`Error::BadValue`] for given values.
/// - [`Error::Require`] if given values fail a condition, [`Error::Exhausted`] if 200 draws do.
/// - [`Error::Expr`], [`Error::Oracle`] if the template cannot be evaluated.
pub fn question(template: &Arc<Template>, oracle: &dyn Oracle, draw: &Draw) -> Result<Question> {
    draw.fits(template)?;
    if draw.covers(template) {
        return attempt(template, oracle, draw, 0);
    }
    let mut why = String::new();
    for n in 0..ATTEMPTS {
        match attempt(template, oracle, draw, n) {
            Ok(question) => match question.lacks() {
                None => return Ok(question),
                Some(lack) => why = lack,
            },
            Err(error @ Error::Require { .. }) => why = error.to_string(),
            Err(error) => return Err(error),
        }
    }
    let template = template.id().to_owned();
    Err(Error::Exhausted { template, seed: draw.the_seed(), attempts: ATTEMPTS, why })
}

/// Returns a variant of a template that asks for one number.
///
/// # Errors
///
/// [`Error::NoNumber`] for a template of another kind, otherwise as [`question`].
pub fn instantiate(template: &Arc<Template>, oracle: &dyn Oracle, draw: &Draw) -> Result<Instance> {
    let none = || Error::NoNumber {
        template: template.id().to_owned(),
        kind: template.head.kind.name().to_owned(),
    };
    if template.computed().is_none() {
        return Err(none());
    }
    match question(template, oracle, draw)?.form {
        Form::Numeric(instance) | Form::Choice(_, Some(instance)) => Ok(*instance),
        _ => Err(none()),
    }
}

/// Draws once, whatever the number of recognizable wrong answers.
pub(crate) fn attempt(
    template: &Arc<Template>,
    oracle: &dyn Oracle,
    draw: &Draw,
    attempt: u32,
) -> Result<Question> {
    let params = values(template, oracle, draw, attempt)?;
    let frame = Frame { template, oracle, seed: draw.the_seed(), attempt };
    let fill = |name: &str, spec: &str| print(&params, name, spec);
    let wording = template.stem_for(draw.the_track());
    let form = match &template.body {
        Body::Numeric(computed) => {
            let ask = Ask { part: "", stem: wording, computed };
            Form::Numeric(Box::new(evaluate(frame, ask, params.clone())?))
        }
        Body::Choice(computed) => {
            let ask = Ask { part: "", stem: wording, computed };
            let instance = evaluate(frame, ask, params.clone())?;
            Form::Choice(instance.menu(), Some(Box::new(instance)))
        }
        Body::Concept(options) => {
            let mut options: Vec<&Alternative> = options.iter().collect();
            options.sort_by_key(|o| o.wrong.is_some());
            let option = |o: &Alternative| MenuOption {
                text: o.text.fill(&fill),
                misconception: o.wrong.as_ref().map_or_else(String::new, |w| w.id.clone()),
                say: o.say.fill(&fill),
                remedy: o.wrong.as_ref().map_or_else(String::new, |w| w.family.remedy.clone()),
            };
            let options = options.into_iter().map(option).collect();
            Form::Choice(Menu::shuffled(options, template, frame.seed, attempt), None)
        }
        Body::Recall(back) => Form::Recall(back.fill(&fill)),
        Body::Multi(multi) => {
            let (parts, values) = all_parts(frame, &multi.parts, params.clone())?;
            let decision = match &multi.decision {
                Some(decision) => Some(decide(frame, decision, &values)?),
                None => None,
            };
            Form::Multi(Box::new(Parts { numbers: parts, decision }))
        }
        Body::Open(open) => {
            let (numbers, values) = all_parts(frame, &open.parts, params.clone())?;
            let model_answer = open.model_answer.fill(&|name, spec| print(&values, name, spec));
            Form::Open(Box::new(Essay { numbers, model_answer }))
        }
    };
    let stem = wording.fill(&fill);
    let (template, seed) = (Arc::clone(template), frame.seed);
    Ok(Question { template, seed, attempt, params, stem, form })
}

impl Question {
    /// Returns why a draw is not good enough to be asked.
    pub(crate) fn lacks(&self) -> Option<String> {
        let few = |instance: &Instance, least: usize| {
            let n = instance.wrong.len();
            (n < least).then(|| format!("{n} recognizable wrong answers {}", instance.part))
        };
        let lack = match &self.form {
            Form::Numeric(instance) | Form::Choice(_, Some(instance)) => few(instance, 2),
            Form::Multi(parts) => parts.numbers.iter().find_map(|n| few(n, 1)),
            _ => None,
        };
        lack.map(|text| text.trim_end().to_owned())
    }

    /// Returns every number asked for, in order.
    #[must_use]
    pub fn numbers(&self) -> Vec<&Instance> {
        match &self.form {
            Form::Numeric(instance) | Form::Choice(_, Some(instance)) => vec![instance],
            Form::Choice(_, None) | Form::Recall(_) => Vec::new(),
            Form::Multi(parts) => parts.numbers.iter().collect(),
            Form::Open(essay) => essay.numbers.iter().collect(),
        }
    }

    /// Returns what is asked, one after the other: the stem, or the questions of the parts.
    #[must_use]
    pub fn asks(&self) -> Vec<&str> {
        match &self.form {
            Form::Multi(parts) => {
                let last = parts.decision.as_ref().map(|d| d.ask.as_str());
                parts.numbers.iter().map(|n| n.stem.as_str()).chain(last).collect()
            }
            Form::Open(essay) => essay.numbers.iter().map(|n| n.stem.as_str()).collect(),
            _ => vec![&self.stem],
        }
    }

    /// Returns the verdict on the one answer of a question that wants one: a number, an option, or for a card `yes`
    /// (it was known) or `no`. Questions in parts and open ones give nothing here: see [`Parts::grade`] and [`Essay`].
    #[must_use]
    pub fn grade(&self, text: &str) -> Option<Verdict> {
        match &self.form {
            Form::Numeric(instance) => Some(instance.grade(text)),
            Form::Choice(menu, _) => Some(menu.grade(text)),
            Form::Recall(_) => Some(known(text)),
            Form::Multi(_) | Form::Open(_) => None,
        }
    }

    /// Returns the solution. That of a number or of an option ends with a line that is graded as right.
    #[must_use]
    pub fn solution(&self, style: Style) -> String {
        match &self.form {
            Form::Numeric(instance) => instance.solution(style),
            Form::Choice(menu, instance) => {
                let mut out = instance.as_ref().map_or_else(String::new, |i| i.solution(style));
                let right = menu.right();
                if instance.is_none()
                    && let Some(option) = menu.options.get(right)
                {
                    out.push_str(&style.paragraph(&option.text));
                    out.push_str(&style.paragraph(&option.say));
                }
                out.push_str(&style.heading("Option"));
                out.push_str(&format!("= {}\n", menu.right_line()));
                out
            }
            Form::Recall(back) => style.paragraph(back),
            Form::Multi(parts) => parts.solution(style),
            Form::Open(essay) => essay.solution(style),
        }
    }

    /// Returns what stands at a place of a text.
    pub(crate) fn fill(&self, name: &str, spec: &str) -> Option<String> {
        print(&self.params, name, spec)
    }

    /// Returns the value of a parameter as printed in the stem.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<String> {
        print(&self.params, name, "")
    }
}

/// The verdict on a card, as the learner gives it.
fn known(text: &str) -> Verdict {
    match text.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" | "1" => Verdict::new(Class::Correct, "", "known"),
        "n" | "no" | "0" => Verdict::new(Class::Incorrect, "", "not known"),
        _ => {
            let message = "turn the card, then type `yes` if you knew it and `no` if not";
            Verdict::new(Class::Unparsable, "E-Q-CARD", message)
        }
    }
}

//! Questions in parts: numbers that build on each other, and the decision that follows from them.

use super::evaluate::{Ask, Frame, bind, evaluate};
use super::instance::Instance;
use super::menu::{Menu, MenuOption};
use super::scope::Names;
use super::solution::Style;
use super::value::{ParamValue, Values, print};
use crate::error::{Error, Result};
use crate::grade::{Class, Remark, Verdict};
use crate::model::{Best, Body, Decision, Part, Worth};
use crate::oracle::Oracle;
use crate::quantity::{Quantity, Unit, format};

/// Two options whose values are nearer than this share of the larger make no fair decision.
pub(crate) const MARGIN: f64 = 0.15;

/// The numbers of a question in parts and its decision.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Parts {
    /// The numbers asked for, in order. Each stem is the question of its part.
    pub numbers: Vec<Instance>,
    /// What follows from them.
    pub decision: Option<Ranking>,
}

/// A decision with its options ranked by their computed values.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Ranking {
    /// What is asked.
    pub ask: String,
    /// The options; the right one has the best value.
    pub menu: Menu,
    /// What each option is worth, in `unit`, in the order of the menu.
    pub values: Vec<f64>,
    /// The unit of the values.
    pub unit: Unit,
    /// Distance of the two best values, as a share of the larger.
    pub margin: f64,
}

/// Evaluates parts in order; also returns the values with `carry.<part>` of each.
pub(super) fn all_parts(
    frame: Frame<'_>,
    parts: &[Part],
    mut values: Values,
) -> Result<(Vec<Instance>, Values)> {
    let mut out = Vec::with_capacity(parts.len());
    for part in parts {
        let ask = Ask { part: &part.id, stem: &part.ask, computed: &part.computed };
        let instance = evaluate(frame, ask, values.clone())?;
        let right = instance.key.value;
        values.push(carried(&part.id, right, &instance.key.unit));
        out.push(instance);
    }
    Ok((out, values))
}

fn carried(part: &str, number: f64, unit: &Unit) -> (String, ParamValue) {
    (format!("carry.{part}"), ParamValue::Number { number, unit: unit.clone() })
}

/// Ranks the options of a decision.
pub(super) fn decide(
    frame: Frame<'_>,
    decision: &Decision,
    values: &[(String, ParamValue)],
) -> Result<Ranking> {
    let mut worths = Vec::with_capacity(decision.options.len());
    for option in &decision.options {
        worths.push(worth(frame, decision, &option.worth, values)?);
    }
    let better = |a: f64, b: f64| match decision.best {
        Best::Max => b.total_cmp(&a),
        Best::Min => a.total_cmp(&b),
    };
    let mut order: Vec<usize> = (0..worths.len()).collect();
    order.sort_by(|&i, &j| better(worths[i], worths[j]));
    let ranked = |place: usize| order.get(place).and_then(|&i| worths.get(i)).copied();
    let (first, second) = (ranked(0).unwrap_or(0.0), ranked(1).unwrap_or(0.0));
    let size = first.abs().max(second.abs());
    let margin = if size > 0.0 { (first - second).abs() / size } else { 0.0 };
    if margin < MARGIN {
        return Err(Error::Require {
            template: frame.template.id().to_owned(),
            condition: format!("the two best options of `{}` differ by 15 %", decision.id),
            values: super::draw::show(values),
        });
    }
    let show =
        |value: f64| format::in_unit(&Quantity::new(value, &decision.unit), &decision.unit, 3);
    let options = order.iter().filter_map(|&i| {
        let (option, value) = (decision.options.get(i)?, *worths.get(i)?);
        let is_best = order.first() == Some(&i);
        let say = option.say.fill(&|name, spec| match name {
            "got" => Some(show(value)),
            "want" => Some(show(first)),
            _ => print(values, name, spec),
        });
        let misconception = if is_best { String::new() } else { option.wrong.id.clone() };
        let remedy = if is_best { String::new() } else { option.wrong.family.remedy.clone() };
        let text = option.text.fill(&|name, spec| print(values, name, spec));
        Some((MenuOption { text, misconception, say, remedy }, value))
    });
    // The order of the file, so that the seed alone decides where the best stands.
    let mut options: Vec<(usize, (MenuOption, f64))> = order.iter().copied().zip(options).collect();
    options.sort_by_key(|(i, _)| *i);
    let (options, worths): (Vec<MenuOption>, Vec<f64>) = options.into_iter().map(|o| o.1).unzip();
    let known: Vec<(String, f64)> = options.iter().map(|o| o.text.clone()).zip(worths).collect();
    let menu = Menu::shuffled(options, frame.template, frame.seed, frame.attempt);
    let value =
        |o: &MenuOption| known.iter().find(|(text, _)| *text == o.text).map_or(0.0, |k| k.1);
    let values_in_order = menu.options.iter().map(value).collect();
    let ask = decision.ask.fill(&|name, spec| print(values, name, spec));
    Ok(Ranking { ask, menu, values: values_in_order, unit: decision.unit.clone(), margin })
}

fn worth(
    frame: Frame<'_>,
    decision: &Decision,
    worth: &Worth,
    values: &[(String, ParamValue)],
) -> Result<f64> {
    let names = Names { values, plain: false };
    let failed = |place: String, source| Error::Expr {
        template: frame.template.id().to_owned(),
        place,
        source,
    };
    let (value, name) = match worth {
        Worth::Expr(expr) => {
            let value = expr
                .quantity(&names, "value")
                .map_err(|source| failed(format!("decision `{}`", decision.id), source))?;
            (value, "value".to_owned())
        }
        Worth::Equation { equation, bind: list, output } => {
            let inputs = bind(list, &names).map_err(|(place, source)| failed(place, source))?;
            let trace = frame.oracle.eval(equation, &inputs, output.as_deref(), &[]);
            let trace = trace.map_err(|source| Error::Oracle {
                template: frame.template.id().to_owned(),
                source,
            })?;
            (trace.result(), equation.clone())
        }
    };
    value.in_unit(&decision.unit).ok_or_else(|| Error::Oracle {
        template: frame.template.id().to_owned(),
        source: crate::oracle::OracleError::Dimension {
            equation: name,
            name: format!("an option of `{}`", decision.id),
            want: decision.unit.dim().phrase(),
            got: value.dim().phrase(),
        },
    })
}

impl Parts {
    /// Returns the verdicts on the answers given so far, in order; what is not answered yet has none.
    ///
    /// A slip is charged once: an answer that is wrong, but follows from the learner's own earlier values, is right
    /// and carries [`Remark::CarriedForward`]. Wrong turns are recognized on that path too.
    #[must_use]
    pub fn grade(&self, oracle: &dyn Oracle, answers: &[&str]) -> Vec<Verdict> {
        let mut verdicts: Vec<Verdict> = Vec::new();
        // The learner's own value of each part, where one could be read.
        let mut own: Vec<(String, ParamValue)> = Vec::new();
        let mut slipped = false;
        for (number, text) in self.numbers.iter().zip(answers) {
            let direct = number.grade(text);
            let verdict = if direct.is_correct() || own.is_empty() {
                direct
            } else {
                again(number, oracle, &own, slipped, text).unwrap_or(direct)
            };
            let value = verdict.understood.and_then(|q| q.in_unit(&number.key.unit));
            slipped |= !verdict.is_correct();
            let value = value.unwrap_or(number.key.value);
            own.push(carried(&number.part, value, &number.key.unit));
            verdicts.push(verdict);
        }
        if let (Some(ranking), Some(text)) = (&self.decision, answers.get(self.numbers.len())) {
            let direct = ranking.menu.grade(text);
            let verdict = if direct.is_correct() || !slipped {
                None
            } else {
                self.decide_again(oracle, &own, text)
            };
            verdicts.push(verdict.unwrap_or(direct));
        }
        verdicts
    }

    /// Returns the score: the mean over all parts, those not answered counting as 0.
    #[must_use]
    pub fn score(&self, verdicts: &[Verdict]) -> f64 {
        let n = self.numbers.len() + usize::from(self.decision.is_some());
        let sum: f64 = verdicts.iter().take(n).map(Verdict::score).sum();
        if n == 0 { 0.0 } else { sum / f64::from(u32::try_from(n).unwrap_or(u32::MAX)) }
    }

    /// The option that is best by the learner's own numbers.
    fn decide_again(
        &self,
        oracle: &dyn Oracle,
        own: &[(String, ParamValue)],
        text: &str,
    ) -> Option<Verdict> {
        let first = self.numbers.first()?;
        let Body::Multi(multi) = &first.template.body else { return None };
        let decision = multi.decision.as_ref()?;
        let ranking = decide(frame(first, oracle), decision, &replaced(&first.params, own)).ok()?;
        let verdict = ranking.menu.grade(text);
        verdict.is_correct().then(carried_forward)
    }

    pub(super) fn solution(&self, style: Style) -> String {
        let mut out = numbers(&self.numbers, style);
        if let Some(ranking) = &self.decision {
            out.push_str(&style.heading(&format!("{}. {}", self.numbers.len() + 1, ranking.ask)));
            for (line, value) in ranking.menu.lines().iter().zip(&ranking.values) {
                let value = Quantity::new(*value, &ranking.unit);
                let value = format::in_unit(&value, &ranking.unit, 3);
                out.push_str(&style.item(&format!("{line}: {value}")));
            }
            out.push_str(&style.heading("Option"));
            out.push_str(&format!("= {}\n", ranking.menu.right_line()));
        }
        out
    }
}

/// The solutions of several numbers under their questions.
pub(super) fn numbers(numbers: &[Instance], style: Style) -> String {
    let mut out = String::new();
    for (i, number) in numbers.iter().enumerate() {
        out.push_str(&style.heading(&format!("{}. {}", i + 1, number.stem)));
        out.push_str(&number.solution(style));
        out.push('\n');
    }
    out
}

fn frame<'f>(number: &'f Instance, oracle: &'f dyn Oracle) -> Frame<'f> {
    Frame { template: &number.template, oracle, seed: number.seed, attempt: number.attempt }
}

/// Values with those of the learner in place of the right ones.
fn replaced(
    values: &[(String, ParamValue)],
    own: &[(String, ParamValue)],
) -> Vec<(String, ParamValue)> {
    let kept = values.iter().filter(|(name, _)| !own.iter().any(|(n, _)| n == name));
    kept.chain(own).cloned().collect()
}

/// The verdict by the learner's own earlier values, if it is better than wrong.
fn again(
    number: &Instance,
    oracle: &dyn Oracle,
    own: &[(String, ParamValue)],
    slipped: bool,
    text: &str,
) -> Option<Verdict> {
    let parts = match &number.template.body {
        Body::Multi(multi) => &multi.parts,
        Body::Open(open) => &open.parts,
        _ => return None,
    };
    let part = parts.iter().find(|p| p.id == number.part)?;
    let ask = Ask { part: &part.id, stem: &part.ask, computed: &part.computed };
    let values = replaced(&number.params, own);
    let verdict = evaluate(frame(number, oracle), ask, values).ok()?.grade(text);
    match verdict.class {
        // By rounding alone an earlier value may lead out of the tolerance; that is no slip to remark on.
        Class::Correct if !slipped => Some(verdict),
        Class::Correct => Some(Verdict { understood: verdict.understood, ..carried_forward() }),
        Class::Misconception if number.grade(text).class == Class::Incorrect => Some(verdict),
        _ => None,
    }
}

fn carried_forward() -> Verdict {
    let message = "right by your own earlier value; the slip is charged there";
    let mut verdict = Verdict::new(Class::Correct, "carried-forward", message);
    verdict.remarks.push(Remark::CarriedForward);
    verdict
}

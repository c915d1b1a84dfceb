//! Parameter values to answer, wrong answers and traces.

use std::sync::Arc;

use super::instance::{Instance, WrongTurn};
use super::scope::Names;
use super::value::{ParamValue, print};
use crate::error::{Error, Result};
use crate::expr::ExprError;
use crate::grade::{Key, Tolerance, Wrong};
use crate::model::{Bind, Change, Computed, Misconception, Phrase, Template};
use crate::oracle::{Mutation, Oracle, OracleError, Trace};
use crate::quantity::Quantity;

/// What all numbers of one variant have in common.
#[derive(Clone, Copy)]
pub(super) struct Frame<'f> {
    pub(super) template: &'f Arc<Template>,
    pub(super) oracle: &'f dyn Oracle,
    pub(super) seed: u64,
    pub(super) attempt: u32,
}

/// One number to evaluate: its part, what is asked, how it is computed.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) part: &'a str,
    pub(super) stem: &'a Phrase,
    pub(super) computed: &'a Arc<Computed>,
}

/// Evaluates the answer and the misconceptions, and keeps those that can be told apart.
pub(super) fn evaluate(
    frame: Frame<'_>,
    ask: Ask<'_>,
    values: Vec<(String, ParamValue)>,
) -> Result<Instance> {
    let Frame { template, oracle, seed, attempt } = frame;
    let id = || template.id().to_owned();
    let computed = ask.computed;
    let answer = &computed.answer;
    let names = Names { values: &values, plain: false };
    let inputs = bind(&answer.bind, &names).map_err(|(place, source)| Error::Expr {
        template: id(),
        place,
        source,
    })?;
    let trace = oracle
        .eval(&answer.equation, &inputs, answer.output.as_deref(), &[])
        .map_err(|source| Error::Oracle { template: id(), source })?;
    let value = in_display_unit(computed, trace.result())
        .map_err(|source| Error::Oracle { template: id(), source })?;

    let mut wrong = Vec::new();
    let mut broken = Vec::new();
    for misconception in &computed.misconceptions {
        let applies = misconception.when.as_ref().map_or(Ok(true), |w| w.truth(&names, "when"));
        let value = match applies {
            Ok(true) => wrong_value(computed, oracle, &values, &inputs, misconception),
            Ok(false) => continue,
            Err(error) => Err(error.to_string()),
        };
        match value {
            Ok((value, trace)) if value.is_finite() => wrong.push((misconception, value, trace)),
            Ok(_) => {}
            Err(why) => broken.push((misconception.id.clone(), why)),
        }
    }
    let candidates = wrong.iter().map(|(m, value, _)| (m.id.clone(), *value)).collect();
    let survives =
        survivors(value, &wrong.iter().map(|w| w.1).collect::<Vec<f64>>(), answer.tolerance);
    let wrong: Vec<_> =
        wrong.into_iter().zip(&survives).filter(|(_, s)| **s).map(|(w, _)| w).collect();
    let key = Key {
        value,
        unit: answer.unit.clone(),
        tolerance: answer.tolerance,
        min_sigfigs: answer.min_sigfigs,
        wrong: wrong
            .iter()
            .map(|(m, value, _)| Wrong { id: m.id.clone(), value: *value })
            .collect(),
    };
    let fill = |name: &str, spec: &str| print(&values, name, spec);
    let wrong = wrong
        .iter()
        .map(|(m, value, trace)| WrongTurn {
            id: m.id.clone(),
            value: *value,
            say: m.say.fill(&|name, spec| match name {
                "got" => Some(key.display_value(*value)),
                "want" => Some(key.display()),
                _ => fill(name, spec),
            }),
            remedy: m.family.remedy.clone(),
            trace: trace.clone(),
        })
        .collect();
    let stem = ask.stem.fill(&fill);
    let steps =
        computed.steps.iter().map(|(node, text)| (node.clone(), text.fill(&fill))).collect();
    Ok(Instance {
        template: Arc::clone(template),
        computed: Arc::clone(computed),
        part: ask.part.to_owned(),
        seed,
        attempt,
        stem,
        key,
        wrong,
        trace,
        steps,
        candidates,
        broken,
        params: values,
    })
}

type BindError = (String, ExprError);

/// Evaluates bindings.
pub(super) fn bind(
    list: &[(String, Bind)],
    names: &Names<'_>,
) -> core::result::Result<Vec<(String, Quantity)>, BindError> {
    let one = |(input, bind): &(String, Bind)| {
        let value = match bind {
            Bind::Literal(quantity) => *quantity,
            Bind::Expr(expr) => {
                expr.quantity(names, "bind").map_err(|e| (format!("bind.{input}"), e))?
            }
        };
        Ok((input.clone(), value))
    };
    list.iter().map(one).collect()
}

/// The number in display units, rounded as the template says.
fn in_display_unit(computed: &Computed, value: Quantity) -> core::result::Result<f64, OracleError> {
    let answer = &computed.answer;
    let number = value.in_unit(&answer.unit).ok_or_else(|| OracleError::Dimension {
        equation: answer.equation.clone(),
        name: answer.output.clone().unwrap_or_else(|| "the result".to_owned()),
        want: answer.unit.dim().phrase(),
        got: value.dim().phrase(),
    })?;
    Ok(answer.rounding.apply(number))
}

/// The value a misconception leads to, in display units, with its trace where there is one.
fn wrong_value(
    computed: &Computed,
    oracle: &dyn Oracle,
    values: &[(String, ParamValue)],
    inputs: &[(String, Quantity)],
    misconception: &Misconception,
) -> core::result::Result<(f64, Option<Trace>), String> {
    let answer = &computed.answer;
    let names = Names { values, plain: false };
    let mutated = |mutations: &[Mutation]| {
        oracle.eval(&answer.equation, inputs, answer.output.as_deref(), mutations)
    };
    let trace = match &misconception.change {
        Change::Expr(expr) => {
            let value =
                expr.quantity(&Names { values, plain: true }, "expr").map_err(|e| e.to_string())?;
            return Ok((answer.rounding.apply(value.value()), None));
        }
        Change::Mutate { set, scale } => {
            let set = bind(set, &names).map_err(|(place, e)| format!("{place}: {e}"))?;
            let mut mutations: Vec<Mutation> =
                set.into_iter().map(|(name, value)| Mutation::Set { name, value }).collect();
            for (name, factor) in scale {
                let factor = factor.quantity(&names, "scale").map_err(|e| e.to_string())?;
                if !factor.dim().is_none() {
                    return Err(format!(
                        "the factor of {name} is {}, not a pure number",
                        factor.dim()
                    ));
                }
                mutations.push(Mutation::Scale { name: name.clone(), factor: factor.value() });
            }
            mutated(&mutations)
        }
        Change::Drop(terms) => {
            let drop = |(node, term): &(String, String)| Mutation::Drop {
                node: node.clone(),
                term: term.clone(),
            };
            mutated(&terms.iter().map(drop).collect::<Vec<Mutation>>())
        }
        Change::Swap(a, b) => mutated(&[Mutation::Swap { a: a.clone(), b: b.clone() }]),
        Change::Equation { equation, bind: list, output } => {
            let inputs = bind(list, &names).map_err(|(place, e)| format!("{place}: {e}"))?;
            oracle.eval(equation, &inputs, output.as_deref(), &[])
        }
    };
    let trace = trace.map_err(|e| e.to_string())?;
    let value = in_display_unit(computed, trace.result()).map_err(|e| e.to_string())?;
    Ok((value, Some(trace)))
}

/// Returns which wrong values stay: those twice the tolerance away from the right one and from each other.
///
/// Of two that collide, both go.
pub(super) fn survivors(right: f64, wrong: &[f64], tolerance: Tolerance) -> Vec<bool> {
    let from_right: Vec<bool> = wrong.iter().map(|w| tolerance.separates(*w, right)).collect();
    let apart = |i: usize| {
        (0..wrong.len())
            .filter(|&j| j != i && from_right[j])
            .all(|j| tolerance.separates(wrong[i], wrong[j]))
    };
    (0..wrong.len()).map(|i| from_right[i] && apart(i)).collect()
}

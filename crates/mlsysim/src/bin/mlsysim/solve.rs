//! `mlsysim solve`: which input gives the output wanted.

use crate::args::SolveArgs;
use crate::{Answer, pretty};
use mlsysim::Error;
use mlsysim::optimize::solve_for::{Question, solve_for};
use mlsysim::units::{Quantity, parse_as};
use mlsysim::walls::{self, EquationInfo, Field};
use serde_json::json;

pub(crate) fn run(args: &SolveArgs) -> Result<Answer, String> {
    let known = walls::equations().iter().find(|info| info.id == args.equation);
    let Some(info) = known else {
        // Let the library find the nearest names.
        let error = walls::Prepared::new(&args.equation).err().map(|error| error.to_string());
        return Err(error.unwrap_or_else(|| format!("unknown equation `{}`", args.equation)));
    };
    let asked = Asked::read(info, &args.terms)?;
    let given: Vec<(&str, Quantity)> =
        asked.given.iter().map(|(field, amount)| (field.name, *amount)).collect();
    let question = Question {
        equation: info.id,
        unknown: asked.unknown.0.name,
        between: asked.unknown.1,
        output: asked.target.0.name,
        target: asked.target.1,
        given: &given,
    };
    match solve_for(&question, args.convention.into()) {
        Ok(solution) if args.json => {
            let amount = |value: Quantity| json!({ "value": value.value, "unit": value.dimension.to_string() });
            Ok(Answer::done(pretty(&json!({
                "schema": "mlsysim.solve/1",
                "equation": info.id,
                "input": question.unknown,
                "value": amount(solution.value),
                "output": question.output,
                "target": amount(question.target),
                "reached": amount(solution.reached),
                "rising": solution.rising,
            }))))
        }
        Ok(solution) => Ok(Answer::done(format!(
            "{} = {:.6} gives {} = {:.6}\n{} {} with it.\n",
            question.unknown,
            solution.value,
            question.output,
            solution.reached,
            question.output,
            if solution.rising { "rises" } else { "falls" }
        ))),
        // A question that was well asked and has no answer.
        Err(error @ Error::Inverse { .. }) => {
            Ok(Answer { text: String::new(), code: 1, remark: Some(error.to_string()) })
        }
        Err(error) => Err(error.to_string()),
    }
}

/// The terms of a question, told apart.
struct Asked {
    unknown: (&'static Field, [Quantity; 2]),
    target: (&'static Field, Quantity),
    given: Vec<(&'static Field, Quantity)>,
}

impl Asked {
    fn read(info: &'static EquationInfo, terms: &[String]) -> Result<Self, String> {
        let (mut unknown, mut target, mut given) = (Vec::new(), Vec::new(), Vec::new());
        let mut problems = Vec::new();
        for term in terms {
            let Some((name, text)) = term.split_once('=') else {
                problems.push(format!("`{term}` is not NAME=AMOUNT or NAME=LOW..HIGH"));
                continue;
            };
            let read = |field: &Field, text: &str| {
                parse_as(field.name, text.trim(), field.dimension).map_err(|e| e.to_string())
            };
            match (info.input(name), info.output(name), text.split_once("..")) {
                (Some(field), _, Some((low, high))) => {
                    match (read(field, low), read(field, high)) {
                        (Ok(low), Ok(high)) => unknown.push((field, [low, high])),
                        (low, high) => {
                            problems.extend([low.err(), high.err()].into_iter().flatten());
                        }
                    }
                }
                (Some(field), _, None) => match read(field, text) {
                    Ok(amount) => given.push((field, amount)),
                    Err(problem) => problems.push(problem),
                },
                (None, Some(field), None) => match read(field, text) {
                    Ok(amount) => target.push((field, amount)),
                    Err(problem) => problems.push(problem),
                },
                (None, Some(_), Some(_)) => {
                    problems.push(format!("{name} is an output: give one value to reach"));
                }
                (None, None, _) => problems.push(format!(
                    "{}: unknown name `{name}`; it takes {} and gives {}",
                    info.id,
                    names(info.inputs),
                    names(info.outputs)
                )),
            }
        }
        if unknown.len() != 1 {
            problems.push(format!(
                "give a range to one input, NAME=LOW..HIGH, not to {}",
                unknown.len()
            ));
        }
        if target.len() != 1 {
            problems.push(format!(
                "give a value to one output of {}, not to {}",
                names(info.outputs),
                target.len()
            ));
        }
        match (unknown.pop(), target.pop()) {
            (Some(unknown), Some(target)) if problems.is_empty() => {
                Ok(Self { unknown, target, given })
            }
            _ => Err(problems.join("\n")),
        }
    }
}

fn names(fields: &[Field]) -> String {
    fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ")
}

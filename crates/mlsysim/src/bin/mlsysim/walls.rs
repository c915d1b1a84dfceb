//! `mlsysim walls`: the table of walls, one wall, one equation solved.

use crate::args::WallsArgs;
use crate::{Answer, pretty};
use mlsysim::Convention;
use mlsysim::report::{json, table};
use mlsysim::units::{Quantity, parse_as};
use mlsysim::walls::{self, EquationInfo, Evaluation, Field, Form, Status, Wall};
use serde_json::json;

pub(crate) fn run(args: &WallsArgs) -> Result<Answer, String> {
    let Some(what) = &args.what else { return Ok(all(args)) };
    match what.parse::<u8>() {
        Ok(number) => one(number, args),
        Err(_) => solve(what, args),
    }
}

fn all(args: &WallsArgs) -> Answer {
    if args.json {
        let walls: serde_json::Value = walls::all().iter().map(json::wall).collect();
        return Answer::done(pretty(&json!({ "schema": "mlsysim.walls/1", "walls": walls })));
    }
    if args.explain {
        return Answer::done(walls::all().iter().map(describe).collect::<Vec<_>>().join("\n"));
    }
    let mut rows = vec![["", "wall", "domain", "status", "equation"].map(String::from).to_vec()];
    for wall in walls::all() {
        rows.push(vec![
            wall.number.to_string(),
            wall.name.into(),
            wall.domain.to_string(),
            status(wall.status).into(),
            wall.equation.into(),
        ]);
    }
    Answer::done(table::columns(&rows))
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Built => "built",
        Status::Later => "later",
    }
}

fn one(number: u8, args: &WallsArgs) -> Result<Answer, String> {
    let wall = walls::wall(number)
        .ok_or_else(|| format!("there is no wall {number}: they are numbered 1 to 22"))?;
    if !args.inputs.is_empty() {
        let ids: Vec<&str> = wall.equations().map(|info| info.id).collect();
        return Err(format!(
            "inputs belong to an equation, not a wall: name one of {}",
            ids.join(", ")
        ));
    }
    if args.json {
        let mut document = json::wall(wall);
        document["schema"] = json!("mlsysim.wall/1");
        return Ok(Answer::done(pretty(&document)));
    }
    if args.explain {
        return Ok(Answer::done(describe(wall)));
    }
    let mut text = heading(wall);
    let rows: Vec<_> =
        wall.equations().map(|info| vec![info.id, info.formula, info.question]).collect();
    text.push_str(&table::columns(&rows));
    Ok(Answer::done(text))
}

fn heading(wall: &Wall) -> String {
    format!(
        "Wall {} {} ({}, {})\n{}\n{}\n\n",
        wall.number,
        wall.name,
        wall.domain,
        status(wall.status),
        wall.equation,
        wall.sources
    )
}

/// The wall with the inputs and outputs of its equations.
fn describe(wall: &Wall) -> String {
    let mut text = heading(wall);
    if wall.status == Status::Later {
        text.push_str("Its equations are not in this version.\n");
    }
    for info in wall.equations() {
        text.push_str(&format!(
            "{}\n  {}\n  {}\n  {}\n",
            info.id, info.question, info.formula, info.source
        ));
        let mut rows = vec![
            ["  in/out", "name", "symbol", "unit", "default", "range", ""]
                .map(String::from)
                .to_vec(),
        ];
        rows.extend(info.inputs.iter().map(|field| row("  in", field)));
        rows.extend(info.outputs.iter().map(|field| row("  out", field)));
        text.push_str(&table::columns(&rows));
        text.push('\n');
    }
    text
}

fn row(direction: &str, field: &Field) -> Vec<String> {
    let (unit, range) = match field.form {
        Form::Amount => (field.dimension.to_string(), field.range.to_string()),
        Form::Flag => (String::new(), "yes or no".into()),
        Form::Label(words) => (String::new(), words.join(" or ")),
    };
    let default = match (field.default, direction.trim()) {
        (Some(number), _) => Quantity::new(number, field.dimension).to_string(),
        (None, "in") => "required".into(),
        (None, _) => String::new(),
    };
    vec![
        direction.into(),
        field.name.into(),
        field.symbol.into(),
        unit,
        default,
        range,
        field.doc.into(),
    ]
}

/// One wall with everything there is to say about it.
pub(crate) fn explain(number: u8, as_json: bool) -> Result<Answer, String> {
    let args = WallsArgs {
        what: None,
        inputs: Vec::new(),
        explain: true,
        convention: crate::args::ConventionArg::default(),
        json: as_json,
    };
    one(number, &args)
}

/// Solves an equation with inputs as they are typed: `bandwidth=2 TB/s`.
pub(crate) fn evaluate(
    id: &str,
    assignments: &[String],
    convention: Convention,
) -> Result<Evaluation, String> {
    let info = walls::equations().iter().find(|info| info.id == id);
    let Some(info) = info else {
        // Let the library find the nearest names.
        let error = walls::evaluate(id, &[], convention).err().map(|error| error.to_string());
        return Err(error.unwrap_or_else(|| format!("unknown equation `{id}`")));
    };
    let inputs = inputs(info, assignments)?;
    let named: Vec<(&str, Quantity)> =
        inputs.iter().map(|(name, quantity)| (name.as_str(), *quantity)).collect();
    walls::evaluate(id, &named, convention).map_err(|error| error.to_string())
}

fn solve(id: &str, args: &WallsArgs) -> Result<Answer, String> {
    let evaluation = evaluate(id, &args.inputs, args.convention.into())?;
    if args.json {
        return Ok(Answer::done(pretty(&json::evaluation(&evaluation))));
    }
    let text = if args.explain { table::trace(&evaluation.trace) } else { outputs(&evaluation) };
    Ok(Answer::done(text))
}

fn inputs(info: &EquationInfo, assignments: &[String]) -> Result<Vec<(String, Quantity)>, String> {
    let mut inputs = Vec::new();
    let mut problems = Vec::new();
    for assignment in assignments {
        let Some((name, text)) = assignment.split_once('=') else {
            problems.push(format!(
                "`{assignment}` is not an input: write NAME=AMOUNT, such as bandwidth='2 TB/s'"
            ));
            continue;
        };
        // An unknown name is reported by the evaluation, with the names there are.
        let Some(field) = info.input(name) else {
            inputs.push((name.to_owned(), Quantity::number(0.0)));
            continue;
        };
        match parse_as(name, text, field.dimension) {
            Ok(quantity) => inputs.push((name.to_owned(), quantity)),
            Err(error) => problems.push(error.to_string()),
        }
    }
    if problems.is_empty() { Ok(inputs) } else { Err(problems.join("\n")) }
}

fn outputs(evaluation: &Evaluation) -> String {
    let info = evaluation.equation;
    let rows: Vec<_> = evaluation
        .outputs
        .iter()
        .map(|(name, value)| {
            let doc = info.output(name).map_or("", |field| field.doc);
            vec![(*name).to_owned(), format!("{value:.6}"), doc.to_owned()]
        })
        .collect();
    table::columns(&rows)
}

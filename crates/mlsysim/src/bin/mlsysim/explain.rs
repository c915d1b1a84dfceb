//! `mlsysim explain`: a wall, an equation with its inputs, or one step, as a derivation with sources.

use crate::args::{ExplainArgs, Output, registry, unsupported};
use crate::{Answer, plan, pretty, walls};
use mlsysim::report::derivation::derivation;
use mlsysim::report::{json, table};
use serde_json::json;

pub(crate) fn run(args: &ExplainArgs) -> Result<Answer, String> {
    let json = match args.format.output() {
        Output::Text => false,
        Output::Json => true,
        other => return Err(unsupported("explain", other)),
    };
    let Some(what) = &args.what else { return step(args, json) };
    if plan::is_file(what) {
        let (plan, _) = plan::read(what, &args.inputs, &args.step.records)?;
        let output = args.format.output();
        let show = plan::Show { convention: args.convention.into(), output, explain: true };
        return plan::run(&plan, &show);
    }
    if let Ok(number) = what.parse::<u8>() {
        return walls::explain(number, json);
    }
    let evaluation = walls::evaluate(what, &args.inputs, args.convention.into())?;
    if json {
        return Ok(Answer::done(pretty(&json::evaluation(&evaluation))));
    }
    let info = evaluation.equation;
    Ok(Answer::done(format!(
        "{}\n{}\n{}\n\n{}",
        info.question,
        info.formula,
        info.source,
        derivation(&evaluation.trace)
    )))
}

/// One step of a model on a machine.
fn step(args: &ExplainArgs, as_json: bool) -> Result<Answer, String> {
    let (Some(machine), Some(model)) = (&args.hardware, &args.model) else {
        return Err(
            "name a wall (1 to 22), an equation with its inputs, or --hardware and --model".into(),
        );
    };
    let registry = registry(&args.step.records)?;
    let machine = registry.hardware(machine).map_err(|error| error.to_string())?;
    let model = registry.model(model).map_err(|error| error.to_string())?;
    let step = args.step.price(machine, model, args.convention.into())?;
    if as_json {
        return Ok(Answer::done(pretty(&json!({
            "schema": "mlsysim.explain/1",
            "label": step.label,
            "result": json::profile(&step.profile),
            "trace": json::trace(&step.trace),
        }))));
    }
    Ok(Answer::done(format!(
        "{}\n\n{}\n{}",
        step.label,
        table::profile(&step.profile, step.complete),
        derivation(&step.trace)
    )))
}

//! An equation of `mlsysim` by its own name: a trace to read, with inputs and a result to mutate.

use mlsysim::walls::equation::{EquationInfo, Form};
use mlsysim::{Convention, walls};

use super::super::{
    Bindings, Mutation, Node, NodeSignature, OracleError, Signature, Source, Trace,
};
use super::dimension;
use crate::quantity::Quantity;
use crate::read::nearest;

fn info(equation: &str) -> Option<&'static EquationInfo> {
    walls::equations().iter().find(|info| info.id == equation)
}

/// Returns what the equation takes and computes; inputs with a default may be left out of bindings.
pub(super) fn signature(equation: &str) -> Option<Signature> {
    let info = info(equation)?;
    let required = info.inputs.iter().filter(|field| field.default.is_none());
    let inputs = required.map(|f| Some((f.name.to_owned(), dimension::unit(f.dimension)?)));
    let amounts = info.outputs.iter().filter(|field| field.form == Form::Amount);
    let node = |field: &walls::Field| {
        Some(NodeSignature {
            name: field.name.to_owned(),
            unit: dimension::unit(field.dimension)?,
            terms: Vec::new(),
            uses: info.inputs.iter().map(|f| f.name.to_owned()).collect(),
            branches: info.formula.contains("min(") || info.formula.contains("max("),
        })
    };
    Some(Signature {
        id: info.id.to_owned(),
        inputs: inputs.collect::<Option<Vec<_>>>()?,
        nodes: amounts.map(node).collect::<Option<Vec<_>>>()?,
    })
}

/// Evaluates the equation.
pub(super) fn eval(
    equation: &str,
    given: &Bindings,
    output: Option<&str>,
    mutations: &[Mutation],
) -> Result<Trace, OracleError> {
    let info = info(equation).ok_or_else(|| unknown(equation))?;
    let mut values: Vec<(&str, Quantity)> = given.iter().map(|(n, q)| (n.as_str(), *q)).collect();
    let amounts = info.outputs.iter().rev().find(|field| field.form == Form::Amount);
    let output = output.or(amounts.map(|field| field.name)).unwrap_or_default();
    let mut factor = 1.0;
    for mutation in mutations {
        let refuse = |why: &str| OracleError::Mutation {
            equation: equation.to_owned(),
            mutation: mutation.to_string(),
            why: why.to_owned(),
        };
        let at = |values: &[(&str, Quantity)], name: &str| {
            let found = values.iter().position(|(n, _)| *n == name);
            found
                .ok_or_else(|| refuse("only inputs and the result of this equation can be changed"))
        };
        match mutation {
            Mutation::Scale { name, factor: f } if name == output => factor *= f,
            Mutation::Scale { name, factor: f } => {
                let i = at(&values, name)?;
                values[i].1 = Quantity::canonical(values[i].1.value() * f, values[i].1.dim());
            }
            Mutation::Set { name, value } => {
                let i = at(&values, name)?;
                values[i].1 = *value;
            }
            Mutation::Swap { a, b } => {
                let (i, j) = (at(&values, a)?, at(&values, b)?);
                let kept = values[i].1;
                values[i].1 = values[j].1;
                values[j].1 = kept;
            }
            Mutation::Drop { .. } => return Err(refuse("its steps name no terms")),
        }
    }
    run(info, &values, output, factor)
}

fn run(
    info: &'static EquationInfo,
    values: &[(&str, Quantity)],
    output: &str,
    factor: f64,
) -> Result<Trace, OracleError> {
    let domain = |node: &str, why: String| OracleError::Domain {
        equation: info.id.to_owned(),
        node: node.to_owned(),
        why,
    };
    let mut inputs = Vec::with_capacity(values.len());
    for (name, value) in values {
        let field = info.input(name).ok_or_else(|| OracleError::ExtraInput {
            equation: info.id.to_owned(),
            input: (*name).to_owned(),
            known: info.inputs.iter().map(|f| f.name).collect::<Vec<_>>().join(", "),
        })?;
        let value =
            dimension::theirs(*value, field.dimension).ok_or_else(|| OracleError::Dimension {
                equation: info.id.to_owned(),
                name: (*name).to_owned(),
                want: field.dimension.to_string(),
                got: value.dim().phrase(),
            })?;
        inputs.push((*name, value));
    }
    let evaluation = walls::evaluate(info.id, &inputs, Convention::Reference)
        .map_err(|error| domain(info.id, error.to_string()))?;
    let mut nodes: Vec<Node> = Vec::new();
    for node in evaluation.trace.nodes() {
        let Some((value, unit)) = node.value.quantity().and_then(dimension::ours) else { continue };
        let scaled = node.name == output && factor.to_bits() != 1.0_f64.to_bits();
        let formula =
            if scaled { format!("({})·{factor}", node.formula) } else { node.formula.to_owned() };
        nodes.push(Node {
            name: node.name.to_owned(),
            symbol: node.symbol.to_owned(),
            meaning: node.name.replace('_', " "),
            formula,
            numbers: String::new(),
            value: if scaled {
                Quantity::canonical(value.value() * factor, value.dim())
            } else {
                value
            },
            unit,
            uses: node
                .reads
                .iter()
                .filter_map(|r| nodes.iter().position(|n| n.name == *r))
                .collect(),
            source: match node.formula {
                "" => Source::Given,
                _ => Source::Formula(node.source.to_string()),
            },
        });
    }
    let found = nodes.iter().position(|n| n.name == output);
    let output = found.ok_or_else(|| OracleError::UnknownNode {
        equation: info.id.to_owned(),
        node: output.to_owned(),
        known: info.outputs.iter().map(|f| f.name).collect::<Vec<_>>().join(", "),
    })?;
    Ok(Trace { equation: info.id.to_owned(), nodes, output })
}

fn unknown(equation: &str) -> OracleError {
    let ours = super::Builtin::equations().iter().map(|e| e.id.as_str());
    let known = ours.chain(walls::equations().iter().map(|info| info.id));
    OracleError::UnknownEquation {
        equation: equation.to_owned(),
        near: nearest(equation, known).map(str::to_owned),
    }
}

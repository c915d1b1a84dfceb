//! What every oracle owes its callers, as checks that an implementer can run.

use super::{Mutation, Oracle, OracleError};
use crate::quantity::{Dim, Quantity};

/// Checks one equation of an oracle with inputs that have a result.
///
/// # Errors
///
/// A sentence about the first promise that is not kept.
pub fn equation(
    oracle: &dyn Oracle,
    id: &str,
    inputs: &[(String, Quantity)],
) -> Result<(), String> {
    let signature = oracle.signature(id).ok_or_else(|| format!("{id}: there is no signature"))?;
    let trace = oracle.eval(id, inputs, None, &[]).map_err(|e| format!("{id}: {e}"))?;
    let value = trace.result().value();
    let last = signature.nodes.last().ok_or_else(|| format!("{id}: it computes nothing"))?;

    if oracle.eval(id, inputs, None, &[]).as_ref() != Ok(&trace) {
        return Err(format!("{id}: two equal calls differ"));
    }
    let named = oracle.eval(id, inputs, Some(&last.name), &[]).map_err(|e| format!("{id}: {e}"))?;
    if named.result() != trace.result() || trace.result().dim() != last.unit.dim() {
        return Err(format!("{id}: the result is not `{}` of the signature", last.name));
    }
    if trace.nodes.iter().enumerate().any(|(i, n)| n.uses.iter().any(|&j| j >= i)) {
        return Err(format!("{id}: a node uses a later one"));
    }
    refusals(
        oracle,
        id,
        inputs,
        &signature.inputs.iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>(),
    )?;

    for (name, given) in inputs {
        let same = Mutation::Set { name: name.clone(), value: *given };
        let again = oracle.eval(id, inputs, None, &[same]).map_err(|e| format!("{id}: {e}"))?;
        if again.result() != trace.result() {
            return Err(format!("{id}: setting `{name}` to its own value changes the result"));
        }
    }
    let double = Mutation::Scale { name: last.name.clone(), factor: 2.0 };
    let doubled = oracle.eval(id, inputs, None, &[double]).map_err(|e| format!("{id}: {e}"))?;
    if (doubled.result().value() - 2.0 * value).abs() > 1e-12 * value.abs() {
        return Err(format!("{id}: doubling the result does not double it"));
    }
    Ok(())
}

/// Missing, unknown and misfitting inputs are errors of their own kind.
fn refusals(
    oracle: &dyn Oracle,
    id: &str,
    inputs: &[(String, Quantity)],
    required: &[&str],
) -> Result<(), String> {
    for name in required {
        let rest: Vec<_> = inputs.iter().filter(|(n, _)| n != name).cloned().collect();
        if oracle.eval(id, &rest, None, &[]).is_ok() {
            return Err(format!("{id}: `{name}` is required but can be left out"));
        }
    }
    let mut more = inputs.to_vec();
    more.push(("no such input".to_owned(), Quantity::pure(1.0)));
    if !matches!(oracle.eval(id, &more, None, &[]), Err(OracleError::ExtraInput { .. })) {
        return Err(format!("{id}: an unknown input is not refused"));
    }
    if let Some((name, given)) = inputs.first() {
        let other = if given.dim() == Dim::MASS { Dim::LENGTH } else { Dim::MASS };
        let mut wrong = inputs.to_vec();
        wrong[0].1 = Quantity::canonical(1.0, other);
        if !matches!(oracle.eval(id, &wrong, None, &[]), Err(OracleError::Dimension { .. })) {
            return Err(format!("{id}: a mass is taken for `{name}`"));
        }
    }
    let unknown = oracle.eval("no such equation", inputs, None, &[]);
    if !matches!(unknown, Err(OracleError::UnknownEquation { .. })) {
        return Err("an unknown equation is not refused".to_owned());
    }
    Ok(())
}

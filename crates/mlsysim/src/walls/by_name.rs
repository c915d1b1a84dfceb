//! Equations by identifier, with named quantities.
//!
//! This is the form for programs that do not know at compile time what they will ask: the command line, a bank
//! of questions, a page with input fields.

use super::equation::{
    Equation, EquationInfo, Field, Form, MAX_FIELDS, Record, refuse, solve_traced,
};
use super::list::{self, Entry};
use crate::convention::Convention;
use crate::error::{CallError, Result};
use crate::provenance::Kind;
use crate::trace::{Trace, Value};
use crate::units::Quantity;
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// The result of an equation called by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The equation in words.
    pub equation: &'static EquationInfo,
    /// The convention followed.
    pub convention: Convention,
    /// Name and value of each output, in the order of [`EquationInfo::outputs`].
    pub outputs: Vec<(&'static str, Value)>,
    /// Every value, from the inputs to the outputs.
    pub trace: Trace,
}

impl Evaluation {
    /// The output of that name.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<Value> {
        self.outputs.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// The amount of the output of that name; `None` if there is none or it is a flag or a word.
    #[must_use]
    pub fn quantity(&self, name: &str) -> Option<Quantity> {
        self.output(name).and_then(Value::quantity)
    }
}

/// A value given to an equation, with its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The value.
    pub quantity: Quantity,
    /// What kind of knowledge it is.
    pub kind: Kind,
    /// The document or the reason behind it.
    pub source: Cow<'static, str>,
}

/// Evaluates the equation `id` with named inputs; inputs that have a default may be left out.
///
/// Flags are given as the plain numbers 0 and 1.
///
/// # Errors
///
/// - [`CallError::UnknownEquation`] with the nearest identifiers.
/// - [`CallError::UnknownInput`], [`CallError::RepeatedInput`], [`CallError::MissingInput`] for the names.
/// - [`crate::Error::DimensionMismatch`] if an input measures something else than its field.
/// - [`crate::Error::OutOfRange`] and [`crate::Error::Overflow`] as the typed form.
///
/// # Examples
///
/// ```
/// use mlsysim::units::{Bytes, BytesPerSecond, Quantity, Seconds};
/// use mlsysim::{Convention, walls};
///
/// let inputs = [("bytes_moved", Bytes(16e9).into()), ("bandwidth", BytesPerSecond(2e12).into())];
/// let evaluation = walls::evaluate("memory.step_time", &inputs, Convention::Reference)?;
/// assert_eq!(evaluation.quantity("memory_time"), Some(Seconds(0.008).into()));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn evaluate(
    id: &str,
    inputs: &[(&str, Quantity)],
    convention: Convention,
) -> Result<Evaluation> {
    (entry(id)?.by_name)(inputs, Trace::new(), convention)
}

/// As [`evaluate`], with the origin of each input for the trace.
///
/// # Errors
///
/// As [`evaluate`].
pub fn evaluate_given(
    id: &str,
    inputs: &[(&str, Given)],
    convention: Convention,
) -> Result<Evaluation> {
    let entry = entry(id)?;
    let mut trace = Trace::new();
    for (name, given) in inputs {
        if let Some(field) = entry.info.input(name) {
            trace.announce(field.name, given.kind, given.source.clone());
        }
    }
    let quantities: Vec<_> = inputs.iter().map(|(name, given)| (*name, given.quantity)).collect();
    (entry.by_name)(&quantities, trace, convention)
}

pub(super) fn entry(id: &str) -> Result<&'static Entry> {
    list::ENTRIES.iter().find(|entry| entry.info.id == id).ok_or_else(|| {
        let near = crate::near::nearest(id, list::ENTRIES.iter().map(|entry| entry.info.id));
        CallError::UnknownEquation { id: id.into(), near }.into()
    })
}

/// Refuses a number that stands for no flag or word; reading it into its type would hide that.
pub(super) fn check_choice(op: &'static str, field: &'static Field, number: f64) -> Result<()> {
    if field.form == Form::Amount || field.range.contains(number) {
        return Ok(());
    }
    Err(refuse(op, field, number))
}

/// The call by name of one equation.
pub(super) fn run<E: Equation>(
    inputs: &[(&str, Quantity)],
    mut trace: Trace,
    convention: Convention,
) -> Result<Evaluation> {
    let info = E::INFO;
    let mut numbers = [f64::NAN; MAX_FIELDS];
    let mut seen = [false; MAX_FIELDS];
    for (name, quantity) in inputs {
        let Some(index) = info.inputs.iter().position(|field| field.name == *name) else {
            let known = info.inputs.iter().map(|field| field.name).collect();
            return Err(
                CallError::UnknownInput { equation: info.id, name: (*name).into(), known }.into()
            );
        };
        if seen[index] {
            return Err(CallError::RepeatedInput { equation: info.id, name: (*name).into() }.into());
        }
        quantity.expect(info.id, name, info.inputs[index].dimension)?;
        check_choice(info.id, &info.inputs[index], quantity.value)?;
        seen[index] = true;
        numbers[index] = quantity.value;
    }
    for (index, field) in info.inputs.iter().enumerate() {
        if !seen[index] {
            let missing = CallError::MissingInput {
                equation: info.id,
                name: field.name,
                dimension: field.dimension,
            };
            numbers[index] = field.default.ok_or(missing)?;
        }
    }
    let out = solve_traced::<E, _>(&E::In::read(&numbers), convention, &mut trace)?;
    let mut results = [f64::NAN; MAX_FIELDS];
    out.write(&mut results);
    let outputs = info
        .outputs
        .iter()
        .zip(results)
        .map(|(field, number)| (field.name, field.value(number)))
        .collect();
    Ok(Evaluation { equation: info, convention, outputs, trace })
}

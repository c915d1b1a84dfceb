//! Names in expressions: the parameters of one variant.

use super::value::{ParamValue, in_own_unit};
use crate::expr::{Scope, Value};
use crate::quantity::Quantity;

/// Parameters as names of expressions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'v> {
    pub(crate) values: &'v [(String, ParamValue)],
    /// Numbers as printed, without their units: arithmetic on paper.
    pub(crate) plain: bool,
}

impl Scope for Names<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        let (value, field) = find(self.values, name)?;
        match (value, field) {
            (ParamValue::Number { number, .. }, None) if self.plain => Some(pure(*number)),
            (ParamValue::Number { .. }, None) => value.quantity().map(Value::Quantity),
            (ParamValue::Text(text), None) => Some(Value::Text(text.clone())),
            (ParamValue::Record(record), None | Some("name")) => {
                Some(Value::Text(record.name.clone()))
            }
            (ParamValue::Record(record), Some(field)) => {
                let (value, unit) = record.fields.get(field)?;
                Some(if self.plain {
                    pure(in_own_unit(value, unit))
                } else {
                    Value::Quantity(*value)
                })
            }
            (_, Some(_)) => None,
        }
    }

    fn is_plain(&self) -> bool {
        self.plain
    }
}

/// The value that a name stands for: one of that very name, as `carry.cache`, or a field of one, as `hw.name`.
pub(super) fn find<'v, 'n>(
    values: &'v [(String, ParamValue)],
    name: &'n str,
) -> Option<(&'v ParamValue, Option<&'n str>)> {
    let at = |wanted: &str| values.iter().find(|(n, _)| n == wanted).map(|(_, value)| value);
    match at(name) {
        Some(value) => Some((value, None)),
        None => name.split_once('.').and_then(|(base, field)| Some((at(base)?, Some(field)))),
    }
}

fn pure(number: f64) -> Value {
    Value::Quantity(Quantity::pure(number))
}

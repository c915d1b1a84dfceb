//! The value of one parameter in one variant.

use crate::oracle::Record;
use crate::quantity::{Quantity, Unit, format};

/// The value of one parameter.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ParamValue {
    /// A number in a unit.
    Number {
        /// The number.
        number: f64,
        /// The unit; empty for counts.
        unit: Unit,
    },
    /// A number format.
    Text(String),
    /// A record of a registry.
    Record(Box<Record>),
}

impl ParamValue {
    /// Returns the value as a quantity, if it is a number.
    #[must_use]
    pub fn quantity(&self) -> Option<Quantity> {
        match self {
            Self::Number { number, unit } => Some(Quantity::new(*number, unit)),
            Self::Text(_) | Self::Record(_) => None,
        }
    }

    /// Returns the value as it is printed in a stem, so that reading it gives the very same bits.
    ///
    /// `spec` is empty for number and unit, `n` for the number alone, `,` for digits in groups.
    /// `field` names a field of a record; a record alone prints its name.
    #[must_use]
    pub fn print(&self, field: Option<&str>, spec: &str) -> Option<String> {
        match (self, field) {
            (Self::Number { number, unit }, None) => Some(print_number(*number, unit, spec)),
            (Self::Text(text), None) => Some(text.clone()),
            (Self::Record(record), None | Some("name")) => Some(record.name.clone()),
            (Self::Record(record), Some(field)) => {
                let (value, unit) = record.fields.get(field)?;
                Some(print_number(in_own_unit(value, unit), unit, spec))
            }
            (_, Some(_)) => None,
        }
    }
}

/// The values of one variant, by name.
pub(super) type Values = Vec<(String, ParamValue)>;

/// Prints what a name in a text stands for: what is given in full, what was computed at three significant figures.
pub(super) fn print(values: &[(String, ParamValue)], name: &str, spec: &str) -> Option<String> {
    let (value, field) = super::scope::find(values, name)?;
    if let ParamValue::Number { number, unit } = value
        && name.starts_with("carry.")
    {
        return Some(print_number(format::round_to(*number, 3), unit, spec));
    }
    value.print(field, spec)
}

/// The number of a record's figure, as it was written.
pub(super) fn in_own_unit(value: &Quantity, unit: &Unit) -> f64 {
    format::round_to(value.value() / unit.factor(), 15)
}

fn print_number(number: f64, unit: &Unit, spec: &str) -> String {
    let digits = if spec == "," { format::grouped(number) } else { format::full(number) };
    if spec == "n" || unit.text().is_empty() {
        return digits;
    }
    format::join(&digits, unit.text(), unit.hugs_number())
}

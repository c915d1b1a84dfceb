//! Equations over columns: one row per case, no work repeated per row but the arithmetic.

use super::by_name::{check_choice, entry};
use super::equation::{Equation, MAX_FIELDS, Record, solve};
use crate::convention::Convention;
use crate::error::{CallError, Error, Result};
use crate::units::{Dimension, Quantity, Unit};
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

/// A column of numbers that measure one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The numbers, in base units.
    pub values: Vec<f64>,
    /// What they measure.
    pub dimension: Dimension,
}

impl Column {
    /// A column of typed amounts.
    pub fn of<T: Unit>(amounts: impl IntoIterator<Item = T>) -> Self {
        Self { values: amounts.into_iter().map(Unit::base).collect(), dimension: T::DIMENSION }
    }
}

/// The outputs of an equation, one column each.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Name and column of each output, in the order of the equation's outputs.
    ///
    /// Flags are 0 and 1, words are their position in the field's list.
    pub columns: Vec<(&'static str, Column)>,
}

impl Table {
    /// The output column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(known, _)| *known == name).map(|(_, column)| column)
    }
}

/// Evaluates the equation `id` once per row of `columns`, with `fixed` inputs the same in every row.
///
/// # Cost
///
/// One allocation per output column; each row is one call of the typed form.
///
/// # Errors
///
/// - As [`super::evaluate`] for names and dimensions.
/// - [`CallError::ColumnLength`] if the columns differ in length.
/// - [`Error::Row`] with the index of the first row that is refused, and why.
///
/// # Examples
///
/// ```
/// use mlsysim::units::{Bytes, BytesPerSecond};
/// use mlsysim::{Convention, walls};
///
/// let sizes = walls::Column::of([Bytes(1e9), Bytes(2e9)]);
/// let fixed = [("bandwidth", BytesPerSecond(1e12).into())];
/// let table = walls::batch("memory.step_time", &[("bytes_moved", &sizes)], &fixed, Convention::Reference)?;
/// assert_eq!(table.column("memory_time").map(|c| c.values.as_slice()), Some([0.001, 0.002].as_slice()));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn batch(
    id: &str,
    columns: &[(&str, &Column)],
    fixed: &[(&str, Quantity)],
    convention: Convention,
) -> Result<Table> {
    (entry(id)?.batch)(columns, fixed, convention)
}

/// The batch call of one equation.
pub(super) fn run<E: Equation>(
    columns: &[(&str, &Column)],
    fixed: &[(&str, Quantity)],
    convention: Convention,
) -> Result<Table> {
    let info = E::INFO;
    let index_of = |name: &str| {
        info.inputs.iter().position(|field| field.name == name).ok_or_else(|| {
            CallError::UnknownInput {
                equation: info.id,
                name: name.into(),
                known: info.inputs.iter().map(|field| field.name).collect(),
            }
        })
    };
    let mut numbers = [f64::NAN; MAX_FIELDS];
    let mut seen = [false; MAX_FIELDS];
    let mut take = |name: &str, dimension: Dimension, first: f64| {
        let index = index_of(name)?;
        if seen[index] {
            return Err(Error::from(CallError::RepeatedInput {
                equation: info.id,
                name: name.into(),
            }));
        }
        Quantity::new(first, dimension).expect(info.id, name, info.inputs[index].dimension)?;
        seen[index] = true;
        Ok(index)
    };
    for (name, quantity) in fixed {
        let index = take(name, quantity.dimension, quantity.value)?;
        check_choice(info.id, &info.inputs[index], quantity.value)?;
        numbers[index] = quantity.value;
    }
    let rows = columns.first().map_or(1, |(_, column)| column.values.len());
    let mut varying = Vec::with_capacity(columns.len());
    for (name, column) in columns {
        let first = column.values.first().copied().unwrap_or(0.0);
        let index = take(name, column.dimension, first)?;
        if column.values.len() != rows {
            let got = column.values.len();
            return Err(CallError::ColumnLength {
                equation: info.id,
                name: name.to_string(),
                expected: rows,
                got,
            }
            .into());
        }
        varying.push((index, column.values.as_slice()));
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
    let mut results: Vec<Vec<f64>> = vec![Vec::with_capacity(rows); info.outputs.len()];
    let mut row_results = [f64::NAN; MAX_FIELDS];
    for row in 0..rows {
        for (index, values) in &varying {
            numbers[*index] = values[row];
            check_choice(info.id, &info.inputs[*index], values[row])
                .map_err(|source| Error::Row { row, source: Box::new(source) })?;
        }
        let out = solve::<E>(&E::In::read(&numbers), convention)
            .map_err(|source| Error::Row { row, source: Box::new(source) })?;
        out.write(&mut row_results);
        for (result, value) in results.iter_mut().zip(row_results) {
            result.push(value);
        }
    }
    let columns = info
        .outputs
        .iter()
        .zip(results)
        .map(|(field, values)| (field.name, Column { values, dimension: field.dimension }))
        .collect();
    Ok(Table { columns })
}

//! Computes the points of a grid in chunks, keeps the rows that meet the conditions, and puts them together in order.

use super::Refusal;
use super::axis::{Axis, Kind};
use super::evaluation::Evaluations;
use super::expression::Expression;
use super::grid::Grid;
use super::table::{Column, Condition, Refused, Statistics, Table};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::near::nearest;
use crate::ranges::Range;
use crate::registry::Registry;
use crate::walls::equation::{Field, Form, MAX_FIELDS};
use crate::walls::{EquationInfo, Prepared};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use rayon::prelude::*;

/// Where a sweep reports how far it is: called with the points done and the points in all.
#[derive(Clone, Copy)]
pub struct Progress<'a>(pub &'a (dyn Fn(usize, usize) + Sync));

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

/// How a sweep runs and what it keeps.
#[derive(Debug, Clone, Default)]
pub struct Options<'a> {
    /// Which formulas to use.
    pub convention: Convention,
    /// Conditions that a row must meet, all of them: see [`Expression`].
    pub conditions: Vec<String>,
    /// Column or formula to sort by, smallest first, or largest first with `:desc` after it.
    pub sort: Option<String>,
    /// Keep only so many rows, the first after sorting.
    pub top: Option<usize>,
    /// Threads to use; all there are if none is given.
    pub threads: Option<usize>,
    /// Called now and then with the points done and the points in all.
    pub progress: Option<Progress<'a>>,
}

/// What is computed at each point.
pub(super) trait Target: Sync {
    /// Name and kind of each output.
    fn outputs(&self) -> Vec<(String, Kind)>;

    /// Computes the outputs, one number each, from one number per axis; NaN for what is not known.
    fn row(&self, point: &[f64], outputs: &mut [f64]) -> Result<()>;
}

/// Sweeps the equation `id` over `axes`, each written `name=values` as [`Axis::read`] reads them.
///
/// # Errors
///
/// A [`Refusal`] with every mistake in names, values, units and conditions; or with the reasons, if no point of the
/// grid could be computed.
pub fn equation<S: AsRef<str>>(
    id: &str,
    axes: &[S],
    options: &Options<'_>,
) -> Result<Table, Refusal> {
    let prepared = Prepared::new(id)?;
    let info = prepared.info();
    let inputs = info.inputs.iter().map(|field| (field.name, kind_of(field), field.range));
    let inputs: Vec<Input> =
        inputs.map(|(name, kind, range)| Input { name, kind: Some(kind), range }).collect();
    let (axes, mut problems) = read_axes(axes, &inputs, |_, _| Err(Vec::new()));
    for field in info.inputs {
        if field.default.is_none()
            && !axes.iter().any(|(index, _)| info.inputs[*index].name == field.name)
        {
            let family =
                field.dimension.family().map_or_else(|| field.dimension.to_string(), Into::into);
            let example = field.dimension.example().unwrap_or("1");
            problems.push(format!(
                "{id}: input `{}` is missing; give {family}, for example {}='{example}'",
                field.name, field.name
            ));
        }
    }
    if !problems.is_empty() {
        return Err(Refusal { problems });
    }
    let (positions, axes): (Vec<usize>, Vec<Axis>) = axes.into_iter().unzip();
    let target = OneEquation { prepared, positions, convention: options.convention };
    run(&target, &axes, options)
}

/// Sweeps one step of models on machines over `axes`; the inputs are those of [`inputs_of_evaluations`].
///
/// # Errors
///
/// As [`equation`].
pub fn evaluations<S: AsRef<str>>(
    registry: &Registry,
    axes: &[S],
    options: &Options<'_>,
) -> Result<Table, Refusal> {
    let inputs: Vec<Input> = inputs_of_evaluations()
        .iter()
        .map(|(name, kind, range, _)| Input { name, kind: kind.clone(), range: *range })
        .collect();
    let mut words = super::evaluation::Words::default();
    let (axes, mut problems) =
        read_axes(axes, &inputs, |name, text| words.read(registry, name, text));
    let axes: Vec<Axis> = axes.into_iter().map(|(_, axis)| axis).collect();
    for name in ["hardware", "model"] {
        let given = axes.iter().any(|axis| axis.name == name);
        if !given && !problems.iter().any(|problem| problem.starts_with(name)) {
            problems.push(format!(
                "{name} is missing; give names, for example {name}={}",
                if name == "model" { "llama3_8b" } else { "h100,a100" }
            ));
        }
    }
    if !problems.is_empty() {
        return Err(Refusal { problems });
    }
    run(&Evaluations::new(words, &axes, options.convention), &axes, options)
}

/// Name, kind (none for names that the registry resolves), range and meaning of each input of [`evaluations`].
#[must_use]
pub fn inputs_of_evaluations() -> Vec<(&'static str, Option<Kind>, Range, &'static str)> {
    super::evaluation::inputs()
}

/// An input that an axis may vary.
struct Input {
    name: &'static str,
    /// `None` for words that only the registry knows.
    kind: Option<Kind>,
    range: Range,
}

fn kind_of(field: &Field) -> Kind {
    match field.form {
        Form::Amount => Kind::Amount(field.dimension),
        Form::Flag => Kind::Flag,
        Form::Label(words) => Kind::Words(words.iter().map(ToString::to_string).collect()),
    }
}

/// Reads `name=values` texts; gives the index of the input with each axis, and every mistake.
fn read_axes<S: AsRef<str>>(
    texts: &[S],
    inputs: &[Input],
    mut words: impl FnMut(&str, &str) -> Result<Axis, Vec<String>>,
) -> (Vec<(usize, Axis)>, Vec<String>) {
    let mut axes: Vec<(usize, Axis)> = Vec::new();
    let mut problems = Vec::new();
    for text in texts {
        let text = text.as_ref();
        let Some((name, values)) = text.split_once('=') else {
            problems.push(format!(
                "`{text}` is no axis: write NAME=VALUES, such as bandwidth=1TB/s..8TB/s:8 or batch=1,8,64"
            ));
            continue;
        };
        let (name, values) = (name.trim(), values.trim());
        let Some(index) = inputs.iter().position(|input| input.name == name) else {
            let near = nearest(name, inputs.iter().map(|input| input.name));
            let remedy = if near.is_empty() {
                let names: Vec<&str> = inputs.iter().map(|input| input.name).collect();
                format!("there are {}", names.join(", "))
            } else {
                format!("did you mean {}?", near.join(" or "))
            };
            problems.push(format!("there is no input `{name}`; {remedy}"));
            continue;
        };
        if axes.iter().any(|(known, _)| *known == index) {
            problems.push(format!("input `{name}` is given twice"));
            continue;
        }
        let input = &inputs[index];
        let axis = match &input.kind {
            Some(kind) => Axis::read(name, values, kind, input.range),
            None => words(name, values),
        };
        match axis {
            Ok(axis) => axes.push((index, axis)),
            Err(list) => problems.extend(list),
        }
    }
    (axes, problems)
}

struct OneEquation {
    prepared: Prepared,
    /// The input that each axis varies.
    positions: Vec<usize>,
    convention: Convention,
}

impl Target for OneEquation {
    fn outputs(&self) -> Vec<(String, Kind)> {
        let info: &EquationInfo = self.prepared.info();
        info.outputs.iter().map(|field| (field.name.into(), kind_of(field))).collect()
    }

    fn row(&self, point: &[f64], outputs: &mut [f64]) -> Result<()> {
        let mut inputs = self.prepared.defaults();
        for (position, value) in self.positions.iter().zip(point) {
            inputs[*position] = *value;
        }
        let mut numbers = [f64::NAN; MAX_FIELDS];
        self.prepared.solve(&inputs, self.convention, &mut numbers)?;
        for (slot, number) in outputs.iter_mut().zip(numbers) {
            *slot = number;
        }
        Ok(())
    }
}

/// Points computed in one go by one thread.
const CHUNK: usize = 8192;
/// Chunks computed before the rows kept so far are put together.
const BLOCK: usize = 256;
/// The most rows that a table may have.
const MOST_ROWS: usize = 20_000_000;

/// What to keep, checked against the columns.
struct Filter {
    conditions: Vec<Expression>,
    key: Option<Expression>,
    descending: bool,
    top: Option<usize>,
}

fn run(target: &dyn Target, axes: &[Axis], options: &Options<'_>) -> Result<Table, Refusal> {
    let outputs = target.outputs();
    let mut names: Vec<(&str, &Kind)> =
        axes.iter().map(|axis| (axis.name.as_str(), &axis.kind)).collect();
    names.extend(outputs.iter().map(|(name, kind)| (name.as_str(), kind)));
    let filter = Filter::new(options, &names)?;
    let grid = Grid::new(axes)
        .ok_or_else(|| String::from("the grid has more points than can be counted"))?;
    let pool = match options.threads {
        Some(0) => return Err(String::from("the number of threads must be at least 1").into()),
        Some(threads) if grid.points() > CHUNK => {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            Some(pool.map_err(|error| format!("cannot start {threads} threads: {error}"))?)
        }
        _ => None,
    };
    let mut rows = Rows::new(names.len(), filter.conditions.len());
    let chunks = grid.points().div_ceil(CHUNK);
    let mut done = 0;
    while done < chunks {
        let block = done..(done + BLOCK).min(chunks);
        let chunk = |number: usize| compute(target, &grid, number, names.len(), &filter);
        let parts: Vec<Rows> = if chunks == 1 {
            block.clone().map(chunk).collect()
        } else {
            let all = || block.clone().into_par_iter().map(chunk).collect();
            pool.as_ref().map_or_else(all, |pool| pool.install(all))
        };
        for part in parts {
            rows.append(part);
        }
        filter.arrange(&mut rows);
        if rows.keys.len() > MOST_ROWS {
            let message = format!(
                "more than {MOST_ROWS} rows to keep: narrow the axes, add a condition, or ask for the top ones only"
            );
            return Err(message.into());
        }
        done = block.end;
        if let Some(Progress(report)) = options.progress {
            report((done * CHUNK).min(grid.points()), grid.points());
        }
    }
    rows.table(&names, axes.len(), grid.points(), &filter)
}

impl Filter {
    fn new(options: &Options<'_>, names: &[(&str, &Kind)]) -> Result<Self, Refusal> {
        let mut problems = Vec::new();
        let mut keep = |read: core::result::Result<Expression, String>| {
            read.map_err(|problem| problems.push(problem)).ok()
        };
        let conditions = options
            .conditions
            .iter()
            .filter_map(|text| keep(Expression::condition(text, names)))
            .collect();
        let sort = options.sort.as_deref().map(|text| match text.rsplit_once(':') {
            Some((formula, "desc")) => (formula, true),
            Some((formula, "asc")) => (formula, false),
            _ => (text, false),
        });
        let key = sort.and_then(|(formula, _)| keep(Expression::new(formula, names)));
        if !problems.is_empty() {
            return Err(Refusal { problems });
        }
        let descending = sort.is_some_and(|(_, descending)| descending);
        Ok(Self { conditions, key, descending, top: options.top })
    }

    /// Sorts the rows, if asked to, and keeps the first.
    fn arrange(&self, rows: &mut Rows) {
        if self.key.is_some() {
            let keys = &rows.keys;
            let mut order: Vec<usize> = (0..keys.len()).collect();
            // What is not known comes last, whichever way the others run; equal keys stay in order.
            order.sort_by(|&a, &b| {
                let known = keys[a].is_nan().cmp(&keys[b].is_nan());
                let value = keys[a].total_cmp(&keys[b]);
                known.then(if self.descending { value.reverse() } else { value })
            });
            let pick = |column: &Vec<f64>| order.iter().map(|&row| column[row]).collect();
            rows.columns = rows.columns.iter().map(pick).collect();
            rows.keys = pick(&rows.keys);
        }
        if let Some(top) = self.top {
            rows.keys.truncate(top);
            rows.columns.iter_mut().for_each(|column| column.truncate(top));
        }
    }
}

/// Rows kept and points counted.
struct Rows {
    columns: Vec<Vec<f64>>,
    keys: Vec<f64>,
    kept: usize,
    refused: Vec<Refused>,
    rejected: Vec<usize>,
    alone: Vec<usize>,
}

impl Rows {
    fn new(columns: usize, conditions: usize) -> Self {
        Self {
            columns: vec![Vec::new(); columns],
            keys: Vec::new(),
            kept: 0,
            refused: Vec::new(),
            rejected: vec![0; conditions],
            alone: vec![0; conditions],
        }
    }

    fn append(&mut self, mut other: Self) {
        for (column, more) in self.columns.iter_mut().zip(&mut other.columns) {
            column.append(more);
        }
        self.keys.append(&mut other.keys);
        self.kept += other.kept;
        for refused in other.refused {
            self.refuse(refused);
        }
        for (sum, more) in self.rejected.iter_mut().zip(other.rejected) {
            *sum += more;
        }
        for (sum, more) in self.alone.iter_mut().zip(other.alone) {
            *sum += more;
        }
    }

    fn refuse(&mut self, refused: Refused) {
        match self.refused.iter_mut().find(|known| known.about == refused.about) {
            Some(known) => known.points += refused.points,
            None => self.refused.push(refused),
        }
    }

    /// Keeps the row or counts the conditions that it does not meet.
    fn offer(&mut self, row: &[f64], filter: &Filter) {
        let mut failed = 0;
        let mut last = 0;
        for (index, condition) in filter.conditions.iter().enumerate() {
            if !condition.holds(row) {
                self.rejected[index] += 1;
                failed += 1;
                last = index;
            }
        }
        match failed {
            0 => {
                self.kept += 1;
                self.keys.push(filter.key.as_ref().map_or(0.0, |key| key.value(row)));
                for (column, value) in self.columns.iter_mut().zip(row) {
                    column.push(*value);
                }
            }
            1 => self.alone[last] += 1,
            _ => {}
        }
    }

    fn table(
        self,
        names: &[(&str, &Kind)],
        inputs: usize,
        points: usize,
        filter: &Filter,
    ) -> Result<Table, Refusal> {
        let refused: usize = self.refused.iter().map(|refused| refused.points).sum();
        if refused == points {
            return Err(Refusal { problems: self.refused.into_iter().map(|r| r.first).collect() });
        }
        let counts = self.rejected.iter().zip(&self.alone);
        let conditions = filter
            .conditions
            .iter()
            .zip(counts)
            .map(|(condition, (rejected, alone))| Condition {
                text: condition.text().into(),
                rejected: *rejected,
                alone: *alone,
            })
            .collect();
        let columns = names
            .iter()
            .zip(self.columns)
            .map(|((name, kind), numbers)| Column::new((*name).into(), (*kind).clone(), numbers))
            .collect();
        let statistics = Statistics { points, refused: self.refused, conditions, kept: self.kept };
        Ok(Table { columns, inputs, statistics })
    }
}

fn compute(
    target: &dyn Target,
    grid: &Grid<'_>,
    chunk: usize,
    columns: usize,
    filter: &Filter,
) -> Rows {
    let mut rows = Rows::new(columns, filter.conditions.len());
    let mut row = vec![f64::NAN; columns];
    grid.visit(chunk * CHUNK, ((chunk + 1) * CHUNK).min(grid.points()), |point| {
        row[..point.len()].copy_from_slice(point);
        match target.row(point, &mut row[point.len()..]) {
            Ok(()) => rows.offer(&row, filter),
            Err(error) => {
                rows.refuse(Refused { about: about(&error), points: 1, first: error.to_string() });
            }
        }
    });
    rows
}

/// What an error is about, without the number that differs from point to point.
fn about(error: &Error) -> String {
    match error {
        Error::OutOfRange { op, name, range, .. } => format!("{op}: {name} must be {range}"),
        Error::Overflow { op, name, .. } => format!("{op}: {name} does not fit a 64-bit float"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;

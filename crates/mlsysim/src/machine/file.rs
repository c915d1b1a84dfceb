//! The calibration as TOML: reading, and writing with equal bytes for equal constants.

use super::calibration::{Calibration, Generation, Spread};
use crate::error::{Error, Result};
use crate::registry::Problem;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

const SHIPPED: &str = include_str!("../../data/calibration.toml");

/// What stands above the constants.
const HEADER: &str = "\
# Constants that no data sheet states, fitted on published measurements: `cargo xtask calibrate --dir DIR` writes this file.
#
# generation.FAMILY  six constants of a family of chips; `spec` stands for every machine without a family here
# task.TASK          constants of a model, the same for every machine
# spread.TASK        80 % quantile of the absolute logarithmic error on rows that were not fitted
";

impl Calibration {
    /// The constants that ship with the crate.
    ///
    /// # Cost
    ///
    /// Reads the embedded text: well under a millisecond. Keep the result.
    ///
    /// # Panics
    ///
    /// If the shipped file is broken, which a test excludes.
    #[must_use]
    pub fn shipped() -> Self {
        Self::read("data/calibration.toml", SHIPPED).expect("the shipped file is read by a test")
    }

    /// Reads a calibration from TOML; `file` is its name in messages.
    ///
    /// # Errors
    ///
    /// [`Error::Records`] with every mistake, its line and column.
    pub fn read(file: &str, text: &str) -> Result<Self> {
        let mut reader = Reading { text, problems: Vec::new() };
        let (document, mistakes) = DeTable::parse_recoverable(text);
        for mistake in mistakes {
            let at = mistake.span().map_or(0, |span| span.start);
            reader.problem(at, mistake.message().into());
        }
        let mut read = Self::default();
        for (section, tables) in document.get_ref().iter() {
            let section_name = section.get_ref().as_ref();
            if !matches!(section_name, "generation" | "task" | "spread") {
                let message = format!(
                    "unknown section `{section_name}`; expected generation, task or spread"
                );
                reader.problem(section.span().start, message);
                continue;
            }
            for (name, values) in reader.table(section_name, tables) {
                let path = format!("{section_name}.{name}");
                let mut numbers = reader.numbers(&path, values);
                match section_name {
                    "generation" => {
                        let row = reader.row(&path, values, Generation::FIELDS, &mut numbers);
                        let [
                            gemm_efficiency,
                            kernel_time,
                            link_efficiency,
                            memory_efficiency,
                            step_time,
                            power_share,
                        ] = row;
                        let generation = Generation {
                            gemm_efficiency,
                            kernel_time,
                            link_efficiency,
                            memory_efficiency,
                            step_time,
                            power_share,
                        };
                        read.generations.insert(name.into(), generation);
                    }
                    "task" => {
                        read.tasks.insert(name.into(), numbers);
                    }
                    _ => {
                        let [calibrated, spec] =
                            reader.row(&path, values, ["calibrated", "spec"], &mut numbers);
                        read.spreads.insert(name.into(), Spread { calibrated, spec });
                    }
                }
            }
        }
        if reader.problems.is_empty() {
            return Ok(read);
        }
        reader.problems.sort_by_key(|problem| (problem.line, problem.column));
        Err(Error::Records { file: file.into(), problems: reader.problems })
    }

    /// The constants as TOML, ordered by name, six digits each.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::from(HEADER);
        for (name, generation) in &self.generations {
            text.push_str(&format!("\n[generation.{name}]\n"));
            let mut generation = *generation;
            for field in Generation::FIELDS {
                let value = generation.field(field).map_or(0.0, |value| *value);
                text.push_str(&format!("{field} = {}\n", digits(value)));
            }
        }
        for (name, constants) in &self.tasks {
            text.push_str(&format!("\n[task.{name}]\n"));
            for (constant, value) in constants {
                text.push_str(&format!("{constant} = {}\n", digits(*value)));
            }
        }
        text.push_str("\n[spread]\n");
        for (name, spread) in &self.spreads {
            let (calibrated, spec) = (digits(spread.calibrated), digits(spread.spec));
            text.push_str(&format!("{name} = {{ calibrated = {calibrated}, spec = {spec} }}\n"));
        }
        text
    }
}

/// Six significant digits, as TOML.
fn digits(value: f64) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    if rounded == 0.0 || (1e-3..1e6).contains(&rounded.abs()) {
        let text = rounded.to_string();
        return if text.contains('.') { text } else { format!("{text}.0") };
    }
    let text = format!("{rounded:e}");
    // TOML wants a digit after the point, if there is a point; `5e-6` is a float as it is.
    text
}

struct Reading<'t> {
    text: &'t str,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn problem(&mut self, offset: usize, message: String) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        self.problems.push(Problem { line, column, message });
    }

    fn table<'a, 'i>(
        &mut self,
        path: &str,
        value: &'a Spanned<DeValue<'i>>,
    ) -> Vec<(&'a str, &'a Spanned<DeValue<'i>>)> {
        match value.get_ref().as_table() {
            Some(table) => {
                table.iter().map(|(key, value)| (key.get_ref().as_ref(), value)).collect()
            }
            None => {
                self.problem(value.span().start, format!("{path}: expected a table"));
                Vec::new()
            }
        }
    }

    fn numbers(&mut self, path: &str, value: &Spanned<DeValue<'_>>) -> BTreeMap<String, f64> {
        let mut numbers = BTreeMap::new();
        for (name, value) in self.table(path, value) {
            let text = value
                .get_ref()
                .as_float()
                .map(|float| float.as_str())
                .or_else(|| value.get_ref().as_integer().map(|integer| integer.as_str()));
            let number = text.and_then(|text| text.replace('_', "").parse::<f64>().ok());
            match number.filter(|number| number.is_finite() && *number >= 0.0) {
                Some(number) => {
                    numbers.insert(name.into(), number);
                }
                None => {
                    let message = format!("{path}.{name} must be a finite number of at least 0");
                    self.problem(value.span().start, message);
                }
            }
        }
        numbers
    }

    /// Exactly the numbers named.
    fn row<const N: usize>(
        &mut self,
        path: &str,
        value: &Spanned<DeValue<'_>>,
        names: [&'static str; N],
        numbers: &mut BTreeMap<String, f64>,
    ) -> [f64; N] {
        let at = value.span().start;
        let row = names.map(|name| {
            numbers.remove(name).unwrap_or_else(|| {
                self.problem(at, format!("{path}: `{name}` is missing"));
                0.0
            })
        });
        for name in numbers.keys() {
            self.problem(
                at,
                format!("{path}: unknown constant `{name}`; it has {}", names.join(", ")),
            );
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_is_what_the_writer_writes() {
        let shipped = Calibration::shipped();
        assert_eq!(shipped.to_toml(), SHIPPED);
        assert!(shipped.generation(None).is_ok(), "machines without a family need `spec`");
    }

    #[test]
    fn mistakes_are_told_together_with_their_lines() {
        let text = "[generation.x]\ngemm_efficiency = \"a\"\n[task.gemm]\na = -1\n[oops]\n";
        let error = Calibration::read("c.toml", text).expect_err("five mistakes").to_string();
        for part in [
            "c.toml:2:",
            "c.toml:4:",
            "c.toml:5:",
            "`kernel_time` is missing",
            "unknown section `oops`",
        ] {
            assert!(error.contains(part), "{part} not in {error}");
        }
    }

    #[test]
    fn six_digits_are_kept() {
        assert_eq!(digits(0.123_456_78), "0.123457");
        assert_eq!(digits(2.0), "2.0");
        assert_eq!(digits(4.2e-6), "4.2e-6");
        assert_eq!(digits(0.0), "0.0");
    }
}

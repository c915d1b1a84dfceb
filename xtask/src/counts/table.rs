//! The counts as text and as tables of the guide.

use core::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::{Against, Column, Count};

/// The tables lie between these lines of the page.
const BEGIN: &str = "<!-- counts: written by `cargo xtask bench kits-hal --page` -->";
const END: &str = "<!-- end of counts -->";

/// Returns a table for a terminal, one block per core.
pub(super) fn text(columns: &[Column]) -> String {
    let mut out = String::new();
    for column in columns {
        let _ = writeln!(out, "{}", column.title);
        let _ = writeln!(out, "  {}", row(&heading(column)));
        for (name, count) in &column.counts {
            let _ = writeln!(out, "  {}", row(&cells(column, name, count)));
        }
        if let Some(mean) = column.mean() {
            let _ = writeln!(out, "  geometric mean {mean:.3}, aimed at {:.2}", column.limit);
        }
    }
    out
}

fn row(cells: &[String]) -> String {
    let mut line = String::new();
    for (i, cell) in cells.iter().enumerate() {
        let _ = if i == 0 { write!(line, "{cell:20}") } else { write!(line, " {cell:>14}") };
    }
    line
}

fn heading(column: &Column) -> Vec<String> {
    let mut names = vec!["model", "instructions", "per MAC"];
    names.extend(match column.against {
        Against::Optimized => ["TFLM", "TFLM+CMSIS-NN", "ratio"],
        Against::Reference => ["TFLM", "tract", "ratio"],
    });
    names.into_iter().map(str::to_owned).collect()
}

fn cells(column: &Column, name: &str, count: &Count) -> Vec<String> {
    let whole = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| grouped(v.round()));
    let second = match column.against {
        Against::Optimized => count.optimized,
        Against::Reference => count.tract,
    };
    vec![
        name.to_owned(),
        grouped(count.instructions.round()),
        format!("{:.2}", count.instructions / count.macs.max(1.0)),
        whole(count.reference),
        whole(second),
        column.ratio(count).map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.3}")),
    ]
}

/// Writes a whole number with spaces between groups of three digits.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

fn markdown(columns: &[Column]) -> String {
    let mut out = String::new();
    for column in columns {
        let _ = writeln!(out, "### {}\n", column.title);
        let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
        let _ = writeln!(out, "{}", line(&heading(column)));
        out.push_str("| --- | ---: | ---: | ---: | ---: | ---: |\n");
        for (name, count) in &column.counts {
            let _ = writeln!(out, "{}", line(&cells(column, name, count)));
        }
        if let Some(mean) = column.mean() {
            let _ = writeln!(
                out,
                "\nGeometric mean of the ratios: **{mean:.3}** (aimed at {:.2}).\n",
                column.limit
            );
        }
    }
    out
}

/// Replaces the tables of the page.
pub(super) fn write_page(page: &Path, columns: &[Column]) -> Result<()> {
    let text =
        std::fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let (head, rest) = text.split_once(BEGIN).context("the page has no place for the tables")?;
    let (_, tail) = rest.split_once(END).context("the page has no end of the tables")?;
    let new = format!("{head}{BEGIN}\n\n{}\n{END}{tail}", markdown(columns).trim_end());
    std::fs::write(page, new).with_context(|| format!("cannot write {}", page.display()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_mean_is_geometric_and_numbers_are_grouped() {
        let count = |instructions: f64| Count {
            instructions,
            macs: 1000.0,
            reference: Some(8e6),
            optimized: Some(1e6),
            tract: None,
        };
        let counts = BTreeMap::from([("a".to_owned(), count(2e6)), ("b".to_owned(), count(0.5e6))]);
        let against = Against::Optimized;
        let column = Column { id: "x", title: "X", against, limit: 0.9, counts };
        // 2 and 1/2.
        assert!((column.mean().expect("two ratios") - 1.0).abs() < 1e-12);
        assert!(text(&[column]).contains("2 000 000"));
        assert_eq!(grouped(123.0), "123");
        assert_eq!(grouped(1234.0), "1 234");
    }
}

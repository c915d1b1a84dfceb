//! The table of a sweep as text for other programs and for people.
//!
//! Every column has one type and its unit in the heading (`time [s]`), amounts are in base units, so a file reads
//! straight into a data frame or a columnar store.
//! What is not known is an empty cell, or `null`.

use crate::sweep::{Column, Data, Kind, Table};
use crate::units::Quantity;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::{self, Write};

/// Writes comma-separated values: a heading, then a line for each row.
///
/// # Errors
///
/// As the writer.
pub fn csv(table: &Table, out: &mut dyn Write) -> fmt::Result {
    separated(out, table.columns.iter().map(|column| quoted(&column.heading())))?;
    for row in 0..table.rows() {
        separated(out, table.columns.iter().map(|column| quoted(&plain(column, row))))?;
    }
    Ok(())
}

/// Writes one JSON object a line, with the headings as keys.
///
/// # Errors
///
/// As the writer.
pub fn json_lines(table: &Table, out: &mut dyn Write) -> fmt::Result {
    let keys: Vec<String> = table.columns.iter().map(|column| string(&column.heading())).collect();
    for row in 0..table.rows() {
        for (index, (key, column)) in keys.iter().zip(&table.columns).enumerate() {
            let open = if index == 0 { "{" } else { "," };
            write!(out, "{open}{key}:{}", json_cell(column, row))?;
        }
        out.write_str("}\n")?;
    }
    Ok(())
}

/// Writes a Markdown table with amounts to five digits.
///
/// # Errors
///
/// As the writer.
pub fn markdown(table: &Table, out: &mut dyn Write) -> fmt::Result {
    let line = |out: &mut dyn Write, cells: &mut dyn Iterator<Item = String>| {
        let cells: Vec<String> = cells.map(|cell| cell.replace('|', "\\|")).collect();
        writeln!(out, "| {} |", cells.join(" | "))
    };
    line(out, &mut table.columns.iter().map(|column| column.name.clone()))?;
    let rule = |column: &Column| match column.kind {
        Kind::Amount(_) => String::from("---:"),
        Kind::Flag | Kind::Words(_) => String::from("---"),
    };
    line(out, &mut table.columns.iter().map(rule))?;
    for row in 0..table.rows() {
        line(out, &mut table.columns.iter().map(|column| pretty(column, row)))?;
    }
    Ok(())
}

/// Writes aligned columns with amounts to five digits.
///
/// # Errors
///
/// As the writer.
pub fn text(table: &Table, out: &mut dyn Write) -> fmt::Result {
    let mut rows = vec![table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>()];
    for row in 0..table.rows() {
        rows.push(table.columns.iter().map(|column| pretty(column, row)).collect());
    }
    out.write_str(&super::table::columns(&rows))
}

/// The statistics of a sweep in a few lines.
#[must_use]
pub fn statistics(table: &Table) -> String {
    let statistics = &table.statistics;
    let mut text = format!("{} points, {} kept", statistics.points, statistics.kept);
    if table.rows() < statistics.kept {
        text.push_str(&format!(", {} shown", table.rows()));
    }
    for refused in &statistics.refused {
        text.push_str(&format!("\n{} refused: {}", refused.points, refused.first));
    }
    for condition in &statistics.conditions {
        text.push_str(&format!(
            "\n{} rejected by `{}`, {} by it alone",
            condition.rejected, condition.text, condition.alone
        ));
    }
    text
}

fn separated(out: &mut dyn Write, cells: impl Iterator<Item = String>) -> fmt::Result {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.write_char(',')?;
        }
        out.write_str(&cell)?;
    }
    out.write_char('\n')
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.into()
    }
}

/// The shortest text that reads back to the same float.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || !size.is_finite() || (1e-5..1e16).contains(&size) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

fn plain(column: &Column, row: usize) -> String {
    match &column.data {
        Data::Numbers(_) | Data::Optional(_) => column.number(row).map_or_else(String::new, number),
        Data::Flags(flags) => flags.get(row).map_or_else(String::new, ToString::to_string),
        Data::Words(_) => column.word(row).unwrap_or_default().into(),
    }
}

fn json_cell(column: &Column, row: usize) -> String {
    match &column.data {
        // JSON knows no infinity.
        Data::Numbers(_) | Data::Optional(_) => match column.number(row) {
            Some(value) if value.is_finite() => number(value),
            _ => "null".into(),
        },
        Data::Flags(_) => plain(column, row),
        Data::Words(_) => string(&plain(column, row)),
    }
}

/// A JSON string.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A value for people.
pub(crate) fn pretty(column: &Column, row: usize) -> String {
    match (&column.kind, &column.data) {
        (Kind::Amount(dimension), _) => column
            .number(row)
            .map_or_else(|| "-".into(), |value| format!("{:.5}", Quantity::new(value, *dimension))),
        (_, Data::Flags(flags)) => {
            let flag = flags.get(row).copied().unwrap_or_default();
            if flag { "yes".into() } else { "no".into() }
        }
        _ => plain(column, row),
    }
}

/// Whether the value of a row differs from that of the row before it.
pub(crate) fn differs(column: &Column, row: usize) -> bool {
    match &column.data {
        Data::Numbers(_) | Data::Optional(_) => {
            column.number(row).map(f64::to_bits) != column.number(row - 1).map(f64::to_bits)
        }
        Data::Flags(flags) => flags.get(row) != flags.get(row - 1),
        Data::Words(codes) => codes.get(row) != codes.get(row - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::Statistics;
    use crate::units::Dimension;

    fn table() -> Table {
        let column = |name: &str, kind, data| Column { name: name.into(), kind, data };
        Table {
            columns: vec![
                column(
                    "bandwidth",
                    Kind::Amount(Dimension::BANDWIDTH),
                    Data::Numbers(vec![1e12, 3.35e12]),
                ),
                column(
                    "time",
                    Kind::Amount(Dimension::TIME),
                    Data::Numbers(vec![1.25e-7, f64::INFINITY]),
                ),
                column(
                    "energy",
                    Kind::Amount(Dimension::ENERGY),
                    Data::Optional(vec![None, Some(0.5)]),
                ),
                column("fits", Kind::Flag, Data::Flags(vec![true, false])),
                column(
                    "name",
                    Kind::Words(vec!["a,\"b\"".into(), "c|d".into()]),
                    Data::Words(vec![0, 1]),
                ),
            ],
            inputs: 1,
            statistics: Statistics { points: 2, kept: 2, ..Statistics::default() },
        }
    }

    fn written(write: impl Fn(&Table, &mut dyn Write) -> fmt::Result) -> String {
        let mut text = String::new();
        write(&table(), &mut text).unwrap();
        text
    }

    #[test]
    fn each_format_holds_the_same_rows() {
        assert_eq!(
            written(csv),
            "bandwidth [B/s],time [s],energy [J],fits,name\n\
             1000000000000,1.25e-7,,true,\"a,\"\"b\"\"\"\n3350000000000,inf,0.5,false,c|d\n"
        );
        assert_eq!(
            written(json_lines),
            "{\"bandwidth [B/s]\":1000000000000,\"time [s]\":1.25e-7,\"energy [J]\":null,\"fits\":true,\"name\":\"a,\\\"b\\\"\"}\n\
             {\"bandwidth [B/s]\":3350000000000,\"time [s]\":null,\"energy [J]\":0.5,\"fits\":false,\"name\":\"c|d\"}\n"
        );
        assert_eq!(
            written(markdown),
            "| bandwidth | time | energy | fits | name |\n| ---: | ---: | ---: | --- | --- |\n\
             | 1 TB/s | 125 ns | - | yes | a,\"b\" |\n| 3.35 TB/s | infinite | 500 mJ | no | c\\|d |\n"
        );
        assert!(written(text).starts_with("bandwidth  time      energy  fits  name\n1 TB/s"));
    }

    #[test]
    fn numbers_read_back_to_the_same_bits() {
        for value in [0.1 + 0.2, 1e300, 5e-324, -1.5e-7, 123_456_789.123, 2.0 / 3.0, 1e16, 1e-5] {
            assert_eq!(
                number(value).parse::<f64>().map(f64::to_bits),
                Ok(value.to_bits()),
                "{value:e}"
            );
        }
    }
}

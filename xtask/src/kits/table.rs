//! Tables for people: columns as wide as their widest cell.

/// A table under construction.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    /// Columns aligned to the right: numbers.
    right: Vec<bool>,
}

impl Table {
    /// Returns a table with a heading; a heading that starts with `>` aligns its column to the right.
    pub(crate) fn new<const N: usize>(heading: [&str; N]) -> Self {
        Self {
            rows: vec![heading.iter().map(|h| h.trim_start_matches('>').to_owned()).collect()],
            right: heading.iter().map(|h| h.starts_with('>')).collect(),
        }
    }

    /// Adds a row; missing cells are empty.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }
}

impl core::fmt::Display for Table {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let widths: Vec<usize> = (0..self.right.len())
            .map(|i| self.rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count()).max())
            .map(|width| width.unwrap_or(0))
            .collect();
        for (n, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for ((cell, width), right) in row.iter().zip(&widths).zip(&self.right) {
                if !line.is_empty() {
                    line.push_str("  ");
                }
                if *right {
                    line.push_str(&format!("{cell:>width$}"));
                } else {
                    line.push_str(&format!("{cell:<width$}"));
                }
            }
            if n > 0 {
                f.write_str("\n")?;
            }
            f.write_str(line.trim_end())?;
        }
        Ok(())
    }
}

/// Returns a whole number in groups of three digits: `300 544`.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// Returns dimensions without leading ones: `49x10x8`.
pub(crate) fn shape(dims: [u16; 4]) -> String {
    let skip = dims.iter().take(3).take_while(|&&d| d == 1).count();
    dims[skip..].iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(["name", ">bytes"]);
        table.row(["a".to_owned(), grouped(1_234_567)]);
        table.row(["long".to_owned(), grouped(999)]);
        assert_eq!(table.to_string(), "name      bytes\na     1 234 567\nlong        999");
    }

    #[test]
    fn leading_ones_are_dropped() {
        assert_eq!(shape([1, 49, 10, 8]), "49x10x8");
        assert_eq!(shape([1, 1, 1, 1]), "1");
    }
}

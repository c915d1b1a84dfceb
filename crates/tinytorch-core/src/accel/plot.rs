//! A roofline in letters.

use core::fmt::Write as _;

use crate::profile::Machine;

/// Columns and rows of the picture.
const WIDTH: usize = 60;
const HEIGHT: usize = 16;

/// Something that was measured, as a point under the roof.
#[derive(Debug, Clone, PartialEq)]
pub struct Dot {
    /// What stands at its place.
    pub letter: char,
    /// What it is, for the legend.
    pub name: String,
    /// Operations for each byte.
    pub intensity: f64,
    /// Operations in a second that were reached.
    pub flops: f64,
}

/// A logarithmic axis, in whole decades.
struct Axis {
    low: f64,
    high: f64,
    cells: usize,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>, cells: usize) -> Self {
        let usable = values.filter(|v| v.is_finite() && *v > 0.0).map(f64::log10);
        let (low, high) =
            usable.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        if low > high {
            return Self { low: 0.0, high: 1.0, cells };
        }
        let low = low.floor();
        Self { low, high: high.ceil().max(low + 1.0), cells }
    }

    /// The cell of a value; `None` if it is not a positive number.
    fn cell(&self, v: f64) -> Option<usize> {
        if !(v > 0.0 && v.is_finite()) {
            return None;
        }
        let share = ((v.log10() - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        Some((share * (self.cells - 1) as f64).round() as usize)
    }

    /// The value in the middle of a cell.
    fn value(&self, cell: usize) -> f64 {
        let share = cell as f64 / (self.cells - 1) as f64;
        10f64.powf(self.low + share * (self.high - self.low))
    }
}

/// Draws the roof of `machine` and what lies under it: both axes logarithmic, a letter for each dot, a legend below. The lines
/// have at most 80 columns as long as the names have at most 40.
///
/// The roof is the lower of bandwidth times intensity and of the peak (Williams, Waterman & Patterson, 2009, CACM 52(4)). Dots with
/// an intensity or a speed that is not a positive number stand in the legend alone; where several meet they stand side by side.
#[must_use]
pub fn text_roofline(machine: &Machine, dots: &[Dot]) -> String {
    let x = Axis::over(
        dots.iter().map(|d| d.intensity).chain([machine.ridge() / 2.0, machine.ridge() * 2.0]),
        WIDTH,
    );
    let y = Axis::over(
        dots.iter().map(|d| d.flops).chain([machine.flops, machine.attainable(x.value(0))]),
        HEIGHT,
    );
    let mut cells = vec![[' '; WIDTH]; HEIGHT];
    let roof = (0..WIDTH).map(|column| (column, x.value(column)));
    for (column, intensity) in roof {
        if let Some(row) = y.cell(machine.attainable(intensity)) {
            cells[row][column] = if intensity < machine.ridge() { '/' } else { '-' };
        }
    }
    for dot in dots {
        if let (Some(column), Some(row)) = (x.cell(dot.intensity), y.cell(dot.flops)) {
            let free = (column..WIDTH).find(|&c| matches!(cells[row][c], ' ' | '/' | '-'));
            cells[row][free.unwrap_or(column)] = dot.letter;
        }
    }
    let mut out = format!(
        "GFLOP/s; roof {:.1} GFLOP/s, {:.1} GB/s, ridge at {:.1} FLOP/B\n",
        machine.flops / 1e9,
        machine.bandwidth / 1e9,
        machine.ridge(),
    );
    for (row, cells) in cells.iter().enumerate().rev() {
        let line: String = cells.iter().collect();
        let label = if row == HEIGHT - 1 || row == 0 {
            format!("{:>10.3}", y.value(row) / 1e9)
        } else {
            " ".repeat(10)
        };
        let _ = writeln!(out, "{label} |{}", line.trim_end());
    }
    let (left, right) = (format!("{:.3}", x.value(0)), format!("{:.3}", x.value(WIDTH - 1)));
    let gap = WIDTH.saturating_sub(left.len() + right.len());
    let _ = writeln!(out, "{:>10} +{}", "", "-".repeat(WIDTH));
    let _ = writeln!(out, "{:>10}  {left}{}{right} FLOP/B", "", " ".repeat(gap));
    for dot in dots {
        let roof = machine.attainable(dot.intensity);
        let share = if roof > 0.0 { 100.0 * dot.flops / roof } else { 0.0 };
        let _ = writeln!(
            out,
            "{:>10}  {} {}: {:.2} GFLOP/s, {share:.1} % of the roof",
            "",
            dot.letter,
            dot.name,
            dot.flops / 1e9,
        );
    }
    out
}

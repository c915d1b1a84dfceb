//! Lines and points over two axes as SVG: a sweep, a front of trade-offs.
//!
//! An axis whose values are all above 0 and span more than a factor of 50 is logarithmic and says so; any other
//! upward axis starts at 0, so that heights may be compared.

use super::svg::escape;
use crate::units::{Dimension, Quantity};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What an axis measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// Name of what it shows.
    pub name: String,
    /// Its dimension.
    pub dimension: Dimension,
}

/// Points that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Name in the legend.
    pub label: String,
    /// Points to the right and upwards, in base units.
    pub points: Vec<(f64, f64)>,
    /// Whether a line joins them.
    pub joined: bool,
}

/// A plot of series over two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Heading.
    pub title: String,
    /// Axis to the right.
    pub x: Scale,
    /// Axis upwards.
    pub y: Scale,
    /// What is shown.
    pub series: Vec<Series>,
}

const WIDTH: f64 = 760.0;
const PLOT: f64 = 360.0;
const LEFT: f64 = 128.0;
// Half of the widest label fits beside the last mark.
const RIGHT: f64 = 60.0;
const TITLE_TOP: f64 = 28.0;
const TITLE_LINE: f64 = 20.0;
/// Characters that fit on one line of the heading.
const TITLE_WIDTH: usize = 74;
const LEGEND_LINE: f64 = 19.0;
const BOTTOM: f64 = 60.0;
/// The most series that stay apart by color and dashes.
#[cfg(feature = "sweep")]
const MOST_SERIES: usize = 12;
const COLORS: [&str; 6] = ["#1f4e79", "#c1440e", "#00798c", "#8f2d56", "#5b8c5a", "#8a6d3b"];

impl Chart {
    /// Draws the chart.
    ///
    /// Points that are not finite (or beyond 1e300), or not above 0 on a logarithmic axis, are left out, and the legend says how many.
    ///
    /// ```
    /// use mlsysim::report::chart::{Chart, Scale, Series};
    /// use mlsysim::units::Dimension;
    ///
    /// let chart = Chart {
    ///     title: "Time over bandwidth".into(),
    ///     x: Scale { name: "bandwidth".into(), dimension: Dimension::BANDWIDTH },
    ///     y: Scale { name: "time".into(), dimension: Dimension::TIME },
    ///     series: vec![Series { label: "16 GB".into(), points: vec![(1e12, 0.016), (2e12, 0.008)], joined: true }],
    /// };
    /// assert!(chart.svg().contains(">time</text>") && chart.svg().contains(">1 TB/s</text>"));
    /// ```
    #[must_use]
    pub fn svg(&self) -> String {
        let finite = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
            points.iter().copied().filter(|(x, y)| drawable(*x) && drawable(*y)).collect()
        };
        let all: Vec<(f64, f64)> = self.series.iter().flat_map(|s| finite(&s.points)).collect();
        let x = Ticks::of(self.x.dimension, all.iter().map(|point| point.0), false);
        let y = Ticks::of(self.y.dimension, all.iter().map(|point| point.1), true);
        let to_x = |value: f64| LEFT + x.place(value) * (WIDTH - LEFT - RIGHT);
        let to_y = |value: f64| PLOT - y.place(value) * PLOT;

        let mut frame = String::new();
        let labels: Vec<(f64, String)> =
            x.marks.iter().map(|mark| (to_x(*mark), x.label(*mark, self.x.dimension))).collect();
        let size = x.unit.map_or(1.0, |(size, _)| size);
        let values: Vec<f64> = x.marks.iter().map(|mark| mark / size).collect();
        let shown = apart(&labels, &values);
        for (index, (at, label)) in labels.iter().enumerate() {
            frame.push_str(&format!(
                "<line x1=\"{at:.1}\" y1=\"0\" x2=\"{at:.1}\" y2=\"{PLOT}\" stroke=\"#e3e3e3\"/>\n"
            ));
            if shown[index] {
                frame.push_str(&format!(
                    "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#444\">{label}</text>\n",
                    PLOT + 20.0,
                ));
            }
        }
        for value in &y.marks {
            let at = to_y(*value);
            frame.push_str(&format!(
                "<line x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{:.1}\" y2=\"{at:.1}\" stroke=\"#e3e3e3\"/>\n\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#444\">{}</text>\n",
                WIDTH - RIGHT,
                LEFT - 8.0,
                at + 4.5,
                y.label(*value, self.y.dimension)
            ));
        }
        let named = |scale: &Scale, ticks: &Ticks| {
            let how = if ticks.logarithmic { " (logarithmic)" } else { "" };
            format!("{}{how}", escape(&scale.name))
        };
        frame.push_str(&format!(
            "<rect x=\"{LEFT}\" y=\"0\" width=\"{:.1}\" height=\"{PLOT}\" fill=\"none\" stroke=\"#888\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n\
             <text transform=\"translate(20 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
            WIDTH - LEFT - RIGHT,
            f64::midpoint(LEFT, WIDTH - RIGHT),
            PLOT + BOTTOM - 14.0,
            named(&self.x, &x),
            PLOT / 2.0,
            named(&self.y, &y),
        ));

        let (mut legend, mut marks) = (String::new(), String::new());
        let heading = wrapped(&self.title, TITLE_WIDTH);
        let mut line = TITLE_TOP + 4.0;
        let mut headings = String::new();
        for (index, words) in heading.iter().enumerate() {
            let weight =
                if index == 0 { "font-size=\"15\" font-weight=\"bold\"" } else { "fill=\"#444\"" };
            headings.push_str(&format!(
                "<text x=\"{LEFT}\" y=\"{:.1}\" {weight}>{}</text>\n",
                line - 4.0,
                escape(words)
            ));
            line += TITLE_LINE;
        }
        line += 4.0;
        for (index, series) in self.series.iter().enumerate() {
            let color = COLORS[index % COLORS.len()];
            let dash = if index < COLORS.len() { "" } else { " stroke-dasharray=\"6 4\"" };
            let shown: Vec<(f64, f64)> = finite(&series.points)
                .into_iter()
                .filter(|point| x.shows(point.0) && y.shows(point.1))
                .map(|point| (to_x(point.0), to_y(point.1)))
                .collect();
            let missing = series.points.len() - shown.len();
            let missing =
                if missing > 0 { format!(" ({missing} points not shown)") } else { String::new() };
            legend.push_str(&format!(
                "<line x1=\"{LEFT}\" y1=\"{line:.1}\" x2=\"{}\" y2=\"{line:.1}\" stroke=\"{color}\" \
                 stroke-width=\"2\"{dash}/>\n<text x=\"{}\" y=\"{:.1}\">{}{missing}</text>\n",
                LEFT + 34.0,
                LEFT + 44.0,
                line + 4.5,
                escape(&series.label),
            ));
            line += LEGEND_LINE;
            if series.joined {
                let path: Vec<String> =
                    shown.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
                marks.push_str(&format!(
                    "<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"{dash} points=\"{}\"/>\n",
                    path.join(" ")
                ));
            }
            // Points so close that they would hide the line are not drawn one by one.
            if !series.joined || shown.len() <= 40 {
                for (x, y) in shown {
                    marks.push_str(&format!(
                        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{color}\"/>\n"
                    ));
                }
            }
        }
        let top = line;
        let height = top + PLOT + BOTTOM;
        let title = escape(&self.title);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
             height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n\
             <title>{title}</title>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
             {headings}{legend}<g transform=\"translate(0 {top})\">\n{frame}{marks}</g>\n</svg>\n"
        )
    }
}

/// Which labels stand side by side without touching; those of powers of ten come first.
fn apart(labels: &[(f64, String)], marks: &[f64]) -> Vec<bool> {
    const CHARACTER: f64 = 8.0;
    let half = |label: &str| CHARACTER * (label.chars().map(|_| 1.0).sum::<f64>() + 1.0) / 2.0;
    let even = |mark: f64| {
        let power = libm::log10(mark);
        (power - libm::round(power)).abs() < 1e-9
    };
    let mut shown = alloc::vec![false; labels.len()];
    for wanted in [true, false] {
        for (index, (at, label)) in labels.iter().enumerate() {
            let free = labels.iter().zip(&shown).all(|((other, text), shown)| {
                !shown || (other - at).abs() >= half(text) + half(label)
            });
            shown[index] |= free && even(marks[index]) == wanted;
        }
    }
    shown
}

/// The lines of a heading: what stands before the first `: ` broken between words, the rest between its parts.
fn wrapped(title: &str, width: usize) -> Vec<String> {
    let (name, rest) = title.split_once(": ").unwrap_or((title, ""));
    let mut lines = Vec::new();
    for (text, gap) in [(name, " "), (rest, ", ")] {
        let mut line = String::new();
        for part in text.split(gap).filter(|part| !part.is_empty()) {
            if !line.is_empty() && line.chars().count() + 1 + part.chars().count() > width {
                line.push_str(gap.trim_end());
                lines.push(core::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push_str(gap);
            }
            line.push_str(part);
        }
        if !line.is_empty() {
            lines.push(line);
        }
    }
    lines
}

/// The unit that people use for amounts from `least` on where the base unit gives unhandy numbers, and its size.
fn unit(dimension: Dimension, least: f64) -> Option<(f64, &'static str)> {
    const KWH: f64 = 3.6e6;
    let from = |bounds: &[(f64, f64, &'static str)]| {
        bounds.iter().find(|(bound, ..)| least >= *bound).map(|(_, size, name)| (*size, *name))
    };
    match dimension {
        Dimension::TIME => from(&[
            (31_536_000.0, 31_536_000.0, "yr"),
            (3.0 * 86_400.0, 86_400.0, "d"),
            (1_800.0, 3_600.0, "h"),
        ]),
        Dimension::FREQUENCY if least > 0.0 && least < 1e-2 => Some((1.0 / 3_600.0, "1/h")),
        Dimension::MONEY => from(&[(1e6, 1e6, "million USD")]),
        Dimension::ENERGY => from(&[(1e9, 1e3 * KWH, "MWh")]),
        Dimension::CARBON => from(&[(1e3, 1e3, "tCO2e")]),
        Dimension::CARBON_INTENSITY => Some((1e-3 / KWH, "gCO2e/kWh")),
        Dimension::ENERGY_PRICE => Some((1.0 / KWH, "USD/kWh")),
        Dimension::RENT => Some((1.0 / 3_600.0, "USD/h")),
        Dimension::WATER_INTENSITY => Some((1e-3 / KWH, "L/kWh")),
        _ => None,
    }
}

/// An amount in the unit that people use for it, where that is not its base unit: hours, `USD/kWh`.
///
/// ```
/// use mlsysim::report::chart::everyday;
/// use mlsysim::units::parse;
///
/// assert_eq!(everyday(parse("43200 s")?).as_deref(), Some("12 h"));
/// assert_eq!(everyday(parse("0.12 USD/kWh")?).as_deref(), Some("0.12 USD/kWh"));
/// assert_eq!(everyday(parse("3 ms")?), None);
/// # Ok::<(), mlsysim::Error>(())
/// ```
#[must_use]
pub fn everyday(amount: Quantity) -> Option<String> {
    let (size, name) = unit(amount.dimension, amount.value)?;
    drawable(amount.value).then(|| format!("{:.4} {name}", Quantity::number(amount.value / size)))
}

/// Whether differences to other such values are finite.
fn drawable(value: f64) -> bool {
    value.abs() <= 1e300
}

/// The range of an axis and the values marked on it.
#[derive(Debug, PartialEq)]
struct Ticks {
    low: f64,
    high: f64,
    logarithmic: bool,
    marks: Vec<f64>,
    /// Size and name of the unit of the labels, if it is not the dimension's own.
    unit: Option<(f64, &'static str)>,
}

impl Ticks {
    /// Marks at round values of the unit that people use.
    fn of(dimension: Dimension, values: impl Iterator<Item = f64> + Clone, upwards: bool) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let unit = unit(dimension, least).filter(|_| least.is_finite());
        let size = unit.map_or(1.0, |(size, _)| size);
        let mut ticks = Self::around(values.map(|value| value / size), upwards);
        ticks.low *= size;
        ticks.high *= size;
        for mark in &mut ticks.marks {
            *mark *= size;
        }
        Self { unit, ..ticks }
    }

    fn label(&self, value: f64, dimension: Dimension) -> String {
        match self.unit {
            Some((size, name)) => format!("{:.3} {name}", Quantity::number(value / size)),
            None => format!("{:.3}", Quantity::new(value, dimension)),
        }
    }

    fn around(values: impl Iterator<Item = f64>, upwards: bool) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if low > 0.0 && high / low > 50.0 {
            Self::powers(low, high)
        } else {
            Self::steps(low, high, upwards)
        }
    }

    /// From 1, 2 or 5 times a power of ten to another such value around the values; some seven powers marked,
    /// or all such values if there are few powers.
    fn powers(low: f64, high: f64) -> Self {
        let round = |value: f64, up: bool| {
            let power = libm::pow(10.0, libm::floor(libm::log10(value)));
            let factors = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
            let near = |factor: &f64| (factor / value - 1.0).abs() < 1e-9;
            let below = factors.iter().rev().find(|factor| **factor <= value || near(factor));
            let above = factors.iter().find(|factor| **factor >= value || near(factor));
            if up { above } else { below }.copied().unwrap_or(value)
        };
        let (low, high) = (round(low, false), round(high, true));
        let (first, last) = (libm::floor(libm::log10(low)), libm::ceil(libm::log10(high)));
        let stride = libm::ceil((last - first) / 7.0).max(1.0);
        let factors: &[f64] = if last - first > 3.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let mut marks = Vec::new();
        let mut power = first;
        while power <= last {
            for factor in factors {
                let mark = factor * libm::pow(10.0, power);
                if mark >= low * (1.0 - 1e-9) && mark <= high * (1.0 + 1e-9) {
                    marks.push(mark);
                }
            }
            power += stride;
        }
        Self { low, high, logarithmic: true, marks, unit: None }
    }

    /// Some six steps of 1, 2 or 5 times a power of ten.
    fn steps(low: f64, high: f64, upwards: bool) -> Self {
        let low = if upwards { low.min(0.0) } else { low };
        let high = if upwards { high.max(0.0) } else { high };
        let width = high - low;
        let width = if width > 0.0 && width.is_finite() { width } else { low.abs().max(1.0) };
        let rough = width / 6.0;
        let power = libm::pow(10.0, libm::floor(libm::log10(rough)));
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|step| *step >= rough)
            .unwrap_or(rough);
        let start = libm::floor(low / step);
        let end = libm::ceil((low + width) / step).max(start + 1.0);
        let mut marks = Vec::new();
        let mut number = start;
        while number <= end && marks.len() < 20 {
            marks.push(number * step);
            number += 1.0;
        }
        Self { low: start * step, high: end * step, logarithmic: false, marks, unit: None }
    }

    /// Where a value lies between the ends, 0 to 1.
    fn place(&self, value: f64) -> f64 {
        if self.logarithmic {
            let low = libm::log10(self.low);
            (libm::log10(value) - low) / (libm::log10(self.high) - low)
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    fn shows(&self, value: f64) -> bool {
        !self.logarithmic || value > 0.0
    }
}

/// Draws one output of a sweep over one of its axes, a line for each combination of the others.
///
/// # Errors
///
/// A line that says what is missing: an axis of amounts that varies, an output that is an amount, few enough lines.
#[cfg(feature = "sweep")]
pub fn sweep(
    title: &str,
    table: &crate::sweep::Table,
    x: Option<&str>,
    y: Option<&str>,
) -> Result<String, String> {
    use crate::sweep::{Column, Kind};
    use alloc::vec;
    let pretty = |column: &Column, row: usize| {
        let amount = match column.kind {
            Kind::Amount(dimension) => {
                column.number(row).and_then(|value| everyday(Quantity::new(value, dimension)))
            }
            Kind::Flag | Kind::Words(_) => None,
        };
        amount.unwrap_or_else(|| super::rows::pretty(column, row))
    };
    let inputs = &table.columns[..table.inputs];
    let outputs = &table.columns[table.inputs..];
    let scale = |column: &Column| match column.kind {
        Kind::Amount(dimension) => Some(Scale { name: column.name.clone(), dimension }),
        Kind::Flag | Kind::Words(_) => None,
    };
    let varies = |column: &Column| (1..table.rows()).any(|row| super::rows::differs(column, row));
    let find = |columns: &'_ [Column], wanted: Option<&str>, which: &dyn Fn(&Column) -> bool| {
        columns.iter().position(|column| match wanted {
            Some(name) => column.name == name && scale(column).is_some(),
            None => scale(column).is_some() && which(column),
        })
    };
    let amounts = |columns: &[Column]| {
        let names: Vec<&str> =
            columns.iter().filter(|c| scale(c).is_some()).map(|c| c.name.as_str()).collect();
        names.join(", ")
    };
    let right = find(inputs, x, &varies).ok_or_else(|| {
        format!(
            "a line chart needs an axis of amounts that varies to the right; there are {}",
            amounts(inputs)
        )
    })?;
    let up = find(outputs, y, &|_| true).ok_or_else(|| {
        format!("a line chart needs an output that is an amount; there are {}", amounts(outputs))
    })?;
    let (right, up) = (&inputs[right], &outputs[up]);
    let others: Vec<&Column> =
        inputs.iter().filter(|column| column.name != right.name && varies(column)).collect();
    let mut series: Vec<Series> = Vec::new();
    for row in 0..table.rows() {
        let parts: Vec<String> = others
            .iter()
            .map(|column| format!("{} {}", column.name, pretty(column, row)))
            .collect();
        let label = if parts.is_empty() { up.name.clone() } else { parts.join(", ") };
        let point = (right.number(row).unwrap_or(f64::NAN), up.number(row).unwrap_or(f64::NAN));
        match series.iter_mut().find(|series| series.label == label) {
            Some(series) => series.points.push(point),
            None => series.push(Series { label, points: vec![point], joined: true }),
        }
        if series.len() > MOST_SERIES {
            let names: Vec<&str> = others.iter().map(|column| column.name.as_str()).collect();
            return Err(format!(
                "a line chart shows at most {MOST_SERIES} lines: give fewer values to {}",
                names.join(", ")
            ));
        }
    }
    for series in &mut series {
        series.points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    let (Some(x), Some(y)) = (scale(right), scale(up)) else {
        return Err(String::from("a line chart needs amounts on both axes"));
    };
    let fixed: Vec<String> = inputs
        .iter()
        .filter(|column| table.rows() > 0 && !varies(column) && column.name != right.name)
        .map(|column| format!("{} {}", column.name, pretty(column, 0)))
        .collect();
    let title =
        if fixed.is_empty() { title.into() } else { format!("{title}: {}", fixed.join(", ")) };
    Ok(Chart { title, x, y, series }.svg())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn marks_enclose_the_values_at_round_steps() {
        let ticks = Ticks::around([3.0, 17.0].into_iter(), false);
        // Steps of 5 (14 / 6 = 2.3 rounds up to 5) from 0 to 20.
        assert_eq!(ticks.marks, [0.0, 5.0, 10.0, 15.0, 20.0]);
        let up = Ticks::around([9.0, 10.0].into_iter(), true);
        assert_eq!((up.low, up.high), (0.0, 10.0), "heights compare only from 0: {up:?}");
        let ticks = Ticks::around([2e9, 5e12].into_iter(), false);
        assert_eq!((ticks.low, ticks.high), (2e9, 5e12), "round values around those shown");
        assert_eq!(ticks.marks, [1e10, 1e11, 1e12]);
        assert!((ticks.place(1e11) - 0.5).abs() < 1e-12, "the middle of 2e9 and 5e12 in ratios");
        let few = Ticks::around([1.0, 60.0].into_iter(), false);
        assert_eq!(few.marks, [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
    }

    #[test]
    fn labels_are_round_in_the_unit_that_people_use() {
        let ticks = Ticks::of(Dimension::TIME, [7200.0, 43_200.0].into_iter(), false);
        let labels: Vec<String> =
            ticks.marks.iter().map(|mark| ticks.label(*mark, Dimension::TIME)).collect();
        assert_eq!(labels, ["2 h", "4 h", "6 h", "8 h", "10 h", "12 h"]);
        let short = Ticks::of(Dimension::TIME, [0.5, 1.0].into_iter(), true);
        assert_eq!(short.label(0.5, Dimension::TIME), "500 ms");
    }

    #[test]
    fn odd_values_do_no_harm() {
        for values in [
            vec![],
            vec![5.0],
            vec![0.0, 0.0],
            vec![-1e300, 1e300],
            vec![1e-300, 1e300],
            vec![9e299, 1e300],
        ] {
            let ticks = Ticks::around(values.iter().copied(), true);
            assert!(ticks.high > ticks.low && ticks.marks.len() <= 21, "{values:?} {ticks:?}");
            for value in values {
                assert!(ticks.place(value).is_finite(), "{value} on {ticks:?}");
            }
        }
    }

    #[test]
    fn a_long_heading_is_broken_between_words() {
        assert_eq!(wrapped("time: a 1, b 2, c 3", 8), ["time", "a 1, b 2,", "c 3"]);
        assert_eq!(wrapped("a-word-that-does-not-fit", 4), ["a-word-that-does-not-fit"]);
    }

    #[test]
    fn labels_do_not_touch() {
        let label = |at: f64| (at, String::from("1 gCO2e/kWh"));
        let labels = [label(0.0), label(60.0), label(100.0), label(200.0)];
        assert_eq!(apart(&labels, &[1.0, 5.0, 10.0, 50.0]), [true, false, true, true]);
        assert_eq!(apart(&labels, &[2.0, 10.0, 20.0, 50.0]), [false, true, false, true]);
    }

    #[test]
    fn what_is_not_shown_is_told() {
        let scale = |name: &str| Scale { name: name.into(), dimension: Dimension::NONE };
        let points = vec![(1.0, 1.0), (2.0, 1000.0), (3.0, f64::INFINITY)];
        let series = vec![Series { label: "a<b".into(), points, joined: true }];
        let svg = Chart { title: "t".into(), x: scale("x"), y: scale("y"), series }.svg();
        assert!(
            svg.contains("a&lt;b (1 points not shown)") && svg.contains("y (logarithmic)"),
            "{svg}"
        );
        assert_eq!(svg.matches("<circle").count(), 2);
    }
}

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
const LEFT: f64 = 104.0;
const RIGHT: f64 = 28.0;
const LEGEND_TOP: f64 = 52.0;
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
        let x = Ticks::around(all.iter().map(|point| point.0), false);
        let y = Ticks::around(all.iter().map(|point| point.1), true);
        let to_x = |value: f64| LEFT + x.place(value) * (WIDTH - LEFT - RIGHT);
        let to_y = |value: f64| PLOT - y.place(value) * PLOT;

        let mut frame = String::new();
        for value in &x.marks {
            let at = to_x(*value);
            frame.push_str(&format!(
                "<line x1=\"{at:.1}\" y1=\"0\" x2=\"{at:.1}\" y2=\"{PLOT}\" stroke=\"#e3e3e3\"/>\n\
                 <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#444\">{:.3}</text>\n",
                PLOT + 20.0,
                Quantity::new(*value, self.x.dimension)
            ));
        }
        for value in &y.marks {
            let at = to_y(*value);
            frame.push_str(&format!(
                "<line x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{:.1}\" y2=\"{at:.1}\" stroke=\"#e3e3e3\"/>\n\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#444\">{:.3}</text>\n",
                WIDTH - RIGHT,
                LEFT - 8.0,
                at + 4.5,
                Quantity::new(*value, self.y.dimension)
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
        let mut line = LEGEND_TOP;
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
             <text x=\"{LEFT}\" y=\"28\" font-size=\"15\" font-weight=\"bold\">{title}</text>\n\
             {legend}<g transform=\"translate(0 {top})\">\n{frame}{marks}</g>\n</svg>\n"
        )
    }
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
}

impl Ticks {
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

    /// Whole powers of ten around the values; some seven of them marked.
    fn powers(low: f64, high: f64) -> Self {
        let (first, last) = (libm::floor(libm::log10(low)), libm::ceil(libm::log10(high)));
        let stride = libm::ceil((last - first) / 7.0).max(1.0);
        let mut marks = Vec::new();
        let mut power = first;
        while power <= last {
            marks.push(libm::pow(10.0, power));
            power += stride;
        }
        Self { low: libm::pow(10.0, first), high: libm::pow(10.0, last), logarithmic: true, marks }
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
        Self { low: start * step, high: end * step, logarithmic: false, marks }
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
            .map(|column| format!("{} {}", column.name, super::rows::pretty(column, row)))
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
        .map(|column| format!("{} {}", column.name, super::rows::pretty(column, 0)))
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
        assert_eq!(ticks.marks, [1e9, 1e10, 1e11, 1e12, 1e13]);
        assert!((ticks.place(1e11) - 0.5).abs() < 1e-12, "the middle of four decades");
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

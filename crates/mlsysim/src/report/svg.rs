//! Plots as SVG text: no scripts, no external fonts, readable as they are in a browser or a book.

use crate::composite::single_node::Profile;
use crate::units::{BytesPerSecond, Flop, FlopPerByte, FlopPerSecond, Quantity};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A roof: the rate that a machine allows at each intensity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Roof<'a> {
    /// Name in the legend.
    pub label: &'a str,
    /// Height of the flat part.
    pub peak: FlopPerSecond,
    /// Slope of the other part.
    pub bandwidth: BytesPerSecond,
}

/// Work at the rate it reaches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point<'a> {
    /// Name in the legend.
    pub label: &'a str,
    /// Operations per byte.
    pub arithmetic_intensity: FlopPerByte,
    /// Operations per second.
    pub rate: FlopPerSecond,
}

const WIDTH: f64 = 760.0;
/// Height of the plot itself; the legend adds its lines above.
const PLOT: f64 = 360.0;
const LEFT: f64 = 96.0;
const RIGHT: f64 = 24.0;
const LEGEND_TOP: f64 = 52.0;
const LEGEND_LINE: f64 = 19.0;
const BOTTOM: f64 = 60.0;
/// Longest title that fits the width.
const TITLE_LENGTH: usize = 78;
/// The first roof is drawn in full, the others dashed.
const ROOFS: [&str; 4] = ["#1f4e79", "#7a5195", "#5b8c5a", "#8a6d3b"];
const POINTS: [&str; 4] = ["#c1440e", "#00798c", "#8f2d56", "#4a4e69"];

/// Draws rates over intensity, both logarithmic: the roofs of machines and points of work.
///
/// Roofs and points that are not positive and finite are left out.
///
/// # Examples
///
/// ```
/// use mlsysim::report::svg::{Point, Roof, roofline};
/// use mlsysim::units::{BytesPerSecond, FlopPerByte, FlopPerSecond};
///
/// let roof = Roof { label: "A100", peak: FlopPerSecond(312e12), bandwidth: BytesPerSecond(2.039e12) };
/// let point = Point { label: "decode", arithmetic_intensity: FlopPerByte(2.0), rate: FlopPerSecond(3e12) };
/// let svg = roofline("A decoding step", &[roof], &[point]);
/// assert!(svg.starts_with("<svg") && svg.contains("decode"));
/// ```
#[must_use]
pub fn roofline(title: &str, roofs: &[Roof<'_>], points: &[Point<'_>]) -> String {
    let positive = |value: f64| value.is_finite() && value > 0.0;
    let roofs: Vec<_> =
        roofs.iter().filter(|r| positive(r.peak.0) && positive(r.bandwidth.0)).collect();
    let points: Vec<_> = points
        .iter()
        .filter(|p| positive(p.arithmetic_intensity.0) && positive(p.rate.0))
        .collect();
    let axes = Axes::around(&roofs, &points);
    let mut legend = Legend { lines: 0, svg: String::new() };
    let mut marks = String::new();
    for ((index, roof), color) in roofs.iter().enumerate().zip(ROOFS.iter().cycle()) {
        axes.roof(roof, color, index, &mut marks);
        legend.roof(roof, color, index);
    }
    for ((index, point), color) in points.iter().enumerate().zip(POINTS.iter().cycle()) {
        axes.point(point, color, index, &mut marks);
        legend.point(point, color, index);
    }
    let mut frame = String::new();
    axes.draw(&mut frame);

    let top = LEGEND_TOP + LEGEND_LINE * f64::from(legend.lines);
    let height = top + PLOT + BOTTOM;
    let title = escape(&shorten(title));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n\
         <title>{title}</title>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"28\" font-size=\"15\" font-weight=\"bold\">{title}</text>\n\
         {}<g transform=\"translate(0 {top})\">\n{frame}{marks}</g>\n</svg>\n",
        legend.svg
    )
}

/// One line per roof and point, above the plot.
struct Legend {
    lines: u32,
    svg: String,
}

impl Legend {
    /// The baseline of the next line.
    fn next(&mut self) -> f64 {
        self.lines += 1;
        LEGEND_TOP + LEGEND_LINE * f64::from(self.lines) - 12.0
    }

    fn roof(&mut self, roof: &Roof<'_>, color: &str, index: usize) {
        let y = self.next();
        self.svg.push_str(&format!(
            "<line x1=\"{LEFT}\" y1=\"{line:.1}\" x2=\"{end}\" y2=\"{line:.1}\" stroke=\"{color}\" \
             stroke-width=\"2\"{}/>\n<text x=\"{}\" y=\"{y:.1}\">{}: {:.4}, {:.4}, ridge at {:.3}</text>\n",
            dash(index),
            LEFT + 44.0,
            escape(roof.label),
            Quantity::from(roof.peak),
            Quantity::from(roof.bandwidth),
            Quantity::from(roof.peak / roof.bandwidth),
            line = y - 4.5,
            end = LEFT + 34.0,
        ));
    }

    fn point(&mut self, point: &Point<'_>, color: &str, index: usize) {
        let y = self.next();
        self.svg.push_str(&format!(
            "<circle cx=\"{}\" cy=\"{:.1}\" r=\"5\" fill=\"{color}\"/>\n\
             <text x=\"{}\" y=\"{y:.1}\">{}. {}: {:.4} at {:.4}</text>\n",
            LEFT + 17.0,
            y - 4.5,
            LEFT + 44.0,
            index + 1,
            escape(point.label),
            Quantity::from(point.rate),
            Quantity::from(point.arithmetic_intensity)
        ));
    }
}

/// Only the first roof is drawn in full.
const fn dash(index: usize) -> &'static str {
    if index == 0 { "" } else { " stroke-dasharray=\"6 4\"" }
}

fn shorten(title: &str) -> String {
    if title.chars().count() <= TITLE_LENGTH {
        return title.into();
    }
    title.chars().take(TITLE_LENGTH - 1).chain(['…']).collect()
}

/// The decades shown: powers of ten.
struct Axes {
    x: (i32, i32),
    y: (i32, i32),
}

impl Axes {
    /// Whole decades around everything, at least one on each side of a ridge.
    fn around(roofs: &[&Roof<'_>], points: &[&Point<'_>]) -> Self {
        let ridges = roofs.iter().map(|roof| (roof.peak / roof.bandwidth).0);
        let mut x: Vec<f64> = points.iter().map(|point| point.arithmetic_intensity.0).collect();
        for ridge in ridges {
            x.extend([ridge / 10.0, ridge * 10.0]);
        }
        let x = decades(&x);
        let left = libm::pow(10.0, f64::from(x.0));
        let mut y: Vec<f64> = points.iter().map(|point| point.rate.0 / 2.0).collect();
        for roof in roofs {
            y.extend([roof.peak.0 * 1.5, (roof.bandwidth * FlopPerByte(left)).0]);
        }
        Self { x, y: decades(&y) }
    }

    fn at_x(&self, value: f64) -> f64 {
        let (low, high) = (f64::from(self.x.0), f64::from(self.x.1));
        LEFT + (libm::log10(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT)
    }

    fn at_y(&self, value: f64) -> f64 {
        let (low, high) = (f64::from(self.y.0), f64::from(self.y.1));
        PLOT - (libm::log10(value) - low) / (high - low) * PLOT
    }

    fn draw(&self, svg: &mut String) {
        let right = WIDTH - RIGHT;
        for power in self.x.0..=self.x.1 {
            let value = libm::pow(10.0, f64::from(power));
            let x = self.at_x(value);
            svg.push_str(&format!(
                "<line x1=\"{x:.1}\" y1=\"0\" x2=\"{x:.1}\" y2=\"{PLOT}\" stroke=\"#e3e3e3\"/>\n\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#444\">{}</text>\n",
                PLOT + 20.0,
                Quantity::number(value)
            ));
        }
        // Some six labels, however many decades there are.
        let step = ((self.y.1 - self.y.0) / 7 + 1).max(1);
        for power in (self.y.0..=self.y.1).filter(|power| (power - self.y.0) % step == 0) {
            let value = FlopPerSecond(libm::pow(10.0, f64::from(power)));
            let y = self.at_y(value.0);
            svg.push_str(&format!(
                "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\" stroke=\"#e3e3e3\"/>\n\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#444\">{:.1}</text>\n",
                LEFT - 8.0,
                y + 4.5,
                Quantity::from(value)
            ));
        }
        svg.push_str(&format!(
            "<rect x=\"{LEFT}\" y=\"0\" width=\"{:.1}\" height=\"{PLOT}\" fill=\"none\" stroke=\"#888\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">arithmetic intensity, FLOP per byte</text>\n",
            right - LEFT,
            f64::midpoint(LEFT, right),
            PLOT + BOTTOM - 14.0
        ));
    }

    fn roof(&self, roof: &Roof<'_>, color: &str, index: usize, svg: &mut String) {
        let (low, high) =
            (libm::pow(10.0, f64::from(self.x.0)), libm::pow(10.0, f64::from(self.x.1)));
        let ridge = (roof.peak / roof.bandwidth).0;
        // Start where the slope enters the plot, at the left edge or at the bottom.
        let floor = libm::pow(10.0, f64::from(self.y.0));
        let start = low.max(floor / roof.bandwidth.0);
        svg.push_str(&format!(
            "<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"{} \
             points=\"{:.1},{:.1} {:.1},{:.1} {:.1},{:.1}\"/>\n",
            dash(index),
            self.at_x(start),
            self.at_y(roof.bandwidth.0 * start),
            self.at_x(ridge),
            self.at_y(roof.peak.0),
            self.at_x(high),
            self.at_y(roof.peak.0)
        ));
    }

    fn point(&self, point: &Point<'_>, color: &str, index: usize, svg: &mut String) {
        let (x, y) = (self.at_x(point.arithmetic_intensity.0), self.at_y(point.rate.0));
        svg.push_str(&format!(
            "<line x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{x:.1}\" y2=\"{PLOT}\" stroke=\"{color}\" \
             stroke-dasharray=\"2 3\"/>\n\
             <circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"{color}\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" fill=\"{color}\" font-weight=\"bold\">{}</text>\n",
            x + 9.0,
            y + 16.0,
            index + 1
        ));
    }
}

/// The powers of ten that enclose all values, at least one decade apart.
fn decades(values: &[f64]) -> (i32, i32) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(0.0, f64::max);
    if !(low.is_finite() && low > 0.0 && high.is_finite()) {
        return (0, 1);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the logarithm of a finite float is below 309"
    )]
    let power = |value: f64| value as i32;
    let (low, high) = (power(libm::floor(libm::log10(low))), power(libm::ceil(libm::log10(high))));
    (low, high.max(low + 1))
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The rate of a step as a point of the plot.
#[must_use]
pub fn point<'a>(label: &'a str, ops: Flop, profile: &Profile) -> Point<'a> {
    Point { label, arithmetic_intensity: profile.arithmetic_intensity, rate: ops / profile.time }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decades_enclose() {
        assert_eq!(decades(&[3.0, 250.0]), (0, 3));
        assert_eq!(decades(&[1.0]), (0, 1));
        assert_eq!(decades(&[]), (0, 1));
        assert_eq!(decades(&[f64::INFINITY]), (0, 1));
    }

    #[test]
    fn the_ridge_lies_where_slope_and_peak_meet() {
        let roof = Roof { label: "m", peak: FlopPerSecond(1e12), bandwidth: BytesPerSecond(1e11) };
        let axes = Axes::around(&[&roof], &[]);
        assert_eq!((axes.x, axes.y), ((0, 2), (11, 13)));
        // Ridge at 10 FLOP/B: the middle of two decades; peak in the middle of two decades.
        let mut svg = String::new();
        axes.roof(&roof, "black", 0, &mut svg);
        let (x, y) = ((LEFT + WIDTH - RIGHT) / 2.0, PLOT / 2.0);
        assert!(svg.contains(&format!("{LEFT:.1},{PLOT:.1} {x:.1},{y:.1}")), "{svg}");
    }

    #[test]
    fn labels_cannot_break_the_markup() {
        let point = Point {
            label: "a<b & \"c\"",
            arithmetic_intensity: FlopPerByte(1.0),
            rate: FlopPerSecond(1e9),
        };
        let svg = roofline("<script>", &[], &[point]);
        assert!(!svg.contains("<script>") && svg.contains("a&lt;b &amp; &quot;c&quot;"));
    }

    #[test]
    fn endless_points_are_left_out() {
        let point = Point {
            label: "x",
            arithmetic_intensity: FlopPerByte(f64::INFINITY),
            rate: FlopPerSecond(1.0),
        };
        assert!(!roofline("t", &[], &[point]).contains("circle"));
    }
}

//! Charts as stand-alone SVG: lines, dots, shaded fields and bars.
//!
//! A chart is data; [`Chart::to_svg`] and [`Bars::to_svg`] turn it into text, the same text for the same data.
//! Color never decides alone: lines differ in their dashes, dots in their shape, bars in their place.

use core::fmt::Write as _;

use crate::profile::escaped;

/// One thing that is drawn in a [`Chart`], in data units.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// Points joined in order.
    Line {
        /// Name in the legend.
        name: String,
        /// The points.
        points: Vec<[f64; 2]>,
    },
    /// Points of their own.
    Dots {
        /// Name in the legend.
        name: String,
        /// The points.
        points: Vec<[f64; 2]>,
    },
    /// A shaded ground, without an entry in the legend.
    Field(Field),
}

/// A number from 0 to 1 at every place of a grid, such as what a network answers there.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// First and last edge of the grid from left to right.
    pub x: [f64; 2],
    /// First and last edge of the grid from bottom to top.
    pub y: [f64; 2],
    /// Cells along one side.
    pub side: usize,
    /// One number for each cell, row by row from the bottom; missing ones are left white.
    pub values: Vec<f64>,
}

impl Field {
    /// Returns the middles of the `side`·`side` cells in the order of [`values`](Self::values).
    #[must_use]
    pub fn middles(x: [f64; 2], y: [f64; 2], side: usize) -> Vec<[f64; 2]> {
        let at = |[low, high]: [f64; 2], i: usize| {
            low + (high - low) * (i as f64 + 0.5) / side.max(1) as f64
        };
        (0..side * side).map(|i| [at(x, i % side), at(y, i / side)]).collect()
    }
}

/// A chart with two axes of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Title above the chart.
    pub title: String,
    /// Horizontal and vertical axis, each with its unit.
    pub axes: [String; 2],
    /// What is drawn, from back to front.
    pub marks: Vec<Mark>,
}

/// A chart of groups of bars that begin at 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// Title above the chart.
    pub title: String,
    /// Vertical axis with its unit.
    pub axis: String,
    /// What the bars of a group stand for, in their order.
    pub series: Vec<String>,
    /// Name of each group with the heights of its bars.
    pub groups: Vec<(String, Vec<f64>)>,
}

const WIDTH: f64 = 780.0;
const HEIGHT: f64 = 420.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 366.0;
const LEFT: f64 = 68.0;
const RIGHT: f64 = 540.0;
/// Okabe and Ito's palette, told apart with any color vision.
const COLORS: [&str; 5] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9"];
const DASHES: [&str; 5] = ["none", "7 3", "2 3", "9 3 2 3", "14 4"];
/// Shades of a field from 0 to 1.
const SHADES: [&str; 6] = ["#b9d7ea", "#d3e6f2", "#edf5fa", "#fbf1ea", "#f5d9c6", "#efc1a2"];

impl Chart {
    /// Returns the chart as an SVG document; points that are not finite are left out.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let corners: Vec<[f64; 2]> = self.marks.iter().flat_map(Mark::extent).collect();
        let axes =
            [Axis::over(corners.iter().map(|p| p[0])), Axis::over(corners.iter().map(|p| p[1]))];
        let place = |[x, y]: [f64; 2]| {
            [LEFT + axes[0].share(x) * (RIGHT - LEFT), BOTTOM - axes[1].share(y) * (BOTTOM - TOP)]
        };
        let mut page = Page::new(&self.title);
        for mark in &self.marks {
            if let Mark::Field(field) = mark {
                page.field(field, place);
            }
        }
        for tick in axes[0].ticks() {
            let [x, _] = place([tick, 0.0]);
            page.line([x, TOP], [x, BOTTOM]);
            page.text([x, BOTTOM + 18.0], "middle", &number(tick));
        }
        page.levels(&axes[1], &self.axes[1]);
        page.text([(LEFT + RIGHT) / 2.0, BOTTOM + 42.0], "middle", &self.axes[0]);
        let mut named = 0;
        for mark in &self.marks {
            let (name, points) = match mark {
                Mark::Field(_) => continue,
                Mark::Line { name, points } | Mark::Dots { name, points } => (name, points),
            };
            let points: Vec<[f64; 2]> = finite(points).map(place).collect();
            let row = TOP + 8.0 + 20.0 * named as f64;
            match mark {
                Mark::Dots { .. } => {
                    points.iter().for_each(|at| page.dot(*at, named));
                    page.dot([RIGHT + 24.0, row], named);
                }
                _ => {
                    page.path(&points, named);
                    page.path(&[[RIGHT + 12.0, row], [RIGHT + 36.0, row]], named);
                }
            }
            page.text([RIGHT + 42.0, row + 4.0], "start", name);
            named += 1;
        }
        page.finish()
    }
}

impl Bars {
    /// Returns the chart as an SVG document; heights that are not finite are left out.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let heights = self.groups.iter().flat_map(|(_, heights)| heights.iter().copied());
        let axis = Axis::over(heights.chain([0.0]));
        let level = |y: f64| BOTTOM - axis.share(y) * (BOTTOM - TOP);
        let mut page = Page::new(&self.title);
        page.levels(&axis, &self.axis);
        let width = (RIGHT - LEFT) / self.groups.len().max(1) as f64;
        let bar = 0.8 * width / self.series.len().max(1) as f64;
        for (g, (name, heights)) in self.groups.iter().enumerate() {
            let left = LEFT + width * g as f64;
            page.text([left + width / 2.0, BOTTOM + 18.0], "middle", name);
            for (s, &height) in heights.iter().enumerate().filter(|(_, h)| is_drawable(**h)) {
                let (y0, y1) = (level(0.0), level(height));
                let x = left + 0.1 * width + bar * s as f64;
                page.bar([x, y0.min(y1)], [bar * 0.94, (y0 - y1).abs()], s);
            }
        }
        for (s, name) in self.series.iter().enumerate() {
            let row = TOP + 8.0 + 20.0 * s as f64;
            page.bar([RIGHT + 18.0, row - 6.0], [12.0, 12.0], s);
            page.text([RIGHT + 42.0, row + 4.0], "start", name);
        }
        page.finish()
    }
}

impl Mark {
    /// The points whose axes the mark needs.
    fn extent(&self) -> Vec<[f64; 2]> {
        match self {
            Self::Line { points, .. } | Self::Dots { points, .. } => finite(points).collect(),
            Self::Field(f) => vec![[f.x[0], f.y[0]], [f.x[1], f.y[1]]],
        }
    }
}

fn finite(points: &[[f64; 2]]) -> impl Iterator<Item = [f64; 2]> + '_ {
    points.iter().copied().filter(|p| p.iter().all(|c| is_drawable(*c)))
}

/// Whether a number is finite, with room for the difference of two.
fn is_drawable(value: f64) -> bool {
    value.abs() < 1e300
}

/// The document while it is written. Writing into a `String` cannot fail, so results are dropped.
struct Page(String);

impl Page {
    fn new(title: &str) -> Self {
        let mut page = Self(String::new());
        let title = escaped(title);
        let _ = write!(
            page.0,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n<title>{title}</title>\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
             <text x=\"{LEFT}\" y=\"26\" font-size=\"16\" font-weight=\"bold\">{title}</text>\n"
        );
        page
    }

    /// The grid lines of the vertical axis, their numbers, and the name of the axis.
    fn levels(&mut self, axis: &Axis, name: &str) {
        for tick in axis.ticks() {
            let y = BOTTOM - axis.share(tick) * (BOTTOM - TOP);
            self.line([LEFT, y], [RIGHT, y]);
            self.text([LEFT - 8.0, y + 4.0], "end", &number(tick));
        }
        let (middle, name) = ((TOP + BOTTOM) / 2.0, escaped(name));
        let _ = writeln!(
            self.0,
            "<text x=\"18\" y=\"{middle}\" text-anchor=\"middle\" transform=\"rotate(-90 18 {middle})\">{name}</text>"
        );
    }

    fn line(&mut self, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) {
        let _ = writeln!(
            self.0,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"#999\" stroke-opacity=\"0.35\"/>"
        );
    }

    fn text(&mut self, [x, y]: [f64; 2], anchor: &str, text: &str) {
        let text = escaped(text);
        let _ = writeln!(
            self.0,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
        );
    }

    fn path(&mut self, points: &[[f64; 2]], index: usize) {
        let _ = write!(self.0, "<polyline points=\"");
        for (i, [x, y]) in points.iter().enumerate() {
            let _ = write!(self.0, "{}{x:.1},{y:.1}", if i == 0 { "" } else { " " });
        }
        let (color, dash) = (COLORS[index % COLORS.len()], DASHES[index % DASHES.len()]);
        let _ = writeln!(
            self.0,
            "\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>"
        );
    }

    /// A circle, a square or a diamond.
    fn dot(&mut self, [x, y]: [f64; 2], index: usize) {
        let color = COLORS[index % COLORS.len()];
        let _ = match index % 3 {
            0 => writeln!(self.0, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{color}\"/>"),
            1 => writeln!(
                self.0,
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"7\" height=\"7\" fill=\"{color}\"/>",
                x - 3.5,
                y - 3.5
            ),
            _ => writeln!(
                self.0,
                "<path d=\"M{x:.1} {:.1}l5 5-5 5-5-5z\" fill=\"{color}\"/>",
                y - 5.0
            ),
        };
    }

    fn bar(&mut self, [x, y]: [f64; 2], [width, height]: [f64; 2], index: usize) {
        let color = COLORS[index % COLORS.len()];
        let _ = writeln!(
            self.0,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{color}\"/>"
        );
    }

    /// Neighboring cells of one shade become one rectangle.
    fn field(&mut self, field: &Field, place: impl Fn([f64; 2]) -> [f64; 2]) {
        let ([x0, y0], [x1, y1]) =
            (place([field.x[0], field.y[0]]), place([field.x[1], field.y[1]]));
        let side = field.side.max(1);
        let (width, height) = ((x1 - x0) / side as f64, (y0 - y1) / side as f64);
        for (row, values) in field.values.chunks(side).take(side).enumerate() {
            let mut from = 0;
            for run in values.chunk_by(|a, b| shade(*a) == shade(*b)) {
                if let Some(shade) = shade(run[0]) {
                    let (x, y) = (x0 + width * from as f64, y0 - height * (row + 1) as f64);
                    let (w, h) = (width * run.len() as f64, height);
                    let _ = writeln!(
                        self.0,
                        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" fill=\"{shade}\" shape-rendering=\"crispEdges\"/>"
                    );
                }
                from += run.len();
            }
        }
    }

    fn finish(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }
}

/// The color of a number from 0 to 1; none for one that is not finite.
fn shade(value: f64) -> Option<&'static str> {
    let last = SHADES.len() - 1;
    value.is_finite().then(|| SHADES[((value * SHADES.len() as f64).max(0.0) as usize).min(last)])
}

/// The range of an axis and the distance of its marks.
struct Axis {
    low: f64,
    step: f64,
    steps: u32,
}

impl Axis {
    /// Returns the axis that holds all `values`, with marks at multiples of 1, 2 or 5 times a power of ten.
    fn over(values: impl Iterator<Item = f64>) -> Self {
        let (mut low, mut high) = values
            .filter(|v| is_drawable(*v))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low <= 1e-9 * high.abs().max(low.abs()) {
            let room = 0.5 * high.abs().max(1e-3);
            (low, high) = (low - room, high + room);
        }
        let rough = (high - low) / 6.0;
        let power = libm::pow(10.0, rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|f| f * power).into_iter().find(|s| *s >= rough);
        let step = step.unwrap_or(10.0 * power);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        Self { low: first * step, step, steps: (last - first).clamp(1.0, 50.0) as u32 }
    }

    /// Where `value` lies: 0 at the low end, 1 at the high end.
    fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.step * f64::from(self.steps))
    }

    fn ticks(&self) -> impl Iterator<Item = f64> + '_ {
        (0..=self.steps).map(|i| self.low + f64::from(i) * self.step)
    }
}

/// A number with the digits its size needs.
fn number(value: f64) -> String {
    let text = match value.abs() {
        100.0.. => format!("{value:.0}"),
        1e-12..0.001 => format!("{value:.1e}"),
        _ => format!("{value:.4}"),
    };
    let text = if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(marks: Vec<Mark>) -> Chart {
        Chart { title: "a & b".into(), axes: ["epoch".into(), "loss <nats>".into()], marks }
    }

    fn line(points: Vec<[f64; 2]>) -> Mark {
        Mark::Line { name: "one".into(), points }
    }

    #[test]
    fn corners_of_the_data_lie_in_the_corners_of_the_frame() {
        let svg = chart(vec![line(vec![[0.0, 0.0], [6.0, 6.0]])]).to_svg();
        assert!(svg.contains("points=\"68.0,366.0 540.0,44.0\""), "{svg}");
        assert!(svg.contains("a &amp; b") && svg.contains("loss &lt;nats&gt;"), "{svg}");
    }

    /// A field over the whole frame: two rows of two cells, each a quarter of 472 by 322.
    #[test]
    fn cells_of_one_shade_are_joined() {
        let field =
            Field { x: [0.0, 6.0], y: [0.0, 6.0], side: 2, values: vec![0.0, 0.01, 0.0, 1.0] };
        let svg = chart(vec![Mark::Field(field)]).to_svg();
        let rect = |x: &str, y: &str, w: &str, color: &str| {
            format!("<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"161.0\" fill=\"{color}\"")
        };
        assert!(svg.contains(&rect("68.0", "205.0", "472.0", SHADES[0])), "{svg}");
        assert!(svg.contains(&rect("68.0", "44.0", "236.0", SHADES[0])), "{svg}");
        assert!(svg.contains(&rect("304.0", "44.0", "236.0", SHADES[5])), "{svg}");
    }

    #[test]
    fn middles_are_in_the_order_of_the_values() {
        let middles = Field::middles([0.0, 2.0], [10.0, 12.0], 2);
        assert_eq!(middles, [[0.5, 10.5], [1.5, 10.5], [0.5, 11.5], [1.5, 11.5]]);
        assert!(Field::middles([0.0, 1.0], [0.0, 1.0], 0).is_empty());
    }

    /// A group is as wide as the frame, its two bars share 80 % of that; 10 is the top mark.
    #[test]
    fn bars_stand_on_zero() {
        let bars = Bars {
            title: "bars".into(),
            axis: "points".into(),
            series: vec!["a".into(), "b".into()],
            groups: vec![("g".into(), vec![10.0, 5.0])],
        };
        let svg = bars.to_svg();
        assert!(
            svg.contains("<rect x=\"115.2\" y=\"44.0\" width=\"177.5\" height=\"322.0\""),
            "{svg}"
        );
        assert!(
            svg.contains("<rect x=\"304.0\" y=\"205.0\" width=\"177.5\" height=\"161.0\""),
            "{svg}"
        );
    }

    #[test]
    fn nothing_and_what_is_not_finite_is_drawn_without_nan() {
        let bad = vec![[0.0, f64::NAN], [f64::INFINITY, 1.0]];
        let field = Field { x: [0.0, 1.0], y: [0.0, 1.0], side: 3, values: vec![f64::NAN; 4] };
        let empty = Field { x: [0.0, 0.0], y: [0.0, 0.0], side: 0, values: vec![0.5] };
        for marks in [
            vec![],
            vec![line(vec![])],
            vec![line(vec![[1.0, 2.0]])],
            vec![line(bad.clone()), Mark::Dots { name: "two".into(), points: bad }],
            vec![Mark::Field(field)],
            vec![Mark::Field(empty)],
            vec![line(vec![[0.0, 1e299], [1.0, -1e299], [2.0, -3e-300], [3.0, f64::MAX]])],
        ] {
            let svg = chart(marks.clone()).to_svg();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{marks:?}: {svg}");
        }
        let bars =
            Bars { title: String::new(), axis: String::new(), series: vec![], groups: vec![] };
        assert!(!bars.to_svg().contains("NaN"));
    }

    #[test]
    fn marks_are_round_numbers() {
        let marks = |values: [f64; 2]| -> Vec<String> {
            Axis::over(values.into_iter()).ticks().map(number).collect()
        };
        assert_eq!(marks([0.13, 2.31]), ["0", "0.5", "1", "1.5", "2", "2.5"]);
        assert_eq!(marks([-0.31, 0.2]), ["-0.4", "-0.3", "-0.2", "-0.1", "0", "0.1", "0.2"]);
        assert_eq!(marks([0.0, 5e-4])[1], "1.0e-4");
    }
}

//! Line charts as stand-alone SVG.

use core::fmt::Write as _;

/// One line of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Name shown at the end of the line.
    pub name: String,
    /// Points in data units, in drawing order.
    pub points: Vec<(f64, f64)>,
}

/// A chart with linear axes that start at the smallest and end at the largest value shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Title above the chart.
    pub title: String,
    /// Horizontal and vertical axis, each with its unit.
    pub axes: [String; 2],
    /// The lines; each gets its own color and dash, so that color alone never decides.
    pub series: Vec<Series>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
const MARGIN: [f64; 4] = [44.0, 130.0, 52.0, 68.0]; // top, right, bottom, left
/// Okabe and Ito's palette, told apart with any color vision.
const COLORS: [&str; 5] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9"];
const DASHES: [&str; 5] = ["none", "6 3", "2 3", "8 3 2 3", "12 4"];

impl Chart {
    /// Returns the chart as an SVG document; points that are not finite are left out.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let shown = || {
            self.series
                .iter()
                .flat_map(|line| &line.points)
                .filter(|(x, y)| x.is_finite() && y.is_finite())
        };
        let x_axis = Axis::over(shown().map(|point| point.0));
        let y_axis = Axis::over(shown().map(|point| point.1));
        let [top, right, bottom, left] = MARGIN;
        let to_x = |x: f64| left + x_axis.share(x) * (WIDTH - left - right);
        let to_y = |y: f64| HEIGHT - bottom - y_axis.share(y) * (HEIGHT - top - bottom);

        let mut svg = String::new();
        let mut put = |line: String| svg.push_str(&(line + "\n"));
        put(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
             font-family=\"sans-serif\" font-size=\"13\" role=\"img\">"
        ));
        put(format!("<title>{}</title>", escape(&self.title)));
        put(format!("<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>"));
        put(format!(
            "<text x=\"{left}\" y=\"24\" font-size=\"16\" font-weight=\"bold\">{}</text>",
            escape(&self.title)
        ));
        for tick in x_axis.ticks() {
            let x = to_x(tick);
            let (y1, y2) = (top, HEIGHT - bottom);
            put(format!(
                "<line x1=\"{x:.1}\" y1=\"{y1:.1}\" x2=\"{x:.1}\" y2=\"{y2:.1}\" stroke=\"#ddd\"/>"
            ));
            put(format!(
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                y2 + 18.0,
                number(tick)
            ));
        }
        for tick in y_axis.ticks() {
            let y = to_y(tick);
            let (x1, x2) = (left, WIDTH - right);
            put(format!(
                "<line x1=\"{x1:.1}\" y1=\"{y:.1}\" x2=\"{x2:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>"
            ));
            put(format!(
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                x1 - 8.0,
                y + 4.0,
                number(tick)
            ));
        }
        let middle = (left + WIDTH - right) / 2.0;
        put(format!(
            "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            HEIGHT - 12.0,
            escape(&self.axes[0])
        ));
        let middle = (top + HEIGHT - bottom) / 2.0;
        put(format!(
            "<text x=\"18\" y=\"{middle:.1}\" text-anchor=\"middle\" transform=\"rotate(-90 18 {middle:.1})\">{}</text>",
            escape(&self.axes[1])
        ));
        let mut labels: Vec<f64> = Vec::new();
        for (index, line) in self.series.iter().enumerate() {
            let (color, dash) = (COLORS[index % COLORS.len()], DASHES[index % DASHES.len()]);
            let mut path = String::new();
            for (x, y) in line.points.iter().filter(|(x, y)| x.is_finite() && y.is_finite()) {
                // Writing into a `String` cannot fail.
                let _ = write!(path, "{:.1},{:.1} ", to_x(*x), to_y(*y));
            }
            put(format!(
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>",
                path.trim_end()
            ));
            if let Some((x, y)) =
                line.points.iter().rev().find(|(x, y)| x.is_finite() && y.is_finite())
            {
                let mut y = to_y(*y) + 4.0;
                // Two lines that end together would hide each other's name.
                while labels.iter().any(|taken| (taken - y).abs() < 15.0) {
                    y += 15.0;
                }
                labels.push(y);
                put(format!(
                    "<text x=\"{:.1}\" y=\"{y:.1}\" fill=\"{color}\">{}</text>",
                    to_x(*x) + 8.0,
                    escape(&line.name)
                ));
            }
        }
        put("</svg>".to_owned());
        svg
    }
}

/// The range of one axis and the distance of its marks.
struct Axis {
    low: f64,
    high: f64,
    step: f64,
}

impl Axis {
    /// Returns the axis that holds all `values`, with marks at multiples of 1, 2 or 5 times a power of ten.
    fn over(values: impl Iterator<Item = f64>) -> Self {
        let (mut low, mut high) = values
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low < f64::EPSILON * high.abs().max(1.0) {
            (low, high) = (low - 0.5, high + 0.5);
        }
        let rough = (high - low) / 6.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|factor| factor * power)
            .into_iter()
            .find(|step| *step >= rough)
            .unwrap_or(10.0 * power);
        Self { low: (low / step).floor() * step, high: (high / step).ceil() * step, step }
    }

    /// Returns where `value` lies: 0 at the low end, 1 at the high end.
    fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> + '_ {
        let marks = ((self.high - self.low) / self.step).round();
        (0..=50)
            .map(f64::from)
            .take_while(move |mark| *mark <= marks)
            .map(|mark| self.low + mark * self.step)
    }
}

/// Returns `value` with the digits its size needs.
fn number(value: f64) -> String {
    let text = if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.3}") };
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Returns `text` with the characters that SVG reserves replaced.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: Vec<(f64, f64)>) -> Chart {
        let axes = ["epoch".to_owned(), "loss (nats)".to_owned()];
        Chart {
            title: "Loss & more".to_owned(),
            axes,
            series: vec![Series { name: "train".to_owned(), points }],
        }
    }

    #[test]
    fn corners_of_the_data_lie_at_corners_of_the_frame() {
        let svg = chart(vec![(0.0, 0.0), (6.0, 6.0)]).to_svg();
        // Left margin 68 and bottom 400 - 52; right 720 - 130 and top 44.
        assert!(svg.contains("points=\"68.0,348.0 590.0,44.0\""), "{svg}");
    }

    #[test]
    fn reserved_characters_are_replaced() {
        assert!(chart(vec![]).to_svg().contains("Loss &amp; more"));
    }

    #[test]
    fn no_point_one_point_and_infinite_points_are_drawn_without_nan() {
        for points in [vec![], vec![(1.0, 2.0)], vec![(0.0, f64::NAN), (1.0, f64::INFINITY)]] {
            assert!(!chart(points).to_svg().contains("NaN"));
        }
    }

    #[test]
    fn marks_are_round_numbers() {
        let axis = Axis::over([0.13, 2.31].into_iter());
        assert_eq!(
            axis.ticks().map(number).collect::<Vec<_>>(),
            ["0", "0.5", "1", "1.5", "2", "2.5"]
        );
    }
}

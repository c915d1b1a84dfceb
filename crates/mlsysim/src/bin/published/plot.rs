//! Predicted over measured values as SVG, both logarithmic.

use crate::score::{Pair, Scored};

const SIDE: f64 = 520.0;
const LEFT: f64 = 72.0;
const TOP: f64 = 48.0;
const LEGEND: f64 = 230.0;
const COLORS: [&str; 9] = [
    "#1f4e79", "#c1440e", "#5b8c5a", "#7a5195", "#00798c", "#8a6d3b", "#8f2d56", "#4a4e69",
    "#b8860b",
];

/// Draws one point for each pair of values above zero; the diagonal is a perfect prediction.
pub(crate) fn scatter(title: &str, scores: &[Scored]) -> String {
    let positive = |pair: &&Pair| pair.measured > 0.0 && pair.predicted.value > 0.0;
    let values = || {
        scores
            .iter()
            .flat_map(|scored| scored.pairs.iter().filter(positive))
            .flat_map(|pair| [libm::log10(pair.measured), libm::log10(pair.predicted.value)])
    };
    let low = libm::floor(values().fold(f64::INFINITY, f64::min));
    let high = libm::ceil(values().fold(f64::NEG_INFINITY, f64::max));
    let (low, high) = if low < high { (low, high) } else { (0.0, 1.0) };
    let place = |value: f64| (libm::log10(value) - low) / (high - low) * SIDE;

    let mut marks = String::new();
    // About eight labels on each side, however many decades there are.
    let step = libm::ceil((high - low) / 8.0).max(1.0);
    let mut power = low;
    while power <= high {
        let at = (power - low) / (high - low) * SIDE;
        let (x, y) = (LEFT + at, TOP + SIDE - at);
        marks.push_str(&format!(
            "<path d=\"M{x:.1} {TOP}V{:.1}M{LEFT} {y:.1}H{:.1}\" stroke=\"#e3e3e3\"/>\n\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#444\">1e{power}</text>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#444\">1e{power}</text>\n",
            TOP + SIDE,
            LEFT + SIDE,
            TOP + SIDE + 20.0,
            LEFT - 8.0,
            y + 4.5
        ));
        power += step;
    }
    marks.push_str(&format!(
        "<path d=\"M{LEFT} {}L{} {TOP}\" stroke=\"#888\"/>\n",
        TOP + SIDE,
        LEFT + SIDE
    ));
    let shown = scores.iter().filter(|scored| !scored.pairs.is_empty());
    for ((index, scored), color) in shown.enumerate().zip(COLORS.iter().cycle()) {
        let line = TOP + 14.0 + 22.0 * f64::from(u32::try_from(index).unwrap_or(0));
        // After nine data sets the colours repeat, as rings.
        let style = if index < COLORS.len() {
            format!("fill=\"{color}\" fill-opacity=\"0.5\"")
        } else {
            format!("fill=\"none\" stroke=\"{color}\"")
        };
        marks.push_str(&format!(
            "<circle cx=\"{:.1}\" cy=\"{line:.1}\" r=\"5\" {style}/>\n<text x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
            LEFT + SIDE + 24.0,
            LEFT + SIDE + 36.0,
            line + 4.5,
            escape(&scored.name)
        ));
        for pair in scored.pairs.iter().filter(positive) {
            marks.push_str(&format!(
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.2\" {style}/>\n",
                LEFT + place(pair.measured),
                TOP + SIDE - place(pair.predicted.value)
            ));
        }
    }
    let (width, height) = (LEFT + SIDE + LEGEND, TOP + SIDE + 56.0);
    let title = escape(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n\
         <title>{title}</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"28\" font-size=\"15\" font-weight=\"bold\">{title}</text>\n\
         {marks}<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">measured, in the unit of the metric</text>\n\
         <text transform=\"translate(16 {:.1}) rotate(-90)\" text-anchor=\"middle\">predicted</text>\n</svg>\n",
        LEFT + SIDE / 2.0,
        TOP + SIDE + 44.0,
        TOP + SIDE / 2.0
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mlsysim::machine::{Label, Prediction};

    #[test]
    fn a_perfect_prediction_lies_on_the_diagonal() {
        let pair = Pair {
            id: String::new(),
            group: String::new(),
            metric: String::new(),
            counts: true,
            measured: 10.0,
            predicted: Prediction::new("t", 10.0, 0.1, Label::Spec),
        };
        let low = Pair {
            measured: 1.0,
            predicted: Prediction::new("t", 100.0, 0.1, Label::Spec),
            ..pair.clone()
        };
        let scored = Scored { name: "a<b".into(), pairs: vec![pair, low], ..Scored::default() };
        let svg = scatter("t", &[scored]);
        // Two decades: 10 lies in the middle of both.
        assert!(svg.contains("cx=\"332.0\" cy=\"308.0\" r=\"2.2\""), "{svg}");
        assert!(svg.contains("a&lt;b"));
    }

    #[test]
    fn nothing_to_draw_is_no_failure() {
        assert!(scatter("t", &[]).ends_with("</svg>\n"));
    }
}

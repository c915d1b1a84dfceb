//! Amounts side by side as bars in SVG: what a step consists of, on one machine or on several.

use super::svg::escape;
use crate::composite::single_node::Profile;
use crate::units::{Dimension, Quantity};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// One thing and the amounts it consists of, all of one dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Name of the thing.
    pub label: String,
    /// Name and amount of each bar, in base units.
    pub bars: Vec<(String, f64)>,
}

const WIDTH: f64 = 760.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 110.0;
const BAR: f64 = 18.0;
const GAP: f64 = 6.0;
const HEAD: f64 = 28.0;
const TOP: f64 = 48.0;
const COLORS: [&str; 6] = ["#4a4e69", "#1f4e79", "#c1440e", "#8a6d3b", "#00798c", "#5b8c5a"];

/// Draws groups of bars that all start at 0 and share one scale, with the amount at the end of each.
///
/// Bars are not stacked, since parts of a step may run at the same time.
/// An amount that is not finite has no bar, and its text says so.
///
/// ```
/// use mlsysim::report::bars::{Group, bars};
/// use mlsysim::units::Dimension;
///
/// let step = Group { label: "H100".into(), bars: vec![("time".into(), 0.002), ("fixed".into(), 0.0005)] };
/// assert!(bars("A step", "time", Dimension::TIME, &[step]).contains(">500 us</text>"));
/// ```
#[must_use]
pub fn bars(title: &str, axis: &str, dimension: Dimension, groups: &[Group]) -> String {
    let amounts = groups.iter().flat_map(|group| group.bars.iter().map(|bar| bar.1));
    let most = amounts.filter(|amount| amount.is_finite()).fold(0.0, f64::max);
    let width = |amount: f64| {
        let share = if most > 0.0 && amount.is_finite() { (amount / most).max(0.0) } else { 0.0 };
        share * (WIDTH - LEFT - RIGHT)
    };
    let mut marks = String::new();
    let mut y = TOP;
    for group in groups {
        marks.push_str(&format!(
            "<text x=\"{LEFT}\" y=\"{:.1}\" font-weight=\"bold\">{}</text>\n",
            y + 16.0,
            escape(&group.label)
        ));
        y += HEAD;
        for (index, (name, amount)) in group.bars.iter().enumerate() {
            let length = width(*amount);
            let color = COLORS[index % COLORS.len()];
            marks.push_str(&format!(
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n\
                 <rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{length:.1}\" height=\"{BAR}\" fill=\"{color}\"/>\n\
                 <text x=\"{:.1}\" y=\"{:.1}\" fill=\"#444\">{:.4}</text>\n",
                LEFT - 8.0,
                y + 13.5,
                escape(name),
                LEFT + length + 6.0,
                y + 13.5,
                Quantity::new(*amount, dimension)
            ));
            y += BAR + GAP;
        }
        y += GAP;
    }
    let height = y + 34.0;
    let unit = dimension.to_string();
    let unit = if unit.is_empty() { unit } else { format!(" [{unit}]") };
    let title = escape(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n\
         <title>{title}</title>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"16\" y=\"28\" font-size=\"15\" font-weight=\"bold\">{title}</text>\n{marks}\
         <line x1=\"{LEFT}\" y1=\"{TOP}\" x2=\"{LEFT}\" y2=\"{y:.1}\" stroke=\"#888\"/>\n\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}{unit}, all bars from 0</text>\n</svg>\n",
        f64::midpoint(LEFT, WIDTH - RIGHT),
        y + 20.0,
        escape(axis),
    )
}

/// The times of one step as a group.
#[must_use]
pub fn breakdown(label: &str, profile: &Profile) -> Group {
    let bars = [
        ("time", profile.time),
        ("arithmetic", profile.compute_time),
        ("memory traffic", profile.memory_time),
        ("fixed", profile.overhead),
    ];
    Group {
        label: label.into(),
        bars: bars.into_iter().map(|(name, time)| (name.into(), time.0)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn lengths_are_in_proportion() {
        let group = Group {
            label: "a".into(),
            bars: vec![("x".into(), 4.0), ("y".into(), 1.0), ("z".into(), f64::INFINITY)],
        };
        let svg = bars("t", "count", Dimension::NONE, &[group]);
        // 500 of the 760 are for the longest bar, a quarter of it is 125.
        assert!(svg.contains("width=\"500.0\"") && svg.contains("width=\"125.0\""), "{svg}");
        assert!(svg.contains("width=\"0.0\"") && svg.contains(">infinite</text>"));
    }

    #[test]
    fn nothing_to_show_is_no_failure() {
        assert!(bars("<t>", "x", Dimension::TIME, &[]).contains("&lt;t&gt;"));
    }
}

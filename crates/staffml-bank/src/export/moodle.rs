//! Moodle XML: numerical questions with units.
//!
//! # Source
//!
//! Moodle documentation, "Moodle XML format" and "Numerical question type": a unit's multiplier is the number by which
//! the right value in the first unit is multiplied to give it in that unit.

use super::xml::escape;
use super::{Choice, Frozen, Item, Number, Set, Wants};
use crate::quantity::Unit;

/// Units offered besides the one of the key, where they measure the same.
const UNITS: &[&str] = &[
    "B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB", "bit", "s", "ms", "us", "ns", "min",
    "h", "day", "B/s", "kB/s", "MB/s", "GB/s", "TB/s", "Gb/s", "FLOP", "MFLOP", "GFLOP", "TFLOP",
    "PFLOP", "FLOP/s", "GFLOP/s", "TFLOP/s", "PFLOP/s", "J", "mJ", "uJ", "kJ", "Wh", "kWh", "MWh",
    "W", "mW", "kW", "MW", "Hz", "kHz", "MHz", "GHz", "USD", "g", "kg", "t", "m", "km",
];
/// Moodle's own form shows no more.
const MOST_UNITS: usize = 8;

/// Returns the questions as Moodle XML.
///
/// A missing or unknown unit costs the whole mark; wrong values that are recognized have feedback of their own.
#[must_use]
pub fn moodle_xml(set: &Set) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<quiz>\n");
    out.push_str(&format!(
        "<question type=\"category\"><category>{}</category><info format=\"plain_text\">{}</info></question>\n",
        text(&format!("$course$/top/{}", set.title.replace('/', "//"))),
        text(&format!("bank {}; licenses {}", set.bank, set.licenses().join(", ")))
    ));
    for (question, item) in set.items() {
        write(question, item, &mut out);
    }
    out.push_str("</quiz>\n");
    out
}

fn text(text: &str) -> String {
    format!("<text>{}</text>", escape(text))
}

/// One question of one item.
fn write(question: &Frozen, item: &Item, out: &mut String) {
    let name = question.item_name(item);
    let kind = match item.wants {
        Wants::Number(_) => "numerical",
        Wants::Choice(_) => "multichoice",
        Wants::Text(_) => "essay",
    };
    out.push_str(&format!("<!-- {}, {} -->\n", comment(&name), comment(&question.license)));
    out.push_str(&format!("<question type=\"{kind}\">\n"));
    out.push_str(&format!("  <name>{}</name>\n", text(&format!("{} ({name})", question.title))));
    let plain =
        |tag: &str, body: &str| format!("  <{tag} format=\"plain_text\">{}</{tag}>\n", text(body));
    out.push_str(&plain("questiontext", &question.text(item)));
    out.push_str(&plain("generalfeedback", &question.solution));
    let id = name.replacen(" seed ", ":", 1).replace(' ', "/");
    out.push_str(&format!(
        "  <defaultgrade>1</defaultgrade>\n  <penalty>0.3333333</penalty>\n  <hidden>0</hidden>\n  <idnumber>{}</idnumber>\n",
        escape(&id)
    ));
    match &item.wants {
        Wants::Number(number) => numerical(number, &question.takeaway, out),
        Wants::Choice(options) => multichoice(options, out),
        Wants::Text(model) => {
            out.push_str("  <responseformat>editor</responseformat>\n");
            out.push_str(&plain("graderinfo", model));
        }
    }
    out.push_str("  <tags>");
    for tag in &question.tags {
        out.push_str(&format!("<tag>{}</tag>", text(tag)));
    }
    out.push_str("</tags>\n</question>\n");
}

fn numerical(number: &Number, takeaway: &str, out: &mut String) {
    let right = (100, number.value, number.accepted, takeaway);
    let wrong = number.wrong.iter().map(|w| (0, w.value, w.accepted, w.say.as_str()));
    for (fraction, value, (low, high), say) in core::iter::once(right).chain(wrong) {
        // One tolerance on both sides: an interval that is wider on one side is centered.
        let (center, off) = if (value - low - (high - value)).abs() <= 1e-9 * value.abs() {
            (value, high - value)
        } else {
            (f64::midpoint(low, high), (high - low) / 2.0)
        };
        out.push_str(&format!(
            "  <answer fraction=\"{fraction}\" format=\"moodle_auto_format\">{}<feedback format=\"plain_text\">{}</feedback><tolerance>{off}</tolerance></answer>\n",
            text(&center.to_string()),
            text(say)
        ));
    }
    let units = units(&number.unit);
    if units.is_empty() {
        out.push_str("  <unitgradingtype>0</unitgradingtype>\n  <unitpenalty>0</unitpenalty>\n  <showunits>3</showunits>\n");
    } else {
        out.push_str("  <units>\n");
        for (unit, multiplier) in units {
            out.push_str(&format!(
                "    <unit><multiplier>{multiplier}</multiplier><unit_name>{}</unit_name></unit>\n",
                escape(&unit)
            ));
        }
        out.push_str("  </units>\n  <unitgradingtype>1</unitgradingtype>\n  <unitpenalty>1</unitpenalty>\n  <showunits>0</showunits>\n");
    }
    out.push_str("  <unitsleft>0</unitsleft>\n");
}

fn multichoice(options: &[Choice], out: &mut String) {
    // The order comes from the seed; shuffling it again would part it from the key.
    out.push_str("  <single>true</single>\n  <shuffleanswers>0</shuffleanswers>\n  <answernumbering>ABCD</answernumbering>\n");
    for option in options {
        let fraction = if option.is_right { 100 } else { 0 };
        out.push_str(&format!(
            "  <answer fraction=\"{fraction}\" format=\"plain_text\">{}<feedback format=\"plain_text\">{}</feedback></answer>\n",
            text(&option.text),
            text(&option.say)
        ));
    }
}

/// Text of a comment, which must not hold two hyphens.
fn comment(text: &str) -> String {
    escape(text).replace("--", "- -")
}

/// The unit of the key and others of the same dimension, nearest first, with what to multiply the key by.
fn units(own: &str) -> Vec<(String, f64)> {
    let Ok(unit) = Unit::parse(own) else { return Vec::new() };
    if own.is_empty() {
        return Vec::new();
    }
    let mut others: Vec<(f64, &str, f64)> = UNITS
        .iter()
        .filter_map(|name| {
            let other = Unit::parse(name).ok()?;
            let alike = other.dim() == unit.dim() && other.nouns() == unit.nouns() && *name != own;
            let multiplier = unit.factor() / other.factor();
            alike.then(|| (libm::fabs(libm::log(multiplier)), *name, multiplier))
        })
        .collect();
    others.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
    let others = others.into_iter().take(MOST_UNITS - 1);
    core::iter::once((own.to_owned(), 1.0))
        .chain(others.map(|(_, name, multiplier)| (name.to_owned(), multiplier)))
        .collect()
}

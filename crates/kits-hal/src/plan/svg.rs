//! The plan as a drawing: operators from left to right, memory from bottom to top.

use core::fmt::Write;

use super::{Plan, Problem};

/// Width and height of the plotting area.
const AREA: (f64, f64) = (880.0, 360.0);
/// Space for the axes: left, top, right, bottom.
const MARGIN: (f64, f64, f64, f64) = (80.0, 30.0, 16.0, 46.0);

/// Draws every buffer as a rectangle over its lifetime and its bytes; hovering shows its name.
///
/// `names` belong to the buffers, `limit` is drawn as a line (a board's memory) if it is given.
#[must_use]
pub fn svg_map(
    title: &str,
    problem: &Problem,
    plan: &Plan,
    names: &[String],
    limit: Option<u32>,
) -> String {
    let steps = problem.buffers.iter().map(|b| b.last).max().unwrap_or(0).max(1);
    let top = f64::from(plan.peak.max(limit.unwrap_or(0)).max(1));
    let x = |step: usize| MARGIN.0 + step as f64 / steps as f64 * AREA.0;
    let y = |byte: f64| MARGIN.1 + AREA.1 - byte / top * AREA.1;
    let (width, height) = (MARGIN.0 + AREA.0 + MARGIN.2, MARGIN.1 + AREA.1 + MARGIN.3);
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">"#
    );
    let _ = writeln!(svg, "<title>{}</title>", escape(title));
    let _ = writeln!(svg, r##"<rect width="{width}" height="{height}" fill="#ffffff"/>"##);
    let _ = writeln!(svg, r#"<text x="{}" y="18">{}</text>"#, MARGIN.0, escape(title));
    for (i, buffer) in problem.buffers.iter().enumerate() {
        let start = f64::from(plan.offsets[i]);
        let end = start + f64::from(buffer.bytes);
        let last = (buffer.last + 1).min(steps);
        let (left, right) =
            (x(buffer.first.min(steps - 1)), x(last.max(buffer.first + 1).min(steps)));
        // Golden-angle steps keep the hues of neighbors apart.
        let hue = (i * 137) % 360;
        let name = names.get(i).map_or("", String::as_str);
        let _ = writeln!(
            svg,
            r#"<rect x="{left:.1}" y="{:.1}" width="{:.1}" height="{:.1}" fill="hsl({hue},60%,70%)" fill-opacity="0.75" stroke="hsl({hue},60%,35%)"><title>{}: {} B at {}</title></rect>"#,
            y(end),
            (right - left).max(1.0),
            (end - start) / top * AREA.1,
            escape(name),
            buffer.bytes,
            plan.offsets[i],
        );
    }
    line(&mut svg, y(f64::from(plan.peak)), &format!("peak {} B", plan.peak), "#333333");
    if let Some(limit) = limit {
        line(&mut svg, y(f64::from(limit)), &format!("limit {limit} B"), "#c0392b");
    }
    let base = MARGIN.1 + AREA.1;
    let _ = writeln!(
        svg,
        r##"<path d="M{l} {t}V{base}H{r}" fill="none" stroke="#333333"/>"##,
        l = MARGIN.0,
        t = MARGIN.1,
        r = MARGIN.0 + AREA.0
    );
    let _ = writeln!(svg, r#"<text x="{}" y="{}">operator 0</text>"#, MARGIN.0, base + 18.0);
    let _ = writeln!(
        svg,
        r#"<text x="{}" y="{}" text-anchor="end">{}</text>"#,
        MARGIN.0 + AREA.0,
        base + 18.0,
        steps - 1
    );
    let _ =
        writeln!(svg, r#"<text x="{}" y="{}">time, in operators</text>"#, MARGIN.0, base + 36.0);
    svg.push_str("</svg>\n");
    svg
}

/// Draws a labeled horizontal line.
fn line(svg: &mut String, y: f64, label: &str, color: &str) {
    let _ = writeln!(
        svg,
        r#"<path d="M{} {y:.1}h{}" stroke="{color}" stroke-dasharray="4 3"/>"#,
        MARGIN.0, AREA.0
    );
    let _ = writeln!(
        svg,
        r#"<text x="{}" y="{:.1}" text-anchor="end" fill="{color}">{label}</text>"#,
        MARGIN.0 + AREA.0,
        y - 4.0
    );
}

/// Replaces the characters that mean something in XML, and those it does not allow.
fn escape(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            c if c.is_control() => " ".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Buffer;

    #[test]
    fn one_rectangle_per_buffer_and_no_markup_from_names() {
        let problem = Problem {
            buffers: vec![Buffer { bytes: 10, first: 0, last: 1 }; 3],
            overlaps: Vec::new(),
            align: 1,
        };
        let plan = Plan { offsets: vec![0, 10, 20], peak: 30 };
        let names = ["a<b".to_owned(), "c&d".to_owned(), "e".to_owned()];
        let svg = svg_map("t", &problem, &plan, &names, Some(64));
        assert_eq!(svg.matches("<rect x=").count(), 3);
        assert!(svg.contains("a&lt;b") && svg.contains("c&amp;d") && svg.contains("limit 64 B"));
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }
}

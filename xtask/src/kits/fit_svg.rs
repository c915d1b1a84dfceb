//! The use of every region of every board as bars.

use core::fmt::Write as _;

use super::fit::Answer;
use super::table::grouped;

const LABEL: f64 = 210.0;
const BAR: f64 = 420.0;
const ROW: f64 = 22.0;
/// Bars longer than this many times the region are cut.
const OVERFLOW: f64 = 1.5;

/// Returns one bar per region: used bytes against those there are, red where they exceed them.
pub(crate) fn bars(model: &str, answers: &[Answer]) -> String {
    let rows: Vec<(String, u64, u64)> = answers.iter().flat_map(rows).collect();
    let (width, height) = (LABEL + BAR * OVERFLOW + 250.0, 48.0 + ROW * rows.len() as f64);
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">"#
    );
    let title = escape(model);
    let _ = writeln!(svg, "<title>{title} on boards</title>");
    let _ = writeln!(svg, r##"<rect width="{width}" height="{height}" fill="#ffffff"/>"##);
    let _ =
        writeln!(svg, r#"<text x="8" y="18">{title}: memory used, of what each board has</text>"#);
    for (i, (label, used, bytes)) in rows.iter().enumerate() {
        let y = 30.0 + ROW * i as f64;
        let share = *used as f64 / (*bytes).max(1) as f64;
        let fill = if used > bytes { "#c0392b" } else { "#3b7dd8" };
        let _ = writeln!(
            svg,
            r#"<text x="{:.0}" y="{:.1}" text-anchor="end">{}</text>"#,
            LABEL - 8.0,
            y + 14.0,
            escape(label)
        );
        let _ = writeln!(
            svg,
            r##"<rect x="{LABEL}" y="{y:.1}" width="{BAR}" height="16" fill="#eeeeee"/>"##
        );
        let _ = writeln!(
            svg,
            r#"<rect x="{LABEL}" y="{y:.1}" width="{:.1}" height="16" fill="{fill}" fill-opacity="0.8"/>"#,
            BAR * share.min(OVERFLOW)
        );
        let _ = writeln!(
            svg,
            r#"<text x="{:.1}" y="{:.1}">{} of {} B ({:.1} %)</text>"#,
            LABEL + BAR * share.clamp(1.0, OVERFLOW) + 8.0,
            y + 13.0,
            grouped(*used),
            grouped(*bytes),
            100.0 * share
        );
    }
    let x = LABEL + BAR;
    let _ = writeln!(
        svg,
        r##"<path d="M{x} 28V{:.1}" stroke="#333333" stroke-dasharray="4 3"/>"##,
        30.0 + ROW * rows.len() as f64
    );
    svg.push_str("</svg>\n");
    svg
}

/// Returns label, used and present bytes of a board's regions; of a refusal, those that are too small.
fn rows(answer: &Answer) -> Vec<(String, u64, u64)> {
    let id = answer.board.id;
    match &answer.fit {
        Ok(report) => report
            .regions()
            .filter(|r| r.used > 0)
            .map(|r| (format!("{id} {}", r.name), r.used, r.bytes))
            .collect(),
        Err(error) => error
            .violations()
            .filter(|v| v.resource.unit() == "B")
            .map(|v| (format!("{id} {}", v.resource), v.need, v.have))
            .collect(),
    }
}

/// Replaces the characters that mean something in XML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

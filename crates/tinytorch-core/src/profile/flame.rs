//! The events as boxes: time from left to right, what is inside below what is around it.

use core::fmt::Write as _;

use super::{
    recorder::{Phase, Profile},
    roofline::escaped,
};

const WIDTH: f64 = 960.0;
const ROW: f64 = 20.0;
const TOP: f64 = 30.0;

impl Profile {
    /// Returns a flame view as a stand-alone SVG. Boxes narrower than a fifth of a pixel are left out; hovering shows the time.
    #[must_use]
    pub fn flame_svg(&self) -> String {
        let deepest = self.events.iter().map(|e| e.depth + 1).max().unwrap_or(0);
        let height = TOP + ROW * deepest as f64 + 10.0;
        let whole = self.wall.as_secs_f64().max(1e-12);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
             font-family=\"sans-serif\" font-size=\"11\"><title>Flame view</title>\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\
             <text x=\"4\" y=\"18\" font-size=\"14\">{:.3} ms from left to right</text>",
            1e3 * whole,
        );
        for event in &self.events {
            let x = event.start.as_secs_f64() / whole * WIDTH;
            let width = event.time.as_secs_f64() / whole * WIDTH;
            if width < 0.2 {
                continue;
            }
            let (fill, mark) = match event.phase {
                Phase::Forward => ("#56b4e9", ""),
                Phase::Backward => ("#e69f00", "∇ "),
                Phase::Scope => ("#cccccc", ""),
            };
            let y = TOP + ROW * event.depth as f64;
            let name = format!("{mark}{}", event.name);
            let _ = write!(
                out,
                "<g><title>{}: {:.1} µs, {:.1} of its own</title><rect x=\"{x:.2}\" y=\"{y:.1}\" width=\"{width:.2}\" \
                 height=\"{:.1}\" fill=\"{fill}\" stroke=\"#fff\" stroke-width=\"0.5\"/>",
                escaped(&name),
                1e6 * event.time.as_secs_f64(),
                1e6 * event.own.as_secs_f64(),
                ROW - 1.0,
            );
            let fits = (width / 6.5) as usize;
            if fits >= 3 {
                let short: String = name.chars().take(fits).collect();
                let _ = write!(
                    out,
                    "<text x=\"{:.2}\" y=\"{:.1}\">{}</text>",
                    x + 3.0,
                    y + 14.0,
                    escaped(&short)
                );
            }
            out.push_str("</g>");
        }
        out.push_str("</svg>\n");
        out
    }
}

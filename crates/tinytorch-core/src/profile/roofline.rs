//! Operations under the roof of a machine.

use core::fmt::Write as _;

use crate::{dispatch, slots::profile::Bound};

use super::{machine::Machine, recorder::Profile, table::Row};

/// One operation under the roof.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Placed {
    /// The operation.
    pub row: Row,
    /// Operations for each byte.
    pub intensity: f64,
    /// Operations in a second that were reached.
    pub reached: f64,
    /// Operations in a second that the machine allows at this intensity.
    pub roof: f64,
    /// Which roof that is.
    pub bound: Bound,
}

impl Profile {
    /// Returns the operations whose arithmetic is known, under the roof of `machine`, longest own time first.
    ///
    /// Bytes are those of operands and results; what a cache keeps need not come from memory, so small operations can exceed the
    /// slanted roof.
    #[must_use]
    pub fn roofline(&self, machine: &Machine) -> Vec<Placed> {
        self.by_operation()
            .into_iter()
            .filter_map(|row| {
                let intensity = row.intensity()?;
                let reached = 1e9 * row.gflops()?;
                let bound = bound(intensity, machine);
                let roof = machine.attainable(intensity);
                Some(Placed { row, intensity, reached, roof, bound })
            })
            .collect()
    }

    /// Returns the roofline as a stand-alone SVG: both axes logarithmic, the roof as a line, each operation as a dot whose area
    /// grows with its time, with its name beside it.
    #[must_use]
    pub fn roofline_svg(&self, machine: &Machine) -> String {
        let placed = self.roofline(machine);
        draw(&placed, machine)
    }
}

/// Which roof is the lower one; that of arithmetic on a machine without figures.
fn bound(intensity: f64, machine: &Machine) -> Bound {
    if !(machine.flops > 0.0 && machine.bandwidth > 0.0) {
        return Bound::Compute;
    }
    match dispatch::classify_bottleneck(intensity, machine.flops, machine.bandwidth) {
        Ok(bound) => bound,
        Err(_error) => {
            // A table cannot fail, so the error of a student's slot waits for the next operation that can.
            #[cfg(feature = "course")]
            crate::course::defer(_error);
            if intensity < machine.ridge() { Bound::Memory } else { Bound::Compute }
        }
    }
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;

fn draw(placed: &[Placed], machine: &Machine) -> String {
    let over = |values: &mut dyn Iterator<Item = f64>| {
        values
            .filter(|v| v.is_finite() && *v > 0.0)
            .map(|v| v.log10())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)))
    };
    let x = over(&mut placed.iter().map(|p| p.intensity).chain([machine.ridge(), 0.1, 100.0]));
    let y = over(&mut placed.iter().map(|p| p.reached).chain([machine.flops]));
    let (x0, x1) = (x.0.floor(), x.1.ceil());
    let (y0, y1) = (y.0.floor().min(y.1.ceil() - 2.0), y.1.ceil());
    let at_x = |v: f64| LEFT + (v.log10() - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT);
    let at_y = |v: f64| {
        (HEIGHT - BOTTOM - (v.log10() - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM))
            .clamp(TOP, HEIGHT - BOTTOM)
    };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"12\"><title>Roofline</title>\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"15\">Roofline: {:.1} GFLOP/s, {:.1} GB/s, ridge at {:.1} FLOP/B</text>",
        machine.flops / 1e9,
        machine.bandwidth / 1e9,
        machine.ridge(),
    );
    for decade in x0 as i32..=x1 as i32 {
        let x = at_x(10f64.powi(decade));
        let _ = write!(
            out,
            "<path d=\"M{x:.1} {TOP}V{:.1}\" stroke=\"#ddd\"/><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            HEIGHT - BOTTOM,
            HEIGHT - BOTTOM + 18.0,
            10f64.powi(decade),
        );
    }
    for decade in y0 as i32..=y1 as i32 {
        let y = at_y(10f64.powi(decade));
        let _ = write!(
            out,
            "<path d=\"M{LEFT} {y:.1}H{:.1}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            y + 4.0,
            10f64.powi(decade - 9),
        );
    }
    let _ = write!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">FLOP for each byte</text>\
         <text transform=\"translate(16 {:.1}) rotate(-90)\" text-anchor=\"middle\">GFLOP/s</text>",
        f64::midpoint(LEFT, WIDTH - RIGHT),
        HEIGHT - 10.0,
        f64::midpoint(TOP, HEIGHT - BOTTOM),
    );
    let (from, to) = (10f64.powf(x0), 10f64.powf(x1));
    let _ = write!(
        out,
        "<path d=\"M{:.1} {:.1}L{:.1} {:.1}H{:.1}\" fill=\"none\" stroke=\"#222\" stroke-width=\"2\"/>",
        at_x(from.max(10f64.powf(y0) / machine.bandwidth)),
        at_y(machine.attainable(from.max(10f64.powf(y0) / machine.bandwidth))),
        at_x(machine.ridge()),
        at_y(machine.flops),
        at_x(to),
    );
    let longest = placed.iter().map(|p| p.row.own.as_secs_f64()).fold(0.0, f64::max);
    for p in placed {
        let size = 3.0 + 9.0 * (p.row.own.as_secs_f64() / longest.max(1e-12)).sqrt();
        let fill = if p.bound == Bound::Memory { "#d55e00" } else { "#0072b2" };
        let (x, y) = (at_x(p.intensity), at_y(p.reached));
        let _ = write!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{size:.1}\" fill=\"{fill}\" fill-opacity=\"0.7\">\
             <title>{name}: {:.2} of {:.2} GFLOP/s</title></circle><text x=\"{:.1}\" y=\"{:.1}\">{name}</text>",
            p.reached / 1e9,
            p.roof / 1e9,
            x + size + 3.0,
            y + 4.0,
            name = escaped(&p.row.name),
        );
    }
    out.push_str("</svg>\n");
    out
}

/// Text inside of XML.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

//! Pictures of every screen, to be looked at.
//!
//! `STAFFML_PICTURES=FOLDER cargo test -p staffml-bank --all-features --bin staffml -- --ignored pictures` writes one SVG
//! for each screen, at 80 columns and 24 rows, with color and without.

use std::path::Path;

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyCode;
use ratatui::style::{Color, Modifier};
use staffml_bank::Bank;
use staffml_bank::model::taxonomy::Kind;

use super::tests::Desk;

/// Width and height of a character in the picture.
const CELL: (u16, u16) = (9, 18);

/// A screen as SVG: each character in a cell of its own, as terminals do it.
fn svg(buffer: &Buffer) -> String {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let (width, height) = (columns * CELL.0, rows * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"DejaVu Sans Mono, monospace\" font-size=\"15\">\n<rect width=\"100%\" height=\"100%\" fill=\"#101010\"/>\n"
    );
    for y in 0..rows {
        for x in 0..columns {
            let cell = &buffer[(x, y)];
            let reversed = cell.modifier.contains(Modifier::REVERSED);
            let (mut ink, mut paper) = (color(cell.fg, "#d8d8d8"), color(cell.bg, "#101010"));
            if reversed {
                core::mem::swap(&mut ink, &mut paper);
            }
            let (left, top) = (x * CELL.0, y * CELL.1);
            if paper != "#101010" {
                out.push_str(&format!(
                    "<rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" fill=\"{paper}\"/>\n",
                    CELL.0, CELL.1
                ));
            }
            let text = cell.symbol().replace('&', "&amp;").replace('<', "&lt;");
            if text.trim().is_empty() {
                continue;
            }
            let bold =
                if cell.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
            let dim = if cell.modifier.contains(Modifier::DIM) { " opacity=\"0.6\"" } else { "" };
            let base = top + 14;
            out.push_str(&format!(
                "<text x=\"{left}\" y=\"{base}\" fill=\"{ink}\"{bold}{dim}>{text}</text>\n"
            ));
        }
    }
    out.push_str("</svg>\n");
    out
}

const fn color(color: Color, usual: &'static str) -> &'static str {
    match color {
        Color::LightBlue => "#5c9dff",
        Color::Yellow => "#d7a520",
        _ => usual,
    }
}

/// One question after the other, through every stage it has.
#[test]
#[ignore = "writes files; STAFFML_PICTURES names their folder"]
fn pictures() {
    let folder = std::env::var_os("STAFFML_PICTURES").expect("STAFFML_PICTURES names a folder");
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).expect("a folder");
    let bank = Bank::embedded();
    for (name, kind) in [
        ("number", Kind::Numeric),
        ("choice", Kind::Choice),
        ("card", Kind::Recall),
        ("multi", Kind::Multi),
        ("open", Kind::Open),
    ] {
        // The one with most to show.
        let long = |t: &&std::sync::Arc<staffml_bank::model::Template>| t.stem.pieces().len();
        let template = bank.templates().iter().filter(|t| t.head.kind == kind).max_by_key(long);
        let mut desk = Desk::new(template.expect(name).id());
        desk.color();
        let mut n = 0;
        let mut shoot = |desk: &Desk, what: &str| {
            n += 1;
            let path = folder.join(format!("{name}-{n:02}-{what}.svg"));
            std::fs::write(path, svg(&desk.buffer(80, 24))).expect("a picture");
        };
        shoot(&desk, "asked");
        if kind == Kind::Numeric {
            desk.press(KeyCode::F(1));
            desk.press(KeyCode::Tab);
            desk.type_line("2*3 GB in MB");
            shoot(&desk, "hint-and-calculator");
            desk.press(KeyCode::Tab);
            desk.type_line("12 bananas");
            shoot(&desk, "not-readable");
        }
        for _ in 0..30 {
            match desk.stage().as_str() {
                "number" => desk.type_line("1.5 GB"),
                "choice" => drop(desk.press(KeyCode::Char('1'))),
                "card" => drop(desk.press(KeyCode::Enter)),
                "known" => {
                    shoot(&desk, "turned");
                    desk.press(KeyCode::Char('n'));
                }
                "text" => {
                    shoot(&desk, "text");
                    desk.type_line("One base for all customers and a thin adapter for each, loaded from local disk when a customer wakes up, so that memory grows with what differs.");
                    shoot(&desk, "row");
                    desk.press(KeyCode::F(1));
                    shoot(&desk, "examples");
                    desk.type_line("1 words that are not there");
                    shoot(&desk, "no-quotation");
                    while desk.press(KeyCode::Backspace) == super::Act::Stay
                        && !desk.ui.answer.text().is_empty()
                    {}
                }
                "mark" => desk.type_line("1 a thin adapter for each"),
                "confidence" => {
                    shoot(&desk, "confidence");
                    desk.press(KeyCode::Char('4'));
                }
                "revise" => {
                    shoot(&desk, "model-answer");
                    desk.type_line("1 2");
                    shoot(&desk, "no-new-words");
                    break;
                }
                _ => {
                    shoot(&desk, "verdict");
                    break;
                }
            }
        }
    }
}

//! What a key means where.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use staffml_bank::sched::Rating;
use staffml_bank::session::{Ask, Form, Input, Prompt, Stage, View};

use super::{Act, Ui};

/// Turns a key into an act; the screen's own state changes on the way.
pub(super) fn press(ui: &mut Ui, view: &View, prompt: Prompt, key: KeyEvent) -> Act {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Esc => return Act::Input(Input::Quit),
        KeyCode::Char('c' | 'd' | 'q') if control => return Act::Input(Input::Quit),
        KeyCode::Char(_) if control || key.modifiers.contains(KeyModifiers::ALT) => {
            return Act::Stay;
        }
        KeyCode::PageUp => return scroll(ui, -8),
        KeyCode::PageDown => return scroll(ui, 8),
        KeyCode::Up => return scroll(ui, -1),
        KeyCode::Down => return scroll(ui, 1),
        _ => {}
    }
    let asks = matches!(view.stage, Stage::Ask(_));
    match key.code {
        KeyCode::F(1) if asks => return Act::Input(Input::Hint),
        KeyCode::F(2) if asks => return Act::Input(Input::Skip),
        KeyCode::F(3) if asks => return Act::Input(Input::DontKnow),
        KeyCode::Tab | KeyCode::BackTab if has_calculator(view) => {
            ui.in_calculator = !ui.in_calculator;
            return Act::Stay;
        }
        _ => {}
    }
    if ui.in_calculator {
        return typed(ui, key.code, |line| Act::Input(Input::Calculate(line)));
    }
    match prompt {
        Prompt::Number | Prompt::Text | Prompt::Mark(_) | Prompt::Revise(_) => {
            typed(ui, key.code, Act::Line)
        }
        Prompt::Card => match key.code {
            KeyCode::Enter | KeyCode::Char(' ') => Act::Input(Input::Turn),
            KeyCode::Char(c) => one(prompt, c),
            _ => Act::Stay,
        },
        Prompt::Choice(_) | Prompt::Known | Prompt::Confidence => match key.code {
            KeyCode::Char(c) => one(prompt, c),
            _ => Act::Stay,
        },
        Prompt::Verdict => match key.code {
            KeyCode::Enter | KeyCode::Char(' ' | 'n') => Act::Input(Input::Next),
            KeyCode::Char('a') => Act::Input(Input::Lower(Rating::Again)),
            KeyCode::Char('h') => Act::Input(Input::Lower(Rating::Hard)),
            KeyCode::Char('g') => Act::Input(Input::Lower(Rating::Good)),
            _ => Act::Stay,
        },
        _ => Act::Input(Input::Quit),
    }
}

pub(super) fn has_calculator(view: &View) -> bool {
    matches!(&view.stage, Stage::Ask(ask) if takes_sums(ask))
}

/// Whether there is anything to calculate: cards and marks need no numbers.
pub(super) fn takes_sums(ask: &Ask) -> bool {
    ask.calculator && !matches!(ask.form, Form::Card { .. } | Form::Mark { .. })
}

fn scroll(ui: &mut Ui, by: i16) -> Act {
    ui.scroll = ui.scroll.saturating_add_signed(by);
    Act::Stay
}

/// A single character as a line; one that means nothing here is ignored.
fn one(prompt: Prompt, c: char) -> Act {
    Input::line(prompt, &c.to_string()).map_or(Act::Stay, Act::Input)
}

/// A key of a line being typed; Enter hands the line over.
fn typed(ui: &mut Ui, key: KeyCode, done: impl FnOnce(String) -> Act) -> Act {
    let line = ui.field();
    match key {
        KeyCode::Enter => return done(line.text().to_owned()),
        KeyCode::Char(c) => line.insert(c.encode_utf8(&mut [0; 4])),
        KeyCode::Backspace => line.backspace(),
        KeyCode::Delete => line.delete(),
        KeyCode::Left => line.left(),
        KeyCode::Right => line.right(),
        KeyCode::Home => line.home(),
        KeyCode::End => line.end(),
        _ => {}
    }
    Act::Stay
}

//! A session on the whole screen of a terminal.
//!
//! The same session as in plain lines ([`crate::play`]): what a key does is an [`Input`] or a typed line, what is drawn is a
//! view. Everything can be done with the keyboard; the last line of the screen says how.
//! At the end the terminal is as it was, with the summary below.

mod draw;
mod edit;
mod keys;

#[cfg(test)]
mod pictures;
#[cfg(test)]
mod tests;

use core::time::Duration;
use std::io;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use staffml_bank::session::{Ending, Form, Input, Journal, Runner, SessionError, Stage};

use crate::args::Args;
use crate::clock::Clock;
use crate::failure::{Failure, Outcome};
use crate::lines::Stop;
use crate::output;
use crate::play::style;
use crate::screen::{self, Fresh};

use edit::Line;

/// What the screen remembers besides the session.
#[derive(Debug, Clone, Default)]
pub(super) struct Ui {
    /// The answer being typed.
    answer: Line,
    /// The sum being typed.
    sum: Line,
    /// Whether keys go to the calculator.
    in_calculator: bool,
    /// Lines by which a long text is moved up.
    scroll: u16,
    /// Why the last input could not be kept.
    trouble: Option<String>,
    /// Whether colors may be used.
    color: bool,
}

/// What a key asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Act {
    /// Only the screen changes, or nothing.
    Stay,
    /// An input for the session.
    Input(Input),
    /// A typed line.
    Line(String),
}

/// Plays a session to its end.
pub(crate) fn play(
    args: &Args,
    runner: &mut Runner,
    log: &mut dyn Journal,
    clock: Clock,
) -> Result<Outcome, Failure> {
    let mut terminal = ratatui::try_init()
        .map_err(|e| Failure::io(format!("cannot use the terminal: {e}; --plain needs less")))?;
    let played = watch(&mut terminal, args, runner, log, clock);
    let restored = ratatui::try_restore();
    played?;
    restored.map_err(|e| Failure::io(format!("cannot restore the terminal: {e}")))?;
    let view = runner.view(clock.now());
    output::text(&screen::view(&view, style(args), Fresh { question: true, step: true }))?;
    match &view.stage {
        Stage::Done(summary) if summary.why == Ending::Left => Ok(Outcome::Left),
        _ => Ok(Outcome::Yes),
    }
}

/// Draws and reads keys until the session is over.
fn watch(
    terminal: &mut DefaultTerminal,
    args: &Args,
    runner: &mut Runner,
    log: &mut dyn Journal,
    clock: Clock,
) -> Result<(), Failure> {
    let mut ui = Ui { color: style(args).color, ..Ui::default() };
    let broken = |e: io::Error| Failure::io(format!("the terminal is gone: {e}"));
    let stop = Stop::new().map_err(broken)?;
    while !runner.is_done() {
        if stop.is_wanted() {
            return Ok(runner.input(Input::Quit, clock.now(), log)?);
        }
        let view = runner.view(clock.now());
        terminal.draw(|frame| draw::draw(frame, &view, &ui)).map_err(broken)?;
        // A timed session moves on by itself.
        if !event::poll(Duration::from_secs(1)).map_err(broken)? {
            runner.tick(clock.now(), log);
            continue;
        }
        let act = match event::read().map_err(broken)? {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                keys::press(&mut ui, &view, runner.prompt(), key)
            }
            Event::Paste(text) => {
                ui.field().insert(&text);
                Act::Stay
            }
            _ => Act::Stay,
        };
        let now = clock.now();
        let done = match act {
            Act::Stay => continue,
            Act::Input(input) => runner.input(input, now, log),
            Act::Line(line) => runner.line(&line, now, log),
        };
        ui.trouble = match done {
            Ok(()) => None,
            // The answer still waits: room can be made on the disk and Enter pressed again.
            Err(SessionError::Journal(why)) => Some(why),
            Err(error) => return Err(error.into()),
        };
        if ui.trouble.is_none() {
            ui.settle(&view, &runner.view(now));
        }
    }
    Ok(())
}

impl Ui {
    fn field(&mut self) -> &mut Line {
        if self.in_calculator { &mut self.sum } else { &mut self.answer }
    }

    /// Empties what belonged to the view before.
    fn settle(&mut self, before: &staffml_bank::session::View, now: &staffml_bank::session::View) {
        let place = |view: &staffml_bank::session::View| match &view.stage {
            Stage::Ask(ask) => Some((ask.seed, ask.part.as_ref().map(|p| p.number))),
            _ => None,
        };
        if place(before) != place(now) {
            *self = Self { color: self.color, ..Self::default() };
        } else if !self.in_calculator && !refused(now) {
            self.answer = Line::default();
        }
    }
}

/// Whether the words for a mark were not taken. They stay in the line: most of them were right.
fn refused(view: &staffml_bank::session::View) -> bool {
    match &view.stage {
        Stage::Ask(ask) => matches!(ask.form, Form::Mark { .. }) && ask.message.is_some(),
        Stage::Feedback(f) => screen::is_text(f) && f.note.is_some(),
        _ => false,
    }
}

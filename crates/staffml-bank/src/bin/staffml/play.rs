//! The loop of a session at the terminal: draw a view, read a line, hand it over.
//!
//! This is the plain front end; another one needs a [`Runner`], a journal and the clock, and nothing of this file.

use std::io::{self, IsTerminal as _, Write as _};

use serde_json::json;
use staffml_bank::log::Log;
use staffml_bank::session::{
    Ending, Form, Input, Journal, Prompt, Runner, SessionError, Setup, Stage, View,
};

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::learner::Learner;
use crate::lines::{Lines, Typed};
use crate::output;
use crate::screen::{self, Fresh, Style};

/// Starts a session and plays it to its end.
pub(crate) fn start(
    args: &Args,
    learner: Learner,
    mut log: Log,
    mut setup: Setup,
) -> Result<Outcome, Failure> {
    setup.tz_minutes = learner.clock.tz_minutes;
    setup.confidence &= learner.state.settings().confidence;
    let clock = learner.clock;
    let mut runner = Runner::start(learner.course, learner.state, setup, clock.now(), &mut log)?;
    play(args, &mut runner, &mut log, clock)
}

/// Plays a session to its end.
pub(crate) fn play(
    args: &Args,
    runner: &mut Runner,
    log: &mut dyn Journal,
    clock: crate::clock::Clock,
) -> Result<Outcome, Failure> {
    #[cfg(feature = "tui")]
    if !args.json && !args.plain && io::stdin().is_terminal() && io::stdout().is_terminal() {
        return crate::tui::play(args, runner, log, clock);
    }
    let style = style(args);
    let lines =
        Lines::new().map_err(|error| Failure::io(format!("cannot read the keyboard: {error}")))?;
    let mut shown: Shown = None;
    loop {
        let view = runner.view(clock.now());
        let fresh = fresh(&view, &mut shown);
        draw(args, &view, style, fresh)?;
        if let Stage::Done(summary) = &view.stage {
            return Ok(if summary.why == Ending::Left { Outcome::Left } else { Outcome::Yes });
        }
        let typed = loop {
            let typed = lines.next();
            match typed.map_err(|e| Failure::io(format!("cannot read the answer: {e}")))? {
                Typed::Nothing => {
                    // A timed session ends by itself.
                    runner.tick(clock.now(), log);
                    if runner.is_done() {
                        break Typed::Nothing;
                    }
                }
                typed => break typed,
            }
        };
        let now = clock.now();
        let stops = matches!(typed, Typed::Stop | Typed::End);
        if stops && !args.json {
            output::text("\n")?;
        }
        let done = match typed {
            Typed::Nothing => Ok(()),
            Typed::Stop | Typed::End => runner.input(Input::Quit, now, log),
            Typed::Line(line) => runner.line(&line, now, log),
            // As if nothing readable had been typed.
            Typed::NoText => match runner.prompt() {
                Prompt::Number => runner.input(Input::Answer("\u{fffd}".to_owned()), now, log),
                Prompt::Text => runner.line("", now, log),
                _ => runner.line("\u{fffd}", now, log),
            },
        };
        match done {
            Ok(()) => {}
            // The answer still waits: the learner may free the disk and press Enter again, or leave.
            Err(SessionError::Journal(why)) if !stops && io::stdin().is_terminal() => {
                output::error(&why);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// A view as one line of JSON, or as text with a prompt.
fn draw(args: &Args, view: &View, style: Style, fresh: Fresh) -> Result<(), Failure> {
    if args.json {
        let mut value = json!({ "schema": "staffml-session/1" });
        if let (Some(out), Ok(serde_json::Value::Object(fields))) =
            (value.as_object_mut(), serde_json::to_value(view))
        {
            out.extend(fields);
        }
        output::text(&format!("{value}\n"))?;
    } else {
        output::text(&screen::view(view, style, fresh))?;
        output::text(screen::prompt(view))?;
    }
    io::stdout()
        .flush()
        .or_else(|e| if e.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(e) })?;
    Ok(())
}

/// What was shown last: question, seed, part, whether a card was turned.
type Shown = Option<(String, u64, u32, bool)>;

/// What of a view was not shown before.
fn fresh(view: &View, shown: &mut Shown) -> Fresh {
    let Stage::Ask(ask) = &view.stage else {
        if !matches!(view.stage, Stage::Confidence(_)) {
            *shown = None;
        }
        return Fresh { question: false, step: false };
    };
    let part = ask.part.as_ref().map_or(0, |part| part.number);
    let turned = matches!(&ask.form, Form::Card { back: Some(_) });
    let this = (ask.id.clone(), ask.seed, part, turned);
    let question = shown.as_ref().is_none_or(|s| (&s.0, s.1) != (&this.0, this.1));
    let step = shown.as_ref() != Some(&this);
    *shown = Some(this);
    Fresh { question, step }
}

/// Colours only on a terminal, and only where nobody asked for none.
pub(crate) fn style(args: &Args) -> Style {
    let wanted = !args.no_color && !args.plain && std::env::var_os("NO_COLOR").is_none();
    Style { color: wanted && io::stdout().is_terminal() }
}

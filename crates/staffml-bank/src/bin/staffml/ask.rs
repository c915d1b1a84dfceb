//! `staffml ask`: one question, plain lines.

use std::io::{self, BufRead as _, Write as _};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use staffml_bank::Bank;
use staffml_bank::grade::{Class, Reprompts, Verdict};
use staffml_bank::log::{Mode, What};
use staffml_bank::oracle::Mlsysim;
use staffml_bank::session::{Course, MemoryJournal, Planned, Runner, Setup, Stage};
use staffml_bank::state::State;
use staffml_bank::variant::rng::mix;
use staffml_bank::variant::{Instance, Style};

use crate::args::{Args, Ask, as_draw};
use crate::check::bank;
use crate::clock::Clock;
use crate::draw::{feedback, warn};
use crate::failure::{Failure, Outcome};
use crate::output;

pub(crate) fn run(args: &Args, command: &Ask) -> Result<Outcome, Failure> {
    let (bank, problems) = bank(args.bank.as_deref())?;
    warn(problems.len());
    let seed = command.seed.unwrap_or_else(clock_seed);
    let id = match &command.id {
        Some(id) => id.clone(),
        None => {
            let numbers: Vec<&str> = bank
                .templates()
                .iter()
                .filter(|t| t.computed().is_some())
                .map(|t| t.id())
                .collect();
            let i = usize::try_from(mix(seed) % numbers.len().max(1) as u64).unwrap_or(0);
            let id = numbers.get(i);
            (*id.ok_or_else(|| Failure::usage("the bank holds no questions"))?).to_owned()
        }
    };
    if bank.get(&id)?.computed().is_none() {
        return in_steps(args, bank, &id, seed, &command.given);
    }
    let instance = bank.instantiate(&id, &Mlsysim, &as_draw(seed, &command.given))?;
    // With --json standard output holds the result alone; the talk goes to standard error.
    let mut talk: Box<dyn io::Write> =
        if args.json { Box::new(io::stderr()) } else { Box::new(io::stdout()) };
    writeln!(talk, "{id}, seed {seed}\n\n{}", output::wrap(&instance.stem))?;
    writeln!(talk, "Type a number with its unit; ? gives a hint, k gives up.")?;
    let (answer, verdict) = answer(&instance, &mut talk)?;
    match &verdict {
        Some(verdict) => writeln!(
            talk,
            "{}",
            output::wrap(&format!("{}: {}", verdict.class.name(), verdict.message))
        )?,
        None => writeln!(talk, "given up\n")?,
    }
    if let Some(verdict) = verdict.as_ref().filter(|v| v.class == Class::Misconception) {
        writeln!(talk, "{}", feedback(&instance, &verdict.code))?;
    }
    writeln!(
        talk,
        "{}\n{}",
        instance.solution(Style::Plain),
        output::wrap(&instance.template.takeaway)
    )?;
    talk.flush()?;
    let right = verdict.as_ref().is_some_and(Verdict::is_correct);
    if args.json {
        output::object(&json!({
            "schema": "staffml-ask/1",
            "question": output::instance(&instance, true),
            "answer": answer,
            "verdict": verdict.as_ref().map(|v| v.class),
            "code": verdict.as_ref().map(|v| v.code.clone()),
            "message": verdict.as_ref().map(|v| v.message.clone()),
            "score": verdict.as_ref().map_or(0.0, Verdict::score),
        }))?;
    }
    Ok(if right { Outcome::Yes } else { Outcome::No })
}

/// A question that is no single number, as a session of its own: nothing of it is kept.
fn in_steps(
    args: &Args,
    bank: Bank,
    id: &str,
    seed: u64,
    given: &[(String, String)],
) -> Result<Outcome, Failure> {
    let course = Course::new(Arc::new(bank), Arc::new(Mlsysim));
    let place = course.catalog.place(id).ok_or_else(|| {
        Failure::usage(format!(
            "`{id}` is retired: it is asked no more; `staffml draw {id}` shows it"
        ))
    })?;
    let mut planned = Planned::variant(place, seed);
    planned.given = given.to_vec();
    let mut setup = Setup::listed(Mode::Practice, id, seed, vec![planned]);
    (setup.confidence, setup.rated) = (false, false);
    let clock = Clock::new(args.date);
    let state = State::new(Arc::clone(&course.catalog));
    let mut journal = MemoryJournal::default();
    let mut runner = Runner::start(course, state, setup, clock.now(), &mut journal)?;
    if runner.is_done() {
        let why = journal.events.iter().find_map(|event| match &event.what {
            What::Broken(broken) => Some(broken.error.clone()),
            _ => None,
        });
        return Err(Failure::usage(why.unwrap_or_else(|| format!("`{id}` cannot be asked"))));
    }
    crate::play::play(args, &mut runner, &mut journal, clock)?;
    let right = match runner.view(clock.now()).stage {
        Stage::Done(summary) => summary.right == 1,
        _ => false,
    };
    Ok(if right { Outcome::Yes } else { Outcome::No })
}

/// Reads answers until one counts; nothing on end of input or `k`.
fn answer(
    instance: &Instance,
    talk: &mut dyn io::Write,
) -> Result<(String, Option<Verdict>), Failure> {
    let mut hints = instance.template.hints.iter();
    let mut again = Reprompts::default();
    let stdin = io::stdin();
    loop {
        write!(talk, "> ")?;
        talk.flush()?;
        let mut line = String::new();
        let read = stdin.lock().read_line(&mut line);
        let text = match read {
            Ok(0) => {
                writeln!(talk)?;
                return Ok((String::new(), None));
            }
            Ok(_) => line.trim(),
            Err(error) => {
                return Err(Failure::usage(format!(
                    "cannot read the answer: {error}; type UTF-8 text"
                )));
            }
        };
        match text {
            "?" => match hints.next() {
                Some(hint) => writeln!(talk, "{}", output::wrap(hint).trim_end())?,
                None => writeln!(talk, "no more hints")?,
            },
            "k" => return Ok((text.to_owned(), None)),
            _ => {
                let verdict = instance.grade(text);
                if !again.ask_again(&verdict) {
                    let counts = verdict.class != Class::Unparsable;
                    return Ok((text.to_owned(), counts.then_some(verdict)));
                }
                writeln!(talk, "{}", output::wrap(&verdict.message).trim_end())?;
            }
        }
    }
}

fn clock_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    mix(now.as_secs() ^ u64::from(now.subsec_nanos()).rotate_left(32))
}

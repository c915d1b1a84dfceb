//! `staffml log`, `merge` and `import`

use std::path::Path;

use serde_json::json;
use staffml_bank::log::{Erase, EventId, Import, Log, Reading, Sync, read, read_any};
use staffml_bank::problem::Problem;

use crate::args::{Args, LogCommand};
use crate::clock::Clock;
use crate::data;
use crate::failure::{Failure, Outcome};
use crate::output;

pub(crate) fn run(args: &Args, command: &LogCommand) -> Result<Outcome, Failure> {
    match command {
        LogCommand::Verify { path } => verify(args, path.as_deref()),
        LogCommand::Compact { erase } => compact(args, *erase),
        LogCommand::Erase { ids } => erase(args, ids),
        LogCommand::Merge { path } => merge(args, path, false),
    }
}

fn verify(args: &Args, path: Option<&Path>) -> Result<Outcome, Failure> {
    let folder = data::folder(args)?;
    let reading = match path {
        Some(path) => read_any(path),
        None => read(&folder),
    };
    let reading = reading?;
    let files: Vec<_> = reading
        .files
        .iter()
        .map(|f| json!({ "file": f.file, "events": f.records.len(), "damaged": f.quarantined.len(), "torn_bytes": f.torn.len() }))
        .collect();
    if args.json {
        output::object(&json!({
            "schema": "staffml-log/1",
            "path": path.unwrap_or(&folder).display().to_string(),
            "files": files,
            "events": reading.events.len(),
            "whole": !reading.is_damaged(),
            "problems": reading.problems,
        }))?;
    } else {
        for problem in &reading.problems {
            output::text(&format!("{problem}\n"))?;
        }
        for file in &reading.files {
            output::text(&format!("{:<28} {:>7} events\n", file.file, file.records.len()))?;
        }
        let verdict = if reading.is_damaged() {
            "damaged; every event that is counted here is whole"
        } else {
            "whole"
        };
        output::text(&format!("{} events: {verdict}\n", reading.events.len()))?;
    }
    ended(&reading)
}

/// Damage is exit status 6; a torn end is none, it was never acknowledged.
fn ended(reading: &Reading) -> Result<Outcome, Failure> {
    if reading.is_damaged() {
        let n = reading.problems.iter().filter(|p| !p.is_warning()).count();
        let message = format!(
            "{n} findings of damage in the log; what is whole was used, nothing was removed"
        );
        return Err(Failure { message, status: 6 });
    }
    Ok(Outcome::Yes)
}

fn open(args: &Args) -> Result<(Log, Reading), Failure> {
    let folder = data::folder(args)?;
    let (log, reading) = Log::open(&folder, Clock::entropy(), Sync::Each)?;
    tell(&reading.problems);
    Ok((log, reading))
}

/// Says on standard error what is wrong.
fn tell(problems: &[Problem]) {
    for problem in problems {
        output::error(&problem.to_string());
    }
}

fn compact(args: &Args, erase: bool) -> Result<Outcome, Failure> {
    let (mut log, reading) = open(args)?;
    let done = log.compact(&reading, erase)?;
    if args.json {
        output::object(&json!({ "schema": "staffml-compact/1", "done": done }))?;
    } else if done.devices == 0 {
        output::text("nothing to do: no damage, no repetition, nothing to remove\n")?;
    } else {
        output::text(&format!(
            "{} devices written anew, {} to {} bytes; {} damaged lines set aside, {} erased events removed\n",
            done.devices, done.bytes.0, done.bytes.1, done.quarantined, done.erased
        ))?;
    }
    Ok(Outcome::Yes)
}

fn erase(args: &Args, ids: &[EventId]) -> Result<Outcome, Failure> {
    let (mut log, reading) = open(args)?;
    if let Some(id) = ids.iter().find(|id| !reading.events.contains(id)) {
        return Err(Failure::usage(format!("there is no event {id}; nothing was changed")));
    }
    let clock = Clock::new(args.date);
    log.append(Erase::new(ids.to_vec()), clock.now(), clock.tz_minutes)?;
    output::text(&format!(
        "{} events are left out from now on; `staffml log compact --erase` removes them from the disk\n",
        ids.len()
    ))?;
    Ok(Outcome::Yes)
}

/// `merge` copies events, `import` notes besides that they came from elsewhere.
pub(crate) fn merge(args: &Args, path: &Path, note: bool) -> Result<Outcome, Failure> {
    let other = read_any(path)?;
    let (mut log, own) = open(args)?;
    tell(&other.problems);
    let n_new = log.merge(&own.events, &other.events)?;
    if note && n_new > 0 {
        let source =
            path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let clock = Clock::new(args.date);
        log.append(Import::new(source, n_new), clock.now(), clock.tz_minutes)?;
    }
    let n_known = other.events.len() as u64 - n_new;
    if args.json {
        output::object(
            &json!({ "schema": "staffml-merge/1", "new": n_new, "known": n_known, "whole": !other.is_damaged() }),
        )?;
    } else {
        output::text(&format!("{n_new} events are new, {n_known} were known or erased here\n"))?;
    }
    ended(&other)
}

//! `staffml export`

use std::fs;
use std::path::Path;

use staffml_bank::Bank;
use staffml_bank::export::{self, Set};
use staffml_bank::log;
use staffml_bank::oracle::Mlsysim;

use crate::args::{Args, Export, Target};
use crate::check::bank;
use crate::data;
use crate::draw::warn;
use crate::failure::{Failure, Outcome};
use crate::output;

pub(crate) fn run(args: &Args, command: &Export) -> Result<Outcome, Failure> {
    let (bank, problems) = bank(args.bank.as_deref())?;
    warn(problems.len());
    match command.target {
        Target::Progress | Target::Anonymous => return progress(args, command, &bank),
        Target::Quiz => return quiz(command, &bank),
        _ => {}
    }
    let ids = chosen(command, &bank)?;
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let end = command.seed.checked_add(command.n.into());
    let end = end.ok_or_else(|| {
        Failure::usage("--seed and -n reach beyond the largest seed; take a smaller one")
    })?;
    let seeds = command.seed..end;
    let set = if command.choice {
        Set::freeze_choices(&bank, &Mlsysim, &ids, seeds)?
    } else {
        Set::freeze(&bank, &Mlsysim, &ids, seeds)?
    };
    let set = set.titled(&command.title);
    let bytes = match command.target {
        Target::Gift => export::gift(&set).into_bytes(),
        Target::MoodleXml => export::moodle_xml(&set).into_bytes(),
        Target::Qti3 => export::qti3_package(&set),
        Target::Anki => export::anki(&set).into_bytes(),
        Target::Markdown => export::markdown(&set, command.key).into_bytes(),
        Target::Html => export::html(&set, command.key).into_bytes(),
        _ => {
            let json = serde_json::to_string_pretty(&set);
            let json = json.map_err(|e| Failure::usage(format!("cannot write JSON: {e}")))?;
            format!("{json}\n").into_bytes()
        }
    };
    if command.target == Target::Qti3 && command.out.is_none() {
        return Err(Failure::usage(
            "a QTI package is a zip archive; name a file with --out FILE.zip",
        ));
    }
    deliver(command.out.as_deref(), &bytes)?;
    Ok(Outcome::Yes)
}

/// The templates named, or those that the conditions leave.
fn chosen(command: &Export, bank: &Bank) -> Result<Vec<String>, Failure> {
    if !command.id.is_empty() {
        return Ok(command.id.clone());
    }
    let mut query = bank.query();
    for (key, value) in &command.conditions {
        query = query.condition(key, value);
    }
    let found = query.run()?;
    let ids: Vec<String> = found.iter().map(|t| t.id().to_owned()).collect();
    if ids.is_empty() {
        return Err(Failure::usage(
            "no template fits all conditions; `staffml list` shows the templates",
        ));
    }
    Ok(ids)
}

fn quiz(command: &Export, bank: &Bank) -> Result<Outcome, Failure> {
    let ids = chosen(command, bank)?;
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let list = command.students.as_deref().unwrap_or_else(|| Path::new(""));
    let text = fs::read_to_string(list).map_err(|e| Failure {
        message: format!(
            "cannot read {}: {e}; name a file with one student per line",
            list.display()
        ),
        status: 3,
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let students: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let quiz = export::quiz(bank, &Mlsysim, &ids, &students, command.seed)?.titled(&command.title);
    let (ending, sheets, key) = if command.html {
        ("html", quiz.html(), quiz.key_html())
    } else {
        ("md", quiz.markdown(), quiz.key_markdown())
    };
    let Some(folder) = &command.out else {
        output::text(if command.key { &key } else { &sheets })?;
        return Ok(Outcome::Yes);
    };
    fs::create_dir_all(folder).map_err(|e| Failure {
        message: format!("cannot make {}: {e}; name another folder with --out", folder.display()),
        status: 3,
    })?;
    for (name, text) in [("quiz", sheets), ("key", key)] {
        deliver(Some(&folder.join(format!("{name}.{ending}"))), text.as_bytes())?;
    }
    Ok(Outcome::Yes)
}

fn progress(args: &Args, command: &Export, bank: &Bank) -> Result<Outcome, Failure> {
    let reading = log::read(&data::folder(args)?)?;
    for problem in &reading.problems {
        output::error(&problem.to_string());
    }
    let name = format!("{} {}", bank.name, bank.version);
    let text = if command.target == Target::Progress {
        log::export(&reading.events, &name)
    } else {
        log::export_anonymous(&reading.events, &name, command.seed)?
    };
    deliver(command.out.as_deref(), text.as_bytes())?;
    Ok(Outcome::Yes)
}

/// Writes to a file, or to standard output.
fn deliver(out: Option<&Path>, bytes: &[u8]) -> Result<(), Failure> {
    match out {
        None => output::text(&String::from_utf8_lossy(bytes))?,
        Some(path) => fs::write(path, bytes).map_err(|e| Failure {
            message: format!("cannot write {}: {e}; name another place with --out", path.display()),
            status: 3,
        })?,
    }
    Ok(())
}

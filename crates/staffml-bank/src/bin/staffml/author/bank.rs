//! `staffml bank hash`, `diff`, `release` and `stats`.

use std::fs;
use std::path::Path;

use serde_json::json;
use staffml_bank::Bank;
use staffml_bank::bank::Release;
use staffml_bank::check::{Options, check};
use staffml_bank::model::Version;
use staffml_bank::oracle::{Mlsysim, Oracle as _};
use staffml_bank::problem::Problem;

use super::args::BankCommand;
use super::{stats, write};
use crate::args::Args;
use crate::check::bank;
use crate::draw::warn;
use crate::failure::{Failure, Outcome};
use crate::output;

pub(crate) fn run(args: &Args, command: &BankCommand) -> Result<Outcome, Failure> {
    let (bank, problems) = bank(args.bank.as_deref())?;
    match command {
        BankCommand::Stats { short } => {
            warn(problems.len());
            stats::run(args, &bank, *short)
        }
        BankCommand::Hash { id, all } => {
            warn(problems.len());
            hash(args, &bank, id.as_deref(), *all)
        }
        BankCommand::Diff { from, to } => {
            warn(problems.len());
            diff(args, &bank, from.as_deref(), to.as_deref())
        }
        BankCommand::Release { version, dry_run } => {
            release(args, &bank, problems, *version, *dry_run)
        }
    }
}

fn hash(args: &Args, bank: &Bank, id: Option<&str>, all: bool) -> Result<Outcome, Failure> {
    if let Some(id) = id {
        let hash = bank.get(id).map(|_| bank.content_hash(id).unwrap_or_default())?;
        if args.json {
            output::object(&json!({ "schema": "staffml-hash/1", "id": id, "hash": hash }))?;
        } else {
            output::text(&format!("{hash}\n"))?;
        }
        return Ok(Outcome::Yes);
    }
    let oracle = Mlsysim.id();
    let hash = bank.hash(&oracle);
    let each: Vec<(&str, String)> = bank
        .templates()
        .iter()
        .map(|t| (t.id(), bank.content_hash(t.id()).unwrap_or_default()))
        .collect();
    if args.json {
        let mut out = json!({
            "schema": "staffml-hash/1",
            "bank": bank.name,
            "version": bank.version,
            "oracle": oracle,
            "hash": hash,
        });
        if all && let Some(out) = out.as_object_mut() {
            let each: serde_json::Map<String, serde_json::Value> =
                each.into_iter().map(|(id, hash)| (id.to_owned(), json!(hash))).collect();
            out.insert("templates".to_owned(), each.into());
        }
        output::object(&out)?;
    } else {
        if all {
            for (id, hash) in each {
                output::text(&format!("{hash} {id}\n"))?;
            }
        }
        output::text(&format!("{hash} {} {}\n", bank.name, bank.version))?;
    }
    Ok(Outcome::Yes)
}

/// The version of a state of a bank that is no release.
const NOW: Version = Version { major: 0, minor: 0, patch: 0 };

fn diff(
    args: &Args,
    bank: &Bank,
    from: Option<&Path>,
    to: Option<&Path>,
) -> Result<Outcome, Failure> {
    let from = match (from, bank.releases().last()) {
        (Some(path), _) => state(path)?,
        (None, Some(last)) => last.clone(),
        (None, None) => {
            return Err(Failure::usage(
                "the bank was never released, so there is nothing to compare it with; \
                 name a release file or another bank folder: staffml bank diff OLD",
            ));
        }
    };
    let to = to.map_or_else(|| Ok(bank.release(NOW, &Mlsysim.id())), state)?;
    let changes = from.changes(&to);
    let n_stale = changes.iter().filter(|c| c.stale.is_some()).count();
    if args.json {
        output::object(&json!({
            "schema": "staffml-diff/1",
            "from": { "bank": from.bank, "hash": from.bank_hash },
            "to": { "bank": to.bank, "hash": to.bank_hash },
            "changes": changes,
            "stale": n_stale,
        }))?;
    } else {
        for change in &changes {
            output::text(&format!("{change}\n"))?;
        }
        output::text(&summary(&from, &to, changes.len(), n_stale))?;
    }
    let same = changes.is_empty() && from.bank_hash == to.bank_hash;
    Ok(if same { Outcome::Yes } else { Outcome::No })
}

fn summary(from: &Release, to: &Release, n: usize, n_stale: usize) -> String {
    let beside = if from.bank_hash == to.bank_hash {
        "the banks are equal"
    } else if n == 0 {
        "no question differs, but something around them does: facts, chains, plans, registry or oracle"
    } else {
        "the banks differ"
    };
    let mut out = format!("{n} questions differ");
    if n_stale > 0 {
        out.push_str(&format!(", {n_stale} of them without saying so in their version"));
    }
    output::wrap(&format!("{out}; {beside}"))
}

/// A release file, or a bank folder as it is now.
fn state(path: &Path) -> Result<Release, Failure> {
    if path.is_dir() {
        let (bank, problems) = Bank::load(path)?;
        warn(problems.len());
        return Ok(bank.release(NOW, &Mlsysim.id()));
    }
    let place = path.display();
    let text = fs::read_to_string(path).map_err(|e| {
        Failure::io(format!("cannot read {place}: {e}; name a release file or a bank folder"))
    })?;
    Release::parse(&text).map_err(|why| Failure::io(format!("cannot read {place}: {why}")))
}

fn release(
    args: &Args,
    bank: &Bank,
    mut problems: Vec<Problem>,
    version: Version,
    dry_run: bool,
) -> Result<Outcome, Failure> {
    let Some(folder) = &args.bank else {
        return Err(Failure::usage(
            "the bank of the program cannot be released; name the folder of yours with --bank DIR",
        ));
    };
    if let Some(last) = bank.releases().last().filter(|last| last.version >= version) {
        return Err(Failure::usage(format!(
            "release {version} does not come after {}; choose a higher version",
            last.version
        )));
    }
    let n_threads = std::thread::available_parallelism().map_or(1, core::num::NonZero::get);
    let options = Options::FULL.threads(n_threads);
    let options = crate::check::today().map_or(options, |day| options.today(day));
    problems.extend(check(bank, &Mlsysim, options).problems);
    problems.retain(|p| !p.is_warning());
    let release = bank.release(version, &Mlsysim.id());
    if !problems.is_empty() || bank.templates().is_empty() {
        for problem in &problems {
            output::error(&problem.to_string());
        }
        let why = match problems.len() {
            0 => "the bank holds no questions".to_owned(),
            n => format!("{n} errors; correct them first"),
        };
        output::error(&format!("release {version} was not written: {why}"));
        return Ok(Outcome::No);
    }
    let path = folder.join("releases").join(format!("{version}.json"));
    if !dry_run {
        let parent = folder.join("releases");
        fs::create_dir_all(&parent)
            .map_err(|e| Failure::io(format!("cannot make {}: {e}", parent.display())))?;
        write::create(&path, &release.text())?;
    }
    if args.json {
        output::object(&json!({
            "schema": "staffml-released/1",
            "written": !dry_run,
            "file": path.display().to_string(),
            "release": release,
        }))?;
    } else {
        let verb = if dry_run { "would write" } else { "wrote" };
        output::text(&format!(
            "{verb} {}: {} questions, {}\n",
            path.display(),
            release.templates.len(),
            release.bank_hash
        ))?;
    }
    Ok(Outcome::Yes)
}

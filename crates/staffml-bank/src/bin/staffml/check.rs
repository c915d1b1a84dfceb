//! `staffml check`

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use staffml_bank::Bank;
use staffml_bank::check::{Options, check};
use staffml_bank::model::Day;
use staffml_bank::oracle::Mlsysim;
use staffml_bank::problem::Problem;

use crate::args::{Args, Check};
use crate::failure::{Failure, Outcome};
use crate::output;

/// Reads the bank named on the command line, or the one that comes with the program.
pub(crate) fn bank(dir: Option<&Path>) -> Result<(Bank, Vec<Problem>), Failure> {
    match dir {
        Some(dir) => Ok(Bank::load(dir)?),
        None => Ok((Bank::embedded(), Vec::new())),
    }
}

pub(crate) fn run(args: &Args, command: &Check) -> Result<Outcome, Failure> {
    let dir = command.dir.as_deref().or(args.bank.as_deref());
    let (bank, mut problems) = bank(dir)?;
    if command.links {
        crate::draw::warn(problems.len());
        return crate::author::report::links(args, &bank);
    }
    let options = if command.full { Options::FULL } else { Options::FAST };
    let n_threads = std::thread::available_parallelism().map_or(1, core::num::NonZero::get);
    let options = options.threads(n_threads);
    let options = today().map_or(options, |day| options.today(day));
    let report = check(&bank, &Mlsysim, options);
    if let Some(path) = &command.report {
        crate::author::report::write(path, &bank, &report.templates)?;
    }
    problems.extend(report.problems);
    let n_errors = problems.iter().filter(|p| !p.is_warning()).count();
    let n_warnings = problems.len() - n_errors;
    if args.json {
        output::object(&json!({
            "schema": "staffml-check/1",
            "bank": bank.name,
            "templates": report.templates,
            "errors": n_errors,
            "warnings": n_warnings,
            "problems": problems,
        }))?;
    } else {
        for problem in &problems {
            output::text(&format!("{problem}\n"))?;
        }
        let drawn: u32 = report.templates.iter().map(|t| t.n_drawn).sum();
        output::text(&format!(
            "{} templates, {drawn} draws: {n_errors} errors, {n_warnings} warnings\n",
            report.templates.len()
        ))?;
    }
    if bank.templates().is_empty() && problems.is_empty() {
        return Err(Failure::usage("the bank holds no templates; they belong in its folder q/"));
    }
    let fails = n_errors > 0 || (command.deny_warnings && n_warnings > 0);
    Ok(if fails { Outcome::No } else { Outcome::Yes })
}

/// The calendar day in UTC, from the system's clock.
pub(crate) fn today() -> Option<Day> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    // Days to date: Hinnant (2013), "chrono-compatible low-level date algorithms", with March as first month.
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    Some(Day {
        year: u16::try_from(year_of_era + era * 400 + u64::from(month <= 2)).ok()?,
        month: u8::try_from(month).ok()?,
        day: u8::try_from(day_of_year - (153 * shifted + 2) / 5 + 1).ok()?,
    })
}

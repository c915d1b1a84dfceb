//! `staffml bank stats`: the quotas, as tables of at most 80 columns.

use std::collections::BTreeMap;

use serde_json::json;
use staffml_bank::Bank;
use staffml_bank::bank::quota::Bound;
use staffml_bank::bank::stats::{Group, Tally};
use staffml_bank::model::taxonomy::{Area, Level, Track};

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::output;

pub(super) fn run(args: &Args, bank: &Bank, only_short: bool) -> Result<Outcome, Failure> {
    let tally = bank.tally();
    let n_short = tally.iter().filter(|line| line.is_short()).count();
    if args.json {
        let mut status: BTreeMap<&str, u32> = BTreeMap::new();
        for template in bank.templates() {
            *status.entry(template.head.status.name()).or_default() += 1;
        }
        let lines: Vec<_> = tally
            .iter()
            .filter(|line| line.is_short() || !only_short)
            .map(|line| {
                json!({
                    "group": line.group,
                    "name": line.name,
                    "have": line.have,
                    "of": line.of,
                    "need": line.need,
                    "bound": line.bound,
                    "missing": line.missing(),
                })
            })
            .collect();
        output::object(&json!({
            "schema": "staffml-stats/1",
            "bank": bank.name,
            "version": bank.version,
            "templates": bank.templates().len(),
            "status": status,
            "chains": bank.chains().len(),
            "plans": bank.plans().len(),
            "quotas": tally.len(),
            "short": n_short,
            "lines": lines,
        }))?;
    } else {
        output::text(&text(bank, &tally, only_short, n_short))?;
    }
    Ok(if n_short == 0 { Outcome::Yes } else { Outcome::No })
}

fn text(bank: &Bank, tally: &[Tally], only_short: bool, n_short: usize) -> String {
    let mut out = format!(
        "{} {}: {} questions, {} chains, {} plans\n",
        bank.name,
        bank.version,
        bank.templates().len(),
        bank.chains().len(),
        bank.plans().len()
    );
    for group in Group::ALL {
        let lines: Vec<&Tally> = tally.iter().filter(|line| line.group == group).collect();
        let short = lines.iter().filter(|line| line.is_short()).count();
        if only_short && short == 0 {
            continue;
        }
        out.push_str(&format!("\n{}", group.title()));
        out.push_str(&match (short, lines.len()) {
            (0, n) => format!(": all {n} met\n"),
            (short, n) => format!(": {short} of {n} short\n"),
        });
        match group {
            Group::Area if !only_short => {
                out.push_str(&table(&lines, Area::ALL.iter().map(|a| a.name())));
            }
            Group::Level if !only_short => {
                out.push_str(&table(&lines, Level::ALL.iter().map(|l| l.name())));
            }
            // Nobody reads 87 lines that say 1 of 1.
            Group::Topic => rows(&mut out, lines.into_iter().filter(|line| line.is_short())),
            _ => rows(&mut out, lines.into_iter().filter(|line| line.is_short() || !only_short)),
        }
    }
    let all = tally.len();
    out.push_str(&match n_short {
        0 => format!("\nall {all} quotas met\n"),
        n => format!("\n{n} of {all} quotas short\n"),
    });
    out
}

fn rows<'t>(out: &mut String, lines: impl Iterator<Item = &'t Tally>) {
    let cells: Vec<[String; 4]> = lines.map(cells).collect();
    let width = |i: usize| cells.iter().map(|row| row[i].chars().count()).max().unwrap_or(0);
    let (first, second, third) = (width(0), width(1), width(2));
    for [name, have, need, mark] in &cells {
        let row = format!("  {name:<first$}  {have:>second$}  {need:<third$}  {mark}");
        out.push_str(row.trim_end());
        out.push('\n');
    }
}

/// Name, number, quota, and a mark in words where it is missed.
fn cells(line: &Tally) -> [String; 4] {
    let have = match line.of {
        Some(of) => format!("{} of {of}", line.have),
        None => line.have.to_string(),
    };
    let unit = if line.of.is_some() { " %" } else { "" };
    let side = if line.bound == Bound::AtMost { "at most" } else { "at least" };
    let mark = match (line.is_short(), line.bound) {
        (false, _) => String::new(),
        (true, Bound::AtMost) => format!("TOO MANY: {} others make up for it", line.missing()),
        (true, _) => format!("SHORT: {} missing", line.missing()),
    };
    [line.name.clone(), have, format!("{side} {}{unit}", line.need), mark]
}

/// Rows by columns of tracks: `12/14 short` has 12 of 14.
fn table<'n>(lines: &[&Tally], names: impl Iterator<Item = &'n str>) -> String {
    let mut out = format!("  {:<14}", "");
    for track in Track::ALL {
        out.push_str(&format!("{:<12}", track.name()));
    }
    out = out.trim_end().to_owned() + "\n";
    for name in names {
        let mut row = format!("  {name:<14}");
        for track in Track::ALL {
            let wanted = format!("{name}, {track}");
            let cell =
                lines.iter().find(|line| line.name == wanted).map_or_else(String::new, |l| {
                    let mark = if l.is_short() { " short" } else { "" };
                    format!("{}/{}{mark}", l.have, l.need)
                });
            row.push_str(&format!("{cell:<12}"));
        }
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

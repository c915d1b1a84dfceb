//! A study plan: which areas, how many days, how many minutes a day.

use super::chain::{named_after_file, twice};
use super::misconceptions::format_is_one;
use super::taxonomy::{Area, Level, Track};
use crate::problem::Problem;
use crate::read::{Source, Table, nearest};

/// A study plan.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Plan {
    /// Identifier, equal to the stem of the file name.
    pub id: String,
    /// Title.
    pub title: String,
    /// Track; all of them if absent.
    pub track: Option<Track>,
    /// Levels, ascending.
    pub levels: Vec<Level>,
    /// Length in days.
    pub days: u32,
    /// Time for each day.
    pub minutes_per_day: u32,
    /// Areas with their weights.
    pub areas: Vec<(Area, u32)>,
    /// Chains to walk.
    pub chains: Vec<String>,
    /// Days that end with a timed test, from 1.
    pub checkpoints: Vec<u32>,
    /// The file it was read from, relative to the bank.
    pub file: String,
    /// Line of `chains` in the file.
    pub(crate) line: usize,
}

/// Reads a plan. It is `None` if any error was found.
pub(crate) fn read_plan(path: &str, text: &str) -> (Option<Plan>, Vec<Problem>) {
    let source = Source::new(path, text);
    let plan = source.read(plan);
    let sound = source.n_errors() == 0;
    (plan.filter(|_| sound), source.into_problems())
}

fn plan(top: &Table<'_, '_>) -> Option<Plan> {
    format_is_one(top);
    let report = |line, what: String, fix: &str| top.source().report("V-PLAN", line, what, fix);
    let id = named_after_file(top, "V-PLAN");
    let title = top.need_string("title");
    let track = top.keyword::<Track>("track").map(|t| t.value);
    let levels = top.need("levels", top.keywords::<Level>("levels"));
    if let Some(levels) = levels.as_ref().filter(|l| !l.value.is_sorted_by(|a, b| a < b)) {
        report(levels.line, "the levels do not ascend".to_owned(), "list each once, lowest first");
    }
    let days = within(top, "days", 1, 366);
    let minutes_per_day = within(top, "minutes_per_day", 5, 480);
    let areas = top.need("areas", top.table("areas"));
    let areas = areas.map(|table| {
        let areas: Vec<(Area, u32)> = table
            .keys()
            .into_iter()
            .filter_map(|key| {
                let weight = within(&table, &key.value, 1, 100);
                let area = Area::from_name(&key.value);
                if area.is_none() {
                    let near = nearest(&key.value, Area::ALL.iter().map(|a| a.name()));
                    let fix = near.map_or_else(String::new, |n| format!("did you mean `{n}`?"));
                    report(key.line, format!("`{}` is no area", key.value), &fix);
                }
                Some((area?, weight?))
            })
            .collect();
        table.finish();
        areas
    });
    let chains = top.strings("chains");
    if let Some(chains) = &chains {
        twice(top, "V-PLAN", &chains.value);
    }
    let checkpoints = top.numbers("checkpoints").map_or_else(Vec::new, |list| {
        let mut out: Vec<u32> = Vec::new();
        for day in list.value {
            let found =
                (1..=days.unwrap_or(366)).find(|d| (f64::from(*d) - day.value).abs() < 1e-9);
            match found.filter(|d| out.last().is_none_or(|last| last < d)) {
                Some(d) => out.push(d),
                None => {
                    let what = format!("checkpoint on day {}", day.value);
                    report(day.line, what, "name days of the plan, ascending");
                }
            }
        }
        out
    });
    Some(Plan {
        id: id?,
        title: title?.value,
        track,
        levels: levels?.value,
        days: days?,
        minutes_per_day: minutes_per_day?,
        areas: areas?,
        line: chains.as_ref().map_or(0, |c| c.line),
        chains: chains.map_or_else(Vec::new, |c| c.value.into_iter().map(|c| c.value).collect()),
        checkpoints,
        file: top.source().path().to_owned(),
    })
}

/// Reads a whole number of an interval.
fn within(table: &Table<'_, '_>, key: &str, least: u32, most: u32) -> Option<u32> {
    let found = table.need(key, table.integer(key))?;
    let value = u32::try_from(found.value).ok().filter(|n| (least..=most).contains(n));
    if value.is_none() {
        let what = format!("`{key}` is {}", found.value);
        table.source().report("V-PLAN", found.line, what, format!("{least} to {most}"));
    }
    value
}

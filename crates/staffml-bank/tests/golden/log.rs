//! `event_log_cases`: two devices, their union, the cards that follow, three damaged logs.

use serde_json::Value;
use staffml_bank::log::{EventSet, Reading, Scan, assemble, scan};
use staffml_bank::state::Cards;

use crate::report::{Report, each, near, number};

pub(crate) fn run(report: &mut Report, data: &Value) {
    let (a, b) = (lines(&data["device_a"]), lines(&data["device_b"]));
    let (a, b) = (assemble(vec![scan("a", &a)]), assemble(vec![scan("b", &b)]));
    for (name, device) in [("device_a", &a), ("device_b", &b)] {
        let n = each(&data[name]).count();
        report.case(name, expect(device, n, &[]));
    }
    let union = |sets: &[&EventSet]| {
        let mut out = EventSet::new();
        for set in sets {
            out.merge(set);
        }
        out
    };
    let (ab, ba) = (union(&[&a.events, &b.events]), union(&[&b.events, &a.events]));
    let aab = union(&[&a.events, &ab]);
    let laws = if ab == ba && ab == aab { Ok(()) } else { Err("the unions differ".to_owned()) };
    report.case("merge", laws);
    let order: Vec<String> = ab.timeline().events.iter().map(|e| e.id.to_string()).collect();
    let want: Vec<&str> = each(&data["merged_ids"]).filter_map(|(_, v)| v.as_str()).collect();
    let same = if order == want { Ok(()) } else { Err(format!("{order:?} instead of {want:?}")) };
    report.case("merged_ids", same);
    let mut cards = Cards::default();
    ab.timeline().events.into_iter().for_each(|event| cards.apply(event));
    for (template, want) in data["final_cards"].as_object().into_iter().flatten() {
        report.case(&format!("card {template}"), card(&cards, template, want));
    }
    for (name, case) in data["damaged"].as_object().into_iter().flatten() {
        let bytes = match case.as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => lines(case),
        };
        let file = scan(name, &bytes);
        let said = data["expected"][name].as_str().unwrap_or_default();
        let whole: Vec<&[u8]> =
            bytes.split_inclusive(|b| *b == b'\n').filter(|l| l.ends_with(b"\n")).collect();
        let outcome = match name.as_str() {
            "torn_tail" => torn(&file, whole.len()),
            "bad_crc" => {
                let problems = findings(said);
                let damaged = problems.iter().filter(|(code, _)| *code == "E-LOG-CRC").count();
                if damaged == 0 {
                    report.cannot(name, "the expectation names no damaged line");
                    continue;
                }
                expect(&assemble(vec![file]), whole.len() - damaged, &problems)
            }
            "duplicate" => {
                let mut distinct = whole.clone();
                distinct.sort_unstable();
                distinct.dedup();
                expect(&assemble(vec![file]), distinct.len(), &[])
            }
            _ => {
                report.cannot(name, "no such kind of damage is known");
                continue;
            }
        };
        report.case(name, outcome);
    }
}

fn lines(list: &Value) -> Vec<u8> {
    each(list).filter_map(|(_, v)| v.as_str()).flat_map(|l| format!("{l}\n").into_bytes()).collect()
}

fn expect(reading: &Reading, n: usize, problems: &[(&str, usize)]) -> Result<(), String> {
    let found: Vec<(&str, usize)> = reading.problems.iter().map(|p| (p.code, p.line)).collect();
    if reading.events.len() == n && found == problems {
        Ok(())
    } else {
        Err(format!("{} events, {found:?} instead of {n}, {problems:?}", reading.events.len()))
    }
}

/// The codes of an expectation such as `line 2 quarantined with E-LOG-CRC, line 3 reported E-LOG-CHAIN but kept`.
fn findings(said: &str) -> Vec<(&'static str, usize)> {
    let clause = |clause: &str| {
        let words: Vec<&str> = clause.split_whitespace().collect();
        let line = words.windows(2).find(|w| w[0] == "line")?[1].parse().ok()?;
        let codes = ["E-LOG-CRC", "E-LOG-CHAIN", "E-LOG-FORM"];
        Some((codes.into_iter().find(|code| words.contains(code))?, line))
    };
    said.split(',').filter_map(clause).collect()
}

fn torn(file: &Scan, whole: usize) -> Result<(), String> {
    if file.torn.is_empty() {
        return Err("nothing was set aside".to_owned());
    }
    expect(&assemble(vec![file.clone()]), whole, &[("W-LOG-TORN", whole + 1)])
}

fn card(cards: &Cards, template: &str, want: &Value) -> Result<(), String> {
    let card = cards.get(template).ok_or("no card")?;
    near("reviews", f64::from(card.reviews), number(&want["reviews"]))?;
    near("stability", card.memory.stability, number(&want["stability"]))?;
    near("difficulty", card.memory.difficulty, number(&want["difficulty"]))?;
    let days = card.due(cards.fsrs(), 0.9).since(card.last);
    near("due_days", f64::from(days), number(&want["due_days"]))
}

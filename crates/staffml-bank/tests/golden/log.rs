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
        let outcome = match name.as_str() {
            "torn_tail" => torn(&file),
            "bad_crc" => expect(&assemble(vec![file]), 2, &[("E-LOG-CRC", 2), ("E-LOG-CHAIN", 3)]),
            "duplicate" => expect(&assemble(vec![file]), 3, &[]),
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

fn torn(file: &Scan) -> Result<(), String> {
    if file.torn.is_empty() {
        return Err("nothing was set aside".to_owned());
    }
    expect(&assemble(vec![file.clone()]), 2, &[("W-LOG-TORN", 3)])
}

fn card(cards: &Cards, template: &str, want: &Value) -> Result<(), String> {
    let card = cards.get(template).ok_or("no card")?;
    near("reviews", f64::from(card.reviews), number(&want["reviews"]))?;
    near("stability", card.memory.stability, number(&want["stability"]))?;
    near("difficulty", card.memory.difficulty, number(&want["difficulty"]))?;
    let days = card.due(cards.fsrs(), 0.9).since(card.last);
    near("due_days", f64::from(days), number(&want["due_days"]))
}

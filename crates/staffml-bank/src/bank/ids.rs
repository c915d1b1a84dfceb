//! The register of ids: append-only, so that no id is ever given twice.

use crate::problem::Problem;

pub(super) const FILE: &str = "ids.txt";

/// Reads the register.
pub(super) fn read(text: &str) -> (Vec<String>, Vec<Problem>) {
    let mut ids: Vec<String> = Vec::new();
    let mut problems = Vec::new();
    let mut last_date = "";
    for (n, line) in text.lines().enumerate() {
        let mut report = |code, what: String, fix: &str| {
            problems.push(Problem::new(code, FILE, n + 1, what, fix));
        };
        let Some((id, date)) = line.split_once('\t').filter(|(_, date)| is_date(date)) else {
            report("V-ID-REG", format!("`{line}` is no entry"), "write `id<TAB>2026-11-21`");
            continue;
        };
        if ids.iter().any(|known| known == id) {
            report("V-ID-REG", format!("id `{id}` twice"), "an id is given once");
        }
        if date < last_date {
            report(
                "V-ID-ORDER",
                format!("`{id}` is older than the line above"),
                "append, never insert",
            );
        }
        last_date = date;
        ids.push(id.to_owned());
    }
    (ids, problems)
}

fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| match i {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        })
}

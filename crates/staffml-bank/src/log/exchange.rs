//! The log as one text: for another device, or for research without names and times.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{DeviceId, Event, EventId, EventSet, LogError, Moment, Record, What};

/// The first line of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Heading {
    /// `progress` or `anonymous`.
    staffml: String,
    /// Form of the lines.
    v: u32,
    /// Name and version, or hash, of the bank.
    bank: String,
    /// How many lines follow.
    events: u64,
}

/// Returns whether a line is the heading of an export.
pub(super) fn is_heading(line: &[u8]) -> bool {
    serde_json::from_slice::<Heading>(line).is_ok()
}

fn heading(what: &str, bank: &str, n: usize) -> String {
    let heading =
        Heading { staffml: what.to_owned(), v: 1, bank: bank.to_owned(), events: n as u64 };
    serde_json::to_string(&heading).unwrap_or_default() + "\n"
}

/// Returns all events as JSON lines behind a heading; `bank` names the bank they belong to.
///
/// Lines are copied as they are, with their checksums, so that reading them elsewhere is a merge.
#[must_use]
pub fn export(events: &EventSet, bank: &str) -> String {
    let mut out = heading("progress", bank, events.len());
    for record in events.by_device().into_values().flatten() {
        out.push_str(record.line());
        out.push('\n');
    }
    out
}

/// Returns the events that say how hard questions are, without what says whose they are.
///
/// Typed texts, quotations, notes, settings and names of sessions are left out, moments become study days, and
/// devices and events get names that follow from `salt` alone: the same salt gives the same names.
///
/// # Errors
///
/// [`LogError::Unwritable`] if an event cannot be written as a line.
pub fn export_anonymous(events: &EventSet, bank: &str, salt: u64) -> Result<String, LogError> {
    let mut lines = Vec::new();
    let mut chains: std::collections::BTreeMap<DeviceId, (u64, u64)> = Default::default();
    for event in events.timeline().events {
        let Some(what) = without_names(&event.what) else { continue };
        let number = digest(salt, format!("device {}", event.device).as_bytes());
        let [a, b, c, d, ..] = number.to_le_bytes();
        let device = DeviceId::new(u32::from_le_bytes([a, b, c, d]));
        let (seq, hash) = chains.entry(device).or_default();
        *seq += 1;
        let noon = i64::from(event.study_day().number()) * 86_400_000 + 43_200_000;
        let at = Moment::from_ms(noon);
        let id = EventId::new(at, digest(salt, event.id.as_str().as_bytes()));
        let record = Record::write(Event::new(id, at, 0, device, *seq, what), *hash)?;
        *hash = record.hash();
        lines.push(record.line().to_owned());
    }
    let mut out = heading("anonymous", bank, lines.len());
    for line in lines {
        out.push_str(&line);
        out.push('\n');
    }
    Ok(out)
}

/// The event without texts and names; nothing where little else would be left.
fn without_names(what: &What) -> Option<What> {
    let mut what = what.clone();
    match &mut what {
        What::Answer(answer) => (answer.text, answer.session) = (None, None),
        What::Skip(skip) => skip.session = None,
        What::Rubric(rubric) => {
            (rubric.text, rubric.session) = (None, None);
            rubric.by.clear();
            rubric.marks.iter_mut().for_each(|mark| mark.quote = None);
        }
        What::Placement(placement) => placement.session.clear(),
        What::Broken(_) => {}
        _ => return None,
    }
    Some(what)
}

fn digest(salt: u64, bytes: &[u8]) -> u128 {
    let digest = Sha256::new().chain_update(salt.to_le_bytes()).chain_update(bytes).finalize();
    digest.iter().take(16).fold(0, |n, byte| (n << 8) | u128::from(*byte))
}

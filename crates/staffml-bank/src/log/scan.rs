//! The lines of one file: what is whole, what is torn, what is damaged.

use std::collections::{HashMap, HashSet};

use super::{DeviceId, EventId, Record, wire};
use crate::problem::Problem;

/// What stands in one file of the log.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Scan {
    /// The name of the file.
    pub file: String,
    /// The events, in the order of their lines, each once.
    pub records: Vec<Record>,
    /// What is wrong: `W-LOG-TORN` for the last line, `E-LOG-CRC` and `E-LOG-FORM` for others.
    pub problems: Vec<Problem>,
    /// Lines that are no events, with their numbers; each is named in a problem.
    pub quarantined: Vec<(usize, Vec<u8>)>,
    /// The end of the file that is no whole line; a process was stopped while writing it.
    pub torn: Vec<u8>,
    /// Length of the whole lines.
    pub(super) whole_len: u64,
    /// Number, hash and predecessor's hash of every line that is whole.
    links: Vec<Link>,
    /// Hash of the last whole line, and how many there are.
    pub(super) last_hash: u64,
    pub(super) n_lines: u64,
}

/// A line as a member of the chain.
#[derive(Debug, Clone, Copy)]
struct Link {
    line: usize,
    device: Option<DeviceId>,
    hash: u64,
    prev: u64,
}

/// Reads the bytes of one file. Damage is reported and never an error: what is whole stays usable.
#[must_use]
pub fn scan(file: &str, bytes: &[u8]) -> Scan {
    let mut out = Scan { file: file.to_owned(), ..Scan::default() };
    let mut seen: HashMap<EventId, usize> = HashMap::new();
    let mut end = 0;
    for (i, piece) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let number = i + 1;
        end += piece.len();
        let line = piece.strip_suffix(b"\n");
        let parsed = line.map(Record::parse);
        let is_last = end == bytes.len();
        let (Some(line), Some(parsed)) = (line, parsed) else {
            out.tear(number, piece, "its end is missing");
            break;
        };
        match parsed {
            Err(error) if is_last => out.tear(number, piece, &error.to_string()),
            Err(error) => {
                let fix = "it is left out, all other lines stay valid; `staffml log compact` sets it aside";
                out.problem(error.code(), number, error.to_string(), fix);
                out.quarantined.push((number, line.to_vec()));
                out.link(Link { line: number, device: None, hash: wire::hash(line), prev: 0 });
            }
            Ok(record) => out.take(number, record, &mut seen),
        }
    }
    out.whole_len = (bytes.len() - out.torn.len()) as u64;
    out
}

impl Scan {
    fn problem(&mut self, code: &'static str, line: usize, what: String, fix: &str) {
        self.problems.push(Problem::new(code, &self.file, line, what, fix));
    }

    fn tear(&mut self, number: usize, piece: &[u8], why: &str) {
        let what = format!("the last line is no whole event ({} bytes): {why}", piece.len());
        let fix = "it was never acknowledged; everything before it is whole";
        self.problem("W-LOG-TORN", number, what, fix);
        self.torn = piece.to_vec();
    }

    fn link(&mut self, link: Link) {
        self.last_hash = link.hash;
        self.n_lines += 1;
        self.links.push(link);
    }

    fn take(&mut self, number: usize, record: Record, seen: &mut HashMap<EventId, usize>) {
        let id = record.event().id;
        if let Some(twin) = seen.get(&id).and_then(|at| self.records.get_mut(*at)) {
            if let Some(problem) = twin.meet(&record, &self.file, number) {
                self.problems.push(problem);
            }
            // A repeated line is no member of the chain, but the next line may have been written after it.
            self.last_hash = record.hash();
            self.n_lines += 1;
            return;
        }
        if let Some(why) = record.odd() {
            let kind = record.event().what.kind().to_owned();
            let what = format!("an event `{kind}` of a form that is not known: {why}");
            self.problem(
                "W-LOG-KIND",
                number,
                what,
                "it is kept and not used; a newer program may know it",
            );
        }
        let device = Some(record.event().device);
        self.link(Link { line: number, device, hash: record.hash(), prev: record.prev() });
        seen.insert(id, self.records.len());
        self.records.push(record);
    }
}

/// Returns every break of the chain in files of one log.
///
/// A line must name the hash of the line before it. It may instead follow another line of the same device that is at
/// hand: then a folder was copied to a second machine, and both went on.
#[must_use]
pub fn breaks(files: &[Scan]) -> Vec<Problem> {
    let known: HashSet<(Option<DeviceId>, u64)> =
        files.iter().flat_map(|f| f.links.iter().map(|link| (link.device, link.hash))).collect();
    let mut problems = Vec::new();
    for file in files {
        let mut before = 0;
        for (i, link) in file.links.iter().enumerate() {
            let follows = link.device.is_none()
                || link.prev == before
                || (i == 0 && link.prev == 0)
                || known.contains(&(link.device, link.prev));
            if !follows {
                let what = format!(
                    "the line before has the hash {before:016x}, this one was written after {:016x}",
                    link.prev
                );
                let fix =
                    "a line before it was changed or removed; this event is whole and stays valid";
                problems.push(Problem::new("E-LOG-CHAIN", &file.file, link.line, what, fix));
            }
            before = link.hash;
        }
    }
    problems
}

//! A set of events, and its order in time.

use std::collections::{BTreeMap, HashSet};

use super::{DeviceId, Event, EventId, Moment, Record, What};
use crate::problem::Problem;

/// A clock that goes back by no more than this is being corrected; beyond it was wrong.
const CORRECTION_MS: i64 = 5 * 60_000;

/// A set of events from any number of devices.
///
/// Merging is set union by the names of events: commutative, associative and idempotent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventSet {
    records: BTreeMap<EventId, Record>,
}

/// The events of a set in order.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Timeline<'a> {
    /// The events, oldest first, without those that were erased.
    pub events: Vec<&'a Event>,
    /// `W-LOG-CLOCK` for each device whose clock went back.
    pub problems: Vec<Problem>,
}

impl EventSet {
    /// Returns a set without events.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a record. Returns whether its event is new, and a warning if another event has its name; `file` and `line`
    /// say where the record stands.
    pub fn insert(&mut self, record: Record, file: &str, line: usize) -> (bool, Option<Problem>) {
        match self.records.entry(record.event().id) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(record);
                (true, None)
            }
            std::collections::btree_map::Entry::Occupied(mut slot) => {
                (false, slot.get_mut().meet(&record, file, line))
            }
        }
    }

    /// Adds all events of another set; returns warnings about events that share a name.
    pub fn merge(&mut self, other: &Self) -> Vec<Problem> {
        let insert = |record: &Record| self.insert(record.clone(), "merge", 0).1;
        other.records.values().filter_map(insert).collect()
    }

    /// Returns the records, by name.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }

    /// Returns whether there is an event of this name.
    #[must_use]
    pub fn contains(&self, id: &EventId) -> bool {
        self.records.contains_key(id)
    }

    /// Returns how many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Returns the records of each device, in the order of their numbers.
    #[must_use]
    pub fn by_device(&self) -> BTreeMap<DeviceId, Vec<&Record>> {
        let mut devices: BTreeMap<DeviceId, Vec<&Record>> = BTreeMap::new();
        for record in self.records.values() {
            devices.entry(record.event().device).or_default().push(record);
        }
        for records in devices.values_mut() {
            records.sort_by_key(|r| (r.event().seq, r.event().id));
        }
        devices
    }

    /// Returns the names of events that are to be left out.
    #[must_use]
    pub fn erased(&self) -> HashSet<EventId> {
        let erase = |record: &Record| match &record.event().what {
            What::Erase(erase) => erase.ids.clone(),
            _ => Vec::new(),
        };
        self.records.values().flat_map(erase).collect()
    }

    /// Returns the events in order: by moment, then device, then number.
    ///
    /// An event that is more than five minutes older than the one before it on the same device was made by a clock
    /// that had gone back; it counts as one millisecond younger than that one. Its study day stays its own.
    #[must_use]
    pub fn timeline(&self) -> Timeline<'_> {
        let erased = self.erased();
        let mut order: Vec<(Moment, &Event)> = Vec::with_capacity(self.records.len());
        let mut problems = Vec::new();
        for (device, records) in self.by_device() {
            // Two machines under one name have two clocks; their numbers do not say what came first.
            let is_forked = records.windows(2).any(|pair| match pair {
                [a, b] => a.event().seq == b.event().seq,
                _ => false,
            });
            let (mut before, mut moved): (Option<Moment>, Vec<&Event>) = (None, Vec::new());
            let mut was_moved = false;
            for record in records {
                let event = record.event();
                let slack = if was_moved { 0 } else { CORRECTION_MS };
                let back = before.filter(|b| !is_forked && event.at.ms() < b.ms() - slack);
                let at = back.map_or(event.at, |before| Moment::from_ms(before.ms() + 1));
                was_moved = back.is_some();
                if was_moved {
                    moved.push(event);
                }
                before = Some(at);
                order.push((at, event));
            }
            if let Some(first) = moved.first() {
                let what = format!(
                    "the clock of {device} went back: event {} of {} comes after a later one, {} such events",
                    first.seq,
                    first.at,
                    moved.len()
                );
                let fix = "they are used in the order in which they were made";
                problems.push(Problem::new(
                    "W-LOG-CLOCK",
                    &format!("{device}.jsonl"),
                    0,
                    what,
                    fix,
                ));
            }
        }
        order.sort_by_key(|(at, event)| (*at, event.device, event.seq, event.id));
        let stays =
            |event: &&Event| matches!(event.what, What::Erase(_)) || !erased.contains(&event.id);
        Timeline {
            events: order.into_iter().map(|(_, event)| event).filter(stays).collect(),
            problems,
        }
    }
}

impl FromIterator<Record> for EventSet {
    fn from_iter<T: IntoIterator<Item = Record>>(records: T) -> Self {
        let mut set = Self::new();
        for record in records {
            set.insert(record, "", 0);
        }
        set
    }
}

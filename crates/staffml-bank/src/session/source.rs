//! Where the questions of a session come from.

use std::collections::VecDeque;

use crate::log::StudyDay;
use crate::model::taxonomy::Kind;
use crate::sched::{Aim, Placement};
use crate::state::{Filter, Nothing, State};
use crate::variant::rng::SplitMix64;

/// Items of a refutation drill, and clean answers in a row that end it.
const DRILL: (u32, u32) = (5, 3);
/// Numeric items after a quiz.
const FOLLOW_UPS: u32 = 2;

/// Where the questions of a session come from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Source {
    /// The most useful ones.
    Useful {
        /// Which may be asked.
        filter: Filter,
        /// How hard they should be.
        aim: Aim,
    },
    /// Due ones, those forgotten most first.
    Due {
        /// Which may be asked.
        filter: Filter,
    },
    /// One family of misconceptions: five short items of different topics, the first one as a choice; ends after three in
    /// a row without the family.
    Refute {
        /// Place of the family in the catalog.
        family: usize,
        /// Which may be asked.
        filter: Filter,
    },
    /// One topic over and over, other numbers each time; what went wrong comes back at once.
    Repeat {
        /// Which may be asked.
        filter: Filter,
    },
    /// A list.
    Listed(VecDeque<Planned>),
    /// A list of choices, then two items of the families missed.
    Quiz {
        /// The choices, easiest first.
        list: VecDeque<Planned>,
        /// Follow-ups asked.
        followed: u32,
    },
    /// Those that tell most about the skill of a newcomer.
    Place {
        /// Which may be asked.
        filter: Filter,
        /// Whether questions in parts are among them: each part is an answer more, and takes its time.
        parts: bool,
    },
}

/// A question to be asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Planned {
    /// Place of the item in the catalog.
    pub place: usize,
    /// Seed of the variant; the next one of the item if absent.
    pub seed: Option<u64>,
    /// Values given instead of drawn, as in the thread of a chain.
    pub given: Vec<(String, String)>,
    /// Whether it is put as a choice.
    pub as_choice: bool,
    /// The family of misconceptions that the options must show if they can.
    pub family: Option<usize>,
}

impl Planned {
    /// Returns a question with the next variant of an item.
    #[must_use]
    pub fn item(place: usize) -> Self {
        Self { place, ..Self::default() }
    }

    /// Returns a question with this variant of an item.
    #[must_use]
    pub fn variant(place: usize, seed: u64) -> Self {
        Self { place, seed: Some(seed), ..Self::default() }
    }
}

/// What a session has seen so far, as its source needs it.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Places in the order they were asked.
    pub(super) asked: Vec<usize>,
    /// The place of the last answer, if it was wrong.
    pub(super) missed: Option<usize>,
    /// Families shown, each once, in order.
    pub(super) families: Vec<usize>,
    /// Answers in a row without the family of a drill.
    pub(super) clean: u32,
    /// What a placement has learned.
    pub(super) placement: Placement,
}

impl Source {
    /// Returns how many questions there will be, where that is known from the start.
    pub(super) fn n(&self) -> Option<usize> {
        match self {
            Self::Listed(list) => Some(list.len()),
            _ => None,
        }
    }

    /// Returns the next question; nothing if the session is over.
    pub(super) fn next(
        &mut self,
        state: &State,
        today: StudyDay,
        seen: &Seen,
        rng: &mut SplitMix64,
    ) -> Result<Option<Planned>, Nothing> {
        let items = state.catalog().items();
        let fresh = |place: &usize| !seen.asked.contains(place);
        match self {
            Self::Useful { filter, aim } => {
                state.next(filter, today, *aim, rng).map(|place| Some(Planned::item(place)))
            }
            Self::Due { filter } => {
                let due = state.due(today).into_iter().filter(fresh);
                let mut due =
                    due.filter(|place| items.get(*place).is_some_and(|i| filter.admits(i)));
                Ok(due.next().map(Planned::item))
            }
            Self::Refute { family, filter } => {
                if seen.clean >= DRILL.1 || seen.asked.len() as u64 >= u64::from(DRILL.0) {
                    return Ok(None);
                }
                let topics: Vec<_> =
                    seen.asked.iter().filter_map(|p| Some(items.get(*p)?.topic)).collect();
                let declares = items
                    .iter()
                    .enumerate()
                    .filter(|(_, item)| item.families.contains(family) && filter.admits(item));
                // Other topics first, then other items, then the quickest; nothing is asked twice in a row.
                let rank = |place: usize| {
                    let item = items.get(place);
                    let topic = item.is_some_and(|i| topics.contains(&i.topic));
                    (!fresh(&place), topic, item.map_or(0, |i| i.time_s), place)
                };
                let best = declares
                    .map(|(place, _)| place)
                    .filter(|place| seen.asked.last() != Some(place))
                    .min_by_key(|place| rank(*place));
                let Some(place) = best else {
                    return if seen.asked.is_empty() { Err(Nothing::NoItem) } else { Ok(None) };
                };
                let as_choice = seen.asked.is_empty();
                Ok(Some(Planned { as_choice, family: Some(*family), ..Planned::item(place) }))
            }
            Self::Repeat { filter } => {
                if let Some(place) = seen.missed {
                    return Ok(Some(Planned::item(place)));
                }
                let all: Vec<usize> = (0..items.len())
                    .filter(|place| items.get(*place).is_some_and(|i| filter.admits(i)))
                    .collect();
                // Those asked least often in this session, in the order of a draw.
                let times = |place: usize| seen.asked.iter().filter(|p| **p == place).count();
                let least = all.iter().map(|p| times(*p)).min();
                let mut rest: Vec<usize> =
                    all.into_iter().filter(|p| Some(times(*p)) == least).collect();
                rng.shuffle(&mut rest);
                let best = rest.iter().find(|p| seen.asked.last() != Some(p)).or(rest.first());
                best.map(|place| Some(Planned::item(*place))).ok_or(Nothing::NoItem)
            }
            Self::Listed(list) => Ok(list.pop_front()),
            Self::Quiz { list, followed } => {
                if let Some(planned) = list.pop_front() {
                    return Ok(Some(planned));
                }
                if *followed >= FOLLOW_UPS {
                    return Ok(None);
                }
                *followed += 1;
                let missed = |place: &usize| {
                    let item = items.get(*place);
                    item.is_some_and(|i| i.families.iter().any(|f| seen.families.contains(f)))
                };
                let follow = (0..items.len()).filter(missed).filter(fresh);
                let easy = |place: &usize| items.get(*place).map(|i| (i.level, i.time_s));
                Ok(follow.min_by_key(|place| (easy(place), *place)).map(Planned::item))
            }
            Self::Place { filter, parts } => {
                if seen.placement.is_done() {
                    return Ok(None);
                }
                let open = items
                    .iter()
                    .enumerate()
                    .filter(|(place, item)| fresh(place) && filter.admits(item))
                    .filter(|(_, item)| match item.kind {
                        Kind::Numeric | Kind::Choice => true,
                        Kind::Multi => *parts,
                        _ => false,
                    })
                    .map(|(_, item)| item);
                match seen.placement.next(open) {
                    Some(item) => Ok(state.catalog().place(&item.id).map(Planned::item)),
                    None if seen.asked.is_empty() => Err(Nothing::NoItem),
                    None => Ok(None),
                }
            }
        }
    }
}

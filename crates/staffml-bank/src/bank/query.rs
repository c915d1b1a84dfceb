//! Choosing templates by what they are about.

use core::ops::RangeInclusive;
use std::sync::Arc;

use super::Bank;
use crate::error::{Error, Result};
use crate::log::StudyDay;
use crate::model::taxonomy::{Area, Kind, Level, Mode, Phase, Status, Track, WALLS, Zone};
use crate::model::{Piece, Template, Topic};
use crate::read::{Keyword, nearest};
use crate::sched::{Aim, utility};
use crate::state::{Cards, State};
use crate::variant::rng::{SplitMix64, mix};

/// The order of the result.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub enum Order<'a> {
    /// By id.
    #[default]
    Id,
    /// Easy ones first, then by id.
    Level,
    /// Shuffled by a seed.
    Seeded(u64),
    /// The most useful ones for a learner on a day first, as practice ranks them; equally useful ones by id.
    Utility {
        /// The learner.
        state: &'a State,
        /// The day.
        today: StudyDay,
        /// How hard they should be.
        aim: Aim,
    },
}

type Test<'a> = Box<dyn Fn(&Template) -> bool + 'a>;

/// A choice of templates: every condition narrows it.
///
/// Words are checked: a topic that does not exist is an error and not an empty result.
///
/// ```
/// use staffml_bank::{Bank, bank::Order, model::taxonomy::{Level, Track}};
///
/// let bank = Bank::embedded();
/// let found = bank
///     .query()
///     .track(Track::Tinyml)
///     .levels(Level::L1..=Level::L3)
///     .wall(2)
///     .order(Order::Level)
///     .limit(3)
///     .run()?;
/// assert_eq!(found.len(), 3);
/// let error = bank.query().topic("kv-cash-management").run().unwrap_err();
/// assert_eq!(error.to_string(), "no topic `kv-cash-management`; did you mean `kv-cache-management`?");
/// # Ok::<(), staffml_bank::Error>(())
/// ```
#[must_use = "a query does nothing before it is run"]
pub struct Query<'a> {
    bank: &'a Bank,
    tests: Vec<Test<'a>>,
    order: Order<'a>,
    limit: usize,
    error: Option<Error>,
}

impl core::fmt::Debug for Query<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Query")
            .field("conditions", &self.tests.len())
            .field("order", &self.order)
            .field("limit", &self.limit)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl Bank {
    /// Returns a query that finds every template.
    pub fn query(&self) -> Query<'_> {
        Query { bank: self, tests: Vec::new(), order: Order::Id, limit: usize::MAX, error: None }
    }
}

impl<'a> Query<'a> {
    fn keep(mut self, test: impl Fn(&Template) -> bool + 'a) -> Self {
        self.tests.push(Box::new(test));
        self
    }

    fn fail(mut self, error: Error) -> Self {
        self.error = self.error.or(Some(error));
        self
    }

    /// Keeps templates for a track.
    pub fn track(self, track: Track) -> Self {
        self.keep(move |t| t.class.tracks.contains(&track))
    }

    /// Keeps templates of a level.
    pub fn level(self, level: Level) -> Self {
        self.levels(level..=level)
    }

    /// Keeps templates within levels.
    pub fn levels(self, levels: RangeInclusive<Level>) -> Self {
        self.keep(move |t| levels.contains(&t.class.level))
    }

    /// Keeps templates of an area.
    pub fn area(self, area: Area) -> Self {
        self.keep(move |t| t.class.area == area)
    }

    /// Keeps templates of a zone.
    pub fn zone(self, zone: Zone) -> Self {
        self.keep(move |t| t.class.zone == zone)
    }

    /// Keeps templates that ask for a mode of reasoning.
    pub fn mode(self, mode: Mode) -> Self {
        self.keep(move |t| t.class.mode == mode)
    }

    /// Keeps templates about a phase; those about both stay.
    pub fn phase(self, phase: Phase) -> Self {
        self.keep(move |t| t.class.phase == phase || t.class.phase == Phase::Both)
    }

    /// Keeps templates of a form.
    pub fn kind(self, kind: Kind) -> Self {
        self.keep(move |t| t.head.kind == kind)
    }

    /// Keeps templates of a status.
    pub fn status(self, status: Status) -> Self {
        self.keep(move |t| t.head.status == status)
    }

    /// Keeps templates about a wall, 1 to 22.
    pub fn wall(self, wall: u8) -> Self {
        if (1..=22).contains(&wall) {
            return self.keep(move |t| t.class.walls.contains(&wall));
        }
        self.fail(Error::UnknownWord { what: "wall, 1 to 22,", word: wall.to_string(), near: None })
    }

    /// Keeps templates about a topic.
    pub fn topic(self, topic: &str) -> Self {
        match word::<Topic>(topic) {
            Ok(topic) => self.keep(move |t| t.class.topic == topic),
            Err(error) => self.fail(error),
        }
    }

    /// Keeps templates with a tag. A tag that no template of the bank has is an error.
    pub fn tag(self, tag: &str) -> Self {
        let tags = || self.bank.templates().iter().flat_map(|t| &t.class.tags);
        if tags().any(|t| t == tag) {
            let tag = tag.to_owned();
            return self.keep(move |t| t.class.tags.contains(&tag));
        }
        let near = nearest(tag, tags().map(String::as_str)).map(str::to_owned);
        self.fail(Error::UnknownWord { what: "tag", word: tag.to_owned(), near })
    }

    /// Keeps templates whose id, title, stem or tags contain a text, in whatever case.
    pub fn text(self, text: &str) -> Self {
        let text = text.to_lowercase();
        self.keep(move |t| {
            let pieces = t.stem.pieces().iter().map(|piece| match piece {
                Piece::Text(text) => text.to_lowercase(),
                _ => String::new(),
            });
            let words = [t.id().to_owned(), t.head.title.to_lowercase()];
            let tags = t.class.tags.iter().map(|tag| tag.to_lowercase());
            words.into_iter().chain(pieces).chain(tags).any(|part| part.contains(&text))
        })
    }

    /// Keeps templates that were not answered on the last `days` study days, today included.
    pub fn not_seen_within(self, days: u32, cards: &'a Cards, today: StudyDay) -> Self {
        self.keep(move |t| cards.get(t.id()).is_none_or(|card| today.since(card.last) >= days))
    }

    /// Keeps templates that pass a test of the caller's.
    pub fn matching(self, test: impl Fn(&Template) -> bool + 'a) -> Self {
        self.keep(test)
    }

    /// Adds a condition by the name of its key: `track`, `level`, `area`, `topic`, `zone`, `mode`, `phase`, `kind`, `status`,
    /// `wall` (number or name), `tag`, `text`. A level may be a range such as `L3..L5`.
    pub fn condition(self, key: &str, value: &str) -> Self {
        let levels = || -> Result<RangeInclusive<Level>> {
            let (low, high) = value.split_once("..").unwrap_or((value, value));
            Ok(word(low)?..=word(high.trim_start_matches('='))?)
        };
        macro_rules! typed {
            ($method:ident) => {
                match word(value) {
                    Ok(word) => self.$method(word),
                    Err(error) => self.fail(error),
                }
            };
        }
        match key {
            "track" => typed!(track),
            "area" => typed!(area),
            "zone" => typed!(zone),
            "mode" => typed!(mode),
            "phase" => typed!(phase),
            "kind" => typed!(kind),
            "status" => typed!(status),
            "topic" => self.topic(value),
            "tag" => self.tag(value),
            "text" => self.text(value),
            "level" => match levels() {
                Ok(levels) => self.levels(levels),
                Err(error) => self.fail(error),
            },
            "wall" => {
                let by_name = WALLS.iter().position(|w| *w == value).map(|i| i + 1);
                let number = value.parse().ok().or(by_name).and_then(|n| u8::try_from(n).ok());
                match number {
                    Some(number) => self.wall(number),
                    None => self.fail(unknown("wall", value, WALLS.iter().copied())),
                }
            }
            _ => self.fail(unknown("condition", key, KEYS.iter().copied())),
        }
    }

    /// Sets the order.
    pub const fn order(mut self, order: Order<'a>) -> Self {
        self.order = order;
        self
    }

    /// Returns no more than `n` templates.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = n;
        self
    }

    /// Returns the templates.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownWord`] for the first condition with a word that is not in its list.
    pub fn run(self) -> Result<Vec<Arc<Template>>> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let fits = |t: &&Arc<Template>| self.tests.iter().all(|test| test(t));
        let mut found: Vec<Arc<Template>> =
            self.bank.templates().iter().filter(fits).map(Arc::clone).collect();
        match self.order {
            Order::Id => {} // as the bank has them
            Order::Level => found.sort_by_key(|t| t.class.level),
            Order::Seeded(seed) => SplitMix64::new(mix(seed)).shuffle(&mut found),
            Order::Utility { state, today, aim } => {
                let retention = state.settings().retention;
                let value = |t: &Arc<Template>| {
                    // What the learner's catalog does not have is never asked: it comes last.
                    let place = state.catalog().place(t.id());
                    let item = place.and_then(|place| Some((place, state.catalog().item(place)?)));
                    item.map_or(f64::NEG_INFINITY, |(place, item)| {
                        utility(&state.standing(place, item, today), retention, aim)
                    })
                };
                let mut ranked: Vec<(f64, Arc<Template>)> =
                    found.into_iter().map(|t| (value(&t), t)).collect();
                ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
                found = ranked.into_iter().map(|(_, t)| t).collect();
            }
        }
        found.truncate(self.limit);
        Ok(found)
    }
}

/// The keys of [`Query::condition`].
const KEYS: [&str; 12] = [
    "track", "level", "area", "topic", "zone", "mode", "phase", "kind", "status", "wall", "tag",
    "text",
];

fn unknown<'w>(what: &'static str, word: &str, known: impl IntoIterator<Item = &'w str>) -> Error {
    let near = nearest(word, known).map(str::to_owned);
    Error::UnknownWord { what, word: word.to_owned(), near }
}

fn word<K: Keyword>(text: &str) -> Result<K> {
    let found = K::ALL.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    found.ok_or_else(|| unknown(K::WHAT, text, K::ALL.iter().map(|(name, _)| *name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Answer, DeviceId, Event, EventId, Moment, Outcome, TemplateRef};
    use crate::sched::Rating;

    #[test]
    fn conditions_narrow_as_a_loop_does() {
        let bank = Bank::embedded();
        for track in Track::ALL {
            for area in Area::ALL {
                let by_query = bank
                    .query()
                    .track(*track)
                    .area(*area)
                    .levels(Level::L2..=Level::L4)
                    .run()
                    .unwrap();
                let by_hand = bank.templates().iter().filter(|t| {
                    t.class.tracks.contains(track)
                        && t.class.area == *area
                        && (2..=4).contains(&t.class.level.ordinal())
                });
                assert!(by_query.iter().map(|t| t.id()).eq(by_hand.map(|t| t.id())));
                let by_name = bank
                    .query()
                    .condition("track", track.name())
                    .condition("area", area.name())
                    .condition("level", "L2..L4");
                assert_eq!(by_name.run().unwrap().len(), by_query.len());
            }
        }
        assert_eq!(bank.query().run().unwrap().len(), bank.templates().len());
        assert_eq!(bank.query().limit(2).run().unwrap().len(), 2);
        assert!(
            bank.query()
                .text("FLASH")
                .run()
                .unwrap()
                .iter()
                .any(|t| t.id() == "w02-flash-for-weights")
        );
    }

    #[test]
    fn unknown_words_are_errors() {
        let bank = Bank::embedded();
        for (key, value, message) in [
            ("track", "clowd", "no track `clowd`; did you mean `cloud`?"),
            ("level", "L7", "no level `L7`"),
            ("level", "L2..L9", "no level `L9`"),
            ("wall", "memry", "no wall `memry`; did you mean `memory`?"),
            ("wall", "23", "no wall, 1 to 22, `23`"),
            ("mode", "napkin", "no mode `napkin`"),
            ("color", "red", "no condition `color`"),
            ("tag", "no-such-tag", "no tag `no-such-tag`"),
        ] {
            let error = bank.query().condition(key, value).run().unwrap_err();
            assert!(error.to_string().starts_with(message), "{error}");
        }
        let wall = |value| bank.query().condition("wall", value).run().unwrap().len();
        assert_eq!(wall("2"), wall("memory"));
    }

    #[test]
    fn what_was_seen_lately_is_left_out() {
        let bank = Bank::embedded();
        let at = Moment::parse("2026-03-01T12:00:00.000Z").unwrap();
        let id = bank.templates()[0].id();
        let answer =
            Answer::new(TemplateRef::new(id, 1), 1, Outcome::Correct, 1).rated(Rating::Good);
        let mut cards = Cards::default();
        cards.apply(&Event::new(EventId::new(at, 1), at, 0, DeviceId::new(1), 1, answer.into()));
        let found = |day: &str| {
            let day = StudyDay::parse(day).unwrap();
            bank.query().not_seen_within(7, &cards, day).run().unwrap().iter().any(|t| t.id() == id)
        };
        assert_eq!(
            (found("2026-03-01"), found("2026-03-07"), found("2026-03-08")),
            (false, false, true)
        );
    }

    #[test]
    fn the_most_useful_come_first() {
        let bank = Bank::embedded();
        let catalog = Arc::new(crate::sched::Catalog::of(&bank));
        let mut state = State::new(Arc::clone(&catalog));
        let at = Moment::parse("2026-03-01T12:00:00.000Z").unwrap();
        let today = StudyDay::parse("2026-03-01").unwrap();
        let ranked = |state: &State| {
            let order = Order::Utility { state, today, aim: Aim::Practice };
            let found = bank.query().order(order).run().unwrap();
            found.iter().map(|t| t.id().to_owned()).collect::<Vec<String>>()
        };
        let before = ranked(&state);
        assert_eq!(before.len(), bank.templates().len());
        // What was shown just now is the least useful: no other term outweighs its 0.30.
        let answer = Answer::new(TemplateRef::new(&before[0], 1), 1, Outcome::Correct, 1)
            .rated(Rating::Good);
        state.apply(&Event::new(EventId::new(at, 1), at, 0, DeviceId::new(1), 1, answer.into()));
        let after = ranked(&state);
        assert!(after.iter().position(|id| *id == before[0]).unwrap() > before.len() / 2);
        // The order is that of the formula, computed here for each pair of neighbors.
        let value = |id: &String| {
            let place = catalog.place(id).unwrap();
            let standing = state.standing(place, catalog.item(place).unwrap(), today);
            utility(&standing, 0.9, Aim::Practice)
        };
        assert!(after.windows(2).all(|w| value(&w[0]) >= value(&w[1])));
    }

    #[test]
    fn a_seed_shuffles_the_same_way_each_time() {
        let bank = Bank::embedded();
        let ids = |seed| {
            let found = bank.query().order(Order::Seeded(seed)).run().unwrap();
            found.iter().map(|t| t.id().to_owned()).collect::<Vec<String>>()
        };
        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1), ids(2));
        let mut sorted = ids(1);
        sorted.sort();
        assert!(sorted.iter().map(String::as_str).eq(bank.templates().iter().map(|t| t.id())));
    }
}

//! The gauntlet: a timed mock interview.
//!
//! | preset | items | minutes | mix around the level ℓ |
//! |---|---|---|---|
//! | quick | 5 | 10 | 1 at ℓ−1, 3 at ℓ, 1 at ℓ+1 |
//! | standard | 10 | 20 | 1 at ℓ−1, 5 at ℓ, 2 at ℓ+1, a chain of two |
//! | full | 15 | 35 | 2 at ℓ−1, 8 at ℓ, 3 at ℓ+1, a chain of two |
//! | onsite | 15 | 60 | 4 quick ones at ℓ, a chain of four, 1 long one above ℓ, 6 of levels 1 and 2 |
//!
//! The questions follow from bank, preset, track, level and seed alone, so that a code can be shared. What is known of
//! the learner decides which seed is taken: of many, the one whose questions were not seen within seven days and whose
//! areas have the least evidence.

use crate::log::{Mode, Moment, StudyDay};
use crate::model::taxonomy::{Area, Kind, Level, Track};
use crate::sched::{Catalog, Item};
use crate::state::{Nothing, Past, State};
use crate::variant::rng::{SplitMix64, fnv1a64, mix};

use super::course::Course;
use super::error::SessionError;
use super::journal::Journal;
use super::question::Put;
use super::runner::Runner;
use super::setup::Setup;
use super::source::{Planned, Source};
use super::view::Line;

/// Seeds among which the learner's own gauntlet is chosen.
const SEEDS: u32 = 48;
/// Study days within which a template is not asked again.
const FRESH_DAYS: u32 = 7;
/// Most items of one area.
const PER_AREA: usize = 2;

/// Length and mix of a gauntlet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Preset {
    /// 5 items, 10 minutes.
    Quick,
    /// 10 items, 20 minutes.
    Standard,
    /// 15 items, 35 minutes.
    Full,
    /// 15 items in four parts, 60 minutes.
    Onsite,
}

impl Preset {
    /// All presets, shortest first.
    pub const ALL: [Self; 4] = [Self::Quick, Self::Standard, Self::Full, Self::Onsite];

    /// Returns the word on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Full => "full",
            Self::Onsite => "onsite",
        }
    }

    /// Returns the preset of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }

    /// Returns the minutes.
    #[must_use]
    pub const fn minutes(self) -> u32 {
        match self {
            Self::Quick => 10,
            Self::Standard => 20,
            Self::Full => 35,
            Self::Onsite => 60,
        }
    }

    /// Parts in the order they are asked.
    const fn parts(self) -> &'static [Part] {
        match self {
            Self::Quick => &[Part::At(-1, 1), Part::At(0, 3), Part::At(1, 1)],
            Self::Standard => &[Part::At(-1, 1), Part::At(0, 5), Part::Chain(2), Part::At(1, 2)],
            Self::Full => &[Part::At(-1, 2), Part::At(0, 8), Part::Chain(2), Part::At(1, 3)],
            Self::Onsite => &[Part::At(0, 4), Part::Chain(4), Part::Long, Part::Recall(6)],
        }
    }
}

/// A part of a gauntlet.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// So many items at so many levels above the one aimed at.
    At(i8, usize),
    /// So many items of one topic, with rising levels.
    Chain(usize),
    /// One open or long item above the level.
    Long,
    /// So many items of the first two levels.
    Recall(usize),
}

/// Returns a fingerprint of the bank: its templates and their major versions.
#[must_use]
pub fn fingerprint(catalog: &Catalog) -> u32 {
    let text: String =
        catalog.items().iter().map(|item| format!("{}@{}\n", item.id, item.major)).collect();
    let hash = fnv1a64(text.as_bytes());
    u32::try_from(hash >> 32).unwrap_or(0)
}

/// Returns the questions of a gauntlet: the same for everybody with the same bank.
///
/// Where the bank is too small for the mix, nearer levels and more than two items of an area fill in; no template is
/// asked twice.
///
/// # Errors
///
/// [`SessionError::Nothing`] if the track has fewer items than the quick preset asks.
pub fn questions(
    catalog: &Catalog,
    preset: Preset,
    track: Track,
    level: Level,
    seed: u32,
) -> Result<Vec<Planned>, SessionError> {
    let base = mix(fnv1a64(format!("gauntlet/{}/{track}/{level}", preset.name()).as_bytes())
        ^ mix(u64::from(seed)));
    let mut rng = SplitMix64::new(base);
    let mut areas: Vec<Area> = Area::ALL.to_vec();
    rng.shuffle(&mut areas);
    let mut pick = Picking { catalog, track, level, base, areas, taken: Vec::new() };
    if pick.pool().count() < 5 {
        return Err(SessionError::Nothing(Nothing::NoItem));
    }
    for part in preset.parts() {
        match *part {
            Part::At(above, n) => pick.spread(above, n),
            Part::Chain(n) => pick.chain(n),
            Part::Long => pick.long(),
            Part::Recall(n) => pick.recall(n),
        }
    }
    let plan = |place: usize| {
        let id = catalog.item(place).map_or("", |item| item.id.as_str());
        Planned::variant(place, mix(base ^ fnv1a64(id.as_bytes())))
    };
    Ok(pick.taken.iter().map(|place| plan(*place)).collect())
}

/// Items being picked.
struct Picking<'a> {
    catalog: &'a Catalog,
    track: Track,
    level: Level,
    base: u64,
    areas: Vec<Area>,
    taken: Vec<usize>,
}

impl Picking<'_> {
    fn pool(&self) -> impl Iterator<Item = (usize, &Item)> {
        let items = self.catalog.items().iter().enumerate();
        items.filter(|(_, item)| item.tracks.contains(&self.track))
    }

    /// Open items take long and are asked where they are meant to be.
    fn is_free(&self, place: usize, item: &Item) -> bool {
        self.is_unused(place, item) && item.kind != Kind::Open
    }

    fn is_unused(&self, place: usize, item: &Item) -> bool {
        let sibling = |other: &usize| {
            *other == place
                || self
                    .catalog
                    .item(*other)
                    .is_some_and(|o| !o.computes.is_empty() && o.computes == item.computes)
        };
        !self.taken.iter().any(sibling)
    }

    fn n_area(&self, area: Area) -> usize {
        let of = |p: &&usize| self.catalog.item(**p).is_some_and(|i| i.area() == area);
        self.taken.iter().filter(of).count()
    }

    fn rank(&self, item: &Item) -> u64 {
        mix(fnv1a64(item.id.as_bytes()) ^ self.base)
    }

    /// So many items near a level, from the areas in turn.
    fn spread(&mut self, above: i8, n: usize) {
        let want = i16::from(self.level.ordinal()) + i16::from(above);
        let want = want.clamp(1, 6);
        // Six in ten must be answered with a number; all of the first ones are.
        for _ in 0..n {
            let best = self.pool().filter(|(place, item)| self.is_free(*place, item)).min_by_key(
                |(_, item)| {
                    let off = (i16::from(item.level.ordinal()) - want).abs();
                    let crowd = self.n_area(item.area());
                    let turn = self.areas.iter().position(|a| *a == item.area());
                    let numeric = item.kind == Kind::Numeric;
                    (off, !numeric, crowd >= PER_AREA, crowd, turn, self.rank(item))
                },
            );
            let Some((place, _)) = best else { return };
            self.taken.push(place);
        }
    }

    /// Items of one topic with rising levels; the topic with the longest such run near the level, at most `n`.
    fn chain(&mut self, n: usize) {
        let mut best: Option<((usize, i16, u64), Vec<usize>)> = None;
        for topic in self.catalog.topics() {
            let mut steps: Vec<(usize, &Item)> =
                self.pool().filter(|(p, i)| i.topic == *topic && self.is_free(*p, i)).collect();
            steps.sort_by_key(|(_, item)| (item.level, self.rank(item)));
            steps.dedup_by_key(|(_, item)| item.level);
            let mut computed: Vec<&str> = Vec::new();
            steps.retain(|(_, item)| {
                let fresh = !computed.contains(&item.computes.as_str());
                computed.push(&item.computes);
                fresh
            });
            let from = steps.len().saturating_sub(n);
            let run = steps.get(from..).unwrap_or_default();
            let Some((_, last)) = run.last() else { continue };
            let off = (i16::from(last.level.ordinal()) - i16::from(self.level.ordinal())).abs();
            let key = (n - run.len(), off, mix(fnv1a64(topic.name().as_bytes()) ^ self.base));
            if best.as_ref().is_none_or(|(k, _)| key < *k) {
                best = Some((key, run.iter().map(|(p, _)| *p).collect()));
            }
        }
        let found = best.map_or_else(Vec::new, |(_, run)| run);
        let missing = n - found.len();
        self.taken.extend(found);
        self.spread(0, missing);
    }

    fn long(&mut self) {
        let best = self.pool().filter(|(place, item)| self.is_unused(*place, item)).min_by_key(
            |(_, item)| {
                let open = item.kind == Kind::Open;
                let above = item.level > self.level;
                (!open, !above, core::cmp::Reverse(item.time_s), self.rank(item))
            },
        );
        if let Some((place, _)) = best {
            self.taken.push(place);
        }
    }

    fn recall(&mut self, n: usize) {
        for _ in 0..n {
            let best = self.pool().filter(|(place, item)| self.is_free(*place, item)).min_by_key(
                |(_, item)| {
                    let hard = item.level > Level::L2;
                    (hard, item.level, self.n_area(item.area()), item.time_s, self.rank(item))
                },
            );
            let Some((place, _)) = best else { return };
            self.taken.push(place);
        }
    }
}

/// Returns the seed of the learner's own gauntlet: of 48 seeds after `seed`, the one whose questions were seen least
/// within seven study days and whose areas have the fewest answers.
///
/// # Errors
///
/// As [`questions`].
pub fn own_seed(
    state: &State,
    preset: Preset,
    track: Track,
    level: Level,
    seed: u32,
    today: StudyDay,
) -> Result<u32, SessionError> {
    let mut best: Option<((usize, u64), u32)> = None;
    for seed in (0..SEEDS).map(|k| seed.wrapping_add(k)) {
        let list = questions(state.catalog(), preset, track, level, seed)?;
        let recent = |p: &&Planned| {
            let last = state.shown(p.place).and_then(|s| s.last);
            last.is_some_and(|last| today.since(last) < FRESH_DAYS)
        };
        let evidence = |p: &Planned| {
            state.catalog().item(p.place).map_or(0, |i| u64::from(state.n_area(i.area())))
        };
        let key = (list.iter().filter(recent).count(), list.iter().map(evidence).sum());
        if best.as_ref().is_none_or(|(k, _)| key < *k) {
            best = Some((key, seed));
        }
    }
    Ok(best.map_or(seed, |(_, seed)| seed))
}

/// Returns the session of a gauntlet: timed, with confidence, nothing revealed before the end.
///
/// # Errors
///
/// As [`questions`].
pub fn setup(
    catalog: &Catalog,
    preset: Preset,
    track: Track,
    level: Level,
    seed: u32,
) -> Result<Setup, SessionError> {
    let list = questions(catalog, preset, track, level, seed)?;
    let title = format!("Gauntlet: {}, {track}, {level}", preset.name());
    let mut setup = Setup::listed(Mode::Gauntlet, &title, u64::from(seed), list);
    setup.limit_s = Some(preset.minutes() * 60);
    setup.reveal = false;
    setup.hints = false;
    setup.preset = Some(preset.name().to_owned());
    setup.track = Some(track);
    setup.level = Some(level);
    Ok(setup)
}

/// Returns the last gauntlet that was begun and not ended.
#[must_use]
pub fn unfinished(state: &State) -> Option<&Past> {
    let begun = |past: &&Past| past.start.mode == Mode::Gauntlet && past.end.is_none();
    state.sessions().iter().rev().find(begun)
}

/// Goes on with the last gauntlet that was not ended: with the questions and the time that are left, never more.
///
/// If its time is over, the session is over, and what was not answered is noted as such.
///
/// # Errors
///
/// [`SessionError::Resume`] if there is none, or its questions are no longer in the bank.
pub fn resume(
    course: Course,
    state: State,
    tz_minutes: i16,
    now: Moment,
    journal: &mut dyn Journal,
) -> Result<Runner, SessionError> {
    let past = unfinished(&state).cloned();
    let past = past.ok_or_else(|| SessionError::Resume("no gauntlet was left open".to_owned()))?;
    let start = &past.start;
    let mut left: Vec<Planned> = Vec::new();
    let mut lines: Vec<Line> = Vec::new();
    for item in &start.items {
        let place = course.catalog.place(&item.template.id);
        let same = place
            .filter(|p| course.catalog.item(*p).is_some_and(|i| i.major == item.template.major));
        let Some(place) = same else {
            let gone = format!("{} is no longer in the bank", item.template);
            return Err(SessionError::Resume(gone));
        };
        let is_this = |id: &str, seed: u64| id == item.template.id && seed == item.seed;
        let answer = past.answers.iter().find(|(_, a)| is_this(&a.template.id, a.seed));
        let skip = past.skipped.iter().find(|s| is_this(&s.template.id, s.seed));
        if answer.is_none() && skip.is_none() {
            left.push(Planned::variant(place, item.seed));
            continue;
        }
        let put = Put::make(&course, place, item.seed, &[], false, None)?;
        let text = answer.and_then(|(_, a)| a.text.clone()).unwrap_or_default();
        let ms = answer.map_or_else(|| skip.map_or(0, |s| s.ms), |(_, a)| a.ms);
        let mut line = Line::of(&put, &text, ms);
        if let Some((_, answer)) = answer {
            line.outcome = Some(answer.outcome);
            line.code.clone_from(&answer.code);
            line.confidence = answer.confidence;
        }
        lines.push(line);
    }
    let level = start.level.map_or_else(String::new, |l| format!(", {l}"));
    let title = format!("Gauntlet: {}{level}", start.preset.as_deref().unwrap_or("resumed"));
    let mut setup = Setup::new(Mode::Gauntlet, &title, start.seed, Source::Listed(left.into()));
    setup.tz_minutes = tz_minutes;
    setup.limit_s = start.limit_s;
    setup.reveal = false;
    setup.hints = false;
    setup.preset.clone_from(&start.preset);
    setup.track = start.track;
    setup.level = start.level;
    Ok(Runner::again(course, state, setup, &past, lines, now, journal))
}
